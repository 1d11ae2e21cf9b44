"""Erase for good, audited: a person everywhere, a user with what is theirs, a mailbox with what it brought.

A person is erased by an admin and at once. A mailbox, by its owner or an admin, and a user, by another admin,
stop at once and go in a job, as there may be much of them; their address is to be named, since nothing brings
them back.
"""

from typing import Any, Final

from strawberry import ID

from database import erasures
from database.erasing import erase_person
from database.reads import facts
from database.work import Work
from resolvers.access import governs, refusal, require_read
from resolvers.actors import actor
from resolvers.context import Context, Info
from rules.words import Scope
from schema.results.contacts import ContactErased, EraseContactResult
from schema.results.erasing import EraseMailboxResult, EraseUserResult, Erasure, PreviewErasureResult
from schema.results.refusals import Forbidden, InvalidInput, NotFound
from schema.scalars import read_id

_NO_MAILBOX: Final = "There is no such mailbox."
_NO_USER: Final = "There is no such user."
_NOT_YOURSELF: Final = "Nobody erases themselves; ask another admin of the workspace."
_OWN_MAILBOX: Final = (
    "select b.id from mailboxes b where b.workspace_id = $1 and b.id = $2 "
    "and (b.user_id = $3 or $4) and b.erasing_since is null"
)
_A_USER: Final = (
    "select u.id from users u where u.workspace_id = $1 and u.id = $2 and u.erasing_since is null"
)


async def erase_contact(info: Info, id: ID) -> EraseContactResult:
    """Erase a contact with everything of theirs; what it was is answered as counts and never shown again."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    names = {"workspace": context.viewer.workspace_id, "id": read_id(id)}
    async with context.db.work(context.viewer.workspace_id) as work:
        row = (await work.execute(facts.CONTACT_LOCKED, names)).one_or_none()
        if row is None:
            return NotFound(message="There is no such contact.")
        erased = await erase_person(work, row.id)
        await work.audit(actor(context.viewer), "contact.erased", contact=str(row.id))
    return ContactErased(
        contact_id=ID(str(row.id)),
        threads=erased.threads,
        messages=erased.messages,
        attachments=erased.attachments,
        mentions=erased.mentions,
    )


async def preview_erase_mailbox(info: Info, mailbox_id: ID) -> PreviewErasureResult:
    """Say what erasing a mailbox would take away."""
    context = info.context
    viewer = context.viewer
    require_read(viewer)
    names = (viewer.workspace_id, read_id(mailbox_id), viewer.user_id, governs(viewer))
    found = await context.db.fetchval(viewer.workspace_id, _OWN_MAILBOX, *names)
    if found is None:
        return NotFound(message=_NO_MAILBOX)
    return _answer(await erasures.look_at_mailbox(context.db, viewer.workspace_id, found))


async def preview_erase_user(info: Info, id: ID) -> PreviewErasureResult:
    """Say what erasing a user would take away."""
    context = info.context
    viewer = context.viewer
    require_read(viewer)
    denied = refusal(viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    found = await context.db.fetchval(viewer.workspace_id, _A_USER, viewer.workspace_id, read_id(id))
    if found is None:
        return NotFound(message=_NO_USER)
    return _answer(await erasures.look_at_user(context.db, viewer.workspace_id, found))


async def erase_mailbox(info: Info, mailbox_id: ID, address: str) -> EraseMailboxResult:
    """End a connection and erase what only it brought."""
    context = info.context
    viewer = context.viewer
    denied = refusal(viewer, Scope.SEND)
    if denied is not None:
        return denied
    async with context.db.work(viewer.workspace_id) as work:
        names = {
            "workspace": work.workspace_id,
            "id": read_id(mailbox_id),
            "user": viewer.user_id,
            "governs": governs(viewer),
        }
        row = (await work.execute(facts.OWN_MAILBOX_LOCKED, names)).one_or_none()
        if row is None:
            return NotFound(message=_NO_MAILBOX)
        if not _named(address, row.address or ""):
            return InvalidInput(message="This is not the mailbox's address.", field="address")
        return _answer(await erasures.begin_mailbox_erasure(work, row.id, actor(viewer)))


async def erase_user(info: Info, id: ID, email: str) -> EraseUserResult:
    """Shut a user out, and erase them with their mailboxes and all that is theirs."""
    context = info.context
    viewer = context.viewer
    denied = refusal(viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    async with context.db.work(viewer.workspace_id) as work:
        row = await _user(work, context, id)
        if row is None:
            return NotFound(message=_NO_USER)
        if row.id == viewer.user_id:
            return Forbidden(message=_NOT_YOURSELF)
        if not _named(email, row.email):
            return InvalidInput(message="This is not the user's login address.", field="email")
        return _answer(await erasures.begin_user_erasure(work, row.id, actor(viewer)))


async def _user(work: Work, context: Context, id: ID) -> Any:
    """Return a user's row, locked after the admins'; None where there is none, or the viewer is no more."""
    names = {"workspace": work.workspace_id, "id": read_id(id)}
    admins = set((await work.execute(facts.ADMINS_LOCKED, names)).scalars())
    viewer = context.viewer
    if viewer.user_id is not None and viewer.user_id not in admins:
        return None
    return (await work.execute(facts.USER_LOCKED, names)).one_or_none()


def _named(given: str, called: str) -> bool:
    return given.strip().casefold() == called.casefold()


def _answer(erasure: erasures.Erasure) -> Erasure:
    return Erasure(
        messages=erasure.messages,
        messages_kept=erasure.messages_kept,
        threads=erasure.threads,
        attachments=erasure.attachments,
        sends_refused=erasure.sends_refused,
    )
