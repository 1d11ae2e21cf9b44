"""Which mails are one conversation, through both providers: References decide, never the subject alone."""

from tests.jobs.conftest import DANA
from tests.jobs.crm import Crm
from tests.jobs.office import BEN, Office, pull, subjects


async def test_complaint_16_the_same_subject_alone_is_no_thread(crm: Crm, office: Office) -> None:
    """Two mails with one subject and no reference between them are two conversations."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    for number in range(2):
        await crm.simulator.deliver(DANA, office.ann, subject="Invoice", text=str(number))

    await pull(crm, mailbox_id)

    assert len(await crm.rows("select 1 from threads")) == 2


async def test_a_changed_subject_stays_in_its_thread(crm: Crm, office: Office) -> None:
    """References decide, whatever the subject says and whatever the provider made of it."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="The roof", text="one")
    [mail] = await crm.simulator.mailbox(office.ann)
    await crm.simulator.reply_as(office.ann, mail["id"], "two", subject="Something else")

    await pull(crm, mailbox_id)

    assert len({one["thread_id"] for one in await crm.rows("select thread_id from messages")}) == 1
    assert await subjects(crm) == ["The roof", "Something else"]


async def test_complaint_8_an_answer_from_another_address_of_a_known_person_is_theirs(
    crm: Crm, office: Office
) -> None:
    """Dana answers from home: one conversation, one contact."""
    home = "dana@home.test"
    await crm.simulator.create_account(home, "Dana at home")
    contact_id = await crm.add_contact("Dana", DANA, home)
    mailbox_id = await office.connect()
    await crm.simulator.deliver(office.ann, DANA, cc=[home], subject="The roof", text="one")
    [hers] = await crm.simulator.mailbox(home)
    await crm.simulator.reply_as(home, hers["id"], "two")

    await pull(crm, mailbox_id)

    assert [one["contact_id"] for one in await crm.rows("select contact_id from threads")] == [contact_id]
    assert len(await crm.rows("select 1 from messages")) == 2


async def test_two_mailboxes_of_one_workspace_share_one_thread(crm: Crm, office: Office) -> None:
    """Dana writes to Ann; Ann answers with a copy to Ben; Dana answers Ben: one conversation for both."""
    ben = await office.colleague()
    await crm.add_contact("Dana", DANA)
    anns = await office.connect()
    bens = await office.connect(BEN, user_id=ben)
    await crm.simulator.deliver(DANA, office.ann, subject="The roof", text="one")
    [mail] = await crm.simulator.mailbox(office.ann)
    await crm.simulator.reply_as(office.ann, mail["id"], "two", cc=[BEN])
    [hers] = await crm.simulator.mailbox(DANA, "INBOX")
    await crm.simulator.reply_as(DANA, hers["id"], "three", reply_all=True)
    for mailbox_id in (anns, bens, anns):
        await pull(crm, mailbox_id)

    assert len(await crm.rows("select 1 from threads")) == 1
    assert len(await crm.rows("select 1 from messages")) == 3
    assert (await crm.events()).count("MessageSynced") == 3


async def test_an_answer_that_comes_at_once_stands_after_what_it_answers(crm: Crm, office: Office) -> None:
    """Machines answer within the second, which is all that Graph tells."""
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    for number in range(3):
        await crm.submit(mailbox_id, contact_id, DANA, f"Number {number}")
        await crm.work()
        [hers] = [one for one in await crm.simulator.mailbox(DANA) if one["subject"] == f"Number {number}"]
        await crm.simulator.reply_as(DANA, hers["id"], "I am away.", subject=f"Away {number}")
        await pull(crm, mailbox_id)
    assert await subjects(crm) == [f"{what} {number}" for number in range(3) for what in ("Number", "Away")]
