"""What colleagues see of mail is the narrowest of what its mailboxes' owners chose, once they do."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from database.clock import now
from rules.happenings import NarrowMailbox, PullMailbox
from rules.words import MailboxId, UserId, Visibility
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm

BEN = "ben@example-co.test"


async def choose(crm: Crm, mailbox_id: MailboxId, visibility: Visibility) -> None:
    """Change the choice as `configureMailbox` does."""
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(
            text("update mailboxes set visibility = :chosen where id = :id"),
            {"chosen": visibility.value, "id": mailbox_id},
        )
        work.ask(NarrowMailbox(mailbox_id))


async def pull(crm: Crm, mailbox_id: MailboxId) -> None:
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()


async def stamped(crm: Crm) -> list[str]:
    return [one["visibility"] for one in await crm.rows("select visibility from messages order by sent_at")]


@pytest.fixture
async def ben(crm: Crm) -> UserId:
    await crm.simulator.create_account(BEN, "Ben Holm", "google")
    return await crm.add_user("Ben", "ben@okafor.example")


async def test_complaint_19_a_mailbox_made_private_withdraws_what_it_brought(crm: Crm) -> None:
    """Both of its conversations are withdrawn from everybody but its owner, once, and told again redacted."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    for subject in ("First", "Second"):
        await crm.simulator.deliver(DANA, ANN, subject=subject, text="x")
    await pull(crm, mailbox_id)

    await choose(crm, mailbox_id, Visibility.METADATA)
    await crm.work()

    assert await stamped(crm) == ["METADATA", "METADATA"]
    told = await crm.rows("select subject from events where kind = 'Withdrawn'")
    threads = {str(one["id"]) for one in await crm.rows("select id from threads")}
    assert {one["subject"]["thread_id"] for one in told} == threads
    assert {one["subject"]["visible_to"] for one in told} == {str(crm.user_id)}
    assert (await crm.events())[-2:] == ["Withdrawn", "ThreadChanged"]
    assert (await crm.events()).count("Withdrawn") == 2


async def test_a_wider_choice_is_for_mail_to_come(crm: Crm) -> None:
    """What was written under the narrower choice stays narrow."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await choose(crm, mailbox_id, Visibility.SUBJECT)
    await crm.simulator.deliver(DANA, ANN, subject="Narrow", text="x")
    await pull(crm, mailbox_id)

    await choose(crm, mailbox_id, Visibility.EVERYTHING)
    await crm.simulator.deliver(DANA, ANN, subject="Wide", text="x")
    await pull(crm, mailbox_id)

    assert await stamped(crm) == ["SUBJECT", "EVERYTHING"]
    assert "Withdrawn" not in await crm.events()


@pytest.mark.rule("D4")
async def test_of_two_mailboxes_that_hold_one_mail_the_narrower_choice_counts(crm: Crm, ben: UserId) -> None:
    """Ann shares everything, Ben only who and when: colleagues forget the message and get it redacted."""
    await crm.add_contact("Dana", DANA)
    anns = await crm.connect(ANN)
    bens = await crm.connect(BEN, user_id=ben)
    await choose(crm, bens, Visibility.METADATA)
    await crm.simulator.deliver(DANA, [ANN, BEN], subject="To both", text="x")

    await pull(crm, anns)
    wide = await stamped(crm)
    await pull(crm, bens)

    assert (wide, await stamped(crm)) == (["EVERYTHING"], ["METADATA"])
    withdrawn = await crm.row("select subject from events where kind = 'Withdrawn'")
    message = await crm.row("select id from messages")
    assert withdrawn["subject"]["message_id"] == str(message["id"])
    assert (await crm.events()).count("MessageSynced") == 1


async def test_the_wider_of_two_that_comes_second_widens_nothing(crm: Crm, ben: UserId) -> None:
    await crm.add_contact("Dana", DANA)
    anns = await crm.connect(ANN)
    bens = await crm.connect(BEN, user_id=ben)
    await choose(crm, anns, Visibility.SUBJECT)
    await crm.simulator.deliver(DANA, [ANN, BEN], subject="To both", text="x")

    await pull(crm, anns)
    await pull(crm, bens)

    assert await stamped(crm) == ["SUBJECT"]
    assert "Withdrawn" not in await crm.events()


async def test_the_job_comes_back_for_what_a_pull_under_way_still_stamps_wide(crm: Crm) -> None:
    """A pull that read the old choice stores after the job ran: the second run finds it."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="First", text="x")
    await pull(crm, mailbox_id)
    await choose(crm, mailbox_id, Visibility.METADATA)
    await crm.work()

    waiting = await crm.row("select due_at from commands where kind = 'narrow_mailbox'")

    assert timedelta(seconds=30) < waiting["due_at"] - now() < timedelta(minutes=5)
