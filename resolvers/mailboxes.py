"""Mailboxes: one, and the list of them."""

from strawberry import ID

from database.reads import roots
from resolvers.access import require_read
from resolvers.context import Info
from resolvers.looking import wanted_below
from resolvers.reading import read_many, read_one, uuid
from schema.scalars import read_id
from schema.types.mailboxes import Mailbox


async def mailbox(info: Info, id: ID) -> Mailbox | None:
    """Return the mailbox of an id, or None: a member's own, for those who govern anybody's."""
    context = info.context
    require_read(context.viewer)
    wanted = wanted_below(info, "mailbox", context.viewer.workspace_id)
    found: Mailbox | None = await read_one(
        context, "mailbox", roots.OWN_MAILBOX, wanted, id=uuid(read_id(id))
    )
    return found


async def mailboxes(info: Info) -> list[Mailbox]:
    """Return the mailboxes that have not ended, and last tries that failed: a member's own, or all."""
    context = info.context
    require_read(context.viewer)
    wanted = wanted_below(info, "mailbox", context.viewer.workspace_id)
    return await read_many(context, "mailbox", roots.MAILBOXES, roots.MAILBOXES_ORDER, wanted)
