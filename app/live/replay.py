"""From an event a client saw last to the live stream: no gap, no repeat, in order.

Belongs here: the reading of missed pages and the one moment of joining. The law: the replay joins only when
it has read at least as far as the hub, and checks that and joins in one step of the event loop.
"""

from collections.abc import Callable

from app.live.feed import LiveRefusal, LiveRequest, Sink
from app.live.hub import Hub, expired, is_gapless
from rules.event_ids import UnknownEventId, decode_event_id

_EXECUTED_AT_ONCE = 20
"""How many results may be in memory for one replaying client."""


async def starting_number(hub: Hub, after: str) -> int:
    """Return the number behind an `after` argument.

    Raises:
        LiveRefusal: it is garbled, another workspace's, or of an event that has not happened.
    """
    try:
        number = decode_event_id(hub.workspace_id, after)
    except UnknownEventId:
        number = None
    if number is None or (number > hub.read_to and number > await hub.source.latest(hub.workspace_id)):
        raise LiveRefusal("BAD_USER_INPUT", "`after` is not the id of an event of this workspace.")
    return number


async def replay(hub: Hub, request: LiveRequest, sink: Sink, after: int, join: Callable[[int], None]) -> None:
    """Send the sink what it missed, at the pace at which it reads, then call `join` with the last number.

    Raises:
        LiveRefusal: some of what it missed was purged.
    """
    number = after
    while number < hub.read_to:
        events = await hub.source.after(hub.workspace_id, number, hub.pace.page_events)
        if not events or not is_gapless(events, number):
            raise expired()
        concerned = [event for event in events if request.interest.concerns(event)]
        for start in range(0, len(concerned), _EXECUTED_AT_ONCE):
            chunk = concerned[start : start + _EXECUTED_AT_ONCE]
            for _, payload in await hub.executions.payloads(request, chunk):
                await sink.drained()
                sink.push(payload)
        number = events[-1].number
    join(number)
