"""What users of systems like ours complained of, as tests that would have caught it: docs/complaints.md."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from jobs.table import TABLE
from rules.happenings import (
    PullMailbox,
    Queue,
    ReadAddressBook,
    RenewWatch,
    RetrySetAside,
    SendSubmission,
    VerifyMailbox,
)
from rules.words import MailboxId, UserId
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm

BEN = "ben@example-co.test"
NOOR = "noor@haddad-law.test"


async def pull(crm: Crm, mailbox_id: MailboxId) -> None:
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()


async def colleague(crm: Crm) -> UserId:
    await crm.simulator.create_account(BEN, "Ben Holm", "google")
    return await crm.add_user("Ben", "ben@okafor.example")


async def cursor(crm: Crm, mailbox_id: MailboxId, value: str | None) -> None:
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(
            text("update mailboxes set cursor = :cursor where id = :id"), {"cursor": value, "id": mailbox_id}
        )


@pytest.mark.parametrize("code", [500, 503, 429])
async def test_complaint_10_a_transient_error_never_switches_a_mailbox_off(crm: Crm, code: int) -> None:
    """Whatever Gmail stumbles over, the mailbox stays connected, and the mail comes when it is up again."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="Late", text="x")
    await crm.simulator.add_fault("status", code=code, times=None)
    await pull(crm, mailbox_id)
    waiting = await crm.row("select attempts, last_error from commands where kind = 'pull_mailbox'")
    status = (await crm.mailbox(mailbox_id))["status"]

    await crm.simulator.set_dials()
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update commands set due_at = now()"))
    await crm.work()

    assert (status, waiting["attempts"]) == ("CONNECTED", 1)
    assert waiting["last_error"]
    assert [one["subject"] for one in await crm.rows("select subject from messages")] == ["Late"]


async def test_complaint_12_one_mailbox_that_fails_stops_no_other(crm: Crm) -> None:
    """Ann's Gmail refuses everything; Ben's mail comes in the same round."""
    ben = await colleague(crm)
    await crm.add_contact("Dana", DANA)
    anns = await crm.connect(ANN)
    bens = await crm.connect(BEN, user_id=ben)
    await crm.simulator.deliver(DANA, ANN, subject="To Ann", text="x")
    await crm.simulator.deliver(DANA, BEN, subject="To Ben", text="x")
    await crm.simulator.add_fault("status", account=ANN, code=503, times=None)

    await crm.ask(PullMailbox(anns), PullMailbox(bens))
    await crm.work()

    assert [one["subject"] for one in await crm.rows("select subject from messages")] == ["To Ben"]


def test_complaint_13_what_is_live_never_waits_behind_what_is_not() -> None:
    """Pushes and sends have a queue of their own; verification and catching up wait in the other."""
    live = {PullMailbox.queue, SendSubmission.queue, RenewWatch.queue}
    bulk = {VerifyMailbox.queue, RetrySetAside.queue, ReadAddressBook.queue}

    assert (live, bulk) == ({Queue.LIVE}, {Queue.BULK})
    assert {PullMailbox.kind, VerifyMailbox.kind, RetrySetAside.kind, ReadAddressBook.kind} <= set(TABLE)


