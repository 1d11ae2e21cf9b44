"""Every row of the decision and of whose conversation, through both providers: mail in, decisions out.

Each story is walked with a Gmail and with an Outlook; where the rules differ, the story says so. The table of
docs/rules.md lists which row is walked here, and which elsewhere.
"""

import base64

import pytest

from database.ids import new_id
from database.tables import TrackedContactRow
from rules.words import Provider, SyncScope
from tests.jobs.conftest import DANA
from tests.jobs.crm import Crm, clock
from tests.jobs.office import BEN, NOOR, Office, decided, pull, setting, subjects


@pytest.mark.rule("D1")
async def test_d1_a_connection_that_ended_takes_nothing_in(crm: Crm, office: Office) -> None:
    """Not even what lay in the mailbox before it ended and was not read yet."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="Too late", text="x")
    await setting(crm, "update mailboxes set status = 'DISCONNECTED', ended_at = now()")

    await pull(crm, mailbox_id)

    assert (await subjects(crm), await decided(crm)) == ([], [])


@pytest.mark.rule("D3")
async def test_d3_spam_of_a_contact_is_no_mail(crm: Crm, office: Office) -> None:
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="Cheap", text="x")
    [mail] = await crm.simulator.mailbox(office.ann)
    await crm.simulator.relabel(office.ann, mail["id"], add=["SPAM"], remove=["INBOX"])

    await pull(crm, mailbox_id)

    assert (await subjects(crm), await decided(crm)) == ([], [("D3", "NOT_MAIL")])


@pytest.mark.rule("D5")
async def test_d5_mail_among_colleagues_stays_private_though_one_is_a_contact_too(
    crm: Crm, office: Office
) -> None:
    await office.colleague()
    await crm.add_contact("Ben", BEN)
    mailbox_id = await office.connect()
    await crm.simulator.deliver(BEN, office.ann, subject="Salary", text="x")

    await pull(crm, mailbox_id)

    assert (await subjects(crm), await decided(crm)) == ([], [("D5", "INTERNAL_ONLY")])


@pytest.mark.rule("D6")
@pytest.mark.parametrize("owner", ["workspaces", "users"])
async def test_d6_a_blocked_domain_never_syncs_whoever_blocked_it(
    crm: Crm, office: Office, owner: str
) -> None:
    """Complaint 21: the workspace's list holds, and so does the user's own."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    await setting(crm, f"update {owner} set blocklist = '{{okafor-roofing.test}}'")
    await crm.simulator.deliver(DANA, office.ann, subject="Blocked", text="x")

    await pull(crm, mailbox_id)

    assert (await subjects(crm), await decided(crm)) == ([], [("D6", "BLOCKED")])


@pytest.mark.rule("D6")
async def test_d6_a_colleagues_own_blocklist_holds_for_the_colleague_alone(crm: Crm, office: Office) -> None:
    ben = await office.colleague()
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    await setting(crm, "update users set blocklist = '{okafor-roofing.test}' where id = :id", id=ben)
    await crm.simulator.deliver(DANA, office.ann, subject="Not blocked", text="x")

    await pull(crm, mailbox_id)

    assert await subjects(crm) == ["Not blocked"]


@pytest.mark.rule("D7")
async def test_d7_a_colleagues_mail_in_copy(crm: Crm, office: Office) -> None:
    """Ben writes to Dana with a copy to Ann. Gmail: Ann's mailbox leaves it, Ben's brings it. Outlook: one
    external participant suffices, so that Ann's brings it, and Ben's own is the same mail (D4)."""
    ben = await office.colleague()
    await crm.add_contact("Dana", DANA)
    anns = await office.connect()
    bens = await office.connect(BEN, user_id=ben)
    await crm.simulator.deliver(BEN, DANA, cc=[office.ann], subject="Offer", text="x")

    await pull(crm, anns)
    first = (await subjects(crm), await decided(crm))
    await pull(crm, bens)

    if office.provider is Provider.GMAIL:
        assert first == ([], [("D7", "FROM_ANOTHER_USER")])
        assert (await decided(crm))[1:] == [("D11", None)]
    else:
        assert first == (["Offer"], [("D11", None)])
        assert (await decided(crm))[1:] == [("D4", "ALREADY_SYNCED")]
    assert await subjects(crm) == ["Offer"]
    assert [one["direction"] for one in await crm.rows("select direction from messages")] == ["OUTBOUND"]


