"""Answers to the workspace sender's mail: into the conversation, live; reports onto the mail they are about.

No network is trusted here: who writes is proved by SPF, asked of a name server of the test's.
"""

from collections.abc import AsyncIterator
from email import message_from_bytes
from itertools import count
from typing import Any

import pytest

from rules.replies import UNPROVED
from tests.inbound.dns_world import Zone, name_server
from tests.inbound.signing import sealed, signing_key
from tests.stories.smtp_client import hand_in, letter
from tests.stories.stack import ANN, DANA, INBOUND_DOMAIN, Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

KAI, NOBODY = "kai@lindgren.test", "nobody@bounce.test"
_NUMBERS = count(1)

THREADS = """query ($of: String!) { contacts(search: $of, first: 2) { edges { node { emails
  threads(first: 4) { edges { node { id unreadCount messages(first: 4) { edges { node {
    id direction origin text warnings senderProved subject from { address } to { address } cc { address }
    delivery { state via bouncedAt bounce } } } } } } } } } } }"""


async def threads(stack: Stack, contact: str) -> list[dict[str, Any]]:
    """A contact's conversations, newest first, each with its messages, oldest first."""
    found = (await stack.ask(THREADS, of=contact))["contacts"]["edges"]
    return [
        {**one["node"], "messages": [each["node"] for each in one["node"]["messages"]["edges"]]}
        for contact_edge in found
        if contact in contact_edge["node"]["emails"]
        for one in contact_edge["node"]["threads"]["edges"]
    ]


async def bulk(stack: Stack, *contacts: str) -> str:
    """Send a mail to many by the workspace sender, and wait until it is done; its subject."""
    subject = f"News {next(_NUMBERS)}"
    said = await stack.ask(
        "mutation($input: SendBulkEmailInput!) { sendBulkEmail(input: $input) { __typename"
        " ... on BulkSend { id via } ... on UserError { message } } }",
        input={
            "idempotencyKey": subject,
            "contactIds": list(contacts),
            "subject": subject,
            "text": "Dear {{ first_name }}, we move.",
        },
    )
    made = said["sendBulkEmail"]
    assert made["__typename"] == "BulkSend" and made["via"] == "WORKSPACE_SENDER", made

    async def done() -> bool:
        asked = "query($id: ID!) { bulkSend(id: $id) { state } }"
        return bool((await stack.ask(asked, id=made["id"]))["bulkSend"]["state"] == "DONE")

    await wait_until(done, description="the bulk send is done", seconds=40)
    return subject


async def conversation(stack: Stack, contact: str, subject: str) -> dict[str, Any]:
    [found] = [one for one in await threads(stack, contact) if one["messages"][0]["subject"] == subject]
    return found


async def received(stack: Stack, address: str, subject: str) -> dict[str, Any]:
    """The mail as its recipient has it, whole, with its headers by lower-case name."""

    async def there() -> dict[str, Any] | None:
        found = [one for one in await stack.simulator.mailbox(address) if one["subject"] == subject]
        return found[0] if found else None

    copy = await wait_until(there, description=f"{subject} arrives")
    whole = await stack.simulator.message(address, copy["id"])
    return {**whole, "by_name": {name.lower(): value for name, value in whole["headers"]}}


def address_in(header: str) -> str:
    return header.rpartition("<")[2].strip(" >")


async def reply_address(stack: Stack, contact: str, subject: str) -> str:
    return address_in((await received(stack, contact, subject))["by_name"]["reply-to"])


@pytest.fixture(scope="module")
async def people(stack: Stack) -> dict[str, str]:
    """A workspace sender, and the ids of three contacts by their addresses."""
    await stack.set_sender(bouncesHere=True)
    await stack.simulator.create_account(KAI, "Kai Lindgren")
    ids = {KAI: await stack.contact("Kai Lindgren", KAI), NOBODY: await stack.contact("No Body", NOBODY)}
    found = await stack.ask(
        "query($of: String!) { contacts(search: $of) { edges { node { id } } } }", of=DANA
    )
    return ids | {DANA: found["contacts"]["edges"][0]["node"]["id"]}


