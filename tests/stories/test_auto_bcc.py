"""Auto BCC, as a user meets it: mail from any program, real clients, processes that die (B1 to B7, R36)."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.simulator_process import ROOT
from tests.stories.postfix import Postfix, running_postfix
from tests.stories.stack import ANN, DANA, Stack
from tests.waiting import wait_until

# Each starts processes, one after the other, on a machine that other tests use too.
pytestmark = pytest.mark.timeout(120)

ADDRESS = "{ viewer { user { autoBccAddress } } }"
MESSAGES = """query ($of: String!) { contacts(search: $of, first: 2) { edges { node { emails createdBy
  threads(first: 5) { edges { node { messages(first: 10) { edges { node {
    id direction origin subject internetMessageId text bcc { address } } } } } } } } } } }"""


async def address_of(stack: Stack) -> str:
    return str((await stack.ask(ADDRESS))["viewer"]["user"]["autoBccAddress"])


async def messages(stack: Stack, contact: str) -> list[dict[str, Any]]:
    """Every message of the contacts with an address, oldest first."""
    found = (await stack.ask(MESSAGES, of=contact))["contacts"]["edges"]
    return [
        {**message["node"], "createdBy": one["node"]["createdBy"]}
        for one in found
        if contact in one["node"]["emails"]
        for thread in one["node"]["threads"]["edges"]
        for message in thread["node"]["messages"]["edges"]
    ]


@pytest.fixture
async def smtp(stack: Stack) -> AsyncIterator[asyncio.subprocess.Process]:
    """The SMTP process."""
    process = await stack.start("smtp")
    yield process
    if process in stack.processes:
        await stack.kill(process)


async def swaks(stack: Stack, to: str, *more: str) -> tuple[int, str]:
    """Send a mail with swaks; its exit status, and the conversation."""
    process = await asyncio.create_subprocess_exec(
        *("swaks", "--server", "127.0.0.1", "--port", stack.environment["SMTP_PORT"], "--timeout", "20"),
        *("--ehlo", "mail.example-co.test", "--from", ANN, "--to", to, *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(errors="replace")


def letter(message_id: str, to: str, subject: str = "Your roof") -> list[str]:
    return [
        *("--h-From", f'"Ann Berg" <{ANN}>', "--h-To", f'"Somebody New" <{to}>'),
        *("--h-Subject", subject, "--h-Message-Id", f"<{message_id}>", "--body", "Here is our offer."),
    ]


@pytest.mark.rule("B2")
@pytest.mark.rule("B3")
@pytest.mark.rule("B4")
@pytest.mark.rule("D10")
@pytest.mark.usefixtures("smtp")
async def test_from_bcc_to_the_answer_in_the_inbox(stack: Stack) -> None:
    """Ann writes from Gmail with her address in Bcc: Mia becomes a contact, and Mia's answer comes too."""
    mia = "mia@neumann.test"
    await stack.simulator.create_account(mia, "Mia Neumann")
    address = await address_of(stack)
    await stack.simulator.deliver(ANN, mia, subject="Your roof", text="Here is our offer.", bcc=[address])

    async def logged() -> list[dict[str, Any]]:
        return await messages(stack, mia)

    [sent] = await wait_until(logged, description="the mail is logged")
    assert (sent["direction"], sent["origin"], sent["createdBy"]) == ("OUTBOUND", "AUTO_BCC", "AUTO_BCC")
    assert sent["text"].strip() == "Here is our offer."
    assert sent["bcc"] == []

    [received] = await stack.simulator.mailbox(mia)
    await stack.simulator.reply_as(mia, received["id"], "Gladly.")

    async def answered() -> bool:
        return len(await messages(stack, mia)) == 2

    await wait_until(answered, description="the contact's answer syncs to the mailbox")
    _, answer = await messages(stack, mia)
    assert (answer["direction"], answer["origin"]) == ("INBOUND", "MAILBOX")


