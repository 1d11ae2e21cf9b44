"""Contacts are linked with the same person in a user's own address book, and follow what changes there."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import text

from providers.doors import Doors
from providers.transport import Transport
from rules.happenings import PullMailbox, ReadAddressBook, ReleaseMailbox
from rules.words import MailboxId, Provider
from tests.jobs.conftest import DANA
from tests.jobs.crm import Crm, clock
from tests.jobs.office import Office
from tests.providers import gmail_world, outlook_world
from tests.providers.gmail_world import SILENCE


@dataclass
class Book:
    """Ann's own address book at one provider, and the deployment that reads it."""

    crm: Crm
    provider: Provider
    account: str
    method: str
    by_token: str
    """What a request holds that asks for changes only."""
    names: dict[str, str] = field(default_factory=dict)
    """The provider's names of the entries, by ours."""
    opened: list[Doors] = field(default_factory=list)

    async def connect(self) -> MailboxId:
        return await self.crm.connect(self.account, provider=self.provider)

    async def enter(self, id: str, name: str, *emails: str) -> str:
        """Write an entry, or write it anew; its name at the provider."""
        ask, at = self.crm.simulator.ask, f"/accounts/{self.account}"
        if self.provider is Provider.GMAIL:
            await ask("PUT", f"{at}/people/{id}", {"name": name, "emails": list(emails)})
            self.names[id] = f"people/{id}"
            return self.names[id]
        listed = [{"name": name, "address": email} for email in emails]
        content = {"fields": {"displayName": name, "emailAddresses": listed}}
        if id in self.names:
            await ask("PATCH", f"{at}/microsoft/contacts/{self.names[id]}", content)
        else:
            self.names[id] = (await ask("POST", f"{at}/microsoft/contacts", content))["id"]
        return self.names[id]

    async def remove(self, id: str) -> None:
        of = "people" if self.provider is Provider.GMAIL else "microsoft/contacts"
        name = id if self.provider is Provider.GMAIL else self.names[id]
        await self.crm.simulator.ask("DELETE", f"/accounts/{self.account}/{of}/{name}")

    async def forget_tokens(self) -> None:
        of = "people/expire" if self.provider is Provider.GMAIL else "microsoft/expire-delta"
        await self.crm.simulator.ask("POST", f"/accounts/{self.account}/{of}", {})

    async def read(self, mailbox_id: MailboxId) -> None:
        await self.crm.ask(ReadAddressBook(mailbox_id))
        await self.crm.work()

    async def asked(self) -> list[bool]:
        """Of every request for the address book, oldest first, whether it asked for changes only."""
        journal = await self.crm.simulator.journal(account=self.account, method=self.method)
        return [self.by_token in str(one) for one in journal]

    def set_up(self, *, contacts: bool) -> None:
        """Set the deployment up anew: with the permission in its consents, or without."""
        simulator = self.crm.simulator
        doors = Doors(
            clock=clock,
            google=gmail_world.settings_of(simulator, contacts=contacts),
            microsoft=outlook_world.settings_of(simulator, contacts=contacts),
            transport=Transport(silence=SILENCE),
        )
        self.opened.append(doors)
        self.crm.context = replace(self.crm.context, doors=doors)


BOOKS = {
    Provider.GMAIL: ("people.people.connections.list", "syncToken"),
    Provider.OUTLOOK: ("graph.contacts.delta", "deltatoken"),
}


@pytest.fixture
async def book(office: Office) -> AsyncIterator[Book]:
    """The address book of each provider in turn; its deployment asks to read contacts."""
    book = Book(office.crm, office.provider, office.ann, *BOOKS[office.provider])
    book.set_up(contacts=True)
    yield book
    for doors in book.opened:
        await doors.close()


async def links(crm: Crm) -> set[tuple[Any, str]]:
    rows = await crm.rows("select contact_id, external_id from contact_links")
    return {(one["contact_id"], one["external_id"]) for one in rows}


