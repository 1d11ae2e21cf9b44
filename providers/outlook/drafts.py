"""Store a draft, however large, holding no more than a small file or a chunk of a large one.

Belongs here: the two ways to begin a draft and the two ways to attach. A message that answers another one of
this mailbox begins as Exchange's own reply, so that In-Reply-To, References and the conversation are
Exchange's; everything else begins as MIME, which alone can carry References of a message that lies elsewhere.
Small messages go whole; files of larger ones follow one by one, from 3 MB on through an upload session. Why:
ADR 0016. A draft that could not be finished is taken away again. Our marker is written last: a draft that
carries it is whole, and is taken up by the next attempt where this one never learnt of it (a killed process,
a lost answer); one that has our Message-ID, or only says that it was begun, is half a draft. Repeating
leaves at worst a draft too many, never a mail.
Sources: https://learn.microsoft.com/en-us/graph/outlook-create-send-messages,
https://learn.microsoft.com/en-us/graph/outlook-large-attachments, https://learn.microsoft.com/en-us/graph/use-the-api
"""

import base64
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final, cast

from providers.exchange import Outgoing
from providers.outlook import parse
from providers.outlook.calls import Calls
from providers.outlook.decipher import Asked, TooSmallForSession
from providers.outlook.requests import (
    BEGUN_PROPERTY,
    MARKER_PROPERTY,
    Call,
    GraphRequests,
    called,
    marked,
)
from providers.outlook.settings import MicrosoftSettings
from providers.outlook.wire import Message, MessageList, UploadSession
from providers.protocol import Draft
from rules.envelope import Correspondent
from rules.errors import Gone, OperatorMustAct, OurBug, ProviderTrouble, RefusalKind, Refused, Retryable
from rules.html_text import html_from_text
from rules.mime_out import (
    MARKER_HEADER,
    ComposedMessage,
    OutgoingAttachment,
    OutgoingMessage,
    SizeMismatch,
    compose,
)

UPLOAD_LIMIT_BYTES: Final = 36_700_160
"""35 MB, what a mailbox may send unless its administrator says otherwise.

Source: https://learn.microsoft.com/en-us/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits
"""
WHOLE_BYTES: Final = 1_500_000
"""Up to this a message goes as one request: base64 of it stays under the 4 MB of a request."""
SESSION_BYTES: Final = 2_900_000
"""From this on a file is offered to an upload session; the limit is near 3 MB, and Graph says where."""
CHUNK_BYTES: Final = 3_276_800
"""A multiple of 320 KiB under 4 MB, which every kind of session takes."""
CHUNK_DEADLINE: Final = timedelta(minutes=2)
DRAFTS: Final = "drafts"


