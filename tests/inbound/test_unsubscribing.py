"""Unsubscribing: a GET asks, one POST acts, and only a token of ours names anybody."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from database.ids import new_id
from database.pool import Database
from database.tables import BulkSendRow, ContactRow, MessageRow, SubmissionRow, ThreadRow
from inbound.unsubscribing import OneClickUnsubscribe
from rules.return_tokens import Unsubscribing, unsubscribe_token
from rules.words import SubmissionId
from tests.conftest import WorkspaceForTests

SECRET = b"u" * 32
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class Door:
    """The route, and a mail that can be unsubscribed from."""

    client: httpx.AsyncClient
    db: Database
    workspace: WorkspaceForTests
    path: str

    async def suppressed(self) -> list[str]:
        rows = await self.db.fetch(
            self.workspace.id, "select address || ' ' || reason as row from suppressions"
        )
        return [one["row"] for one in rows]


async def store_mail(db: Database, workspace: WorkspaceForTests, kind: str) -> SubmissionId:
    contact, thread, message, submission, bulk = (new_id() for _ in range(5))
    async with db.work(workspace.id) as work:
        common: dict[str, Any] = {"workspace_id": workspace.id, "created_at": work.now}
        work.add(ContactRow(id=contact, name="Dana", **common))
        work.add(ThreadRow(id=thread, contact_id=contact, subject="News", last_message_at=work.now, **common))
        work.add(
            MessageRow(
                id=message,
                workspace_id=workspace.id,
                thread_id=thread,
                direction="OUTBOUND",
                origin="CRM",
                from_address="hello@okafor.example",
                to_recipients=[{"address": "dana@okafor.co", "name": None}],
                subject="News",
                sent_at=work.now,
                synced_at=work.now,
            )
        )
        work.add(
            BulkSendRow(
                id=bulk,
                via="WORKSPACE_SENDER",
                idempotency_key=bulk.hex,
                request_hash=b"h",
                subject="News",
                **common,
            )
        )
        await work.flush()
        work.add(
            SubmissionRow(
                id=submission,
                message_id=message,
                kind=kind,
                bulk_send_id=bulk,
                via="WORKSPACE_SENDER",
                state="SENT",
                step="sent",
                idempotency_key=submission.hex,
                request_hash=b"h",
                marker=submission.hex,
                **common,
            )
        )
    return SubmissionId(submission)


@pytest.fixture
async def door(db: Database, workspace: WorkspaceForTests) -> AsyncIterator[Door]:
    submission_id = await store_mail(db, workspace, "BULK")
    token = unsubscribe_token(SECRET, Unsubscribing(workspace.id, submission_id))
    endpoint = OneClickUnsubscribe(db, SECRET)
    app = Starlette(routes=[Route("/unsubscribe/{token}", endpoint.__call__, methods=["GET", "POST"])])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://crm.example") as client:
        yield Door(client, db, workspace, f"/unsubscribe/{token}")


async def test_a_get_asks_and_changes_nothing(door: Door) -> None:
    answer = await door.client.get(door.path)

    assert answer.status_code == 200
    assert "<form" in answer.text and "dana" not in answer.text
    assert await door.suppressed() == []


@pytest.mark.parametrize("multipart", [False, True])
async def test_one_post_is_enough_and_a_second_changes_nothing(door: Door, multipart: bool) -> None:
    for _ in range(2):
        if multipart:
            answer = await door.client.post(
                door.path, files={name: (None, value) for name, value in ONE_CLICK.items()}
            )
        else:
            answer = await door.client.post(door.path, data=ONE_CLICK)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers

    assert await door.suppressed() == ["dana@okafor.co UNSUBSCRIBED"]


@pytest.mark.parametrize("body", [b"", b"x=1", b"List-Unsubscribe=One-Click".rjust(20_000, b"x")])
async def test_a_post_that_does_not_say_it_does_nothing(door: Door, body: bytes) -> None:
    answer = await door.client.post(door.path, content=body)

    assert answer.status_code == 400
    assert await door.suppressed() == []


async def test_a_changed_token_names_nobody(door: Door) -> None:
    last = "A" if door.path[-1] != "A" else "B"
    for path in (door.path[:-1] + last, "/unsubscribe/x", "/unsubscribe/" + "A" * 64):
        assert (await door.client.post(path, data=ONE_CLICK)).status_code == 404
    assert await door.suppressed() == []


async def test_the_token_of_one_workspace_reaches_into_no_other(
    door: Door, db: Database, other_workspace: WorkspaceForTests
) -> None:
    theirs = await store_mail(db, other_workspace, "BULK")
    crossed = unsubscribe_token(SECRET, Unsubscribing(door.workspace.id, theirs))
    await door.client.post(f"/unsubscribe/{crossed}", data=ONE_CLICK)

    assert await door.suppressed() == []
    assert await db.fetch(other_workspace.id, "select id from suppressions") == []


async def test_only_bulk_mail_is_unsubscribed_from(door: Door) -> None:
    individual = await store_mail(door.db, door.workspace, "INDIVIDUAL")
    token = unsubscribe_token(SECRET, Unsubscribing(door.workspace.id, individual))
    await door.client.post(f"/unsubscribe/{token}", data=ONE_CLICK)

    assert await door.suppressed() == []
