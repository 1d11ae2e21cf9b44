"""The program's one ASGI application, and what runs beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from simulator.control import Control
from simulator.google.surface import google_door
from simulator.mail_door import open_mail_door
from simulator.microsoft.surface import microsoft_door
from simulator.page.views import Page
from simulator.state import StateFile
from simulator.surface import KeepTransport
from simulator.world import World


def application(world: World, state_file: StateFile | None, smtp_port: int | None = None) -> ASGIApp:
    """Return the application: control API, page, and the providers below `/google` and `/microsoft`.

    `smtp_port`: where mail from outside is taken beside it, on loopback alone.
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(world.run_post()), asyncio.create_task(world.pubsub.run())]
        tasks.append(asyncio.create_task(world.microsoft.push.run(world.microsoft.remind)))
        if state_file is not None:
            tasks.append(asyncio.create_task(state_file.run()))
        door = None if smtp_port is None else await open_mail_door(world, "127.0.0.1", smtp_port)
        yield
        if door is not None:
            door.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    providers = [
        Mount("/google", app=google_door(world)),
        Mount("/microsoft", app=microsoft_door(world)),
    ]
    routes = [*Control(world).routes(), *Page(world).routes(), *providers]
    return KeepTransport(Starlette(routes=routes, lifespan=lifespan))
