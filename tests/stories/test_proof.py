"""A mailbox proves itself complete, live, on a running deployment."""

from typing import Any

import pytest

from tests.stories.stack import ANN, DANA, Stack
from tests.waiting import wait_until

HEALTH = """query ($id: ID!) { mailbox(id: $id) { status skipped { reason count }
  health { lastStoredAt pending setAside latencyP95Ms verified { expected present }
    gaps { repairedAt } } } }"""
SYNC = "mutation ($id: ID!) { syncNow(mailboxId: $id) { __typename } }"
WHY = """query ($id: ID!, $message: String!) {
  whyNotSynced(mailboxId: $id, internetMessageId: $message) { rule reason explanation } }"""
STRANGER = "stranger@elsewhere.test"


@pytest.mark.timeout(90)
async def test_every_mail_is_accounted_for_and_the_proof_is_live(stack: Stack) -> None:
    """A contact's mail synced, a stranger's skipped with a reason: n of n, told to whoever watches."""
    mailbox_id = (await stack.ask("{ mailboxes { id } }"))["mailboxes"][0]["id"]
    await stack.simulator.create_account(STRANGER)
    async with stack.listening() as heard:
        await stack.simulator.deliver(STRANGER, ANN, subject="Private", text="none of your business")
        await stack.simulator.deliver(DANA, ANN, subject="Roof", text="a contact writes")
        await wait_until(lambda: "a contact writes" in heard.texts(), description="it is live")
        told = len(heard.events)
        await stack.ask(SYNC, id=mailbox_id)

        async def proved() -> dict[str, Any] | None:
            found = (await stack.ask(HEALTH, id=mailbox_id))["mailbox"]
            verified = found["health"]["verified"]
            whole = verified and verified["expected"] == verified["present"] > 0
            return dict(found) if whole else None

        mailbox = await wait_until(proved, description="the mailbox is proved complete", seconds=60)
        await wait_until(
            lambda: any(one["__typename"] == "MailboxChanged" for one in heard.events[told:]),
            description="the proof is told live",
        )

    assert mailbox is not None
    health = mailbox["health"]
    assert (health["pending"], health["setAside"], health["gaps"]) == (0, 0, [])
    assert health["lastStoredAt"] is not None
    assert health["latencyP95Ms"] < 60_000
    assert {"reason": "NOT_A_CONTACT", "count": 1} in mailbox["skipped"]
    private = next(one for one in await stack.simulator.mailbox(ANN) if one["subject"] == "Private")
    why = await stack.ask(WHY, id=mailbox_id, message=private["internet_message_id"])
    assert why["whyNotSynced"]["rule"] == "D14"
