"""The one file of a multipart/form-data body, streamed: nothing is collected but the part's headers.

Source: RFC 7578. The parser is python-multipart's, which calls back; here its calls become a stream.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

_HEADERS_MOST_BYTES: Final = 8 * 1024
_OTHER_PARTS_MOST_BYTES: Final = 64 * 1024


class BadForm(Exception):
    """The body is not a form with one file; the message says why."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A form's file; `chunks` must be read to its end."""

    name: str
    content_type: str
    chunks: AsyncIterator[bytes]


def boundary_of(content_type: str) -> bytes | None:
    """Return the boundary of a form's Content-Type, or None if it is no form."""
    kind, options = parse_options_header(content_type)
    return options.get(b"boundary") if kind == b"multipart/form-data" else None


async def first_file(chunks: AsyncIterator[bytes], boundary: bytes) -> FilePart:
    """Read up to the first part that is a file.

    Raises:
        BadForm: there is none before the body ends, or the body is no form. Also while `chunks` are read.
    """
    form = _Form(boundary)
    async for chunk in chunks:
        form.feed(chunk)
        if form.found is not None:
            name, content_type = form.found
            return FilePart(name, content_type, _rest(form, chunks))
    raise BadForm("The form holds no file. Send one part with a file name.")


async def _rest(form: "_Form", chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if ready := form.take():
        yield ready
    async for chunk in chunks:
        form.feed(chunk)
        if ready := form.take():
            yield ready
    if not form.ended:
        raise BadForm("The form was cut short.")


class _Form:
    """What the parser has called back so far."""

    def __init__(self, boundary: bytes) -> None:
        if not 0 < len(boundary) <= 200:
            raise BadForm("The form's boundary is missing or too long.")
        self.found: tuple[str, str] | None = None
        self.ended = False
        self._in_file = False
        self._ready = bytearray()
        self._header_name = b""
        self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        self._headers_bytes = 0
        self._other_bytes = 0
        self._parser = MultipartParser(
            boundary,
            callbacks={
                "on_part_begin": self._part_begin,
                "on_header_field": self._header_field,
                "on_header_value": self._header_more,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._part_data,
                "on_part_end": self._part_end,
                "on_end": self._end,
            },
        )

    def feed(self, chunk: bytes) -> None:
        """Raises: BadForm."""
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise BadForm("The body is not a well-formed multipart/form-data.") from None

    def take(self) -> bytes:
        """The file's bytes since the last time."""
        ready = bytes(self._ready)
        self._ready.clear()
        return ready

    def _part_begin(self) -> None:
        self._headers = {}

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        self._count_header(end - start)

    def _header_more(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        self._count_header(end - start)

    def _count_header(self, size: int) -> None:
        self._headers_bytes += size
        if self._headers_bytes > _HEADERS_MOST_BYTES:
            raise BadForm("The form's headers are too long.")

    def _header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"filename")
        if name is not None and self.found is not None:
            raise BadForm("The form holds more than one file. Send each with a request of its own.")
        if name is not None:
            kind = self._headers.get(b"content-type", b"").decode("latin-1")
            self.found = (name.decode("utf-8", "replace"), kind)
            self._in_file = True

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._ready += data[start:end]
            return
        self._other_bytes += end - start
        if self._other_bytes > _OTHER_PARTS_MOST_BYTES:
            raise BadForm("The form's other fields are too long.")

    def _part_end(self) -> None:
        self._in_file = False

    def _end(self) -> None:
        self.ended = True
