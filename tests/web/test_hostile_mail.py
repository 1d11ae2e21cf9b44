"""The corpus of hostile HTML in a real Chromium: nothing runs, and nothing but the API is ever asked."""

import base64
import json
import re
from datetime import timedelta
from uuid import UUID

import pytest

from database.clock import now
from database.ids import new_id
from database.pool import Database
from database.tables import MessageRow, ThreadRow, UnreadRow
from rules.html import sanitise
from rules.words import Direction, Origin, WorkspaceId
from tests.providers.http_server import answer, running_server
from tests.samples.hostile_html import ATTACKS
from tests.stories.stack import DANA, Stack
from tests.web.building import run_in_browser

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="
)
A_CONVERSATION = 20
HOSTS = re.compile(r"https?://[a-z]+\.example")


def mail(attack: str, number: int, images: str) -> str:
    """An honest image, and an attack whose hosts are the one server that is here."""
    return f'<img alt="honest" src="{images}honest/{number}.png"><p>{number}</p>{HOSTS.sub(images, attack)}'


async def store(stack: Stack, mails: list[str]) -> list[tuple[str, int]]:
    """Store mails as a pull would, unread by Ann; the conversations, each with its number of mails."""
    who = await stack.ask("{ viewer { user { id } workspace { id } } contacts { edges { node { id } } } }")
    workspace_id = WorkspaceId(UUID(who["viewer"]["workspace"]["id"]))
    user_id, contact_id = UUID(who["viewer"]["user"]["id"]), UUID(who["contacts"]["edges"][0]["node"]["id"])
    stored = []
    db = await Database.open(stack.environment["DATABASE_URL"])
    for first in range(0, len(mails), A_CONVERSATION):
        thread_id, some = new_id(), mails[first : first + A_CONVERSATION]
        ids = [new_id() for _ in some]
        async with db.work(workspace_id) as work:
            at = now() - timedelta(hours=1)
            work.add(
                ThreadRow(
                    id=thread_id,
                    workspace_id=workspace_id,
                    contact_id=contact_id,
                    subject="Strange",
                    message_count=len(some),
                    last_message_id=ids[-1],
                    last_message_at=at + timedelta(minutes=len(some)),
                    created_at=at,
                )
            )
            await work.flush()
            for number, (id, html) in enumerate(zip(ids, some, strict=True)):
                cleaned = sanitise(html)
                assert cleaned is not None
                work.add(
                    MessageRow(
                        id=id,
                        workspace_id=workspace_id,
                        thread_id=thread_id,
                        direction=Direction.INBOUND,
                        origin=Origin.MAILBOX,
                        from_address=DANA,
                        from_name="Dana Okafor",
                        subject="Strange",
                        snippet="Strange",
                        text="Strange",
                        html=cleaned.html,
                        sent_at=at + timedelta(minutes=number),
                        synced_at=at + timedelta(minutes=number),
                    )
                )
            await work.flush()
            for id in ids:
                work.add(
                    UnreadRow(
                        id=new_id(),
                        workspace_id=workspace_id,
                        user_id=user_id,
                        thread_id=thread_id,
                        message_id=id,
                    )
                )
        stored.append((str(thread_id), len(some)))
    await db.close()
    return stored


@pytest.mark.rule("R41")
@pytest.mark.rule("R42")
@pytest.mark.timeout(300)
async def test_hostile_mail_runs_nothing_and_asks_nobody_but_us(deployment: Stack) -> None:
    async with running_server(answer(PNG)) as images:
        mails = [mail(attack, number, images.url) for number, attack in enumerate(ATTACKS)]
        threads = await store(deployment, mails)
        cleaned = [
            (attack, html.html)
            for attack, mail in zip(ATTACKS, mails, strict=True)
            if (html := sanitise(mail))
        ]
        told = {"api": deployment.api, "token": deployment.token, "simulator": deployment.simulator.url}

        printed = await run_in_browser(
            "hostile.mjs", json.dumps(told | {"threads": threads, "cleaned": cleaned})
        )

    assert "told to its end" in printed
    asked = [request.split(b"\r\n\r\n")[0].lower() for request in images.seen]
    assert sum(b" /honest/" in one for one in asked) == len(ATTACKS)
    assert all(b"bothways-images" in one for one in asked)
    assert not any(b"cookie" in one or b"referer" in one or b"chrome" in one for one in asked)
