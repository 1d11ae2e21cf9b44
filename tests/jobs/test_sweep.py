"""What makes everything go on after any loss: what is due is asked for, what is old goes, nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from jobs.sweep import ask_for_due_mailboxes, ask_for_forgotten_sends, tidy
from rules.happenings import PullMailbox
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm, clock


@pytest.mark.rule("R63")
async def test_with_all_push_off_new_mail_comes_by_polling(crm: Crm) -> None:
    """Nobody rings: the sweeper finds the mailbox due, and the mail syncs."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(DANA, ANN, subject="Polled", text="x")
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update mailboxes set next_check_at = now() - interval '1 second'"))

    asked = await ask_for_due_mailboxes(crm.context)
    await crm.work()

    assert asked == 1
    assert [one["subject"] for one in await crm.rows("select subject from messages")] == ["Polled"]
    assert (await crm.mailbox(mailbox_id))["next_check_at"] > clock()


@pytest.mark.rule("R63")
async def test_a_push_at_half_its_life_is_renewed(crm: Crm) -> None:
    """The renewal is asked for once, not every round."""
    await crm.connect(ANN)
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(
            text("update mailboxes set push_renew_at = now(), next_check_at = now() + interval '5 min'")
        )

    first = await ask_for_due_mailboxes(crm.context)
    second = await ask_for_due_mailboxes(crm.context)

    assert (first, second) == (1, 0)
    assert [one["kind"] for one in await crm.rows("select kind from commands")] == ["renew_watch"]


@pytest.mark.rule("R52")
async def test_a_sending_whose_command_was_lost_is_asked_for_again(crm: Crm) -> None:
    """Even a deleted command row loses no mail."""
    mailbox_id = await crm.connect(ANN)
    submission_id = await crm.submit(mailbox_id, await crm.add_contact("Dana", DANA), DANA)
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("delete from commands"))
        await work.execute(text("update submissions set created_at = created_at - interval '1 hour'"))

    await ask_for_forgotten_sends(crm.context)
    await crm.work()

    assert (await crm.submission(submission_id))["state"] == "SENT"
    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1


async def test_what_is_kept_for_a_time_goes_when_the_time_is_over(crm: Crm) -> None:
    """A day's tidying takes nothing; a month later decisions and events are gone, the mailbox is not."""
    await crm.simulator.create_account("noor@haddad-law.test")
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver("noor@haddad-law.test", ANN, subject="Mail", text="x")
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()

    await tidy(crm.context, crm.workspace_id)
    kept = await _kept(crm)
    month = replace(crm.context, now=lambda: clock() + timedelta(days=31))
    await tidy(month, crm.workspace_id)

    assert (kept, await _kept(crm)) == ((1, 1), (0, 0))
    assert (await crm.mailbox(mailbox_id))["status"] == "CONNECTED"


async def _kept(crm: Crm) -> tuple[int, int]:
    decisions = await crm.rows("select 1 from sync_decisions")
    return len(decisions), len(await crm.rows("select 1 from events"))


@pytest.mark.rule("L4")
async def test_a_consent_that_was_never_finished_fails(crm: Crm) -> None:
    """Its mailbox says so; one that is connected stays connected."""
    mailbox_id = await crm.connect(ANN)
    abandoned, _ = await crm.begin(user_id=await crm.add_user("Ben", "ben@okafor.example"))
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text("update authorizations set expires_at = now() - interval '6 minutes'"))

    await tidy(crm.context, crm.workspace_id)

    assert (await crm.mailbox(abandoned))["status"] == "FAILED"
    assert (await crm.mailbox(mailbox_id))["status"] == "CONNECTED"
