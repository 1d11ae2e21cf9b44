"""Outlook as its users meet it: consent, large files, rules that move mail, losses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.embedded import EmbeddedValkey
from tests.services import PostgresForTests
from tests.stories.founding import Person, found
from tests.stories.stack import DANA, MEI, Stack, running_stack
from tests.waiting import wait_until

FILE = bytes(range(256)) * (20 * 4096)
"""20 MB."""
PAGES = "query($id: ID!) { thread(id: $id) { messages { edges { node { id text } } } } }"


pytestmark = pytest.mark.timeout(150)
"""The first story starts the deployment, and a throttled mailbox waits as long as it is told to."""
NUMBERS = count(1)


@pytest.fixture(scope="module")
async def deployment(
    postgres: PostgresForTests, own_valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """API and worker run; Mei is an admin with a token, Dana is a contact; nothing is connected."""
    name = await postgres.migrated()
    folder: Path = tmp_path_factory.mktemp("outlook")
    poll = {"WORKER_POLL_SECONDS": "3"}
    async with running_stack(
        postgres.app_url(name), postgres.owner_url(name), own_valkey.url(), folder, **poll
    ) as stack:
        await found(stack, "Lindqvist & Co.", Person("Mei Lindqvist", MEI))
        await stack.start_all("api", "worker")
        await stack.contact("Dana Okafor", DANA)
        yield stack
    await postgres.drop(name)


@dataclass(frozen=True)
class Office:
    """Mei's side of one story: the shared deployment, and an Outlook account that is this story's own."""

    stack: Stack
    account: str

    async def connect(self) -> str:
        return await self.stack.connect(self.account, "OUTLOOK")

    async def disconnect(self, mailbox_id: str) -> None:
        """Disconnect, and wait until Microsoft pushes nothing any more."""
        await self.stack.ask(
            "mutation($id: ID!) { disconnectMailbox(mailboxId: $id) { __typename } }", id=mailbox_id
        )

        async def released() -> bool:
            shown = await self.stack.simulator.microsoft_account(self.account)
            return not shown["subscriptions"]

        await wait_until(released, description="the subscription is gone")

    async def write(self, subject: str, text: str, **more: Any) -> dict[str, Any]:
        """Begin a conversation with Dana from the CRM, and wait until the mail has left."""
        message = await self.stack.send(contactId=await dana(self.stack), subject=subject, text=text, **more)
        await wait_until(partial(sent, self.stack, message["id"]), description=f"{subject} left", seconds=40)
        return message


@pytest.fixture
async def office(deployment: Stack, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """Outlook is switched on, the account is new; rules, throttling and dials of others do not reach it."""
    account = f"mei{next(NUMBERS)}@lindqvist-co.test"
    await deployment.simulator.create_account(
        account, "Mei Lindqvist", getattr(request, "param", "microsoft")
    )
    await labs(deployment, True)
    office = Office(deployment, account)
    yield office
    await deployment.simulator.ask("DELETE", "/dials")
    for mailbox in (await deployment.ask("{ mailboxes { id status } }"))["mailboxes"]:
        if mailbox["status"] == "CONNECTED":
            await office.disconnect(mailbox["id"])


async def dana(stack: Stack) -> str:
    found = await stack.ask('{ contacts(search: "Dana") { edges { node { id } } } }')
    return str(found["contacts"]["edges"][0]["node"]["id"])


async def sent(stack: Stack, message_id: str) -> bool:
    return await stack.delivery(message_id) == "SENT"


async def arrived(stack: Stack, account: str, subject: str, says: str = "") -> str | None:
    """The newest mail of a subject that came to an account, once it is the one that says so."""
    found = [one for one in await stack.simulator.mailbox(account, "INBOX") if subject in one["subject"]]
    if not found:
        return None
    mail = await stack.simulator.message(account, found[0]["id"])
    return str(found[0]["id"]) if mail["text"].startswith(says) else None


async def answered(stack: Stack, subject: str, text: str, to: str = "") -> None:
    """Let Dana answer the newest mail of a subject that came to her, the one that says `to`."""
    theirs = await wait_until(
        partial(arrived, stack, DANA, subject, to), description=f"{subject} reached Dana"
    )
    await stack.simulator.reply_as(DANA, str(theirs), text)


async def texts(stack: Stack, thread_id: str) -> list[str]:
    edges = (await stack.ask(PAGES, id=thread_id))["thread"]["messages"]["edges"]
    return [str(one["node"]["text"]).split("\n")[0].strip() for one in edges]


async def labs(stack: Stack, on: bool) -> None:
    await stack.ask(
        "mutation($on: Boolean!) { updateWorkspace(input: {labsOutlook: $on}) { __typename } }", on=on
    )


async def failed(stack: Stack) -> str | None:
    mailboxes = (await stack.ask("{ mailboxes { status statusReason } }"))["mailboxes"]
    return next((one["statusReason"] for one in mailboxes if one["status"] == "FAILED"), None)


async def test_outlook_is_refused_until_an_admin_of_the_workspace_switches_it_on(office: Office) -> None:
    await labs(office.stack, False)
    assert (await office.stack.begin("OUTLOOK"))["__typename"] == "LabsOff"
    await labs(office.stack, True)
    assert (await office.stack.begin("OUTLOOK"))["__typename"] == "Authorization"


async def test_where_only_an_administrator_may_allow_it_the_user_gets_a_link_that_ends_the_matter(
    office: Office,
) -> None:
    """The user is told what to do, the administrator follows the link, and connecting works from then on."""
    stack = office.stack
    await stack.simulator.ask("PATCH", "/dials", {"microsoft": {"admin_consent": "required"}})
    begun = await stack.begin("OUTLOOK")
    back = await stack.simulator.microsoft_consent(begun["url"], office.account)
    assert (await stack.client.get(back)).status_code == 200
    reason = str(await wait_until(partial(failed, stack), description="the user is told"))
    assert "administrator" in reason
    link = next(word for word in reason.split() if "/adminconsent?" in word)
    allowed = await stack.simulator.admin_consent(link, office.account)
    assert "allows this app" in (await stack.client.get(allowed)).text
    await office.connect()


@pytest.mark.parametrize("office", ["microsoft-personal"], indirect=True)
async def test_a_large_file_goes_out_and_a_reply_that_is_moved_twice_appears_once(office: Office) -> None:
    """A rule of Outlook moves the reply, its owner moves it again: each message stands in the thread once."""
    stack, simulator = office.stack, office.stack.simulator
    await office.connect()
    await simulator.add_rule(office.account, "Customers", sender=[DANA])
    uploaded = await stack.client.post(
        f"{stack.api}/attachments?name=plans.bin",
        content=FILE,
        headers={"authorization": f"Bearer {stack.token}", "content-type": "application/octet-stream"},
    )
    assert uploaded.status_code == 201, uploaded.text
    async with stack.listening() as heard:
        message = await office.write("The plans", "Here they are.", attachmentIds=[uploaded.json()["id"]])
        theirs = str(await arrived(stack, DANA, "The plans"))
        [file] = (await simulator.message(DANA, theirs))["attachments"]
        assert file["size_bytes"] == len(FILE)
        await simulator.reply_as(DANA, theirs, "Thank you!")
        await wait_until(lambda: len(heard.synced()) == 2, description="Dana's answer is live")
        shown = await simulator.microsoft_account(office.account)
        customers = next(one["id"] for one in shown["folders"] if one["name"] == "Customers")
        [moved] = [one for one in shown["items"] if one["folder_id"] == customers]
        for folder in ("archive", "inbox", "Customers"):
            await simulator.move(office.account, moved["copy_id"], folder)
        await answered(stack, "The plans", "One more question.")
        await wait_until(lambda: len(heard.synced()) == 3, description="the next answer is live")

    assert heard.texts()[0] == "Here they are."
    assert sorted(await texts(stack, message["thread"]["id"])) == sorted(
        ["Here they are.", "Thank you!", "One more question."]
    )
    assert len({one["id"] for one in heard.synced()}) == 3


@pytest.mark.rule("L6")
async def test_only_what_the_crm_began_syncs_and_only_through_the_connection_it_was_written_through(
    office: Office,
) -> None:
    """Not before the CRM wrote, not after a disconnect, and after a reconnect only once it writes again."""
    stack = office.stack
    first = await office.connect()
    await stack.simulator.deliver(DANA, office.account, subject="Begun in Outlook", text="never seen")
    message = await office.write("From the CRM", "one")
    thread = message["thread"]["id"]
    await answered(stack, "From the CRM", "two")
    await _shows(stack, thread, "two")

    await office.disconnect(first)
    await answered(stack, "From the CRM", "while disconnected")
    await office.connect()
    await answered(stack, "From the CRM", "after reconnecting")
    again = await stack.send(threadId=thread, text="three")
    await wait_until(partial(sent, stack, again["id"]), description="the CRM wrote in it again")
    await answered(stack, "From the CRM", "four", to="three")
    await _shows(stack, thread, "four")

    assert sorted(await texts(stack, thread)) == ["four", "one", "three", "two"]
    found = await stack.ask(
        '{ contacts(search: "Dana") { edges { node { threads { edges { node { subject } } } } } } }'
    )
    threads = found["contacts"]["edges"][0]["node"]["threads"]["edges"]
    assert "Begun in Outlook" not in [one["node"]["subject"] for one in threads]


@pytest.mark.rule("R63")
async def test_a_subscription_that_microsoft_ends_or_pauses_is_seen_to(office: Office) -> None:
    """It is made anew, or renewed; what came while nothing was pushed is here, and pushes go on."""
    stack, simulator = office.stack, office.stack.simulator
    await office.connect()
    message = await office.write("Still there", "one")
    [made] = (await simulator.microsoft_account(office.account))["subscriptions"]

    await simulator.lifecycle(office.account, "subscriptionRemoved")
    await answered(stack, "Still there", "two")
    await wait_until(partial(_pushed, office, other_than=made["id"]), description="it is made anew")
    await _shows(stack, message["thread"]["id"], "two")

    await simulator.lifecycle(office.account, "reauthorizationRequired")
    await wait_until(partial(_pushed, office), description="it is renewed")
    await answered(stack, "Still there", "three")
    await _shows(stack, message["thread"]["id"], "three")


async def _pushed(office: Office, *, other_than: str = "") -> bool:
    """Whether Microsoft would push this mailbox's changes to us."""
    found = (await office.stack.simulator.microsoft_account(office.account))["subscriptions"]
    return any(one["id"] != other_than and not one["paused"] for one in found)


