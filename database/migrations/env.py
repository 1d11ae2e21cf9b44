"""Alembic's entry: run by database/migrate.py, which hands over an open connection; reads no environment."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from database.tables import metadata


def _is_ours(_item: Any, name: str | None, kind: str, _reflected: bool, _compared_to: Any) -> bool:
    return not (kind == "table" and name == "alembic_version")


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
