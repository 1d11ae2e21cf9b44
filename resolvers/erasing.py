"""Erase one person everywhere: for admins, audited, for good."""

from strawberry import ID

from database.erasing import erase_person
from database.reads import facts
from resolvers.access import refusal
from resolvers.actors import actor
from resolvers.context import Info
from rules.words import Scope
from schema.results.contacts import ContactErased, EraseContactResult
from schema.results.refusals import NotFound
from schema.scalars import read_id


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
