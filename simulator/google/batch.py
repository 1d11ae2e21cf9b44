"""POST /batch: many calls in one multipart body, answered in the order of the requests.

Source: https://developers.google.com/workspace/gmail/api/guides/batch; Content-ID comes back with
`response-` in front, inner heads end with CRLF CRLF. At most 100 calls; uploads cannot be batched.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from email.message import Message
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from simulator.exchange import Answer, Request
from simulator.google import errors

MOST_CALLS = 100
Inner = Callable[[Request], Awaitable[Answer]]


async def answer(request: Request, inner: Inner) -> Answer:
    """Do every inner call with the outer authorization unless it brings its own.

    Raises:
        GoogleError: 400 for a body that is no batch, or one that is too long.
    """
    calls = [_inner_request(part, request) for part in _parts(request)]
    if len(calls) > MOST_CALLS:
        raise errors.invalid(f"The batch request exceeds the limit of {MOST_CALLS} calls")
    boundary = f"batch_{secrets.token_urlsafe(24)}"
    pieces: list[bytes] = []
    for content_id, call in calls:
        result = await inner(call)
        if result.manner != "plain":
            return result
        pieces.append(_piece(boundary, content_id, result))
    body = b"".join(pieces) + f"--{boundary}--\r\n".encode()
    return Answer(200, body, {"content-type": f"multipart/mixed; boundary={boundary}"})


def _parts(request: Request) -> list[bytes]:
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/mixed" or not isinstance(boundary, str) or not boundary:
        raise errors.invalid("Failed to parse batch request, error: Missing boundary")
    mark = b"--" + re.escape(boundary.encode())
    pieces = re.split(rb"(?:\r?\n|^)" + mark + rb"(?:--)?[ \t]*(?:\r?\n|$)", request.body)
    parts = [piece for piece in pieces[1:] if piece.strip()]
    if not parts:
        raise errors.invalid("Failed to parse batch request, error: 0 items")
    return parts


def _inner_request(part: bytes, outer: Request) -> tuple[str, Request]:
    head, rest = _split(part)
    first, rest = _line(rest.lstrip(b"\r\n"))
    fields, body = _split(rest)
    words = first.split(" ")
    if len(words) < 2 or not words[1].startswith("/"):
        raise errors.invalid("Failed to parse batch request, error: invalid inner request")
    address = urlsplit(words[1])
    headers = {"authorization": outer.headers.get("authorization", ""), **_fields(fields)}
    path = address.path
    marker = path.find("/gmail/v1/")
    return _fields(head).get("content-id", ""), Request(
        words[0].upper(),
        path[marker:] if marker > 0 else path,
        parse_qs(address.query, keep_blank_values=True),
        headers,
        body.strip(b"\r\n") if not body.strip() else body,
    )


def _split(content: bytes) -> tuple[bytes, bytes]:
    found = re.search(rb"\r?\n\r?\n", content)
    return (content, b"") if found is None else (content[: found.start()], content[found.end() :])


def _line(content: bytes) -> tuple[str, bytes]:
    first, _, rest = content.partition(b"\n")
    return first.decode("utf-8", "replace").strip(), rest


def _fields(head: bytes) -> dict[str, str]:
    lines = head.decode("utf-8", "replace").splitlines()
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _piece(boundary: str, content_id: str, result: Answer) -> bytes:
    shown_id = (
        f"<response-{content_id.removeprefix('<')}"
        if content_id.startswith("<")
        else f"response-{content_id}"
    )
    head = [
        f"--{boundary}",
        "Content-Type: application/http",
        f"Content-ID: {shown_id}",
        "",
        f"HTTP/1.1 {result.status} {HTTPStatus(result.status).phrase}",
        *(f"{name.title()}: {value}" for name, value in result.headers.items()),
        f"Content-Length: {len(result.body)}",
        "",
        "",
    ]
    return "\r\n".join(head).encode() + result.body + b"\r\n"
