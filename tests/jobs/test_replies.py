"""What is stored of answers to the workspace sender's mail, in a real database: whose, unread for whom."""

from typing import Any

import pytest
from sqlalchemy import text

from database.ids import new_id
from database.tables import MessageRow, SubmissionRow, ThreadRow
from jobs.replies import Reply, keep
from rules.authentication import Belief
from rules.envelope import Correspondent
from rules.replies import RefusedReply, ReplyRefusal
from rules.submission_life import Stage
from rules.words import EmailAddress, SubmissionId, ThreadId, UserId
from tests.jobs.crm import Crm

DANA = "dana@okafor.test"
ADDRESS = EmailAddress("re-abc@in.bothways.test")
REPORT = """From: Mail Delivery <mailer-daemon@mx.test>
To: {address}
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

No.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; {dead}
Action: {action}
Status: 5.1.1

--b--
"""


async def conversation(crm: Crm, **message: Any) -> tuple[ThreadId, SubmissionId]:
    """A mail of an automation in Dana's conversation, sent by the workspace sender."""
    contact_id = await crm.add_contact("Dana Okafor", DANA)
    thread_id, message_id, submission_id = ThreadId(new_id()), new_id(), SubmissionId(new_id())
    async with crm.db.work(crm.workspace_id) as work:
        work.add(
            ThreadRow(
                id=thread_id,
                workspace_id=crm.workspace_id,
                contact_id=contact_id,
                last_message_at=work.now,
                created_at=work.now,
            )
        )
        work.add(
            MessageRow(
                id=message_id,
                workspace_id=crm.workspace_id,
                thread_id=thread_id,
                direction="OUTBOUND",
                origin="CRM",
                internet_message_id="news@crm",
                from_address="hello@crm.test",
                to_recipients=[{"address": DANA, "name": None}],
                sent_at=work.now,
                synced_at=work.now,
                **message,
            )
        )
        work.add(
            SubmissionRow(
                id=submission_id,
                workspace_id=crm.workspace_id,
                message_id=message_id,
                via="WORKSPACE_SENDER",
                kind="WORKFLOW",
                state=Stage.SENT.state.value,
                step=Stage.SENT.step,
                idempotency_key=submission_id.hex,
                request_hash=b"hash",
                marker=submission_id.hex,
                created_at=work.now,
            )
        )
    return thread_id, submission_id


async def arrive(crm: Crm, raw: str, **more: Any) -> RefusedReply | None:
    path = crm.context.scratch / "reply.eml"
    path.write_bytes(raw.replace("\n", "\r\n").encode())
    reply: dict[str, Any] = {
        "workspace_id": crm.workspace_id,
        "thread_id": None,
        "submission_id": None,
        "address": ADDRESS,
        "sender": Correspondent(EmailAddress(DANA)),
        "belief": Belief.BELIEVED,
        "raw": path,
        "received_at": crm.context.now(),
    }
    return await keep(crm.context, Reply(**reply | more))


def answer(message_id: str, *fields: str) -> str:
    head = (
        f"From: {DANA}",
        f"To: {ADDRESS}",
        "In-Reply-To: <news@crm>",
        f"Message-ID: <{message_id}>",
        *fields,
    )
    return "\n".join([*head, "", "Gladly.", ""])


async def unread(crm: Crm) -> set[UserId]:
    return {UserId(one["user_id"]) for one in await crm.rows("select user_id from unread")}


async def test_an_answer_to_an_automation_is_unread_for_somebody(crm: Crm) -> None:
    """Nobody wrote the mail: the admins have the answer, until the conversation is somebody's."""
    ben = await crm.add_user("Ben", "ben@okafor.example")
    thread_id, _ = await conversation(crm)
    assert await arrive(crm, answer("one@dana"), thread_id=thread_id) is None
    assert await unread(crm) == {crm.user_id}

    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update threads set assignee_id = :ben"), {"ben": ben})
        await work.execute(text("delete from unread"))
    assert await arrive(crm, answer("two@dana"), thread_id=thread_id) is None
    assert await unread(crm) == {ben}
    stored = await crm.rows("select owner_id, sender_proved from messages where direction = 'INBOUND'")
    assert [(one["owner_id"], one["sender_proved"]) for one in stored] == [(None, True)] * 2


async def test_an_answer_is_as_open_as_what_it_answers(crm: Crm) -> None:
    ben = await crm.add_user("Ben", "ben@okafor.example")
    thread_id, _ = await conversation(crm, owner_id=ben, visibility="METADATA")

    assert await arrive(crm, answer("one@dana"), thread_id=thread_id) is None

    [stored] = await crm.rows("select owner_id, visibility from messages where direction = 'INBOUND'")
    assert (stored["owner_id"], stored["visibility"]) == (ben, "METADATA")
    assert await unread(crm) == {ben}


@pytest.mark.rule("D4")
async def test_the_same_answer_twice_is_one_message(crm: Crm) -> None:
    thread_id, _ = await conversation(crm)
    for _ in range(2):
        assert await arrive(crm, answer("same@dana"), thread_id=thread_id) is None
    for _ in range(2):
        assert await arrive(crm, f"From: {DANA}\n\nWithout an id.\n", thread_id=thread_id) is None

    assert len(await crm.rows("select id from messages where direction = 'INBOUND'")) == 2
    assert await crm.events() == ["MessageSynced", "MessageSynced"]


async def test_a_colleague_s_answer_is_logged_as_sent(crm: Crm) -> None:
    """A user who answers everybody from their own program wrote it; it is unread for nobody (C1)."""
    thread_id, _ = await conversation(crm)
    sender = Correspondent(EmailAddress("ada@okafor.example"))
    raw = answer("three@ada").replace(f"From: {DANA}", "From: ada@okafor.example")

    assert await arrive(crm, raw, thread_id=thread_id, sender=sender) is None

    [stored] = await crm.rows("select direction, owner_id from messages where origin = 'REPLY_ADDRESS'")
    assert (stored["direction"], stored["owner_id"]) == ("OUTBOUND", crm.user_id)
    assert await unread(crm) == set()


@pytest.mark.parametrize(
    ("dead", "action", "shown"),
    [(DANA, "failed", True), ("somebody@else.test", "failed", False), (DANA, "delayed", False)],
)
async def test_a_report_is_shown_on_the_mail_of_its_return_path(
    crm: Crm, dead: str, action: str, shown: bool
) -> None:
    """It comes from anybody, unproved; what it may say is what became of that mail's own recipients."""
    _, submission_id = await conversation(crm)
    raw = REPORT.format(address=ADDRESS, dead=dead, action=action)

    assert (
        await arrive(crm, raw, submission_id=submission_id, sender=None, belief=Belief.NOT_BELIEVED) is None
    )

    row = await crm.submission(submission_id)
    assert (row["bounced_at"] is not None) is shown
    suppressed = await crm.rows("select address from suppressions")
    assert [one["address"] for one in suppressed] == ([DANA] if shown else [])
    assert len(await crm.rows("select id from messages")) == 1


async def test_a_report_that_names_nothing_of_ours_is_refused(crm: Crm) -> None:
    thread_id, _ = await conversation(crm)
    raw = REPORT.format(address=ADDRESS, dead=DANA, action="failed")

    assert await arrive(crm, raw, thread_id=thread_id) == RefusedReply(ReplyRefusal.NO_REPORT)


async def test_a_conversation_that_was_erased_takes_no_answer(crm: Crm) -> None:
    refused = await arrive(crm, answer("one@dana"), thread_id=ThreadId(new_id()))

    assert refused == RefusedReply(ReplyRefusal.GONE)
