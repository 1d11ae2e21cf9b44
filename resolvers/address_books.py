"""Ask for the address book of a mailbox's account to be read, and contacts to be linked with it."""

from typing import Final

from strawberry import ID

from database.reads import facts, roots
from resolvers.access import governs, refusal
from resolvers.context import Info
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from rules.happenings import ReadAddressBook
from rules.words import MailboxId, MailboxStatus, Scope
from schema.results.contacts import AddressBookAsked, LinkContactsResult
from schema.results.refusals import NotConnected, NotFound
from schema.scalars import read_id

_NO_SUCH: Final = "There is no such mailbox."


async def link_contacts(info: Info, mailbox_id: ID) -> LinkContactsResult:
    """Ask for the address book; what is there becomes links of contacts that exist, never new contacts."""
    context = info.context
    viewer = context.viewer
    denied = refusal(viewer, Scope.SEND)
    if denied is not None:
        return denied
    names = {
        "workspace": viewer.workspace_id,
        "id": read_id(mailbox_id),
        "user": viewer.user_id,
        "governs": governs(viewer),
    }
    async with context.db.work(viewer.workspace_id) as work:
        row = (await work.execute(facts.OWN_MAILBOX_LOCKED, names)).one_or_none()
        if row is None:
            return NotFound(message=_NO_SUCH)
        if row.status != MailboxStatus.CONNECTED:
            return NotConnected(message="Only the address book of a connected mailbox can be read.")
        work.ask(ReadAddressBook(MailboxId(row.id)))
    wanted = wanted_below(info, "mailbox", viewer.workspace_id, "mailbox")
    found = await read_one(context, "mailbox", roots.OWN_MAILBOX, wanted, id=uuid(row.id))
    return AddressBookAsked(mailbox=found)