@pytest.mark.rule("R63")
async def test_mail_that_came_while_nobody_looked_and_pushes_were_lost_is_all_there_once(
    office: Office,
) -> None:
    """The worker is dead, a third of the pushes is lost: the thread ends equal to the mailbox."""
    await _catches_up(office, replies=40, marks=200, seconds=25)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_ten_thousand_changes_while_nobody_looked_are_all_there_once(office: Office) -> None:
    """The same with ten thousand changes."""
    await _catches_up(office, replies=400, marks=9600, seconds=500)


async def _catches_up(office: Office, *, replies: int, marks: int, seconds: float) -> None:
    stack, simulator = office.stack, office.stack.simulator
    await office.connect()
    subject = f"Much ado {replies}"
    message = await office.write(subject, "begun")
    theirs = str(await wait_until(partial(arrived, stack, DANA, subject), description="it arrived"))
    await simulator.ask("PATCH", "/dials", {"push_loss": 0.3, "push_duplicates": 1})
    expected = {f"answer {number}" for number in range(replies)}
    async with stack.listening() as heard:
        async with _without_worker(stack):
            for number in range(replies):
                await simulator.reply_as(DANA, theirs, f"answer {number}")
            await _stirred(office, subject, marks)
            await simulator.expire_delta(office.account)
        await wait_until(
            lambda: expected <= {text.split("\n")[0] for text in heard.texts()},
            description="everything is there",
            seconds=seconds,
        )
        unread = {one["id"] for one in await simulator.mailbox(office.account, "UNREAD")}
        await wait_until(
            partial(_agrees, office, message["thread"]["id"], subject, unread), description="read alike"
        )
    told = [text.split("\n")[0] for text in heard.texts() if text.startswith("answer")]
    assert sorted(told) == sorted(expected)


