"""A report that comes back is shown on the mail it is about, and on no other."""

import pytest
from sqlalchemy import text

from jobs.bounces import record_bounce
from rules.bounce_words import undelivered
from rules.happenings import PullMailbox
from rules.parsed import Bounce, FailedRecipient
from rules.words import EmailAddress
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm

NOBODY = "nobody@okafor-roofing.test"


def failed(address: str | None, status: str = "5.1.1", action: str = "failed") -> FailedRecipient:
    return FailedRecipient(None if address is None else EmailAddress(address), action, status, "gone")


async def test_a_bounce_that_comes_into_the_mailbox_is_shown_on_its_mail(crm: Crm) -> None:
    mailbox_id = await crm.connect(ANN)
    contact_id = await crm.add_contact("Nobody", NOBODY)
    submission_id = await crm.submit(mailbox_id, contact_id, NOBODY)
    await crm.work()
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()

    row = await crm.submission(submission_id)
    assert row["state"] == "SENT"
    assert row["bounced_at"] is not None
    assert row["bounce"] == "It could not be delivered: the address does not exist."
    [suppressed] = await crm.rows("select address, reason from suppressions")
    assert suppressed == {"address": NOBODY, "reason": "BOUNCED"}


async def test_a_bounce_that_is_no_part_of_a_conversation_is_read_and_not_kept(crm: Crm) -> None:
    mailbox_id = await crm.connect(ANN)
    contact_id = await crm.add_contact("Nobody", NOBODY)
    submission_id = await crm.submit(mailbox_id, contact_id, NOBODY)
    await crm.work()
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update thread_links set ended_at = now()"))
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()

    assert (await crm.submission(submission_id))["bounced_at"] is not None
    assert len(await crm.rows("select id from messages")) == 1


async def test_a_report_must_name_our_mail_and_whom_it_went_to(crm: Crm) -> None:
    mailbox_id = await crm.connect(ANN)
    contact_id = await crm.add_contact("Dana", DANA)
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)
    await crm.work()
    marker = (await crm.submission(submission_id))["marker"]

    for bounce in (
        Bounce((failed(DANA),), None, "another"),
        Bounce((failed(DANA),), "another@x.example", None),
        Bounce((failed(DANA),), None, None),
        Bounce((failed("victim@x.example"),), None, marker),
        Bounce((failed(DANA, "4.4.1", "delayed"),), None, marker),
    ):
        async with crm.db.work(crm.workspace_id) as work:
            assert not await record_bounce(work, bounce)
    assert await crm.rows("select id from suppressions") == []
    async with crm.db.work(crm.workspace_id) as work:
        assert await record_bounce(work, Bounce((failed(DANA, "5.2.2"),), None, marker))
    row = await crm.submission(submission_id)
    assert row["bounce"] == "It could not be delivered: the mailbox is full."
    assert await crm.rows("select id from suppressions") == [], "a full mailbox is no dead address"


async def test_a_mail_of_unknown_fate_that_comes_back_has_left(crm: Crm) -> None:
    mailbox_id = await crm.connect(ANN)
    contact_id = await crm.add_contact("Dana", DANA)
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update submissions set state = 'UNCERTAIN', step = 'sending'"))
        await work.execute(text("delete from commands"))
    marker = (await crm.submission(submission_id))["marker"]
    async with crm.db.work(crm.workspace_id) as work:
        await record_bounce(work, Bounce((failed(None),), None, marker))

    row = await crm.submission(submission_id)
    assert (row["state"], row["error"]) == ("SENT", None)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("5.1.1", "It could not be delivered to 1 of 2 recipients: the address does not exist."),
        ("5.7.26", "It could not be delivered to 1 of 2 recipients: the mail server refused it."),
        ("", "It could not be delivered to 1 of 2 recipients: it was given up."),
    ],
)
def test_what_a_status_means_is_said_in_a_sentence(status: str, sentence: str) -> None:
    both = {EmailAddress(DANA), EmailAddress("bo@okafor.co")}
    told = undelivered(Bounce((failed(DANA, status),), None, "m"), both)

    assert told is not None and told.sentence == sentence