@pytest.mark.rule("C7")
async def test_known_people_are_linked_and_strangers_leave_no_trace(book: Book) -> None:
    """Dana, by whatever case and whichever of her addresses; of Noor nothing can be read here."""
    crm = book.crm
    dana = await crm.add_contact("Dana", DANA, "dana@home.test")
    known = await book.enter("c1", "D. Okafor", "Dana@Home.test")
    await book.enter("c2", "Noor Haddad", "noor@haddad-law.test", "no address at all")
    mailbox_id = await book.connect()

    await book.read(mailbox_id)

    assert await links(crm) == {(dana, known)}
    assert len(await crm.rows("select 1 from contacts")) == 1
    kept = await crm.rows("select t::text as row from address_book_entries t")
    assert len(kept) == 2
    assert not [one for one in kept if "noor" in one["row"] or "haddad" in one["row"]]
    assert (await crm.events())[-1] == "MailboxChanged"


async def test_only_what_changed_is_read_again(book: Book) -> None:
    """Added, changed, deleted: the links follow, and the second reading asks by token."""
    crm = book.crm
    dana = await crm.add_contact("Dana", DANA)
    ben = await crm.add_contact("Ben", "ben@elsewhere.test")
    c1 = await book.enter("c1", "Dana", DANA)
    c2 = await book.enter("c2", "Ben", "ben@elsewhere.test")
    mailbox_id = await book.connect()
    await book.read(mailbox_id)
    first = await links(crm)

    await book.remove("c2")
    await book.enter("c1", "Dana moved", "dana@moved.test")
    c3 = await book.enter("c3", "Dana again", DANA)
    await book.read(mailbox_id)

    assert first == {(dana, c1), (ben, c2)}
    assert await links(crm) == {(dana, c3)}
    assert await book.asked() == [False, True]


@pytest.mark.parametrize("office", [Provider.OUTLOOK], indirect=True)
async def test_a_book_of_several_pages_is_read_to_its_end(book: Book) -> None:
    """Graph cuts pages as it likes, and only the last one names the link to ask for changes with."""
    crm = book.crm
    people = {await crm.add_contact(f"P{n}", f"p{n}@x.test"): f"p{n}" for n in range(5)}
    wanted = {(contact, await book.enter(name, name, f"{name}@x.test")) for contact, name in people.items()}
    await crm.simulator.ask("PATCH", "/dials", {"microsoft": {"most_per_page": 2}})
    mailbox_id = await book.connect()

    await book.read(mailbox_id)
    await book.read(mailbox_id)

    assert await links(crm) == wanted
    assert await book.asked() == [False, False, False, True]


@pytest.mark.parametrize("office", [Provider.OUTLOOK], indirect=True)
async def test_who_is_in_a_folder_that_the_user_made_is_linked_and_stays_so_when_moved(book: Book) -> None:
    """In a folder and in one within it, moved in and out; and a folder that goes takes those in it along."""
    crm, at = book.crm, f"/accounts/{book.account}/microsoft"
    people = {name: await crm.add_contact(name, f"{name}@x.test") for name in ("dana", "noor", "eli")}
    outer = (await crm.simulator.ask("POST", f"{at}/contact-folders", {"name": "Clients"}))["id"]
    inner = await crm.simulator.ask("POST", f"{at}/contact-folders", {"name": "Roofs", "parent": outer})
    names = {name: await book.enter(name, name, f"{name}@x.test") for name in people}

    async def put(name: str, folder: str) -> None:
        content = {"fields": {"displayName": name}, "folder": folder}
        await crm.simulator.ask("PATCH", f"{at}/contacts/{names[name]}", content)

    await put("noor", outer)
    await put("eli", inner["id"])
    mailbox_id = await book.connect()
    await book.read(mailbox_id)
    first = await links(crm)
    await put("noor", "")
    await put("dana", outer)
    await book.read(mailbox_id)
    moved = await links(crm)
    asked = await book.asked()
    await crm.simulator.ask("DELETE", f"{at}/contact-folders/{outer}")
    await book.read(mailbox_id)

    assert first == moved == {(people[name], names[name]) for name in people}
    assert asked == [False] * 3 + [True] * 3
    assert await links(crm) == {(people["noor"], names["noor"])}


