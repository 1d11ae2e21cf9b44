"""What comes into a mailbox comes into the right conversation, once, whatever the feed does."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from jobs.pull import LOOK_AGAIN_AFTER
from jobs.turns import BURST, Turns
from rules.happenings import PullMailbox, RetrySetAside
from rules.words import CommandId, MailboxId, Provider, SyncScope
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm
from tests.jobs.office import Office
from tests.waiting import wait_until

NOOR = "noor@haddad-law.test"


async def pull(crm: Crm, mailbox_id: MailboxId) -> None:
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()


@pytest.mark.rule("D11")
@pytest.mark.rule("C3")
async def test_a_customers_mail_starts_a_thread_with_the_contact(crm: Crm) -> None:
    """Its text, sender and unread mark are stored, and it is told once."""
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="The roof", text="When can you start?\n")

    await pull(crm, mailbox_id)
    await pull(crm, mailbox_id)

    message = await crm.row("select * from messages")
    thread = await crm.row("select * from threads")
    assert (message["subject"], message["text"].strip()) == ("The roof", "When can you start?")
    assert (message["direction"], message["origin"], message["from_address"]) == ("INBOUND", "MAILBOX", DANA)
    assert (thread["contact_id"], thread["message_count"], thread["last_message_id"]) == (
        contact_id,
        1,
        message["id"],
    )
    assert [one["user_id"] for one in await crm.rows("select user_id from unread")] == [crm.user_id]
    assert (await crm.events()).count("MessageSynced") == 1


async def test_a_backlog_waits_for_a_place_to_catch_up_and_fresh_mail_does_not(crm: Crm) -> None:
    """With every place taken by other mailboxes' backlogs nothing is read, lost, or counted as failed."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    crowded = replace(crm, context=replace(crm.context, turns=Turns(0)))
    await crm.simulator.deliver(DANA, ANN, subject="Fresh", text="just come")
    await pull(crowded, mailbox_id)
    for number in range(BURST + 1):
        await crm.simulator.deliver(DANA, ANN, subject=f"Backlog {number}", text="had to wait")
    await crm.ask(PullMailbox(mailbox_id))
    command_id = CommandId((await crm.row("select id from commands"))["id"])

    await crowded.carry_out(command_id)

    assert [one["subject"] for one in await crm.rows("select subject from messages")] == ["Fresh"]
    waiting = await crm.row("select attempts, last_error, parked_at, lease_until from commands")
    assert (waiting["attempts"], *list(waiting.values())[1:]) == (0, None, None, None)
    assert crowded.context.turns.has_to_wait(command_id)
    assert await crm.bodies_read(ANN) == 1

    await crm.work()

    assert len(await crm.rows("select 1 from messages")) == 1 + BURST + 1


@pytest.mark.rule("D14")
async def test_a_strangers_mail_leaves_a_decision_and_no_trace_of_itself(crm: Crm) -> None:
    """Its body is never fetched; the decision holds neither address nor subject."""
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.create_account(NOOR)
    await crm.simulator.deliver(NOOR, ANN, subject="Secret matter", text="private")

    await pull(crm, mailbox_id)

    assert await crm.rows("select 1 from messages") == []
    decision = await crm.row("select * from sync_decisions")
    assert (decision["synced"], decision["reason"], decision["rule"]) == (False, "NOT_A_CONTACT", "D14")
    assert not any(
        "noor" in str(value).lower() or "secret" in str(value).lower() for value in decision.values()
    )
    assert await crm.bodies_read(ANN) == 0


@pytest.mark.rule("D2")
async def test_nothing_is_synced_retroactively(crm: Crm) -> None:
    """Mail from before the connection stays out, even when the feed has to be looked back over."""
    await crm.add_contact("Dana", DANA)
    await crm.simulator.deliver(DANA, ANN, subject="Before", text="old")
    mailbox_id = await crm.connect(ANN)

    await pull(crm, mailbox_id)

    assert await crm.rows("select 1 from messages") == []


@pytest.mark.rule("D2")
@pytest.mark.parametrize("ahead", [-40, 40])
async def test_the_connection_begins_by_the_provider_s_clock(crm: Crm, ahead: int) -> None:
    """The provider stamps its mail by its own clock: one that is behind ours must not make mail look old."""
    await crm.add_contact("Dana", DANA)
    await crm.simulator.ask("PATCH", "/dials", {"clock_offset_seconds": ahead})
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="At once", text="new")

    await pull(crm, mailbox_id)

    assert len(await crm.rows("select 1 from messages")) == 1


