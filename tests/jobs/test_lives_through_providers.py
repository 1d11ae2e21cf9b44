"""Every row of a mailbox's life, through both providers: consent in, status, push, tokens and mail out.

Each story is walked with a Gmail and with an Outlook, as tests/jobs/test_rules_through_providers.py walks the
rows of the decision; L6's thread that waits for the CRM is there too.
"""

from dataclasses import replace
from typing import Any

import pytest

from jobs.sweep import ask_for_due_mailboxes, tidy
from rules.words import AuthorizationPurpose, MailboxId, MailboxStatus, Provider
from tests.conftest import WorkspaceForTests
from tests.jobs.conftest import DANA
from tests.jobs.crm import Crm, clock
from tests.jobs.office import BEN, KINDS, Office, pull, setting, subjects
from tests.resolvers.test_connecting import DISCONNECT, SYNC
from tests.resolvers.test_sending import send

WATCHES = {
    Provider.GMAIL: ("gmail.users.watch", "gmail.users.watch"),
    Provider.OUTLOOK: ("graph.subscriptions.create", "graph.subscriptions.update"),
}
"""The calls that register a push and that renew it."""


async def disconnect(office: Office, mailbox_id: MailboxId) -> dict[str, Any]:
    """Disconnect as the API does, and let the worker do what follows."""
    contact_id = (await office.crm.row("select id from contacts"))["id"]
    answer = await office.api(mailbox_id, contact_id).data(DISCONNECT, {"id": str(mailbox_id)})
    await office.crm.work()
    ended: dict[str, Any] = answer["disconnectMailbox"]
    return ended


@pytest.mark.rule("L1")
async def test_l1_a_permission_that_was_not_granted_fails_the_connection_and_is_named(
    crm: Crm, office: Office
) -> None:
    mailbox_id, url = await office.begin()

    await office.answer_without_mail(url)

    mailbox = await crm.mailbox(mailbox_id)
    assert mailbox["status"] == "FAILED"
    assert len(mailbox["missing_permissions"]) == 1
    assert mailbox["missing_permissions"][0] in mailbox["status_reason"]
    assert mailbox["tokens_sealed"] is None


@pytest.mark.rule("L1")
async def test_l1_sync_begins_at_the_moment_of_connecting(crm: Crm, office: Office) -> None:
    await crm.add_contact("Dana", DANA)
    await crm.simulator.deliver(DANA, office.ann, subject="Before", text="x")
    mailbox_id = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="After", text="x")

    await pull(crm, mailbox_id)

    assert await subjects(crm) == ["After"]


@pytest.mark.rule("L2")
async def test_l2_push_is_registered_at_connecting_and_renewed_in_time(pushed: Office) -> None:
    """The provider has it, and has it for longer after the sweeper came by at half its life."""
    crm = pushed.crm
    mailbox_id = await pushed.connect()
    mailbox = await crm.mailbox(mailbox_id)
    registered = await pushed.pushes()
    register, renew = WATCHES[pushed.provider]
    calls = len(await crm.simulator.journal(account=pushed.ann, method=renew))

    await setting(
        crm,
        "update mailboxes set next_check_at = now() + interval '5 min', push_renew_at = now(), "
        "push_expires_at = push_expires_at - interval '3 days'",
    )
    await ask_for_due_mailboxes(crm.context)
    await crm.work()

    assert registered
    assert (mailbox["status"], mailbox["address"]) == ("CONNECTED", pushed.ann)
    assert clock() < mailbox["push_renew_at"] < mailbox["push_expires_at"]
    after = await crm.mailbox(mailbox_id)
    assert after["push_expires_at"] >= mailbox["push_expires_at"]
    assert after["push_remote_id"] == mailbox["push_remote_id"]
    assert len(await crm.simulator.journal(account=pushed.ann, method=renew)) == calls + 1
    assert await crm.simulator.journal(account=pushed.ann, method=register)


@pytest.mark.rule("L2")
async def test_l2_a_push_that_is_lost_costs_no_mail(pushed: Office) -> None:
    """Nobody rings when the mail comes: the sweeper finds the mailbox due, and asks."""
    crm = pushed.crm
    await crm.add_contact("Dana", DANA)
    await pushed.connect()
    await crm.simulator.deliver(DANA, pushed.ann, subject="Polled", text="x")
    await crm.work()
    before = await subjects(crm)

    await setting(crm, "update mailboxes set next_check_at = now() - interval '1 second'")
    await ask_for_due_mailboxes(crm.context)
    await crm.work()

    assert (before, await subjects(crm)) == ([], ["Polled"])


@pytest.mark.rule("L3")
async def test_l3_the_first_mail_from_the_crm_activates_the_connection(crm: Crm, office: Office) -> None:
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    before = (await crm.mailbox(mailbox_id))["activated_at"]

    await crm.submit(mailbox_id, contact_id, DANA)
    await crm.work()
    first = (await crm.mailbox(mailbox_id))["activated_at"]
    await crm.submit(mailbox_id, contact_id, DANA)
    await crm.work()

    assert before is None
    assert first is not None
    assert (await crm.mailbox(mailbox_id))["activated_at"] == first


