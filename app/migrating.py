"""`python -m app migrate`: the tables, by their owner."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from app.embedded import EmbeddedPostgres
from app.settings import DatabaseSettings
from database import migrate as migrations
from database.lines import DatabaseAway


async def migrate(settings: DatabaseSettings, *, check: bool, app_password: str | None) -> str:
    """Migrate, or only compare; return what was found. Raises: DatabaseAway, OutOfStep, UnsafeRole."""
    url = (settings.owner_url or settings.url).get_secret_value()
    try:
        before = await migrations.current(url)
        if check:
            await migrations.check(url)
            return f"The tables are those of {before}, and what the code declares."
        await migrations.upgrade(url, app_password=app_password)
    except OSError as trouble:
        raise DatabaseAway(f"The database does not answer ({trouble}).") from trouble
    after = migrations.newest()
    return f"The tables were at {after} already." if before == after else f"The tables are at {after} now."


def check_on_new_database() -> None:
    """Migrate a database of its own and compare. Raises: OutOfStep: the migrations make other tables."""
    folder = Path(tempfile.mkdtemp(prefix="bothways-check-"))
    folder.chmod(0o711)
    server = EmbeddedPostgres(folder / "postgres", durable=False)
    try:
        asyncio.run(_compare(server.start()))
    finally:
        server.forget()
        shutil.rmtree(folder, ignore_errors=True)


async def _compare(url: str) -> None:
    await migrations.upgrade(url)
    await migrations.check(url)
