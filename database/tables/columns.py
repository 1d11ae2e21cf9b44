"""The few column shapes that every table is made of.

Timestamps are aware UTC, keys are UUIDv7 made by database/ids.py, closed sets are text with a CHECK made
from the enum in rules/words.py (a new value needs a migration; dropping a PostgreSQL enum's value cannot
be done without a table rewrite).
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.schema import SchemaItem


def key() -> Column[Any]:
    """A primary key of ours."""
    return Column(Uuid(), primary_key=True)


def workspace() -> Column[Any]:
    """The tenant: on every tenant table, first in its indexes, checked by row-level security."""
    return Column(Uuid(), ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False)


def reference(target: str, *, nullable: bool = False, on_delete: str = "CASCADE") -> Column[Any]:
    """A foreign key to `table.column`."""
    return Column(Uuid(), ForeignKey(target, ondelete=on_delete), nullable=nullable)


def instant(*, nullable: bool = False) -> Column[Any]:
    """An aware UTC instant."""
    return Column(DateTime(timezone=True), nullable=nullable)


def text(*, nullable: bool = False) -> Column[Any]:
    return Column(Text, nullable=nullable)


def texts(*, nullable: bool = False) -> Column[Any]:
    return Column(ARRAY(Text), nullable=nullable, server_default=None if nullable else "{}")


def json(*, nullable: bool = False, default: str | None = None) -> Column[Any]:
    return Column(JSONB, nullable=nullable, server_default=default)


def sealed(*, nullable: bool = True) -> Column[Any]:
    """Bytes sealed by database/vault.py; useless in any other row or column."""
    return Column(LargeBinary, nullable=nullable)


def one_of(column: str, values: type[StrEnum], table: str) -> SchemaItem:
    """A CHECK that keeps a text column inside its closed set."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=f"{table}_{column}_known")


def substrings(name: str, column: str) -> Index:
    """An index for `ilike '%part%'` inside one workspace (pg_trgm, btree_gin)."""
    return Index(
        name, "workspace_id", column, postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"}
    )
