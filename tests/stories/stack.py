"""The processes of a deployment, each of its own: API, worker, simulated Google, PostgreSQL, Valkey.

What a story does goes over the wire. What it breaks it breaks for real: kill -9, FLUSHALL, faults on dials.
"""

import asyncio
import base64
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import websockets

from database.sealing import write_new_key
from tests.loopback import UNENCRYPTED
from tests.simulator_process import (
    CLIENT_ID,
    CLIENT_SECRET,
    MICROSOFT_CLIENT_ID,
    MICROSOFT_CLIENT_SECRET,
    ROOT,
    Simulator,
    running_simulator,
)
from tests.waiting import wait_until

ANN = "ann@example-co.test"
DANA = "dana@okafor-roofing.test"
MEI = "mei@lindqvist-co.test"
SENDER = "hello@example-co.test"
INBOUND_DOMAIN = "in.bothways.test"
PUSH_ACCOUNT = "pubsub@simulator.test"

INBOX = """
subscription Inbox($after: EventID) {
  inbox(after: $after) {
    __typename
    id
    ... on MessageSynced { message { id direction origin text subject thread { id } } }
    ... on MessageChanged { message { id read delivery { state error } } }
    ... on MailboxChanged { mailbox { id status statusReason } }
  }
}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Listener:
    """One web socket with one subscription to the inbox, which remembers what it was sent."""

    events: list[dict[str, Any]] = field(default_factory=list)
    errors: list[Any] = field(default_factory=list)
    closed: int | None = None

    def synced(self) -> list[dict[str, Any]]:
        return [one["message"] for one in self.events if one["__typename"] == "MessageSynced"]

    def texts(self) -> list[str]:
        return [str(message["text"]).strip() for message in self.synced()]

    @property
    def last_id(self) -> str | None:
        return self.events[-1]["id"] if self.events else None


@dataclass
class Stack:
    """A running deployment with one workspace, whose first user is Ann."""

    api: str
    environment: dict[str, str]
    simulator: Simulator
    logs: Path
    outside_smtp: int
    """Where the simulated world takes mail from workspaces' own senders."""
    token: str = ""
    colleagues: list[str] = field(default_factory=list)
    """Tokens of the workspace's other users."""
    client: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(verify=UNENCRYPTED, trust_env=False, timeout=20)
    )
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def run(self, *words: str, **environment: str) -> str:
        """Run one command of ours to its end; what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", *words),
            cwd=ROOT,
            env=os.environ | self.environment | environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, f"{words}: {out.decode()}\n{err.decode()}"
        return out.decode()

    async def start(self, name: str, module: str = "app", **environment: str) -> asyncio.subprocess.Process:
        """Start a process of ours and return once it answers; another `module` may set it up first."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module, name),
                cwd=ROOT,
                env=os.environ | self.environment | environment,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        await self.answers(process, name)
        return process

    async def start_all(self, *names: str) -> None:
        """Start several of them at the same time."""
        await asyncio.gather(*(self.start(name) for name in names))

    async def answers(self, process: asyncio.subprocess.Process, name: str) -> None:
        """Wait until a process of ours says that it lives."""
        ports = {"api": "HTTP_PORT", "worker": "WORKER_PORT", "smtp": "SMTP_HEALTH_PORT"}
        port = self.environment[ports[name]]

        async def answers() -> bool:
            assert process.returncode is None, (self.logs / f"{name}.log").read_text()[-3000:]
            try:
                return (await self.client.get(f"http://127.0.0.1:{port}/live")).status_code == 200
            except httpx.TransportError:
                return False

        # Stories are not about how soon a process starts, and many may start at once.
        await wait_until(answers, description=f"{name} answers", seconds=60)

    def named(self, name: str) -> asyncio.subprocess.Process:
        """The running process of ours of this name."""
        for process in self.processes:
            if name.encode() in Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0"):
                return process
        raise AssertionError(f"no {name} runs")

    async def kill(self, process: asyncio.subprocess.Process) -> None:
        """kill -9."""
        process.send_signal(signal.SIGKILL)
        await process.wait()
        self.processes.remove(process)

    async def stop(self) -> None:
        for process in self.processes:
            with suppress(ProcessLookupError):
                process.terminate()
        await asyncio.gather(*(process.wait() for process in self.processes))
        await self.client.aclose()

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Ask the API; its data, and no errors."""
        answer = await self.client.post(
            f"{self.api}/graphql",
            json={"query": document, "variables": variables},
            headers={"authorization": f"Bearer {self.token}"},
        )
        said = answer.json()
        assert answer.status_code == 200, said
        assert "errors" not in said, said
        return dict(said["data"])

    @asynccontextmanager
    async def listening(self, after: str | None = None) -> AsyncIterator[Listener]:
        """Subscribe to the inbox, live."""
        heard = Listener()
        url = self.api.replace("http", "ws", 1) + "/graphql"
        async with websockets.connect(
            url, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]
        ) as line:
            opening = {"type": "connection_init", "payload": {"authorization": f"Bearer {self.token}"}}
            await line.send(json.dumps(opening))
            assert json.loads(await line.recv())["type"] == "connection_ack"
            payload = {"query": INBOX, "variables": {"after": after}}
            await line.send(json.dumps({"id": "inbox", "type": "subscribe", "payload": payload}))
            await line.send(json.dumps({"type": "ping"}))
            reading = asyncio.create_task(_read(line, heard))
            yield heard
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def begin(self, provider: str = "GMAIL") -> dict[str, Any]:
        """Begin to connect a mailbox; where to send the user, or why not."""
        begun = await self.ask(
            "mutation($provider: Provider!) { connectMailbox(input: {provider: $provider}) {"
            " __typename ... on Authorization { url } ... on UserError { message } } }",
            provider=provider,
        )
        return dict(begun["connectMailbox"])

    async def connect(self, account: str = ANN, provider: str = "GMAIL") -> str:
        """Connect a mailbox as a user does: the consent page, and back through the callback."""
        begun = await self.begin(provider)
        assert begun["__typename"] == "Authorization", begun
        consent = self.simulator.consent if provider == "GMAIL" else self.simulator.microsoft_consent
        back = await consent(begun["url"], account)
        assert (await self.client.get(back)).status_code == 200

        async def connected() -> str | None:
            mailboxes = (await self.ask("{ mailboxes { id status health { pushExpiresAt } } }"))["mailboxes"]
            live = [one for one in mailboxes if one["status"] == "CONNECTED"]
            return live[0]["id"] if live and live[0]["health"]["pushExpiresAt"] else None

        return str(await wait_until(connected, description="the mailbox is connected and watched"))

    async def contact(self, name: str, *emails: str) -> str:
        made = await self.ask(
            "mutation($input: ContactInput!) { createContact(input: $input) {"
            " __typename ... on Contact { id } ... on UserError { message } } }",
            input={"name": name, "emails": list(emails)},
        )
        return str(made["createContact"]["id"])

    async def send(self, **email: Any) -> dict[str, Any]:
        """Send a mail from the CRM; the message."""
        email.setdefault("idempotencyKey", f"story-{next(self._numbers)}")
        sent = await self.ask(
            "mutation($input: SendEmailInput!) { sendEmail(input: $input) { __typename"
            " ... on Message { id thread { id } delivery { state } } ... on UserError { message } } }",
            input=email,
        )
        assert sent["sendEmail"]["__typename"] == "Message", sent
        return dict(sent["sendEmail"])

    async def set_sender(self, **more: Any) -> None:
        """Let the workspace send by a mail server of its own: the simulated world's."""
        sender = {
            "host": "127.0.0.1",
            "port": self.outside_smtp,
            "tls": "NONE",
            "fromAddress": SENDER,
            **more,
        }
        said = await self.ask(
            "mutation($input: WorkspaceInput!) { updateWorkspace(input: $input) {"
            " __typename ... on UserError { message } } }",
            input={"workspaceSender": sender | more},
        )
        assert said["updateWorkspace"]["__typename"] == "Workspace", said

    async def delivery(self, message_id: str) -> str:
        said = await self.ask("query($id: ID!) { message(id: $id) { delivery { state } } }", id=message_id)
        return str(said["message"]["delivery"]["state"])


