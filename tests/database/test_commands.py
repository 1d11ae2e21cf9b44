"""The outbox of commands: nothing asked is swallowed, nothing stale is written."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from database.commands import Claimed, StaleClaim, command_of
from database.ids import new_id
from database.pool import Database
from database.sealing import KeyRing
from database.written import NotOurs
from rules.happenings import CarryReadState, Command, PullMailbox, RenewWatch
from rules.words import CommandId, MailboxId, ThreadId
from tests.conftest import WorkspaceForTests, make_workspace
from tests.database.test_work import Recorder

LEASE = timedelta(seconds=60)
OVER = timedelta(0)


async def ask(
    db: Database, workspace: WorkspaceForTests, command: Command, due_at: datetime | None = None
) -> CommandId:
    async with db.work(workspace.id) as work:
        work.ask(command, due_at)
    found = await db.fetchval(workspace.id, "select id from commands where key = $1", command.key)
    return CommandId(found)


async def taken(db: Database, command_id: CommandId, lease: timedelta = LEASE) -> Claimed:
    claimed = await db.claim(command_id, lease)
    assert claimed is not None
    return claimed


async def finish(db: Database, claimed: Claimed) -> None:
    async with db.work(claimed.workspace_id) as work:
        await work.finish(claimed)


async def due(db: Database) -> list[CommandId]:
    return [command_id for command_id, _, _ in await db.across.due_commands(100)]


async def test_one_of_many_claimants_wins(db: Database, workspace: WorkspaceForTests) -> None:
    command = PullMailbox(MailboxId(new_id()))
    command_id = await ask(db, workspace, command)
    claims = await asyncio.gather(*(db.claim(command_id, LEASE) for _ in range(20)))
    won = [claim for claim in claims if claim is not None]
    assert len(won) == 1
    assert (won[0].command, won[0].attempts, won[0].fence, won[0].asked) == (command, 1, 1, 1)
    assert await due(db) == []
    await finish(db, won[0])
    assert await db.fetchval(workspace.id, "select count(*) from commands") == 0


async def test_what_is_asked_during_a_run_runs_again(db: Database, workspace: WorkspaceForTests) -> None:
    db.bell = bell = Recorder()
    command = PullMailbox(MailboxId(new_id()))
    command_id = await ask(db, workspace, command)
    claimed = await taken(db, command_id)
    rings = len(bell.commands)
    await ask(db, workspace, command)
    assert len(bell.commands) == rings, "the running one hears of it when it ends"
    assert await db.claim(command_id, LEASE) is None
    await finish(db, claimed)
    assert bell.commands[rings:] == [command_id]
    again = await taken(db, command_id)
    assert (again.attempts, again.fence) == (1, 2)
    await finish(db, again)
    assert await due(db) == []


async def test_a_run_may_ask_for_its_own_next_time(db: Database, workspace: WorkspaceForTests) -> None:
    command = RenewWatch(MailboxId(new_id()))
    claimed = await taken(db, await ask(db, workspace, command))
    async with db.work(workspace.id) as work:
        later = work.now + timedelta(days=3)
        work.ask(command, later)
        await work.finish(claimed)
    assert await due(db) == []
    assert await db.fetchval(workspace.id, "select due_at from commands") == later


async def test_a_later_asking_by_others_neither_delays_nor_ends_a_run(
    db: Database, workspace: WorkspaceForTests
) -> None:
    command = PullMailbox(MailboxId(new_id()))
    command_id = await ask(db, workspace, command)
    claimed = await taken(db, command_id, OVER + timedelta(milliseconds=200))
    async with db.work(workspace.id) as work:
        later = work.now + timedelta(hours=1)
        work.ask(command, later)
    async with db.work(workspace.id) as work:
        await work.execute(text("select pg_sleep(0.25)"))
    after_crash = await taken(db, command_id)
    assert after_crash.attempts == 2
    with pytest.raises(StaleClaim):
        await finish(db, claimed)
    await finish(db, after_crash)
    assert await db.fetchval(workspace.id, "select due_at from commands") == later


@pytest.mark.rule("R53")
async def test_a_stale_workers_late_write_is_refused(db: Database, workspace: WorkspaceForTests) -> None:
    command_id = await ask(db, workspace, PullMailbox(MailboxId(new_id())))
    stale = await taken(db, command_id, OVER)
    fresh = await taken(db, command_id)
    assert fresh.fence == stale.fence + 1
    for ending in ("finish", "postpone", "park", "hold"):
        with pytest.raises(StaleClaim):
            async with db.work(workspace.id) as work:
                await work.execute(text("update users set name = 'Written by a stale worker'"))
                match ending:
                    case "finish":
                        await work.finish(stale)
                    case "postpone":
                        await work.postpone(stale, work.now, "late")
                    case "park":
                        await work.park(stale, "late")
                    case _:
                        await work.hold(stale, LEASE)
        assert await db.fetchval(workspace.id, "select name from users") == "Ada Obi", ending
    await db.extend(fresh, LEASE)
    await finish(db, fresh)


@pytest.mark.rule("R55")
@pytest.mark.parametrize("heeds", [True, False])
async def test_what_waits_for_hours_goes_on_at_once_where_it_heeds_what_was_asked_meanwhile(
    db: Database, workspace: WorkspaceForTests, heeds: bool
) -> None:
    command = PullMailbox(MailboxId(new_id()))
    command_id = await ask(db, workspace, command)
    for asked in (False, True):
        claimed = await taken(db, command_id)
        if asked:
            await ask(db, workspace, command)
        async with db.work(workspace.id) as work:
            await work.postpone(claimed, work.now + timedelta(hours=1), heeds=heeds)
        assert await due(db) == ([command_id] if asked and heeds else [])
        await ask(db, workspace, command)


async def test_postponed_waits_and_parked_stays_until_asked(
    db: Database, workspace: WorkspaceForTests
) -> None:
    command = CarryReadState(MailboxId(new_id()), ThreadId(new_id()))
    command_id = await ask(db, workspace, command)
    claimed = await taken(db, command_id)
    async with db.work(workspace.id) as work:
        await work.postpone(claimed, work.now + timedelta(hours=1), "try later")
    assert await db.claim(command_id, LEASE) is None
    await ask(db, workspace, command)
    claimed = await taken(db, command_id)
    assert claimed.attempts == 2
    async with db.work(workspace.id) as work:
        await work.park(claimed, "gives up")
    assert await due(db) == []
    assert await db.fetchval(workspace.id, "select last_error from commands") == "gives up"
    await ask(db, workspace, command)
    assert (await taken(db, command_id)).attempts == 1


async def test_a_run_that_only_goes_on_later_is_no_attempt(
    db: Database, workspace: WorkspaceForTests
) -> None:
    command_id = await ask(db, workspace, PullMailbox(MailboxId(new_id())))
    for error, attempts in ((None, 1), (None, 1), ("failed", 1), (None, 2), ("failed", 2), ("failed", 3)):
        claimed = await taken(db, command_id)
        assert claimed.attempts == attempts
        async with db.work(workspace.id) as work:
            await work.postpone(claimed, work.now - timedelta(seconds=1), error)


@pytest.mark.rule("R65")
async def test_a_flood_of_one_workspace_does_not_hold_up_another(
    db: Database, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests
) -> None:
    async with db.work(workspace.id) as work:
        for _ in range(300):
            work.ask(PullMailbox(MailboxId(new_id())))
    theirs = await ask(db, other_workspace, PullMailbox(MailboxId(new_id())))
    first = await db.across.due_commands(4)
    assert theirs in [command_id for command_id, _, _ in first]


async def test_two_workspaces_never_share_a_row(
    db: Database, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests
) -> None:
    command = PullMailbox(MailboxId(new_id()))
    assert await ask(db, workspace, command) != await ask(db, other_workspace, command)


def test_only_known_commands_of_ids_are_read_back() -> None:
    mailbox_id = MailboxId(new_id())
    assert command_of("pull_mailbox", {"mailbox_id": str(mailbox_id)}) == PullMailbox(mailbox_id)
    hostile: list[tuple[str, dict[str, Any]]] = [
        ("eval", {"mailbox_id": str(mailbox_id)}),
        ("pull_mailbox", {}),
        ("pull_mailbox", {"mailbox_id": str(mailbox_id), "more": "x"}),
        ("pull_mailbox", {"mailbox_id": "dana@okafor.example"}),
        ("pull_mailbox", {"mailbox_id": None}),
        ("pull_mailbox", {"mailbox_id": 7}),
    ]
    for kind, arguments in hostile:
        with pytest.raises(NotOurs):
            command_of(kind, arguments)


Step = st.sampled_from(["ask", "claim", "finish", "lapse"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(Step, min_size=4, max_size=24))
async def test_every_asking_is_followed_by_a_run_that_began_after_it(
    db: Database, key_ring: KeyRing, steps: list[str]
) -> None:
    """Whatever happens in whatever order: after the last asking, a run begins and ends."""
    workspace = await make_workspace(db, key_ring)
    command = PullMailbox(MailboxId(new_id()))
    command_id = await ask(db, workspace, command)
    unanswered = True
    run: Claimed | None = None
    answers = False
    for step in steps:
        match step:
            case "ask":
                command_id = await ask(db, workspace, command)
                unanswered, answers = True, False
            case "claim" if run is None:
                run = await db.claim(command_id, LEASE)
                answers = run is not None
            case "finish" if run is not None:
                await finish(db, run)
                unanswered = unanswered and not answers
                run = None
            case "lapse" if run is not None:
                async with db.work(workspace.id) as work:
                    await work.hold(run, -LEASE)
                run = None
    if run is not None:
        await finish(db, run)
        unanswered = unanswered and not answers
    left = await db.fetchval(workspace.id, "select count(*) from commands")
    assert left == (1 if unanswered else 0)
    if unanswered:
        assert command_id in await due(db)


AN_HOUR_BACK = text("""
update commands set created_at = created_at + interval '1 hour', due_at = due_at + interval '1 hour',
    next_due_at = next_due_at + interval '1 hour', lease_until = lease_until + interval '1 hour'
