"""Alembic's entry: run by database/migrate.py, which hands over an open connection; reads no environment."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from database.tables import metadata


def _is_ours(_item: Any, name: str | None, kind: str, _reflected: bool, _compared_to: Any) -> bool:
    """Leave out Alembic's own table, and a column whose default gives another value each time.

    Alembic compares defaults by what they give; the tests compare that column's text in the catalog.
    """
    return (kind, name) not in {("table", "alembic_version"), ("column", "auto_bcc")}


def _run() -> None:
    connection: Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("Migrations run through `python -m app migrate`, which knows the database.")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_is_ours,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


_run()
