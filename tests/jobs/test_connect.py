"""A mailbox is connected by consent, waits for its user when access ends, and is given back at its end."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from providers.gmail.consent import SCOPES
from rules.happenings import PullMailbox, ReleaseMailbox
from rules.words import AuthorizationPurpose, Provider
from tests.jobs.conftest import ANN, DANA, MEI
from tests.jobs.crm import Crm

BEN = "ben@example-co.test"


@pytest.mark.rule("L2")
async def test_a_consent_connects_the_mailbox_from_now_on(crm: Crm) -> None:
    """Connected: the address as Gmail says it, tokens sealed, the cursor at "now"."""
    mailbox = await crm.mailbox(await crm.connect(ANN))

    assert (mailbox["status"], mailbox["address"]) == ("CONNECTED", ANN)
    assert mailbox["cursor"]
    assert mailbox["connected_at"]
    assert b"ya29" not in mailbox["tokens_sealed"]
    assert await crm.events() == ["MailboxChanged"]


@pytest.mark.rule("L1")
async def test_an_unticked_permission_fails_the_connection_and_is_named(crm: Crm) -> None:
    """Without the permission to read mail nothing is connected, and the user is told which one is missing."""
    mailbox = await crm.mailbox(await crm.connect(ANN, scopes=[one for one in SCOPES if "gmail" not in one]))

    assert mailbox["status"] == "FAILED"
    assert len(mailbox["missing_permissions"]) == 1
    assert mailbox["missing_permissions"][0] in mailbox["status_reason"]
    assert mailbox["tokens_sealed"] is None


async def test_a_declined_consent_says_so(crm: Crm) -> None:
    """The user said no: the mailbox fails with a sentence, and nothing is kept."""
    mailbox_id, url = await crm.begin()
    await crm.come_back(await crm.simulator.consent(url, ANN, deny=True))

    mailbox = await crm.mailbox(mailbox_id)

    assert mailbox["status"] == "FAILED"
    assert "not granted" in mailbox["status_reason"]


@pytest.mark.rule("L7")
async def test_a_changed_password_makes_the_mailbox_wait_and_nothing_is_lost(crm: Crm) -> None:
    """After the consent is given again, sync goes on from the old cursor: mail that came meanwhile syncs."""
    mailbox_id = await crm.connect(ANN)
    await crm.add_contact("Dana", DANA)
    await crm.simulator.change_password(ANN, "new password")
    await crm.simulator.deliver(DANA, ANN, subject="While you were out", text="Hello?")
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()
    waiting = await crm.mailbox(mailbox_id)

    _, url = await crm.begin(purpose=AuthorizationPurpose.REAUTHENTICATE, mailbox_id=mailbox_id)
    await crm.come_back(await crm.simulator.consent(url, ANN, password="new password"))

    assert waiting["status"] == "REAUTHENTICATE"
    assert "Connect again" in waiting["status_reason"]
    assert (await crm.mailbox(mailbox_id))["status"] == "CONNECTED"
    assert [row["subject"] for row in await crm.rows("select subject from messages")] == [
        "While you were out"
    ]


@pytest.mark.rule("L7")
async def test_what_microsofts_policy_asks_for_is_asked_at_the_next_sign_in(crm: Crm) -> None:
    """Conditional access: Graph challenges the token, and only a sign-in that carries the claims meets it."""
    mailbox_id = await crm.connect(MEI, provider=Provider.OUTLOOK)
    await crm.simulator.step_up(MEI)
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()
    waiting = await crm.mailbox(mailbox_id)

    again = AuthorizationPurpose.REAUTHENTICATE
    _, url = await crm.begin(provider=Provider.OUTLOOK, purpose=again, mailbox_id=mailbox_id)
    await crm.come_back(await crm.simulator.microsoft_consent(url, MEI), Provider.OUTLOOK)
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()

    assert waiting["status"] == "REAUTHENTICATE"
    assert parse_qs(urlsplit(url).query)["claims"] == [waiting["claims_challenge"]]
    assert "capolids" in json.loads(waiting["claims_challenge"])["access_token"]
    connected = await crm.mailbox(mailbox_id)
    assert (connected["status"], connected["claims_challenge"]) == ("CONNECTED", None)


@pytest.mark.rule("L8")
@pytest.mark.rule("R10")
async def test_another_account_cannot_take_a_mailboxs_place_by_re_authentication(crm: Crm) -> None:
    """Signing in as somebody else is refused; the old connection stays as it was."""
    await crm.simulator.create_account(BEN, "Ben Holm", "google")
    mailbox_id = await crm.connect(ANN)
    before = await crm.mailbox(mailbox_id)

    _, url = await crm.begin(purpose=AuthorizationPurpose.REAUTHENTICATE, mailbox_id=mailbox_id)
    await crm.come_back(await crm.simulator.consent(url, BEN))

    after = await crm.mailbox(mailbox_id)
    assert (after["status"], after["address"], after["tokens_sealed"]) == (
        "CONNECTED",
        ANN,
        before["tokens_sealed"],
    )


@pytest.mark.rule("L9")
async def test_a_mailbox_has_one_owner_in_a_workspace(crm: Crm) -> None:
    """A second user who signs in with a connected mailbox is refused, with the reason."""
    await crm.connect(ANN)
    colleague = await crm.add_user("Ben", "ben@okafor.example")

    mailbox = await crm.mailbox(await crm.connect(ANN, user_id=colleague))

    assert mailbox["status"] == "FAILED"
    assert "one owner" in mailbox["status_reason"]


@pytest.mark.rule("L4")
async def test_an_update_moves_to_another_mailbox_at_the_switch(crm: Crm) -> None:
    """The old connection is replaced and released, the new one goes on."""
    await crm.simulator.create_account(BEN, "Ben Holm", "google")
    old = await crm.connect(ANN)

    new = await crm.connect(BEN, purpose=AuthorizationPurpose.UPDATE, replaces_id=old)

    assert (await crm.mailbox(old))["status"] == "REPLACED"
    assert (await crm.mailbox(old))["tokens_sealed"] is None
    assert (await crm.mailbox(new))["address"] == BEN


@pytest.mark.rule("L5")
async def test_a_release_revokes_at_the_provider_and_erases_here(crm: Crm) -> None:
    """After a disconnect the grant is dead at Google too, not only forgotten here."""
    mailbox_id = await crm.connect(ANN)
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(
            text("update mailboxes set status = 'DISCONNECTED', ended_at = now() where id = :id"),
            {"id": mailbox_id},
        )
        work.ask(ReleaseMailbox(mailbox_id))
    await crm.work()

    assert (await crm.mailbox(mailbox_id))["tokens_sealed"] is None
    revocations = [one for one in await crm.simulator.journal() if one["path"].endswith("/revoke")]
    assert [one["status"] for one in revocations] == [200]
