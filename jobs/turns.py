"""Who goes first in a worker: mail that has just come, before mailboxes that catch up.

The law: a mailbox that took in more than BURST mails lately is catching up, and only so many of those are
read at once; a worker's other places are for everybody else. One that finds no place among them ends its job
before anything is read, and waits outside of all places in the order of coming. Who has been read for STINT
hands over where others wait. "Lately" fades by half every HALF_LIFE: who is written to now and then is never
told to wait, and who is flooded has a share. Where the process has more to do than its core can, those that
catch up pause before each mail while mail that has just come is under way, for COURTESY at most.

It is kept in memory: it says who goes first in this process, and a process that forgets it loses nothing.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import Final

from rules.words import CommandId, MailboxId

BURST: Final = 5
"""So many mails at once have just come; more are a backlog."""
HALF_LIFE: Final = timedelta(seconds=3)
STINT: Final = timedelta(seconds=5)
COURTESY: Final = timedelta(seconds=1)
"""The longest pause before one mail: fresh mail without an end slows those that catch up, and stops none."""
BEHIND: Final = timedelta(milliseconds=3)
"""How late the event loop is where its core has too much to do."""
REMEMBERED: Final = 20_000


class NoPlace(Exception):
    """Enough other mailboxes are catching up: the command is to wait for its turn."""


class Turns:
    """One worker's; `places` is how many mailboxes may catch up at once."""

    def __init__(self, places: int, *, time: Callable[[], float] = monotonic) -> None:
        self.time = time
        self._places = asyncio.Semaphore(places)
        self._lately: OrderedDict[MailboxId, tuple[float, float]] = OrderedDict()
        self._told_to_wait: OrderedDict[CommandId, None] = OrderedDict()
        self._in_line = 0
        self._placed: set[CommandId] = set()
        self._fresh: set[CommandId] = set()
        self._calm = asyncio.Event()
        self._calm.set()

    def has_to_wait(self, command_id: CommandId) -> bool:
        """Whether a command was told to wait, and has not come back since."""
        return command_id in self._told_to_wait

    @asynccontextmanager
    async def in_line(self, command_id: CommandId) -> AsyncIterator[None]:
        """Wait for the place that a command was told to wait for; it is its own while entered."""
        if not self.has_to_wait(command_id):
            yield
            return
        del self._told_to_wait[command_id]
        self._in_line += 1
        try:
            await self._places.acquire()
        finally:
            self._in_line -= 1
        self._placed.add(command_id)
        try:
            yield
        finally:
            self.leave(command_id)

    @contextmanager
    def reading(self, command_id: CommandId, mailbox_id: MailboxId) -> Iterator["Turn"]:
        """Give a mailbox's turn to the job that reads it; the place that it may have taken is free again."""
        try:
            yield Turn(self, command_id, mailbox_id)
        finally:
            self.leave(command_id)
            self._fresh.discard(command_id)
            self._tell_calm()

    def lately(self, mailbox_id: MailboxId) -> float:
        """Return how many mails a mailbox took in lately."""
        mails, at = self._lately.get(mailbox_id, (0.0, 0.0))
        return float(mails * 0.5 ** ((self.time() - at) / HALF_LIFE.total_seconds()))

    def took(self, mailbox_id: MailboxId, mails: int) -> None:
        """Remember that a mailbox takes mails in."""
        self._lately[mailbox_id] = (self.lately(mailbox_id) + mails, self.time())
        self._lately.move_to_end(mailbox_id)
        if len(self._lately) > REMEMBERED:
            self._lately.popitem(last=False)

    async def catch_up(self, command_id: CommandId, since: float) -> None:
        """Keep the place among those that catch up, or take one. Raises: NoPlace: it is others' turn."""
        if command_id in self._placed:
            if not self._in_line or self.time() - since < STINT.total_seconds():
                return
        elif not self._places.locked():
            await self._places.acquire()
            self._placed.add(command_id)
            return
        self._told_to_wait[command_id] = None
        if len(self._told_to_wait) > REMEMBERED:
            self._told_to_wait.popitem(last=False)
        raise NoPlace

    def comes_first(self, command_id: CommandId) -> None:
        """Let those that catch up pause, until the command's job has ended."""
        if command_id not in self._placed:
            self._fresh.add(command_id)
            self._tell_calm()

    async def give_way(self, command_id: CommandId) -> None:
        """Pause while mail that has just come is under way and the process is behind."""
        if command_id not in self._placed or self._calm.is_set():
            return
        asked = self.time()
        await asyncio.sleep(0)
        if self.time() - asked > BEHIND.total_seconds():
            with suppress(TimeoutError):
                async with asyncio.timeout(COURTESY.total_seconds()):
                    await self._calm.wait()

    def _tell_calm(self) -> None:
        if self._fresh:
            self._calm.clear()
        else:
            self._calm.set()

    def leave(self, command_id: CommandId) -> None:
        """Free the place that a command may have."""
        if command_id in self._placed:
            self._placed.remove(command_id)
            self._places.release()


class Turn:
    """One mailbox that one job reads."""

    def __init__(self, turns: Turns, command_id: CommandId, mailbox_id: MailboxId) -> None:
        self._turns = turns
        self._command_id = command_id
        self._mailbox_id = mailbox_id
        self._since = turns.time()

    async def take(self, mails: int) -> None:
        """Go on with so many mails, or with the question whether there are any.

        Raises:
            NoPlace: the mailbox catches up, and it is others' turn.
        """
        if self._turns.lately(self._mailbox_id) + mails > BURST:
            await self._turns.catch_up(self._command_id, self._since)
        self._turns.comes_first(self._command_id)
        if mails:
            self._turns.took(self._mailbox_id, mails)

    async def pause(self) -> None:
        """Let what is more urgent go first, before one more mail."""
        await self._turns.give_way(self._command_id)
