"""The three ways to upload a mail: media, multipart, resumable.

Source: https://developers.google.com/workspace/gmail/api/guides/uploads. Resumable sessions live in memory
only; their chunks must be multiples of 256 KiB except the last.
"""

import re
import secrets
from dataclasses import dataclass
from email.message import Message

from simulator.exchange import Answer, Request
from simulator.google import errors
from simulator.google.call import json_body
from simulator.google.errors import Json
from simulator.google.outgoing import MOST_INSERTED_BYTES

CHUNK = 256 * 1024
RANGE = re.compile(r"bytes (?:(\d{1,12})-(\d{1,12})|\*)/(\d{1,12}|\*)")
MOST_SESSIONS = 1000


@dataclass
class Session:
    """A resumable upload: what the first request said, and the bytes so far."""

    id: str
    opener: Request
    metadata: Json
    received: bytearray


@dataclass(frozen=True)
class Upload:
    """A complete upload: the JSON that came with it and the mail."""

    json: Json
    media: bytes


class Uploads:
    """Keeps resumable sessions."""

    def __init__(self) -> None:
        """Start with none."""
        self.sessions: dict[str, Session] = {}

    def receive(self, request: Request, root_url: str) -> Upload | Answer:
        """Return the finished upload, or the answer of a step on the way.

        Raises:
            GoogleError: 400 for an unknown kind or a malformed body, 404 for a session that is gone.
        """
        match request.first("uploadType"):
            case "media":
                return Upload({}, request.body)
            case "multipart":
                return _multipart(request)
            case "resumable" if request.first("upload_id"):
                return self._continue(request)
            case "resumable":
                return self._begin(request, root_url)
            case _:
                raise errors.invalid("Invalid upload type")

    def opener(self, request: Request) -> Request | None:
        """Return the request that opened the session which this one goes on with."""
        session = self.sessions.get(request.first("upload_id"))
        return session.opener if session else None

    def _begin(self, request: Request, root_url: str) -> Answer:
        session = Session(secrets.token_urlsafe(32), request, json_body(request.body), bytearray())
        self.sessions[session.id] = session
        while len(self.sessions) > MOST_SESSIONS:
            del self.sessions[next(iter(self.sessions))]
        location = f"{root_url}{request.path}?uploadType=resumable&upload_id={session.id}"
        return Answer(200, b"", {"location": location, "x-guploader-uploadid": session.id})

    def _continue(self, request: Request) -> Upload | Answer:
        session = self.sessions.get(request.first("upload_id"))
        if session is None:
            raise errors.not_found()
        text = request.headers.get("content-range")
        if text is None:
            session.received[:] = request.body
            return self._finish(session)
        found = RANGE.fullmatch(text.strip())
        if not found:
            raise errors.invalid("Failed to parse Content-Range header.")
        first, last, total = found.groups()
        if first is not None:
            _take(session, int(first), int(last), request.body)
        if total != "*" and len(session.received) == int(total):
            return self._finish(session)
        if request.body and len(request.body) % CHUNK:
            raise errors.invalid("Chunks must be multiples of 262144 bytes")
        reached = {"range": f"bytes=0-{len(session.received) - 1}"} if session.received else {}
        return Answer(308, b"", reached)

    def _finish(self, session: Session) -> Upload:
        del self.sessions[session.id]
        return Upload(session.metadata, bytes(session.received))


def _take(session: Session, first: int, last: int, body: bytes) -> None:
    if last - first + 1 != len(body) or first > len(session.received) or last >= MOST_INSERTED_BYTES:
        raise errors.invalid("Invalid Content-Range")
    session.received[first:] = body


def _multipart(request: Request) -> Upload:
    """Read multipart/related with its JSON part and its mail part; line ends may be LF."""
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/related" or not isinstance(boundary, str) or not boundary:
        raise errors.invalid("Invalid multipart request")
    pieces = re.split(
        rb"(?:\r?\n|^)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?:\r?\n|$)", request.body
    )
    parts = [piece for piece in pieces[1:] if piece.strip()]
    if len(parts) != 2:
        raise errors.invalid(
            "Invalid multipart request with 0 mime parts."
            if not parts
            else "Multipart request must have two parts"
        )
    return Upload(json_body(_content(parts[0])), _content(parts[1]))


def _content(part: bytes) -> bytes:
    """Return what follows the part's header."""
    found = re.search(rb"\r?\n\r?\n", part)
    if part[:1] in (b"\n", b"\r"):
        return part.lstrip(b"\r\n")
    return part[found.end() :] if found else b""
