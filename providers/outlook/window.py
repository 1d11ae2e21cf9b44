"""Following a mailbox's changes by the time of their last modification, over all folders at once.

Belongs here: how a stretch of time is walked so that nothing in it is missed. Why not delta queries: ADR
0015.

What was modified at or after a place in time is asked for, oldest first, a page at a time; the next page
begins at the second that the last one ended in. Pages are cut by time, never by a count that shifts when
something in them is modified meanwhile; only a second that fills a whole page is read on by count,
overlapping. Each round begins two minutes before the last one ended, because a change may be seen later
than it was made; marks of what was told keep it from being told twice, and a mark that was dropped costs a
repetition, nothing more.
Source: https://learn.microsoft.com/en-us/graph/api/user-list-messages
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from providers.outlook import parse
from providers.outlook.parse import Listed
from providers.outlook.wire import Message
from rules.cursors import Told
from rules.errors import CursorExpired, Retryable

OVERLAP: Final = timedelta(minutes=2)
MARKS_LIMIT: Final = 1000
SKIP_OVERLAP: Final = 50
PAGES_OF_ONE_SECOND: Final = 80

Ask = Callable[[datetime, int], Awaitable[Listed]]
"""Asks for a page of what was modified since a second, leaving out so many."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a page told that was not told before, and where to go on."""

    fresh: tuple[Message, ...]
    told: Told
    more: bool


async def walk(ask: Ask, told: Told, *, now: datetime) -> Stretch:
    """Read the next page of a stretch of time.

    The next round never begins after `now`: where a server's clock was ahead, what others modify meanwhile
    lies before what it stamped.

    Raises:
        CursorExpired: more was modified in one second than can be walked through.
    """
    page = await _page(ask, told.at)
    known = {mark for marks in told.marks.values() for mark in marks}
    fresh = {message["id"]: message for message in page.messages if parse.mark(message) not in known}
    end = max((_modified(message) for message in page.messages), default=told.at)
    begin = end if page.more else max(told.at, end - OVERLAP)
    if begin > now and not page.more:
        begin = _second(now) - OVERLAP
    return Stretch(tuple(fresh.values()), Told(begin, _marks(told, page.messages, begin)), more=page.more)


async def _page(ask: Ask, since: datetime) -> Listed:
    """A page; one that lies in one second and is not the last is read on, to the end of that second."""
    last = await ask(since, 0)
    found = last.messages
    for _ in range(PAGES_OF_ONE_SECOND):
        if not last.more or _modified(last.messages[-1]) > _second(since):
            return Listed(found, last.more)
        skip = len(found) - min(SKIP_OVERLAP, len(last.messages) // 2)
        last = await ask(since, skip)
        found = found[:skip] + last.messages
    # A look-back takes it from here: waiting would not make it less, and the mailbox must not stand still.
    raise CursorExpired("Too much was changed in one second to be walked through.")


def _marks(told: Told, page: Iterable[Message], begin: datetime) -> dict[int, frozenset[str]]:
    """The marks of everything told that lies at or after the new beginning, the newest first to be kept."""
    moved = round((told.at - begin).total_seconds())
    marks = {second + moved: set(known) for second, known in told.marks.items() if second + moved >= 0}
    for message in page:
        second = int((_modified(message) - begin).total_seconds())
        if second >= 0:
            marks.setdefault(second, set()).add(parse.mark(message))
    kept: dict[int, frozenset[str]] = {}
    left = MARKS_LIMIT
    for second in sorted(marks, reverse=True):
        if left <= 0:
            break
        kept[second] = frozenset(marks[second])
        left -= len(marks[second])
    return kept


def _modified(message: Message) -> datetime:
    at = parse.instant(message.get("lastModifiedDateTime"))
    if at is None:
        raise Retryable("Microsoft did not say when a message was modified.")
    return _second(at)


def _second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
