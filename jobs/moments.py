"""When a message stands in its conversation: as its provider accepted it, never before what it answers."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from database.tables import MessageRow, table_of
from database.work import Work
from rules.envelope import Envelope

WHOLE_SECOND: Final = timedelta(seconds=1)
RIGHT_AFTER: Final = timedelta(milliseconds=1)
"""The least that the API shows."""


def moment(envelope: Envelope) -> datetime:
    """Return when a message counts as sent: when its provider accepted it.

    The Date header is whatever the sender's clock says, in whole seconds: by it an answer can stand before
    what it answers, and a mail of 2099 on top of the inbox for ever.
    Source: https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages (internalDate)
    """
    return envelope.received_at


async def place_in_time(work: Work, envelope: Envelope) -> datetime:
    """Return the message's moment, or the one right after what it answers.

    A provider that tells whole seconds (Graph) puts an answer that came at once, as machines give it, before
    the mail that it answers, which the CRM knows to the microsecond.
    """
    at = moment(envelope)
    if envelope.in_reply_to is None or at.microsecond:
        return at
    messages = table_of(MessageRow).c
    found = await work.execute(
        select(messages.sent_at).where(
            messages.workspace_id == work.workspace_id,
            messages.internet_message_id == envelope.in_reply_to,
        )
    )
    answered: datetime | None = found.scalar()
    if answered is None or not timedelta() <= answered - at < WHOLE_SECOND:
        return at
    return answered + RIGHT_AFTER