class DraftRoom:
    """Makes drafts in one mailbox."""

    def __init__(self, settings: MicrosoftSettings, requests: GraphRequests, calls: Calls) -> None:
        self._settings = settings
        self._requests = requests
        self._calls = calls

    async def store(self, message: OutgoingMessage, answers: str | None, *, again: bool) -> Draft:
        """Store the message as a draft, or take up the one that an earlier attempt left.

        Raises:
            UnsafeHeader: nothing was asked.
            Refused: TOO_LARGE, BAD_RECIPIENT, FORBIDDEN.
            OurBug: an attachment is not as long as was said.
        """
        composed = compose(message)
        if composed.size_bytes > UPLOAD_LIMIT_BYTES:
            text = f"Outlook takes messages of up to {UPLOAD_LIMIT_BYTES} bytes."
            raise Refused(text, kind=RefusalKind.TOO_LARGE)
        kept = await self._kept(message) if again else None
        if kept is not None:
            return kept
        begun = await self._reply(message, answers) if answers and _fits_json(message) else None
        if begun is not None:
            return await self._finished(begun, message, _as_json(message), message.attachments)
        whole = composed.size_bytes <= WHOLE_BYTES
        first = composed if whole else compose(replace(message, attachments=()))
        begun = await self._by_mime(first)
        return await self._finished(begun, message, {}, () if whole else message.attachments)

    async def _kept(self, message: OutgoingMessage) -> Draft | None:
        """The draft that an earlier attempt finished; what it only began is taken away."""
        found: dict[str, Message] = {}
        for call in (
            self._requests.copies_with(DRAFTS, marked(message.marker)),
            self._requests.copies_with(DRAFTS, called(message.message_id)),
            self._requests.copies_with(DRAFTS, marked(message.marker, BEGUN_PROPERTY)),
            self._requests.latest_copies(DRAFTS),
        ):
            for one in parse.listed(cast(MessageList, await self._calls.ask(call))).messages:
                found[one["id"]] = one
        kept: Draft | None = None
        for one in found.values():
            whole = parse.is_draft_of(one, marker=message.marker, internet_message_id=message.message_id)
            if whole:
                kept = kept or parse.draft(one)
            elif whole is False:
                await self._take_away(one["id"])
        return kept

    async def _take_away(self, remote_id: str) -> None:
        with suppress(Gone):
            await self._calls.ask(self._requests.delete(remote_id))

    async def _reply(self, message: OutgoingMessage, answers: str) -> Draft | None:
        """Exchange's own draft of a reply; None where the answered message is no longer there.

        It says from its first moment whose it is. `createReply` takes "any writeable properties" of a
        message, but no page shows an extended one: where Graph does not take it, the reply begins without.
        """
        headers = {MARKER_HEADER.lower(): message.marker}
        marked_call = self._requests.reply_to(answers, headers, {BEGUN_PROPERTY: message.marker})
        try:
            try:
                return parse.draft(cast(Message, await self._calls.ask(marked_call)))
            except OurBug:
                plain = self._requests.reply_to(answers, headers)
                return parse.draft(cast(Message, await self._calls.ask(plain)))
        except Gone:
            return None

    async def _by_mime(self, composed: ComposedMessage) -> Draft:
        content = b"".join([chunk async for chunk in _measured(composed.chunks())])
        encoded = base64.b64encode(content)
        await self._take(len(encoded))
        return parse.draft(cast(Message, await self._calls.ask(self._requests.draft_of_mime(encoded))))

    async def _finished(
        self,
        draft: Draft,
        message: OutgoingMessage,
        content: dict[str, object],
        files: tuple[OutgoingAttachment, ...],
    ) -> Draft:
        """Say the rest of the draft, attach its files, mark it as whole; a draft that fails is taken away."""
        try:
            if files and content:
                await self._change(draft, content)
                content = {}
            for file in files:
                await self._attach(draft.remote_id, file)
            said = await self._change(draft, content | _marked(message))
        except ProviderTrouble:
            with suppress(ProviderTrouble):
                await self._take_away(draft.remote_id)
            raise
        return replace(draft, remote_thread_id=said.remote_thread_id or draft.remote_thread_id)

    async def _change(self, draft: Draft, content: dict[str, object]) -> Draft:
        call = self._requests.change(draft.remote_id, content, Asked.NEW_DRAFT)
        return parse.draft(cast(Message, await self._calls.ask(call)))

    async def _attach(self, remote_id: str, file: OutgoingAttachment) -> None:
        if file.size_bytes >= SESSION_BYTES:
            try:
                return await self._attach_in_session(remote_id, file)
            except TooSmallForSession:
                pass  # Between the two limits only Graph knows which one it keeps.
        content = b"".join([chunk async for chunk in _measured(_content(file))])
        if len(content) != file.size_bytes:
            raise OurBug("An attachment is not as long as was announced.")
        await self._take(len(content) * 4 // 3)
        await self._calls.ask(
            self._requests.attach(
                remote_id,
                {
                    "@odata.type": "#microsoft.graph.fileAttachment",
                    "name": file.name,
                    "contentType": file.content_type,
                    "contentBytes": base64.b64encode(content).decode("ascii"),
                    "isInline": file.content_id is not None,
                    **({"contentId": file.content_id} if file.content_id else {}),
                },
            )
        )
        return None

    async def _attach_in_session(self, remote_id: str, file: OutgoingAttachment) -> None:
        item: dict[str, object] = {
            "attachmentType": "file",
            "name": file.name,
            "size": file.size_bytes,
            "contentType": file.content_type,
            "isInline": file.content_id is not None,
        }
        if file.content_id:
            item["contentId"] = file.content_id
        call = self._requests.upload_session(remote_id, {"AttachmentItem": item})
        url = cast(UploadSession, await self._calls.ask(call)).get("uploadUrl", "")
        if not isinstance(url, str) or not url:
            raise Retryable("Microsoft named no place for an upload.")
        if not self._settings.may_upload_to(url):
            raise OperatorMustAct("Microsoft named a foreign place for an upload.")
        source = _Source(_measured(_content(file)), file.size_bytes)
        for start in range(0, file.size_bytes, CHUNK_BYTES):
            size = min(CHUNK_BYTES, file.size_bytes - start)
            await self._take(size)
            await self._put(url, source.take(size), start, size, file.size_bytes)
        await source.end()

    async def _put(self, url: str, content: AsyncIterator[bytes], start: int, size: int, total: int) -> None:
        """One chunk. The address itself is the permission: it gets no access token."""
        headers = {
            "content-type": "application/octet-stream",
            "content-length": str(size),
            "content-range": f"bytes {start}-{start + size - 1}/{total}",
        }
        outgoing = Outgoing("graph.upload.put", "PUT", url, headers, content)
        answer = await self._calls.transport.fetch(outgoing, limit_bytes=64 * 1024, deadline=CHUNK_DEADLINE)
        if answer.status == 404:
            raise Retryable("The upload session ended.")
        if not 200 <= answer.status < 300:
            self._calls.read(Call(outgoing, Asked.NEW_DRAFT), answer)
        if "text/html" in answer.headers.get("content-type", ""):
            raise Retryable("A page came instead of an answer to an upload.")

    async def _take(self, size_bytes: int) -> None:
        """Wait until the mailbox may be given so many bytes more."""
        async with self._calls.uploads.turn(size_bytes, sending=False):
            return


def _fits_json(message: OutgoingMessage) -> bool:
    """Whether JSON can say all of it: it takes no header of its own but those that begin with `x-`."""
    return not (message.automatic or message.reply_to or message.unsubscribe_url)


def _as_json(message: OutgoingMessage) -> dict[str, object]:
    """What a reply says, over what Exchange wrote into it."""
    html = message.html if message.html is not None else html_from_text(message.text or "")
    return {
        "subject": message.subject,
        "body": {"contentType": "html", "content": html},
        "from": _recipient(message.sender),
        "toRecipients": [_recipient(one) for one in message.to],
        "ccRecipients": [_recipient(one) for one in message.cc],
        "bccRecipients": [_recipient(one) for one in message.bcc],
        "internetMessageId": f"<{message.message_id}>",
    }


def _marked(message: OutgoingMessage) -> dict[str, object]:
    return {"singleValueExtendedProperties": [{"id": MARKER_PROPERTY, "value": message.marker}]}


def _recipient(person: Correspondent) -> dict[str, object]:
    named = {"name": person.name} if person.name else {}
    return {"emailAddress": {"address": person.address, **named}}


async def _content(file: OutgoingAttachment) -> AsyncIterator[bytes]:
    opened = file.open()
    if isinstance(opened, AsyncIterable):
        async for chunk in opened:
            yield chunk
    else:
        for chunk in opened:
            yield chunk


async def _measured(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for chunk in content:
            yield chunk
    except SizeMismatch as wrong:
        raise OurBug("The message is not as long as was announced.") from wrong


class _Source:
    """A file's content, handed out in exact pieces; one that is cut short, or grows, becomes no draft."""

    def __init__(self, content: AsyncIterator[bytes], size_bytes: int) -> None:
        self._content = content
        self._left = size_bytes
        self._rest = b""

    async def take(self, size_bytes: int) -> AsyncIterator[bytes]:
        """The next bytes, this many."""
        wanted = size_bytes
        while wanted:
            chunk = self._rest or await anext(self._content, b"")
            if not chunk:
                raise OurBug("An attachment is shorter than was announced.")
            piece, self._rest = chunk[:wanted], chunk[wanted:]
            wanted -= len(piece)
            self._left -= len(piece)
            yield piece
        if not self._left:
            await self.end()

    async def end(self) -> None:
        """Make sure that nothing is left over. Raises OurBug."""
        if self._rest or await anext(self._content, b""):
            raise OurBug("An attachment is longer than was announced.")