async def test_a_contact_that_is_made_later_is_linked_by_the_next_reading(book: Book) -> None:
    """Nothing changed in the address book: what is remembered of it suffices."""
    crm = book.crm
    known = await book.enter("c1", "Dana", DANA)
    mailbox_id = await book.connect()
    await book.read(mailbox_id)
    dana = await crm.add_contact("Dana", DANA)

    await book.read(mailbox_id)

    assert await links(crm) == {(dana, known)}


async def test_an_expired_token_means_reading_everything_again(book: Book) -> None:
    """What was deleted while no token was good is gone here, too."""
    crm = book.crm
    dana = await crm.add_contact("Dana", DANA)
    await book.enter("c1", "Dana", DANA)
    c2 = await book.enter("c2", "Dana", DANA)
    mailbox_id = await book.connect()
    await book.read(mailbox_id)
    await book.remove("c1")
    await book.forget_tokens()

    await book.read(mailbox_id)

    assert await links(crm) == {(dana, c2)}
    assert await book.asked() == [False, True, False]


async def test_a_declined_permission_is_said_and_disconnects_nothing(book: Book) -> None:
    """The mailbox syncs on, also when its access must be renewed; the sentence says what to allow.

    The consent was given before the deployment asked to read contacts. Microsoft refuses a renewal that names
    a permission nobody gave, so each job here renews.
    """
    crm = book.crm
    await crm.simulator.ask("PATCH", "/dials", {"access_token_lifetime_seconds": 60})
    await crm.add_contact("Dana", DANA)
    await book.enter("c1", "Dana", DANA)
    book.set_up(contacts=False)
    mailbox_id = await book.connect()

    await book.read(mailbox_id)
    unasked = (await crm.row("select error from address_books"))["error"]
    book.set_up(contacts=True)
    await book.read(mailbox_id)
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()

    assert (await crm.mailbox(mailbox_id))["status"] == "CONNECTED"
    assert "its operator can set" in unasked
    said = (await crm.row("select error from address_books"))["error"]
    assert said == "The permission to read contacts was not given. Sign in again and allow it."
    assert await links(crm) == set()


async def test_the_permission_outlives_the_access_token(book: Book) -> None:
    """A renewal asks for it again: without that Microsoft's new token would not hold it."""
    crm = book.crm
    await crm.simulator.ask("PATCH", "/dials", {"access_token_lifetime_seconds": 60})
    dana = await crm.add_contact("Dana", DANA)
    known = await book.enter("c1", "Dana", DANA)
    mailbox_id = await book.connect()

    await book.read(mailbox_id)

    assert await links(crm) == {(dana, known)}


@pytest.mark.rule("L5")
async def test_what_was_read_of_the_address_book_goes_with_the_connection(book: Book) -> None:
    """It is the user's own: after the disconnect neither hashes nor links of it stay."""
    crm = book.crm
    await crm.add_contact("Dana", DANA)
    await book.enter("c1", "Dana", DANA)
    mailbox_id = await book.connect()
    await book.read(mailbox_id)
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update mailboxes set status = 'DISCONNECTED', ended_at = now()"))
        work.ask(ReleaseMailbox(mailbox_id))

    await crm.work()

    for table in ("contact_links", "address_book_entries", "address_books"):
        assert await crm.rows(f"select 1 from {table}") == []
    assert len(await crm.rows("select 1 from contacts")) == 1


async def test_a_throttled_reading_is_made_again_later(book: Book) -> None:
    """A 429 leaves the command waiting, and the links as they were."""
    crm = book.crm
    await crm.add_contact("Dana", DANA)
    mailbox_id = await book.connect()
    body = {Provider.GMAIL: "resourceExhausted", Provider.OUTLOOK: "TooManyRequests"}[book.provider]
    await crm.simulator.add_fault("status", book.method, code=429, body=body)

    await book.read(mailbox_id)

    waiting = await crm.row("select attempts, last_error from commands where kind = 'read_address_book'")
    told = {
        Provider.GMAIL: "Google's contacts answered 429.",
        Provider.OUTLOOK: "Microsoft asks for a pause for this mailbox.",
    }
    assert (waiting["attempts"], waiting["last_error"]) == (1, told[book.provider])
