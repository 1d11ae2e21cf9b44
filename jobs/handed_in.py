"""A mail that was handed in by SMTP, as the jobs that keep such mail share it.

Belongs here: its envelope, what of it others may see, and taking turns. Never: a rule, whose mail it is.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import text

from database.work import Work
from rules.envelope import Correspondent, Envelope
from rules.parsed import Automatic, ParsedMessage
from rules.words import EmailAddress

_ONE_AT_A_TIME: Final = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")


def envelope_of(sender: Correspondent, received_at: datetime, message: ParsedMessage, raw: Path) -> Envelope:
    """Return what the rules may look at.

    A mail without a Message-ID is known by its bytes, so that one that is sent again is one message.
    """
    with raw.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Envelope(
        remote_id="",
        remote_thread_id="",
        received_at=received_at,
        sent_at=message.sent_at or received_at,
        sender=sender,
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        subject=message.subject,
        internet_message_id=message.internet_message_id or f"{digest}@auto-bcc.invalid",
        in_reply_to=message.in_reply_to,
        references=message.references,
        unread=True,
        size_bytes=raw.stat().st_size,
        attachments=tuple(one.outline for one in message.attachments),
        marker=message.marker,
        automatic=message.automatic is not Automatic.NO,
    )


def without(envelope: Envelope, address: EmailAddress) -> Envelope:
    """The envelope as colleagues may see it: an address that is a secret is nobody's business."""

    def others(people: tuple[Correspondent, ...]) -> tuple[Correspondent, ...]:
        return tuple(person for person in people if person.address != address)

    return replace(envelope, to=others(envelope.to), cc=others(envelope.cc), bcc=others(envelope.bcc))


async def take_turns(work: Work, what: str) -> None:
    """Let whoever does the same thing in the workspace wait until this transaction ends."""
    await work.execute(_ONE_AT_A_TIME, {"what": f"{work.workspace_id}:{what}"})
