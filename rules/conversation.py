"""Whose conversation a message belongs to: rules C1 to C7.

Pure: the caller passes what it looked up. Addresses are compared as rules/addresses.py normalised them. An
address that is a user's is never a contact's for these rules, even where somebody made a contact of it.
Source: sync-rules, "Whose conversation".
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from rules.envelope import Correspondent, Envelope
from rules.words import ContactId, Direction, EmailAddress, ParticipantKind, ThreadId


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A contact that an address belongs to; C4 orders contacts by `created_at`, then by id."""

    contact_id: ContactId
    created_at: datetime


ContactsByAddress = Mapping[EmailAddress, tuple[KnownContact, ...]]


@dataclass(frozen=True, slots=True)
class KnownThread:
    """A thread as the rules see it: itself, and the contact whose conversation it is (C2)."""

    thread_id: ThreadId
    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where a message goes. `thread_id` None: a new thread with the contact is to be made."""

    thread_id: ThreadId | None
    contact_id: ContactId


def direction_of(sender: Correspondent | None, user_addresses: Collection[EmailAddress]) -> Direction:
    """Return OUTBOUND where From is one of the workspace's user addresses, else INBOUND (C1)."""
    written_by_user = sender is not None and sender.address in user_addresses
    return Direction.OUTBOUND if written_by_user else Direction.INBOUND


def first_created(contacts: Iterable[KnownContact]) -> ContactId | None:
    """Return the contact that was created first (C4), or None of none."""
    known = min(contacts, key=lambda contact: (contact.created_at, contact.contact_id), default=None)
    return known.contact_id if known else None


def contacts_among(people: Iterable[Correspondent], contacts: ContactsByAddress) -> list[KnownContact]:
    """Return every contact that one of the people is."""
    return list(chain.from_iterable(contacts.get(person.address, ()) for person in people))


def primary_contact(
    envelope: Envelope, direction: Direction, contacts: ContactsByAddress
) -> ContactId | None:
    """Return whose conversation a new thread is: C3's candidates, of several the first created (C4).

    `contacts` holds external addresses only. None: no address of the message is a contact's.
    """
    sender = (envelope.sender,) if envelope.sender else ()
    tiers = (sender if direction is Direction.INBOUND else envelope.to, envelope.cc, envelope.bcc)
    for people in tiers:
        found = first_created(contacts_among(people, contacts))
        if found is not None:
            return found
    return None


def participant_kind(
    address: EmailAddress, user_addresses: Collection[EmailAddress], contacts: ContactsByAddress
) -> ParticipantKind:
    """Return what an address is to the workspace; a user stays a user, contact or not."""
    if address in user_addresses:
        return ParticipantKind.USER
    return ParticipantKind.CONTACT if contacts.get(address) else ParticipantKind.OTHER
