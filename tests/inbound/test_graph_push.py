"""Graph's pushes: the handshake, the secret, what each asks for, and what is never told to a stranger."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import insert, update
from starlette.applications import Starlette
from starlette.routing import Route

from database.clock import now
from database.ids import new_id
from database.pool import Database
from database.tables import MailboxRow
from inbound.graph_push import GraphPush
from providers.outlook.notice import BODY_LIMIT_BYTES
from rules.words import MailboxId
from tests.conftest import WorkspaceForTests

SECRET = "5ecr3t" * 8
TOKEN = "Validation: Testing client application reachability for subscription Request-Id: 1234 <b>ü</b>"


@pytest.fixture
async def mailbox_id(db: Database, workspace: WorkspaceForTests) -> MailboxId:
    """A connected Outlook mailbox whose pushes carry SECRET."""
    mailbox_id = MailboxId(new_id())
    async with db.work(workspace.id) as work:
        await work.execute(
            insert(MailboxRow).values(
                id=mailbox_id,
                workspace_id=workspace.id,
                user_id=workspace.user_id,
                provider="OUTLOOK",
                address="mei@lindqvist-co.test",
                status="CONNECTED",
                scope="CRM_THREADS",
                visibility="EVERYTHING",
                created_at=now(),
                connected_at=now(),
                push_remote_id="7f105c7d-2dc5-4530-97cd-4e7ae6534c07",
                push_secret_hash=hashlib.sha256(SECRET.encode()).digest(),
            )
        )
    return mailbox_id


@pytest.fixture
async def hook(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    push = GraphPush(db)
    routes = [
        Route(path, push.__call__, methods=["POST"]) for path in ("/hooks/graph", "/hooks/graph/lifecycle")
    ]
    transport = httpx.ASGITransport(app=Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://crm.test") as client:
        yield client


async def asked(db: Database, workspace: WorkspaceForTests) -> list[str]:
    rows = await db.fetch(workspace.id, "select kind from commands order by kind")
    return [row["kind"] for row in rows]


def pushed(secret: object, **more: Any) -> bytes:
    return orjson.dumps({"value": [{"subscriptionId": "7f10", "clientState": secret, **more}]})


async def test_the_handshake_says_the_decoded_token_back_as_plain_text(hook: httpx.AsyncClient) -> None:
    for path in ("/hooks/graph", "/hooks/graph/lifecycle"):
        answer = await hook.post(path, params={"validationToken": TOKEN})
        assert (answer.status_code, answer.text) == (200, TOKEN)
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"
    for odd in ("", "x" * 5000):
        assert (await hook.post("/hooks/graph", params={"validationToken": odd})).status_code == 400


@pytest.mark.rule("R30")
async def test_a_push_with_the_secret_asks_for_one_pull(
    hook: httpx.AsyncClient, db: Database, workspace: WorkspaceForTests, mailbox_id: MailboxId
) -> None:
    for _ in range(3):
        answer = await hook.post("/hooks/graph", content=pushed(SECRET, changeType="created"))
        assert (answer.status_code, answer.content) == (202, b"")
    assert await asked(db, workspace) == ["pull_mailbox"]


@pytest.mark.parametrize("event", ["missed", "subscriptionRemoved", "reauthorizationRequired"])
async def test_a_lifecycle_event_has_the_subscription_seen_to(
    hook: httpx.AsyncClient, db: Database, workspace: WorkspaceForTests, mailbox_id: MailboxId, event: str
) -> None:
    answer = await hook.post("/hooks/graph/lifecycle", content=pushed(SECRET, lifecycleEvent=event))
    assert answer.status_code == 202
    assert await asked(db, workspace) == ["pull_mailbox", "renew_watch"]


@pytest.mark.rule("R29")
async def test_a_push_without_the_secret_is_answered_alike_and_asks_for_nothing(
    hook: httpx.AsyncClient, db: Database, workspace: WorkspaceForTests, mailbox_id: MailboxId
) -> None:
    for secret in ("another", SECRET[:-1], SECRET.upper(), None, 7, {"a": 1}):
        answer = await hook.post("/hooks/graph", content=pushed(secret))
        assert (answer.status_code, answer.content) == (202, b"")
    assert (await hook.post("/hooks/graph", content=b"<html>")).status_code == 202
    assert (await hook.post("/hooks/graph", content=b"x" * (BODY_LIMIT_BYTES + 1))).status_code == 413
    assert await asked(db, workspace) == []


async def test_a_push_for_a_mailbox_that_was_disconnected_asks_for_nothing(
    hook: httpx.AsyncClient, db: Database, workspace: WorkspaceForTests, mailbox_id: MailboxId
) -> None:
    async with db.work(workspace.id) as work:
        await work.execute(update(MailboxRow).values(status="DISCONNECTED"))
    assert (await hook.post("/hooks/graph", content=pushed(SECRET))).status_code == 202
    assert await asked(db, workspace) == []
