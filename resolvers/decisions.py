"""What the rules decided of the mail of a mailbox: for its owner, and nobody else."""

from strawberry import ID

from database.reads import roots
from resolvers.access import require_read
from resolvers.context import Info
from resolvers.looking import page_of, wanted_below
from resolvers.reading import read_one, read_page, uuid
from rules.headers import message_id
from schema.faults import BadUserInput
from schema.scalars import read_id
from schema.types.mailboxes import SyncDecision, SyncDecisionConnection


async def sync_decisions(
    info: Info, mailbox_id: ID, first: int | None = None, after: str | None = None
) -> SyncDecisionConnection:
    """Return a page of what was decided; of a mailbox that is not the viewer's own there is nothing."""
    context = info.context
    require_read(context.viewer)
    workspace_id = context.viewer.workspace_id
    page = page_of({"first": first, "after": after}, roots.DECISIONS.name, workspace_id)
    wanted = wanted_below(info, "decision", workspace_id, "edges", "node")
    found: SyncDecisionConnection = await read_page(
        context, roots.DECISIONS, page, wanted, id=uuid(read_id(mailbox_id))
    )
    return found


async def why_not_synced(info: Info, mailbox_id: ID, internet_message_id: str) -> SyncDecision | None:
    """Return what was decided of the mail of a Message-ID, or None where the mailbox never showed it."""
    context = info.context
    require_read(context.viewer)
    workspace_id = context.viewer.workspace_id
    sought = message_id(internet_message_id) or message_id(f"<{internet_message_id}>")
    if sought is None:
        raise BadUserInput("This is no Message-ID; copy it from the mail's headers.")
    key = await context.vault.data_key(workspace_id)
    hashed = key.keyed_hash("sync decision", sought)
    wanted = wanted_below(info, "decision", workspace_id)
    found: SyncDecision | None = await read_one(
        context,
        "decision",
        roots.DECISION_BY_HASH,
        wanted,
        id=uuid(read_id(mailbox_id)),
        hash=(hashed, "bytea"),
    )
    return found
