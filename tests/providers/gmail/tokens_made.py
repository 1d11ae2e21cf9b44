"""Signed tokens for tests, made with real keys: good ones, and every kind of bad one."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from providers.openid import KeySet, read_key_set

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
AUDIENCE = "https://crm.test/hooks/gmail"
PUSHER = "push@bothways.iam.gserviceaccount.test"
CLAIMS: dict[str, object] = {
    "iss": "https://accounts.google.com",
    "aud": AUDIENCE,
    "sub": "109312345",
    "email": PUSHER,
    "email_verified": True,
    "iat": SECONDS - 10,
    "exp": SECONDS + 3590,
}


@dataclass(frozen=True)
class Signer:
    """A private key, under a name."""

    kid: str
    key: RSAPrivateKey

    def jwk(self, **more: object) -> dict[str, object]:
        made: dict[str, object] = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {**made, "kid": self.kid, "use": "sig", "alg": "RS256", **more}

    def sign(self, headers: dict[str, object] | None = None, /, **claims: object) -> str:
        """A token with CLAIMS, changed; a claim that is None is left out."""
        said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
        return jwt.encode(said, self.key, algorithm="RS256", headers={"kid": self.kid, **(headers or {})})


def signer(kid: str) -> Signer:
    return Signer(kid, generate_private_key(65537, 2048))


def key_set(*signers: Signer) -> KeySet:
    return read_key_set(json.dumps({"keys": [one.jwk() for one in signers]}).encode())


def unsigned(**headers: object) -> str:
    """`alg: none`, as RFC 8725 2.1 warns of."""
    return f"{_part({'typ': 'JWT', 'alg': 'none', **headers})}.{_part(CLAIMS)}."


def signed_with_the_public_key(of: Signer) -> str:
    """HS256 with the public key's text as the secret, as RFC 8725 2.1 warns of."""
    secret = of.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = f"{_part({'typ': 'JWT', 'alg': 'HS256', 'kid': of.kid})}.{_part(CLAIMS)}"
    mark = hmac.new(secret, head.encode(), hashlib.sha256).digest()
    return f"{head}.{_text(mark)}"


def _part(value: object) -> str:
    return _text(json.dumps(value).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
