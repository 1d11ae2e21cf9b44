"""The walk through time: whatever is modified while pages are read, every last version is told."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.outlook import parse, window
from providers.outlook.wire import Message
from rules.cursors import OutlookCursor, Told, decode_outlook, encode_outlook
from rules.errors import CursorExpired

BEGIN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SIZE = 6


@dataclass
class Mailbox:
    """Messages with the second and the version of their last modification."""

    now: int = 0
    messages: dict[str, tuple[int, int]] = field(default_factory=dict)
    script: Iterator[tuple[int, int]] = field(default_factory=lambda: iter(()))
    asked: int = 0
    size: int = SIZE

    def touch(self, number: int, seconds: int) -> None:
        self.now += seconds
        name = f"m{number}"
        self.messages[name] = (self.now, self.messages.get(name, (0, 0))[1] + 1)

    def shown(self, name: str) -> Message:
        second, version = self.messages[name]
        at = (BEGIN + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"id": name, "changeKey": str(version), "lastModifiedDateTime": at}

    async def ask(self, since: datetime, skip: int) -> parse.Listed:
        """A page; and before it, what the script lets happen meanwhile."""
        self.asked += 1
        for change in [one for one in [next(self.script, None)] if one]:
            self.touch(*change)
        found = sorted(
            (second, name)
            for name, (second, _) in self.messages.items()
            if BEGIN + timedelta(seconds=second) >= since
        )
        shown = [self.shown(name) for _, name in found[skip : skip + self.size]]
        return parse.Listed(shown, more=len(found) > skip + self.size)


async def read(mailbox: Mailbox, told: Told) -> tuple[list[str], Told]:
    """One round: the marks told, and where it ended."""
    marks: list[str] = []
    while True:
        now = BEGIN + timedelta(seconds=mailbox.now)
        stretch = await window.walk(mailbox.ask, told, now=now)
        marks += [parse.mark(message) for message in stretch.fresh]
        told = stretch.told
        if not stretch.more:
            return marks, told


CHANGES = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([0, 0, 0, 1, 2, 90, 300])), max_size=60)


@pytest.mark.rule("R62")
@given(before=CHANGES, meanwhile=CHANGES, after=CHANGES)
@settings(max_examples=150, deadline=None)
def test_every_last_version_is_told(
    before: list[tuple[int, int]], meanwhile: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    async def story() -> None:
        mailbox = Mailbox()
        for change in before:
            mailbox.touch(*change)
        mailbox.script = iter(meanwhile)
        marks, told = await read(mailbox, Told(BEGIN))
        for change in after:
            mailbox.touch(*change)
        more, told = await read(mailbox, told)
        again, told = await read(mailbox, told)
        for change in mailbox.script:
            mailbox.touch(*change)
        rest, _ = await read(mailbox, told)
        seen = {*marks, *more, *again, *rest}
        assert {parse.mark(mailbox.shown(name)) for name in mailbox.messages} <= seen

    asyncio.run(story())


@given(changes=CHANGES)
@settings(max_examples=100, deadline=None)
def test_what_was_told_is_not_told_again_and_the_cursor_keeps_it(changes: list[tuple[int, int]]) -> None:
    async def story() -> None:
        mailbox = Mailbox()
        for change in changes:
            mailbox.touch(*change)
        marks, told = await read(mailbox, Told(BEGIN))
        assert len(marks) == len(set(marks)) == len(mailbox.messages)
        kept = decode_outlook(encode_outlook(OutlookCursor(BEGIN, told, Told(BEGIN)))).mail
        assert (await read(mailbox, kept))[0] == []

    asyncio.run(story())


@pytest.mark.rule("R62")
async def test_what_shows_late_is_told_all_the_same() -> None:
    mailbox = Mailbox()
    mailbox.touch(1, 600)
    _, told = await read(mailbox, Told(BEGIN))
    mailbox.messages["late"] = (mailbox.now - 100, 1)
    marks, _ = await read(mailbox, told)
    assert marks == [parse.mark(mailbox.shown("late"))]


@pytest.mark.rule("R62")
async def test_a_server_whose_clock_was_ahead_hides_nothing() -> None:
    """What it stamped lies in the future; what another one stamps now is told all the same."""
    mailbox = Mailbox()
    mailbox.touch(1, 600)
    mailbox.messages["ahead"] = (mailbox.now + 900, 1)
    _, told = await read(mailbox, Told(BEGIN))
    mailbox.touch(2, 30)
    marks, told = await read(mailbox, told)
    assert parse.mark(mailbox.shown("m2")) in marks
    assert (await read(mailbox, told))[0] == []


@pytest.mark.rule("R62")
@pytest.mark.parametrize("size", [1, 2, 5])
async def test_pages_may_hold_less_than_was_asked_for(size: int) -> None:
    mailbox = Mailbox(size=size)
    for number in range(40):
        mailbox.touch(number, number % 3)
    marks, _ = await read(mailbox, Told(BEGIN))
    assert len(set(marks)) == 40


async def test_a_second_with_more_than_can_be_walked_is_left_to_a_look_back() -> None:
    mailbox = Mailbox()
    for number in range(SIZE * window.PAGES_OF_ONE_SECOND * 2):
        mailbox.touch(number, 0)
    with pytest.raises(CursorExpired):
        await read(mailbox, Told(BEGIN))


async def test_a_round_with_nothing_new_is_one_request() -> None:
    mailbox = Mailbox()
    mailbox.touch(1, 5)
    _, told = await read(mailbox, Told(BEGIN))
    mailbox.asked = 0
    await read(mailbox, told)
    assert mailbox.asked == 1