LARGE = [{"filename": "a.pdf", "content_base64": base64.b64encode(bytes(4000)).decode()}]


@pytest.mark.rule("D8")
async def test_d8_attachments_over_the_limit_skip_the_message(crm: Crm, office: Office) -> None:
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    await setting(crm, "update workspaces set attachment_limit_bytes = 3000")
    await crm.simulator.deliver(DANA, office.ann, subject="Large", text="x", attachments=LARGE)

    await pull(crm, mailbox_id)

    assert (await subjects(crm), await decided(crm)) == ([], [("D8", "ATTACHMENT_TOO_LARGE")])


@pytest.mark.rule("D8")
async def test_d8_or_leave_a_stub_where_the_workspace_keeps_the_text(crm: Crm, office: Office) -> None:
    """The message is there, its file is a name, a type and a size."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    await setting(
        crm, "update workspaces set attachment_limit_bytes = 3000, oversize = 'KEEP_WITHOUT_ATTACHMENT'"
    )
    await crm.simulator.deliver(DANA, office.ann, subject="Large", text="the text", attachments=LARGE)

    await pull(crm, mailbox_id)

    file = await crm.row("select name, state, size_bytes, blob_key from attachments")
    assert file == {"name": "a.pdf", "state": "TOO_LARGE", "size_bytes": 4000, "blob_key": None}
    assert (await crm.row("select text from messages"))["text"].strip() == "the text"


@pytest.mark.rule("D10")
async def test_d10_mail_of_a_tracked_contact_syncs_though_the_crm_began_nothing(
    crm: Crm, office: Office
) -> None:
    """Under CRM_THREADS, and before the first send: what Auto BCC tracks comes in, and links the thread."""
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect(scope=SyncScope.CRM_THREADS)
    async with crm.db.work(crm.workspace_id) as work:
        work.add(
            TrackedContactRow(
                id=new_id(),
                workspace_id=crm.workspace_id,
                user_id=crm.user_id,
                contact_id=contact_id,
                since=clock(),
            )
        )
    await crm.simulator.deliver(DANA, office.ann, subject="Tracked", text="x")

    await pull(crm, mailbox_id)

    assert (await subjects(crm), await decided(crm)) == (["Tracked"], [("D10", None)])
    assert len(await crm.rows("select 1 from thread_links where ended_at is null")) == 1


@pytest.mark.rule("D12")
@pytest.mark.rule("C1")
async def test_d12_what_is_sent_to_a_contact_syncs_and_so_does_the_answer(crm: Crm, office: Office) -> None:
    """Under SENT_TO_CONTACTS: Ann's own mail and Dana's answer, but not what Dana begins."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect(scope=SyncScope.SENT_TO_CONTACTS)
    await crm.simulator.deliver(office.ann, DANA, subject="Mine", text="x")
    [hers] = await crm.simulator.mailbox(DANA)
    await crm.simulator.reply_as(DANA, hers["id"], "answer")
    await crm.simulator.deliver(DANA, office.ann, subject="Hers", text="x")

    await pull(crm, mailbox_id)

    rows = await crm.rows("select direction from messages")
    assert sorted(one["direction"] for one in rows) == ["INBOUND", "OUTBOUND"]
    assert sorted(await decided(crm), key=str) == [("D12", None), ("D14", "NOT_A_CONTACT"), ("D9", None)]


@pytest.mark.rule("D14")
@pytest.mark.rule("L3")
async def test_d14_under_crm_threads_only_what_the_crm_began_syncs(crm: Crm, office: Office) -> None:
    """After the first send the mailbox is active: the answer syncs, a mail that Dana begins does not."""
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect(scope=SyncScope.CRM_THREADS)
    await crm.submit(mailbox_id, contact_id, DANA, "From the CRM")
    await crm.work()
    [hers] = await crm.simulator.mailbox(DANA)
    await crm.simulator.reply_as(DANA, hers["id"], "answer")
    await crm.simulator.deliver(DANA, office.ann, subject="Out of the blue", text="x")

    await pull(crm, mailbox_id)

    assert (await crm.mailbox(mailbox_id))["activated_at"] is not None
    assert sorted(await subjects(crm)) == ["From the CRM", "Re: From the CRM"]
    assert ("D14", "NOT_CRM_THREAD") in await decided(crm)


