"""Mark a conversation: read, done, whose it is, private."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, update
from strawberry import ID, UNSET

from database.reads import facts, roots
from database.tables import ThreadRow, UnreadRow, table_of
from database.work import Work
from resolvers.access import NEEDS_USER, refusal
from resolvers.actors import actor
from resolvers.context import Context, Info
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from rules.happenings import CarryReadState, ThreadChanged, Withdrawn
from rules.words import ContactId, MailboxId, Scope, ThreadId, ThreadState, UserId
from schema.results.refusals import Forbidden, InvalidInput, NotFound
from schema.results.sending import MarkThreadResult
from schema.scalars import read_id
from schema.types.conversations import Thread

_NO_SUCH: Final = "There is no such conversation."


async def mark_thread(
    info: Info,
    id: ID,
    read: bool | None = None,
    state: ThreadState | None = None,
    assignee_id: ID | None = UNSET,
    private: bool | None = None,
) -> MarkThreadResult:
    """Change what is given of a conversation; what is left out stays."""
    context = info.context
    viewer = context.viewer
    denied = refusal(viewer, Scope.SEND)
    if denied is not None:
        return denied
    if viewer.user_id is None and (read is not None or private):
        return Forbidden(message=NEEDS_USER)
    async with context.db.work(viewer.workspace_id) as work:
        names = {"workspace": work.workspace_id, "id": read_id(id), "user": viewer.user_id}
        row = (await work.execute(facts.THREAD_LOCKED, names)).one_or_none()
        if row is None:
            return NotFound(message=_NO_SUCH)
        changes: dict[str, Any] = {}
        if state is not None:
            changes["state"] = state.value
        if assignee_id is not UNSET:
            assignee = None if assignee_id is None else await _colleague(work, assignee_id)
            if assignee_id is not None and assignee is None:
                return InvalidInput(message="There is no such user.", field="assigneeId")
            changes["assignee_id"] = assignee
        if private is not None:
            changes["private_to"] = viewer.user_id if private else None
        await _apply(work, context, row, changes, read)
    wanted = wanted_below(info, "thread", viewer.workspace_id)
    found: Thread = await read_one(context, "thread", roots.THREAD, wanted, id=uuid(row.id))
    return found


async def _apply(work: Work, context: Context, row: Any, changes: dict[str, Any], read: bool | None) -> None:
    """Write the changes, and tell of them once; what changes nothing is not told."""
    viewer = context.viewer
    thread_id, contact_id = ThreadId(row.id), ContactId(row.contact_id)
    changes = {name: value for name, value in changes.items() if getattr(row, name) != value}
    if changes:
        threads = table_of(ThreadRow)
        await work.execute(update(threads).where(threads.c.id == row.id).values(**changes))
    marked = False
    if read is not None and viewer.user_id is not None:
        marked = await _mark(work, context, row.id, viewer.user_id, read)
    if changes.get("private_to") is not None and viewer.user_id is not None:
        work.tell(Withdrawn(thread_id, viewer.user_id))
        await work.audit(actor(viewer), "thread.made_private", thread=str(row.id))
    if changes or marked:
        work.tell(ThreadChanged(thread_id, contact_id))


async def _colleague(work: Work, id: ID) -> UUID | None:
    names = {"workspace": work.workspace_id, "id": read_id(id)}
    found: UUID | None = (await work.execute(facts.USER, names)).scalar_one_or_none()
    return found


async def _mark(work: Work, context: Context, thread_id: UUID, user_id: UserId, read: bool) -> bool:
    """Mark all messages read, or the newest unread; whether that is news. The mailbox is told by a job."""
    unread = table_of(UnreadRow)
    if read:
        gone = await work.execute(
            delete(unread)
            .where(unread.c.user_id == user_id, unread.c.thread_id == thread_id)
            .returning(unread.c.id)
        )
        news = len(gone.all()) > 0
    else:
        news = await _newest_unread(work, context, thread_id, user_id)
    if news:
        names = {"thread": thread_id, "user": user_id}
        for row in await work.execute(facts.MAILBOXES_OF_UNREAD, names):
            work.ask(CarryReadState(MailboxId(row.mailbox_id), ThreadId(thread_id)))
    return news


async def _newest_unread(work: Work, context: Context, thread_id: UUID, user_id: UserId) -> bool:
    """Mark the newest message from outside unread, where none is: so that the conversation stands out."""
    newest = (await work.execute(facts.NEWEST_INBOUND, {"thread": thread_id, "user": user_id})).one_or_none()
    if newest is None or newest.any_unread:
        return False
    await work.execute(
        insert(table_of(UnreadRow)).values(
            id=context.new_id(),
            workspace_id=work.workspace_id,
            user_id=user_id,
            thread_id=thread_id,
            message_id=newest.id,
        )
    )
    return True
