"""Reads strangers' mail in children that may be killed: a few processes, started when first needed.

The law: a mail can cost at most its child. One that crashes it, or passes its memory or processor time, is
killed and replaced, and the mail is returned as `too_complex` with what its headers say. A machine without
disk, file handles or time to give is not the mail's doing: that is raised, and the mail is read later. Bytes
go in as a file and attachments come out as files, so that nothing large passes through a pipe; the answer is
JSON, checked field by field. Source: R38, R39; security, finding 7.
"""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import orjson

from jobs.parsed_json import MalformedAnswer, decode
from jobs.sandbox_child import LENGTH, MACHINES, NOTHING, READY
from rules.header_block import BLOCK_BYTES_LIMIT
from rules.mime_in import too_complex
from rules.parsed import ParsedMessage
from rules.shortage import Shortage

ANSWER_BYTES_LIMIT: Final = 64 * 1024 * 1024
_ROOT: Final = Path(__file__).resolve().parents[1]
_HEAD_BYTES: Final = min(BLOCK_BYTES_LIMIT, 262_144)
"""What is read of a mail's headers here, outside the child, when the child is lost."""


@dataclass(frozen=True, slots=True)
class SandboxedMessage:
    """A mail that was read, and where its attachments' contents lie, in the same order."""

    message: ParsedMessage
    files: tuple[Path, ...] = ()


class SandboxClosed(Exception):
    """The sandbox was closed before the mail was read; nothing is known of the mail."""


class _Lost(Exception):
    """The child is gone, silent or talking nonsense."""


class Sandbox:
    """A small pool of children. Use as an async context manager, or call `aclose`."""

    def __init__(
        self,
        *,
        children: int = 2,
        memory_bytes: int = 512 * 1024 * 1024,
        time_limit: timedelta = timedelta(seconds=10),
        patience: timedelta = timedelta(seconds=20),
    ) -> None:
        """`time_limit` is processor time, which a mail can use up; `patience` bounds a child's silence."""
        self._free: list[Process] = []
        self._all: set[Process] = set()
        self._places = asyncio.Semaphore(children)
        self._memory_bytes = memory_bytes
        self._seconds = time_limit.total_seconds()
        self._patience = patience.total_seconds()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def pids(self) -> frozenset[int]:
        """The children that live now."""
        return frozenset(child.pid for child in self._all)

    @property
    def busy(self) -> int:
        """How many children are reading a mail now."""
        return len(self._all) - len(self._free)

    async def parse(self, raw: Path, into: Path) -> SandboxedMessage:
        """Read the mail in the file `raw`; its attachments are written into the empty directory `into`.

        Whatever the mail is, a message is returned. Where the child was lost, `into` is emptied.

        Raises:
            SandboxClosed: it was closed before the mail was read.
            OSError: the machine lacks what reading needs; nothing is known of the mail.
        """
        async with self._places:
            used = self._free.pop() if self._free else None
            if used is not None:
                # It may have been ended while it was idle, or worn out by earlier mail: that is not this
                # mail's doing, so a fresh child has the last word.
                try:
                    return await self._read(used, raw, into)
                except (_Lost, Shortage):
                    await asyncio.to_thread(_empty, into)
            try:
                return await self._read(await self._start(), raw, into)
            except _Lost:
                if self._closed:
                    raise SandboxClosed from None
                return SandboxedMessage(await asyncio.to_thread(_given_up, raw, into))

    async def _read(self, child: Process, raw: Path, into: Path) -> SandboxedMessage:
        """Have one child read one mail; the child is kept only if it did so. Raises: _Lost."""
        kept = False
        try:
            message = await self._ask(child, _request(raw, into))
            files = await asyncio.to_thread(_files, message, into)
            kept = not self._closed
            return SandboxedMessage(message, files)
        finally:
            if kept:
                self._free.append(child)
            else:
                await self._end(child)

    async def aclose(self) -> None:
        """End every child, and wait until each is gone. Reading under way raises SandboxClosed."""
        self._closed = True
        self._free.clear()
        for child in tuple(self._all):
            await self._end(child)

    async def _start(self) -> Process:
        """Start a child that is ready to read. Raises: SandboxClosed, OSError."""
        if self._closed:
            raise SandboxClosed
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jobs.sandbox_child"),
            *(str(self._memory_bytes), str(max(1, int(self._seconds)))),
            stdin=PIPE,
            stdout=PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env={"PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self._all.add(child)
        assert child.stdout is not None
        try:
            async with asyncio.timeout(self._patience):
                await child.stdout.readexactly(len(READY))
        except (TimeoutError, asyncio.IncompleteReadError):
            await self._end(child)
            if self._closed:
                raise SandboxClosed from None
            raise Shortage("A process that reads mail does not start.") from None
        except BaseException:
            await self._end(child)
            raise
        return child

    async def _end(self, child: Process) -> None:
        with suppress(ProcessLookupError):
            child.kill()
        await asyncio.shield(child.wait())
        self._all.discard(child)

    async def _ask(self, child: Process, request: bytes) -> ParsedMessage:
        """Raises: _Lost, Shortage."""
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            async with asyncio.timeout(self._patience):
                child.stdin.write(request)
                await child.stdin.drain()
                head = await child.stdout.readexactly(LENGTH.size)
                (length,) = LENGTH.unpack(head)
                if length > ANSWER_BYTES_LIMIT:
                    raise _Lost
                answer = await child.stdout.readexactly(LENGTH.size if head == NOTHING else length)
        except TimeoutError:
            # A mail that takes long uses up its processor time, and the kernel ends its child.
            raise Shortage("The machine is too busy to read a mail.") from None
        except (OSError, asyncio.IncompleteReadError) as trouble:
            raise _Lost from trouble
        if head == NOTHING:
            raise _shortage(answer)
        try:
            return decode(answer)
        except MalformedAnswer as trouble:
            raise _Lost from trouble


def _shortage(answer: bytes) -> Exception:
    """What a child says that the machine lacks; it is believed what such a trouble can be."""
    (number,) = LENGTH.unpack(answer)
    return Shortage(number, os.strerror(number)) if number in MACHINES else _Lost()


def _request(raw: Path, into: Path) -> bytes:
    return orjson.dumps({"raw": str(raw.absolute()), "into": str(into.absolute())}) + b"\n"


def _files(message: ParsedMessage, into: Path) -> tuple[Path, ...]:
    """Return the attachments' files. Raises: _Lost where one is missing or not as long as was said."""
    files = tuple(into / str(position) for position in range(len(message.attachments)))
    for path, attachment in zip(files, message.attachments, strict=True):
        if path.is_symlink() or not path.is_file() or path.stat().st_size != attachment.outline.size_bytes:
            raise _Lost
    return files


def _empty(into: Path) -> None:
    for path in into.iterdir():
        path.unlink(missing_ok=True)


def _given_up(raw: Path, into: Path) -> ParsedMessage:
    """Empty the directory, and return what the mail's headers say."""
    _empty(into)
    with raw.open("rb") as file:
        return too_complex(file.read(_HEAD_BYTES))
