"""Read a delivery report: which mail it is about, and what became of each recipient.

Only text comes in and only values come out; a report is as forgeable as any mail, so it may only ever be
attached to what it names, never be obeyed. Source: RFC 3464 2.1 to 2.3, RFC 3462, RFC 3463;
X-Failed-Recipients as Gmail writes it.
"""

import re
from typing import Final

from rules.addresses import InvalidAddress, normalise, parse_addresses
from rules.header_block import Fields, fields_of, first
from rules.headers import clean_line, message_id
from rules.parsed import Bounce, FailedRecipient
from rules.words import EmailAddress

RECIPIENT_LIMIT: Final = 500
REPORT_BYTES_LIMIT: Final = 262_144
_GROUPS: Final = re.compile(rb"\r?\n[ \t]*\r?\n")
_STATUS: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ACTIONS: Final = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
MARKER_FIELD: Final = "x-bothways-submission"


def _address(value: str | None) -> EmailAddress | None:
    """Return the address of `rfc822; a@b.example`."""
    text = (value or "").rpartition(";")[2].strip().strip("<>")
    try:
        return normalise(text)
    except InvalidAddress:
        return None


def _recipient(group: Fields) -> FailedRecipient | None:
    action = (first(group, "action") or "").strip().lower()
    if action not in _ACTIONS:
        return None
    status = _STATUS.search(first(group, "status") or "")
    return FailedRecipient(
        address=_address(first(group, "original-recipient")) or _address(first(group, "final-recipient")),
        action=action,
        status=status[1] if status else "",
        diagnostic=clean_line((first(group, "diagnostic-code") or "").partition(";")[2])[:500],
    )


def read_report(fields: Fields, status: bytes | None, returned: bytes | None) -> Bounce | None:
    """Return what a delivery report says, or None where it names no recipient and no message.

    `fields` are the report's own headers, `status` its message/delivery-status part, `returned` the original
    message or its headers.
    """
    recipients: list[FailedRecipient] = []
    for group in _GROUPS.split((status or b"")[:REPORT_BYTES_LIMIT], RECIPIENT_LIMIT)[:RECIPIENT_LIMIT]:
        recipient = _recipient(fields_of(group))
        if recipient is not None:
            recipients.append(recipient)
    if not recipients:
        named = parse_addresses(first(fields, "x-failed-recipients")).correspondents
        recipients = [FailedRecipient(one.address, "failed", "", "") for one in named]
    original = fields_of(_GROUPS.split((returned or b"").lstrip()[:REPORT_BYTES_LIMIT], 1)[0])
    original_id = message_id(first(original, "message-id"))
    marker = clean_line(first(original, MARKER_FIELD) or "") or None
    if not recipients and original_id is None:
        return None
    return Bounce(tuple(recipients), original_id, marker)
