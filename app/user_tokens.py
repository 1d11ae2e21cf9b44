"""The tokens that the host CRM signs for its users (JWT): one issuer, one audience, one algorithm, its keys.

Belongs here: whether a token holds, and what it says. Never: who that user is (app/credentials.py). The
algorithm is the configured one, whatever the token names; `jku`, `x5u` and the like are refused, and keys
come only from the configuration. Source: RFC 8725 (JWT best current practices); security requirement R4.
"""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWKSet

ALGORITHMS = frozenset({"RS256", "ES256", "EdDSA", "HS256"})
LEEWAY = timedelta(seconds=30)

_KEY_ID = re.compile(r"[A-Za-z0-9_.=-]{1,200}")
_POINTERS = ("jku", "jwk", "x5u", "x5c", "crit", "zip", "b64")
_TYPES = (None, "JWT", "jwt", "at+jwt")
_LONGEST_TOKEN = 8192
_LARGEST_KEY_SET_BYTES = 256 * 1024
_KEPT = timedelta(minutes=10)
_ASKED_AT_MOST_EVERY = timedelta(seconds=15)

_log = structlog.get_logger(__name__)


class BadTokenSettings(Exception):
    """The configuration of tokens cannot work; the message says what to change."""


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must be; exactly one of `key` (PEM, or an HS256 secret) and `jwks_url` is set."""

    issuer: str
    audience: str
    algorithm: str
    key: str | None = None
    jwks_url: str | None = None
    workspace_claim: str = "workspace"


@dataclass(frozen=True, slots=True)
class UserToken:
    """What a token that holds says."""

    subject: str
    workspace_id: UUID
    email: str | None
    role: str | None
    valid_until: datetime


class UserTokens:
    """Reads tokens; fetches the issuer's keys where they are at an address."""

    def __init__(self, rules: TokenRules, client: httpx.AsyncClient | None = None) -> None:
        """Raises: BadTokenSettings: these rules would let anybody, or nobody, in."""
        _check(rules)
        self._rules = rules
        self._client = client or httpx.AsyncClient(timeout=5, follow_redirects=False)
        self._key: Any = _read_key(rules) if rules.key is not None else None
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = self._asked_at = -1e9

    async def read(self, token: str) -> UserToken | None:
        """What the token says; None if it does not hold, whatever the reason."""
        if len(token) > _LONGEST_TOKEN:
            return None
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key_for(header)
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=[self._rules.algorithm],
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "sub", "iss", "aud"], "strict_aud": False},
            )
            return self._said(claims)
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
            return None

    async def close(self) -> None:
        """Close the connections to the issuer."""
        await self._client.aclose()

    def _said(self, claims: dict[str, Any]) -> UserToken | None:
        subject, workspace = claims["sub"], claims.get(self._rules.workspace_claim)
        email, role = claims.get("email"), claims.get("role")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not isinstance(workspace, str):
            return None
        return UserToken(
            subject=subject,
            workspace_id=UUID(workspace),
            email=email if isinstance(email, str) else None,
            role=role if isinstance(role, str) else None,
            valid_until=datetime.fromtimestamp(int(claims["exp"]), UTC),
        )

    async def _key_for(self, header: dict[str, Any]) -> Any:
        """The configured key that the header may mean; None for a header that is not to be trusted."""
        key_id = header.get("kid")
        if header.get("alg") != self._rules.algorithm or header.get("typ") not in _TYPES:
            return None
        if any(pointer in header for pointer in _POINTERS):
            return None
        if key_id is not None and not (isinstance(key_id, str) and _KEY_ID.fullmatch(key_id)):
            return None
        if self._key is not None:
            return self._key
        return await self._fetched_key(key_id) if key_id is not None else None

    async def _fetched_key(self, key_id: str) -> PyJWK | None:
        now = time.monotonic()
        stale = now - self._fetched_at > _KEPT.total_seconds()
        if (
            stale or key_id not in self._keys
        ) and now - self._asked_at > _ASKED_AT_MOST_EVERY.total_seconds():
            self._asked_at = now
            await self._fetch()
        return self._keys.get(key_id)

    async def _fetch(self) -> None:
        """Read the issuer's keys; what was read before stays where that fails."""
        assert self._rules.jwks_url is not None
        try:
            async with self._client.stream("GET", self._rules.jwks_url) as answer:
                answer.raise_for_status()
                body = b""
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > _LARGEST_KEY_SET_BYTES:
                        raise ValueError("the key set is too large")
            keys = PyJWKSet.from_json(body.decode()).keys
        except (httpx.HTTPError, jwt.PyJWTError, ValueError) as trouble:
            _log.warning("token_keys_not_read", trouble=type(trouble).__name__)
            return
        self._keys = {
            key.key_id: key
            for key in keys
            if key.key_id and key.public_key_use in (None, "sig") and _suits(key, self._rules.algorithm)
        }
        self._fetched_at = time.monotonic()


def _suits(key: PyJWK, algorithm: str) -> bool:
    """Whether a published key may check this algorithm; a symmetric key is never published."""
    if isinstance(key.key, RSAPublicKey) and key.key.key_size < 2048:
        return False
    return key.key_type != "oct" and key.algorithm_name == algorithm


def _check(rules: TokenRules) -> None:
    if rules.algorithm not in ALGORITHMS:
        raise BadTokenSettings(f"JWT_ALGORITHM must be one of {', '.join(sorted(ALGORITHMS))}.")
    if (rules.key is None) == (rules.jwks_url is None):
        raise BadTokenSettings("Set exactly one of JWT_KEY and JWT_JWKS_URL.")
    if rules.jwks_url is not None:
        parts = urlsplit(rules.jwks_url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise BadTokenSettings("JWT_JWKS_URL must begin with https://.")
        if rules.algorithm == "HS256":
            raise BadTokenSettings("HS256 has a shared secret: set JWT_KEY, or use another algorithm.")
    if not rules.issuer or not rules.audience:
        raise BadTokenSettings("Set JWT_ISSUER and JWT_AUDIENCE: without them anybody's token would do.")


def _read_key(rules: TokenRules) -> Any:
    assert rules.key is not None
    if rules.algorithm == "HS256":
        if len(rules.key.encode()) < 32:
            raise BadTokenSettings("JWT_KEY for HS256 needs 32 bytes or more.")
        return rules.key.encode()
    try:
        key = jwt.get_algorithm_by_name(rules.algorithm).prepare_key(rules.key)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise BadTokenSettings(f"JWT_KEY is not a public key, as PEM, for {rules.algorithm}.") from None
    if isinstance(key, RSAPublicKey) and key.key_size < 2048:
        raise BadTokenSettings("JWT_KEY is an RSA key of fewer than 2048 bits.")
    return key
