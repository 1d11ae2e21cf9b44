"""How tests speak HTTP to the servers that they started themselves."""

import asyncio
import ssl
from typing import Final

import uvicorn

UNENCRYPTED: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx's `verify`, where every address is plain http: trusts nobody. Left to itself each client of httpx
reads the authorities that the public trusts, for 20 ms."""


class PromptServer(uvicorn.Server):
    """Ends as soon as it is asked to; uvicorn itself looks ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._asked = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._asked.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._asked.wait()
