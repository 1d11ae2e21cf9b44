"""The outbox of commands: how work is asked for, claimed, finished, put off and parked.

One row per workspace and key. A claim is a compare-and-swap by the database's clock that raises `fence`;
whoever writes with an older fence is refused. What is asked while a run holds the row raises `asked`, so
that the run's end becomes another run instead of the end of the row. Statements only: database/work.py says
when they run and commits them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, get_args
from uuid import UUID

import asyncpg
import orjson

from database import written
from database.driver import Driver, Statement
from rules.happenings import Command, DeliverWebhook
from rules.words import CommandId, WorkspaceId

_KINDS: dict[str, type[Command]] = {known.kind: known for known in get_args(Command)}
_ERROR_LENGTH = 1000


class StaleClaim(Exception):
    """The claim is no longer held: its lease ran out and another worker took over. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A command that this process may carry out until its lease ends; `attempts` counts this one."""

    id: CommandId
    workspace_id: WorkspaceId
    kind: str
    key: str
    arguments: dict[str, Any]
    asked: int
    attempts: int
    fence: int

    @property
    def command(self) -> Command:
        """Raises: NotOurs: another version of the code wrote it."""
        return command_of(self.kind, self.arguments)


@dataclass(frozen=True, slots=True)
class Ring:
    """A command that is due at `due_at`, for the bell."""

    command_id: CommandId
    queue: str
    due_at: datetime


def command_of(kind: str, arguments: dict[str, Any]) -> Command:
    """Read a command back. Raises: NotOurs: it is none that this version knows."""
    return written.read_back(_KINDS, kind, arguments)


def arguments_of(command: Command) -> dict[str, str | None]:
    """A command's arguments, as they are stored: ids only."""
    return written.names_and_ids(command)


class Ending(StrEnum):
    """What becomes of a claimed command when its work commits."""

    FINISH = "finish"
    POSTPONE = "postpone"
    PARK = "park"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class End:
    """One ending to be written with a commit."""

    ending: Ending
    claimed: Claimed
    due_at: datetime | None = None
    error: str | None = None
    lease: timedelta | None = None
    heeds: bool = False


_RUNS = "(commands.lease_until > now() and commands.lease_until <= now() + interval '11 minutes')"
"""No lease is longer: one that is was given before the database's clock stepped back, and is over."""

_ONCE_MORE = f"""
on conflict (workspace_id, key) do update set
    asked = commands.asked + 1,
    due_at = case when {_RUNS} then commands.due_at
        else least(commands.due_at, excluded.due_at) end,
    next_due_at = case when {_RUNS} then least(commands.next_due_at, excluded.due_at)
        else commands.next_due_at end,
    attempts = case when commands.parked_at is null then commands.attempts else 0 end,
    parked_at = null
returning id, queue, due_at, coalesce({_RUNS}, false) as running
"""

_ASK = Statement(
    """
insert into commands (id, workspace_id, kind, key, queue, arguments, due_at, created_at)
values (:id, :workspace_id, :kind, :key, :queue, cast(cast(:arguments as text) as jsonb),
    coalesce(:due_at, now()), now())
"""
    + _ONCE_MORE
)

_ASK_WEBHOOKS = Statement(
    """
insert into commands (id, workspace_id, kind, key, queue, arguments, due_at, created_at)
select gen_random_uuid(), h.workspace_id, :kind, :key || h.id::text, :queue,
    jsonb_build_object('webhook_id', h.id), now(), now()
from webhooks h where h.workspace_id = :workspace_id and h.state = 'ON' order by h.id
"""
    + _ONCE_MORE
)

_FINISH = Statement("""
delete from commands where id = :id and fence = :fence and asked = :asked and next_due_at is null returning id
""")

_AGAIN = Statement("""
update commands set lease_until = null, attempts = 0, last_error = null, next_due_at = null,
    due_at = coalesce(next_due_at, least(due_at, now()))
where id = :id and fence = :fence returning id, queue, due_at
""")

_POSTPONE = Statement("""
update commands set lease_until = null, last_error = cast(:error as varchar),
    attempts = case when cast(:error as varchar) is null then greatest(attempts - 1, 0) else attempts end,
    due_at = case when :heeds and asked > :asked then least(now(), :due_at) else :due_at end,
    next_due_at = case when next_due_at > :due_at then next_due_at end
where id = :id and fence = :fence returning id, queue, due_at
""")

_PARK = Statement("""
update commands set lease_until = null, parked_at = now(), last_error = :error, next_due_at = null
where id = :id and fence = :fence returning id
""")

_HOLD = Statement("""
update commands set lease_until = clock_timestamp() + :lease where id = :id and fence = :fence returning id
""")


async def ask(
    driver: Driver, workspace_id: WorkspaceId, new_id: UUID, command: Command, due_at: datetime | None
) -> Ring | None:
    """Write one asking; None if the command is being carried out now, as its end will ring."""
    values = {
        "id": new_id,
        "workspace_id": workspace_id,
        "kind": command.kind,
        "key": command.key,
        "queue": command.queue.value,
        "arguments": orjson.dumps(arguments_of(command)).decode(),
        "due_at": due_at,
    }
    [row] = await driver.fetch(_ASK, values)
    return None if row["running"] else _ring(row)


async def ask_webhooks(driver: Driver, workspace_id: WorkspaceId) -> list[Ring]:
    """Have every webhook of the workspace that is on told what this commit tells."""
    values = {
        "workspace_id": workspace_id,
        "kind": DeliverWebhook.kind,
        "key": DeliverWebhook.key_prefix,
        "queue": DeliverWebhook.queue.value,
    }
    rows = await driver.fetch(_ASK_WEBHOOKS, values)
    return [_ring(row) for row in rows if not row["running"]]


async def end(driver: Driver, how: End) -> Ring | None:
    """Write one ending; a ring if the command is to run again.

    Raises:
        StaleClaim: the claim is no longer held.
    """
    which = {"id": how.claimed.id, "fence": how.claimed.fence}
    error = how.error[:_ERROR_LENGTH] if how.error else None
    match how.ending:
        case Ending.FINISH:
            if await driver.fetch(_FINISH, which | {"asked": how.claimed.asked}):
                return None
            row = await driver.one_or_none(_AGAIN, which)
        case Ending.POSTPONE:
            values = which | {"due_at": how.due_at, "error": error}
            values |= {"heeds": how.heeds, "asked": how.claimed.asked}
            row = await driver.one_or_none(_POSTPONE, values)
        case Ending.PARK:
            row = await driver.one_or_none(_PARK, which | {"error": error})
        case Ending.HOLD:
            row = await driver.one_or_none(_HOLD, which | {"lease": how.lease})
    if row is None:
        raise StaleClaim(f"{how.claimed.kind} {how.claimed.id} was taken over by another worker")
    return _ring(row) if how.ending in (Ending.FINISH, Ending.POSTPONE) else None


def _ring(row: asyncpg.Record) -> Ring:
    return Ring(CommandId(row["id"]), row["queue"], row["due_at"])
