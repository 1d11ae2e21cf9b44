"""docs/api.md as an integrator uses it: what it shows is run as it stands, against a deployment."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import websockets

from tests.mail_server import running_mail_server
from tests.node_programs import PROGRAMS, find, install
from tests.simulator_process import ROOT
from tests.stories.stack import ANN, DANA, Stack
from tests.waiting import wait_until

GUIDE: Final = (ROOT / "docs/api.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The guide's blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


OPERATIONS: Final = {" ".join(re.split(r"\W+", text)[:2]): text for text in blocks("graphql")}
"""By kind and name: `query Inbox`."""


class Guide:
    """Runs the guide's operations, and remembers which."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.run: set[str] = set()

    async def ask(self, operation: str, **variables: Any) -> Any:
        """Run a query or a mutation; what its field answered, or each of its fields."""
        self.run.add(operation)
        answers = list((await self.stack.ask(OPERATIONS[operation], **variables)).values())
        return answers[0] if len(answers) == 1 else answers

    async def hear(self, operation: str, **variables: Any) -> AsyncIterator[Any]:
        """Run a subscription; what its one field told."""
        self.run.add(operation)
        url = self.stack.api.replace("http", "ws", 1) + "/graphql"
        protocol = websockets.Subprotocol("graphql-transport-ws")
        async with websockets.connect(url, subprotocols=[protocol]) as line:
            await line.send(json.dumps({"type": "connection_init", "payload": {"token": self.stack.token}}))
            payload = {"query": OPERATIONS[operation], "variables": variables}
            await line.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for frame in line:
                said = json.loads(frame)
                assert said["type"] in ("connection_ack", "ping", "next"), said
                if said["type"] == "next":
                    assert "errors" not in said["payload"], said
                    [told] = said["payload"]["data"].values()
                    yield told


async def the_first_event(guide: Guide, happens: Any, **variables: Any) -> Any:
    """What the guide's inbox subscription tells first, once something happens."""
    events = guide.hear("subscription Inbox", **variables)
    first = asyncio.ensure_future(anext(events))
    await happens
    told = await asyncio.wait_for(first, 15)
    await events.aclose()  # type: ignore[attr-defined]  # an async generator
    return told


@pytest.mark.timeout(90)
async def test_every_document_of_the_guide_does_what_the_guide_says(stack: Stack) -> None:
    guide = Guide(stack)
    dana = (await stack.ask('{ contacts(search: "Dana") { edges { node { id } } } }'))["contacts"]["edges"]
    dana_id = dana[0]["node"]["id"]

    [example] = [json.loads(text)["input"] for text in blocks("json")]
    sent = await guide.ask("mutation Send", input={**example, "contactId": dana_id})
    assert sent["__typename"] == "Message" and sent["delivery"]["undoUntil"] and not sent["replayed"]
    again = await guide.ask("mutation Send", input={**example, "contactId": dana_id})
    assert (again["id"], again["replayed"]) == (sent["id"], True)
    undone = await guide.ask("mutation Undo", messageId=sent["id"])
    assert undone["delivery"]["state"] == "CANCELLED"
    page = await guide.ask("query Inbox", after=None)
    assert sent["thread"]["id"] in [one["node"]["id"] for one in page["edges"]]
    shown = await guide.ask("query Conversation", id=sent["thread"]["id"], before=None)
    assert "Hello Dana" in shown["messages"]["edges"][-1]["node"]["html"]
    assert "Hello Dana" in (await guide.ask("query Images", id=sent["id"]))["htmlWithImages"]

    reports = await guide.ask("mutation Import", rows=[{"name": "Noor", "emails": ["noor@haddad.test"]}])
    assert (reports["created"], reports["skipped"]) == (1, 0)
    before = await stack.ask("{ mailboxes { id } }")
    write = stack.send(contactId=dana_id, subject="Now", text="Hello")
    told = await the_first_event(guide, write, after=None)
    assert told["__typename"] in ("MessageSynced", "MessageChanged")
    await mail_to_many(guide, dana_id, reports["rows"][0]["contactId"])
    await a_mailbox_and_its_rules(guide, before["mailboxes"][0]["id"])
    await webhooks(guide)

    assert guide.run == set(OPERATIONS)


async def mail_to_many(guide: Guide, *contact_ids: str) -> None:
    """The workspace's sender is a server of this machine, which the deployment's operator allows."""
    async with running_mail_server() as server:
        sender = {"host": "127.0.0.1", "port": server.port, "tls": "NONE", "fromAddress": "crm@example.test"}
        made = await guide.ask("mutation SetSender", input={"workspaceSender": sender})
        assert made["workspaceSender"]["passwordSet"] is False
        bulk = {
            "idempotencyKey": "spring",
            "contactIds": list(contact_ids),
            "subject": "For {{ first_name }}",
            "text": "Hello {{ name }}",
        }
        seen = await guide.ask("query Look", input=bulk, index=1)
        assert (seen["subject"], seen["total"]) == ("For Noor", 2)
        queued = await guide.ask("mutation SendBulk", input=bulk)
        assert (queued["__typename"], queued["total"]) == ("BulkSend", 2)
        async with asyncio.timeout(20):
            async for told in guide.hear("subscription Progress", id=queued["id"]):
                if told["bulkSend"]["state"] == "DONE":
                    break
        assert {taken.recipients[0] for taken in server.taken} == {DANA, "noor@haddad.test"}


