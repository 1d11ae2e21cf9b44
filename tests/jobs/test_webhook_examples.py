"""The receivers that docs/api.md shows run as they stand there, and believe us and nobody else."""

import asyncio
import os
import re
import sys
from pathlib import Path

import httpx
import pytest

from rules.webhooks import shown
from tests.jobs.webhook_world import SECRET, Hooks
from tests.node_programs import find
from tests.stories.stack import free_port
from tests.waiting import wait_until

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
PROGRAMS = {"python": "receiver.py", "js": "receiver.mjs"}


@pytest.mark.rule("R31")
@pytest.mark.parametrize("language", PROGRAMS)
async def test_the_receiver_of_the_guide_verifies(hooks: Hooks, tmp_path: Path, language: str) -> None:
    program = sys.executable if language == "python" else find("node")
    found = re.search(rf"A receiver, without any library\..*?```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    file = tmp_path / PROGRAMS[language]
    file.write_text(found[1])
    port = free_port()
    environment = os.environ | {"WEBHOOK_SECRET": shown(SECRET), "PORT": str(port)}
    running = await asyncio.create_subprocess_exec(
        program, str(file), env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        url = f"http://127.0.0.1:{port}/"
        async with httpx.AsyncClient(trust_env=False) as stranger:

            async def answers() -> bool:
                try:
                    forged = {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,eA=="}
                    return (await stranger.post(url, content=b"{}", headers=forged)).status_code == 401
                except httpx.TransportError:
                    return False

            await wait_until(answers, description="the receiver runs, and refuses a stranger")
        id = await hooks.add(url)
        event = hooks.synced()
        await hooks.tell(event)
        await hooks.work()
        assert running.stdout is not None
        line = (await asyncio.wait_for(running.stdout.readline(), 10)).decode()
        assert line.startswith("MESSAGE_SYNCED ")
        assert str(event.message_id) in line
        assert await hooks.states(id) == ["DELIVERED"]
    finally:
        running.kill()
        await running.communicate()
