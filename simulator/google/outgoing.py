"""What Gmail does to a mail that a program sends: check it, put it in order, thread it, count it, post it.

Source: https://developers.google.com/workspace/gmail/api/guides/sending, /threads, /uploads, /handle-errors
(the daily cap). That an unknown From becomes the default address, and the two Message-ID habits, are
practice that Google does not document.
"""

from collections.abc import Sequence
from datetime import timedelta
from email.utils import format_datetime, formataddr

from simulator import mime
from simulator.clock import from_ms
from simulator.google import errors, wire
from simulator.google.call import Call, Handler, decoded, object_value, text_list, text_value
from simulator.google.errors import Json
from simulator.mailbox import SYSTEM_LABELS, Copy
from simulator.post import Account

MOST_RECIPIENTS = 500
MOST_BYTES = 36_700_160
MOST_INSERTED_BYTES = 157_286_400
DAY = timedelta(days=1)
NO_RAW = "'raw' RFC822 payload message string or uploading message via /upload/* URL required"


def send_message(call: Call) -> Json:
    """`messages.send`."""
    raw = written(call, call.json)
    return wire.receipt(send(call, raw, text_value(call.json, "threadId")))


def insert_message(call: Call) -> Json:
    """`messages.insert` and `messages.import`: into this mailbox only, nothing is sent."""
    raw = written(call, call.json, MOST_INSERTED_BYTES)
    labels = set(text_list(call.json, "labelIds"))
    if unknown := sorted(labels - set(SYSTEM_LABELS) - set(call.mailbox.labels)):
        raise errors.invalid(f"Invalid label: {unknown[0][:100]}")
    dated = call.request.first("internalDateSource") == "dateHeader" or call.request.path.endswith("/import")
    summary = mime.summary_of(raw)
    thread_id = text_value(call.json, "threadId") or None
    if thread_id is None and call.request.path.endswith("/import"):
        thread_id = call.mailbox.thread_for(summary.references, mime.base_subject(summary.subject))
    copy = call.world.post.store(
        call.account,
        raw,
        labels,
        thread_id=_existing_thread(call, thread_id or ""),
        arrived_ms=mime.date_of(raw) if dated else None,
    )
    return wire.receipt(copy)


def written(call: Call, holder: Json, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the mail of an upload or of `raw`, with CRLF.

    Raises:
        GoogleError: 400 where there is none or it is no base64url, 413 where it is too large.
    """
    raw = call.media if call.media is not None else decoded(text_value(holder, "raw"), "raw")
    if not raw:
        raise errors.invalid(NO_RAW)
    if len(raw) > most_bytes:
        raise errors.failure(413, "Request entity too large", "uploadTooLarge")
    return mime.with_crlf(raw)


def message_of(body: Json) -> Json:
    """Return the `message` object of a draft's JSON."""
    return object_value(body, "message")


def send(call: Call, raw: bytes, thread_id: str) -> Copy:
    """Send a mail as this account.

    Raises:
        GoogleError: 400 for recipients or thread, 404 for a foreign thread, 429 over the daily cap.
    """
    check_sendable(call, raw)
    return submit(call, raw, matching_thread(call, raw, thread_id))


def check_sendable(call: Call, raw: bytes) -> None:
    """Check recipients and the daily cap, changing nothing.

    Raises:
        GoogleError: 400 for recipients, 429 over the daily cap.
    """
    _check_recipients(raw)
    frees_at_ms = _frees_at_ms(call)
    if frees_at_ms is not None:
        raise errors.mail_sending(from_ms(frees_at_ms))


def submit(call: Call, raw: bytes, thread_id: str | None) -> Copy:
    """Post a checked mail into a thread of this mailbox, or a new one."""
    call.world.gmail.sent_ms.setdefault(call.account.address, []).append(call.world.clock.now_ms())
    return call.world.post.submit(call.account, _in_order(call, raw), thread_id=thread_id)


def matching_thread(call: Call, raw: bytes, thread_id: str) -> str | None:
    """Return the thread to join: the one named, if References and subject fit too; None begins one."""
    known = _existing_thread(call, thread_id)
    if known is None:
        return None
    summary = mime.summary_of(raw)
    return call.mailbox.thread_for(summary.references, mime.base_subject(summary.subject), within=known)


def _existing_thread(call: Call, thread_id: str) -> str | None:
    if not thread_id:
        return None
    if len(thread_id) > 16 or any(digit not in "0123456789abcdef" for digit in thread_id):
        raise errors.invalid("Invalid thread_id value")
    if not any(copy.thread_id == thread_id for copy in call.mailbox.copies.values()):
        raise errors.not_found()
    return thread_id


def _check_recipients(raw: bytes) -> None:
    recipients: Sequence[mime.Address] = mime.summary_of(raw).recipients
    for name in ("To", "Cc", "Bcc"):
        values = [value for value in mime.header_values(raw, name) if value]
        if values and not mime.addresses(values):
            raise errors.invalid(f"Invalid {name} header")
    if not recipients:
        raise errors.invalid("Recipient address required")
    if len(recipients) > MOST_RECIPIENTS:
        raise errors.invalid("Too many recipients")


def _frees_at_ms(call: Call) -> int | None:
    """Return when the rolling day lets this account send again; None while it may send now."""
    day_ms = int(DAY.total_seconds() * 1000)
    now_ms = call.world.clock.now_ms()
    sent = [
        at_ms for at_ms in call.world.gmail.sent_ms.get(call.account.address, []) if at_ms > now_ms - day_ms
    ]
    call.world.gmail.sent_ms[call.account.address] = sent
    limit = call.world.dials.now.daily_send_limit
    if len(sent) < limit:
        return None
    return sent[-limit] + day_ms if limit else now_ms + day_ms


def _in_order(call: Call, raw: bytes) -> bytes:
    """Give a mail the From, Date, Message-ID and Received that Gmail leaves in the sent copy."""
    now = call.world.clock.now()
    summary = mime.summary_of(raw)
    remove: list[str] = []
    add: list[tuple[str, str]] = []
    if len(summary.sender) != 1 or summary.sender[0].address not in _sendable(call.account):
        remove.append("From")
        add.append(("From", _default_from(call.account)))
    rewritten = call.world.dials.now.message_id_mode == "rewritten"
    if rewritten or not summary.internet_message_id:
        remove.append("Message-ID")
        add.append(("Message-ID", call.world.post.new_message_id("mail.gmail.com")))
    if not mime.header_values(raw, "Date"):
        add.append(("Date", format_datetime(now)))
    if not mime.header_values(raw, "MIME-Version"):
        add.append(("MIME-Version", "1.0"))
    received = f"from 104200000000 named unknown by gmailapi.google.com with HTTPREST; {format_datetime(now)}"
    return mime.edit_fields(raw, remove=remove, prepend=[("Received", received)], append=add)


def _sendable(account: Account) -> set[str]:
    accepted = {alias.address for alias in account.aliases if alias.verification_status == "accepted"}
    return {account.address, *accepted}


def _default_from(account: Account) -> str:
    for alias in account.aliases:
        if alias.is_default and alias.verification_status == "accepted":
            return formataddr((alias.name or account.name, alias.address))
    return formataddr((account.name, account.address))


HANDLERS: dict[str, Handler] = {
    "gmail.users.messages.send": send_message,
    "gmail.users.messages.insert": insert_message,
    "gmail.users.messages.import": insert_message,
}
