"""GET and HEAD /attachments/{id}: a stored file goes out, to whom a signed address was given, or who says who
they are in an Authorization header.

Whatever the file is, a browser saves it and never runs or shows it: attachment disposition, no sniffing, a
sandboxing policy, and a neutral type for what is active. Ranges and conditional requests are answered.
Source: security requirement R44; RFC 9110, sections 13 and 14; RFC 6266.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from database import uploads
from database.blobs import BlobMissing, Blobs, BlobTrouble
from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database
from inbound.uploads import Admit, Refused, refusal
from rules import download_links, file_names
from rules.download_links import Holder

_log = structlog.get_logger(__name__)

_ONE_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_ACTIVE = re.compile(r"html|xml|svg|script|pdf|flash|wasm|mhtml|rfc822", re.IGNORECASE)


async def has_ended(db: Database, holder: Holder) -> bool:
    """Whether the credential that an address was made for is revoked meanwhile."""
    if holder.api_key_id is not None:
        return bool(await db.across.ended_keys([holder.api_key_id]))
    return holder.user_id is None or bool(await db.across.ended_users([holder.user_id]))


@dataclass(frozen=True, slots=True)
class _Slice:
    """The bytes from `start` up to and not including `end`."""

    start: int
    end: int


class Downloads:
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
        """Answer one download."""
        identifier = str(request.path_params["attachment_id"])
        try:
            holder = await self._holder(request, identifier)
            return await self._answer(request, identifier, holder)
        except Refused as refused:
            return refusal(refused)
        except (DatabaseBusy, DatabaseAway, BlobTrouble):
            return refusal(Refused(503, "UNAVAILABLE", "Try again in a moment.", (), 2))

    async def _holder(self, request: Request, identifier: str) -> Holder:
        """Whom the file is given to. Raises: Refused."""
        if "authorization" in request.headers and "signature" not in request.query_params:
            return (await self._admit(request.scope)).holder
        holder = download_links.read(self._secret, identifier, request.query_params, self._now())
        if holder is None or await has_ended(self._db, holder):
            raise Refused(403, "LINK_OVER", "This address is not valid, or no longer. Ask for a new one.")
        return holder

    async def _answer(self, request: Request, identifier: str, holder: Holder) -> Response:
        row = await uploads.visible(self._db, holder.workspace_id, holder.user_id, identifier)
        try:
            if row is None or await self._blobs.size_bytes(row["blob_key"]) != row["size_bytes"]:
                raise BlobMissing(identifier)
        except BlobMissing:
            if row is not None:
                _log.error("blob_missing", attachment_id=identifier)
            raise Refused(404, "NOT_FOUND", "There is no such file.") from None
        headers = _headers(row)
        if _lists(request.headers.get("if-none-match", ""), headers["etag"]):
            return Response(status_code=304, headers=headers)
        return self._send(request, row, headers)

    def _send(self, request: Request, row: asyncpg.Record, headers: dict[str, str]) -> Response:
        size = row["size_bytes"]
        part = _asked_part(request, size, headers["etag"])
        if part is not None and part.start >= part.end:
            return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
        status = 200
        if part is not None:
            status = 206
            headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{size}"
        else:
            part = _Slice(0, size)
        headers["content-length"] = str(part.end - part.start)
        kind = "application/octet-stream" if _ACTIVE.search(row["content_type"]) else row["content_type"]
        headers["content-type"] = kind
        if request.method == "HEAD":
            return Response(status_code=status, headers=headers)
        body = self._blobs.stream(row["blob_key"], (part.start, part.end))
        return StreamingResponse(body, status, headers)


def _headers(row: asyncpg.Record) -> dict[str, str]:
    return {
        "content-disposition": file_names.disposition(row["name"]),
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "cross-origin-resource-policy": "same-site",
        "referrer-policy": "no-referrer",
        "cache-control": "private, no-store",
        "accept-ranges": "bytes",
        "etag": f'"{row["sha256"].hex()}"' if row["sha256"] else f'"{row["blob_key"][-36:]}"',
    }


def _lists(condition: str, etag: str) -> bool:
    """Whether an If-None-Match names this version. Source: RFC 9110, section 13.1.2."""
    named = {each.strip().removeprefix("W/") for each in condition.split(",")}
    return etag in named or "*" in named


def _asked_part(request: Request, size: int, etag: str) -> _Slice | None:
    """The one range that is asked for; None for the whole. An empty slice cannot be satisfied.

    Source: RFC 9110, section 14.2: a Range that is not understood, or of another version, is ignored.
    """
    found = _ONE_RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or not (found[1] or found[2]) or request.headers.get("if-range", etag) != etag:
        return None
    if not found[1]:
        return _Slice(max(0, size - int(found[2])), size if int(found[2]) else 0)
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None
    return _Slice(start, min(size, int(found[2]) + 1) if found[2] else size)
