"""Blobs are whole or not there, and what no row names goes away."""

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from database.blobs import PIECE_BYTES, BlobMissing, Blobs, BlobTooLarge, BlobTrouble, key_for
from database.clock import now
from database.ids import new_id
from database.pool import Database
from database.tables import AttachmentRow
from tests.conftest import WorkspaceForTests
from tests.waiting import wait_until


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(f"file://{tmp_path}/with%20space")


async def pieces_of(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(blobs: Blobs, key: str, part: tuple[int, int] | None = None) -> bytes:
    return b"".join([piece async for piece in blobs.stream(key, part)])


@pytest.mark.rule("R45")
@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, 3 * PIECE_BYTES + 5])
@pytest.mark.parametrize("chunk", [7777, 1_000_000])
async def test_what_goes_in_comes_out(blobs: Blobs, size: int, chunk: int) -> None:
    content, key = os.urandom(size), key_for(new_id(), new_id())
    stored = await blobs.put_stream(key, pieces_of(content, chunk))
    assert (stored.size_bytes, stored.sha256) == (size, hashlib.sha256(content).digest())
    assert await read(blobs, key) == content
    assert await blobs.size_bytes(key) == size
    assert await read(blobs, key, (size // 3, size // 2)) == content[size // 3 : size // 2]
    await blobs.delete([key, key])
    with pytest.raises(BlobMissing):
        await read(blobs, key)


@pytest.mark.rule("R45")
@pytest.mark.parametrize("size", [0, PIECE_BYTES, 3 * PIECE_BYTES + 5])
async def test_a_file_goes_in_whole(blobs: Blobs, tmp_path: Path, size: int) -> None:
    content, key, file = os.urandom(size), key_for(new_id(), new_id()), tmp_path / "file"
    file.write_bytes(content)
    stored = await blobs.put_file(key, file)
    file.unlink()
    assert (stored.size_bytes, stored.sha256) == (size, hashlib.sha256(content).digest())
    assert await read(blobs, key) == content


async def test_a_file_that_cannot_be_read_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    key = key_for(new_id(), new_id())
    with pytest.raises(BlobTrouble):
        await blobs.put_file(key, tmp_path / "absent")
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    with pytest.raises(ValueError, match="key_for"):
        await blobs.put_file("../../etc/passwd", tmp_path / "absent")


async def test_too_much_or_a_failure_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield os.urandom(2 * PIECE_BYTES)
        raise InterruptedError

    key = key_for(new_id(), new_id())
    with pytest.raises(BlobTooLarge):
        await blobs.put_stream(key, pieces_of(bytes(1001), 100), most_bytes=1000)
    with pytest.raises(InterruptedError):
        await blobs.put_stream(key, failing())
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    await blobs.put_stream(key, pieces_of(bytes(1000), 100), most_bytes=1000)


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "", "a/b/c", f"{UUID(int=1)}/zz/{UUID(int=2)}"]
)
async def test_only_keys_of_our_own_making_are_taken(blobs: Blobs, key: str) -> None:
    with pytest.raises(ValueError, match="key_for"):
        await blobs.put_stream(key, pieces_of(b"x", 1))
    with pytest.raises(ValueError, match="key_for"):
        await read(blobs, key)
    with pytest.raises(ValueError, match="key_for"):
        await blobs.delete([key])


async def test_the_sweep_removes_what_no_row_names(
    db: Database,
    blobs: Blobs,
    workspace: WorkspaceForTests,
    other_workspace: WorkspaceForTests,
    tmp_path: Path,
) -> None:
    kept, orphan, theirs = (
        key_for(workspace.id, new_id()),
        key_for(workspace.id, new_id()),
        key_for(other_workspace.id, new_id()),
    )
    for key in (kept, orphan, theirs):
        await blobs.put_stream(key, pieces_of(b"content", 3))
    half = next(tmp_path.rglob(orphan)).with_name("half.unfinished")
    half.write_bytes(b"cont")
    async with db.work(workspace.id) as work:
        work.add(
            AttachmentRow(
                id=new_id(),
                workspace_id=workspace.id,
                name="a",
                content_type="a/b",
                size_bytes=7,
                blob_key=kept,
                created_at=work.now,
            )
        )
    assert await blobs.sweep(db, workspace.id, now() - timedelta(days=1)) == 0
    assert await blobs.sweep(db, workspace.id, now() + timedelta(days=1)) == 2
    assert await read(blobs, kept) == await read(blobs, theirs) == b"content"
    with pytest.raises(BlobMissing):
        await read(blobs, orphan)
    assert not half.exists()


_WRITER = """
import asyncio, sys
from uuid import UUID
from database.blobs import Blobs, key_for

async def endless():
    while True:
        yield bytes(300_000)
        await asyncio.sleep(0)

asyncio.run(Blobs(sys.argv[1]).put_stream(key_for(UUID(int=1), UUID(int=2)), endless()))
"""


@pytest.mark.rule("R45")
async def test_a_writer_killed_half_way_leaves_no_blob(blobs: Blobs, tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _WRITER,
        f"file://{tmp_path}/with%20space",
        env={**os.environ, "PYTHONPATH": root},
    )
    await wait_until(
        lambda: any(file.stat().st_size > 1_000_000 for file in tmp_path.rglob("*.unfinished")),
        description="the writer is half way",
    )
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert [file.suffix for file in tmp_path.rglob("*") if file.is_file()] == [".unfinished"]