async def a_mailbox_and_its_rules(guide: Guide, mailbox_id: str) -> None:
    """The mailbox is disconnected and connected once more by the guide's own mutation."""
    stack = guide.stack
    ending = "mutation($id: ID!) { disconnectMailbox(mailboxId: $id) { __typename } }"
    assert (await stack.ask(ending, id=mailbox_id))["disconnectMailbox"]["__typename"] == "Disconnected"
    await wait_until(partial(revoked, stack), description="the old consent ended at Google")
    begun = await guide.ask("mutation Connect")
    back = await stack.simulator.consent(begun["url"], ANN)
    assert (await stack.client.get(back)).status_code == 200

    async def connected() -> bool:
        status = "query($id: ID!) { mailbox(id: $id) { status } }"
        found = await stack.ask(status, id=begun["mailbox"]["id"])
        return bool(found["mailbox"]["status"] == "CONNECTED")

    await wait_until(connected, description="the mailbox is connected")
    await the_old_one_is_erased(guide, mailbox_id)
    preview = await guide.ask("query Preview", mailboxId=begun["mailbox"]["id"])
    assert preview["reason"] == "NOT_A_CONTACT"
    stranger = "shop@nobody.test"
    await stack.simulator.create_account(stranger)
    await stack.simulator.deliver(stranger, ANN, subject="Offer", text="Buy!")
    [mail] = [one for one in await stack.simulator.mailbox(ANN, "INBOX") if one["subject"] == "Offer"]
    headers = dict((await stack.simulator.message(ANN, mail["id"]))["headers"])

    async def decided() -> Any:
        return await guide.ask(
            "query Why", mailboxId=begun["mailbox"]["id"], internetMessageId=headers["Message-ID"]
        )

    why = await wait_until(decided, description="the mail was decided on")
    assert (why["synced"], why["reason"]) == (False, "NOT_A_CONTACT")


async def the_old_one_is_erased(guide: Guide, mailbox_id: str) -> None:
    """What was synced through it stayed until now."""
    before = await guide.ask("query BeforeErasing", mailboxId=mailbox_id)
    wrong = await guide.ask("mutation EraseMailbox", mailboxId=mailbox_id, address=DANA)
    assert (wrong["__typename"], wrong["field"]) == ("InvalidInput", "address")
    erased = await guide.ask("mutation EraseMailbox", mailboxId=mailbox_id, address=ANN)
    assert before["messages"] == erased["messages"] > 0
    again = await guide.ask("query BeforeErasing", mailboxId=mailbox_id)
    assert again["__typename"] == "NotFound"


async def webhooks(guide: Guide) -> None:
    """tests/jobs/test_webhook_examples.py runs the guide's receivers."""
    made = await guide.ask(
        "mutation CreateWebhook", url="https://crm.example/hooks", events=["MESSAGE_SYNCED"]
    )
    assert made["secret"].startswith("whsec_")
    workspace, page = await guide.ask("query Deliveries", webhookId=made["webhook"]["id"])
    assert (workspace["webhooks"][0]["state"], page["edges"]) == ("ON", [])


async def revoked(stack: Stack) -> bool:
    """Google ends a consent with its codes and tokens: who consents in that moment has to do so again."""
    return any(one["path"].endswith("/revoke") for one in await stack.simulator.journal())


@asynccontextmanager
async def running(*command: str, cwd: Path, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_guides_commands_answer(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.7\n%%EOF\n")
    addresses, *commands = blocks("sh")
    assert addresses.startswith("export API=")
    script = "\necho\n".join(commands)
    async with running(
        "sh", "-euc", script, cwd=tmp_path, API=stack.api, TOKEN=stack.token, NO_PROXY="*"
    ) as shell:
        out, _ = await shell.communicate()
    assert shell.returncode == 0, out.decode()
    viewer, upload = (json.loads(line) for line in out.decode().splitlines())
    assert viewer["data"]["viewer"]["user"]["name"] == "Ann Berg"
    assert upload["id"]


async def test_the_guides_client_comes_back_with_the_last_event(stack: Stack, tmp_path: Path) -> None:
    """It runs in the folder that holds npm's graphql-ws; its Node may have no WebSocket of its own."""
    await install()
    [program] = [text for text in blocks("js") if "graphql-ws" in text]
    address = "ws://localhost:8000/graphql"
    assert address in program
    script = PROGRAMS / f"guide-{os.getpid()}.mjs"
    here = stack.api.replace("http", "ws", 1) + "/graphql"
    script.write_text(
        'import WebSocket from "ws";\nglobalThis.WebSocket ??= WebSocket;\n' + program.replace(address, here)
    )
    try:
        async with running(find("node"), script.name, cwd=PROGRAMS, TOKEN=stack.token) as client:
            assert client.stdout is not None
            first = asyncio.ensure_future(client.stdout.readline())
            seen = 0

            async def spoken() -> bool:
                nonlocal seen
                if not first.done():
                    seen += 1
                    contact = await stack.contact(f"Number {seen}", f"number{seen}@numbers.test")
                    await stack.send(contactId=contact, subject="Hi", text="Hi")
                return first.done()

            await wait_until(spoken, description="the client prints an event")
            assert first.result().strip(), "the client printed an event's id"
    finally:
        script.unlink()