@pytest.mark.rule("C2")
@pytest.mark.rule("C5")
@pytest.mark.rule("C7")
async def test_c2_who_joins_a_conversation_does_not_take_it_over(crm: Crm, office: Office) -> None:
    """Noor, in copy, answers all: the thread stays Dana's, and nobody became a contact."""
    contact_id = await crm.add_contact("Dana", DANA)
    await crm.simulator.create_account(NOOR, "Noor Haddad")
    mailbox_id = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, cc=[NOOR], subject="The roof", text="one")
    [noors] = await crm.simulator.mailbox(NOOR)
    await crm.simulator.reply_as(NOOR, noors["id"], "two", reply_all=True)

    await pull(crm, mailbox_id)

    assert len(await crm.rows("select 1 from messages")) == 2
    assert (await crm.row("select contact_id from threads"))["contact_id"] == contact_id
    assert len(await crm.rows("select 1 from contacts")) == 1


@pytest.mark.rule("C3")
async def test_c3_where_nobody_in_to_is_a_contact_a_copy_decides(crm: Crm, office: Office) -> None:
    contact_id = await crm.add_contact("Dana", DANA)
    await crm.simulator.create_account(NOOR, "Noor Haddad")
    mailbox_id = await office.connect()
    await crm.simulator.deliver(office.ann, NOOR, cc=[DANA], subject="For both", text="x")

    await pull(crm, mailbox_id)

    assert (await crm.row("select contact_id from threads"))["contact_id"] == contact_id


@pytest.mark.rule("C4")
async def test_c4_of_two_contacts_with_one_address_the_first_created_has_the_mail(
    crm: Crm, office: Office
) -> None:
    first = await crm.add_contact("Dana", DANA)
    await crm.add_contact("Okafor Roofing", DANA)
    mailbox_id = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="Once", text="x")

    await pull(crm, mailbox_id)

    assert [one["contact_id"] for one in await crm.rows("select contact_id from threads")] == [first]
    assert await subjects(crm) == ["Once"]


@pytest.mark.rule("C6")
async def test_c6_a_forward_is_logged_as_sent_in_the_contacts_conversation(crm: Crm, office: Office) -> None:
    """Ann passes Dana's mail on to Noor, who is nobody's contact."""
    contact_id = await crm.add_contact("Dana", DANA)
    await crm.simulator.create_account(NOOR, "Noor Haddad")
    mailbox_id = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="The roof", text="one")
    [mail] = await crm.simulator.mailbox(office.ann)
    await crm.simulator.deliver(office.ann, NOOR, forward=mail["id"], text="what do you think?")

    await pull(crm, mailbox_id)

    rows = await crm.rows("select direction, thread_id from messages")
    assert sorted(one["direction"] for one in rows) == ["INBOUND", "OUTBOUND"]
    assert len({one["thread_id"] for one in rows}) == 1
    assert (await crm.row("select contact_id from threads"))["contact_id"] == contact_id


@pytest.mark.rule("L6")
async def test_l6_after_a_reconnect_an_old_thread_waits_for_the_crm(crm: Crm, office: Office) -> None:
    """A new connection: the answer to an old thread stays out until the CRM writes into it again."""
    contact_id = await crm.add_contact("Dana", DANA)
    old = await office.connect(scope=SyncScope.CRM_THREADS)
    await crm.submit(old, contact_id, DANA, "From the CRM")
    await crm.work()
    thread_id = (await crm.row("select id from threads"))["id"]
    await setting(crm, "update mailboxes set status = 'DISCONNECTED', ended_at = now()")
    await setting(crm, "update thread_links set ended_at = now()")
    new = await office.connect(scope=SyncScope.CRM_THREADS)
    [hers] = await crm.simulator.mailbox(DANA)
    await crm.simulator.reply_as(DANA, hers["id"], "too early")
    await pull(crm, new)
    waiting = await subjects(crm)

    await crm.submit(new, contact_id, DANA, "Re: From the CRM", thread_id=thread_id)
    await crm.work()
    again = (await crm.simulator.mailbox(DANA))[0]
    await crm.simulator.reply_as(DANA, again["id"], "now it syncs")
    await pull(crm, new)

    assert waiting == ["From the CRM"]
    assert len(await crm.rows("select 1 from messages where direction = 'INBOUND'")) == 1
    assert len(await crm.rows("select 1 from threads")) == 1
