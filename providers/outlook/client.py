"""Outlook as a MailProvider: which calls make up each task, and nothing else.

Belongs here: the order of calls. Never: wire formats (requests, batch), meaning (parse, decipher),
authorisation and pace (calls). Thin enough that the conformance suite is its test.
Source: https://learn.microsoft.com/en-us/graph/outlook-mail-concept-overview
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, cast

from providers.outlook import batch, envelopes, parse, watching, window
from providers.outlook.calls import Calls
from providers.outlook.decipher import Asked
from providers.outlook.drafts import UPLOAD_LIMIT_BYTES, DraftRoom
from providers.outlook.folders import Folders
from providers.outlook.requests import GraphRequests
from providers.outlook.sent_search import SentSearch
from providers.outlook.settings import MicrosoftSettings
from providers.outlook.sign_in import account_in
from providers.outlook.wire import Message, MessageList, User
from providers.protocol import (
    Capabilities,
    Change,
    ChangePage,
    Draft,
    FetchedEnvelope,
    ListedPage,
    Profile,
    SentCopy,
    Watch,
)
from rules.cursors import InvalidCursor, OutlookCursor, Told, decode_outlook, encode_outlook
from rules.envelope import Place
from rules.errors import (
    CursorExpired,
    Gone,
    NeedsReconnect,
    OperatorMustAct,
    ProviderTrouble,
    Refused,
    Retryable,
)
from rules.mime_out import OutgoingMessage
from rules.words import Provider

RAW_LIMIT_BYTES: Final = 220 * 1024 * 1024
"""Over the 150 MB that a mailbox may be set to take, as MIME."""
SEND_DEADLINE: Final = timedelta(seconds=30)
READ_BACK: Final = timedelta(seconds=10)
MAIL_REQUESTS: Final = 3
"""What reading a mail takes at most: its envelope, the names of its attachments, its body."""
FIRST_PAGES: Final = 20
ERASED: Final = "recoverableitemsdeletions"
"""Where Exchange keeps what was deleted for good, for two weeks or longer."""
LEFT_OUT: Final = frozenset({Place.SPAM, Place.TRASH, Place.DRAFT})


class OutlookProvider:
    """One Outlook mailbox; implements providers.protocol.MailProvider."""

    capabilities = Capabilities(
        provider=Provider.OUTLOOK,
        keeps_message_id=False,
        marker_searchable=True,
        upload_limit_bytes=UPLOAD_LIMIT_BYTES,
        watch_lifetime=watching.LIFETIME,
        revokes_tokens=False,
        cursor_ends=False,
        tells_exact_sizes=False,
        drafts_name_a_thread=False,
    )

    def __init__(
        self, settings: MicrosoftSettings, requests: GraphRequests, calls: Calls, folders: Folders
    ) -> None:
        self._settings = settings
        self._requests = requests
        self._calls = calls
        self._folders = folders

    async def profile(self) -> Profile:
        answer = await self._calls.answer(self._requests.me())
        said = cast(User, self._calls.read(self._requests.me(), answer))
        account = account_in((await self._calls.tokens.kept()).kept)
        if account is None:
            raise Retryable("Microsoft did not say whose account this is.")
        address = parse.own_address(said)
        at = (answer.answered_at or self._calls.now()).replace(microsecond=0)
        begin = Told(at - window.OVERLAP)
        mail, erased = await self._skipped(begin, None, at), await self._skipped(begin, ERASED, at)
        return Profile(
            address=address,
            remote_account_id=parse.account_id(self._settings, account),
            send_as=parse.send_as(said, address),
            cursor=encode_outlook(OutlookCursor(at, mail, erased)),
            at=at,
        )

    async def room(self, mails: int) -> int:
        return await self._calls.pace.room(MAIL_REQUESTS, mails)

    async def changes(self, cursor: str) -> ChangePage:
        try:
            start = decode_outlook(cursor)
        except InvalidCursor as error:
            raise CursorExpired("The kept place in the change feed is not one of ours.") from error
        now = self._calls.now()
        stretch = await window.walk(self._changed(None), start.mail, now=now)
        changes = [_change(one, start.since) for one in stretch.fresh if one.get("isDraft") is not True]
        erased = start.erased
        if not stretch.more:
            gone = await window.walk(self._changed(ERASED), start.erased, now=now)
            changes += await self._confirmed(gone.fresh)
            erased = gone.told
            return _page(changes, OutlookCursor(start.since, stretch.told, erased), more=gone.more)
        return _page(changes, OutlookCursor(start.since, stretch.told, erased), more=True)

    async def envelopes(self, remote_ids: Sequence[str]) -> list[FetchedEnvelope]:
        return await envelopes.fetched(self._calls, self._requests, self._folders, remote_ids)

    async def raw(self, remote_id: str) -> AsyncIterator[bytes]:
        call = self._requests.raw(remote_id)
        async with self._calls.stream(call, limit_bytes=RAW_LIMIT_BYTES) as chunks:
            async for chunk in chunks:
                yield chunk

    async def create_draft(
        self,
        message: OutgoingMessage,
        *,
        remote_thread_id: str | None = None,
        answers: str | None = None,
        again: bool = False,
    ) -> Draft:
        room = DraftRoom(self._settings, self._requests, self._calls)
        return await room.store(message, answers, again=again)

    async def send_draft(self, draft: Draft) -> SentCopy:
        """One POST, whatever happens; then the copy is read back, if it can be."""
        await self._calls.ask(self._requests.send(draft.remote_id), deadline=SEND_DEADLINE)
        try:
            said = await self._calls.ask(self._requests.copy(draft.remote_id), deadline=READ_BACK)
        except ProviderTrouble:
            said = {}  # It left; the change feed brings the rest later.
        sent = SentCopy(draft.remote_id, draft.remote_thread_id, None)
        return parse.sent_copy(cast(Message, said)) or sent

    async def draft_exists(self, draft: Draft) -> bool:
        """Whether it still lies in Drafts; what is in the Outbox is under way, and neither here nor there."""
        try:
            said = cast(Message, await self._calls.ask(self._requests.copy(draft.remote_id, Asked.DRAFT)))
        except Gone:
            return False
        if said.get("isDraft") is not True:
            return False
        folder = said.get("parentFolderId")
        return not await self._folders.is_named(self._calls, self._requests, folder, "outbox")

    async def find_sent(
        self, *, marker: str, internet_message_id: str, since: datetime, remote_thread_id: str | None
    ) -> SentCopy | None:
        return await SentSearch(self._calls, self._requests, marker, internet_message_id).find(since)

    async def set_read(self, remote_ids: Sequence[str], read: bool) -> None:
        changes = [self._requests.change(one, {"isRead": read}) for one in remote_ids]
        for outcome in await batch.many(self._calls, self._requests, changes):
            if isinstance(outcome, ProviderTrouble) and not isinstance(outcome, Gone):
                raise outcome

    async def listed(self, since: datetime, page: str | None) -> ListedPage:
        """A page is named by the time that its mail was received at or before."""
        until = parse.instant(page)

        async def ask(skip: int) -> parse.Listed:
            call = self._requests.received(since, until, skip=skip)
            return parse.listed(cast(MessageList, await self._calls.ask(call)))

        last = await ask(0)
        found = last.messages
        while last.more and found[0].get("receivedDateTime") == found[-1].get("receivedDateTime"):
            last = await ask(len(found))
            found = found + last.messages
        ids = [one["id"] for one in found if await self._is_mail(one)]
        more = found[-1].get("receivedDateTime") if last.more else None
        return ListedPage(tuple(dict.fromkeys(ids)), more)

    async def watch(self, registered: str | None, secret: str) -> Watch | None:
        if self._settings.push_url is None:
            return None
        return await watching.registered(
            self._calls,
            self._requests,
            push_url=self._settings.push_url,
            subscription_id=registered,
            secret=secret,
        )

    async def release(self, registered: str | None) -> None:
        """Take the subscription away. Microsoft ends no single app's grant: our tokens are erased here."""
        if registered is None:
            return
        # Where we may not, or it is gone, it ends by itself within a week.
        with suppress(NeedsReconnect, OperatorMustAct, Refused, Gone):
            await self._calls.ask(self._requests.unsubscribe(registered))

    def _changed(self, folder: str | None) -> window.Ask:
        async def ask(since: datetime, skip: int) -> parse.Listed:
            call = self._requests.changed(since, folder=folder, skip=skip)
            try:
                return parse.listed(cast(MessageList, await self._calls.ask(call)))
            except Gone:
                return parse.Listed([])  # A mailbox that keeps nothing of what was deleted.

        return ask

    async def _skipped(self, told: Told, folder: str | None, now: datetime) -> Told:
        """Go past what was changed until now, so that the feed begins after it."""
        for _ in range(FIRST_PAGES):
            stretch = await window.walk(self._changed(folder), told, now=now)
            told = stretch.told
            if not stretch.more:
                break
        return told

    async def _confirmed(self, erased: Sequence[Message]) -> list[Change]:
        """What was deleted for good, by each message's own word: it may have been put back meanwhile."""
        copies = [self._requests.copy(one["id"]) for one in erased]
        outcomes = await batch.many(self._calls, self._requests, copies)
        found: list[Change] = []
        for message, outcome in zip(erased, outcomes, strict=True):
            if isinstance(outcome, Gone):
                found.append(_deleted(message))
            elif isinstance(outcome, ProviderTrouble):
                raise outcome
            elif await self._folders.is_named(
                self._calls, self._requests, cast(Message, outcome).get("parentFolderId"), ERASED
            ):
                found.append(_deleted(message))
        return found

    async def _is_mail(self, message: Message) -> bool:
        if message.get("isDraft") is True:
            return False
        folder = message.get("parentFolderId")
        return await self._folders.place(self._calls, self._requests, folder) not in LEFT_OUT


def _page(changes: Sequence[Change], cursor: OutlookCursor, *, more: bool) -> ChangePage:
    return ChangePage(tuple(changes), encode_outlook(cursor), more)


def _change(message: Message, since: datetime) -> Change:
    received_at = parse.instant(message.get("receivedDateTime"))
    return Change(
        remote_id=message["id"],
        remote_thread_id=message.get("conversationId"),
        arrived=received_at is None or received_at >= since,
        read=message.get("isRead"),
        deleted=False,
    )


def _deleted(message: Message) -> Change:
    return Change(message["id"], message.get("conversationId"), arrived=False, read=None, deleted=True)
