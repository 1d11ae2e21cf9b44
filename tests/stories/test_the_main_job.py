"""A user connects Gmail, writes from the CRM, the customer answers, the user answers from Gmail: all live.

And at the end of it the user erases it all.
"""

from functools import partial
from pathlib import Path
from statistics import median
from time import monotonic
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis.asyncio import Redis

from app.embedded import EmbeddedValkey
from database.tables import metadata
from tests.stories.stack import ANN, DANA, Listener, Stack
from tests.waiting import wait_until


async def test_every_message_appears_live_once_in_one_thread(stack: Stack) -> None:
    """From the CRM, from the customer, from Gmail: three messages, one thread, each pushed once."""
    async with stack.listening() as heard:
        contact = (await stack.ask('{ contacts(search: "Dana") { edges { node { id } } } }'))["contacts"]
        sent = await stack.send(
            contactId=contact["edges"][0]["node"]["id"], subject="The roof", text="Here is our offer."
        )
        await wait_until(lambda: _delivered(stack, sent["id"]), description="the mail was sent")
        theirs = (await stack.simulator.mailbox(DANA))[0]
        await stack.simulator.reply_as(DANA, theirs["id"], "Sounds good!")
        await wait_until(lambda: len(heard.synced()) == 2, description="Dana's answer is live")
        inbox = await stack.simulator.mailbox(ANN, "INBOX")
        await stack.simulator.reply_as(ANN, inbox[0]["id"], "Monday then.")
        await wait_until(lambda: len(heard.synced()) == 3, description="Ann's answer from Gmail is live")

        assert heard.texts() == ["Here is our offer.", "Sounds good!", "Monday then."]
        assert [one["origin"] for one in heard.synced()] == ["CRM", "MAILBOX", "MAILBOX"]
        assert {one["thread"]["id"] for one in heard.synced()} == {sent["thread"]["id"]}
        assert len({one["id"] for one in heard.synced()}) == 3


async def _delivered(stack: Stack, message_id: str) -> bool:
    return await stack.delivery(message_id) == "SENT"


async def test_a_customers_mail_reaches_the_subscriber_within_a_second(stack: Stack) -> None:
    """The median of a dozen mails, from the provider's acceptance to the open socket."""
    waits: list[float] = []
    async with stack.listening() as heard:
        await wait_until(lambda: heard.events or True, description="the socket is open")
        for number in range(12):
            text = f"Question {number}"
            began = monotonic()
            await stack.simulator.deliver(DANA, ANN, subject=f"Q{number}", text=text)
            await wait_until(partial(_heard, heard, text), description=f"{text} is live")
            waits.append(monotonic() - began)

    assert median(waits) < 1.0, waits


def _heard(heard: Listener, text: str) -> bool:
    return text in heard.texts()


async def test_mail_whose_push_gmail_dropped_is_live_within_seconds(stack: Stack) -> None:
    """Gmail tells of a mailbox once a second, and drops the rest; nobody waits for the next poll."""
    await stack.simulator.set_dials(push_one_per_second=True)
    try:
        async with stack.listening() as heard:
            for number in range(4):
                await stack.simulator.deliver(DANA, ANN, subject="At once", text=f"At once {number}")
            await wait_until(lambda: len(heard.texts()) == 4, description="all four are live")
    finally:
        await stack.simulator.set_dials()
    assert sorted(heard.texts()) == [f"At once {number}" for number in range(4)]


async def test_reading_in_the_crm_is_reading_in_gmail(stack: Stack) -> None:
    """Marking the thread read takes the unread mark off in Gmail too."""
    async with stack.listening() as heard:
        await stack.simulator.deliver(DANA, ANN, subject="Unread", text="Please read me")
        await wait_until(lambda: "Please read me" in heard.texts(), description="the mail is live")
    thread = heard.synced()[-1]["thread"]["id"]
    await stack.ask("mutation($id: ID!) { markThread(id: $id, read: true) { __typename } }", id=thread)

    async def read_there() -> bool:
        mails = await stack.simulator.mailbox(ANN, "INBOX")
        return all("UNREAD" not in one["labels"] for one in mails if one["subject"] == "Unread")

    await wait_until(read_there, description="Gmail shows it as read")


