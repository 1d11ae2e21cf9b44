"""One provider call under the dials: the fault that hits it, what it spoils, and the line in the journal.

Belongs here: what is the same for every provider. A provider's own words come in as `wrong`.
"""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from simulator.dials import Fault
from simulator.exchange import Answer, Request

if TYPE_CHECKING:
    from simulator.world import World

HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry...</h1></body></html>"
BOMB_PIECE = 1 << 20
Act = Callable[[], Awaitable[Answer]]
Wrong = Callable[[Fault], Answer]


async def noted(
    world: "World",
    request: Request,
    method_id: str,
    account: str | None,
    act: Act,
    wrong: Wrong,
    *,
    batched: bool = False,
) -> Answer:
    """Do one call under the dials and write it in the journal; `wrong` words a dialled error status."""
    fault = world.dials.fault_for(method_id, request.path, account)
    entry = world.journal.note(world.clock.now_ms(), method_id, request, account, batched)
    entry.fault = fault.fault if fault else None
    answer = await act() if fault is None else await _spoilt(world, fault, act, wrong)
    entry.status = answer.status if answer.manner in ("plain", "half") else None
    return answer


async def _spoilt(world: "World", fault: Fault, act: Act, wrong: Wrong) -> Answer:
    match fault.fault:
        case "hang_before":
            return Answer(0, manner="hang")
        case "drop_before":
            return Answer(0, manner="drop")
        case "hang_after":
            await act()
            return Answer(0, manner="hang")
        case "drop_after":
            await act()
            return Answer(0, manner="drop")
        case "half_answer":
            answer = await act()
            answer.manner = "half"
            return answer
        case "slow":
            await asyncio.sleep(fault.seconds)
            return await act()
        case "gzip_bomb":
            return Answer(
                200,
                _bomb(fault.size_bytes),
                {"content-type": "application/json; charset=UTF-8", "content-encoding": "gzip"},
            )
        case "html_body" | "status":
            await _effect(world, fault, act)
            if fault.fault == "html_body":
                return Answer(200, HTML, {"content-type": "text/html; charset=UTF-8"})
            answer = wrong(fault)
            if fault.retry_after_seconds is not None:
                answer.headers["retry-after"] = str(int(fault.retry_after_seconds))
            return answer


async def _effect(world: "World", fault: Fault, act: Act) -> None:
    if fault.effect == "before_answer":
        await act()
    elif fault.effect == "late":
        world.later(fault.seconds, act)


def _bomb(size_bytes: int) -> bytes:
    packer = gzip.compress(b" " * BOMB_PIECE, 9)
    return packer * max(1, size_bytes // BOMB_PIECE)
