"""A mailbox is connected by consent, and what only one provider's consent can answer.

The rows of a mailbox's life are walked through both providers in tests/jobs/test_lives_through_providers.py.
"""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from rules.happenings import PullMailbox
from rules.words import AuthorizationPurpose, Provider
from tests.jobs.conftest import ANN, MEI
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


async def test_a_declined_consent_says_so(crm: Crm) -> None:
    """The user said no: the mailbox fails with a sentence, and nothing is kept."""
    mailbox_id, url = await crm.begin()
    await crm.come_back(await crm.simulator.consent(url, ANN, deny=True))

    mailbox = await crm.mailbox(mailbox_id)

    assert mailbox["status"] == "FAILED"
    assert "not granted" in mailbox["status_reason"]


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
