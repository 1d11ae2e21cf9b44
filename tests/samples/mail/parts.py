"""What the samples are made of: a usual head, and parts written byte by byte."""

import base64
from dataclasses import dataclass, field
from typing import Any

TOP = (
    "Message-ID: <{name}@mail.okafor.example>\r\n"
    "Date: Fri, 20 Nov 2026 10:42:00 +0100\r\n"
    "From: Dana Okafor <dana@okafor.example>\r\n"
    "To: Ann Berg <ann@crm.example>\r\n"
    "Subject: Offer for the roof\r\n"
    "MIME-Version: 1.0\r\n"
)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.4\n" + b"1 0 obj<<>>endobj\n" * 20
PNG64 = base64.encodebytes(PNG).decode().replace("\n", "\r\n")
PDF64 = base64.encodebytes(PDF).decode().replace("\n", "\r\n")


@dataclass(frozen=True)
class Shape:
    """One sample."""

    name: str
    raw: bytes
    expected: dict[str, Any] = field(default_factory=dict)


def shape(name: str, rest: str | bytes, *, top: str = TOP, **expected: Any) -> Shape:
    """A sample with the usual head, and what follows it."""
    tail = rest if isinstance(rest, bytes) else rest.encode("utf-8")
    return Shape(name, top.format(name=name).encode("utf-8") + tail, expected)


def plain(name: str, said: str, **expected: Any) -> Shape:
    """A sample that is one UTF-8 text."""
    body = said.replace("\n", "\r\n")
    return shape(
        name,
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}",
        **expected,
    )


def multipart(subtype: str, boundary: str, *parts: str, extra: str = "") -> str:
    """A multipart's header and body."""
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{subtype}; boundary="{boundary}"{extra}\r\n\r\n{body}--{boundary}--\r\n'


TEXT = "Content-Type: text/plain; charset=utf-8\r\n\r\nHello Ann,\r\nsee the offer."
HTML = "Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <b>Ann</b>,<br>see the offer.</p>"
SPOKEN = "Hello Ann,\nsee the offer."
BOLD = "<p>Hello <b>Ann</b>,<br>see the offer.</p>"
PDF_PART = (
    'Content-Type: application/pdf; name="offer.pdf"\r\n'
    'Content-Disposition: attachment; filename="offer.pdf"\r\n'
    f"Content-Transfer-Encoding: base64\r\n\r\n{PDF64}"
)
IMAGE_PART = (
    'Content-Type: image/png; name="logo.png"\r\nContent-ID: <logo@okafor>\r\n'
    f'Content-Disposition: inline; filename="logo.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n{PNG64}'
)
PDF_FOUND = [["offer.pdf", "application/pdf", len(PDF)]]
