"""What keeps a sending safe, through both providers: limits, a waiting mailbox, faults at the last step."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from rules.words import Provider
from tests.jobs.conftest import DANA
from tests.jobs.crm import Crm
from tests.jobs.office import Office, pull, setting
from tests.jobs.test_send import work_through
from tests.providers import gmail_world, outlook_world
from tests.providers.world import Step
from tests.resolvers.test_sending import RETRY, fill_the_day, send, traces, upload

SEND_STEP = {
    Provider.GMAIL: gmail_world.STEPS[Step.SEND],
    Provider.OUTLOOK: outlook_world.STEPS[Step.SEND],
}
FAULTS: dict[str, dict[str, Any]] = {
    "dropped before": {"fault": "drop_before"},
    "dropped after": {"fault": "drop_after"},
    "hangs before": {"fault": "hang_before"},
    "hangs after": {"fault": "hang_after"},
    "500 after": {"fault": "status", "code": 500, "effect": "before_answer"},
}


@pytest.mark.rule("S7")
async def test_s7_the_five_hundred_first_mail_of_a_day_waits_at_gmail_and_goes_at_outlook(
    crm: Crm, office: Office
) -> None:
    """The API refuses it, saying the limit; what was accepted before waits, and leaves by itself."""
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    api = office.api(mailbox_id, contact_id)
    await fill_the_day(api, 500)
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)

    answer = await send(api, text="One more")
    await crm.work()
    left = len(await crm.simulator.deliveries(recipient=DANA))
    waiting = await crm.submission(submission_id)
    [due] = await crm.rows("select due_at from commands where kind = 'send_submission'") or [{}]
    await setting(crm, "update submissions set sent_at = sent_at - interval '2 hours' where attempts = 1")
    await work_through(crm)

    if office.provider is Provider.GMAIL:
        assert (answer["__typename"], answer["limit"], left) == ("DailyLimitReached", 500, 0)
        assert waiting["error_code"] == "DAILY_LIMIT_REACHED"
        oldest_is_a_day_old = api.now + timedelta(hours=1)
        for told in (datetime.fromisoformat(answer["freesAt"]), due["due_at"]):
            assert abs(told - oldest_is_a_day_old) < timedelta(seconds=1)
    else:
        assert (answer["__typename"], left, waiting["state"]) == ("Message", 2, "SENT")
    assert (await crm.submission(submission_id))["state"] == "SENT"
    marker = waiting["marker"]
    assert len(await crm.simulator.deliveries(header="x-bothways-submission", value=marker)) == 1


@pytest.mark.rule("S8")
async def test_s8_files_over_the_limit_are_refused_before_anything_is_queued(
    crm: Crm, office: Office
) -> None:
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    api = office.api(mailbox_id, contact_id)
    await setting(crm, "update workspaces set attachment_limit_bytes = 3000")
    large = await upload(api, 3001)
    before = await traces(api)

    answer = await send(api, text="See the plan", attachmentIds=[large])
    await crm.work()

    assert answer["__typename"] == "AttachmentTooLarge"
    assert (answer["limitBytes"], answer["sizeBytes"]) == (3000, 3001)
    assert await traces(api) == before
    assert await crm.simulator.deliveries(recipient=DANA) == []
    assert await crm.simulator.mailbox(office.ann) == []


@pytest.mark.rule("S9")
@pytest.mark.parametrize("noticed", ["before", "while sending"])
async def test_s9_a_mailbox_that_waits_keeps_the_mail_and_one_call_sends_it(
    crm: Crm, office: Office, noticed: str
) -> None:
    """Whether the loss of access was known when the mail was written, or is met by its sending."""
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    api = office.api(mailbox_id, contact_id)
    await office.withdraw()
    if noticed == "before":
        await pull(crm, mailbox_id)

    answer = await send(api, text="Keep me")
    await crm.work()
    kept = answer["keptMessage"] if noticed == "before" else answer
    refused = await crm.row("select state, error_code, error from submissions")
    too_early = await api.data(RETRY, {"id": kept["id"]})
    left = await crm.simulator.deliveries(recipient=DANA)
    await office.authenticate_again(mailbox_id)
    again = await api.data(RETRY, {"id": kept["id"]})
    await crm.work()

    assert answer["__typename"] == ("Reauthenticate" if noticed == "before" else "Message")
    assert (refused["state"], refused["error_code"]) == ("REFUSED", "REAUTHENTICATE")
    assert "kept" in refused["error"]
    assert (too_early["retrySend"]["__typename"], left) == ("Reauthenticate", [])
    assert again["retrySend"]["delivery"]["state"] == "QUEUED"
    assert (await crm.row("select state from submissions"))["state"] == "SENT"
    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1
    assert len(await crm.rows("select 1 from messages")) == 1


@pytest.mark.rule("S10")
@pytest.mark.rule("R48")
@pytest.mark.rule("R50")
@pytest.mark.parametrize("fault", FAULTS)
async def test_s10_whatever_happens_to_the_request_that_sends_one_mail_leaves(
    crm: Crm, office: Office, fault: str
) -> None:
    """What is not known is looked up first, also while the provider's search lags behind."""
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    await crm.simulator.set_dials(search_lag_seconds=1.0)
    await crm.simulator.add_fault(method=SEND_STEP[office.provider], **FAULTS[fault])
    submission_id = await crm.submit(mailbox_id, contact_id, DANA)

    await work_through(crm)

    hit = [one for one in await crm.simulator.journal(account=office.ann) if one["fault"]]
    assert len(hit) == 1
    assert (await crm.submission(submission_id))["state"] == "SENT"
    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1
    assert [one["subject"] for one in await crm.simulator.mailbox(office.ann)] == ["Offer"]
