"""Where large things lie: attachments and raw messages, streamed in and out, never whole in memory.

A key is made of our own ids and of nothing that a person or a sender wrote: `<workspace>/<two digits>/<id>`.
In a local folder what was stored is on the disk when `put_stream` returns (temporary file, fsync, rename,
fsync of the folder); S3, GCS and Azure promise the same themselves. The database row is written afterwards,
so that a crash leaves at most a blob without a row, which `sweep` removes, and never a row without a blob.
"""

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import mkstemp
from typing import Any, ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from database.pool import Database
from rules.shortage import Shortage
from rules.words import WorkspaceId

Given = ParamSpec("Given")
Done = TypeVar("Done")

PIECE_BYTES = 256 * 1024
"""What is read, written and handed on at once."""

_KEY = re.compile(r"[0-9a-f-]{36}/[0-9a-f]{2}/[0-9a-f-]{36}")
_UNFINISHED = ".unfinished"
_PART_BYTES = 5 * 1024 * 1024

_KNOWN = """
select blob_key from attachments where blob_key = any($1) union all
select raw_key from messages where raw_key = any($1)
"""


class BlobMissing(Exception):
    """There is nothing under this key."""


class BlobTrouble(Shortage):
    """The store could not take it, or give it, now; the same may be done later."""


class BlobTooLarge(Exception):
    """More came than was allowed; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored: how much, and its SHA-256."""

    size_bytes: int
    sha256: bytes


def key_for(workspace_id: UUID, blob_id: UUID) -> str:
    """The key of a workspace's blob."""
    return f"{workspace_id}/{blob_id.hex[-2:]}/{blob_id}"