@pytest.mark.rule("L4")
async def test_l4_the_old_mailbox_goes_on_until_the_new_one_is_authorised_and_is_replaced_then(
    crm: Crm, office: Office
) -> None:
    """An old thread that the CRM answers after the switch leaves from the new address, and syncs with it."""
    contact_id = await crm.add_contact("Dana", DANA)
    await crm.simulator.create_account(BEN, "Ben Holm", KINDS[office.provider])
    old = await office.connect()
    new, url = await office.begin(purpose=AuthorizationPurpose.UPDATE, replaces_id=old)
    await crm.simulator.deliver(DANA, office.ann, subject="Meanwhile", text="x")
    await pull(crm, old)
    meanwhile = (await office.status(old), await subjects(crm))

    await office.answer(url, BEN)
    await crm.simulator.deliver(DANA, office.ann, subject="To the old one", text="x")
    await pull(crm, old)
    thread_id = (await crm.row("select id from threads"))["id"]
    links = await crm.rows("select 1 from thread_links where ended_at is null")
    answer = await send(office.api(new, contact_id), threadId=str(thread_id), text="From here on")
    await crm.work()
    theirs = (await crm.simulator.mailbox(DANA))[0]
    await crm.simulator.reply_as(DANA, theirs["id"], "understood")
    await pull(crm, new)

    assert meanwhile == (MailboxStatus.CONNECTED, ["Meanwhile"])
    assert (await office.status(old), (await crm.mailbox(old))["tokens_sealed"]) == ("REPLACED", None)
    assert (await office.status(new), (await crm.mailbox(new))["address"]) == ("CONNECTED", BEN)
    assert links == []
    assert answer["__typename"] == "Message", answer
    assert [one["sender"] for one in await crm.simulator.deliveries(recipient=DANA)] == [BEN]
    stored = await crm.rows("select thread_id from messages")
    assert [one["thread_id"] for one in stored] == [thread_id] * 3
    [link] = await crm.rows("select mailbox_id from thread_links where ended_at is null")
    assert link["mailbox_id"] == new


@pytest.mark.rule("L4")
@pytest.mark.parametrize("how", ["declined", "never finished"])
async def test_l4_an_update_that_comes_to_nothing_leaves_the_old_mailbox_as_it_was(
    crm: Crm, office: Office, how: str
) -> None:
    await crm.add_contact("Dana", DANA)
    old = await office.connect()
    new, url = await office.begin(purpose=AuthorizationPurpose.UPDATE, replaces_id=old)

    if how == "declined":
        await office.answer(url, deny=True)
    else:
        await setting(crm, "update authorizations set expires_at = now() - interval '6 minutes'")
        await tidy(crm.context, crm.workspace_id)
    await crm.simulator.deliver(DANA, office.ann, subject="Still here", text="x")
    await pull(crm, old)

    assert (await office.status(new), await office.status(old)) == ("FAILED", "CONNECTED")
    assert await subjects(crm) == ["Still here"]


@pytest.mark.rule("L5")
async def test_l5_a_disconnect_ends_push_tokens_links_and_jobs_and_keeps_what_was_synced(
    pushed: Office,
) -> None:
    crm = pushed.crm
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await pushed.connect()
    await crm.simulator.deliver(DANA, pushed.ann, subject="Synced", text="x")
    await pull(crm, mailbox_id)
    submission_id = await crm.submit(mailbox_id, contact_id, DANA, "Waiting")
    await crm.simulator.deliver(DANA, pushed.ann, subject="Too late", text="x")
    await pushed.api(mailbox_id, contact_id).data(SYNC, {"id": str(mailbox_id)})
    watched = await pushed.pushes()

    ended = await disconnect(pushed, mailbox_id)

    mailbox = await crm.mailbox(mailbox_id)
    assert (ended["__typename"], ended["linksEnded"], ended["sendsRefused"]) == ("Disconnected", 1, 1)
    assert (watched, await pushed.pushes()) == (True, False)
    assert (mailbox["status"], mailbox["tokens_sealed"], mailbox["cursor"]) == ("DISCONNECTED", None, None)
    assert await crm.rows("select 1 from thread_links where ended_at is null") == []
    assert await crm.rows("select 1 from commands") == []
    assert sorted(await subjects(crm)) == ["Synced", "Waiting"]
    assert (await crm.submission(submission_id))["state"] == "REFUSED"
    assert await crm.simulator.deliveries(recipient=DANA) == []
    revoked = [one["status"] for one in await crm.simulator.journal() if one["path"].endswith("/revoke")]
    assert revoked == ([200] if pushed.provider is Provider.GMAIL else []), (
        "Microsoft has no request that ends one app's grant"
    )


