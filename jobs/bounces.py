"""Attach a delivery report to the mail it is about.

The law: a report is as forgeable as any mail. It must name our own mark or Message-ID, which only the mail's
recipients have seen, and it changes nothing but what is shown of that mail, and whether bulk mail goes to an
address that it calls dead. A mail of unknown fate that comes back has left: it is proved by that.
"""

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert

from database.ids import new_id
from database.tables import SubmissionRow, SuppressionRow, table_of
from database.work import Work
from rules.bounce_words import Undelivered, undelivered
from rules.happenings import MessageChanged
from rules.parsed import Bounce
from rules.submission_life import Happening, Stage, move, stage_of
from rules.words import (
    ContactId,
    DeliveryState,
    EmailAddress,
    MailboxId,
    MessageId,
    SubmissionId,
    SuppressionReason,
    ThreadId,
)

_ABOUT = text("""
select s.id, s.state, s.step, s.kind, s.mailbox_id, m.id as message_id, m.thread_id, t.contact_id,
       m.to_recipients, m.cc_recipients, m.bcc_recipients
from submissions s join messages m on m.id = s.message_id join threads t on t.id = m.thread_id
where s.workspace_id = :workspace and s.state in ('SENDING', 'SENT', 'UNCERTAIN') and s.bounced_at is null
  and case when cast(:submission as uuid) is null
      then s.marker = :marker or m.internet_message_id = :message_id else s.id = :submission end
order by (s.marker = :marker) desc nulls last
limit 1 for update of s
""")


async def record_bounce(work: Work, bounce: Bounce, submission_id: SubmissionId | None = None) -> bool:
    """Show a report on the mail it is about; whether there is such a mail, and one was given up.

    `submission_id`: the report came to this sending's own return path, and is about no other.
    """
    names = {
        "submission": submission_id,
        "workspace": work.workspace_id,
        "marker": bounce.original_marker,
        "message_id": bounce.original_message_id,
    }
    row = (await work.execute(_ABOUT, names)).one_or_none()
    if row is None:
        return False
    people = [*row.to_recipients, *row.cc_recipients, *row.bcc_recipients]
    meant = undelivered(bounce, {EmailAddress(one["address"]) for one in people})
    if meant is None:
        return False
    values: dict[str, object] = {"bounced_at": work.now, "bounce": meant.sentence}
    stage = stage_of(DeliveryState(row.state), row.step)
    if stage is Stage.UNCERTAIN:
        sent = move(stage, Happening.FOUND_IN_SENT)
        values |= {"state": sent.state.value, "step": sent.step, "sent_at": work.now}
        values |= {"error": None, "error_code": None}
    submissions = table_of(SubmissionRow).c
    await work.execute(update(SubmissionRow).where(submissions.id == row.id).values(**values))
    await _suppress(work, meant)
    mailbox_id = None if row.mailbox_id is None else MailboxId(row.mailbox_id)
    ids = MessageId(row.message_id), ThreadId(row.thread_id), ContactId(row.contact_id)
    work.tell(MessageChanged(*ids, mailbox_id))
    return True


async def _suppress(work: Work, meant: Undelivered) -> None:
    for address in meant.dead:
        await work.execute(
            insert(SuppressionRow)
            .values(
                id=new_id(),
                workspace_id=work.workspace_id,
                address=address,
                reason=SuppressionReason.BOUNCED.value,
                created_at=work.now,
            )
            .on_conflict_do_nothing()
        )
