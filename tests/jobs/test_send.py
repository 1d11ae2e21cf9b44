"""A mail that was accepted leaves once: whatever crashes, whatever the provider answers, or does not."""

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from database.tables import MessageRow
from rules.happenings import PullMailbox, SendSubmission
from rules.words import ContactId, DeliveryState, MailboxId, Provider, SubmissionId
from tests.jobs.conftest import ANN, DANA, MEI
from tests.jobs.crm import Crm, Killed, clock, kill_at
from tests.jobs.office import Office

POINTS = (
    "send.drafting",
    "send.draft-created",
    "send.drafted",
    "send.sending",
    "send.accepted",
    "send.sent-uncommitted",
)
FAULTS: dict[str, tuple[str, dict[str, object]]] = {
    "503 before": ("gmail.users.drafts.send", {"fault": "status", "code": 503}),
    "429": ("gmail.users.drafts.send", {"fault": "status", "code": 429, "body": "concurrent"}),
    "500 after accepting": (
        "gmail.users.drafts.send",
        {"fault": "status", "code": 500, "effect": "before_answer"},
    ),
    "dropped before": ("gmail.users.drafts.send", {"fault": "drop_before"}),
    "dropped after": ("gmail.users.drafts.send", {"fault": "drop_after"}),
    "hangs before": ("gmail.users.drafts.send", {"fault": "hang_before"}),
    "hangs after": ("gmail.users.drafts.send", {"fault": "hang_after"}),
    "half an answer": ("gmail.users.drafts.send", {"fault": "half_answer"}),
    "draft dropped after": ("gmail.users.drafts.create", {"fault": "drop_after"}),
    "draft 503": ("gmail.users.drafts.create", {"fault": "status", "code": 503}),
}


@pytest.fixture
async def ready(crm: Crm) -> tuple[MailboxId, ContactId]:
    """A connected mailbox and a contact to write to."""
    return await crm.connect(ANN), await crm.add_contact("Dana", DANA)


async def work_through(crm: Crm) -> None:
    """Let time pass until nothing is due any more: leases end, pauses and look-outs come due."""
    for _ in range(60):
        with suppress(Killed):
            await crm.work()
        left = await crm.rows("select 1 from commands where kind = 'send_submission'")
        if not left:
            return
        await skip_time(crm)
    raise AssertionError("the sending never came to an end")


async def skip_time(crm: Crm) -> None:
    """What waits a minute or a day waits no longer; the provider's own times are not touched."""
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(
            text("update commands set due_at = now(), lease_until = least(lease_until, now())")
        )
        await work.execute(
            text("update submissions set uncertain_since = uncertain_since - interval '1 minute'")
        )


@pytest.mark.rule("S6")
async def test_a_mail_of_the_crm_lies_in_sent_and_in_the_conversation_once(
    crm: Crm, ready: tuple[MailboxId, ContactId]
) -> None:
    """It leaves from the user's own mailbox; the feed's copy of it is recognised, not stored again."""
    mailbox_id, contact_id = ready
    submission_id = await crm.submit(mailbox_id, contact_id, DANA, subject="Our offer")

    await crm.work()
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()

    submission = await crm.submission(submission_id)
    assert (submission["state"], submission["step"], submission["error"]) == ("SENT", "sent", None)
    assert [one["subject"] for one in await crm.simulator.mailbox(DANA)] == ["Our offer"]
    assert [one["subject"] for one in await crm.simulator.mailbox(ANN, "SENT")] == ["Our offer"]
    assert await crm.simulator.mailbox(ANN, "DRAFT") == []
    assert len(await crm.rows("select 1 from messages")) == 1
    assert len(await crm.rows("select 1 from message_copies")) == 1
    assert (await crm.mailbox(mailbox_id))["activated_at"] is not None


