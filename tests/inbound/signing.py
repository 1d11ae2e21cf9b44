"""Keys to sign and to seal mail with, and the DNS records that say so."""

import base64
from dataclasses import dataclass
from types import SimpleNamespace

import dkim  # type: ignore[import-untyped]  # dkimpy ships no types
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def signing_key(bits: int = 2048) -> tuple[bytes, str]:
    """A private key as dkimpy takes it, and its record."""
    made = rsa.generate_private_key(65537, bits)
    private = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = made.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


@dataclass
class _Result:
    """One result of an Authentication-Results field, as it was written."""

    words: str
    method: str

    def __str__(self) -> str:
        return self.words


def _read(field: str) -> SimpleNamespace:
    name, *results = field.partition(":")[2].split(";")
    found = [_Result(one.strip(), one.strip().partition("=")[0]) for one in results]
    return SimpleNamespace(authserv_id=name.strip(), results=found)


def sealed(raw: bytes, author: str, sealer: str, private: bytes) -> bytes:
    """What a forwarder passes on that found DKIM and DMARC of the author to pass, and sealed that (RFC 8617).

    dkimpy makes the chain; it reads the field that is sealed with a package of its own, which only sealing
    needs, and which `_read` stands in for.
    """
    dkim.authres = SimpleNamespace(
        AuthenticationResultsHeader=SimpleNamespace(parse=_read), core=SimpleNamespace(SyntaxError=ValueError)
    )
    results = f"dkim=pass header.d={author}; dmarc=pass header.from={author}"
    raw = f"Authentication-Results: {sealer}; {results}\r\n".encode() + raw
    names = [b"from", b"to", b"subject", b"message-id"]
    headers = dkim.arc_sign(raw, b"a1", sealer.encode(), private, sealer.encode(), include_headers=names)
    return b"".join(headers) + raw