@asynccontextmanager
async def _without_worker(stack: Stack) -> AsyncIterator[None]:
    """kill -9 of the worker, which was started last; another one starts at the end, whatever happened."""
    await stack.kill(stack.processes[-1])
    try:
        yield
    finally:
        await stack.start("worker")


async def _stirred(office: Office, subject: str, marks: int) -> None:
    """Read, unread and move the mails of a subject, so many times in all; half of them stay read."""
    simulator, account = office.stack.simulator, office.account
    mails = [one["id"] for one in await simulator.mailbox(account) if subject in one["subject"]]
    received = [one for one in mails if "SENT" not in (await simulator.message(account, one))["labels"]]
    folders = ("archive", "inbox")
    for number in range(marks):
        mail = received[number % len(received)]
        if number % 4 == 3:
            await simulator.move(account, mail, folders[number // 4 % 2])
        else:
            touched: dict[str, Any] = {"remove": ["UNREAD"]} if number % 4 == 0 else {"add": ["UNREAD"]}
            await simulator.relabel(account, mail, **touched)
    for mail in received[::2]:
        await simulator.relabel(account, mail, remove=["UNREAD"])


async def _agrees(office: Office, thread_id: str, subject: str, unread: set[str]) -> bool:
    """Whether the CRM counts as many unread mails in the thread as Outlook does."""
    found = await office.stack.ask("query($id: ID!) { thread(id: $id) { unreadCount } }", id=thread_id)
    mails = await office.stack.simulator.mailbox(office.account)
    there = [one for one in mails if subject in one["subject"]]
    return bool(found["thread"]["unreadCount"] == sum(1 for one in there if one["id"] in unread))


async def _shows(stack: Stack, thread_id: str, text: str) -> None:
    async def shown() -> bool:
        return text in await texts(stack, thread_id)

    await wait_until(shown, description=f"{text} is in the thread", seconds=45)
