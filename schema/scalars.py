"""The API's own scalars, and how Python values become them.

Belongs here: spelling. Whether an address may be written to is for rules/addresses.py; here only what can
be no address at all is turned away.
Source: RFC 3339 (DateTime), RFC 5321 section 4.5.3.1 (lengths).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NewType
from uuid import UUID

import strawberry
from strawberry.types.scalar import ScalarDefinition

from rules.words import EmailAddress

EventID = NewType("EventID", str)
HTML = NewType("HTML", str)

_LONGEST_ADDRESS: Final = 254
_LONGEST_EVENT_ID: Final = 64


def write_instant(instant: datetime) -> str:
    """Return an aware instant as `2026-03-01T09:30:00.000Z`.

    Raises:
        ValueError: it has no time zone.
    """
    if instant.tzinfo is not UTC:
        if instant.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        instant = instant.astimezone(UTC)
    return instant.isoformat(timespec="milliseconds")[:-6] + "Z"


def read_instant(text: object) -> datetime:
    """Return the aware UTC instant that an ISO 8601 text with an offset names.

    Raises:
        ValueError: the text is none, or says nothing of its offset.
    """
    if not isinstance(text, str) or len(text) > 40:
        raise ValueError("A DateTime is an ISO 8601 text with an offset, such as 2026-03-01T09:30:00Z.")
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            "A DateTime is an ISO 8601 text with an offset, such as 2026-03-01T09:30:00Z."
        ) from None


def read_address(text: object) -> EmailAddress:
    """Return what may be an email address, as it was written.

    Raises:
        ValueError: it is none for certain: no text, too long, no @, or holding spaces or control characters.
    """
    if not isinstance(text, str) or "@" not in text or len(text) > _LONGEST_ADDRESS:
        raise ValueError(
            "An EmailAddress is a bare address such as dana@example.com, 254 characters at most."
        )
    if any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("An EmailAddress holds no spaces and no control characters.")
    return EmailAddress(text)


def read_event_id(text: object) -> EventID:
    """Return what may be an event id.

    Raises:
        ValueError: it is no text, or too long to be one.
    """
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_EVENT_ID:
        raise ValueError("An EventID is the `id` of an event that this API gave.")
    return EventID(text)


def read_id(text: str) -> UUID | None:
    """Return the key an ID names, or None where it cannot be one of ours: then nothing has that id."""
    try:
        key = UUID(text)
    except ValueError:
        return None
    return key if str(key) == text.lower() else None


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: ISO 8601 in UTC, to the millisecond, such as 2026-03-01T09:30:00.000Z.",
        serialize=write_instant,
        parse_value=read_instant,
    ),
    EmailAddress: strawberry.scalar(
        name="EmailAddress",
        description="A bare email address, without a display name, compared without regard to case; "
        "254 characters at most.",
        serialize=str,
        parse_value=read_address,
    ),
    HTML: strawberry.scalar(
        name="HTML",
        description="Sanitised HTML: no scripts, no forms, no remote images before the reader asks for them.",
        serialize=str,
    ),
    EventID: strawberry.scalar(
        name="EventID",
        description="An opaque event id, ordered as text within a workspace.",
        serialize=str,
        parse_value=read_event_id,
    ),
}
