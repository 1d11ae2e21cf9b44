"""What is stored of mail for an Auto BCC address, in a real database: answers, no id, refusals."""

from typing import Any

import pytest

from jobs.auto_bcc import Arrival, log
from rules.auto_bcc import RefusalReason, Refused
from rules.envelope import Correspondent
from rules.words import EmailAddress
from tests.jobs.crm import Crm

ADA = "ada@okafor.example"
ADDRESS = EmailAddress(f"{'a' * 32}@in.bothways.test")


async def arrive(crm: Crm, sender: str, *fields: str) -> Refused | None:
    """Let a mail arrive whose sender is believed."""
    raw = crm.context.scratch / "arrived.eml"
    raw.write_bytes("\r\n".join([f"From: {sender}", *fields, "", "Hello.", ""]).encode())
    arrival = Arrival(
        crm.workspace_id,
        crm.user_id,
        ADDRESS,
        Correspondent(EmailAddress(sender)),
        raw,
        crm.context.now(),
    )
    return await log(crm.context, arrival)


async def stored(crm: Crm) -> list[dict[str, Any]]:
    return await crm.rows("select * from messages order by synced_at, id")


@pytest.mark.rule("B5")
async def test_a_participant_s_answer_to_everybody_goes_into_the_conversation(crm: Crm) -> None:
    first = ("To: dana@okafor.test", f"Cc: eli@levi.test, {ADDRESS}", "Message-ID: <first@x>")
    assert await arrive(crm, ADA, *first) is None
    answer = ("To: dana@okafor.test", f"Cc: {ADDRESS}", "In-Reply-To: <first@x>", "Message-ID: <second@x>")

    assert await arrive(crm, "eli@levi.test", *answer) is None
    assert await arrive(crm, "eve@attacker.test", *answer) == Refused(RefusalReason.UNKNOWN_SENDER)

    sent, received = await stored(crm)
    assert (sent["direction"], received["direction"]) == ("OUTBOUND", "INBOUND")
    assert received["thread_id"] == sent["thread_id"]
    assert [one["origin"] for one in (sent, received)] == ["AUTO_BCC", "AUTO_BCC"]
    assert str(ADDRESS) not in f"{sent['cc_recipients']}{received['cc_recipients']}"
    assert len(await crm.rows("select id from tracked_contacts")) == 1
    assert await crm.events() == ["MessageSynced", "MessageSynced"]


@pytest.mark.rule("B7")
async def test_a_mail_without_an_id_is_known_by_its_bytes(crm: Crm) -> None:
    assert await arrive(crm, ADA, "To: dana@okafor.test") is None
    assert await arrive(crm, ADA, "To: dana@okafor.test") is None
    assert await arrive(crm, ADA, "To: dana@okafor.test", "Subject: another") is None

    assert len(await stored(crm)) == 2
    assert len(await crm.rows("select id from contacts")) == 1


@pytest.mark.rule("R37")
async def test_what_is_refused_is_counted_and_not_kept(crm: Crm) -> None:
    for _ in range(3):
        assert await arrive(crm, "eve@attacker.test", "To: dana@okafor.test") is not None

    [counted] = await crm.rows("select * from quarantine")
    assert (counted["reason"], counted["count"]) == ("UNKNOWN_SENDER", 3)
    assert await stored(crm) == []
