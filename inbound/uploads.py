"""POST /attachments: a file comes in, streamed into the blob store, and waits for its message.

The body is the file itself (`?name=`, Content-Type), or a multipart/form-data with one file; with `?copy=`
and the id of a file that the uploader may see, no body: a mail's file is to go along with another. Never
whole in memory, never more than the workspace's limit. An error is JSON: {"error": {"code", "message", ...}}.
Source: security requirements R44 to R46.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from database import uploads
from database.blobs import BlobMissing, Blobs, BlobTooLarge, BlobTrouble, key_for
from database.ids import new_id
from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database
from inbound.multipart import BadForm, boundary_of, first_file
from rules import file_names
from rules.attachments import kind_of, states_of
from rules.download_links import Holder, signed_path
from rules.envelope import AttachmentOutline
from rules.words import AttachmentState, UserId, WorkspaceId

PATIENCE = timedelta(seconds=30)
"""How long a body may stand still."""
_FORM_OVERHEAD_BYTES = 128 * 1024

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Uploader:
    """Who uploads."""

    workspace_id: WorkspaceId
    user_id: UserId | None
    holder: Holder


@dataclass
class Refused(Exception):
    """An answer other than success; `detail` joins code and message in its JSON."""

    status: int
    code: str
    message: str
    detail: tuple[tuple[str, int], ...] = ()
    retry_after_seconds: int | None = None


_File = tuple[str, str, AsyncIterator[bytes]]
"""The cleaned name, the media type and the bytes."""
Admit = Callable[[MutableMapping[str, Any]], Awaitable[Uploader]]
"""Who sends an ASGI request and may upload. Raises: Refused."""


class Uploads:
    """The endpoint."""

    def __init__(
        self, db: Database, blobs: Blobs, admit: Admit, secret: bytes, now: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._blobs = blobs
        self._admit = admit
        self._secret = secret
        self._now = now

    async def answer(self, request: Request) -> Response:
        """Answer one upload: 201 and the attachment, or the reason why not."""
        try:
            return await self._take_in(request)
        except Refused as refused:
            return refusal(refused)
        except (DatabaseBusy, DatabaseAway, BlobTrouble):
            return refusal(Refused(503, "UNAVAILABLE", "Try again in a moment.", (), 2))
        except ClientDisconnect:
            return Response(status_code=499)

    async def _take_in(self, request: Request) -> Response:
        uploader = await self._admit(request.scope)
        limit, types, unsent = await uploads.limits(self._db, uploader.workspace_id)
        _check_declared(request, limit)
        if unsent >= uploads.UNSENT_MOST_BYTES:
            raise Refused(
                429,
                "QUOTA",
                "Too many files were uploaded and not sent. They are removed after a day.",
                (),
                3600,
            )
        copied = request.query_params.get("copy")
        name, kind, chunks = await (_file(request) if copied is None else self._known_file(uploader, copied))
        _check_type(name, kind, types)
        attachment_id = new_id()
        key = key_for(uploader.workspace_id, attachment_id)
        try:
            stored = await self._blobs.put_stream(key, chunks, most_bytes=limit)
        except BlobTooLarge:
            raise _too_large(limit) from None
        except BlobMissing:
            raise _no_such_file() from None
        except BadForm as bad:
            raise Refused(400, "BAD_FORM", str(bad)) from None
        await uploads.record(
            self._db,
            uploader.workspace_id,
            uploader.user_id,
            attachment_id=attachment_id,
            name=name,
            content_type=kind,
            blob_key=key,
            stored=stored,
        )
        said = {
            "id": str(attachment_id),
            "name": name,
            "contentType": kind,
            "sizeBytes": stored.size_bytes,
            "url": signed_path(self._secret, attachment_id, uploader.holder, self._now()),
        }
        return JSONResponse(said, 201, {"cache-control": "no-store"})

    async def _known_file(self, uploader: Uploader, id: str) -> _File:
        """The file that is to be copied. Its blob is copied, too: each is forgotten in its own time."""
        try:
            known = str(UUID(id))
        except ValueError:
            raise _no_such_file() from None
        row = await uploads.visible(self._db, uploader.workspace_id, uploader.user_id, known)
        if row is None:
            raise _no_such_file()
        return row["name"], row["content_type"], self._blobs.stream(row["blob_key"])


def refusal(refused: Refused) -> Response:
    """Write a refusal as JSON."""
    headers = {"cache-control": "no-store", "connection": "close"}
    if refused.status == 401:
        headers["www-authenticate"] = "Bearer"
    if refused.retry_after_seconds is not None:
        headers["retry-after"] = str(refused.retry_after_seconds)
    error = {"code": refused.code, "message": refused.message, **dict(refused.detail)}
    return JSONResponse({"error": error}, refused.status, headers)


def _too_large(limit: int) -> Refused:
    words = f"The file is larger than this workspace's limit of {limit} bytes."
    return Refused(413, "ATTACHMENT_TOO_LARGE", words, (("limitBytes", limit),))


def _no_such_file() -> Refused:
    return Refused(404, "NOT_FOUND", "There is no such file, or it is not yours to see.")


def _check_declared(request: Request, limit: int) -> None:
    """Refuse at once what says itself that it is too large."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:18]) > limit + _FORM_OVERHEAD_BYTES:
        raise _too_large(limit)


def _check_type(name: str, kind: str, types: list[str] | None) -> None:
    outline = AttachmentOutline(name=name, content_type=kind, size_bytes=0)
    if states_of([outline], allowed=types, too_large=False)[0] is AttachmentState.BLOCKED_TYPE:
        words = f"This workspace does not take files of the type {kind_of(outline)}."
        raise Refused(415, "BLOCKED_TYPE", words)


async def _file(request: Request) -> _File:
    """What is uploaded. Raises: Refused."""
    content_type = request.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/"):
        name = request.query_params.get("name")
        if not name:
            raise Refused(400, "NAME_MISSING", "Give the file's name as ?name=, or send a form with a file.")
        return file_names.cleaned(name), file_names.content_type(content_type), _patient(request)
    boundary = boundary_of(content_type)
    if boundary is None:
        raise Refused(400, "BAD_FORM", "A form must be multipart/form-data with a boundary.")
    try:
        part = await first_file(_patient(request), boundary)
    except BadForm as bad:
        raise Refused(400, "BAD_FORM", str(bad)) from None
    return file_names.cleaned(part.name), file_names.content_type(part.content_type), part.chunks


async def _patient(request: Request) -> AsyncIterator[bytes]:
    """The body; one that stands still for PATIENCE is given up."""
    chunks = request.stream()
    while True:
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise Refused(408, "TOO_SLOW", "The body stood still for too long.") from None
        if chunk is None:
            return
        if chunk:
            yield chunk