class Blobs:
    """One store, a local folder (`file:///folder`) or a bucket (`s3://`, `gs://`, `az://`)."""

    def __init__(self, url: str) -> None:
        self._folder: Path | None = None
        if urlsplit(url).scheme == "file":
            self._folder = Path(unquote(urlsplit(url).path))
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store: ObjectStore = LocalStore(self._folder)
        else:
            self._store = from_url(url)

    async def put_stream(
        self, key: str, chunks: AsyncIterator[bytes], *, most_bytes: int | None = None
    ) -> Stored:
        """Store what comes, under a key of key_for.

        Raises:
            BlobTooLarge: more than `most_bytes` came; nothing is kept.
            BlobTrouble: nothing is kept.
        """
        _checked(key)
        digest, size = hashlib.sha256(), 0

        async def measured() -> AsyncIterator[bytes]:
            nonlocal size
            async for piece in _pieces(chunks):
                size += len(piece)
                if most_bytes is not None and size > most_bytes:
                    raise BlobTooLarge(f"More than {most_bytes} bytes came.")
                digest.update(piece)
                yield piece

        if self._folder is not None:
            await _write_durably(self._folder / key, measured())
        else:
            with _told():
                await obstore.put_async(
                    self._store,
                    key,
                    measured(),
                    use_multipart=True,
                    chunk_size=_PART_BYTES,
                    max_concurrency=2,
                )
        return Stored(size, digest.digest())

    async def put_file(self, key: str, source: Path) -> Stored:
        """Store a file, under a key of key_for; in a local folder in one visit to a thread.

        Raises:
            BlobTrouble: nothing is kept.
        """
        if self._folder is not None:
            return await _on_disk(_copy_durably, source, self._folder / _checked(key))
        return await self.put_stream(key, _pieces_of(source))

    async def stream(self, key: str, range: tuple[int, int] | None = None) -> AsyncIterator[bytes]:
        """What is stored, in pieces; of it the bytes from `range[0]` up to and not including `range[1]`.

        Raises:
            BlobMissing: there is nothing under this key.
            BlobTrouble.
        """
        _checked(key)
        if range is not None and range[0] >= range[1]:
            return
        options: Any = {"range": range} if range is not None else {}
        with _told(key):
            found = await obstore.get_async(self._store, key, options=options)
            pieces = found.stream(min_chunk_size=PIECE_BYTES)
        while True:
            with _told(key):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield bytes(piece)

    async def size_bytes(self, key: str) -> int:
        """How much is stored. Raises: BlobMissing, BlobTrouble."""
        with _told(_checked(key)):
            return int((await obstore.head_async(self._store, key))["size"])

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove blobs; those already gone are no error."""
        for key in keys:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, _checked(key))

    async def forget(self, db: Database, workspace_id: WorkspaceId, keys: Sequence[str]) -> None:
        """Remove those of these blobs that no row names any more."""
        ours = [key for key in keys if _KEY.fullmatch(key)]
        known = {row["blob_key"] for row in await db.fetch(workspace_id, _KNOWN, ours)}
        await self.delete([key for key in ours if key not in known])

    async def delete_all(self, workspace_id: WorkspaceId) -> int:
        """Remove every blob of a workspace, named by a row or not, whole or half written; how many."""
        removed = 0
        async for page in obstore.list(self._store, f"{workspace_id}/", chunk_size=500):
            for each in page:
                with suppress(FileNotFoundError):
                    await obstore.delete_async(self._store, each["path"])
                removed += 1
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder / str(workspace_id), ignore_errors=True)
        return removed

    async def sweep(self, db: Database, workspace_id: WorkspaceId, before: datetime) -> int:
        """Remove the workspace's blobs that no row names and that were stored before an instant; how many.

        `before` is hours ago: a blob's row is written some time after the blob.
        """
        removed = 0
        async for page in obstore.list(self._store, f"{workspace_id}/", chunk_size=500):
            old = [each["path"] for each in page if each["last_modified"] < before]
            ours = [key for key in old if _KEY.fullmatch(key)]
            known = {row["blob_key"] for row in await db.fetch(workspace_id, _KNOWN, ours)}
            orphans = [key for key in ours if key not in known]
            await self.delete(orphans)
            removed += len(orphans)
        if self._folder is not None:
            removed += await asyncio.to_thread(_remove_unfinished, self._folder / str(workspace_id), before)
        return removed


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError("A blob's key is made by key_for.")
    return key


@contextmanager
def _told(key: str | None = None) -> Iterator[None]:
    """Say in our own words what a store, or a disk, says of itself."""
    try:
        yield
    except (OSError, BaseError) as trouble:
        if isinstance(trouble, FileNotFoundError) and key is not None:
            raise BlobMissing(key) from None
        raise BlobTrouble(f"The blob store did not do it ({type(trouble).__name__}).") from trouble


async def _pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of PIECE_BYTES, whatever the sizes they come in."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        while len(waiting) >= PIECE_BYTES:
            yield bytes(waiting[:PIECE_BYTES])
            del waiting[:PIECE_BYTES]
    if waiting:
        yield bytes(waiting)


async def _write_durably(path: Path, pieces: AsyncIterator[bytes]) -> None:
    """Write beside the final name, and take that name only when every byte is on the disk."""
    descriptor, unfinished = await _on_disk(_begin, path)
    try:
        try:
            async for piece in pieces:
                await _on_disk(_write_all, descriptor, piece)
            await _on_disk(os.fsync, descriptor)
        finally:
            os.close(descriptor)
        await _on_disk(_take_name, unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)  # at once: the task may be on its way out
        raise


async def _on_disk(act: Callable[Given, Done], *given: Given.args, **named: Given.kwargs) -> Done:
    """Do it in a thread. Raises: BlobTrouble."""
    with _told():
        return await asyncio.to_thread(act, *given, **named)


async def _pieces_of(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as source:
        while piece := await asyncio.to_thread(source.read, PIECE_BYTES):
            yield piece


def _copy_durably(source: Path, path: Path) -> Stored:
    """What `_write_durably` does, with a file."""
    digest, size = hashlib.sha256(), 0
    descriptor, unfinished = _begin(path)
    try:
        try:
            with source.open("rb", buffering=0) as read:
                while piece := read.read(PIECE_BYTES):
                    size += len(piece)
                    digest.update(piece)
                    _write_all(descriptor, piece)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _take_name(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return Stored(size, digest.digest())


def _begin(path: Path) -> tuple[int, Path]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = mkstemp(_UNFINISHED, path.name, path.parent)
    return descriptor, Path(name)


def _write_all(descriptor: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(descriptor, left) :]


def _take_name(unfinished: Path, path: Path) -> None:
    unfinished.replace(path)
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_unfinished(folder: Path, before: datetime) -> int:
    """Remove what a killed process left half written."""
    left = [file for file in folder.glob(f"*/*{_UNFINISHED}") if file.stat().st_mtime < before.timestamp()]
    for file in left:
        file.unlink(missing_ok=True)
    return len(left)