async def test_a_client_that_slept_catches_up_without_a_gap(stack: Stack) -> None:
    """With the last id it saw it gets what it missed, then goes on live: nothing twice."""
    async with stack.listening() as heard:
        await stack.simulator.deliver(DANA, ANN, subject="Before", text="before the nap")
        await wait_until(lambda: "before the nap" in heard.texts(), description="it is live")
    last = heard.last_id
    await stack.simulator.deliver(DANA, ANN, subject="During", text="during the nap")

    async with stack.listening(after=last) as awake:
        await wait_until(lambda: "during the nap" in awake.texts(), description="it caught up")
        await stack.simulator.deliver(DANA, ANN, subject="After", text="after the nap")
        await wait_until(lambda: "after the nap" in awake.texts(), description="it is live again")

    assert awake.texts() == ["during the nap", "after the nap"]
    assert len({one["id"] for one in awake.events}) == len(awake.events)


WORD = "magpie"
ERASE = f'mutation ($id: ID!) {{ eraseMailbox(mailboxId: $id, address: "{ANN}") {{ __typename }} }}'


@pytest.mark.rule("R68")
@pytest.mark.timeout(90)
async def test_an_erased_mailbox_is_in_no_table_blob_key_or_log_and_open_inboxes_forget_it(
    stack: Stack, own_valkey: EmbeddedValkey
) -> None:
    """What its mail said in subject, text, file and name is nowhere; within seconds, and told live."""
    mailbox_id = (await stack.ask("{ mailboxes { id } }"))["mailboxes"][0]["id"]
    file = {"filename": f"{WORD}.txt", "content_type": "text/plain", "content_base64": "bWFncGll"}
    async with stack.listening() as heard:
        await stack.simulator.deliver(
            DANA, ANN, cc=[f"{WORD}@elsewhere.test"], subject=WORD, text=f"a {WORD}", attachments=[file]
        )
        await wait_until(lambda: f"a {WORD}" in heard.texts(), description="it is live")
        there = await everywhere(stack, own_valkey)
        assert there["table messages"].count(WORD) > 0 and there["blobs"].count(WORD) > 0
        told = len(heard.events)

        await stack.ask(ERASE, id=mailbox_id)

        kinds = {"Withdrawn", "MailboxChanged"}
        await wait_until(
            lambda: kinds <= {one["__typename"] for one in heard.events[told:]}, description="it is told live"
        )

    async def gone() -> bool:
        return mailbox_id not in (await everywhere(stack, own_valkey))["table mailboxes"]

    await wait_until(gone, description="its row is gone", seconds=30)
    left = {place for place, said in (await everywhere(stack, own_valkey)).items() if WORD in said.lower()}
    assert left == set()
    assert any(one["path"].endswith("/revoke") for one in await stack.simulator.journal())
    await stack.connect()


async def everywhere(stack: Stack, valkey: EmbeddedValkey) -> dict[str, str]:
    """All that the deployment keeps, by place."""
    line = await asyncpg.connect(stack.environment["DATABASE_OWNER_URL"])
    places = {
        f"table {name}": "\n".join(row[0] for row in await line.fetch(f"select t::text from {name} t"))
        for name in metadata.tables
    }
    await line.close()
    blobs = Path(urlsplit(stack.environment["BLOB_URL"]).path)
    places["blobs"] = _bytes_of(blobs)
    places["logs"] = _bytes_of(stack.logs)
    client: Redis = Redis.from_url(valkey.url())
    dumps = [key + (await client.dump(key) or b"") async for key in client.scan_iter()]
    await client.aclose()
    places["valkey"] = b"\n".join(dumps).decode("latin-1")
    return places


def _bytes_of(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(path.read_bytes().decode("latin-1") for path in files)