@pytest.mark.rule("S11")
@pytest.mark.rule("D9")
async def test_the_customers_answer_comes_back_into_the_thread(
    crm: Crm, ready: tuple[MailboxId, ContactId]
) -> None:
    """Whether Gmail kept our Message-ID or wrote its own."""
    mailbox_id, contact_id = ready
    await crm.simulator.set_dials(message_id_mode="rewritten")
    await crm.submit(mailbox_id, contact_id, DANA)
    await crm.work()
    theirs = await crm.simulator.mailbox(DANA)
    await crm.simulator.reply_as(DANA, theirs[0]["id"], "Sounds good.")

    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()

    messages = await crm.rows("select thread_id, direction from messages order by sent_at")
    assert len({one["thread_id"] for one in messages}) == 1
    assert [one["direction"] for one in messages] == ["OUTBOUND", "INBOUND"]


@pytest.mark.rule("R48")
@pytest.mark.rule("S10")
@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_it_leaves_exactly_once(
    crm: Crm, ready: tuple[MailboxId, ContactId], point: str
) -> None:
    """The next worker finds the half-done sending and goes on from there."""
    mailbox_id, contact_id = ready
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)
    kill_at(crm, point)

    await work_through(crm)

    assert (await crm.submission(submission_id))["state"] == "SENT"
    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1
    assert await crm.simulator.mailbox(ANN, "DRAFT") == []


@pytest.mark.rule("R48")
@pytest.mark.rule("R50")
@pytest.mark.parametrize("fault", ["503 before", "429", "half an answer", "draft dropped after", "draft 503"])
async def test_whatever_the_provider_answers_it_leaves_exactly_once(
    crm: Crm, ready: tuple[MailboxId, ContactId], fault: str
) -> None:
    """An unknown outcome is looked up before anything is repeated, also while the search lags.

    The others are walked through both providers in tests/jobs/test_sending_through_providers.py.
    """
    mailbox_id, contact_id = ready
    method, dial = FAULTS[fault]
    await crm.simulator.set_dials(search_lag_seconds=1.0)
    await crm.simulator.add_fault(method=method, **dial)  # type: ignore[arg-type]  # a table of keywords
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)

    await work_through(crm)

    assert (await crm.submission(submission_id))["state"] == "SENT"
    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1
    assert await crm.simulator.mailbox(ANN, "DRAFT") == []


@pytest.mark.rule("R48")
@pytest.mark.parametrize("point", ["send.sending", "send.accepted", "send.draft-created"])
@pytest.mark.parametrize("fault", ["500 after accepting", "dropped before", "429"])
async def test_a_crash_and_a_fault_together_change_nothing(
    crm: Crm, ready: tuple[MailboxId, ContactId], point: str, fault: str
) -> None:
    """Crash points times provider faults: delivered once, in every case."""
    mailbox_id, contact_id = ready
    method, dial = FAULTS[fault]
    await crm.simulator.add_fault(method=method, **dial)  # type: ignore[arg-type]  # a table of keywords
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)
    kill_at(crm, point)

    await work_through(crm)

    assert (await crm.submission(submission_id))["state"] == "SENT"
    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1
    assert await crm.simulator.mailbox(ANN, "DRAFT") == []


@pytest.mark.rule("R48")
@pytest.mark.rule("S10")
@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_outlook_mail_leaves_exactly_once_and_leaves_no_draft(
    crm: Crm, point: str
) -> None:
    """The same through Outlook, whose drafts are made in several requests."""
    mailbox_id, contact_id = (
        await crm.connect(MEI, provider=Provider.OUTLOOK),
        await crm.add_contact("Dana", DANA),
    )
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)
    kill_at(crm, point)

    await work_through(crm)

    assert (await crm.submission(submission_id))["state"] == "SENT"
    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1
    assert [one["subject"] for one in await crm.simulator.mailbox(MEI)] == ["Offer"]


