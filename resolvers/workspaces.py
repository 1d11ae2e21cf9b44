"""Who is asking, the workspace, its users and keys."""

from typing import Final

from database.reads import roots
from database.reads.counts import counting
from database.reads.statement import Given
from resolvers.access import require_read
from resolvers.context import Context, Info
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from schema.selection import selection_of
from schema.types.workspaces import Viewer, Workspace

_COUNTS: Final = {"unreadThreads": "unread_threads", "unansweredThreads": "unanswered_threads"}


async def viewer(info: Info) -> Viewer:
    """Return who is asking; each selected part is a statement of its own."""
    context = info.context
    asking, selection = context.viewer, selection_of(info)
    made = Viewer.__new__(Viewer)
    made.scopes = sorted(asking.scopes)
    workspace_id = asking.workspace_id
    made.user = made.api_key = None
    if selection.wants("user") and asking.user_id is not None:
        wanted = wanted_below(info, "user", workspace_id, "user")
        made.user = await read_one(context, "user", roots.USER, wanted, id=uuid(asking.user_id))
    if selection.wants("apiKey") and asking.api_key_id is not None:
        wanted = wanted_below(info, "api_key", workspace_id, "apiKey")
        made.api_key = await read_one(context, "api_key", roots.API_KEY, wanted, id=uuid(asking.api_key_id))
    if selection.wants("workspace"):
        wanted = wanted_below(info, "workspace", workspace_id, "workspace")
        made.workspace = await read_one(context, "workspace", roots.WORKSPACE, wanted)
    if counts := tuple(count for name, count in _COUNTS.items() if selection.wants(name)):
        require_read(asking)
        await _count(context, made, counts)
    return made


async def _count(context: Context, made: Viewer, counts: tuple[str, ...]) -> None:
    """Set the selected counts, by one statement."""
    sql, slots = counting(counts)
    values = [slot(Given(context.sight)) for slot in slots]
    row = await context.db.fetchrow(context.viewer.workspace_id, sql, *values)
    assert row is not None, "a count has a row"
    for name, value in zip(counts, row, strict=True):
        setattr(made, name, value)


async def workspace(info: Info) -> Workspace:
    """Return the viewer's workspace."""
    context = info.context
    require_read(context.viewer)
    wanted = wanted_below(info, "workspace", context.viewer.workspace_id)
    found: Workspace = await read_one(context, "workspace", roots.WORKSPACE, wanted)
    return found
