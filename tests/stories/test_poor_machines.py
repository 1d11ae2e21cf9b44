"""Machines with a wrong clock, too few file handles, or hardly any processor time: late at most."""

import asyncio
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import asyncpg
import httpx
import pytest
from standardwebhooks import Webhook

from tests.providers.http_server import answer, running_server
from tests.stories.stack import ANN, DANA, Listener, Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(150)

HELD = "query($id: ID!) { message(id: $id) { delivery { state undoUntil } } }"
CANCEL = """mutation($id: ID!) { cancelSend(messageId: $id) {
  __typename ... on UserError { message } } }"""
CREATE = """mutation ($url: String!) { createWebhook(url: $url, events: [MESSAGE_SYNCED]) {
  ... on WebhookSecret { secret } } }"""
HOUR = 3600.0


async def dana(stack: Stack) -> str:
    found = await stack.ask('{ contacts(search: "Dana") { edges { node { id } } } }')
    return str(found["contacts"]["edges"][0]["node"]["id"])


async def is_sent(stack: Stack, message_id: str) -> bool:
    return await stack.delivery(message_id) == "SENT"


async def sent(stack: Stack, *messages: dict[str, str], seconds: float = 60) -> None:
    for message in messages:
        await wait_until(partial(is_sent, stack, message["id"]), description="it is sent", seconds=seconds)


async def hears(heard: Listener, *texts: str, seconds: float = 60) -> None:
    await wait_until(lambda: set(texts) <= set(heard.texts()), description=f"live: {texts}", seconds=seconds)


async def delivered(stack: Stack, beginning: str) -> list[str]:
    """The subjects of the mails that Dana has from Ann, of those that begin so."""
    theirs = await stack.simulator.mailbox(DANA)
    return sorted(one["subject"] for one in theirs if one["subject"].startswith(beginning))


async def given_up(stack: Stack) -> list[str]:
    """What was parked or set aside."""
    line = await asyncpg.connect(stack.environment["DATABASE_OWNER_URL"])
    try:
        parked = await line.fetch("select key, last_error from commands where parked_at is not null")
        aside = await line.fetch("select remote_id, error from set_asides")
        return [str(dict(row)) for row in (*parked, *aside)]
    finally:
        await line.close()


@asynccontextmanager
async def wrong_clocks(stack: Stack, folder: Path, **ahead: float) -> AsyncIterator[dict[str, Path]]:
    """Run processes on machines whose clocks are so many seconds ahead; where to set them to others."""
    skews = {name: folder / name for name in ahead}
    for name, skew in skews.items():
        skew.write_text(str(ahead[name]))
        await stack.kill(stack.named(name))
    try:
        wrong = [stack.start(name, "tests.stories.skewed", SKEW=str(skew)) for name, skew in skews.items()]
        await asyncio.gather(*wrong)
        yield skews
    finally:
        for name in skews:
            await stack.kill(stack.named(name))
        await stack.start_all(*skews)


@pytest.mark.rule("R51")
async def test_processes_whose_clocks_are_wrong_and_step_send_in_time_and_once(
    stack: Stack, tmp_path: Path
) -> None:
    """Fault 20: the API ten minutes behind, the worker ten minutes ahead, and then an hour behind."""
    contact = await dana(stack)
    async with (
        wrong_clocks(stack, tmp_path, api=-600, worker=600) as clocks,
        running_server(answer(b"", status="204 No Content")) as receiver,
        stack.listening() as heard,
    ):
        undone = await stack.send(contactId=contact, subject="Clocks undone", text="no", undoSeconds=20)
        held = (await stack.ask(HELD, id=undone["id"]))["message"]["delivery"]
        left = datetime.fromisoformat(held["undoUntil"]) - datetime.now(UTC)
        assert held["state"] == "HELD"
        assert timedelta(0) < left <= timedelta(seconds=20)
        assert (await stack.ask(CANCEL, id=undone["id"]))["cancelSend"]["__typename"] == "Message"

        secret = (await stack.ask(CREATE, url=receiver.url))["createWebhook"]["secret"]
        await stack.simulator.add_fault("status", "gmail.users.drafts.create", code=503)
        retried = await stack.send(contactId=contact, subject="Clocks tried again", text="again")
        await sent(stack, retried, seconds=30)
        await stack.simulator.deliver(DANA, ANN, subject="Comes", text="in spite of clocks")
        await hears(heard, "in spite of clocks", seconds=30)
        await wait_until(lambda: receiver.seen, description="the webhook is told")
        head, _, body = receiver.seen[0].partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:]
        Webhook(secret).verify(body, dict(line.split(": ", 1) for line in lines))

        clocks["worker"].write_text(str(-HOUR))
        late = await stack.send(contactId=contact, subject="Clocks stepped", text="stepped")
        await stack.simulator.deliver(DANA, ANN, subject="Comes", text="after the step")
        await sent(stack, late, seconds=30)
        await hears(heard, "after the step", seconds=30)

    assert await delivered(stack, "Clocks") == ["Clocks stepped", "Clocks tried again"]
    assert "clock_is_wrong" in (stack.logs / "worker.log").read_text()


