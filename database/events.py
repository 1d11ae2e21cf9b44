"""The event log: what happened in a workspace, numbered without gaps in the order of the commits."""

from datetime import datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import text

from database import written
from database.lines import Lines
from database.work import Work
from rules.happenings import Event, NumberedEvent
from rules.words import WorkspaceId

_KINDS: dict[str, type[Event]] = {known.kind: known for known in get_args(Event)}

_AFTER = """
select number, at, kind, subject from events where workspace_id = $1 and number > $2 order by number limit $3
"""

_PURGE = text("delete from events where workspace_id = :workspace_id and at < :before")


class EventLog:
    """Reads of the events; they are written by `Work.tell`."""

    def __init__(self, reads: Lines) -> None:
        self._reads = reads

    async def after(self, workspace_id: WorkspaceId, number: int, limit: int) -> list[NumberedEvent]:
        """At most `limit` events whose numbers follow `number`, in their order."""
        rows = await self._reads.run(
            workspace_id, lambda line: line.fetch(_AFTER, workspace_id, number, limit)
        )
        return [
            NumberedEvent(row["number"], row["at"], event_of(row["kind"], row["subject"])) for row in rows
        ]

    async def latest(self, workspace_id: WorkspaceId) -> int:
        """The number of the newest event; 0 before the first."""
        return await self._number(
            workspace_id, "select event_number from workspaces where id = $1", workspace_id
        )

    async def oldest_kept(self, workspace_id: WorkspaceId) -> int:
        """The number of the oldest event that can still be replayed; one after the newest if none is kept."""
        return await self._number(
            workspace_id,
            "select coalesce((select min(number) from events where workspace_id = $1), event_number + 1) "
            "from workspaces where id = $1",
            workspace_id,
        )

    async def _number(self, workspace_id: WorkspaceId, sql: str, argument: UUID) -> int:
        found = await self._reads.run(workspace_id, lambda line: line.fetchval(sql, argument))
        return int(found or 0)


def event_of(kind: str, subject: dict[str, object]) -> Event:
    """Read an event back. Raises: NotOurs: it is none that this version knows."""
    return written.read_back(_KINDS, kind, subject)


async def purge(work: Work, before: datetime) -> int:
    """Forget the workspace's events older than `before`; how many they were."""
    done = await work.execute(_PURGE, {"workspace_id": work.workspace_id, "before": before})
    return int(getattr(done, "rowcount", 0))
