"""The one unit of work: rows, what happened, and what is to be done, in one commit. Nothing else commits.

In the order of the locks it takes: the rows; then commands, by key; then the workspace's own row, which
gives out the numbers of audit rows and, as the last statement, of events. So numbers are gapless and
increase in the order of the commits, and that row is locked for one statement only. After the commit the
bell is rung, best effort: whoever missed it is found by the sweeper, or by the next ring.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson
from sqlalchemy import Executable, Result, text
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from database import audit, commands, written
from database.bell import Bell, ring
from database.commands import Claimed, End, Ending, Ring
from database.driver import Driver, Statement
from database.ids import new_id
from database.lines import AWAY, DatabaseAway, DatabaseBusy, Line
from database.tables import AuditRow, metadata
from rules.happenings import Command, Event
from rules.webhooks import KINDS
from rules.words import WorkspaceId

_order = {table.name: place for place, table in enumerate(metadata.sorted_tables)}


class WorkspaceGone(Exception):
    """The workspace does not exist, or no longer."""


_ENTER = text("select set_config('app.workspace', :workspace_id, true)")

_LAST_ACT = text("""
select w.id, last.number, last.chain from workspaces w
left join lateral (
    select number, chain from audit_log where workspace_id = w.id order by number desc limit 1
) last on true
where w.id = :workspace_id
""")

_LOCK = text("select id from workspaces where id = :workspace_id for no key update")

_TELL = Statement("""
with numbered as (
    update workspaces set event_number = event_number + :count where id = :workspace_id
    returning event_number
)
insert into events (workspace_id, number, at, kind, subject)
select :workspace_id, numbered.event_number - :count + told.place, :now, told.kind, told.subject::jsonb
from numbered, unnest(cast(:kinds as text[]), cast(:subjects as text[]))
    with ordinality as told(kind, subject, place)
