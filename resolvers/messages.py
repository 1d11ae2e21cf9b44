"""Messages: one, and what a search finds."""

from strawberry import ID

from database.reads import roots
from resolvers.access import require_read
from resolvers.contacts import clean_search
from resolvers.context import Info
from resolvers.looking import page_of, wanted_below
from resolvers.reading import read_one, read_page, text, uuid
from schema.faults import BadUserInput
from schema.scalars import read_id
from schema.types.conversations import Message, MessageConnection


async def message(info: Info, id: ID) -> Message | None:
    """Return the message of an id, or None."""
    context = info.context
    require_read(context.viewer)
    wanted = wanted_below(info, "message", context.viewer.workspace_id)
    found: Message | None = await read_one(context, "message", roots.MESSAGE, wanted, id=uuid(read_id(id)))
    return found


async def search_messages(
    info: Info, query: str, first: int | None = None, after: str | None = None
) -> MessageConnection:
    """Return a page of the messages whose subject, text or sender holds the words."""
    context = info.context
    require_read(context.viewer)
    workspace_id = context.viewer.workspace_id
    sought = clean_search(query)
    if not sought:
        raise BadUserInput("Say what to search for.")
    page = page_of({"first": first, "after": after}, roots.FOUND_MESSAGES.name, workspace_id)
    wanted = wanted_below(info, "message", workspace_id, "edges", "node")
    found: MessageConnection = await read_page(
        context, roots.FOUND_MESSAGES, page, wanted, query=text(sought)
    )
    return found