""")


async def step_back(db: Database, workspace: WorkspaceForTests) -> None:
    """Let the database's clock step back by an hour: what is written down is an hour in the future."""
    async with db.work(workspace.id) as work:
        await work.execute(AN_HOUR_BACK)


@pytest.mark.rule("R53")
async def test_a_clock_that_steps_back_holds_up_neither_what_was_asked_nor_what_was_leased(
    db: Database, workspace: WorkspaceForTests
) -> None:
    """Fault 20: what a killed worker left is taken up, a late writer is refused, and what waits, waits."""
    asked, leased, later = (PullMailbox(MailboxId(new_id())) for _ in range(3))
    in_a_minute = (await db.time()) + timedelta(minutes=1)
    ids = [await ask(db, workspace, asked), await ask(db, workspace, leased)]
    later_id = await ask(db, workspace, later, in_a_minute)
    old = await taken(db, ids[1])
    await step_back(db, workspace)

    assert set(await due(db)) == set(ids)
    assert await db.claim(later_id, LEASE) is None
    held = [await taken(db, command_id) for command_id in ids]
    assert await due(db) == []
    with pytest.raises(StaleClaim):
        await finish(db, old)
    for claimed in held:
        await finish(db, claimed)
    assert await db.fetchval(workspace.id, "select count(*) from commands") == 1


async def test_what_is_asked_after_the_clock_stepped_back_runs_at_once(
    db: Database, workspace: WorkspaceForTests
) -> None:
    """A worker that died before the step holds its mailbox no longer than it would have."""
    command = PullMailbox(MailboxId(new_id()))
    command_id = await ask(db, workspace, command)
    old = await taken(db, command_id)
    async with db.work(workspace.id) as work:
        await work.postpone(old, (await db.time()) + timedelta(minutes=5), "failed")
    await step_back(db, workspace)
    db.bell = bell = Recorder()
    await ask(db, workspace, command)

    assert bell.commands == [command_id]
    await finish(db, await taken(db, command_id))
    assert await db.fetchval(workspace.id, "select count(*) from commands") == 0
