"""Gmail as a MailProvider: which calls make up each task, and nothing else.

Belongs here: the order of calls. Never: wire formats (requests, batch, raw_member), meaning (parse,
decipher), authorisation and pace (calls). Thin enough that the conformance suite is its test.
Source: https://developers.google.com/workspace/gmail/api/guides/sync
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, cast
from urllib.parse import urlencode

from providers.exchange import Outgoing
from providers.gmail import drafts, envelopes, parse
from providers.gmail.calls import Calls
from providers.gmail.decipher_grants import decipher_revocation
from providers.gmail.raw_member import NotAMessage, RawMember
from providers.gmail.requests import UPLOAD_LIMIT_BYTES, GmailRequests, chunked
from providers.gmail.sent_search import SentSearch
from providers.gmail.settings import GoogleSettings
from providers.gmail.tokens import FORM
from providers.gmail.wire import (
    HistoryList,
    Message,
    MessageList,
    SendAsList,
    UserInfo,
    WatchAnswer,
)
from providers.gmail.wire import Profile as WireProfile
from providers.protocol import (
    Capabilities,
    ChangePage,
    Draft,
    FetchedEnvelope,
    ListedPage,
    Profile,
    SentCopy,
    Watch,
)
from providers.transport import Transport
from rules.cursors import encode_gmail
from rules.errors import (
    CursorExpired,
    Gone,
    NeedsReconnect,
    OperatorMustAct,
    OutcomeUnknown,
    ProviderTrouble,
    Refused,
    Retryable,
)
from rules.mime_out import OutgoingMessage, compose
from rules.pacing import gmail_units
from rules.words import Provider

ISSUER: Final = "https://accounts.google.com"
MAIL_UNITS: Final = 2 * gmail_units("gmail.users.messages.get")
MARK_LIMIT: Final = 1000
EMPTY_PAGES: Final = 50
"""Pages without history that are followed in one go; the feed sends such pages."""
RAW_LIMIT_BYTES: Final = 220 * 1024 * 1024
"""Base64 of 157 286 400 bytes, the most that a Gmail message may have (discovery document)."""
SEND_DEADLINE: Final = timedelta(seconds=30)
READ_BACK: Final = timedelta(seconds=10)


class GmailProvider:
    """One Gmail mailbox; implements providers.protocol.MailProvider."""

    capabilities = Capabilities(
        provider=Provider.GMAIL,
        keeps_message_id=False,
        marker_searchable=False,
        upload_limit_bytes=UPLOAD_LIMIT_BYTES,
        watch_lifetime=timedelta(days=7),
        revokes_tokens=True,
        cursor_ends=True,
        tells_exact_sizes=True,
        drafts_name_a_thread=True,
    )

    def __init__(
        self, settings: GoogleSettings, requests: GmailRequests, calls: Calls, transport: Transport
    ) -> None:
        self._settings = settings
        self._requests = requests
        self._calls = calls
        self._transport = transport

    async def profile(self) -> Profile:
        asked = self._requests.userinfo(self._settings.userinfo_url)
        answer = await self._calls.answer(asked)
        who = cast(UserInfo, self._calls.read(asked, answer))
        asked_at = self._calls.now()
        said = cast(WireProfile, await self._calls.ask(self._requests.profile()))
        aliases = cast(SendAsList, await self._calls.ask(self._requests.send_as()))
        if not who.get("sub"):
            raise Retryable("Google did not say whose account this is.")
        address = parse.own_address(said.get("emailAddress"))
        return Profile(
            address=address,
            remote_account_id=f"{ISSUER}|{who['sub']}",
            send_as=parse.send_as(aliases, address),
            cursor=parse.profile_cursor(said, asked_at),
            at=(answer.answered_at or asked_at).replace(microsecond=0),
        )

    async def room(self, mails: int) -> int:
        return await self._calls.pace.room(MAIL_UNITS, mails)

    async def changes(self, cursor: str) -> ChangePage:
        start, asked_at = parse.start_of(cursor), self._calls.now()
        page: HistoryList = {}
        token: str | None = None
        for _ in range(EMPTY_PAGES):
            page = cast(
                HistoryList, await self._calls.ask(self._requests.history(str(start.history_id), token))
            )
            token = page.get("nextPageToken")
            if page.get("history") or token is None:
                break
        else:
            raise Retryable("Gmail's change feed sends nothing but empty pages.")
        end = parse.end_of(page, start, asked_at)
        if token is not None and end == start:
            raise CursorExpired("Gmail's change feed does not move on.")
        return ChangePage(parse.changes(page), encode_gmail(end), more=token is not None)

    async def envelopes(self, remote_ids: Sequence[str]) -> list[FetchedEnvelope]:
        return await envelopes.fetched(self._calls, self._requests, remote_ids)

    async def raw(self, remote_id: str) -> AsyncIterator[bytes]:
        member = RawMember()
        call = self._requests.raw(remote_id)
        async with self._calls.stream(call, limit_bytes=RAW_LIMIT_BYTES) as chunks:
            async for chunk in chunks:
                try:
                    piece = member.feed(chunk)
                except NotAMessage as error:
                    raise Retryable("Gmail's answer holds no message.") from error
                if piece:
                    yield piece
        try:
            member.close()
        except NotAMessage as error:
            raise Retryable("Gmail's answer ended before the message did.") from error

    async def create_draft(
        self,
        message: OutgoingMessage,
        *,
        remote_thread_id: str | None = None,
        answers: str | None = None,
        again: bool = False,
    ) -> Draft:
        composed = compose(message)
        kept = await drafts.kept(self._calls, self._requests, message) if again else None
        return kept or await drafts.stored(self._calls, self._requests, composed, remote_thread_id)

    async def send_draft(self, draft: Draft) -> SentCopy:
        """One POST, whatever happens; then the Message-ID that Gmail used is read back, if it can be."""
        call = self._requests.send_draft(draft.remote_id)
        sent = parse.sent_copy(cast(Message, await self._calls.ask(call, deadline=SEND_DEADLINE)))
        if sent is None:
            raise OutcomeUnknown("Gmail answered a sending without saying which message it became.")
        call = self._requests.headers(sent.remote_id, parse.SENT_HEADERS)
        try:
            said = await self._calls.ask(call, deadline=READ_BACK)
        except ProviderTrouble:
            return sent  # It left; the change feed brings its Message-ID later.
        return parse.sent_copy(cast(Message, said)) or sent

    async def draft_exists(self, draft: Draft) -> bool:
        try:
            await self._calls.ask(self._requests.draft(draft.remote_id))
        except Gone:
            return False
        return True

    async def find_sent(
        self, *, marker: str, internet_message_id: str, since: datetime, remote_thread_id: str | None
    ) -> SentCopy | None:
        search = SentSearch(
            self._calls, self._requests, marker=marker, internet_message_id=internet_message_id
        )
        return await search.find(since, remote_thread_id)

    async def set_read(self, remote_ids: Sequence[str], read: bool) -> None:
        for run in chunked(remote_ids, MARK_LIMIT):
            try:
                await self._calls.ask(self._requests.mark(run, read=read))
            except Gone:
                continue  # One message that is gone; batchModify passes over them by itself.

    async def listed(self, since: datetime, page: str | None) -> ListedPage:
        query = f"after:{int(since.timestamp()) - 1}"
        call = self._requests.messages(query=query, size=500, page=page)
        said = cast(MessageList, await self._calls.ask(call))
        return ListedPage(tuple(parse.listed_ids(said)), said.get("nextPageToken"))

    async def watch(self, registered: str | None, secret: str) -> Watch | None:
        if self._settings.pubsub_topic is None:
            return None
        said = cast(WatchAnswer, await self._calls.ask(self._requests.watch(self._settings.pubsub_topic)))
        return Watch(parse.expiration(said.get("expiration")))

    async def release(self, registered: str | None) -> None:
        """Stop the watch while we still may, then revoke the grant, which ends every token of it."""
        # Where there is nothing left to stop, or we may not, the watch ends by itself within a week.
        with suppress(NeedsReconnect, OperatorMustAct, Refused, Gone):
            await self._calls.ask(self._requests.stop())
        try:
            kept = await self._calls.tokens.kept()
        except NeedsReconnect:
            return
        form = urlencode({"token": kept.refresh_token or kept.access_token}).encode()
        request = Outgoing("google revoke", "POST", self._settings.revoke_url, FORM, form)
        answer = await self._transport.fetch(request, limit_bytes=64 * 1024)
        decipher_revocation(answer.status, answer.body)
