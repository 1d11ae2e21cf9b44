"""Conversations: one, and the inbox."""

from strawberry import ID

from database.reads import roots
from resolvers.access import require_read
from resolvers.context import Info
from resolvers.looking import page_of, wanted_below
from resolvers.reading import Bound, read_one, read_page, text, uuid
from schema.inputs import ThreadFilter
from schema.scalars import read_id
from schema.types.conversations import Thread, ThreadConnection


async def thread(info: Info, id: ID) -> Thread | None:
    """Return the conversation of an id, or None."""
    context = info.context
    require_read(context.viewer)
    wanted = wanted_below(info, "thread", context.viewer.workspace_id)
    found: Thread | None = await read_one(context, "thread", roots.THREAD, wanted, id=uuid(read_id(id)))
    return found


async def threads(
    info: Info, filter: ThreadFilter | None = None, first: int | None = None, after: str | None = None
) -> ThreadConnection:
    """Return a page of the conversations, latest message first."""
    context = info.context
    require_read(context.viewer)
    workspace_id = context.viewer.workspace_id
    page = page_of({"first": first, "after": after}, "threads", workspace_id)
    wanted = wanted_below(info, "thread", workspace_id, "edges", "node")
    bound, unread = _conditions(filter or ThreadFilter())
    conditions = {*bound, *([] if unread is None else ["unread" if unread else "all_read"])}
    paged = roots.threads(conditions)
    found: ThreadConnection = await read_page(context, paged, page, wanted, **bound)
    return found


def _conditions(filter: ThreadFilter) -> tuple[dict[str, Bound], bool | None]:
    bound: dict[str, Bound] = {}
    if filter.state is not None:
        bound["state"] = text(filter.state)
    for name, id in (
        ("assignee", filter.assignee_id),
        ("contact", filter.contact_id),
        ("mailbox", filter.mailbox_id),
    ):
        if id is not None:
            bound[name] = uuid(read_id(id))
    return bound, filter.unread
