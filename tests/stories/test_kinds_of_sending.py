"""Who carries which mail, end to end: every kind of sending by a user of Gmail, of Outlook, and of neither.

One deployment; what counts is what the contact receives, and what lies in the sender's own mailbox.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from app import accounts
from app.embedded import EmbeddedValkey
from database.clock import now
from database.pool import Database
from rules.words import Role, Scope, WorkspaceId
from tests.services import PostgresForTests
from tests.stories.founding import Person, found
from tests.stories.stack import ANN, DANA, MEI, SENDER, Stack, running_stack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)

BEN, ALIAS = "ben@example-co.test", "sales@example-co.test"
_NUMBERS = count(1)
CASES: Final = (
    ("S1", "INDIVIDUAL", ANN, None, "MAILBOX", ANN),
    ("S1", "INDIVIDUAL", MEI, None, "MAILBOX", MEI),
    ("S1", "INDIVIDUAL", BEN, None, "WORKSPACE_SENDER", SENDER),
    ("S5", "INDIVIDUAL", ANN, ALIAS, "MAILBOX", ALIAS),
    ("S2", "BULK", ANN, ANN, "WORKSPACE_SENDER", SENDER),
    ("S2", "BULK", MEI, MEI, "MAILBOX", MEI),
    ("S3", "BULK", ANN, None, "WORKSPACE_SENDER", SENDER),
    ("S3", "BULK", MEI, None, "WORKSPACE_SENDER", SENDER),
    ("S3", "BULK", BEN, None, "WORKSPACE_SENDER", SENDER),
    ("S4", "WORKFLOW", ANN, None, "WORKSPACE_SENDER", SENDER),
    ("S4", "WORKFLOW", MEI, None, "WORKSPACE_SENDER", SENDER),
    ("S4", "WORKFLOW", BEN, None, "WORKSPACE_SENDER", SENDER),
)
_OF_DANA = """query { contacts(search: "dana@okafor-roofing.test", first: 1) { edges { node { id
  threads(first: 2) { edges { node { id subject messages(first: 4) { edges { node {
    id direction internetMessageId delivery { state via } } } } } } } } } } }"""
_SEND = {
    "INDIVIDUAL": ("sendEmail", "SendEmailInput"),
    "BULK": ("sendBulkEmail", "SendBulkEmailInput"),
    "WORKFLOW": ("sendWorkflowEmail", "SendWorkflowEmailInput"),
}


@dataclass
class Office:
    """The deployment, and a token of each user."""

    stack: Stack
    tokens: dict[str, str]
    dana: str

    @contextmanager
    def acting(self, user: str) -> Iterator[None]:
        before, self.stack.token = self.stack.token, self.tokens[user]
        yield
        self.stack.token = before

    async def send(self, user: str, kind: str, **more: Any) -> None:
        """Send as a user; accepted."""
        field, type_ = _SEND[kind]
        whom = {"contactIds": [self.dana]} if kind == "BULK" else {"contactId": self.dana}
        key = f"kinds-{next(_NUMBERS)}"
        given = {"idempotencyKey": key, **({} if "threadId" in more else whom), "text": "Hello.", **more}
        with self.acting(user):
            said = await self.stack.ask(
                f"mutation($input: {type_}!) {{ {field}(input: $input) {{ __typename"
                " ... on UserError { message } } }",
                input=given,
            )
        assert said[field]["__typename"] in ("Message", "BulkSend"), said

    async def thread(self, subject: str) -> dict[str, Any] | None:
        found = (await self.stack.ask(_OF_DANA))["contacts"]["edges"][0]["node"]["threads"]["edges"]
        return next((one["node"] for one in found if one["node"]["subject"] == subject), None)

    async def messages(self, subject: str) -> list[dict[str, Any]]:
        thread = await self.thread(subject)
        return [one["node"] for one in thread["messages"]["edges"]] if thread else []

    async def received(self, subject: str, most: int = 1) -> list[dict[str, Any]]:
        """What Dana has under a subject, newest first, once it is so many; whole."""

        async def there() -> list[dict[str, Any]]:
            inbox = await self.stack.simulator.mailbox(DANA, "INBOX")
            found = [one for one in inbox if one["subject"].removeprefix("Re: ") == subject]
            return found if len(found) >= most else []

        found = await wait_until(there, description=f"Dana has {subject}", seconds=40)
        return [await self.stack.simulator.message(DANA, one["id"]) for one in found]


async def _user(stack: Stack, workspace_id: WorkspaceId, name: str, email: str) -> str:
    """A token of a colleague's."""
    db = await Database.open(stack.environment["DATABASE_URL"])
    try:
        user = await accounts.make_user(db, workspace_id, name, email, Role.MEMBER, now())
        return await accounts.make_key(db, workspace_id, name, frozenset(Scope), user.id, now())
    finally:
        await db.close()