async def test_attachments_are_kept_byte_for_byte(crm: Crm) -> None:
    """A file of a mail lies in the blob store as it was sent, with its name and size."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    content = bytes(range(256)) * 2000
    await crm.simulator.deliver(
        DANA,
        ANN,
        subject="Photos",
        text="see attached",
        attachments=[
            {
                "filename": "Überdachung.png",
                "content_type": "image/png",
                "content_base64": base64.b64encode(content).decode(),
            }
        ],
    )

    await pull(crm, mailbox_id)

    file = await crm.row("select * from attachments")
    kept = b"".join([piece async for piece in crm.context.blobs.stream(file["blob_key"])])
    assert (file["name"], file["size_bytes"], file["state"]) == ("Überdachung.png", len(content), "STORED")
    assert kept == content


@pytest.mark.rule("D9")
@pytest.mark.rule("S11")
async def test_an_answer_from_either_side_stays_in_the_thread(crm: Crm) -> None:
    """Dana writes, Ann answers from Gmail, Dana answers: one thread, three messages, each told once."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="The roof", text="one")
    inbox = await crm.simulator.mailbox(ANN, "INBOX")
    await crm.simulator.reply_as(ANN, inbox[0]["id"], "two")
    hers = await crm.simulator.mailbox(DANA)
    await crm.simulator.reply_as(DANA, hers[0]["id"], "three")

    await pull(crm, mailbox_id)

    messages = await crm.rows("select direction, thread_id, text from messages order by received_at, id")
    assert [one["direction"] for one in messages] == ["INBOUND", "OUTBOUND", "INBOUND"]
    assert len({one["thread_id"] for one in messages}) == 1
    assert (await crm.events()).count("MessageSynced") == 3


@pytest.mark.rule("D4")
async def test_one_mail_in_two_mailboxes_is_one_message(crm: Crm) -> None:
    """Two users of the workspace got it: one message, two copies, told once."""
    ben = "ben@example-co.test"
    await crm.simulator.create_account(ben, "Ben Holm", "google")
    await crm.add_contact("Dana", DANA)
    first = await crm.connect(ANN)
    second = await crm.connect(ben, user_id=await crm.add_user("Ben", "ben@okafor.example"))
    await crm.simulator.deliver(DANA, [ANN, ben], subject="To both", text="hello")

    await pull(crm, first)
    await pull(crm, second)

    assert len(await crm.rows("select 1 from messages")) == 1
    assert len(await crm.rows("select 1 from message_copies")) == 2
    assert len(await crm.rows("select 1 from unread")) == 2
    assert (await crm.events()).count("MessageSynced") == 1


@pytest.mark.rule("R62")
@pytest.mark.rule("L7")
async def test_an_expired_cursor_becomes_a_gap_that_repairs_itself(crm: Crm) -> None:
    """What came while the feed had forgotten us is found by looking back; the gap is shown as repaired."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    for number in range(3):
        await crm.simulator.deliver(DANA, ANN, subject=f"Mail {number}", text="x")
    await crm.simulator.ask("POST", f"/accounts/{ANN}/expire-history", {})

    await pull(crm, mailbox_id)

    gap = await crm.row("select * from sync_gaps")
    assert gap["repaired_at"] is not None
    assert len(await crm.rows("select 1 from messages")) == 3
    assert (await crm.events()).count("MessageSynced") == 3


async def test_mail_that_leaves_the_spam_folder_syncs_then(crm: Crm) -> None:
    """It was no mail when it came (D3); when its owner says that it is, it is decided again."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="Not spam", text="really")
    inbox = await crm.simulator.mailbox(ANN)
    await crm.simulator.relabel(ANN, inbox[0]["id"], add=["SPAM"], remove=["INBOX"])
    await pull(crm, mailbox_id)
    before = await crm.row("select reason from sync_decisions")

    await crm.simulator.relabel(ANN, inbox[0]["id"], add=["INBOX"], remove=["SPAM"])
    await pull(crm, mailbox_id)

    assert before["reason"] == "NOT_MAIL"
    assert [one["subject"] for one in await crm.rows("select subject from messages")] == ["Not spam"]


