"""Keep one mailbox's access token fresh.

Belongs here: when to refresh, who does it, and what is kept; msal does it (sign_in.py). Refreshed early, by
one task per mailbox in a process: the others wait and find the new token kept (R14). The keeper saves
before the token is used, and a job that ends meanwhile does not stop the saving: each use of a refresh
token may bring another one, and the old one may end.

Another process may have refreshed at the same time. Its refresh token then is kept, and ours refused: so a
refusal counts only when what is kept is still what was shown.
Source: https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from providers.outlook.decipher_grants import Grant, decipher_refusal
from providers.outlook.sign_in import SignedIn, SignIn, refresh_token_in
from providers.pace import MailboxPace
from providers.tokens import TokenKeeper, Tokens
from rules.errors import NeedsReconnect, Retryable

EARLY: Final = timedelta(minutes=5)
"""Source: msal's own threshold."""
LONGEST_LIFE_SECONDS: Final = 28 * 3600


class FreshTokens:
    """Hands out an access token that is valid for a while yet."""

    def __init__(
        self, keeper: TokenKeeper, sign_in: SignIn, pace: MailboxPace, clock: Callable[[], datetime]
    ) -> None:
        self._keeper = keeper
        self._sign_in = sign_in
        self._pace = pace
        self._clock = clock
        self._held: Tokens | None = None

    async def access_token(self) -> str:
        """Return a token with some minutes to live.

        Raises:
            NeedsReconnect, OperatorMustAct, Retryable: see decipher_grants.
        """
        if self._held is None or not self._is_fresh(self._held):
            self._held = await self._renewed(refused=None, claims=None)
        return self._held.access_token

    async def replaced(self, refused: str, claims: str | None) -> str:
        """Return another token than the refused one, asked for with its claims challenge. Raises as above."""
        self._held = await self._renewed(refused, claims)
        return self._held.access_token

    async def kept(self) -> Tokens:
        """The tokens as they are kept now, fresh or not."""
        return await self._keeper.load()

    def _is_fresh(self, tokens: Tokens) -> bool:
        return tokens.access_expires_at - EARLY > self._clock()

    async def _renewed(self, refused: str | None, claims: str | None) -> Tokens:
        async with self._pace.refreshing:
            kept = await self._keeper.load()
            if self._is_fresh(kept) and kept.access_token != refused:
                return kept
            return await asyncio.shield(asyncio.ensure_future(self._refreshed_and_saved(kept, claims)))

    async def _refreshed_and_saved(self, kept: Tokens, claims: str | None) -> Tokens:
        try:
            renewed = await self._refreshed(kept, claims)
        except NeedsReconnect:
            newer = await self._keeper.load()
            if newer.refresh_token == kept.refresh_token:
                raise
            if self._is_fresh(newer) and newer.access_token != kept.access_token:
                return newer
            renewed = await self._refreshed(newer, claims)
        await self._keeper.save(renewed)
        return renewed

    async def _refreshed(self, kept: Tokens, claims: str | None) -> Tokens:
        sent_at = self._clock()
        signed_in = await self._sign_in.refresh(kept.kept, granted=kept.scopes, claims=claims)
        if signed_in is None:
            raise NeedsReconnect("There is no refresh token for this mailbox.", claims=claims)
        try:
            return tokens_of(signed_in, sent_at, Grant.REFRESH, before=kept.scopes)
        except NeedsReconnect as shut:
            shut.claims = shut.claims or claims
            raise


def tokens_of(signed_in: SignedIn, sent_at: datetime, grant: Grant, *, before: frozenset[str]) -> Tokens:
    """Return the tokens of an answer of the token endpoint, or raise what its refusal means."""
    if signed_in.refused:
        raise decipher_refusal(grant, signed_in.said, now=sent_at)
    said = signed_in.said
    return Tokens(
        access_token=str(said["access_token"]),
        access_expires_at=_expiry(said, sent_at),
        refresh_token=refresh_token_in(signed_in.cache),
        scopes=_scopes(said) or before,
        kept=signed_in.cache,
    )


def _expiry(said: Mapping[str, Any], sent_at: datetime) -> datetime:
    """When the access token ends, counted from before it was asked for."""
    seconds = said.get("expires_in", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 0:
        raise Retryable("Microsoft did not say how long the access token lives.")
    return sent_at + timedelta(seconds=min(seconds, LONGEST_LIFE_SECONDS))


def _scopes(said: Mapping[str, Any]) -> frozenset[str]:
    """The scopes really granted; empty where the answer does not say."""
    scope = said.get("scope", "")
    return frozenset(scope.split()) if isinstance(scope, str) else frozenset()
