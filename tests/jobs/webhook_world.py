"""A workspace whose events webhooks are told, its worker, and what receivers were sent."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from database.ids import new_id
from database.pool import Database
from database.tables import WebhookRow
from database.vault import Vault
from jobs.context import JobContext
from jobs.running import carry_out
from jobs.sandbox import Sandbox
from jobs.table import TABLE
from providers.doors import Doors
from providers.web import webhooks_reaching
from rules.event_ids import decode_event_id
from rules.happenings import (
    Event,
    MessageSynced,
)
from rules.words import ContactId, MessageId, ThreadId, WebhookId, WorkspaceId
from tests.conftest import WorkspaceForTests
from tests.database.rows import stored_conversation
from tests.jobs.crm import clock, make_context
from tests.providers.http_server import Server, answer

SECRET = bytes(range(32))
OLD_SECRET = bytes(range(1, 33))
TAKES = answer(b"", status="204 No Content")
FAILS = answer(b"oops", status="500 Internal Server Error")
LOOPBACK = ("127.0.0.0/8",)


@dataclass
class Hooks:
    """A workspace whose events webhooks are told, and its worker."""

    db: Database
    vault: Vault
    workspace_id: WorkspaceId
    thread_id: ThreadId
    context: JobContext
    ahead: timedelta = timedelta()
    outcomes: list[str] = field(default_factory=list)

    async def add(self, url: str, **values: Any) -> WebhookId:
        id = WebhookId(new_id())
        key = await self.vault.data_key(self.workspace_id)
        async with self.db.work(self.workspace_id) as work:
            work.add(
                WebhookRow(
                    id=id,
                    workspace_id=self.workspace_id,
                    url=url,
                    secret_sealed=key.seal(SECRET, "webhooks", id, "secret_sealed"),
                    created_at=clock(),
                    changed_at=clock(),
                    **values,
                )
            )
        return id

    async def tell(self, *events: Event) -> None:
        async with self.db.work(self.workspace_id) as work:
            for event in events or (self.synced(),):
                work.tell(event)

    def synced(self) -> MessageSynced:
        return MessageSynced(MessageId(new_id()), self.thread_id, ContactId(new_id()), None)

    async def later(self, passed: timedelta) -> None:
        """Let time pass: on the worker's clock, which also wrote when commands are due."""
        self.ahead += passed
        async with self.db.work(self.workspace_id) as work:
            come = "update commands set due_at = now() where due_at <= now() + cast(:ahead as interval)"
            await work.execute(text(come), {"ahead": self.ahead})

    async def work(self) -> int:
        done = 0
        while due := await self.db.across.due_commands(100):
            for command_id, _, _ in due:
                claimed = await self.db.claim(command_id, self.context.settings.lease)
                if claimed is not None:
                    await carry_out(self.context, TABLE, claimed)
                    done += 1
            assert done < 500, "the commands never end"
        return done

    async def hook(self, id: WebhookId) -> dict[str, Any]:
        row = await self.db.fetchrow(self.workspace_id, "select * from webhooks where id = $1", id)
        assert row is not None
        return dict(row)

    async def deliveries(self, id: WebhookId) -> list[dict[str, Any]]:
        sql = "select * from webhook_deliveries where webhook_id = $1 order by event_number"
        return [dict(row) for row in await self.db.fetch(self.workspace_id, sql, id)]

    async def states(self, id: WebhookId) -> list[str]:
        return [one["state"] for one in await self.deliveries(id)]

    def numbers(self, server: Server) -> list[int]:
        """The numbers of the events that a receiver was sent, in that order."""
        return [decode_event_id(self.workspace_id, one["id"]) for one in map(body, server.seen)]


def head(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def body(request: bytes) -> Any:
    return json.loads(request.partition(b"\r\n\r\n")[2])


@asynccontextmanager
async def made_hooks(
    db: Database, vault: Vault, workspace: WorkspaceForTests, sandbox: Sandbox, tmp_path: Path
) -> AsyncIterator[Hooks]:
    """The world, with loopback as the operator's exception."""
    thread_id, _ = await stored_conversation(db, workspace)
    doors = Doors(clock=clock, webhooks=webhooks_reaching(LOOPBACK))
    context = make_context(db, vault, doors, sandbox, tmp_path, clock)
    made = Hooks(db, vault, workspace.id, thread_id, context)
    made.context = replace(context, now=lambda: clock() + made.ahead, count_webhook=made.outcomes.append)
    yield made
    await doors.close()