async def test_reading_in_gmail_is_reading_in_the_crm(crm: Crm) -> None:
    """The unread mark goes when Gmail's goes, comes back when Gmail's comes back, and each is told once."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="Read me", text="x")
    await pull(crm, mailbox_id)
    inbox = await crm.simulator.mailbox(ANN)

    await crm.simulator.relabel(ANN, inbox[0]["id"], remove=["UNREAD"])
    await pull(crm, mailbox_id)
    read = await crm.rows("select 1 from unread")
    await crm.simulator.relabel(ANN, inbox[0]["id"], add=["UNREAD"])
    await pull(crm, mailbox_id)

    assert read == []
    assert len(await crm.rows("select 1 from unread")) == 1
    assert (await crm.events()).count("MessageChanged") == 2


async def test_what_was_synced_stays_when_it_is_deleted_at_the_provider(crm: Crm) -> None:
    """A deleted copy is remembered as deleted; the conversation keeps the message."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="Keep me", text="x")
    await pull(crm, mailbox_id)
    inbox = await crm.simulator.mailbox(ANN)

    await crm.simulator.ask("DELETE", f"/accounts/{ANN}/messages/{inbox[0]['id']}")
    await pull(crm, mailbox_id)

    assert len(await crm.rows("select 1 from messages")) == 1
    assert (await crm.row("select deleted_at from message_copies"))["deleted_at"] is not None


@pytest.mark.rule("R55")
async def test_one_message_that_cannot_be_read_never_stops_the_mailbox(crm: Crm) -> None:
    """It is set aside and seen; the others sync; once it can be read, it syncs too."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    for number in range(3):
        await crm.simulator.deliver(DANA, ANN, subject=f"Mail {number}", text="x")
    poison = next(one for one in await crm.simulator.mailbox(ANN) if one["subject"] == "Mail 1")
    await crm.simulator.add_fault(
        "status", f"/*/messages/{poison['id']}*", code=400, body="invalidArgument", times=None
    )
    await pull(crm, mailbox_id)
    synced = {one["subject"] for one in await crm.rows("select subject from messages")}
    aside = await crm.row("select remote_id, attempts from set_asides")

    await crm.simulator.set_dials()
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update set_asides set next_at = now()"))
        work.ask(RetrySetAside(mailbox_id))
    await crm.work()

    assert synced == {"Mail 0", "Mail 2"}
    assert aside == {"remote_id": poison["id"], "attempts": 1}
    assert len(await crm.rows("select 1 from messages")) == 3
    assert await crm.rows("select 1 from set_asides") == []


@pytest.mark.rule("D13")
async def test_scope_crm_threads_waits_for_the_first_mail_of_the_crm(crm: Crm) -> None:
    """Before the CRM has sent anything through the connection, nothing syncs, and the decision says so."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN, scope=SyncScope.CRM_THREADS)
    await crm.simulator.deliver(DANA, ANN, subject="Hello", text="x")

    await pull(crm, mailbox_id)

    assert await crm.rows("select 1 from messages") == []
    assert (await crm.row("select reason from sync_decisions"))["reason"] == "NOT_ACTIVATED"


async def test_health_is_computed_from_facts(crm: Crm) -> None:
    """After a pull the mailbox knows when it last heard of changes, and when it will look again."""
    mailbox_id = await crm.connect(ANN)

    await pull(crm, mailbox_id)

    mailbox = await crm.mailbox(mailbox_id)
    assert mailbox["next_check_at"] - mailbox["last_change_seen_at"] == timedelta(seconds=30)


async def test_where_pushes_may_be_dropped_changes_are_looked_for_once_more(pushed: Office) -> None:
    """Gmail tells of a mailbox once a second. The look after a change is the last if it finds none."""
    crm, ann = pushed.crm, pushed.ann
    await crm.add_contact("Dana", DANA)
    mailbox_id = await pushed.connect()
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update mailboxes set connected_at = connected_at - interval '1 minute'"))
    waiting = "select due_at - now() as wait from commands where kind = 'pull_mailbox'"
    await crm.simulator.deliver(DANA, ann, subject="The roof", text="One")
    await pull(crm, mailbox_id)
    again = await crm.rows(waiting)
    if pushed.provider is Provider.OUTLOOK:
        assert not again, "Microsoft drops none"
        return
    assert [timedelta() < one["wait"] <= LOOK_AGAIN_AFTER for one in again] == [True]

    await crm.simulator.deliver(DANA, ann, subject="The roof", text="Two, told by nobody")
    await wait_until(crm.work, description="it looked again by itself")
    assert len(await crm.rows("select 1 from messages")) == 2
    await wait_until(crm.work, description="it looked for more")
    assert not await crm.rows(waiting)
