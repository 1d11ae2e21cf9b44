"""Read what changed in a user's own address book, and link the contacts that have one of its addresses.

The law: a contact is never made of an entry (C7), and of who is in the book only keyed hashes of addresses
are kept. A token that expired means reading everything anew; trouble here never ends a connection.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from database.commands import Claimed
from database.ids import new_id
from database.tables import AddressBookEntryRow, AddressBookRow, ContactLinkRow, table_of
from database.work import Work
from jobs.context import JobContext
from jobs.mailboxes import Mailbox, find_mailbox
from jobs.running import Done, Outcome, hold
from jobs.tokens import MailboxTokens
from providers.address_book import AddressBook, BookEntry
from rules.errors import CursorExpired, NeedsReconnect, Refused
from rules.happenings import Command, MailboxChanged, ReadAddressBook
from rules.words import MailboxStatus

MOST_ENTRIES: Final = 50_000
_BATCH: Final = 1_000

_TOKEN: Final = "select sync_token from address_books where mailbox_id = $1"  # noqa: S105 - SQL
_ADDRESSES: Final = "select contact_id, address from contact_addresses where workspace_id = $1"
_HASHES: Final = text(
    "select external_id, address_hash from address_book_entries where mailbox_id = :mailbox"
)
_LINKS: Final = text("select id, contact_id, external_id from contact_links where mailbox_id = :mailbox")


@dataclass(slots=True)
class _Reading:
    """What the book says: everything, or what changed."""

    full: bool
    entries: list[BookEntry] = field(default_factory=list)
    sync_token: str | None = None


async def read_address_book(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Bring the links of a mailbox's address book up to date."""
    assert isinstance(command, ReadAddressBook)
    mailbox = await find_mailbox(context, claimed.workspace_id, command.mailbox_id)
    if mailbox is None or mailbox.status is not MailboxStatus.CONNECTED:
        return Done()
    keeper = MailboxTokens(context, mailbox.workspace_id, mailbox.id)
    try:
        reading = await _read(context, mailbox, context.doors.address_book(mailbox.provider, keeper))
    except (NeedsReconnect, Refused) as shut:
        await _write_down(context, claimed, mailbox, {"error": str(shut)})
        return Done()
    # Who was moved is deleted in one folder and there in another: being there is what counts.
    in_order = sorted(reading.entries, key=lambda entry: not entry.deleted)
    hashed = {
        entry.external_id: [await _hash(context, mailbox, one) for one in entry.addresses]
        for entry in in_order
    }
    contacts: dict[bytes, set[Any]] = {}
    for row in await context.db.fetch(mailbox.workspace_id, _ADDRESSES, mailbox.workspace_id):
        contacts.setdefault(await _hash(context, mailbox, row["address"]), set()).add(row["contact_id"])
    async with context.db.work(mailbox.workspace_id) as work:
        await hold(context, work, claimed)
        await _keep_entries(work, mailbox, reading, hashed)
        await _keep_links(work, mailbox, contacts)
        await _keep_book(
            work, mailbox, {"sync_token": reading.sync_token, "synced_at": work.now, "error": None}
        )
        work.tell(MailboxChanged(mailbox.id, mailbox.owner))
    return Done()


async def _read(context: JobContext, mailbox: Mailbox, book: AddressBook) -> _Reading:
    token = await context.db.fetchval(mailbox.workspace_id, _TOKEN, mailbox.id)
    try:
        return await _pages(book, token)
    except CursorExpired:
        return await _pages(book, None)


async def _pages(book: AddressBook, token: str | None) -> _Reading:
    reading = _Reading(full=token is None)
    page: str | None = None
    while True:
        found = await book.page(token, page)
        reading.entries += found.entries
        page = found.next_page
        if page is None or len(reading.entries) >= MOST_ENTRIES:
            reading.sync_token = found.sync_token
            return reading


async def _hash(context: JobContext, mailbox: Mailbox, address: str) -> bytes:
    key = await context.vault.data_key(mailbox.workspace_id)
    return key.keyed_hash("address book", address)


async def _write_down(
    context: JobContext, claimed: Claimed, mailbox: Mailbox, values: dict[str, Any]
) -> None:
    async with context.db.work(mailbox.workspace_id) as work:
        await hold(context, work, claimed)
        await _keep_book(work, mailbox, values)
        work.tell(MailboxChanged(mailbox.id, mailbox.owner))


async def _keep_book(work: Work, mailbox: Mailbox, values: dict[str, Any]) -> None:
    row = {"id": new_id(), "workspace_id": mailbox.workspace_id, "mailbox_id": mailbox.id, **values}
    await work.execute(
        insert(AddressBookRow).values(row).on_conflict_do_update(constraint="address_books_once", set_=values)
    )


async def _keep_entries(
    work: Work, mailbox: Mailbox, reading: _Reading, hashed: dict[str, list[bytes]]
) -> None:
    entries = table_of(AddressBookEntryRow).c
    stale = delete(AddressBookEntryRow).where(entries.mailbox_id == mailbox.id)
    await work.execute(stale if reading.full else stale.where(entries.external_id.in_(list(hashed))))
    rows = [
        {"id": new_id(), "workspace_id": mailbox.workspace_id, "mailbox_id": mailbox.id}
        | {"external_id": external_id, "address_hash": one}
        for external_id, hashes in hashed.items()
        for one in hashes
    ]
    for batch in _batches(rows):
        await work.execute(insert(AddressBookEntryRow).on_conflict_do_nothing(), batch)


async def _keep_links(work: Work, mailbox: Mailbox, contacts: dict[bytes, set[Any]]) -> None:
    """Make the links that the entries say, and end those that they say no more."""
    names = {"mailbox": mailbox.id}
    said = {
        (contact_id, row.external_id)
        for row in await work.execute(_HASHES, names)
        for contact_id in contacts.get(bytes(row.address_hash), ())
    }
    known = {(row.contact_id, row.external_id): row.id for row in await work.execute(_LINKS, names)}
    links = table_of(ContactLinkRow).c
    ended = [id for pair, id in known.items() if pair not in said]
    if ended:
        await work.execute(delete(ContactLinkRow).where(links.id.in_(ended)))
    rows = [
        {"id": new_id(), "workspace_id": mailbox.workspace_id, "mailbox_id": mailbox.id}
        | {"contact_id": contact_id, "external_id": external_id, "created_at": work.now}
        for contact_id, external_id in sorted(said - set(known), key=str)
    ]
    for batch in _batches(rows):
        await work.execute(insert(ContactLinkRow).on_conflict_do_nothing(), batch)


def _batches(rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    return (rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH))