@pytest.mark.soak
@pytest.mark.rule("R48")
@pytest.mark.parametrize("round_", range(5))
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_every_crash_point_with_every_fault(
    crm: Crm, ready: tuple[MailboxId, ContactId], point: str, fault: str, round_: int
) -> None:
    """Three hundred cases, the search lagging differently in each round: delivered once in all of them."""
    mailbox_id, contact_id = ready
    method, dial = FAULTS[fault]
    await crm.simulator.set_dials(search_lag_seconds=0.2 * round_)
    await crm.simulator.add_fault(method=method, **dial)  # type: ignore[arg-type]  # a table of keywords
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)
    kill_at(crm, point)

    await work_through(crm)

    assert (await crm.submission(submission_id))["state"] == "SENT"
    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1
    assert await crm.simulator.mailbox(ANN, "DRAFT") == []


async def test_the_feed_may_tell_of_the_sent_copy_before_the_answer(
    crm: Crm, ready: tuple[MailboxId, ContactId]
) -> None:
    """The sending was killed after Gmail took it; the pull finds the Sent copy by our header: it was sent."""
    mailbox_id, contact_id = ready
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)
    kill_at(crm, "send.accepted")
    with pytest.raises(Killed):
        await crm.work()

    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()

    assert (await crm.submission(submission_id))["state"] == "SENT"
    assert len(await crm.rows("select 1 from messages")) == 1


async def test_gmails_own_sending_limit_parks_the_mail_until_it_frees(
    crm: Crm, ready: tuple[MailboxId, ContactId]
) -> None:
    """The time that Gmail named is believed to the second; the mail goes out by itself then."""
    mailbox_id, contact_id = ready
    await crm.simulator.add_fault(
        "status", "gmail.users.drafts.send", code=429, body="mailSending", retry_after_seconds=7200
    )
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)

    await crm.work()

    waiting = await crm.row("select due_at from commands where kind = 'send_submission'")
    submission = await crm.submission(submission_id)
    assert (submission["state"], submission["error_code"]) == ("SENDING", "DAILY_LIMIT_REACHED")
    assert timedelta(minutes=118) < waiting["due_at"] - clock() < timedelta(minutes=121)


async def test_a_scheduled_mail_waits_for_its_time(crm: Crm, ready: tuple[MailboxId, ContactId]) -> None:
    """Asked early, it says when it is due and sends nothing."""
    mailbox_id, contact_id = ready
    send_at = clock() + timedelta(hours=1)
    submission_id = await crm.submit(
        mailbox_id, contact_id, DANA, state=DeliveryState.SCHEDULED, send_at=send_at, due_at=send_at
    )
    await crm.ask(SendSubmission(SubmissionId(submission_id)))

    await crm.work()

    assert (await crm.submission(submission_id))["state"] == "SCHEDULED"
    assert (await crm.row("select due_at from commands where kind = 'send_submission'"))["due_at"] == send_at


async def test_a_clear_refusal_is_the_authors_to_mend(crm: Crm, ready: tuple[MailboxId, ContactId]) -> None:
    """Gmail says that it will not: refused with a sentence, and never tried again by itself."""
    mailbox_id, contact_id = ready
    await crm.simulator.add_fault(
        "status", "gmail.users.drafts.send", code=400, body="invalidArgument", times=None
    )
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)

    await crm.work()

    submission = await crm.submission(submission_id)
    assert (submission["state"], submission["error_code"]) == ("REFUSED", "REFUSED")
    assert await crm.rows("select 1 from commands where kind = 'send_submission'") == []


async def test_a_providers_refusal_of_the_recipients_is_said_and_nothing_leaves(office: Office) -> None:
    """Both refuse a message for more than 500: a limit may change under what was accepted before."""
    crm = office.crm
    mailbox_id = await office.connect()
    submission_id = await crm.submit(mailbox_id, await crm.add_contact("Dana", DANA), DANA)
    people = [{"address": f"p{number}@x.test", "name": None} for number in range(501)]
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(update(MessageRow).values(to_recipients=people))

    await crm.work()

    submission = await crm.submission(submission_id)
    assert (submission["state"], submission["error_code"]) == ("REFUSED", "BAD_RECIPIENT")
    assert "how many there are" in submission["error"]
    assert await crm.simulator.deliveries(header="x-bothways-submission", value=submission["marker"]) == []
    assert await crm.rows("select 1 from commands where kind = 'send_submission'") == []
