"""Import contacts: what is new is made, what is known is completed, nothing is overwritten.

A row is known by its addresses: of several contacts that have one the first created is meant (C4). Rows of
one import that share an address become one contact.
"""

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from strawberry import ID

from database.reads import facts
from database.tables import ContactRow, table_of
from database.work import Work
from resolvers.access import refusal
from resolvers.contact_changes import MOST_ADDRESSES, ContactDraft, add_contact, write_addresses
from resolvers.context import Context, Info
from resolvers.drafting import Unusable
from rules.contact_files import ContactFileFormat, UnreadableFile, read_contacts
from rules.words import ContactOrigin, EmailAddress, Scope
from schema.inputs import ContactInput
from schema.results.contacts import ImportContactsResult, ImportOutcome, ImportReport, ImportRow
from schema.results.refusals import InvalidInput

MOST_ROWS: Final = 1_000


@dataclass(slots=True)
class _Known:
    """A contact that is there, or was made by an earlier row."""

    id: UUID
    name: str | None
    company: str | None
    addresses: list[EmailAddress]
    made_here: bool = False


@dataclass(slots=True)
class _Import:
    work: Work
    context: Context
    by_address: dict[EmailAddress, _Known]
    rows: list[ImportRow] = field(default_factory=list)

    async def take(self, index: int, given: ContactInput) -> None:
        """Import one row, and report it."""
        try:
            draft = ContactDraft(given, f"contacts.{index}")
        except Unusable as unusable:
            self._report(index, ImportOutcome.SKIPPED, None, f"{unusable.field}: {unusable.message}")
            return
        known = next((self.by_address[one] for one in draft.addresses if one in self.by_address), None)
        if known is None:
            id = add_contact(self.work, self.context, draft, ContactOrigin.IMPORT)
            self._remember(_Known(id, draft.name, draft.company, list(draft.addresses), made_here=True))
            self._report(index, ImportOutcome.CREATED, id, None)
            return
        changed = await self._complete(known, draft)
        outcome = ImportOutcome.UPDATED if changed else ImportOutcome.SKIPPED
        reason = None if changed else "The contact is there already, and the row knows nothing more of it."
        self._report(index, outcome, known.id, reason)

    async def _complete(self, known: _Known, draft: ContactDraft) -> bool:
        """Give a contact what it had not; whether it got anything."""
        missing: dict[str, Any] = {}
        for name, new in (("name", draft.name), ("company", draft.company)):
            if new is not None and not getattr(known, name):
                missing[name] = new
                setattr(known, name, new)
        if missing:
            contacts = table_of(ContactRow)
            await self.work.execute(update(contacts).where(contacts.c.id == known.id).values(**missing))
        room = MOST_ADDRESSES - len(known.addresses)
        fresh = [one for one in draft.addresses if one not in known.addresses][:room]
        await write_addresses(self.work, self.context, known.id, fresh, after=len(known.addresses))
        known.addresses += fresh
        self._remember(known)
        return bool(missing or fresh)

    def _remember(self, known: _Known) -> None:
        for address in known.addresses:
            self.by_address.setdefault(address, known)

    def _report(self, index: int, outcome: ImportOutcome, id: UUID | None, reason: str | None) -> None:
        contact_id = None if id is None else ID(str(id))
        self.rows.append(ImportRow(index=index, outcome=outcome, contact_id=contact_id, reason=reason))


async def import_contacts(info: Info, contacts: list[ContactInput]) -> ImportContactsResult:
    """Import rows, all in one transaction; a row that cannot be used is reported and leaves the others be."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    if not 1 <= len(contacts) <= MOST_ROWS:
        return InvalidInput(message=f"An import has 1 to {MOST_ROWS} rows.", field="contacts")
    return await _import(context, contacts)


async def import_contact_file(info: Info, format: ContactFileFormat, content: str) -> ImportContactsResult:
    """Import the contacts of a file, by the same rules as rows."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    try:
        read = read_contacts(format, content)
    except UnreadableFile as unreadable:
        return InvalidInput(message=str(unreadable), field="content")
    if not 1 <= len(read) <= MOST_ROWS:
        sentence = f"The file has {len(read)} contacts; an import has 1 to {MOST_ROWS}."
        return InvalidInput(message=sentence, field="content")
    rows = [ContactInput(name=one.name, company=one.company, emails=list(one.emails)) for one in read]
    return await _import(context, rows)


async def _import(context: Context, contacts: list[ContactInput]) -> ImportReport:
    async with context.db.work(context.viewer.workspace_id) as work:
        running = _Import(work, context, await _known(work, contacts))
        for index, given in enumerate(contacts):
            await running.take(index, given)
        await work.flush()
    counts = {one: sum(row.outcome is one for row in running.rows) for one in ImportOutcome}
    return ImportReport(
        created=counts[ImportOutcome.CREATED],
        updated=counts[ImportOutcome.UPDATED],
        skipped=counts[ImportOutcome.SKIPPED],
        rows=running.rows,
    )


async def _known(work: Work, contacts: list[ContactInput]) -> dict[EmailAddress, _Known]:
    """Return the contacts that have an address of the import, the first created for each."""
    sought = list({text.strip().lower() for given in contacts for text in given.emails[:MOST_ADDRESSES]})
    names = {"workspace": work.workspace_id, "addresses": sought}
    asked = await work.execute(facts.CONTACTS_OF_ADDRESSES, names)
    by_id: dict[UUID, _Known] = {}
    found: dict[EmailAddress, _Known] = {}
    for row in asked:
        known = by_id.setdefault(row.id, _Known(row.id, row.name, row.company, list(row.emails)))
        found.setdefault(EmailAddress(row.address), known)
    return found
