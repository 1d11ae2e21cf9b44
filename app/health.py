"""What an orchestrator asks a process: /live, /ready, and its figures at /metrics.

*Live* means that the process answers at all. *Ready* means that it can do its work: the database answers.
A Redis that is away makes a process degraded, not unready: everything goes on, a little later (R59).
"""

import asyncio
import hmac
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.metrics import Metrics
from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database

Checks = Mapping[str, Callable[[], Awaitable[bool]]]
"""Named facts; each answers within a few seconds."""

NOT_NEEDED: Final = frozenset({"redis"})
"""Without these a process is degraded and still ready."""
_DATABASE_SECONDS: Final = 3


def routes(checks: Checks, metrics: Metrics, metrics_token: str | None) -> list[Route]:
    """Return the three routes; without a token nobody reads the figures."""

    async def live(_: Request) -> Response:
        return PlainTextResponse("live\n")

    async def ready(_: Request) -> Response:
        found = {name: await check() for name, check in checks.items()}
        can_work = all(good for name, good in found.items() if name not in NOT_NEEDED)
        state = "ready" if all(found.values()) else "degraded" if can_work else "not ready"
        body = {"state": state} | {name: "answers" if good else "away" for name, good in found.items()}
        return JSONResponse(body, 200 if can_work else 503)

    async def figures(request: Request) -> Response:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        if metrics_token is None:
            return PlainTextResponse("Set LOG_METRICS_TOKEN to read figures here.\n", 404)
        if not hmac.compare_digest(shown.encode(), metrics_token.encode()):
            return PlainTextResponse("The figures need their token.\n", 401, {"www-authenticate": "Bearer"})
        return Response(metrics.text(), media_type=metrics.content_type)

    return [Route("/live", live), Route("/ready", ready), Route("/metrics", figures)]


async def database_answers(db: Database) -> bool:
    """Whether the database answers a small question within three seconds."""
    try:
        async with asyncio.timeout(_DATABASE_SECONDS):
            await db.across.mailboxes_to_check(1)
    except (DatabaseAway, DatabaseBusy, TimeoutError):
        return False
    return True


def a_process_is_ready(ports: Sequence[int]) -> bool:
    """Whether a process of ours on one of these ports of this machine says that it can work."""
    for port in ports:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=3) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except (urllib.error.URLError, OSError):
            continue
    return False