@pytest.fixture(scope="module", autouse=True)
async def zone(stack: Stack, people: dict[str, str]) -> AsyncIterator[Zone]:
    """The SMTP process, and what DNS tells it: whose mail this machine may send."""
    async with name_server() as (zone, _):
        for domain in ("okafor-roofing.test", "lindgren.test", "home.test", "proved.test"):
            zone.txt(domain, "v=spf1 ip4:127.0.0.1 -all")
        zone.txt("_dmarc.strict.test", "v=DMARC1; p=reject")
        process = await stack.start(
            "smtp",
            SMTP_TRUSTED_NETWORKS="",
            SMTP_TRUSTED_FORWARDERS="forwarder.test",
            SMTP_DNS_SERVERS="127.0.0.1",
            SMTP_DNS_PORT=str(zone.port),
        )
        yield zone
        await stack.kill(process)


@pytest.mark.rule("S3")
@pytest.mark.rule("C2")
@pytest.mark.rule("B7")
async def test_one_answers_one_is_away_and_one_does_not_exist(stack: Stack, people: dict[str, str]) -> None:
    """Mail to three: the answer appears live, the automatic one labelled, the dead address on its mail."""
    await stack.simulator.set_dials(auto_replies={KAI: "I am away until Monday."})
    async with stack.listening() as heard:
        subject = await bulk(stack, *people.values())
        mail = await received(stack, DANA, subject)
        assert address_in(mail["by_name"]["from"]) == "hello@example-co.test"
        assert address_in(mail["by_name"]["reply-to"]).endswith(f"@{INBOUND_DOMAIN}")
        await stack.simulator.reply_as(DANA, mail["id"], "Gladly, when?")
        await wait_until(lambda: "Gladly, when?" in heard.texts(), description="the answer is told live")
    [sent, answer] = (await conversation(stack, DANA, subject))["messages"]
    assert (sent["direction"], sent["delivery"]["via"]) == ("OUTBOUND", "WORKSPACE_SENDER")
    assert (answer["direction"], answer["origin"], answer["senderProved"]) == (
        "INBOUND",
        "REPLY_ADDRESS",
        True,
    )
    assert answer["from"]["address"] == DANA
    assert INBOUND_DOMAIN not in str(answer), "the conversation's own address is shown to nobody"
    assert (await conversation(stack, DANA, subject))["unreadCount"] == 1

    async def away() -> list[dict[str, Any]]:
        return list((await conversation(stack, KAI, subject))["messages"][1:])

    [automatic] = await wait_until(away, description="the automatic answer is in the conversation")
    # Its envelope has no sender (RFC 3834 3.3), so that SPF proves nothing of Kai; a signature would.
    assert automatic["warnings"] == [UNPROVED, "This is an automatic reply."]
    assert (await conversation(stack, KAI, subject))["unreadCount"] == 0

    async def bounced() -> dict[str, Any] | None:
        [only] = (await conversation(stack, NOBODY, subject))["messages"]
        return only["delivery"] if only["delivery"]["bouncedAt"] else None

    told = await wait_until(bounced, description="the mail shows that it came back")
    assert told["bounce"] == "It could not be delivered: the address does not exist."
    await stack.simulator.set_dials()


@pytest.mark.rule("C2")
async def test_another_address_of_the_person_stays_in_the_conversation(
    stack: Stack, people: dict[str, str]
) -> None:
    home = "dana@home.test"
    await stack.simulator.create_account(home, "Dana at home")
    subject = await bulk(stack, people[DANA])
    address = await reply_address(stack, DANA, subject)

    await stack.simulator.deliver(home, address, subject=f"AW: {subject}", text="From my other mailbox.")

    async def two() -> list[dict[str, Any]]:
        return list((await conversation(stack, DANA, subject))["messages"][1:])

    [answer] = await wait_until(two, description="the answer is in Dana's conversation")
    assert (answer["from"]["address"], answer["direction"]) == (home, "INBOUND")
    assert await threads(stack, home) == [], "nobody becomes a contact by answering (C7)"