async def _read(line: websockets.ClientConnection, heard: Listener) -> None:
    try:
        async for frame in line:
            said = json.loads(frame)
            match said["type"]:
                case "ping":
                    await line.send(json.dumps({"type": "pong"}))
                case "next":
                    heard.events.append(said["payload"]["data"]["inbox"])
                case "error":
                    heard.errors.append(said["payload"])
    finally:
        heard.closed = line.close_code


@asynccontextmanager
async def running_stack(
    database_url: str, owner_url: str, redis_url: str, folder: Path, **more: str
) -> AsyncIterator[Stack]:
    """Start everything, make a workspace with Ann as its admin, and stop everything afterwards."""
    port, worker_port, smtp_port, outside_smtp = (free_port() for _ in range(4))
    api = f"http://127.0.0.1:{port}"
    options = {
        "redirect_uri": f"{api}/oauth/google/callback",
        "microsoft_redirect_uri": f"{api}/oauth/microsoft/callback",
        "push_url": f"{api}/hooks/gmail",
        "push_audience": f"{api}/hooks/gmail",
        "push_service_account": PUSH_ACCOUNT,
        "inbound_domain": INBOUND_DOMAIN,
        "inbound_smtp": f"127.0.0.1:{smtp_port}",
        "smtp_port": outside_smtp,
    }
    async with running_simulator(**options) as simulator:
        await simulator.create_account(ANN, "Ann Berg", "google")
        await simulator.create_account(MEI, "Mei Lindqvist", "microsoft")
        await simulator.create_account(DANA, "Dana Okafor")
        google = simulator.google_url
        environment = {
            "DATABASE_URL": database_url,
            "DATABASE_OWNER_URL": owner_url,
            "REDIS_URL": redis_url,
            "VAULT_KEYS": write_new_key("stories"),
            "BLOB_URL": (folder / "blobs").as_uri(),
            "HTTP_PORT": str(port),
            "HTTP_PUBLIC_URL": api,
            "HTTP_RETURN_URLS": f"{api}/connected",
            "HTTP_SECRET": base64.b64encode(bytes(range(32))).decode(),
            "HTTP_STOP_SECONDS": "1",
            "WORKER_PORT": str(worker_port),
            "WORKER_STOP_SECONDS": "2",
            "WORKER_SWEEP_SECONDS": "1",
            "WORKER_LEASE_SECONDS": "6",
            "WORKER_POLL_WITHOUT_PUSH_SECONDS": "2",
            "SMTP_INBOUND_DOMAIN": INBOUND_DOMAIN,
            "SMTP_PORT": str(smtp_port),
            "SMTP_HEALTH_PORT": str(free_port()),
            "SMTP_TRUSTED_NETWORKS": "127.0.0.0/8",
            "SENDER_ALLOWED_NETWORKS": "127.0.0.0/8",
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
            "IMAGE_ALLOWED_NETWORKS": "127.0.0.0/8",
            "LOG_JSON_LINES": "false",
            "GOOGLE_CLIENT_ID": CLIENT_ID,
            "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
            "GOOGLE_PUBSUB_TOPIC": "projects/simulator/topics/bothways",
            "GOOGLE_PUSH_AUDIENCE": f"{api}/hooks/gmail",
            "GOOGLE_PUSH_SERVICE_ACCOUNT_EMAIL": PUSH_ACCOUNT,
            "GOOGLE_AUTH_URL": f"{google}o/oauth2/v2/auth",
            "GOOGLE_TOKEN_URL": f"{google}token",
            "GOOGLE_REVOKE_URL": f"{google}revoke",
            "GOOGLE_JWKS_URL": f"{google}oauth2/v3/certs",
            "GOOGLE_USERINFO_URL": f"{google}oauth2/v3/userinfo",
            "GOOGLE_API_ROOT": google,
            "MICROSOFT_CLIENT_ID": MICROSOFT_CLIENT_ID,
            "MICROSOFT_CLIENT_SECRET": MICROSOFT_CLIENT_SECRET,
            "MICROSOFT_PUSH": "true",
            "MICROSOFT_AUTHORITY": f"{simulator.url}/microsoft/login",
            "MICROSOFT_GRAPH_ROOT": f"{simulator.graph_url}/",
            "MICROSOFT_CONTACTS": "true",
            "GOOGLE_PEOPLE_ROOT": f"{google}people/",
            "GOOGLE_CONTACTS": "true",
            **more,
        }
        stack = Stack(api, environment, simulator, folder, outside_smtp)
        try:
            yield stack
        finally:
            await stack.stop()
