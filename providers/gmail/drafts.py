"""Store a draft, however large, holding no more than a chunk of a large one.

Belongs here: the two ways to upload. A small message goes as JSON in one request; a larger one through a
resumable session, whose first request announces it and whose second streams it to where Google says.
Neither leaves half a draft, so one that an earlier attempt left is whole, and is taken up. It is searched for
by our Message-ID and looked for among the latest, because the index lags and Gmail may have replaced the id;
each hit is checked by our header. What is not found leaves at worst a draft too many, never a mail.
Sources: https://developers.google.com/workspace/gmail/api/guides/uploads,
https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.drafts/list
"""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final, cast
from urllib.parse import urlsplit

from providers.exchange import Outgoing
from providers.gmail import parse
from providers.gmail.calls import Calls
from providers.gmail.decipher import Asked
from providers.gmail.envelopes import many
from providers.gmail.requests import UPLOAD_LIMIT_BYTES, Call, GmailRequests
from providers.gmail.sent_search import UNSEARCHABLE
from providers.gmail.wire import Draft as WireDraft
from providers.gmail.wire import DraftList, Message
from providers.protocol import Draft
from rules.errors import Gone, OperatorMustAct, OurBug, ProviderTrouble, RefusalKind, Refused, Retryable
from rules.mime_out import ComposedMessage, OutgoingMessage, SizeMismatch

SMALL_BYTES: Final = 1024 * 1024
UPLOAD_DEADLINE: Final = timedelta(minutes=5)
LATEST: Final = 20
"""How many of the latest drafts are looked at for one that an earlier attempt left."""


async def kept(calls: Calls, requests: GmailRequests, message: OutgoingMessage) -> Draft | None:
    """Return the draft that an earlier attempt at this message left, if there is one.

    Raises:
        Retryable: it was not seen, and some drafts could not be looked at.
    """
    queries: list[str | None] = [None]
    if not UNSEARCHABLE & set(message.message_id):
        queries.insert(0, f"rfc822msgid:{message.message_id}")
    found: dict[str, Draft] = {}
    for query in queries:
        found |= parse.listed_drafts(cast(DraftList, await calls.ask(requests.drafts(query, LATEST))))
    outcomes = await many(
        calls, requests, list(found), lambda remote_id: requests.headers(remote_id, parse.SENT_HEADERS)
    )
    for remote_id, outcome in zip(found, outcomes, strict=True):
        if not isinstance(outcome, ProviderTrouble) and parse.is_draft_of(
            cast(Message, outcome), message.marker
        ):
            return found[remote_id]
    troubles = [one for one in outcomes if isinstance(one, ProviderTrouble) and not isinstance(one, Gone)]
    if troubles:
        raise Retryable("Not every draft could be looked at.") from troubles[0]
    return None


async def stored(
    calls: Calls, requests: GmailRequests, message: ComposedMessage, remote_thread_id: str | None
) -> Draft:
    """Store the message as a draft.

    Raises:
        Refused: TOO_LARGE, BAD_THREAD, BAD_RECIPIENT.
        OurBug: an attachment is not as long as was said.
    """
    size_bytes = message.size_bytes
    if size_bytes > UPLOAD_LIMIT_BYTES:
        text = f"Gmail takes messages of up to {UPLOAD_LIMIT_BYTES} bytes."
        raise Refused(text, kind=RefusalKind.TOO_LARGE)
    measured = _measured(message)
    if size_bytes <= SMALL_BYTES:
        whole = b"".join([chunk async for chunk in measured])
        encoded = base64.urlsafe_b64encode(whole).decode("ascii")
        said = await calls.ask(requests.small_draft(encoded, remote_thread_id))
    else:
        upload = await _session(calls, requests, size_bytes, remote_thread_id, measured)
        said = await calls.ask(upload, deadline=UPLOAD_DEADLINE)
    return parse.draft(cast(WireDraft, said))


async def _session(
    calls: Calls,
    requests: GmailRequests,
    size_bytes: int,
    remote_thread_id: str | None,
    measured: AsyncIterator[bytes],
) -> Call:
    """Begin a resumable upload and return its second request, which carries the whole message."""
    begun = requests.new_draft(size_bytes, remote_thread_id)
    answer = await calls.answer(begun)
    location = answer.headers.get("location", "")
    if not location:
        raise Retryable("Google named no place for an upload.")
    if not _may_upload_to(location, begun.outgoing.url):
        raise OperatorMustAct("Google named a foreign place for an upload.")
    headers = {
        "content-type": "message/rfc822",
        "content-length": str(size_bytes),
        "content-range": f"bytes 0-{size_bytes - 1}/{size_bytes}",
        "accept": "application/json",
    }
    outgoing = Outgoing("gmail.users.drafts.create (upload)", "PUT", location, headers, measured)
    return Call(outgoing, Asked.NEW_DRAFT, 0)


def _may_upload_to(location: str, asked: str) -> bool:
    """Only to where the API itself is: the request carries the mail and the access token."""
    try:
        there, here = urlsplit(location), urlsplit(asked)
    except ValueError:
        return False
    if there.username or there.password:
        return False
    return (there.scheme, there.netloc) == (here.scheme, here.netloc) or (
        there.scheme == "https" == here.scheme and (there.hostname or "").endswith(".googleapis.com")
    )


async def _measured(message: ComposedMessage) -> AsyncIterator[bytes]:
    """The message's bytes: one cut short, or grown, must not become a draft."""
    try:
        async for chunk in message.chunks():
            yield chunk
    except SizeMismatch as wrong:
        raise OurBug("The message is not as long as was announced.") from wrong
