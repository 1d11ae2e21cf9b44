"""The content of a mail as SMTP carries it: found its end, dots undone, piece by piece.

The law: the end is CRLF, one dot, CRLF, and nothing else is; bytes behind it belong to the next command.
Pure and linear; a test hands the same bytes over in every cut. Source: RFC 5321 4.1.1.4, 4.5.2; R33.
"""

import re
from typing import Final

END: Final = b"\r\n.\r\n"

_BARE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n|\x00")


class Dots:
    """Reads one mail's content. `feed` until it has `ended`; `rest` is what came behind the end."""

    def __init__(self) -> None:
        # The line break before a first line that is a dot alone is DATA's own.
        self._kept = b"\r\n"
        self._first = True
        self.ended = False
        self.rest = b""

    def feed(self, piece: bytes) -> bytes:
        """Return the content that is certain now, without its transparency dots."""
        held = self._kept + piece
        end = held.find(END)
        if end >= 0:
            self.ended, self.rest = True, held[end + len(END) :]
            return self._clear(held[: end + 2])
        cut = max(0, len(held) - len(END) + 1)
        # A dot to be undone must not be parted from the line break before it.
        if held.endswith(b"\r", 0, cut):
            cut -= 1
        elif held.endswith(b"\r\n", 0, cut):
            cut -= 2
        self._kept = held[cut:]
        return self._clear(held[:cut])

    def _clear(self, content: bytes) -> bytes:
        clear = content.replace(b"\r\n.", b"\r\n")
        if self._first and clear:
            self._first = False
            return clear[2:]
        return clear


class Wire:
    """Watches the bytes of a conversation for what no honest program sends: CR or LF alone, and NUL.

    Source: RFC 5321 2.3.8 (CR and LF only together); CVE-2024-27305 and the smuggling of 2023.
    """

    def __init__(self) -> None:
        self._half = False

    def accepts(self, piece: bytes) -> bool:
        """Return whether these bytes may be read, after those before them."""
        if self._half:
            piece = b"\r" + piece
        self._half = piece.endswith(b"\r")
        return _BARE.search(piece[:-1] if self._half else piece) is None
