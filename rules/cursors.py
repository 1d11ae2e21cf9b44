"""The place in a mailbox's change feed, as one opaque, versioned text; checked on the way in.

What a provider calls it stays inside: of Gmail the history id, of Outlook a time and what of it was told.
A cursor also knows until when everything was stored, which bounds the look-back when the feed forgot it (L7).
Source: https://developers.google.com/workspace/gmail/api/guides/sync; sync-rules L7.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

VERSION: Final = 1
LENGTH_LIMIT: Final = 4096
LOOK_BACK_MARGIN: Final = timedelta(hours=1)
"""Mail may be accepted a while before it shows; a look-back begins so much earlier."""
_HISTORY_ID: Final = re.compile(r"[1-9][0-9]{0,19}")
_MAX_MILLISECONDS: Final = 253_402_300_799_000


class InvalidCursor(ValueError):
    """A text is not a cursor that we made, or one of another provider; nothing may be read from it."""


@dataclass(frozen=True, slots=True)
class GmailCursor:
    """`history_id` is Gmail's unsigned 64-bit number; `synced_until` when all before it was stored."""

    history_id: int
    synced_until: datetime


def encode_gmail(cursor: GmailCursor) -> str:
    """Return the cursor as an opaque text without characters that need quoting."""
    milliseconds = (cursor.synced_until - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    fields = {"v": VERSION, "p": "GMAIL", "h": str(cursor.history_id), "t": milliseconds}
    return base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode("ascii")).decode("ascii")


def decode_gmail(text: str) -> GmailCursor:
    """Return the cursor that a text stands for.

    Raises:
        InvalidCursor: it is none of ours, of another version or provider, or holds something impossible.
    """
    if len(text) > LENGTH_LIMIT:
        raise InvalidCursor("a cursor is not as long as that")
    try:
        fields = json.loads(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, UnicodeError, binascii.Error, RecursionError) as trouble:
        raise InvalidCursor("not a cursor") from trouble
    match fields:
        case {"v": 1, "p": "GMAIL", "h": str(history), "t": int(milliseconds)} if len(fields) == 4:
            possible = _HISTORY_ID.fullmatch(history) and int(history) < 2**64
            if not possible or isinstance(milliseconds, bool) or not 0 <= milliseconds <= _MAX_MILLISECONDS:
                raise InvalidCursor("a cursor with impossible values")
            at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
            return GmailCursor(int(history), at)
        case _:
            raise InvalidCursor("a cursor of another version or provider")


def look_back_from(cursor: GmailCursor, connected_at: datetime) -> datetime:
    """Return from when mail is listed again where the feed no longer knows the cursor.

    Never before the connection: nothing is synced retroactively (D2).
    """
    return max(connected_at, cursor.synced_until - LOOK_BACK_MARGIN)


OUTLOOK_LENGTH_LIMIT: Final = 64 * 1024
_TOLD: Final = re.compile(r"(?:[A-Za-z0-9_-]{8})*")


@dataclass(frozen=True, slots=True)
class Told:
    """A place in time: everything changed before `at` is known, and of what changed later the `marks`.

    A mark is eight letters that stand for one version of one message, kept by the second it changed in.
    """

    at: datetime
    marks: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """By whole seconds after `at`."""


@dataclass(frozen=True, slots=True)
class OutlookCursor:
    """`since` is when following began: what was received from then on may be new."""

    since: datetime
    mail: Told
    erased: Told


def encode_outlook(cursor: OutlookCursor) -> str:
    """Return the cursor as an opaque text without characters that need quoting."""
    fields = {
        "v": VERSION,
        "p": "OUTLOOK",
        "s": _milliseconds(cursor.since),
        "m": _written(cursor.mail),
        "e": _written(cursor.erased),
    }
    return base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode("ascii")).decode("ascii")


def decode_outlook(text: str) -> OutlookCursor:
    """Return the cursor that a text stands for.

    Raises:
        InvalidCursor: it is none of ours, of another version or provider, or holds something impossible.
    """
    if len(text) > OUTLOOK_LENGTH_LIMIT:
        raise InvalidCursor("a cursor is not as long as that")
    try:
        fields = json.loads(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, UnicodeError, binascii.Error, RecursionError) as trouble:
        raise InvalidCursor("not a cursor") from trouble
    match fields:
        case {"v": 1, "p": "OUTLOOK", "s": since, "m": mail, "e": erased} if len(fields) == 5:
            return OutlookCursor(_instant(since), _read(mail), _read(erased))
        case _:
            raise InvalidCursor("a cursor of another version or provider")


def _milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _instant(milliseconds: object) -> datetime:
    if type(milliseconds) is not int or not 0 <= milliseconds <= _MAX_MILLISECONDS:
        raise InvalidCursor("a cursor with impossible values")
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _written(told: Told) -> list[object]:
    return [
        _milliseconds(told.at),
        {str(second): "".join(sorted(marks)) for second, marks in told.marks.items()},
    ]


def _read(written: object) -> Told:
    match written:
        case [at, {**marks}]:
            return Told(_instant(at), {_second(name): _marks(text) for name, text in marks.items()})
        case _:
            raise InvalidCursor("a cursor with impossible values")


def _second(name: object) -> int:
    if not isinstance(name, str) or not re.fullmatch(r"-?[0-9]{1,9}", name):
        raise InvalidCursor("a cursor with impossible values")
    return int(name)


def _marks(text: object) -> frozenset[str]:
    if not isinstance(text, str) or not _TOLD.fullmatch(text):
        raise InvalidCursor("a cursor with impossible values")
    return frozenset(text[start : start + 8] for start in range(0, len(text), 8))