@pytest.mark.rule("L6")
async def test_l6_a_reconnect_is_a_new_connection_that_begins_at_now(crm: Crm, office: Office) -> None:
    await crm.add_contact("Dana", DANA)
    old = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="One", text="x")
    await pull(crm, old)
    await disconnect(office, old)
    await crm.simulator.deliver(DANA, office.ann, subject="While disconnected", text="x")

    new = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="Two", text="x")
    await pull(crm, new)

    assert new != old
    assert (await office.status(old), await office.status(new)) == ("DISCONNECTED", "CONNECTED")
    assert await subjects(crm) == ["One", "Two"]
    links = await crm.rows("select mailbox_id from thread_links where ended_at is null")
    assert [one["mailbox_id"] for one in links] == [new]


@pytest.mark.rule("L7")
@pytest.mark.parametrize("how", ["password", "consent"])
async def test_l7_lost_access_asks_the_user_and_afterwards_nothing_is_missing(
    crm: Crm, office: Office, how: str
) -> None:
    """Whether the password changed or the consent was withdrawn: what came meanwhile syncs, once."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await office.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="Before", text="x")
    await pull(crm, mailbox_id)
    await (office.change_password() if how == "password" else office.withdraw())
    await crm.simulator.deliver(DANA, office.ann, subject="While you were out", text="x")
    await pull(crm, mailbox_id)
    waiting = await crm.mailbox(mailbox_id)

    new_one = how == "password" and office.provider is Provider.GMAIL
    await office.authenticate_again(mailbox_id, **({"password": "another one"} if new_one else {}))
    await pull(crm, mailbox_id)

    assert waiting["status"] == "REAUTHENTICATE"
    assert "onnect again" in waiting["status_reason"]
    assert await office.status(mailbox_id) == "CONNECTED"
    assert await subjects(crm) == ["Before", "While you were out"]
    assert (await crm.events()).count("MessageSynced") == 2


@pytest.mark.rule("L8")
async def test_l8_another_address_is_no_re_authentication(crm: Crm, office: Office) -> None:
    """Refused, and the mailbox goes on waiting for its own user, who may still come."""
    await crm.simulator.create_account(BEN, "Ben Holm", KINDS[office.provider])
    mailbox_id = await office.connect()
    await office.withdraw()
    await pull(crm, mailbox_id)
    before = await crm.mailbox(mailbox_id)

    await office.authenticate_again(mailbox_id, BEN)
    after = await crm.mailbox(mailbox_id)
    await office.authenticate_again(mailbox_id)

    assert before["status"] == after["status"] == "REAUTHENTICATE"
    assert (after["address"], after["tokens_sealed"]) == (office.ann, before["tokens_sealed"])
    refused = await crm.rows("select error from authorizations where error is not null")
    assert len(refused) == 1
    assert await office.status(mailbox_id) == "CONNECTED"


@pytest.mark.rule("L9")
async def test_l9_a_mailbox_has_one_owner_in_a_workspace(crm: Crm, office: Office) -> None:
    """A colleague who signs in with Ann's mailbox is refused with the reason, and hers goes on."""
    await crm.add_contact("Dana", DANA)
    anns = await office.connect()

    bens = await office.connect(user_id=await office.colleague())
    await crm.simulator.deliver(DANA, office.ann, subject="Hers", text="x")
    await pull(crm, anns)

    assert (await office.status(bens), await office.status(anns)) == ("FAILED", "CONNECTED")
    assert "one owner" in (await crm.mailbox(bens))["status_reason"]
    assert (await crm.mailbox(bens))["tokens_sealed"] is None
    assert await subjects(crm) == ["Hers"]


@pytest.mark.rule("L9")
async def test_l9_two_workspaces_have_the_same_mailbox_each_for_itself(
    crm: Crm, office: Office, other_workspace: WorkspaceForTests
) -> None:
    """Each takes in what it may; one that disconnects takes neither access nor mail from the other."""
    there = replace(crm, workspace_id=other_workspace.id, user_id=other_workspace.user_id)
    theirs = replace(office, crm=there)
    for one in (crm, there):
        await one.add_contact("Dana", DANA)
    here_id, there_id = await office.connect(), await theirs.connect()
    await crm.simulator.deliver(DANA, office.ann, subject="One", text="x")
    await pull(crm, here_id)
    before = (await subjects(crm), await subjects(there))
    await pull(there, there_id)

    await disconnect(office, here_id)
    await crm.simulator.deliver(DANA, office.ann, subject="Two", text="x")
    await pull(there, there_id)

    assert before == (["One"], [])
    assert (await office.status(here_id), await theirs.status(there_id)) == ("DISCONNECTED", "CONNECTED")
    assert (await subjects(crm), await subjects(there)) == (["One"], ["One", "Two"])
