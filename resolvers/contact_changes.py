"""Make, change, delete and import contacts."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, update
from strawberry import ID

from database.reads import facts, roots
from database.tables import ContactAddressRow, ContactRow, table_of
from database.work import Work
from resolvers.access import refusal
from resolvers.context import Context, Info
from resolvers.drafting import Unusable, read_address, read_line
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from rules.words import ContactOrigin, EmailAddress, Scope
from schema.inputs import ContactInput
from schema.results.contacts import (
    ContactDeleted,
    CreateContactResult,
    DeleteContactResult,
    UpdateContactResult,
)
from schema.results.refusals import HasConversations, NotFound
from schema.scalars import read_id
from schema.types.conversations import Contact

MOST_ADDRESSES: Final = 20
LONGEST_NAME: Final = 200
_NO_SUCH: Final = "There is no such contact."


class ContactDraft:
    """A contact as it was given, clean."""

    __slots__ = ("addresses", "company", "name")

    def __init__(self, given: ContactInput, path: str) -> None:
        """Raises: Unusable: a value cannot be used."""
        if not 1 <= len(given.emails) <= MOST_ADDRESSES:
            raise Unusable(f"{path}.emails", f"A contact has 1 to {MOST_ADDRESSES} addresses.")
        found = [read_address(f"{path}.emails.{place}", text) for place, text in enumerate(given.emails)]
        self.addresses: list[EmailAddress] = list(dict.fromkeys(found))
        self.name = read_line(f"{path}.name", given.name or "", LONGEST_NAME) or None
        self.company = read_line(f"{path}.company", given.company or "", LONGEST_NAME) or None


async def create_contact(info: Info, input: ContactInput) -> CreateContactResult:
    """Make a contact. An address may be on several: the one made first keeps its conversations (C4)."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    try:
        draft = ContactDraft(input, "input")
    except Unusable as unusable:
        return unusable.refusal
    async with context.db.work(context.viewer.workspace_id) as work:
        contact_id = add_contact(work, context, draft, ContactOrigin.CRM)
    return await _read(info, contact_id)


async def update_contact(info: Info, id: ID, input: ContactInput) -> UpdateContactResult:
    """Replace what is known of a contact."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    try:
        draft = ContactDraft(input, "input")
    except Unusable as unusable:
        return unusable.refusal
    contacts = table_of(ContactRow)
    async with context.db.work(context.viewer.workspace_id) as work:
        changed = await work.execute(
            update(contacts)
            .where(contacts.c.workspace_id == work.workspace_id, contacts.c.id == read_id(id))
            .values(name=draft.name, company=draft.company)
            .returning(contacts.c.id)
        )
        contact_id: UUID | None = changed.scalar_one_or_none()
        if contact_id is None:
            return NotFound(message=_NO_SUCH)
        addresses = table_of(ContactAddressRow)
        await work.execute(delete(addresses).where(addresses.c.contact_id == contact_id))
        await write_addresses(work, context, contact_id, draft.addresses)
    return await _read(info, contact_id)


async def delete_contact(info: Info, id: ID) -> DeleteContactResult:
    """Delete a contact that has no conversations."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    names = {"workspace": context.viewer.workspace_id, "id": read_id(id)}
    async with context.db.work(context.viewer.workspace_id) as work:
        row = (await work.execute(facts.CONTACT_LOCKED, names)).one_or_none()
        if row is None:
            return NotFound(message=_NO_SUCH)
        if row.threads:
            sentence = "The contact has conversations, which would be lost with it. Nothing was deleted."
            return HasConversations(message=sentence, count=row.threads)
        contacts = table_of(ContactRow)
        await work.execute(delete(contacts).where(contacts.c.id == row.id))
    return ContactDeleted(contact_id=ID(str(row.id)))


def add_contact(work: Work, context: Context, draft: ContactDraft, origin: ContactOrigin) -> UUID:
    """Add a contact and its addresses to the work."""
    contact_id = context.new_id()
    work.add(
        ContactRow(
            id=contact_id,
            workspace_id=work.workspace_id,
            name=draft.name,
            company=draft.company,
            origin=origin,
            created_at=context.now,
        )
    )
    for row in _rows(work, context, contact_id, draft.addresses, 0):
        work.add(ContactAddressRow(**row))
    return contact_id


async def write_addresses(
    work: Work, context: Context, contact_id: UUID, addresses: Sequence[EmailAddress], after: int = 0
) -> None:
    """Store addresses of a contact, in the order given, behind the `after` that it has."""
    if addresses:
        table = table_of(ContactAddressRow)
        await work.execute(insert(table), _rows(work, context, contact_id, addresses, after))


def _rows(
    work: Work, context: Context, contact_id: UUID, addresses: Sequence[EmailAddress], after: int
) -> list[dict[str, Any]]:
    return [
        {
            "id": context.new_id(),
            "workspace_id": work.workspace_id,
            "contact_id": contact_id,
            "address": address,
            "position": after + place,
        }
        for place, address in enumerate(addresses)
    ]


async def _read(info: Info, contact_id: UUID) -> Contact:
    context = info.context
    wanted = wanted_below(info, "contact", context.viewer.workspace_id)
    found: Contact = await read_one(context, "contact", roots.CONTACT, wanted, id=uuid(contact_id))
    return found
