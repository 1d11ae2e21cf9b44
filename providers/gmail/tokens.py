"""Keep one mailbox's access token fresh.

Belongs here: when to refresh, who does it, and what is kept. google-auth's `Credentials` write the refresh
request and read its answer; the POST itself goes through our transport, because theirs blocks the event loop,
sleeps and repeats, and throws away the body that tells a session policy from a revoked grant. So `refresh()`
is run twice: once to hear what it would send, once to be told what Google answered.

Refreshed early (google-auth's own threshold), by one task per mailbox in a process: the others wait and find
the new token kept (R14). The keeper saves before the token is used. No error holds a token.
Sources: https://developers.google.com/identity/protocols/oauth2/web-server#offline, RFC 6749 section 6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast

from google.oauth2.credentials import Credentials

from providers.exchange import Outgoing
from providers.gmail.decipher_grants import Grant, decipher_grant
from providers.gmail.settings import GoogleSettings
from providers.gmail.wire import TokenAnswer
from providers.pace import MailboxPace
from providers.tokens import TokenKeeper, Tokens
from providers.transport import Transport
from rules.errors import NeedsReconnect, Retryable

EARLY: Final = timedelta(minutes=3, seconds=45)
"""Source: google.auth._helpers.REFRESH_THRESHOLD."""
LONGEST_LIFE_SECONDS: Final = 24 * 3600
FORM: Final = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


class FreshTokens:
    """Hands out an access token that is valid for a while yet."""

    def __init__(
        self,
        keeper: TokenKeeper,
        settings: GoogleSettings,
        transport: Transport,
        pace: MailboxPace,
        clock: Callable[[], datetime],
    ) -> None:
        self._keeper = keeper
        self._settings = settings
        self._transport = transport
        self._pace = pace
        self._clock = clock
        self._held: Tokens | None = None

    async def access_token(self) -> str:
        """Return a token with some minutes to live.

        Raises:
            NeedsReconnect, OperatorMustAct, Retryable: see decipher_grants.
        """
        if self._held is None or not self._is_fresh(self._held):
            self._held = await self._renewed(refused=None)
        return self._held.access_token

    async def replaced(self, refused: str) -> str:
        """Return another token than the one that Google refused. Raises as `access_token`."""
        self._held = await self._renewed(refused)
        return self._held.access_token

    async def kept(self) -> Tokens:
        """The tokens as they are kept now, fresh or not."""
        return await self._keeper.load()

    def _is_fresh(self, tokens: Tokens) -> bool:
        return tokens.access_expires_at - EARLY > self._clock()

    async def _renewed(self, refused: str | None) -> Tokens:
        async with self._pace.refreshing:
            kept = await self._keeper.load()
            if self._is_fresh(kept) and kept.access_token != refused:
                return kept
            renewed = await self._refreshed(kept)
            await self._keeper.save(renewed)
            return renewed

    async def _refreshed(self, kept: Tokens) -> Tokens:
        if not kept.refresh_token:
            raise NeedsReconnect("There is no refresh token for this mailbox.")
        credentials = _credentials(kept, self._settings)
        request = _refresh_request(credentials)
        sent_at = self._clock()
        answer = await self._transport.fetch(request, limit_bytes=64 * 1024)
        said = decipher_grant(Grant.REFRESH, answer.status, answer.headers, answer.body, now=self._clock())
        _refresh(credentials, _Told(_Response(200, answer.headers, answer.body)))
        return Tokens(
            access_token=cast(str, credentials.token),
            access_expires_at=expiry(cast(TokenAnswer, said), sent_at),
            refresh_token=cast(str, credentials.refresh_token),
            scopes=granted_scopes(cast(TokenAnswer, said)) or kept.scopes,
        )


def expiry(said: TokenAnswer, sent_at: datetime) -> datetime:
    """When the access token ends, counted from before it was asked for."""
    seconds = said.get("expires_in", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 0:
        raise Retryable("Google did not say how long the access token lives.")
    return sent_at + timedelta(seconds=min(seconds, LONGEST_LIFE_SECONDS))


def granted_scopes(said: TokenAnswer) -> frozenset[str]:
    """The scopes really granted. Empty where the answer does not say: they are then as they were.

    Source: https://developers.google.com/identity/protocols/oauth2/resources/granular-permissions
    """
    scope = said.get("scope", "")
    return frozenset(scope.split()) if isinstance(scope, str) else frozenset()


@dataclass(frozen=True, slots=True)
class _Response:
    """An answer in the shape that google-auth reads."""

    status: int
    headers: Mapping[str, str]
    data: bytes = field(repr=False)


class _Heard(Exception):
    """What google-auth would have sent."""

    def __init__(self, outgoing: Outgoing) -> None:
        super().__init__("heard")
        self.outgoing = outgoing


def _listening(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    **_: object,
) -> _Response:
    """A google-auth transport that sends nothing and tells what it was asked to."""
    raise _Heard(Outgoing("google token refresh", method, url, dict(headers or {}), body))


class _Told:
    """A google-auth transport that has the answer already, once."""

    def __init__(self, response: _Response) -> None:
        self._response = response

    def __call__(self, url: str, **_: object) -> _Response:
        return self._response


def _credentials(kept: Tokens, settings: GoogleSettings) -> Credentials:
    """`scopes` stay out: asking for them again on a refresh fails where one of them was unticked."""
    return Credentials(  # type: ignore[no-untyped-call]  # google-auth's stubs leave it bare
        token=None,
        refresh_token=kept.refresh_token,
        token_uri=settings.token_url,
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
    )


def _refresh(credentials: Credentials, carrier: Callable[..., _Response]) -> None:
    credentials.refresh(carrier)  # type: ignore[no-untyped-call]  # google-auth's stubs leave it bare


def _refresh_request(credentials: Credentials) -> Outgoing:
    try:
        _refresh(credentials, _listening)
    except _Heard as heard:
        return heard.outgoing
    raise AssertionError("google-auth refreshed without sending anything")