@pytest.mark.rule("D4")
async def test_the_mailbox_s_own_copy_is_the_same_message_in_both_orders(stack: Stack) -> None:
    address = await address_of(stack)

    async def of_dana(subject: str) -> list[dict[str, Any]]:
        return [one for one in await messages(stack, DANA) if one["subject"] == subject]

    # The mailbox first: nothing goes to the address, and then the same mail comes by SMTP.
    await stack.simulator.deliver(ANN, DANA, subject="Mailbox first", text="One.")
    [brought] = await wait_until(lambda: of_dana("Mailbox first"), description="the mailbox's copy is there")
    assert brought["origin"] == "MAILBOX"
    smtp = await stack.start("smtp")
    said = await swaks(stack, address, *letter(brought["internetMessageId"], DANA, "Mailbox first"))
    assert said[0] == 0 and "250 2.6.0" in said[1], said
    assert [one["id"] for one in await of_dana("Mailbox first")] == [brought["id"]]
    # Auto BCC first: the mailbox's copy joins the message, which a worker that was away shows.
    [worker] = [one for one in stack.processes if one is not smtp][1:2]
    await stack.kill(worker)
    await stack.simulator.deliver(ANN, DANA, subject="Address first", text="Two.", bcc=[address])
    [logged] = await wait_until(lambda: of_dana("Address first"), description="it is logged")
    assert logged["origin"] == "AUTO_BCC"
    before = await already(stack)
    await stack.start("worker")

    async def joined() -> bool:
        return await already(stack) > before

    await wait_until(joined, description="the mailbox's copy is known to be the same", seconds=20)
    assert [one["id"] for one in await of_dana("Address first")] == [logged["id"]]
    await stack.kill(smtp)


async def already(stack: Stack) -> int:
    skipped = (await stack.ask("{ mailboxes { skipped { reason count } } }"))["mailboxes"][0]["skipped"]
    return {one["reason"]: int(one["count"]) for one in skipped}.get("ALREADY_SYNCED", 0)


@pytest.mark.rule("B6")
@pytest.mark.usefixtures("smtp")
async def test_swaks_is_answered_while_it_waits(stack: Stack) -> None:
    address, kai = await address_of(stack), "kai@answered.test"

    status, said = await swaks(stack, address, *letter("one@example-co.test", kai))
    assert status == 0 and "250 2.6.0" in said, said
    for more, reply in (
        (("--h-From", "eve@attacker.test"), "550 5.7.1"),
        (("--h-To", f"Ann <{ANN}>"), "550 5.7.1"),
        (("--add-header", "From: ceo@example-co.test"), "550 5.6.0"),
        (("--h-From", "a@x)b@y"), "550 5.6.0"),
    ):
        status, said = await swaks(stack, address, *letter("other@example-co.test", kai), *more)
        assert status != 0 and reply in said, said
    status, said = await swaks(stack, f"{'0' * 32}@in.bothways.test", *letter("x@example-co.test", kai))
    assert status != 0 and "550 5.1.1" in said, said
    assert len(await messages(stack, kai)) == 1


@pytest.mark.rule("B1")
@pytest.mark.rule("B5")
@pytest.mark.usefixtures("smtp")
async def test_who_takes_part_answers_everybody_and_a_rotated_address_still_takes_it(stack: Stack) -> None:
    """Lou was in Cc and answers all, the address among them, after Ann has rotated it: received, there."""
    address, noa, lou = await address_of(stack), "noa@answers-all.test", "lou@answers-all.test"
    to_all = ("--header", f"Cc: {lou}, {address}")
    first = await swaks(stack, address, *letter("asked@example-co.test", noa), *to_all)
    assert first[0] == 0, first[1]
    rotated = await stack.ask(
        "mutation { rotateAutoBccAddress { __typename ... on User { autoBccAddress } } }"
    )
    assert rotated["rotateAutoBccAddress"]["__typename"] == "User", rotated
    assert await address_of(stack) != address

    answer = ("--add-header", "In-Reply-To: <asked@example-co.test>", "--h-From", lou, *to_all)
    status, said = await swaks(stack, address, *letter("answered@answers-all.test", noa), *answer)
    stranger = (
        "--add-header",
        "In-Reply-To: <asked@example-co.test>",
        "--h-From",
        "eve@attacker.test",
        *to_all,
    )
    refused, _ = await swaks(stack, address, *letter("eve@attacker.test", noa), *stranger)

    assert (status, "250 2.6.0" in said, refused != 0) == (0, True, True), said
    kept = [(one["direction"], one["origin"]) for one in await messages(stack, noa)]
    assert kept == [("OUTBOUND", "AUTO_BCC"), ("INBOUND", "AUTO_BCC")]


