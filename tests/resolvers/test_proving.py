"""What a mailbox could not read can be tried again; health says what waits and what was given up."""

from typing import Any

from sqlalchemy import update

from database.ids import new_id
from database.tables import MailboxRow, SetAsideRow, table_of
from rules.words import MailboxStatus
from tests.resolvers.world import NOW, World

RETRY = """mutation ($id: ID!) { retrySetAside(mailboxId: $id) { __typename
  ... on SetAsideRetried { count mailbox { id health { setAside pending } } } } }"""
HEALTH = "query ($id: ID!) { mailbox(id: $id) { health { setAside pending lastStoredAt } } }"


async def set_aside(world: World, remote_id: str, *, given_up: bool) -> None:
    async with world.db.work(world.workspace_id) as work:
        work.add(
            SetAsideRow(
                id=new_id(),
                workspace_id=world.workspace_id,
                mailbox_id=world.mailbox_id,
                remote_id=remote_id,
                attempts=5 if given_up else 1,
                error="It could not be read.",
                first_at=NOW,
                next_at=None if given_up else NOW,
            )
        )


async def retry(world: World) -> Any:
    return (await world.data(RETRY, {"id": str(world.mailbox_id)}))["retrySetAside"]


async def test_complaint_4_what_was_given_up_is_tried_again_when_asked(world: World) -> None:
    """One message was given up, one still waits: both are tried, with all their attempts."""
    await set_aside(world, "poison", given_up=True)
    await set_aside(world, "slow", given_up=False)
    health = (await world.data(HEALTH, {"id": str(world.mailbox_id)}))["mailbox"]["health"]

    retried = await retry(world)

    assert (health["setAside"], health["pending"]) == (1, 1)
    assert (retried["count"], retried["mailbox"]["health"]) == (2, {"setAside": 0, "pending": 2})
    rows = await world.db.fetch(world.workspace_id, "select attempts, next_at from set_asides")
    assert all(row["attempts"] == 0 and row["next_at"] is not None for row in rows)
    assert await world.db.fetchval(world.workspace_id, "select kind from commands") == "retry_set_aside"


async def test_with_nothing_set_aside_nothing_is_asked(world: World) -> None:
    assert (await retry(world))["count"] == 0
    assert await world.db.fetch(world.workspace_id, "select 1 from commands") == []


async def test_a_mailbox_that_is_not_connected_tries_nothing(world: World) -> None:
    async with world.db.work(world.workspace_id) as work:
        await work.execute(update(table_of(MailboxRow)).values(status=MailboxStatus.REAUTHENTICATE))

    assert (await retry(world))["__typename"] == "NotConnected"


async def test_complaint_5_health_is_what_was_stored_and_not_that_a_job_ended(world: World) -> None:
    """The newest message of the mailbox says when it last stored one, whatever any job wrote."""
    health = (await world.data(HEALTH, {"id": str(world.mailbox_id)}))["mailbox"]["health"]

    stored = await world.db.fetchval(
        world.workspace_id, "select max(synced_at) from messages where mailbox_id = $1", world.mailbox_id
    )
    assert health["lastStoredAt"] == stored.isoformat(timespec="milliseconds").replace("+00:00", "Z")
