"""Whatever people, providers and faults do, in whatever order, the CRM shows what the model says."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from database.pool import Database
from database.sealing import KeyRing
from tests.conftest import make_workspace
from tests.jobs.conftest import open_doors
from tests.jobs.crm import Crm
from tests.jobs.machine.comparison import compare
from tests.jobs.machine.model import CONTACTS, CRM_THREADS, SENT_TO_CONTACTS
from tests.jobs.machine.outside import CUSTOMERS, EVERYBODY, KINDS, USERS
from tests.jobs.machine.story import FAULTS, Story

STEP_SECONDS = 60
SCOPES = (CONTACTS, SENT_TO_CONTACTS, CRM_THREADS)
scopes = st.sampled_from(SCOPES)
users = st.sampled_from(sorted(USERS))
customers = st.sampled_from(CUSTOMERS)
anybody = st.sampled_from(EVERYBODY)
mailboxes = st.sampled_from(sorted(KINDS))
numbers = st.integers(0, 9)


def steps(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, tuple[Any, ...]]]:
    """Steps of one kind: the name of a method of Story, and what it is called with."""
    return st.tuples(st.just(name), st.tuples(*arguments))


several = st.lists(anybody, max_size=2, unique=True).map(tuple)
none = st.just(())
reading = steps("pull", users)
# One rule for all, for Hypothesis leaves whole rules out of most of its examples. What is there twice is
# twice as frequent.
STEP = st.one_of(
    steps("write", customers, mailboxes, several, none),
    steps("write", customers, mailboxes, several, none),
    steps("write", mailboxes, customers, several, st.lists(customers, max_size=1).map(tuple)),
    steps("write", mailboxes, mailboxes, none, none),
    steps("answer", anybody, numbers, st.booleans(), st.none()),
    steps("answer", mailboxes, numbers, st.booleans(), st.none()),
    steps("answer", customers, numbers, st.booleans(), st.sampled_from([None, "Something else"])),
    steps("forward", anybody, numbers, anybody),
    steps("move", mailboxes, numbers, st.sampled_from(["INBOX", "TRASH", "SPAM", "GONE"])),
    steps("mark_read", mailboxes, numbers),
    steps("send", users, numbers),
    steps("send", users, numbers),
    steps("befriend", st.lists(anybody, min_size=1, max_size=2, unique=True).map(tuple)),
    steps("track", users, numbers),
    steps("block", st.sampled_from(["", *USERS]), customers),
    steps("connect", users, st.integers(0, 1), scopes),
    steps("disconnect", users),
    steps("lose_access", users),
    steps("sign_in_again", users),
    steps("spoil", st.sampled_from(sorted(FAULTS)), st.integers(1, 2)),
    steps("spoil", st.sampled_from(sorted(FAULTS)), st.integers(1, 2)),
    steps("rewind", users),
    steps("expire", users),
    steps("verify", users),
    reading,
    reading,
    reading,
)


class SyncMachine(RuleBasedStateMachine):
    """Hypothesis chooses the steps in a thread of its own; the world lives in the test's event loop."""

    loop: asyncio.AbstractEventLoop
    new_story: Callable[[], Awaitable[Story]]
    done = 0
    """How many steps were taken, over all examples."""
    synced = 0
    """How many mails the CRM showed in the end."""

    def __init__(self) -> None:
        super().__init__()
        self.story = self.do(type(self).new_story())

    def do(self, step: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(STEP_SECONDS)

    def teardown(self) -> None:
        type(self).done += len(self.story.steps)
        type(self).synced += sum(len(talk.mails) for talk in self.story.model.talks)
        self.do(self.story.close())

    @initialize(ann=scopes, ben=scopes, contacts=st.integers(0, 3))
    def both_connect(self, ann: str, ben: str, contacts: int) -> None:
        for customer in CUSTOMERS[:contacts]:
            self.do(self.story.take("befriend", ((customer,),)))
        self.do(self.story.take("connect", ("ann", 0, ann)))
        self.do(self.story.take("connect", ("ben", 0, ben)))

    @rule(step=STEP)
    def step(self, step: tuple[str, tuple[Any, ...]]) -> None:
        self.do(self.story.take(*step))

    @invariant()
    def the_crm_shows_what_the_model_says(self) -> None:
        self.do(compare(self.story))


@pytest.fixture
async def machine(crm: Crm, db: Database, key_ring: KeyRing) -> AsyncIterator[type[SyncMachine]]:
    """A machine whose stories each have a workspace of their own, and an empty outside world."""

    def new_doors() -> Any:
        return open_doors(crm.simulator)

    async def new_story() -> Story:
        workspace = await make_workspace(db, key_ring)
        # What a verification finds unknown was missed: the feed gets no time of its own.
        settings = replace(crm.context.settings, verify_patience=timedelta())
        own = replace(crm, workspace_id=workspace.id, context=replace(crm.context, settings=settings))
        story = Story(own, new_doors)
        await story.begin()
        return story

    class Machine(SyncMachine):
        pass

    Machine.loop = asyncio.get_running_loop()
    Machine.new_story = staticmethod(new_story)
    yield Machine


async def run(machine: type[SyncMachine], **more: Any) -> None:
    how = settings(deadline=None, suppress_health_check=list(HealthCheck), **more)
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=how)
    print(f"{machine.done} steps, {machine.synced} mails synced")
    assert machine.synced > 0


Program = list[tuple[str, tuple[Any, ...]]]
FOUND: dict[str, Program] = {
    "Outlook mail of the very second in which it was connected": [
        ("befriend", ((CUSTOMERS[0],),)),
        ("connect", ("ben", 0, CONTACTS)),
        ("write", (CUSTOMERS[0], "ben@house.test", (), ())),
        ("pull", ("ben",)),
    ],
    "an answer in the second of what it answers": [
        ("befriend", ((CUSTOMERS[0],),)),
        ("connect", ("ben", 0, SENT_TO_CONTACTS)),
        *[("write", ("ben@house.test", CUSTOMERS[0], (), ())), ("answer", (CUSTOMERS[0], 0, False, None))]
        * 4,
        ("pull", ("ben",)),
    ],
}
"""What the machine found, and what was wrong: each a program of its own, so that it is never found again."""


@pytest.mark.parametrize("name", FOUND)
async def test_what_the_machine_found_stays_mended(machine: type[SyncMachine], name: str) -> None:
    story = await machine.new_story()
    for step in FOUND[name]:
        await story.take(*step)
        await compare(story)
    await story.close()


async def test_the_crm_shows_what_the_model_says(machine: type[SyncMachine]) -> None:
    """The same few stories each time; the soak draws new ones."""
    phases = (Phase.explicit, Phase.generate)
    await run(machine, max_examples=5, stateful_step_count=20, phases=phases, derandomize=True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_thousands_of_steps_follow_the_model(machine: type[SyncMachine]) -> None:
    """`MACHINE_SEED=n` repeats a run, `MACHINE_EXAMPLES=n` sets its length; `MACHINE_SHRINK=1` makes what it
    finds as short as it can be, which takes minutes."""
    number = int(os.environ.get("MACHINE_SEED", secrets.randbelow(1 << 32)))
    examples = int(os.environ.get("MACHINE_EXAMPLES", 100))
    phases = tuple(Phase) if "MACHINE_SHRINK" in os.environ else (Phase.generate,)
    print(f"MACHINE_SEED={number}")
    await run(seed(number)(machine), max_examples=examples, stateful_step_count=50, phases=phases)
