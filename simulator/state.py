"""The state file: a SQLite database that holds every mail once, and the rest as one JSON document.

One transaction writes both, so a process that is killed leaves the last complete state behind.
"""

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from simulator.dials import Dials
from simulator.google.address_book import AddressBooks
from simulator.google.grants import GrantState
from simulator.google.pubsub import PubSubState
from simulator.microsoft.grants import MicrosoftGrantState
from simulator.microsoft.office import MicrosoftState
from simulator.microsoft.push import PushState
from simulator.post import PostState
from simulator.world import GmailState, World

FORMAT = 1
DEBOUNCE_SECONDS = 0.5


class Unreadable(ValueError):
    """The state file is none of ours, or of another version."""


@dataclass
class Saved:
    """All that is written beside the mails."""

    format: int
    secret: str
    signing_key: str
    post: PostState
    grants: GrantState
    gmail: GmailState
    pubsub: PubSubState
    dials: Dials
    microsoft: MicrosoftState = field(default_factory=MicrosoftState)
    microsoft_grants: MicrosoftGrantState = field(default_factory=MicrosoftGrantState)
    microsoft_push: PushState = field(default_factory=PushState)
    people: AddressBooks = field(default_factory=AddressBooks)


SAVED = TypeAdapter(Saved)


class StateFile:
    """Saves a world into a file and restores it."""

    def __init__(self, world: World, path: Path) -> None:
        """Open or make the file.

        Raises:
            Unreadable: the file is no state file.
        """
        self.world = world
        self.path = path
        self.saved_version = -1
        self._written: set[str] = set()
        path.touch(mode=0o600, exist_ok=True)
        try:
            with closing(self._open()) as database, database:
                database.execute("CREATE TABLE IF NOT EXISTS mail (key TEXT PRIMARY KEY, raw BLOB NOT NULL)")
                database.execute(
                    "CREATE TABLE IF NOT EXISTS world (id INTEGER PRIMARY KEY, saved TEXT NOT NULL)"
                )
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"{path} is no state file: {error}") from error

    def load(self) -> bool:
        """Restore the world; False where nothing was saved yet.

        Raises:
            Unreadable: the document does not fit this version.
        """
        with closing(self._open()) as database:
            row = database.execute("SELECT saved FROM world").fetchone()
            mails = dict(database.execute("SELECT key, raw FROM mail").fetchall())
        if row is None:
            return False
        try:
            if json.loads(row[0]).get("format") != FORMAT:
                raise Unreadable(f"{self.path} is of another version")
            saved = SAVED.validate_json(row[0])
        except (ValidationError, json.JSONDecodeError) as error:
            raise Unreadable(f"{self.path} does not fit this version: {error}") from error
        world = self.world
        world.contents.raw.update(mails)
        self._written = set(mails)
        world.secret = saved.secret
        world.signing_key.from_pem(saved.signing_key)
        world.post.state, world.grants.state = saved.post, saved.grants
        world.gmail, world.pubsub.state = saved.gmail, saved.pubsub
        world.microsoft.state, world.microsoft.grants.state = saved.microsoft, saved.microsoft_grants
        world.microsoft.push.state = saved.microsoft_push
        world.people = saved.people
        world.turn(saved.dials)
        for waiting in world.microsoft.push.state.waiting:
            waiting.due_ms = min(waiting.due_ms, world.clock.now_ms() + 1000)
        for notice in world.pubsub.state.waiting:
            notice.due_ms = min(notice.due_ms, world.clock.now_ms() + 1000)
        return True

    def save(self) -> None:
        """Write the world down in one transaction."""
        world = self.world
        world.microsoft.settle()
        version = world.version
        saved = Saved(
            FORMAT,
            world.secret,
            world.signing_key.to_pem(),
            world.post.state,
            world.grants.state,
            world.gmail,
            world.pubsub.state,
            world.dials.now,
            world.microsoft.state,
            world.microsoft.grants.state,
            world.microsoft.push.state,
            world.people,
        )
        document = SAVED.dump_json(saved).decode()
        used = {
            copy.content
            for mailbox in world.post.state.mailboxes.values()
            for copy in mailbox.copies.values()
        }
        used |= {parcel.content for parcel in world.post.state.parcels}
        with closing(self._open()) as database, database:
            database.executemany(
                "INSERT OR REPLACE INTO mail VALUES (?, ?)",
                [(key, world.contents.raw[key]) for key in used - self._written],
            )
            database.executemany("DELETE FROM mail WHERE key = ?", [(key,) for key in self._written - used])
            database.execute("INSERT OR REPLACE INTO world VALUES (1, ?)", (document,))
        self._written = used
        self.saved_version = version

    async def run(self) -> None:
        """Save within a second of every change, until cancelled; then once more."""
        try:
            while True:
                await self.world.changed.wait()
                await asyncio.sleep(DEBOUNCE_SECONDS)
                self.world.changed.clear()
                self.save()
        finally:
            if self.world.version != self.saved_version:
                self.save()

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path)
