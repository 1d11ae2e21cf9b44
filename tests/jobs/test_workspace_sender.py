"""Mail by the workspace's own sender: once, or not at all, or nobody knows and nobody repeats it."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text

from database.ids import new_id
from database.tables import (
    BulkRecipientRow,
    BulkSendRow,
    MessageRow,
    SubmissionRow,
    SuppressionRow,
    WorkspaceSenderRow,
)
from jobs.context import ReturnAddresses
from jobs.sweep import ask_for_forgotten_sends
from providers.doors import Doors
from providers.smtp.account import SmtpSettings
from rules.happenings import RunBulkSend, SendSubmission, TryWorkspaceSender
from rules.return_tokens import (
    read_unsubscribe_token,
    submission_of_return,
    submission_to_unsubscribe,
    thread_of_reply,
)
from rules.words import BulkSendId, ContactId, DeliveryState, MessageId, SubmissionId
from tests.jobs.crm import Crm, Killed, clock, kill_at
from tests.mail_server import PASSWORD, USERNAME, MailServer, running_mail_server

SECRET = b"k" * 32
FROM = "hello@okafor.example"


@dataclass
class Sending:
    """A workspace with a sender, and the mail server behind it."""

    crm: Crm
    server: MailServer
    contact_id: ContactId

    async def submit(self, **more: Any) -> SubmissionId:
        """Store an individual mail by the workspace sender and ask for it, as `sendEmail` does."""
        crm = self.crm
        message_id, submission_id = MessageId(new_id()), SubmissionId(new_id())
        thread_id = await crm._thread(self.contact_id, "Offer")
        async with crm.db.work(crm.workspace_id) as work:
            work.add(
                MessageRow(
                    id=message_id,
                    workspace_id=crm.workspace_id,
                    thread_id=thread_id,
                    owner_id=crm.user_id,
                    direction="OUTBOUND",
                    origin="CRM",
                    internet_message_id=f"{message_id.hex}@mail.example",
                    from_address=FROM,
                    from_name="Ann Berg",
                    to_recipients=[{"address": "dana@okafor.co", "name": None}],
                    subject="Offer",
                    text="Hello, here is our offer.",
                    sent_at=work.now,
                    synced_at=work.now,
                )
            )
            work.add(
                SubmissionRow(
                    id=submission_id,
                    workspace_id=crm.workspace_id,
                    message_id=message_id,
                    user_id=crm.user_id,
                    via="WORKSPACE_SENDER",
                    state=DeliveryState.QUEUED,
                    idempotency_key=submission_id.hex,
                    request_hash=b"hash",
                    marker=submission_id.hex,
                    created_at=work.now,
                    **more,
                )
            )
            work.ask(SendSubmission(submission_id))
        return submission_id

    async def bulk(self, contacts: int, says: str | None = "Dear {{ name }}", html: str = "") -> BulkSendId:
        """Store a bulk send to so many contacts and ask for it, as `sendBulkEmail` does."""
        crm, bulk_id = self.crm, BulkSendId(new_id())
        ids = [await crm.add_contact(f"Contact{n} X", f"contact{n}@okafor.co") for n in range(contacts)]
        async with crm.db.work(crm.workspace_id) as work:
            work.add(
                BulkSendRow(
                    id=bulk_id,
                    workspace_id=crm.workspace_id,
                    user_id=crm.user_id,
                    via="WORKSPACE_SENDER",
                    idempotency_key=bulk_id.hex,
                    request_hash=b"hash",
                    subject="News for {{ first_name }}",
                    text=says,
                    html=html or None,
                    total=contacts,
                    created_at=work.now,
                )
            )
            await work.flush()
            for id in ids:
                work.add(
                    BulkRecipientRow(
                        id=new_id(), workspace_id=crm.workspace_id, bulk_send_id=bulk_id, contact_id=id
                    )
                )
            work.ask(RunBulkSend(bulk_id))
        return bulk_id

    async def due_now(self) -> None:
        """Let everything that waits be due: the worker's clock and the database's are one."""
        async with self.crm.db.work(self.crm.workspace_id) as work:
            await work.execute(text("update commands set due_at = now(), lease_until = null"))

    async def work_to_the_end(self, rounds: int = 12) -> None:
        """Work, with what waits pulled forward, until no command is left, or so many rounds."""
        for _ in range(rounds):
            await self.crm.work()
            if not await self.crm.rows("select id from commands"):
                return
            await self.due_now()

    async def row(self, table: str, id: object) -> dict[str, Any]:
        return await self.crm.row(f"select * from {table} where id = $1", id)


@pytest.fixture
async def sending(crm: Crm) -> AsyncIterator[Sending]:
    async with running_mail_server(login=True) as server:
        quick = SmtpSettings(
            allowed_networks=("127.0.0.0/8",),
            answer=timedelta(seconds=2),
            final_answer=timedelta(seconds=1),
        )
        doors = Doors(clock=clock, smtp=quick)
        returns = ReturnAddresses(SECRET, "in.okafor.example", "https://crm.example")
        crm.context = replace(
            crm.context, doors=doors, settings=replace(crm.context.settings, returns=returns)
        )
        sender_id = new_id()
        key = await crm.vault.data_key(crm.workspace_id)
        async with crm.db.work(crm.workspace_id) as work:
            work.add(
                WorkspaceSenderRow(
                    id=sender_id,
                    workspace_id=crm.workspace_id,
                    host="127.0.0.1",
                    port=server.port,
                    tls="NONE",
                    username=USERNAME,
                    password_sealed=key.seal(
                        PASSWORD.encode(), "workspace_senders", sender_id, "password_sealed"
                    ),
                    from_address=FROM,
                    from_name="Okafor & Sons",
                    changed_at=work.now,
                )
            )
        yield Sending(crm, server, await crm.add_contact("Dana Okafor", "dana@okafor.co"))
        await doors.close()


@pytest.mark.rule("S1")
async def test_an_individual_mail_goes_by_the_workspace_sender(sending: Sending) -> None:
    submission_id = await sending.submit()
    await sending.crm.work()

    row = await sending.row("submissions", submission_id)
    [taken] = sending.server.taken
    assert (row["state"], row["error"]) == ("SENT", None)
    assert (taken.sender, taken.recipients) == (FROM, ("dana@okafor.co",))
    assert "From: Ann Berg <hello@okafor.example>" in taken.head
    lines = taken.head.replace("\r\n ", " ").splitlines()
    reply_to = next(line for line in lines if line.startswith("Reply-To: "))
    [message] = await sending.crm.rows("select thread_id from messages")
    name, _, address = reply_to.removeprefix("Reply-To: ").partition(" <")
    assert name == "Ann Berg"
    assert thread_of_reply(SECRET, address.partition("@")[0]) == message["thread_id"]
    assert "List-Unsubscribe" not in taken.head


async def test_reports_go_to_a_return_path_of_ours_where_the_server_lets_it_pass(sending: Sending) -> None:
    submission_id = await sending.submit()
    async with sending.crm.db.work(sending.crm.workspace_id) as work:
        await work.execute(text("update workspace_senders set bounces_here = true"))
    await sending.crm.work()

    [taken] = sending.server.taken
    local_part, _, domain = taken.sender.partition("@")
    assert submission_of_return(SECRET, local_part) == submission_id
    assert domain == "in.okafor.example"
    assert "From: Ann Berg <hello@okafor.example>" in taken.head


@pytest.mark.rule("S10")
@pytest.mark.rule("R48")
@pytest.mark.parametrize(
    ("point", "state", "taken"),
    [
        ("send.sending", "UNCERTAIN", 0),
        ("smtp.before-final-dot", "UNCERTAIN", 0),
        ("smtp.final-dot", "UNCERTAIN", 1),
        ("send.accepted", "UNCERTAIN", 1),
        ("send.sent-uncommitted", "UNCERTAIN", 1),
        ("send.sent", "SENT", 1),
    ],
)
async def test_killed_anywhere_it_never_leaves_twice(
    sending: Sending, point: str, state: str, taken: int
) -> None:
    submission_id = await sending.submit()
    kill_at(sending.crm, point)
    with suppress(Killed):
        await sending.crm.work()
    await sending.work_to_the_end()

    row = await sending.row("submissions", submission_id)
    assert row["state"] == state
    assert (
        len(sending.server.taken) <= taken
        if point == "smtp.final-dot"
        else (len(sending.server.taken) == taken)
    )
    assert await ask_for_forgotten_sends(sending.crm.context) == 0, "what nobody can prove is not asked again"


@pytest.mark.rule("R50")
@pytest.mark.parametrize("manner", ["drops_after_taking", "silent_after_taking"])
async def test_an_answer_that_is_lost_leaves_it_uncertain(sending: Sending, manner: str) -> None:
    setattr(sending.server, manner, True)
    submission_id = await sending.submit()
    await sending.work_to_the_end()

    row = await sending.row("submissions", submission_id)
    assert (row["state"], row["error_code"]) == ("UNCERTAIN", "NOT_PROVED")
    assert len(sending.server.taken) == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
async def test_what_is_lost_before_the_end_is_tried_again(sending: Sending, step: str) -> None:
    sending.server.drops = {step}
    submission_id = await sending.submit()
    await sending.crm.work()
    assert (await sending.row("submissions", submission_id))["state"] == "QUEUED"

    sending.server.drops = set()
    await sending.work_to_the_end()
    assert (await sending.row("submissions", submission_id))["state"] == "SENT"
    assert len(sending.server.taken) == 1


async def test_greylisting_waits_and_a_no_is_a_no(sending: Sending) -> None:
    sending.server.answers["RCPT"] = ["451 greylisted", "550 nobody"]
    submission_id = await sending.submit()
    await sending.crm.work()
    assert (await sending.row("submissions", submission_id))["state"] == "QUEUED"

    await sending.work_to_the_end()
    row = await sending.row("submissions", submission_id)
    assert (row["state"], row["error_code"]) == ("REFUSED", "BAD_RECIPIENT")
    assert not sending.server.taken


async def test_without_a_sender_the_mail_is_kept(sending: Sending) -> None:
    async with sending.crm.db.work(sending.crm.workspace_id) as work:
        await work.execute(delete(WorkspaceSenderRow))
    submission_id = await sending.submit()
    await sending.crm.work()

    row = await sending.row("submissions", submission_id)
    assert (row["state"], row["error_code"]) == ("REFUSED", "NO_SENDER")


@pytest.mark.rule("S4")
async def test_mail_of_an_automation_says_so(sending: Sending) -> None:
    await sending.submit(kind="WORKFLOW")
    await sending.crm.work()

    assert "Auto-Submitted: auto-generated" in sending.server.taken[0].head


async def test_a_test_mail_is_sent_and_its_outcome_written_down(sending: Sending) -> None:
    crm = sending.crm
    await crm.ask(TryWorkspaceSender(crm.user_id))
    await crm.work()
    [fine] = await crm.rows("select tested_at, test_error from workspace_senders")
    sending.server.answers["MAIL"] = ["550 not you"]
    await crm.ask(TryWorkspaceSender(crm.user_id))
    await crm.work()
    [refused] = await crm.rows("select tested_at, test_error from workspace_senders")

    assert fine["tested_at"] is not None and fine["test_error"] is None
    assert refused["test_error"] == "The mail server answered 550 to the sender's address."
    assert len(sending.server.taken) == 1


@pytest.mark.rule("S3")
async def test_a_bulk_send_writes_to_each_contact_once(sending: Sending) -> None:
    bulk_id = await sending.bulk(5)
    await sending.work_to_the_end()

    bulk = await sending.row("bulk_sends", bulk_id)
    assert (bulk["state"], bulk["sent"], bulk["refused"]) == ("DONE", 5, 0)
    assert sorted(one.recipients[0] for one in sending.server.taken) == [
        f"contact{n}@okafor.co" for n in range(5)
    ]
    assert sending.server.connections <= 4 and sending.server.logins <= 4
    threads = await sending.crm.rows("select contact_id, state from threads")
    assert len({one["contact_id"] for one in threads}) == len(threads) == 5
    assert {one["state"] for one in threads} == {"DONE"}, "it waits for nobody until its contact answers"
    assert "BulkSendProgressed" in await sending.crm.events()


async def test_mail_of_html_alone_is_read_in_a_list_too(sending: Sending) -> None:
    await sending.bulk(1, says=None, html="<p>Dear {{ first_name }},</p><p>come &amp; see.</p>")
    await sending.work_to_the_end()
    [message] = await sending.crm.rows("select text, snippet from messages")
    assert message["snippet"] == " ".join(message["text"].split()) == "Dear Contact0, come & see."


async def test_each_mail_of_a_bulk_send_can_be_unsubscribed_with_one_click(sending: Sending) -> None:
    await sending.bulk(1)
    await sending.work_to_the_end()

    head = sending.server.taken[0].head.replace("\r\n ", " ").splitlines()
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head
    [ways] = [line.partition(" ")[2] for line in head if line.startswith("List-Unsubscribe:")]
    url, mailto = (one.strip("<>") for one in ways.split(", "))
    assert url.startswith("https://crm.example/unsubscribe/")
    named = read_unsubscribe_token(SECRET, url.rpartition("/")[2])
    [submission] = await sending.crm.rows("select id from submissions")
    assert named is not None and named.submission_id == submission["id"]
    address, _, subject = mailto.removeprefix("mailto:").partition("?")
    assert subject == "subject=unsubscribe"
    assert submission_to_unsubscribe(SECRET, address.partition("@")[0]) == submission["id"]


@pytest.mark.rule("S10")
@pytest.mark.parametrize("point", ["bulk.mail-uncommitted", "bulk.mail", "send.sending", "send.sent"])
async def test_a_bulk_send_that_was_killed_goes_on_without_repeating(sending: Sending, point: str) -> None:
    bulk_id = await sending.bulk(4)
    kill_at(sending.crm, point)
    with suppress(Killed):
        await sending.crm.work()
    await sending.work_to_the_end()

    recipients = [one.recipients for one in sending.server.taken]
    assert len(recipients) == len(set(recipients)), "nobody gets it twice"
    assert len(recipients) == (3 if point == "send.sending" else 4)
    bulk = await sending.row("bulk_sends", bulk_id)
    assert bulk["state"] == "DONE"


async def test_a_refusal_of_the_sender_pauses_and_burns_no_mail(sending: Sending) -> None:
    sending.server.answers["MAIL"] = ["550 you have sent enough"] * 10
    bulk_id = await sending.bulk(3)
    await sending.crm.work()

    bulk = await sending.row("bulk_sends", bulk_id)
    states = await sending.crm.rows("select state from submissions")
    assert bulk["state"] == "PAUSED"
    assert bulk["paused_because"] == "The mail server answered 550 to the sender's address."
    assert {one["state"] for one in states} == {"QUEUED"}


async def test_a_refused_recipient_stops_nobody_else(sending: Sending) -> None:
    sending.server.answers["RCPT contact1@okafor.co"] = ["550 nobody"]
    bulk_id = await sending.bulk(3)
    await sending.work_to_the_end()

    bulk = await sending.row("bulk_sends", bulk_id)
    assert (bulk["state"], bulk["sent"], bulk["refused"]) == ("DONE", 2, 1)


async def test_who_wants_no_mail_gets_none(sending: Sending) -> None:
    bulk_id = await sending.bulk(2)
    async with sending.crm.db.work(sending.crm.workspace_id) as work:
        work.add(
            SuppressionRow(
                id=new_id(),
                workspace_id=sending.crm.workspace_id,
                address="contact0@okafor.co",
                reason="UNSUBSCRIBED",
                created_at=work.now,
            )
        )
    await sending.work_to_the_end()

    assert [one.recipients for one in sending.server.taken] == [("contact1@okafor.co",)]
    assert (await sending.row("bulk_sends", bulk_id))["refused"] == 1
