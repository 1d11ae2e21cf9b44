"""Signed tokens of an identity provider, verified without I/O: the keys and the time are arguments.

Belongs here: RS256 JSON Web Tokens against a set of public keys. Never: fetching keys (public_keys.py), nor
what a particular token must say beyond issuer, audience and time (notice.py, consent.py).

Sources: RFC 7519, RFC 7517, RFC 8725 (3.1: one algorithm, decided here and never by the token),
https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

SKEW: Final = timedelta(seconds=60)
TOKEN_LIMIT_BYTES: Final = 8 * 1024
KEYS_LIMIT: Final = 32
SMALLEST_KEY_BITS: Final = 2048
LONGEST_LIFE: Final = timedelta(hours=24)


class Unverified(Exception):
    """The token is not to be believed; the words are for the log and hold nothing of the token."""


class UnknownKey(Unverified):
    """It is signed with a key that the set does not hold: fetch the keys once more, then decide."""


@dataclass(frozen=True, slots=True)
class KeySet:
    """Public keys by `kid`, as they were at one moment."""

    keys: Mapping[str, RSAPublicKey] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says; `email` is as written there."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    nonce: str | None
    tenant: str | None = None
    """The organisation of the account, where the identity provider has such (`tid`)."""


def read_key_set(body: bytes) -> KeySet:
    """Read a JWK set, keeping its RSA signature keys of at least 2048 bits.

    Raises:
        Unverified: it is no JWK set.
    Source: RFC 7517 section 5.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unverified("the key set is not JSON") from error
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise Unverified("the key set has no keys")
    keys: dict[str, RSAPublicKey] = {}
    for entry in listed[:KEYS_LIMIT]:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
            continue
        kid = entry.get("kid")
        if not isinstance(kid, str) or entry.get("alg", "RS256") != "RS256":
            continue
        try:
            key = RSAAlgorithm.from_jwk(orjson.dumps(entry).decode())
        except (jwt.InvalidKeyError, ValueError):
            continue
        if isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_KEY_BITS:
            keys[kid] = key
    return KeySet(keys)


def verified_claims(
    token: str, keys: KeySet, *, now: datetime, audience: str, issuers: frozenset[str]
) -> Claims:
    """Return what the token says, once signature, issuer, audience and times hold.

    Raises:
        UnknownKey: no such key in the set.
        Unverified: anything else that is wrong with it.
    Source: RFC 7519 section 4.1, RFC 8725 section 3.
    """
    payload = _signed_payload(token, keys)
    issuer, subject = payload.get("iss"), payload.get("sub")
    if not isinstance(issuer, str) or issuer not in issuers:
        raise Unverified("the issuer is another")
    if not isinstance(subject, str) or not subject:
        raise Unverified("there is no subject")
    if not audience or payload.get("aud") != audience:
        raise Unverified("it was made for another audience")
    _check_times(payload, now)
    email, nonce, tenant = payload.get("email"), payload.get("nonce"), payload.get("tid")
    return Claims(
        issuer=issuer,
        subject=subject,
        email=email if isinstance(email, str) else None,
        email_verified=payload.get("email_verified") is True,
        nonce=nonce if isinstance(nonce, str) else None,
        tenant=tenant if isinstance(tenant, str) else None,
    )


def _signed_payload(token: str, keys: KeySet) -> dict[str, object]:
    """The payload, after the signature: the key is chosen by `kid` alone, the algorithm is RS256."""
    if len(token) > TOKEN_LIMIT_BYTES:
        raise Unverified("the token is too long")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Unverified("it is not a signed token") from error
    if header.get("alg") != "RS256":
        raise Unverified("it is not signed with RS256")
    kid = header.get("kid")
    key = keys.keys.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise UnknownKey("it is signed with an unknown key")
    ours = {f"verify_{claim}": False for claim in ("exp", "iat", "nbf", "aud", "iss", "sub", "jti")}
    try:
        payload: dict[str, object] = jwt.decode(token, key, algorithms=["RS256"], options=ours)  # type: ignore[arg-type]  # built from names
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Unverified("the signature does not hold") from error
    return payload


def _check_times(payload: Mapping[str, object], now: datetime) -> None:
    """`exp` and `iat` are demanded, `nbf` is heeded; each with at most a minute's skew."""
    expires_at, issued_at = _instant(payload.get("exp")), _instant(payload.get("iat"))
    if expires_at is None or issued_at is None:
        raise Unverified("it does not say when it was made and when it ends")
    if expires_at + SKEW < now:
        raise Unverified("it has expired")
    if issued_at - SKEW > now:
        raise Unverified("it was made in the future")
    if expires_at - issued_at > LONGEST_LIFE:
        raise Unverified("it would live too long")
    begins_at = _instant(payload.get("nbf"))
    if "nbf" in payload and (begins_at is None or begins_at - SKEW > now):
        raise Unverified("it is not valid yet")


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
        return None
    return datetime.fromtimestamp(value, UTC)
