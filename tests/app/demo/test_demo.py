"""`make demo` as a person meets it: it starts, answers, keeps its data, and leaves no process.

Real processes in a folder of their own; the test asks the operating system what is left.
"""

import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.demo.demo_process import Demo, demo_in
from tests.waiting import wait_until


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    yield from demo_in(tmp_path)


async def ask(links: dict[str, str], query: str) -> Any:
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            links["api"], json={"query": query}, headers={"authorization": f"Bearer {links['token']}"}
        )
    return answer.json()


@pytest.mark.timeout(180)
async def test_it_answers_keeps_its_data_and_leaves_nothing(demo: Demo) -> None:
    demo.start()
    first = await demo.told()
    made = await ask(
        first, 'mutation { createContact(input: {name: "Nia Obi", emails: ["nia@obi.test"]}) { __typename } }'
    )
    viewer = await ask(
        first, "{ viewer { user { email } scopes } contacts(first: 100) { edges { node { id } } } }"
    )
    assert demo.process is not None
    demo.process.send_signal(signal.SIGINT)
    code = demo.process.wait(30)
    left_after_the_first = demo.left()

    demo.start()
    second = await demo.told()
    contacts = await ask(second, "{ contacts(first: 100) { edges { node { name } } } }")
    demo.process.send_signal(signal.SIGTERM)
    demo.process.wait(30)

    assert sorted(first) == ["api", "graphiql", "inbox", "simulator", "token", "ws"]
    assert made == {"data": {"createContact": {"__typename": "Contact"}}}
    assert viewer["data"]["viewer"] == {
        "user": {"email": "ann@example-co.test"},
        "scopes": ["ADMIN", "READ", "SEND"],
    }
    assert code == 0
    assert left_after_the_first == []
    assert second["token"] == first["token"]
    assert "Nia Obi" in [edge["node"]["name"] for edge in contacts["data"]["contacts"]["edges"]]
    assert len(contacts["data"]["contacts"]["edges"]) == 13
    assert demo.left() == []
    assert not demo.links.exists()


SEND = """mutation { sendWorkflowEmail(input: {idempotencyKey: "hello", threadId: "%s",
  subject: "Your appointment", text: "See you on Monday."}) { __typename ... on UserError { message } } }"""
DANA = """{ contacts(search: "dana@okafor-roofing.test") { edges { node { threads(first: 1) { edges {
  node { id messages(first: 10) { edges { node { origin text } } } } } } } } } }"""


@pytest.mark.timeout(180)
async def test_mail_of_the_workspace_sender_is_answered_and_a_kill_takes_everything(demo: Demo) -> None:
    """The demo's own mail server carries it to Dana, whose answer comes into the conversation."""
    process = demo.start()
    links = await demo.told()
    [contact] = (await ask(links, DANA))["data"]["contacts"]["edges"]
    sent = await ask(links, SEND % contact["node"]["threads"]["edges"][0]["node"]["id"])
    assert sent["data"]["sendWorkflowEmail"]["__typename"] == "Message", sent
    inbox = f"{links['simulator']}/accounts/dana@okafor-roofing.test/messages"
    async with httpx.AsyncClient() as outside:

        async def came() -> str | None:
            mails = (await outside.get(inbox)).json()["messages"]
            return next((one["id"] for one in mails if one["subject"] == "Your appointment"), None)

        received = await wait_until(came, description="Dana has the mail", seconds=30)
        answer = await outside.post(inbox, json={"reply_to": received, "text": "Until Monday."})
        assert answer.status_code == 201, answer.text

    async def answered() -> bool:
        [found] = (await ask(links, DANA))["data"]["contacts"]["edges"]
        messages = found["node"]["threads"]["edges"][0]["node"]["messages"]["edges"]
        last = messages[-1]["node"]
        return (last["origin"], last["text"].strip()) == ("REPLY_ADDRESS", "Until Monday.")

    await wait_until(answered, description="the answer is in Dana's conversation", seconds=30)

    process.kill()
    process.wait(10)

    await wait_until(lambda: not demo.left(), description="no process is left", seconds=30)


@pytest.mark.timeout(120)
async def test_it_ends_with_the_process_that_started_it(demo: Demo) -> None:
    words = [sys.executable, "-m", "app", "demo", "--with-parent"]
    parent = demo.start(command=[sys.executable, "-c", f"import subprocess; subprocess.run({words!r})"])
    await demo.told()

    parent.kill()
    parent.wait(10)

    await wait_until(lambda: not demo.left(), description="no process is left", seconds=30)


@pytest.mark.parametrize(("port", "told"), [("nine", "is not a number"), ("65535", "no room for six ports")])
def test_a_port_that_cannot_be_is_told(demo: Demo, port: str, told: str) -> None:
    demo.start(port=port).wait(30)

    assert told in demo.said
    assert "Traceback" not in demo.said


def test_a_port_in_use_is_named_with_a_way_out(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", demo.port + 1))
        taken.listen()
        process = demo.start()
        process.wait(30)

    assert process.returncode == 1
    assert f"Port {demo.port + 1}, which the simulator needs, is in use." in demo.said
    assert "PORT=" in demo.said
    assert demo.left() == []