async def test_complaint_15_an_old_cursor_replays_nothing_as_new(crm: Crm) -> None:
    """The feed is read again from where it began: no message, no event, no unread mark a second time."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    before = (await crm.mailbox(mailbox_id))["cursor"]
    for number in range(3):
        await crm.simulator.deliver(DANA, ANN, subject=f"Mail {number}", text="x")
    await pull(crm, mailbox_id)
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("delete from unread"))
    told = await crm.events()

    await cursor(crm, mailbox_id, before)
    await pull(crm, mailbox_id)

    assert len(await crm.rows("select 1 from messages")) == 3
    assert await crm.events() == told
    assert await crm.rows("select 1 from unread") == []


async def test_complaint_17_two_mailboxes_that_bring_one_mail_at_once_store_it_once(crm: Crm) -> None:
    """Both pulls run side by side in ten rounds: a race would make two messages, or an error."""
    ben = await colleague(crm)
    await crm.add_contact("Dana", DANA)
    anns = await crm.connect(ANN)
    bens = await crm.connect(BEN, user_id=ben)
    for number in range(10):
        await crm.simulator.deliver(DANA, [ANN, BEN], subject=f"Both {number}", text="x")
    await crm.ask(PullMailbox(anns), PullMailbox(bens))
    due = await crm.db.across.due_commands(10)

    await asyncio.gather(*(crm.carry_out(command_id) for command_id, _, _ in due))
    await crm.work()

    assert len(await crm.rows("select 1 from messages")) == 10
    assert len(await crm.rows("select 1 from message_copies")) == 20
    assert (await crm.events()).count("MessageSynced") == 10
    assert await crm.rows("select 1 from commands where last_error is not null") == []


@pytest.mark.parametrize("path", ["feed", "look-back", "verification"])
async def test_complaint_18_every_path_gives_the_same_set(crm: Crm, path: str) -> None:
    """By the change feed, by looking back over a gap, or by verification: the same three of five mails."""
    crm.context = replace(crm.context, settings=replace(crm.context.settings, verify_patience=timedelta()))
    await crm.add_contact("Dana", DANA)
    await crm.simulator.create_account(NOOR, "Noor Haddad")
    await colleague(crm)
    mailbox_id = await crm.connect(ANN)
    await crm.add_contact("Ben", BEN)
    for sender in (DANA, NOOR, DANA):
        await crm.simulator.deliver(sender, ANN, subject=f"From {sender}", text="x")
    await crm.simulator.deliver(ANN, DANA, subject="Sent", text="x")
    await crm.simulator.deliver(NOOR, ANN, cc=[DANA], subject="In copy", text="x")

    if path == "look-back":
        await crm.simulator.ask("POST", f"/accounts/{ANN}/expire-history", {})
    if path == "verification":
        await crm.ask(VerifyMailbox(mailbox_id))
        command = await crm.row("select id from commands where kind = 'verify_mailbox'")
        await crm.carry_out(command["id"])
    else:
        await pull(crm, mailbox_id)

    rows = await crm.rows("select rule, reason from sync_decisions order by rule, reason")
    assert [(one["rule"], one["reason"]) for one in rows] == [
        ("D11", None),
        ("D11", None),
        ("D11", None),
        ("D14", "NOT_A_CONTACT"),
        ("D14", "NOT_A_CONTACT"),
    ]


@pytest.mark.rule("C7")
async def test_complaint_22_newsletters_and_strangers_never_become_contacts(crm: Crm) -> None:
    """Nor does anybody whom a user writes to: sync reads the address book of the CRM and never fills it."""
    contact_id = await crm.add_contact("Dana", DANA)
    await crm.simulator.create_account("noreply@shop.test", "Shop")
    await crm.simulator.create_account(NOOR, "Noor Haddad")
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver("noreply@shop.test", ANN, subject="50% off", text="x")
    await crm.simulator.deliver(ANN, NOOR, cc=[DANA], subject="Hello", text="x")
    await crm.simulator.deliver(NOOR, ANN, cc=["info@crowd.test"], subject="Hello again", text="x")

    await pull(crm, mailbox_id)

    assert [one["id"] for one in await crm.rows("select id from contacts")] == [contact_id]
    assert len(await crm.rows("select 1 from contact_addresses")) == 1


@pytest.mark.rule("D5")
async def test_complaint_25_own_mail_between_two_connected_accounts_stays_internal_in_both(crm: Crm) -> None:
    """It is no duplicate and no conversation: each mailbox decides for itself, and nothing syncs."""
    ben = await colleague(crm)
    anns = await crm.connect(ANN)
    bens = await crm.connect(BEN, user_id=ben)
    await crm.simulator.deliver(ANN, BEN, subject="Lunch", text="x")

    await crm.ask(PullMailbox(anns), PullMailbox(bens))
    await crm.work()

    rows = await crm.rows("select mailbox_id, reason from sync_decisions")
    assert {(one["mailbox_id"], one["reason"]) for one in rows} == {
        (anns, "INTERNAL_ONLY"),
        (bens, "INTERNAL_ONLY"),
    }
