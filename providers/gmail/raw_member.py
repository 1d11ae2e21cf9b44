"""A message's bytes out of Gmail's JSON, while it is still arriving.

Pure, a small machine that is fed chunks. `format=raw` answers one JSON object whose member "raw" holds the
whole message in base64url: 35 MB of text for a 25 MB mail. Parsing it as JSON would hold three copies; this
holds one chunk. Only the top level's "raw" is taken, wherever it stands; other members are passed over with
their strings and nesting respected, so that a snippet quoting `"raw":"` cannot be mistaken for it.

Source: RFC 8259 (JSON), RFC 4648 section 5 (base64url, padding optional here),
https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#Message.FIELDS.raw
"""

import binascii
import re
from enum import Enum, auto
from typing import Final

NAME_LIMIT_BYTES: Final = 4096
DEPTH_LIMIT: Final = 100
_STRING_END = re.compile(rb'["\\]')
_STRUCTURE = re.compile(rb'["{}\[\]:,]')
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_ESCAPES: Final = {ord("n"): b"\n", ord("r"): b"\r", ord("t"): b"\t", ord("/"): b"/"}


class NotAMessage(Exception):
    """What arrived is not a JSON object with the member "raw", or ended before it was whole."""


class _Where(Enum):
    """Where in the JSON the next byte stands."""

    BETWEEN = auto()
    NAME = auto()
    VALUE_STRING = auto()
    RAW = auto()


class RawMember:
    """Fed the answer's bytes, gives the message's bytes."""

    def __init__(self) -> None:
        self._where = _Where.BETWEEN
        self._depth = 0
        self._name = b""
        self._naming = False
        self._held = b""
        self._base64 = b""
        self._padded = False
        self._found = False
        self._ended = False

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes of the answer; return what they add to the message (perhaps nothing).

        Raises:
            NotAMessage: this is not the JSON that it should be.
        """
        data = self._held + chunk
        self._held = b""
        given: list[bytes] = []
        position = 0
        while position < len(data):
            if self._where is _Where.BETWEEN:
                position = self._between(data, position)
                continue
            end = _STRING_END.search(data, position)
            taken = data[position : end.start()] if end else data[position:]
            self._take(taken, given)
            if end is None:
                break
            position = end.start()
            if data[position] == ord('"'):
                self._close_string(given)
                position += 1
                continue
            width = 6 if data[position + 1 : position + 2] == b"u" else 2
            if len(data) - position < width:
                self._held = data[position:]
                break
            self._take(_unescaped(data[position : position + width]), given)
            position += width
        return b"".join(given)

    def close(self) -> None:
        """Say that the answer is over.

        Raises:
            NotAMessage: it was not whole, or held no message.
        """
        if not self._ended or not self._found:
            raise NotAMessage("the answer ended before the message did" if not self._ended else "no message")

    def _between(self, data: bytes, position: int) -> int:
        """Outside of strings: up to and over the next sign that means something."""
        found = _STRUCTURE.search(data, position)
        if found is None:
            if self._depth == 0 and data[position:].strip():
                raise NotAMessage("not a JSON object")
            return len(data)
        if self._ended or (
            self._depth == 0 and (found.group() != b"{" or data[position : found.start()].strip())
        ):
            raise NotAMessage("not a JSON object")
        match found.group():
            case b'"':
                self._open_string()
            case b"{" | b"[":
                self._depth += 1
                self._naming = self._depth == 1
                if self._depth > DEPTH_LIMIT:
                    raise NotAMessage("nested too deeply")
            case b"}" | b"]":
                self._depth -= 1
                self._ended = self._depth == 0
            case b":":
                self._naming = self._naming and self._depth != 1
            case b",":
                self._naming = self._depth == 1
        return found.end()

    def _open_string(self) -> None:
        if self._depth == 1 and self._naming:
            self._where, self._name = _Where.NAME, b""
        elif self._depth == 1 and self._name == b"raw":
            if self._found:
                raise NotAMessage("two messages in one answer")
            self._where, self._found = _Where.RAW, True
        else:
            self._where = _Where.VALUE_STRING

    def _close_string(self, given: list[bytes]) -> None:
        if self._where is _Where.RAW:
            given.append(self._decoded(b"", last=True))
        self._where = _Where.BETWEEN

    def _take(self, text: bytes, given: list[bytes]) -> None:
        match self._where:
            case _Where.NAME:
                self._name += text
                if len(self._name) > NAME_LIMIT_BYTES:
                    raise NotAMessage("a member's name is too long")
            case _Where.RAW:
                given.append(self._decoded(text, last=False))
            case _:
                pass

    def _decoded(self, text: bytes, *, last: bool) -> bytes:
        """Decode what completes groups of four; the rest waits. Both alphabets, padded or not."""
        body = text.replace(b"-", b"+").replace(b"_", b"/")
        unpadded = body.rstrip(b"=")
        if (self._padded and unpadded) or _NOT_BASE64.search(unpadded):
            raise NotAMessage("the message is not base64url")
        self._padded = self._padded or len(unpadded) < len(body)
        waiting = self._base64 + unpadded
        whole = len(waiting) if last else len(waiting) // 4 * 4
        self._base64 = waiting[whole:]
        group = waiting[:whole]
        if len(group) % 4 == 1:
            raise NotAMessage("the message ends within a byte")
        return binascii.a2b_base64(group + b"=" * (-len(group) % 4))


def _unescaped(sign: bytes) -> bytes:
    r"""What an escape in a string stands for; Google writes `=` as `\u003d` where it escapes for HTML."""
    if sign[1] == ord("u"):
        try:
            return chr(int(sign[2:6], 16)).encode("utf-8", "replace")
        except ValueError as error:
            raise NotAMessage("a broken escape") from error
    return _ESCAPES.get(sign[1], sign[1:2])