@pytest.mark.rule("B7")
@pytest.mark.rule("R36")
@pytest.mark.parametrize(
    ("point", "stored"),
    [("judged", 0), ("kept", 0), ("uncommitted", 0), ("committed", 1)],
)
async def test_250_means_stored_whenever_the_process_dies(stack: Stack, point: str, stored: int) -> None:
    """Killed at any point it has said no 250; what is sent again is one message, lost answer or not."""
    with (stack.logs / "killed.log").open("ab") as log:
        doomed = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.stories.killed_smtp", f"auto_bcc.{point}"),
            cwd=ROOT,
            env=os.environ | stack.environment,
            stdout=log,
            stderr=log,
        )
    await stack.answers(doomed, "smtp")
    address, one = await address_of(stack), f"lost-{point}@answers.test"

    status, said = await swaks(stack, address, *letter(f"died-{point}@example-co.test", one))

    if doomed.returncode is None and status == 0:
        doomed.kill()
    assert status != 0 and "250 2.6.0" not in said, said
    assert await doomed.wait() == -9
    assert len(await messages(stack, one)) == stored
    smtp = await stack.start("smtp")
    status, said = await swaks(stack, address, *letter(f"died-{point}@example-co.test", one))
    assert status == 0 and "250 2.6.0" in said, said
    assert len(await messages(stack, one)) == 1
    await stack.kill(smtp)


@pytest.mark.rule("B7")
@pytest.mark.usefixtures("smtp")
async def test_the_same_mail_at_once_is_one_message_of_one_contact(stack: Stack) -> None:
    address, lee = await address_of(stack), "lee@at-once.test"

    same = [swaks(stack, address, *letter("same@example-co.test", lee)) for _ in range(2)]
    others = [swaks(stack, address, *letter(f"other-{n}@example-co.test", lee)) for n in range(2)]
    for status, said in await asyncio.gather(*same, *others):
        assert status == 0, said

    everybody = (await stack.ask("{ contacts(first: 100) { edges { node { emails } } } }"))["contacts"]
    assert len(await messages(stack, lee)) == 3
    assert [one["node"]["emails"] for one in everybody["edges"]].count([lee]) == 1


@pytest.fixture
async def mail_server(stack: Stack) -> AsyncIterator[Postfix]:
    """Postfix with queues of its own, which relays everything to the SMTP process."""
    async with running_postfix(int(stack.environment["SMTP_PORT"])) as server:
        yield server


@pytest.mark.rule("B6")
@pytest.mark.rule("B7")
async def test_postfix_keeps_a_mail_until_it_is_stored(stack: Stack, mail_server: Postfix) -> None:
    """Nobody listens, then a process dies behind the commit, then one answers: the mail is there, once."""
    address, ivy = await address_of(stack), "ivy@kept.test"
    written = (
        f"From: Ann Berg <{ANN}>\nTo: Ivy <{ivy}>\nSubject: Kept\nMessage-ID: <kept@example-co.test>\n\n"
        ".\n..dots\nHello.\n"
    )
    await mail_server.send(ANN, address, written)
    await mail_server.says("status=deferred")
    doomed = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.stories.killed_smtp", "auto_bcc.committed"),
        cwd=ROOT,
        env=os.environ | stack.environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    await stack.answers(doomed, "smtp")
    await mail_server.flush()
    assert await doomed.wait() == -9
    smtp = await stack.start("smtp")
    await mail_server.flush_until("status=sent (250 2.6.0 Logged)")

    [message] = await messages(stack, ivy)
    assert message["text"].strip() == ".\n..dots\nHello."
    await mail_server.send("eve@attacker.test", address, f"From: eve@attacker.test\nTo: {ivy}\n\nMine.\n")
    await mail_server.says("550 5.7.1")
    assert len(await messages(stack, ivy)) == 1
    await stack.kill(smtp)
