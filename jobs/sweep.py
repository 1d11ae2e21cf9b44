"""The sweeper: what makes everything go on after any loss of Redis, of a worker, or of a bell.

The law: it only asks and rings; it does no work of its own that could not wait for the next round. Whatever
is due in the database is rung again each round until it is done, so that a lost wake-up costs one round.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import text

from database.events import purge
from database.uploads import forget_expired
from jobs.context import JobContext
from rules.happenings import Command, DeliverWebhook, PullMailbox, RenewWatch, SendSubmission, VerifyMailbox
from rules.verification import DECISIONS_KEPT
from rules.webhooks import DELIVERIES_KEPT
from rules.words import MailboxId, WebhookId, WorkspaceId

BATCH: Final = 500
EVENTS_KEPT: Final = timedelta(days=30)

AUTHORIZATIONS_KEPT: Final = timedelta(days=1)
ORPHANS_KEPT: Final = timedelta(hours=22)
"""With the hour between two rounds, what a crash left of something erased is gone within the day (R68)."""

_OLD_DECISIONS: Final = text("delete from sync_decisions where at < :before")
_OLD_AUTHORIZATIONS: Final = text("delete from authorizations where expires_at < :before")
_ABANDONED: Final = text("""
update mailboxes set status = 'FAILED', ended_at = now(),
       status_reason = 'The consent was not finished in time. Connect again.'
where status = 'AUTHORIZING' and not exists (
    select from authorizations a
    where a.mailbox_id = mailboxes.id and a.finished_at is null
      and a.expires_at > now() - interval '5 minutes'
)
""")
_UNVERIFIED: Final = text("""
select m.id from mailboxes m
where m.status = 'CONNECTED' and not exists (
    select from commands c where c.workspace_id = m.workspace_id and c.key = 'verify:' || m.id::text
)
""")


_OLD_DELIVERIES: Final = text("delete from webhook_deliveries where created_at < :before")
_UNTOLD: Final = text("""
select h.id from webhooks h join workspaces w on w.id = h.workspace_id
where h.state = 'ON' and h.position < w.event_number and not exists (
    select from commands c where c.workspace_id = h.workspace_id and c.key = 'webhook:' || h.id::text
)
""")


async def ask_for_due_mailboxes(context: JobContext) -> int:
    """Ask for a pull of each mailbox whose time has come, and for a renewal of each push at half its life."""
    asked = 0
    for mailbox_id, workspace_id in await context.db.across.mailboxes_to_check(BATCH):
        await _ask(context, workspace_id, PullMailbox(mailbox_id), mailbox_id)
        asked += 1
    for mailbox_id, workspace_id in await context.db.across.mailboxes_to_renew(BATCH):
        await _ask(context, workspace_id, RenewWatch(mailbox_id), mailbox_id)
        asked += 1
    return asked


async def _ask(
    context: JobContext, workspace_id: WorkspaceId, command: Command, mailbox_id: MailboxId
) -> None:
    """Ask, and move the time on, so that a mailbox whose job is stuck is not asked for every round."""
    later = context.now() + timedelta(minutes=1)
    column = "next_check_at" if isinstance(command, PullMailbox) else "push_renew_at"
    async with context.db.work(workspace_id) as work:
        await work.execute(
            text(f"update mailboxes set {column} = :later where id = :id"),  # noqa: S608 - one of two names
            {"later": later, "id": mailbox_id},
        )
        work.ask(command)


async def ask_for_forgotten_sends(context: JobContext) -> int:
    """Ask again for due sendings that no command will carry out; none, unless something went wrong."""
    forgotten = await context.db.across.submissions_not_asked(BATCH)
    for submission_id, workspace_id in forgotten:
        async with context.db.work(workspace_id) as work:
            work.ask(SendSubmission(submission_id))
    return len(forgotten)


async def tidy(context: JobContext, workspace_id: WorkspaceId) -> None:
    """Delete what is kept for a time only, end abandoned consents, and have each mailbox verified.

    A verification asks for the next one itself; here it is begun, for mailboxes that are new or came back.
    """
    now = context.now()
    async with context.db.work(workspace_id) as work:
        await work.execute(_OLD_DECISIONS, {"before": now - DECISIONS_KEPT})
        await work.execute(_OLD_AUTHORIZATIONS, {"before": now - AUTHORIZATIONS_KEPT})
        await work.execute(_ABANDONED)
        for row in await work.execute(_UNVERIFIED):
            work.ask(VerifyMailbox(MailboxId(row.id)))
        await purge(work, now - EVENTS_KEPT)
        await work.execute(_OLD_DELIVERIES, {"before": now - DELIVERIES_KEPT})
        for row in await work.execute(_UNTOLD):
            work.ask(DeliverWebhook(WebhookId(row.id)))
    await forget_expired(context.db, context.blobs, workspace_id, now)
    await context.blobs.sweep(context.db, workspace_id, now - ORPHANS_KEPT)
