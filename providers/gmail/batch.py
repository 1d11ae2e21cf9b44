"""A Gmail batch: many reads written as one multipart/mixed request, and its answer read back.

Pure. Belongs here: the wire format, both ways. Never: what an inner answer means (decipher.py). Only GETs are
ever put into a batch, so that repeating one is harmless.

Source: https://developers.google.com/workspace/gmail/api/guides/batch, RFC 2046 section 5.1.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from providers.exchange import Outgoing

BOUNDARY: Final = "===============bothways=="
"""It cannot occur in a part: a GET's target and headers hold no line that begins with it."""
ANSWER_ID = re.compile(rb"^content-id:\s*<response-bothways \+ (\d{1,4})>\s*$", re.IGNORECASE | re.MULTILINE)
STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})(?: .*)?")
STATED_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InnerAnswer:
    """The answer to one request of a batch; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def write(requests: Sequence[Outgoing], host: str) -> tuple[str, bytes]:
    """Return the content type and body of a batch of GETs; the answers are told apart by position."""
    lines: list[str] = []
    for position, request in enumerate(requests):
        if request.method != "GET" or request.body is not None:
            raise ValueError("only reads may be batched")
        target = urlsplit(request.url)
        lines += [
            f"--{BOUNDARY}",
            "Content-Type: application/http",
            "MIME-Version: 1.0",
            "Content-Transfer-Encoding: binary",
            f"Content-ID: <bothways + {position}>",
            "",
            f"GET {target.path}?{target.query} HTTP/1.1",
            "Accept: application/json",
            f"Host: {host}",
            "",
            "",
        ]
    lines += [f"--{BOUNDARY}--", ""]
    return f'multipart/mixed; boundary="{BOUNDARY}"', "\r\n".join(lines).encode("ascii")


def read(content_type: str, body: bytes, count: int) -> list[InnerAnswer | None]:
    """Return the inner answers in the order asked; None where one is missing or cannot be read."""
    answers: list[InnerAnswer | None] = [None] * count
    stated = STATED_BOUNDARY.search(content_type)
    if stated is None:
        return answers
    boundary = (stated.group(1) or stated.group(2)).encode("ascii", "replace")
    for part in re.split(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?:\r?\n|\Z)", body):
        head, _, inner = _halves(part)
        named = ANSWER_ID.search(head)
        if named is None or (position := int(named.group(1))) >= count:
            continue
        answers[position] = _inner(inner)
    return answers


def _inner(text: bytes) -> InnerAnswer | None:
    """Read one embedded HTTP answer; its body ends where Content-Length says, if that is within the part."""
    head, separator, body = _halves(text)
    first, _, rest = head.partition(b"\n")
    status = STATUS_LINE.fullmatch(first.strip())
    if status is None or not separator:
        return None
    headers: dict[str, str] = {}
    for line in rest.splitlines():
        name, colon, value = line.partition(b":")
        if colon:
            headers[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and len(length) < 12:
        if int(length) > len(body):
            return None
        body = body[: int(length)]
    return InnerAnswer(int(status.group(1)), headers, body)


def _halves(text: bytes) -> tuple[bytes, bytes, bytes]:
    """Head, empty line and body, with either kind of line end."""
    found = re.search(rb"\r?\n\r?\n", text)
    if found is None:
        return text, b"", b""
    return text[: found.start()], found.group(), text[found.end() :]