@pytest.mark.rule("D4")
async def test_the_mailbox_s_own_copy_is_the_same_message(stack: Stack, people: dict[str, str]) -> None:
    """Dana writes to the conversation's address and to Ann's mailbox: one message, whichever comes first."""
    subject = await bulk(stack, people[DANA])
    address = await reply_address(stack, DANA, subject)

    async def with_text(says: str) -> list[dict[str, Any]]:
        told = [each for one in await threads(stack, DANA) for each in one["messages"]]
        return [one for one in told if (one["text"] or "").strip() == says]

    first = {"message_id": "<first@dana>", "subject": f"Re: {subject}", "text": "Address first."}
    await stack.simulator.deliver(DANA, address, **first)
    [kept] = await wait_until(lambda: with_text("Address first."), description="it is in the conversation")
    before = await _already(stack)
    await stack.simulator.deliver(DANA, ANN, **first)

    async def joined() -> bool:
        return await _already(stack) > before

    await wait_until(joined, description="the mailbox's copy joins the message", seconds=30)
    assert [one["id"] for one in await with_text("Address first.")] == [kept["id"]]

    second = {"message_id": "<second@dana>", "subject": f"Re: {subject}", "text": "Mailbox first."}
    await stack.simulator.deliver(DANA, ANN, **second)
    [brought] = await wait_until(lambda: with_text("Mailbox first."), description="the mailbox brings it")
    code, _ = await hand_in(stack, address, letter(DANA, address, "second@dana", says="Mailbox first."))
    assert code == 250
    assert [one["id"] for one in await with_text("Mailbox first.")] == [brought["id"]]


async def _already(stack: Stack) -> int:
    skipped = (await stack.ask("{ mailboxes { skipped { reason count } } }"))["mailboxes"][0]["skipped"]
    return {one["reason"]: int(one["count"]) for one in skipped}.get("ALREADY_SYNCED", 0)


async def test_a_mail_to_the_unsubscribe_address_ends_mail_to_many(
    stack: Stack, people: dict[str, str]
) -> None:
    subject = await bulk(stack, people[KAI])
    mail = await received(stack, KAI, subject)
    mailto = mail["by_name"]["list-unsubscribe"].rpartition("<mailto:")[2].partition("?")[0]

    code, said = await hand_in(stack, mailto, letter(KAI, mailto, "unsubscribe@kai"))
    assert (code, said) == (250, "2.6.0 Done")
    again = await bulk(stack, people[KAI], people[DANA])

    await received(stack, DANA, again)
    assert [one for one in await threads(stack, KAI) if one["messages"][0]["subject"] == again] == []
    await stack.ask(
        "mutation($a: String!) { suppressAddress(address: $a, suppressed: false) { __typename } }",
        a=KAI,
    )


async def test_mail_that_goes_in_circles_ends(stack: Stack, people: dict[str, str]) -> None:
    """A conversation's own address as a contact's: our mail comes back to us, is refused, and shows it."""
    subject = await bulk(stack, people[DANA])
    address = await reply_address(stack, DANA, subject)
    circle = await bulk(stack, await stack.contact("Circle", address))

    async def bounced() -> bool:
        [only] = (await conversation(stack, address, circle))["messages"]
        return only["delivery"]["bouncedAt"] is not None

    await wait_until(bounced, description="the mail came back", seconds=30)
    hops = [f"Received: from a{n} by b{n}; Sat, 28 Nov 2026 10:00:00 +0000" for n in range(51)]
    code, said = await hand_in(stack, address, letter(DANA, address, "hops@dana", *hops))
    assert (code, said[:5]) == (554, "5.4.6")
    changed = address[:3] + ("b" if address[3] == "a" else "a") + address[4:]
    assert (await hand_in(stack, changed, b""))[0] == 550


