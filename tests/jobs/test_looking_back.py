"""Looking back over a gap: the oldest mail first, page by page, whatever ends the job in between."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.happenings import PullMailbox
from rules.words import SyncScope
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm
from tests.jobs.office import pull, setting


async def a_long_exchange(crm: Crm) -> None:
    """Ann begins a conversation with Dana, who answers again and again; the feed forgets all of it."""
    await crm.simulator.deliver(ANN, DANA, subject="The roof", text="one")
    for number in range(6):
        hers = (await crm.simulator.mailbox(DANA, "INBOX"))[0]
        await crm.simulator.reply_as(DANA, hers["id"], f"answer {number}")
    await crm.simulator.ask("POST", f"/accounts/{ANN}/expire-history", {})
    await crm.simulator.ask("PATCH", "/dials", {"list_most_per_page": 2})


@pytest.mark.rule("R62")
@pytest.mark.rule("D12")
async def test_an_answer_is_decided_after_what_it_answers_however_many_pages_lie_between(crm: Crm) -> None:
    """Under SENT_TO_CONTACTS the first mail links the conversation; its answers lie on newer pages."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN, scope=SyncScope.SENT_TO_CONTACTS)
    await a_long_exchange(crm)

    await pull(crm, mailbox_id)

    assert len(await crm.rows("select 1 from messages")) == 7
    assert len(await crm.rows("select 1 from threads")) == 1


@pytest.mark.rule("R62")
async def test_a_look_back_goes_on_where_its_time_ran_out(crm: Crm) -> None:
    """A slice of no time at all: one page a job, all the same in the end."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN, scope=SyncScope.SENT_TO_CONTACTS)
    await a_long_exchange(crm)
    crm.context = replace(crm.context, settings=replace(crm.context.settings, slice=timedelta()))

    await pull(crm, mailbox_id)

    assert (await crm.row("select * from sync_gaps"))["repaired_at"] is not None
    assert len(await crm.rows("select 1 from messages")) == 7
    assert (await crm.events()).count("MessageSynced") == 7


@pytest.mark.rule("R62")
async def test_a_page_that_the_provider_forgot_begins_the_look_back_anew(crm: Crm) -> None:
    """A page's name is good for a while only; what was stored by then is passed over."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN, scope=SyncScope.SENT_TO_CONTACTS)
    await a_long_exchange(crm)
    crm.context = replace(crm.context, settings=replace(crm.context.settings, slice=timedelta()))
    await crm.ask(PullMailbox(mailbox_id))
    command = await crm.row("select id from commands where key = $1", f"pull:{mailbox_id}")
    while not await crm.rows("select 1 from messages"):
        await crm.carry_out(command["id"])
    await setting(crm, "update sync_gaps set pages = array['', 'a name of yesterday']")
    await crm.work()

    # It is asked again after a pause, as whatever fails is.
    await setting(crm, "update commands set due_at = now() where key = :key", key=f"pull:{mailbox_id}")
    await crm.work()

    assert (await crm.row("select * from sync_gaps"))["repaired_at"] is not None
    assert len(await crm.rows("select 1 from messages")) == 7
    assert (await crm.events()).count("MessageSynced") == 7
