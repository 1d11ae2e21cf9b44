"""A workspace's rows, table by table, for an export: everything but keys, hashes and sealed secrets.

Belongs here: which tables and columns there are, which rows are one contact's, and reading them in pages.
Never: files (app/exporting.py). The law: rows are read inside the workspace, where PostgreSQL itself shows no
row of another; a page is all that is in memory.
"""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy import LargeBinary, Table
from sqlalchemy.dialects.postgresql import TSVECTOR

from database.pool import Database
from database.tables import metadata
from rules.words import WorkspaceId

PAGE: Final = 500
_KEPT_BYTES: Final = frozenset({"sha256", "chain"})
"""Bytes that are no secret; all others are keys, keyed hashes and sealed values, of use only here."""

_OF_THREADS: Final = "(select t.id from threads t where t.contact_id = $1)"
_ADDRESSES: Final = "(select a.address from contact_addresses a where a.contact_id = $1)"
_THEIR_MAIL: Final = (
    f"(thread_id in {_OF_THREADS} or (direction = 'INBOUND' and from_address in {_ADDRESSES}))"
)
"""Their conversations, and what they wrote into others' (as database/erasing.py would erase it)."""
_OF_MESSAGES: Final = f"(select m.id from messages m where {_THEIR_MAIL})"  # noqa: S608 - our own names
OF_CONTACT: Final[dict[str, str]] = {
    "contacts": "id = $1",
    "contact_addresses": "contact_id = $1",
    "contact_links": "contact_id = $1",
    "tracked_contacts": "contact_id = $1",
    "bulk_recipients": "contact_id = $1",
    "threads": "contact_id = $1",
    "thread_links": f"thread_id in {_OF_THREADS}",
    "messages": _THEIR_MAIL,
    "message_copies": f"message_id in {_OF_MESSAGES}",
    "attachments": f"message_id in {_OF_MESSAGES}",
    "submissions": f"message_id in {_OF_MESSAGES}",
    "suppressions": f"address in {_ADDRESSES}",
}
"""Which rows of which tables are one contact's; the others hold nothing of them."""


def tables(contact: UUID | None) -> list[str]:
    """Return the tables that an export reads, parents before children."""
    names = [str(table.name) for table in metadata.sorted_tables]
    return [name for name in names if contact is None or name in OF_CONTACT]


async def rows_of(
    db: Database, workspace_id: WorkspaceId, name: str, contact: UUID | None
) -> AsyncIterator[dict[str, Any]]:
    """Yield a table's rows in the order of its key, each as its columns' names and values."""
    table = metadata.tables[name]
    key = [column.name for column in table.primary_key.columns]
    where = (
        OF_CONTACT[name]
        if contact is not None
        else ("id" if name == "workspaces" else "workspace_id") + " = $1"
    )
    whose = contact if contact is not None else workspace_id
    listed = ", ".join(f'"{column}"' for column in _columns(table))
    after: list[Any] = []
    while True:
        beyond = ""
        if after:
            marks = ", ".join(f"${place}" for place in range(2, 2 + len(key)))
            beyond = f" and ({', '.join(key)}) > ({marks})"
        sql = f"select {listed} from {name} where {where}{beyond} order by {', '.join(key)} limit {PAGE}"  # noqa: S608 - our own names
        page = await db.fetch(workspace_id, sql, whose, *after)
        for row in page:
            yield {column: _plain(row[column]) for column in row.keys()}  # noqa: SIM118 - a record is no dict
        if len(page) < PAGE:
            return
        after = [page[-1][column] for column in key]


def _columns(table: Table) -> list[str]:
    return [
        str(column.name)
        for column in table.columns
        if not isinstance(column.type, TSVECTOR)
        and (not isinstance(column.type, LargeBinary) or column.name in _KEPT_BYTES)
    ]


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