@pytest.mark.rule("R37")
async def test_who_is_not_proved_is_marked_or_refused(stack: Stack, people: dict[str, str]) -> None:
    """What SPF proves is kept; what nothing proves is kept of those who take part, and marked."""
    small = "zoe@no-records.test"
    await stack.simulator.create_account(small, "Zoe")
    subject = await bulk(stack, await stack.contact("Zoe Small", small))
    address = await reply_address(stack, small, subject)
    for sender, code, reply in (
        ("other@proved.test", 250, "2.6.0"),
        (small, 250, "2.6.0"),
        ("stranger@unproved.test", 550, "5.7.26"),
        (ANN, 550, "5.7.26"),
        ("ceo@strict.test", 550, "5.7.26"),
    ):
        raw = letter(sender, address, f"proof-{sender}", says=f"By {sender}.")
        said = await hand_in(stack, address, raw, sender)
        assert (said[0], said[1].split()[0]) == (code, reply), (sender, said)
    twice = letter(small, address, "proof-twice", f"From: {ANN}")
    assert (await hand_in(stack, address, twice))[0] == 550

    _, proved, claimed = (await conversation(stack, small, subject))["messages"]
    assert (proved["from"]["address"], proved["senderProved"], proved["warnings"]) == (
        "other@proved.test",
        True,
        [],
    )
    assert (claimed["from"]["address"], claimed["senderProved"]) == (small, False)
    assert claimed["warnings"] == [UNPROVED]


@pytest.mark.rule("R37")
async def test_a_trusted_forwarder_s_seal_proves_who_wrote(
    stack: Stack, people: dict[str, str], zone: Zone
) -> None:
    """Forwarding breaks SPF and the signature; what a trusted forwarder sealed of them is believed."""
    private, record = signing_key()
    for sealer in ("forwarder.test", "stranger.test"):
        zone.txt(f"a1._domainkey.{sealer}", record)
    zone.txt("_dmarc.far.test", "v=DMARC1; p=reject")
    subject = await bulk(stack, people[DANA])
    address = await reply_address(stack, DANA, subject)
    raw = letter("zoe@far.test", address, "sealed@far.test", says="From far away.")
    trusted = sealed(raw, "far.test", "forwarder.test", private)

    for forwarded, code in (
        (raw, 550),
        (sealed(raw, "far.test", "stranger.test", private), 550),
        (trusted.replace(b"From far away", b"From nearby.."), 550),
        (trusted.replace(b"zoe@far.test", b"ceo@far.test"), 550),
        (trusted, 250),
    ):
        said = await hand_in(stack, address, forwarded, "bounces@forwarder.test")
        assert said[0] == code, said

    _, answer = (await conversation(stack, DANA, subject))["messages"]
    assert (answer["from"]["address"], answer["senderProved"]) == ("zoe@far.test", True)
    assert answer["text"].strip() == "From far away."


async def test_the_raw_mail_is_kept_as_it_came(stack: Stack, people: dict[str, str]) -> None:
    """What the reader of the blob store finds is the very mail, for an export or a second look."""
    subject = await bulk(stack, people[DANA])
    address = await reply_address(stack, DANA, subject)
    raw = letter(DANA, address, "raw@dana", "X-Odd: yes", says=".\r\n..dots")
    assert (await hand_in(stack, address, raw))[0] == 250

    blobs = [path.read_bytes() for path in (stack.logs / "blobs").rglob("*") if path.is_file()]
    [kept] = [one for one in blobs if b"raw@dana" in one]
    assert message_from_bytes(kept)["X-Odd"] == "yes"
    assert kept == raw
