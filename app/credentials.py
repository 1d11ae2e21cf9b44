"""Who asks: an API key or a user's token becomes a Viewer, or nobody.

What was looked up is believed for three seconds, so that a revoked key is refused within five. Nothing in an
answer, and no time it takes, tells an unknown credential from a wrong one.
Source: security requirements R3, R4, R5 and R26.
"""

import time
from collections import OrderedDict
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Any

from sqlalchemy import text

from app.bad_credentials import BadCredentials
from app.user_tokens import UserToken, UserTokens
from database import clock
from database.across import StoredKey
from database.pool import Database
from resolvers.viewer import Viewer
from rules import api_keys
from rules.words import ApiKeyId, Role, Scope, UserId, WorkspaceId
from schema.faults import Code, Fault

BELIEVED = timedelta(seconds=3)
_KEPT = 10_000

_BY_SUBJECT = """
select id, role, subject from users
where workspace_id = $1 and suspended_at is null
  and (subject = $2 or (subject is null and lower(email) = lower($3)))
order by subject nulls last limit 1
"""

_KNOW = text("update users set subject = :subject where id = :id and subject is null")


class TooManyBadCredentials(Fault):
    """Answered with 429 and Retry-After."""

    def __init__(self, wait: timedelta) -> None:
        seconds = ceil(wait.total_seconds())
        super().__init__(
            f"Too many credentials that do not hold. Wait {seconds} seconds.",
            Code.RATE_LIMITED,
            retry_after_seconds=seconds,
        )


class Credentials:
    """Authenticates requests and sockets of one process."""

    def __init__(self, db: Database, bad: BadCredentials, tokens: UserTokens | None = None) -> None:
        self._db = db
        self._bad = bad
        self._tokens = tokens
        self._believed: OrderedDict[bytes, tuple[float, Viewer | None]] = OrderedDict()

    async def authenticate(self, scope: MutableMapping[str, Any]) -> Viewer | None:
        """Who sends this ASGI request, by its one Authorization header; None for nobody.

        Raises:
            TooManyBadCredentials: from the eleventh credential a minute that does not hold.
        """
        headers = [value for name, value in scope["headers"] if name == b"authorization"]
        if not headers:
            return None
        client = scope.get("client")
        kind, _, presented = headers[0].decode("latin-1").partition(" ")
        bearer = presented.strip() if kind.lower() == "bearer" and len(headers) == 1 else ""
        return await self.viewer_of(bearer, client[0] if client else "")

    async def viewer_of(self, presented: str, remote_address: str) -> Viewer | None:
        """Who holds this API key or token; None for nobody. Raises: TooManyBadCredentials."""
        digest = api_keys.hash_of(presented)
        now = time.monotonic()
        until, viewer = self._believed.get(digest, (0.0, None))
        if until <= now:
            viewer = await self._look_up(presented, digest)
            self._believe(digest, viewer, now)
        if viewer is not None and viewer.valid_until is not None and viewer.valid_until <= clock.now():
            viewer = None
        if viewer is None:
            wait = await self._bad.count(remote_address, _prefix(presented))
            if wait is not None:
                raise TooManyBadCredentials(wait)
        return viewer

    async def still_valid(self, viewers: Sequence[Viewer]) -> list[bool]:
        """For each viewer, whether its credential still holds; two statements for all of them."""
        keys = list({viewer.api_key_id for viewer in viewers if viewer.api_key_id is not None})
        users = list({viewer.user_id for viewer in viewers if viewer.user_id is not None})
        ended_keys = await self._db.across.ended_keys(keys) if keys else set[ApiKeyId]()
        ended_users = await self._db.across.ended_users(users) if users else set[UserId]()
        now = clock.now()
        return [
            viewer.api_key_id not in ended_keys
            and viewer.user_id not in ended_users
            and (viewer.valid_until is None or viewer.valid_until > now)
            for viewer in viewers
        ]

    async def _look_up(self, presented: str, digest: bytes) -> Viewer | None:
        if presented.startswith("bw_"):
            return await self._of_key(digest) if api_keys.prefix_of(presented) else None
        if self._tokens is None or not presented:
            return None
        token = await self._tokens.read(presented)
        return await self._of_token(token) if token is not None else None

    async def _of_key(self, digest: bytes) -> Viewer | None:
        stored = await self._db.across.api_key(digest)
        now = clock.now()
        if (
            stored is None
            or (stored.revoked_at is not None and stored.revoked_at <= now)
            or (stored.expires_at is not None and stored.expires_at <= now)
            or (stored.suspended_at is not None and stored.suspended_at <= now)
        ):
            return None
        return _viewer_of_key(stored)

    async def _of_token(self, token: UserToken) -> Viewer | None:
        workspace_id = WorkspaceId(token.workspace_id)
        row = await self._db.fetchrow(workspace_id, _BY_SUBJECT, workspace_id, token.subject, token.email)
        if row is None:
            return None
        user_id = UserId(row["id"])
        if row["subject"] is None:
            await self._know(workspace_id, user_id, token.subject)
        role = Role.MEMBER if token.role == Role.MEMBER else Role(row["role"])
        scopes = {Scope.READ, Scope.SEND} | ({Scope.ADMIN} if role is Role.ADMIN else set())
        return Viewer(workspace_id, user_id, None, frozenset(scopes), role, token.valid_until)

    async def _know(self, workspace_id: WorkspaceId, user_id: UserId, subject: str) -> None:
        """From the first token on, a user who was invited by address is known by the CRM's own id."""
        async with self._db.work(workspace_id) as work:
            await work.execute(_KNOW, {"subject": subject, "id": user_id})
            await work.audit(f"user:{user_id}", "user_known_by_token")

    def _believe(self, digest: bytes, viewer: Viewer | None, now: float) -> None:
        self._believed.pop(digest, None)
        self._believed[digest] = (now + BELIEVED.total_seconds(), viewer)
        if len(self._believed) > _KEPT:
            self._believed.popitem(last=False)


def _viewer_of_key(stored: StoredKey) -> Viewer:
    """A key of a user acts as that user; a key without one acts as the workspace."""
    role = stored.role
    if role is None:
        role = Role.ADMIN if Scope.ADMIN in stored.scopes else Role.MEMBER
    viewer = Viewer(stored.workspace_id, stored.user_id, stored.id, stored.scopes, role, stored.expires_at)
    if role is not Role.ADMIN:
        viewer = replace(viewer, scopes=viewer.scopes - {Scope.ADMIN})
    return viewer


def _prefix(presented: str) -> str | None:
    """The prefix that a presented key claims, whether or not its checksum holds."""
    parts = presented.split("_")
    return (
        parts[1]
        if len(parts) == 3 and parts[0] == "bw" and len(parts[1]) == 8 and parts[1].isalnum()
        else None
    )
