"""Contacts are linked with the same person in a user's own Google contacts, and follow what changes there."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from providers.doors import Doors
from providers.gmail.consent import SCOPES
from providers.transport import Transport
from rules.happenings import ReadAddressBook, ReleaseMailbox
from rules.words import MailboxId
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm, clock
from tests.providers.gmail_world import SILENCE, settings_of

METHOD = "people.people.connections.list"


@pytest.fixture
async def crm(crm: Crm) -> Any:
    """The deployment asks to read contacts, too."""
    settings = settings_of(crm.simulator, contacts=True)
    doors = Doors(clock=clock, google=settings, transport=Transport(silence=SILENCE))
    crm.context = replace(crm.context, doors=doors)
    yield crm
    await doors.close()


async def enter(crm: Crm, id: str, name: str, *emails: str) -> None:
    await crm.simulator.ask("PUT", f"/accounts/{ANN}/people/{id}", {"name": name, "emails": list(emails)})


async def read(crm: Crm, mailbox_id: MailboxId) -> None:
    await crm.ask(ReadAddressBook(mailbox_id))
    await crm.work()


async def links(crm: Crm) -> set[tuple[Any, str]]:
    rows = await crm.rows("select contact_id, external_id from contact_links")
    return {(one["contact_id"], one["external_id"]) for one in rows}


async def asked(crm: Crm) -> list[str]:
    """Return the paths of all requests for the address book, oldest first."""
    journal = await crm.simulator.journal(account=ANN, method=METHOD)
    return [str(one) for one in journal]


@pytest.mark.rule("C7")
async def test_known_people_are_linked_and_strangers_leave_no_trace(crm: Crm) -> None:
    """Dana, by whatever case and whichever of her addresses; of Noor nothing can be read here."""
    dana = await crm.add_contact("Dana", DANA, "dana@home.test")
    await enter(crm, "c1", "D. Okafor", "Dana@Home.test")
    await enter(crm, "c2", "Noor Haddad", "noor@haddad-law.test", "no address at all")
    mailbox_id = await crm.connect(ANN)

    await read(crm, mailbox_id)

    assert await links(crm) == {(dana, "people/c1")}
    assert len(await crm.rows("select 1 from contacts")) == 1
    kept = await crm.rows("select t::text as row from address_book_entries t")
    assert len(kept) == 2
    assert not [one for one in kept if "noor" in one["row"] or "haddad" in one["row"]]
    assert (await crm.events())[-1] == "MailboxChanged"


async def test_only_what_changed_is_read_again(crm: Crm) -> None:
    """Added, changed, deleted: the links follow, and the second reading asks by token."""
    dana = await crm.add_contact("Dana", DANA)
    ben = await crm.add_contact("Ben", "ben@elsewhere.test")
    await enter(crm, "c1", "Dana", DANA)
    await enter(crm, "c2", "Ben", "ben@elsewhere.test")
    mailbox_id = await crm.connect(ANN)
    await read(crm, mailbox_id)
    first = await links(crm)

    await crm.simulator.ask("DELETE", f"/accounts/{ANN}/people/c2")
    await enter(crm, "c1", "Dana moved", "dana@moved.test")
    await enter(crm, "c3", "Dana again", DANA)
    await read(crm, mailbox_id)

    assert first == {(dana, "people/c1"), (ben, "people/c2")}
    assert await links(crm) == {(dana, "people/c3")}
    requests = await asked(crm)
    assert ["syncToken" in one for one in requests] == [False, True]


async def test_a_contact_that_is_made_later_is_linked_by_the_next_reading(crm: Crm) -> None:
    """Nothing changed in the address book: what is remembered of it suffices."""
    await enter(crm, "c1", "Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await read(crm, mailbox_id)
    dana = await crm.add_contact("Dana", DANA)

    await read(crm, mailbox_id)

    assert await links(crm) == {(dana, "people/c1")}


async def test_an_expired_token_means_reading_everything_again(crm: Crm) -> None:
    """What was deleted while no token was good is gone here, too."""
    dana = await crm.add_contact("Dana", DANA)
    await enter(crm, "c1", "Dana", DANA)
    await enter(crm, "c2", "Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await read(crm, mailbox_id)
    await crm.simulator.ask("DELETE", f"/accounts/{ANN}/people/c1")
    await crm.simulator.ask("POST", f"/accounts/{ANN}/people/expire", {})

    await read(crm, mailbox_id)

    assert await links(crm) == {(dana, "people/c2")}
    assert ["syncToken" in one for one in await asked(crm)] == [False, True, False]


async def test_a_declined_permission_is_said_and_disconnects_nothing(crm: Crm) -> None:
    """The mailbox syncs on; the sentence says what to allow."""
    await crm.add_contact("Dana", DANA)
    await enter(crm, "c1", "Dana", DANA)
    mailbox_id = await crm.connect(ANN, scopes=list(SCOPES))

    await read(crm, mailbox_id)

    assert (await crm.mailbox(mailbox_id))["status"] == "CONNECTED"
    assert "permission to read contacts" in (await crm.row("select error from address_books"))["error"]
    assert await links(crm) == set()


@pytest.mark.rule("L5")
async def test_what_was_read_of_the_address_book_goes_with_the_connection(crm: Crm) -> None:
    """It is the user's own: after the disconnect neither hashes nor links of it stay."""
    await crm.add_contact("Dana", DANA)
    await enter(crm, "c1", "Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await read(crm, mailbox_id)
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update mailboxes set status = 'DISCONNECTED', ended_at = now()"))
        work.ask(ReleaseMailbox(mailbox_id))

    await crm.work()

    for table in ("contact_links", "address_book_entries", "address_books"):
        assert await crm.rows(f"select 1 from {table}") == []
    assert len(await crm.rows("select 1 from contacts")) == 1


async def test_a_throttled_reading_is_made_again_later(crm: Crm) -> None:
    """A 429 leaves the command waiting, and the links as they were."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.add_fault("status", METHOD, code=429, body="resourceExhausted")

    await read(crm, mailbox_id)

    waiting = await crm.row("select attempts, last_error from commands where kind = 'read_address_book'")
    assert (waiting["attempts"], waiting["last_error"]) == (1, "Google's contacts answered 429.")
