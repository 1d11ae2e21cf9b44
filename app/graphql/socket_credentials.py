"""Who may open a socket, and where its credential comes from.

Belongs here: Origin and credential, pure. The law: no cookie ever counts. A browser must come from an
allowed origin; whatever sends no Origin must show its token in `connection_init`, because a header alone
could be one that a browser was tricked into repeating. Source: security requirement R24.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

_LONGEST_CREDENTIAL = 8192


def origin_is_allowed(scope: Mapping[str, Any], allowed_origins: frozenset[str]) -> bool:
    """Tell whether the handshake may go on: exactly one of the allowed origins, or none at all."""
    origins = _header(scope, b"origin")
    return not origins or (len(origins) == 1 and origins[0].decode("latin-1") in allowed_origins)


def scope_of_credential(
    scope: Mapping[str, Any], payload: Mapping[str, Any]
) -> MutableMapping[str, Any] | None:
    """Return the scope with the credential as its one Authorization header, or None where there is none.

    `connection_init` wins over the handshake's header: {"authorization": "Bearer …"} or {"token": "…"}.
    """
    credential: bytes | None = None
    given = _from_payload(payload)
    if given is not None:
        credential = given
    elif _header(scope, b"origin"):
        headers = _header(scope, b"authorization")
        credential = headers[0] if len(headers) == 1 else None
    if credential is None:
        return None
    kept = [(name, value) for name, value in scope["headers"] if name not in (b"authorization", b"cookie")]
    return {**scope, "headers": [*kept, (b"authorization", credential)]}


def _from_payload(payload: Mapping[str, Any]) -> bytes | None:
    for name in ("authorization", "Authorization"):
        if (value := payload.get(name)) is not None:
            return _printable(value)
    token = payload.get("token")
    return None if token is None else _printable(f"Bearer {token}" if isinstance(token, str) else token)


def _printable(value: object) -> bytes:
    """Return a header's bytes; what cannot be one becomes an empty credential, which nobody has."""
    if (
        isinstance(value, str)
        and len(value) <= _LONGEST_CREDENTIAL
        and value.isascii()
        and value.isprintable()
    ):
        return value.encode("ascii")
    return b""


def _header(scope: Mapping[str, Any], name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]
