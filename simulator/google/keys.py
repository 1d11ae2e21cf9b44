"""The RSA key that signs identity tokens and push tokens, and the key set that publishes it.

Source: RFC 7517 (JWK set), RFC 7519 (JWT); Google publishes its own at https://www.googleapis.com/oauth2/v3/certs.
"""

import base64
import hashlib

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class SigningKey:
    """A 2048-bit RSA key, made when it is first needed, that can be put away as PEM."""

    def __init__(self) -> None:
        """Hold no key yet."""
        self._key: rsa.RSAPrivateKey | None = None

    @property
    def key(self) -> rsa.RSAPrivateKey:
        """The private key."""
        if self._key is None:
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._key

    @property
    def key_id(self) -> str:
        """A name for the public half."""
        number = self.key.public_key().public_numbers().n
        return hashlib.sha256(_big_endian(number)).hexdigest()[:40]

    def sign(self, claims: dict[str, object]) -> str:
        """Return the claims as an RS256 JWT with `kid`."""
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.key_id})

    def jwks(self) -> dict[str, object]:
        """Return the public half as a JWK set."""
        numbers = self.key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "alg": "RS256",
                    "use": "sig",
                    "kid": self.key_id,
                    "n": _base64url(_big_endian(numbers.n)),
                    "e": _base64url(_big_endian(numbers.e)),
                }
            ]
        }

    def to_pem(self) -> str:
        """Return the private key for the state file; empty where none was made."""
        if self._key is None:
            return ""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode("ascii")

    def from_pem(self, pem: str) -> None:
        """Take the key of a state file; an empty text means none."""
        if pem:
            key = serialization.load_pem_private_key(pem.encode("ascii"), password=None)
            assert isinstance(key, rsa.RSAPrivateKey)
            self._key = key


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii").rstrip("=")