def first_free_handle(pid: int) -> int:
    """The number that the next file which a process opens will have."""
    used = {int(one.name) for one in Path(f"/proc/{pid}/fd").iterdir()}
    return min(set(range(len(used) + 1)) - used)


@asynccontextmanager
async def no_handles(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """Let a process open no more files while entered."""
    before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (first_free_handle(process.pid), before[1]))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)


async def upload(stack: Stack, client: httpx.AsyncClient) -> int:
    answered = await client.post(
        f"{stack.api}/attachments?name=x.bin",
        content=b"x" * 1000,
        headers={"authorization": f"Bearer {stack.token}"},
    )
    return answered.status_code


async def lives(stack: Stack, client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get(f"{stack.api}/live")).status_code == 200
    except httpx.TransportError:
        return False


def client() -> httpx.AsyncClient:
    stays = httpx.Limits(keepalive_expiry=60)  # whoever is connected stays so, however slow the machine
    return httpx.AsyncClient(trust_env=False, timeout=3, limits=stays)


async def test_an_api_without_file_handles_says_so_and_recovers(stack: Stack) -> None:
    """Fault 27: who is connected is answered, who is not is not taken; what needs a file is put off."""
    async with client() as known, client() as asker, AsyncExitStack() as strangers:
        assert await upload(stack, known) == 201
        assert await lives(stack, asker)
        async with no_handles(stack.named("api")):
            for _ in range(10):  # the last handles that are free by now
                stranger = await strangers.enter_async_context(client())
                if not await lives(stack, stranger):
                    break
            assert not await lives(stack, stranger)
            assert await upload(stack, known) == 503
            # A refused upload ends its connection; another that was there before is answered.
            asked = await asker.post(
                f"{stack.api}/graphql",
                json={"query": "{ viewer { scopes } }"},
                headers={"authorization": f"Bearer {stack.token}"},
            )
            assert "errors" not in asked.json()
        assert await upload(stack, known) == 201
        await wait_until(lambda: lives(stack, stranger), description="who is new is taken again")


async def test_a_worker_without_file_handles_loses_nothing_and_recovers(stack: Stack) -> None:
    """Fault 27: no socket to the provider, no scratch file, no child to read mail: all of it comes later."""
    contact = await dana(stack)
    worker = stack.named("worker")
    log = stack.logs / "worker.log"
    async with stack.listening() as heard:
        async with no_handles(worker):
            before = log.stat().st_size
            out = [
                await stack.send(contactId=contact, subject=f"Handles {one}", text=f"handles {one}")
                for one in range(3)
            ]
            for one in range(3):
                file = {"filename": "a.txt", "content_base64": "YQ=="}
                mail = {"subject": "Comes", "text": f"without handles {one}", "attachments": [file]}
                await stack.simulator.deliver(DANA, ANN, **mail)
            await wait_until(
                lambda: b"waits" in log.read_bytes()[before:], description="the worker waits", seconds=30
            )
        await sent(stack, *out)
        await hears(heard, *(f"without handles {one}" for one in range(3)))

    assert await delivered(stack, "Handles") == [f"Handles {one}" for one in range(3)]
    assert await given_up(stack) == []


@pytest.mark.rule("R53")
@pytest.mark.parametrize(
    "rounds", [4, pytest.param(60, marks=[pytest.mark.soak, pytest.mark.timeout(400)])], ids=["short", "long"]
)
async def test_processes_with_hardly_any_processor_time_repeat_nothing(stack: Stack, rounds: int) -> None:
    """Fault 26: API and worker stand still nine tenths of the time, and once for longer than a lease."""
    contact = await dana(stack)
    starved = [stack.named(name) for name in ("api", "worker")]
    starving = asyncio.create_task(_starve(starved))
    out, texts = [], []
    try:
        async with stack.listening() as heard:
            for one in range(rounds):
                text = f"starved {rounds} {one}"
                out.append(await stack.send(contactId=contact, subject=f"Starved {rounds} {one}", text=text))
                await stack.simulator.deliver(DANA, ANN, subject="Comes", text=f"comes {text}")
                texts += [text, f"comes {text}"]
            await sent(stack, *out, seconds=120)
            await hears(heard, *texts, seconds=120)
    finally:
        starving.cancel()
        await asyncio.gather(starving, return_exceptions=True)

    assert await delivered(stack, f"Starved {rounds}") == sorted(
        f"Starved {rounds} {one}" for one in range(rounds)
    )
    assert sorted(one for one in heard.texts() if one in texts) == sorted(texts)
    assert await given_up(stack) == []


async def _starve(processes: list[asyncio.subprocess.Process]) -> None:
    """Give processes a tenth of the time; first the last one stands still past its lease of six seconds."""
    pause = asyncio.Event()

    async def passes(seconds: float) -> None:
        try:
            await asyncio.wait_for(pause.wait(), seconds)
        except TimeoutError:
            return

    try:
        processes[-1].send_signal(signal.SIGSTOP)
        await passes(8)
        processes[-1].send_signal(signal.SIGCONT)
        while True:
            for process in processes:
                process.send_signal(signal.SIGSTOP)
            await passes(0.45)
            for process in processes:
                process.send_signal(signal.SIGCONT)
            await passes(0.05)
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)