returning number
""")


class Work:
    """What one transaction reads and writes in one workspace; made by `Database.work`."""

    def __init__(
        self, session: AsyncSession, driver: Driver, workspace_id: WorkspaceId, now: datetime
    ) -> None:
        self.session = session
        self._driver = driver
        self.workspace_id = workspace_id
        self.now = now
        self._rows: list[SQLModel] = []
        self._told: list[Event] = []
        self._asked: dict[str, tuple[Command, datetime | None]] = {}
        self._ends: list[End] = []
        self._acts: list[audit.Act] = []

    def add(self, row: SQLModel) -> None:
        """Insert a row, before the next statement of this work, parents before children."""
        self._rows.append(row)

    async def flush(self) -> None:
        """Write the rows added so far, and the changes of those that the session loaded."""
        rows, self._rows = self._rows, []
        rows.sort(key=lambda row: _order[str(row.__tablename__)])
        for place, row in enumerate(rows):
            self.session.add(row)
            if place + 1 == len(rows) or rows[place + 1].__tablename__ != row.__tablename__:
                await self.session.flush()
        if not rows and (self.session.new or self.session.dirty or self.session.deleted):
            await self.session.flush()

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> Result[Any]:
        """Carry out one statement of SQLAlchemy Core, after what was added."""
        await self.flush()
        return await self.session.execute(statement, parameters)

    async def fetch(self, statement: Statement, values: Mapping[str, Any]) -> list[asyncpg.Record]:
        """Carry out one statement by asyncpg itself, after what was added; its rows."""
        await self.flush()
        return await self._driver.fetch(statement, values)

    def tell(self, event: Event) -> None:
        """Say what has happened; numbered and stored by the commit."""
        self._told.append(event)

    def ask(self, command: Command, due_at: datetime | None = None) -> None:
        """Ask for work to be done after the commit, at once or not before `due_at`."""
        known = self._asked.get(command.key)
        if known is not None:
            due_at = min(known[1], due_at) if known[1] and due_at else None
        self._asked[command.key] = (command, due_at)

    async def audit(self, actor: str, action: str, **detail: str) -> None:
        """Write one act into the audit log, with the commit."""
        self._acts.append(audit.Act(actor, action, detail))

    async def finish(self, claimed: Claimed) -> None:
        """End the command with this commit; what was asked during the run makes it run again.

        Raises at the commit: StaleClaim: another worker took over; nothing of this work is written.
        """
        self._ends.append(End(Ending.FINISH, claimed))

    async def postpone(
        self, claimed: Claimed, due_at: datetime, error: str | None = None, *, heeds: bool = False
    ) -> None:
        """Let the command be tried again, not before `due_at`; or at once where it heeds what was asked
        during the run, and something was. A run without an error counts as no attempt.

        Raises at the commit: StaleClaim.
        """
        self._ends.append(End(Ending.POSTPONE, claimed, due_at=due_at, error=error, heeds=heeds))

    async def park(self, claimed: Claimed, error: str) -> None:
        """Leave the command, visible, until it is asked again. Raises at the commit: StaleClaim."""
        self._ends.append(End(Ending.PARK, claimed, error=error))

    async def hold(self, claimed: Claimed, lease: timedelta) -> None:
        """Commit only if the claim is still held, and renew its lease. Raises at the commit: StaleClaim."""
        self._ends.append(End(Ending.HOLD, claimed, lease=lease))

    async def _fold(self) -> tuple[list[Ring], int | None]:
        """Write everything that leaves with the commit; the rings it makes, and the last event's number."""
        await self.flush()
        rings = await self._fold_commands()
        if self._acts:
            await self._fold_acts()
        return rings, await self._fold_events() if self._told else None

    async def _fold_commands(self) -> list[Ring]:
        """By key, so that two works never wait for each other; a key's ending before its asking."""
        rung: list[Ring | None] = []
        ends: dict[str, list[End]] = {}
        for how in self._ends:
            ends.setdefault(how.claimed.key, []).append(how)
        for key in sorted({*ends, *self._asked}):
            rung += [await commands.end(self._driver, how) for how in ends.get(key, ())]
            if key in self._asked:
                command, due_at = self._asked[key]
                rung.append(await commands.ask(self._driver, self.workspace_id, new_id(), command, due_at))
        if any(event.kind in KINDS for event in self._told):
            # The last keys there are, so that these too are locked in the order of the keys.
            rung += await commands.ask_webhooks(self._driver, self.workspace_id)
        return [ring for ring in rung if ring is not None]

    async def _fold_acts(self) -> None:
        await self.session.execute(_LOCK, {"workspace_id": self.workspace_id})
        last = (await self.session.execute(_LAST_ACT, {"workspace_id": self.workspace_id})).one_or_none()
        if last is None:
            raise WorkspaceGone("The workspace no longer exists.")
        number, chain = last.number or 0, last.chain or audit.BEGINNING
        for act in self._acts:
            number += 1
            chain = audit.link(chain, self.workspace_id, number, self.now, act)
            row = AuditRow(
                id=new_id(),
                workspace_id=self.workspace_id,
                number=number,
                at=self.now,
                actor=act.actor,
                action=act.action,
                detail=act.detail,
                chain=chain,
            )
            self.session.add(row)
        await self.session.flush()

    async def _fold_events(self) -> int:
        values = {
            "workspace_id": self.workspace_id,
            "now": self.now,
            "count": len(self._told),
            "kinds": [event.kind for event in self._told],
            "subjects": [orjson.dumps(written.names_and_ids(event)).decode() for event in self._told],
        }
        rows = await self._driver.fetch(_TELL, values)
        if not rows:
            raise WorkspaceGone("The workspace no longer exists.")
        return max(int(row["number"]) for row in rows)


@asynccontextmanager
async def one(
    engine: AsyncEngine, bell: Bell | None, workspace_id: WorkspaceId, now: datetime
) -> AsyncIterator[Work]:
    """One transaction. An exception inside takes everything back: nothing is written, told or asked."""
    async with AsyncSession(engine, expire_on_commit=False, autoflush=False) as session:
        work = Work(session, await _enter(session, workspace_id), workspace_id, now)
        yield work
        rings, number = await work._fold()
        await session.commit()
    if bell is not None:
        await ring(bell, workspace_id, rings, number)


async def _enter(session: AsyncSession, workspace_id: WorkspaceId) -> Driver:
    """Take a connection, begin, and set the workspace that row-level security holds the transaction to.

    An OSError means the database only here: raised later, it is the caller's own.
    """
    try:
        return Driver(await session.run_sync(_entered, str(workspace_id)))
    except NoFreeConnection:
        raise DatabaseBusy("Every connection to the database is in use.") from None
    except AWAY as trouble:
        raise DatabaseAway(f"The database does not answer ({type(trouble).__name__}).") from trouble


def _entered(session: Session, workspace_id: str) -> Line:
    """Begin by the first statement, and return the connection on which asyncpg has begun."""
    connection = session.connection()
    connection.execute(_ENTER, {"workspace_id": workspace_id})
    line = connection.connection.driver_connection
    assert isinstance(line, asyncpg.Connection)
    return line
