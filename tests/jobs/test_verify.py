"""A mailbox is proved complete by comparing it with the provider's own list, and repaired where it is not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from jobs.mailboxes import find_mailbox, reach
from jobs.sweep import tidy
from rules.happenings import PullMailbox, VerifyMailbox
from rules.words import MailboxId, Provider
from tests.jobs.conftest import ANN, DANA, MEI
from tests.jobs.crm import Crm

NOOR = "noor@haddad-law.test"


@pytest.fixture
def crm(crm: Crm) -> Crm:
    """The change feed gets no time of its own: what is unknown on the second look was missed."""
    crm.context = replace(
        crm.context,
        settings=replace(crm.context.settings, verify_patience=timedelta(), slice=timedelta(minutes=1)),
    )
    return crm


async def verify_once(crm: Crm, mailbox_id: MailboxId) -> None:
    """Carry out one verification, to its conclusion, and none of what it asks for itself."""
    before = (await crm.mailbox(mailbox_id))["verified_at"]
    await crm.ask(VerifyMailbox(mailbox_id))
    for _ in range(20):
        command = await crm.row("select id from commands where key = $1", f"verify:{mailbox_id}")
        await crm.carry_out(command["id"])
        if (await crm.mailbox(mailbox_id))["verified_at"] != before:
            return
    raise AssertionError("the verification never concluded")


async def skip_the_feed(crm: Crm, mailbox_id: MailboxId) -> None:
    """Move the cursor past what it has not read, as a bug or a provider's lapse would; no pull is due."""
    cursor = await cursor_now(crm, mailbox_id)
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(
            text("update mailboxes set cursor = :cursor where id = :id"),
            {"cursor": cursor, "id": mailbox_id},
        )


async def cursor_now(crm: Crm, mailbox_id: MailboxId) -> str:
    mailbox = await find_mailbox(crm.context, crm.workspace_id, mailbox_id)
    assert mailbox is not None
    async with reach(crm.context, mailbox) as provider:
        return (await provider.profile()).cursor


async def connected(crm: Crm) -> MailboxId:
    """Dana is a contact, and Ann's mailbox is connected."""
    await crm.add_contact("Dana", DANA)
    return await crm.connect(ANN)


async def test_complaint_1_a_mail_that_the_feed_never_told_of_is_found_and_shown(crm: Crm) -> None:
    """Three mails, one behind the cursor's back: 2 of 3, a gap that was repaired, then 3 of 3."""
    mailbox_id = await connected(crm)
    for subject in ("First", "Second"):
        await crm.simulator.deliver(DANA, ANN, subject=subject, text="x")
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()
    await crm.simulator.deliver(DANA, ANN, subject="Lost", text="never told")
    await skip_the_feed(crm, mailbox_id)

    await verify_once(crm, mailbox_id)

    first = await crm.mailbox(mailbox_id)
    assert (first["verified_expected"], first["verified_present"]) == (3, 2)
    assert (await crm.row("select repaired_at from sync_gaps"))["repaired_at"] is not None
    assert {one["subject"] for one in await crm.rows("select subject from messages")} == {
        "First",
        "Second",
        "Lost",
    }
    await verify_once(crm, mailbox_id)
    second = await crm.mailbox(mailbox_id)
    assert (second["verified_expected"], second["verified_present"]) == (3, 3)
    assert len(await crm.rows("select 1 from sync_gaps")) == 1
    assert (await crm.events()).count("MessageSynced") == 3


async def test_what_the_feed_is_about_to_bring_is_no_gap(crm: Crm) -> None:
    """A mail that came a moment ago is listed before it is pulled; nothing was missed."""
    mailbox_id = await connected(crm)
    await crm.simulator.deliver(DANA, ANN, subject="Fresh", text="x")
    await crm.ask(VerifyMailbox(mailbox_id))
    verification = await crm.row("select id from commands where key = $1", f"verify:{mailbox_id}")
    crm.context = replace(
        crm.context, settings=replace(crm.context.settings, verify_patience=timedelta(minutes=5))
    )
    await crm.carry_out(verification["id"])
    assert (await crm.row("select suspects from verifications"))["suspects"] != []

    await crm.work()
    crm.context = replace(crm.context, settings=replace(crm.context.settings, verify_patience=timedelta()))
    await verify_once(crm, mailbox_id)

    mailbox = await crm.mailbox(mailbox_id)
    assert (mailbox["verified_expected"], mailbox["verified_present"]) == (1, 1)
    assert await crm.rows("select 1 from sync_gaps") == []


