"""Who goes first in a worker: mail that has just come is not held up by mailboxes that catch up."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from database.ids import new_id
from jobs.turns import BURST, COURTESY, HALF_LIFE, STINT, NoPlace, Turn, Turns
from rules.words import CommandId, MailboxId


@dataclass
class Clock:
    """A clock that is moved by hand, and by each look at it where it is told to."""

    seconds: float = 0.0
    each_look: float = 0.0

    def __call__(self) -> float:
        self.seconds += self.each_look
        return self.seconds


@dataclass
class Worker:
    """Turns of one worker, and jobs that read mailboxes by them."""

    places: int = 1
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.turns = Turns(self.places, time=self.clock)
        self.jobs = ExitStack()

    def reading(self, mailbox_id: MailboxId, command_id: CommandId | None = None) -> Turn:
        return self.jobs.enter_context(self.turns.reading(command_id or command(), mailbox_id))


def command() -> CommandId:
    return CommandId(new_id())


def mailbox() -> MailboxId:
    return MailboxId(new_id())


async def test_who_is_flooded_waits_for_a_place_and_who_is_written_to_does_not() -> None:
    worker = Worker(places=1)
    await worker.reading(mailbox()).take(BURST + 1)

    await worker.reading(mailbox()).take(BURST)
    with pytest.raises(NoPlace):
        await worker.reading(mailbox()).take(BURST + 1)


async def test_mails_that_come_one_by_one_become_a_flood_where_they_come_fast() -> None:
    """One in 1.2 s is a busy correspondence; two a second are more than a person reads."""
    for pause, waits in ((1.2, False), (0.5, True)):
        worker = Worker(places=0)
        ann, told = mailbox(), False
        for _ in range(60):
            worker.clock.seconds += pause
            try:
                await worker.reading(ann).take(1)
            except NoPlace:
                told = True
        assert told is waits, pause


async def test_a_flood_is_forgotten() -> None:
    worker = Worker(places=0)
    ann = mailbox()
    worker.turns.took(ann, 40)
    with pytest.raises(NoPlace):
        await worker.reading(ann).take(0)
    worker.clock.seconds += 4 * HALF_LIFE.total_seconds()

    await worker.reading(ann).take(1)

    assert worker.turns.lately(ann) == pytest.approx(40 / 16 + 1)


async def test_who_was_told_to_wait_has_the_place_that_comes_free_in_the_order_of_coming() -> None:
    worker = Worker(places=1)
    first = ExitStack()
    await first.enter_context(worker.turns.reading(command(), mailbox())).take(BURST + 1)
    waiting = [(command(), mailbox()) for _ in range(2)]
    for command_id, mailbox_id in waiting:
        with worker.turns.reading(command_id, mailbox_id) as turn, pytest.raises(NoPlace):
            await turn.take(BURST + 1)
        assert worker.turns.has_to_wait(command_id)
    order: list[CommandId] = []

    async def run(command_id: CommandId, mailbox_id: MailboxId) -> None:
        async with worker.turns.in_line(command_id):
            with worker.turns.reading(command_id, mailbox_id) as turn:
                await turn.take(BURST + 1)
                order.append(command_id)

    tasks = [asyncio.create_task(run(*one)) for one in waiting]
    await asyncio.sleep(0)
    assert order == []
    first.close()
    await asyncio.gather(*tasks)

    assert order == [command_id for command_id, _ in waiting]
    await worker.reading(mailbox()).take(BURST + 1)


async def test_a_command_that_another_worker_took_meanwhile_leaves_its_place_to_the_next() -> None:
    worker = Worker(places=1)
    waits = command()
    with worker.turns.reading(command(), mailbox()) as one:
        await one.take(BURST + 1)
        with worker.turns.reading(waits, mailbox()) as turn, pytest.raises(NoPlace):
            await turn.take(BURST + 1)
    async with worker.turns.in_line(waits):
        """The claim found nothing to do."""

    await worker.reading(mailbox()).take(BURST + 1)


async def test_a_wait_that_is_broken_off_takes_no_place_and_no_turn() -> None:
    worker = Worker(places=1)
    waits = command()
    first = ExitStack()
    await first.enter_context(worker.turns.reading(command(), mailbox())).take(BURST + 1)
    with worker.turns.reading(waits, mailbox()) as turn, pytest.raises(NoPlace):
        await turn.take(BURST + 1)

    async def wait() -> None:
        async with worker.turns.in_line(waits):
            raise AssertionError("there was no place")

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    first.close()

    next_one = worker.reading(mailbox())
    await next_one.take(BURST + 1)
    worker.clock.seconds += STINT.total_seconds()
    await next_one.take(BURST + 1)


@pytest.mark.parametrize("others_wait", [True, False])
async def test_after_a_stint_a_catch_up_hands_over_where_others_wait(others_wait: bool) -> None:
    worker = Worker(places=1)
    long = worker.reading(mailbox())
    await long.take(BURST + 1)
    waits = command()
    with worker.turns.reading(waits, mailbox()) as turn, pytest.raises(NoPlace):
        await turn.take(BURST + 1)

    async def wait() -> None:
        async with worker.turns.in_line(waits):
            """It has its turn."""

    task = asyncio.create_task(wait()) if others_wait else None
    await asyncio.sleep(0)
    await long.take(BURST + 1)
    worker.clock.seconds += STINT.total_seconds()
    if others_wait:
        with pytest.raises(NoPlace):
            await long.take(BURST + 1)
    else:
        await long.take(BURST + 1)
    worker.jobs.close()
    if task is not None:
        await task


@pytest.mark.parametrize(
    ("each_look", "pauses"), [(0.01, True), (0.0, False)], ids=["a busy process", "an idle one"]
)
async def test_a_catch_up_pauses_for_fresh_mail_where_the_process_is_behind(
    each_look: float, pauses: bool
) -> None:
    worker = Worker(places=1)
    flooded = worker.reading(mailbox())
    await flooded.take(BURST + 1)
    fresh = ExitStack()
    await fresh.enter_context(worker.turns.reading(command(), mailbox())).take(1)
    worker.clock.each_look = each_look
    pausing = asyncio.create_task(flooded.pause())

    await _spin(lambda: pausing.done())
    assert pausing.done() is not pauses
    fresh.close()
    await _spin(lambda: pausing.done())

    assert pausing.done()


async def test_fresh_mail_without_an_end_stops_no_catch_up() -> None:
    worker = Worker(places=1)
    flooded = worker.reading(mailbox())
    await flooded.take(BURST + 1)
    await worker.reading(mailbox()).take(1)
    worker.clock.each_look = 0.01

    async with asyncio.timeout(20 * COURTESY.total_seconds()):
        await flooded.pause()


async def _spin(enough: Callable[[], bool]) -> None:
    """Let other tasks go on, for some rounds of the loop."""
    for _ in range(20):
        if enough():
            return
        await asyncio.sleep(0)