@pytest.fixture(scope="module")
async def office(
    postgres: PostgresForTests, own_valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Office]:
    name = await postgres.migrated()
    folder: Path = tmp_path_factory.mktemp("kinds")
    async with running_stack(
        postgres.app_url(name), postgres.owner_url(name), own_valkey.url(), folder
    ) as stack:
        await found(stack, "Example & Co.", Person("Ann Berg", ANN))
        await stack.start_all("api", "worker")
        workspace_id = WorkspaceId(
            (await stack.ask("{ viewer { workspace { id } } }"))["viewer"]["workspace"]["id"]
        )
        tokens = {
            ANN: stack.token,
            MEI: await _user(stack, workspace_id, "Mei Lindqvist", MEI),
            BEN: await _user(stack, workspace_id, "Ben Holm", BEN),
        }
        office = Office(stack, tokens, await stack.contact("Dana Okafor", DANA))
        await stack.simulator.create_account(BEN, "Ben Holm")
        await stack.simulator.ask("POST", f"/accounts/{ANN}/aliases", {"address": ALIAS, "name": "Sales"})
        await stack.ask("mutation { updateWorkspace(input: {labsOutlook: true}) { __typename } }")
        await stack.set_sender()
        await stack.connect()
        with office.acting(MEI):
            await stack.connect(MEI, "OUTLOOK")
        yield office
    await postgres.drop(name)


@pytest.mark.rule("S1")
@pytest.mark.rule("S2")
@pytest.mark.rule("S3")
@pytest.mark.rule("S4")
@pytest.mark.rule("S5")
@pytest.mark.rule("S6")
@pytest.mark.parametrize(("rule", "kind", "user", "chosen", "via", "sender"), CASES)
async def test_who_carries_it(
    office: Office, rule: str, kind: str, user: str, chosen: str | None, via: str, sender: str
) -> None:
    subject = f"{rule} {kind} by {user} {next(_NUMBERS)}"

    await office.send(user, kind, subject=subject, **({"from": chosen} if chosen else {}))

    [mail] = await office.received(subject)
    assert mail["from"][0].rpartition("<")[2].rstrip(">") == sender
    sent = [one for one in await office.stack.simulator.mailbox(user, "SENT") if one["subject"] == subject]
    assert len(sent) == (1 if via == "MAILBOX" else 0), "a mailbox's own mail is in its Sent folder, once"

    async def settled() -> list[dict[str, Any]]:
        with office.acting(user):
            found = await office.messages(subject)
        return found if found and found[0]["delivery"]["state"] == "SENT" else []

    [message] = await wait_until(settled, description="it is shown as sent")
    assert (message["direction"], message["delivery"]["via"]) == ("OUTBOUND", via)
    assert mail["internet_message_id"].strip("<>") == message["internetMessageId"]


@pytest.mark.rule("S11")
@pytest.mark.rule("S6")
@pytest.mark.parametrize("user", [ANN, MEI])
async def test_an_answer_is_in_the_same_thread_everywhere(office: Office, user: str) -> None:
    """In Dana's program by its headers, in the user's mailbox by the provider's thread, here by ours."""
    subject = f"S11 by {user}"
    await office.send(user, "INDIVIDUAL", subject=subject)
    [first] = await office.received(subject)
    # Graph tells to the second when a mail came: nobody's answer is as quick as a simulated one.
    came = datetime.fromisoformat(first["arrived_at"])
    await wait_until(lambda: now() - came > timedelta(seconds=1), description="a second is over")
    await office.stack.simulator.reply_as(DANA, first["id"], "And when?")

    async def answered() -> dict[str, Any] | None:
        with office.acting(user):
            thread = await office.thread(subject)
        return thread if thread and len(thread["messages"]["edges"]) == 2 else None

    thread = await wait_until(answered, description="Dana's answer is in the conversation", seconds=40)
    asked = thread["messages"]["edges"][1]["node"]["internetMessageId"]
    await office.send(user, "INDIVIDUAL", threadId=thread["id"], text="On Monday.")

    second, _ = await office.received(subject, most=2)
    headers = {name.lower(): value for name, value in second["headers"]}
    assert headers["in-reply-to"].strip() == f"<{asked}>"
    assert headers["references"].split() == [f"<{first['internet_message_id'].strip('<>')}>", f"<{asked}>"]
    own = await office.stack.simulator.mailbox(user)
    threads = {one["thread_id"] for one in own if one["subject"].removeprefix("Re: ") == subject}
    assert len(threads) == 1