async def test_what_was_skipped_with_a_reason_is_present(crm: Crm) -> None:
    """A stranger's mail is no message here, and nothing is missing: the decision accounts for it."""
    mailbox_id = await connected(crm)
    await crm.simulator.create_account(NOOR)
    await crm.simulator.deliver(NOOR, ANN, subject="Private", text="x")
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()

    await verify_once(crm, mailbox_id)

    mailbox = await crm.mailbox(mailbox_id)
    assert (mailbox["verified_expected"], mailbox["verified_present"]) == (1, 1)
    assert await crm.rows("select 1 from messages") == []


async def test_complaint_3_a_mail_out_of_spam_that_the_feed_never_told_of_syncs(crm: Crm) -> None:
    """It was no mail when it came; the verification lists it, and decides it again."""
    mailbox_id = await connected(crm)
    await crm.simulator.deliver(DANA, ANN, subject="Not spam", text="x")
    inbox = await crm.simulator.mailbox(ANN)
    await crm.simulator.relabel(ANN, inbox[0]["id"], add=["SPAM"], remove=["INBOX"])
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()
    await crm.simulator.relabel(ANN, inbox[0]["id"], add=["INBOX"], remove=["SPAM"])
    await skip_the_feed(crm, mailbox_id)

    await verify_once(crm, mailbox_id)

    assert [one["subject"] for one in await crm.rows("select subject from messages")] == ["Not spam"]


async def test_a_mail_out_of_junk_whose_move_outlook_did_not_stamp_syncs(crm: Crm) -> None:
    """Outlook is followed by times of modification; a move that sets none is found by the comparison."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(MEI, provider=Provider.OUTLOOK)
    await crm.simulator.ask("PATCH", "/dials", {"spam_from": [DANA]})
    await crm.simulator.deliver(DANA, MEI, subject="No junk", text="x")
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()
    await crm.simulator.ask("PATCH", "/dials", {"microsoft": {"moves_are_stamped": False}})
    [junk] = await crm.simulator.mailbox(MEI)
    await crm.simulator.move(MEI, junk["id"], "inbox")
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()
    assert await crm.rows("select subject from messages") == []

    await verify_once(crm, mailbox_id)

    assert [one["subject"] for one in await crm.rows("select subject from messages")] == ["No junk"]


@pytest.mark.rule("D2")
async def test_verification_brings_nothing_from_before_the_connection(crm: Crm) -> None:
    """Mail that is older, be it by a second, is neither expected nor taken in."""
    await crm.add_contact("Dana", DANA)
    await crm.simulator.ask("PATCH", "/dials", {"clock_offset_seconds": -1})
    await crm.simulator.deliver(DANA, ANN, subject="Before", text="x")
    await crm.simulator.ask("PATCH", "/dials", {"clock_offset_seconds": 0})
    mailbox_id = await crm.connect(ANN)

    await verify_once(crm, mailbox_id)

    assert (await crm.mailbox(mailbox_id))["verified_expected"] == 0
    assert await crm.rows("select 1 from messages") == []


async def test_every_connected_mailbox_is_verified_by_itself(crm: Crm) -> None:
    """The sweeper begins it, the verification asks for the next one, and it is told live."""
    mailbox_id = await connected(crm)

    await tidy(crm.context, crm.workspace_id)
    await crm.work()
    await tidy(crm.context, crm.workspace_id)

    mailbox = await crm.mailbox(mailbox_id)
    waiting = await crm.row("select due_at, queue, attempts from commands where kind = 'verify_mailbox'")
    assert mailbox["verified_at"] is not None
    assert waiting["due_at"] - mailbox["verified_at"] > timedelta(hours=23)
    assert (waiting["queue"], (await crm.events())[-1]) == ("bulk", "MailboxChanged")
