"""Many workers, the same mail over and over, in any order: the rows that one worker would make (R58)."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from database.clock import now
from database.ids import new_id
from database.pool import Database
from database.tables import ContactRow, ThreadRow, UserRow
from jobs.storing import Content, Incoming, NotStored, Receiver, store
from rules.conversation import Conversation
from rules.decision import Decision, Facts
from rules.envelope import Correspondent, Envelope
from rules.words import ContactId, Direction, EmailAddress, MailboxId, ThreadId, UserId, Visibility
from tests.conftest import WorkspaceForTests
from tests.database.rows import mailbox

pytestmark = pytest.mark.rule("R58")
WORKERS, ROUNDS = 8, 3
CONTENT = Content("Hello.", None, "Hello.", None, (), None, ())
FACTS = Facts(user_addresses={}, contacts={})


async def _receivers(db: Database, workspace: WorkspaceForTests) -> list[Receiver]:
    """Two users' mailboxes; what both hold is one message with two copies."""
    found = []
    async with db.work(workspace.id) as work:
        for name in ("one", "two"):
            user, box = new_id(), mailbox(work, workspace)
            email = f"{name}@workers.test"
            work.add(UserRow(id=user, workspace_id=workspace.id, name=name, email=email, created_at=work.now))
            box.user_id, box.address, box.remote_account_id = user, EmailAddress(email), name
            work.add(box)
            found.append(Receiver(MailboxId(box.id), UserId(user), Visibility.EVERYTHING))
    return found


async def _mail(db: Database, workspace: WorkspaceForTests, most: int) -> list[Incoming]:
    """Every second one begins a conversation; the others answer in five that are there."""
    contact = ContactId(new_id())
    threads = [ThreadId(new_id()) for _ in range(5)]
    async with db.work(workspace.id) as work:
        work.add(ContactRow(id=contact, workspace_id=workspace.id, name="Dana", created_at=work.now))
        for id in threads:
            work.add(
                ThreadRow(
                    id=id,
                    workspace_id=workspace.id,
                    contact_id=contact,
                    last_message_at=work.now,
                    created_at=work.now,
                )
            )
    found = []
    for number in range(most):
        thread = None if number % 2 else threads[number % 5]
        at = now() + timedelta(seconds=number)
        envelope = Envelope(
            *(f"remote-{number}", f"thread-{number}", at, at),
            Correspondent(EmailAddress(f"from{number % 7}@dana.test")),
            internet_message_id=f"{number}@dana.test",
            unread=True,
        )
        where = Conversation(thread, contact)
        decision = Decision(True, "D11", None, "", Direction.INBOUND, links=True, conversation=where)
        found.append(Incoming(envelope, decision, CONTENT))
    return found


async def _work(db: Database, workspace: WorkspaceForTests, most: int, seed: int) -> None:
    receivers, mail = await _receivers(db, workspace), await _mail(db, workspace, most)
    jobs = [(receiver, one) for receiver in receivers for one in mail] * ROUNDS
    random.Random(seed).shuffle(jobs)
    waiting = asyncio.Queue[tuple[Receiver, Incoming]]()
    for job in jobs:
        waiting.put_nowait(job)

    async def worker() -> None:
        while not waiting.empty():
            receiver, one = waiting.get_nowait()
            async with db.work(workspace.id) as work:
                await store(work, receiver, one, FACTS)

    await asyncio.gather(*(worker() for _ in range(WORKERS)))

    async def count(sql: str) -> int:
        return int(await db.fetchval(workspace.id, sql))

    assert await count("select count(*) from messages") == most
    assert await count("select count(distinct internet_message_id) from messages") == most
    assert await count("select count(*) from message_copies") == 2 * most
    assert await count("select count(*) from unread") == 2 * most
    assert await count("select count(*) from events where kind = 'MessageSynced'") == most
    assert await count("select count(*) from threads") == 5 + most // 2, "no conversation is left empty"
    wrong = (
        "select count(*) from threads t "
        "where message_count <> (select count(*) from messages m where m.thread_id = t.id)"
    )
    assert await count(wrong) == 0
    newest = (
        "select count(*) from threads t where last_message_id is distinct from "
        "(select m.id from messages m where m.thread_id = t.id order by m.sent_at desc limit 1)"
    )
    assert await count(newest) == 0
    assert await count("select max(number) - count(*) from events") == 0


@pytest.mark.timeout(120)
async def test_mails_that_many_bring_at_once_are_stored_once(
    db: Database, workspace: WorkspaceForTests
) -> None:
    await _work(db, workspace, 80, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(3))
async def test_a_thousand_mails_are_stored_once(
    db: Database, workspace: WorkspaceForTests, seed: int
) -> None:
    await _work(db, workspace, 1_000, seed)


async def test_a_copy_that_was_stored_under_another_message_takes_everything_back(
    db: Database, workspace: WorkspaceForTests
) -> None:
    """Mail without a Message-ID is known by its copy alone: a late worker leaves no second message of it."""
    receivers, mail = await _receivers(db, workspace), await _mail(db, workspace, 2)
    nameless = replace(mail[1], envelope=replace(mail[1].envelope, internet_message_id=None))
    async with db.work(workspace.id) as work:
        await store(work, receivers[0], nameless, FACTS)

    with pytest.raises(NotStored):
        async with db.work(workspace.id) as work:
            await store(work, receivers[0], nameless, FACTS)

    for table, rows in (("messages", 1), ("message_copies", 1), ("unread", 1), ("events", 1), ("threads", 6)):
        assert await db.fetchval(workspace.id, f"select count(*) from {table}") == rows, table
