"""How many conversations are unread or wait for an answer, as the viewer's eyes see them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from database.reads import counts
from database.tables import MessageRow, ThreadRow, table_of
from resolvers.viewer import Viewer
from rules.words import Direction, Scope
from schema.faults import Forbidden
from tests.resolvers.world import NOW, World, add_thread

COUNTS = "{ viewer { unreadThreads unansweredThreads } }"


async def counted(world: World, viewer: Viewer | None = None) -> Any:
    data = await world.data(COUNTS, viewer=viewer)
    return (data["viewer"]["unreadThreads"], data["viewer"]["unansweredThreads"])


async def test_open_conversations_are_counted_once_each_however_many_messages_they_have(world: World) -> None:
    unread, unanswered = await counted(world)
    await add_thread(world, "Three messages", NOW, messages=3)

    assert await counted(world) == (unread + 1, unanswered + 1)


async def test_what_is_done_is_not_counted_and_what_was_answered_waits_no_more(world: World) -> None:
    done = await add_thread(world, "Done", NOW)
    answered = await add_thread(world, "Answered", NOW + timedelta(hours=1))
    unread, unanswered = await counted(world)
    async with world.db.work(world.workspace_id) as work:
        threads, messages = table_of(ThreadRow), table_of(MessageRow)
        await work.execute(update(threads).where(threads.c.id == done).values(state="DONE"))
        own = update(messages).where(messages.c.thread_id == answered)
        await work.execute(own.values(direction=Direction.OUTBOUND))

    assert await counted(world) == (unread - 1, unanswered - 2)


async def test_a_colleague_counts_neither_anothers_read_state_nor_what_is_private(world: World) -> None:
    own, colleagues = await counted(world), await counted(world, world.colleague)
    await add_thread(world, "Ann's own", NOW, private_to=world.user_id)

    assert await counted(world) == (own[0] + 1, own[1] + 1)
    assert await counted(world, world.colleague) == (0, colleagues[1])
    assert await counted(world, world.program) == (0, colleagues[1])


async def test_a_count_ends_at_its_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await add_thread(world, "One more", NOW)
    bounded = {name: sql.replace(f"limit {counts.MOST}", "limit 1") for name, sql in counts.COUNTS.items()}
    monkeypatch.setattr(counts, "COUNTS", bounded)
    counts.counting.cache_clear()

    assert await counted(world) == (1, 1)
    counts.counting.cache_clear()


async def test_a_credential_that_may_not_read_is_told_no_count(world: World) -> None:
    answer = await world.ask(COUNTS, viewer=world.viewer(scopes=frozenset({Scope.SEND})))

    assert answer["errors"][0]["extensions"]["code"] == Forbidden("").code
