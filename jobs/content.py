"""Fetch what a message holds, once the rules have let it in: raw bytes, text, HTML, attachments.

The bytes go from the provider to a private file and from there to the blob store, never whole in memory; they
are read by a child process that may be killed (jobs/sandbox.py). What cannot be read never stops the mailbox:
the message is stored with what could be read, a warning, and its raw bytes.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

from database.blobs import key_for
from database.ids import new_id
from jobs.context import JobContext
from jobs.sandbox import SandboxedMessage
from jobs.storing import Content, KeptFile
from providers.protocol import MailProvider
from rules.attachments import states_of, total_bytes
from rules.decision import Decision, SyncSettings
from rules.envelope import Envelope
from rules.labels import label_of
from rules.parsed import ParsedAttachment, ParsedMessage
from rules.words import AttachmentState, WorkspaceId

PIECE_BYTES: Final = 256 * 1024


class AttachmentBounds(Protocol):
    """What of a workspace's settings bounds the files that are kept."""

    @property
    def attachment_limit_bytes(self) -> int: ...
    @property
    def attachment_types(self) -> frozenset[str] | None: ...


async def fetch_content(
    context: JobContext,
    provider: MailProvider,
    workspace_id: WorkspaceId,
    envelope: Envelope,
    decision: Decision,
    settings: SyncSettings,
) -> Content:
    """Return a message's content, its files and raw bytes kept in the blob store.

    Raises:
        ProviderTrouble: the provider did not give it; Gone, if it no longer has it.
    """
    async with _fetched(context, provider, envelope) as (raw, read):
        return await keep_read(context, workspace_id, raw, read, decision, settings)


async def keep_read(
    context: JobContext,
    workspace_id: WorkspaceId,
    raw: Path,
    read: SandboxedMessage,
    decision: Decision,
    settings: AttachmentBounds,
) -> Content:
    """Return the content of a mail that was read, its files and raw bytes kept in the blob store."""
    raw_key = key_for(workspace_id, new_id())
    await context.blobs.put_file(raw_key, raw)
    files = await _keep_files(context, workspace_id, read.message, read.files, decision, settings)
    message = read.message
    label = label_of(message.automatic, message.bounce)
    return Content(
        text=message.text or None,
        html=message.html,
        snippet=message.snippet,
        quoted_from=message.quoted_from,
        warnings=(label, *message.warnings) if label else message.warnings,
        raw_key=raw_key,
        files=files,
        bounce=message.bounce,
    )


async def _keep_files(
    context: JobContext,
    workspace_id: WorkspaceId,
    message: ParsedMessage,
    paths: tuple[Path, ...],
    decision: Decision,
    settings: AttachmentBounds,
) -> tuple[KeptFile, ...]:
    outlines = [one.outline for one in message.attachments]
    too_large = AttachmentState.TOO_LARGE in decision.attachments or (
        total_bytes(one.size_bytes for one in outlines) > settings.attachment_limit_bytes
    )
    states = states_of(outlines, allowed=settings.attachment_types, too_large=too_large)
    return tuple(
        [
            await _keep_file(context, workspace_id, attachment, path, state)
            for attachment, path, state in zip(message.attachments, paths, states, strict=True)
        ]
    )


async def _keep_file(
    context: JobContext,
    workspace_id: WorkspaceId,
    attachment: ParsedAttachment,
    path: Path,
    state: AttachmentState,
) -> KeptFile:
    """Keep one file, or the stub of it: name, type and size."""
    outline = attachment.outline
    key, digest, size_bytes = None, None, outline.size_bytes
    if state is AttachmentState.STORED:
        key = key_for(workspace_id, new_id())
        stored = await context.blobs.put_file(key, path)
        digest, size_bytes = stored.sha256, stored.size_bytes
    return KeptFile(
        name=outline.name,
        content_type=outline.content_type,
        size_bytes=size_bytes,
        inline=outline.inline,
        content_id=attachment.content_id,
        state=state,
        blob_key=key,
        sha256=digest,
    )


async def read_only(context: JobContext, provider: MailProvider, envelope: Envelope) -> ParsedMessage:
    """Return what a message says and keep nothing of it. Raises: ProviderTrouble."""
    async with _fetched(context, provider, envelope) as (_, read):
        return read.message


@asynccontextmanager
async def _fetched(
    context: JobContext, provider: MailProvider, envelope: Envelope
) -> AsyncIterator[tuple[Path, SandboxedMessage]]:
    """Give a message's raw bytes in a private file, and what was read of them; both are gone afterwards."""
    folder = context.scratch / new_id().hex
    raw, parts = folder / "message.eml", folder / "parts"
    for made in (folder, parts):
        made.mkdir(mode=0o700)
    try:
        waiting = bytearray()
        async for piece in provider.raw(envelope.remote_id):
            waiting += piece
            if len(waiting) >= PIECE_BYTES:
                await asyncio.to_thread(_append, raw, waiting)
                waiting = bytearray()
        await asyncio.to_thread(_append, raw, waiting)
        yield raw, await context.sandbox.parse(raw, parts)
    finally:
        _remove(folder, raw, parts)


def _append(path: Path, piece: bytearray) -> None:
    with path.open("ab") as out:
        out.write(piece)


def _remove(folder: Path, raw: Path, parts: Path) -> None:
    """Remove what should be there, which is cheaper than `rmtree`; that is for what else there may be."""
    try:
        for path in (*parts.iterdir(), raw):
            path.unlink()
        parts.rmdir()
        folder.rmdir()
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
