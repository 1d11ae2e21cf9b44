"""Header fields, out and in: one clean line, encoded words, message ids, folding.

Belongs here: what is true of any header field, whoever wrote it. Never: addresses (rules/addresses.py).
Every function is linear in its input, because headers are written by strangers.

The law: no CR, LF, NUL or other control, and no U+2028/U+2029, ever reaches a header that we write (R40), nor
a name or subject that we show. What we write is refused with a reason; what we read is cleaned.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Final

from rules.charsets import decode_text

LINE_LIMIT: Final = 76
"""Octets of a folded line without its CRLF. Source: RFC 5322 2.1.1 (78), RFC 2047 2 (76)."""
MESSAGE_ID_LIMIT: Final = 998
REFERENCES_LIMIT: Final = 50
"""How many ids of a References header are looked at, and how many we write at most."""
HEADER_LIMIT: Final = 65_536
"""Characters of one header field that are looked at."""

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNSEEN = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
_SPACES = re.compile(r"[ \t\u00a0]{2,}")
_ENCODED_WORD = re.compile(r"=\?([^?\s*]{1,64})(?:\*[^?\s]{0,35})?\?([bBqQ])\?([^?]*)\?=")
_QUOTED_OCTET = re.compile(rb"=([0-9A-Fa-f]{2})")
_ID_IN_BRACKETS = re.compile(r"<([^<>]{1,998})>")
_WHITE = re.compile(r"\s+")


class UnsafeHeader(ValueError):
    """A text that somebody wants in a header would break out of it. `field` names which."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def refuse_breaks(field: str, text: str) -> str:
    """Return the text unchanged, or refuse it.

    Raises:
        UnsafeHeader: it holds CR, LF, NUL, another control character, U+2028, U+2029 or a lone surrogate.
    Source: R40; RFC 5322 2.2; CVE-2024-6923.
    """
    if _BREAKS.search(text):
        raise UnsafeHeader(field, "line breaks and control characters are not allowed")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UnsafeHeader(field, "the text holds half a character (a lone surrogate)")
    return text


def clean_line(text: str) -> str:
    """Return one line: controls and line breaks become a space, bidi controls and surrogates vanish."""
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text).strip()
    return _SPACES.sub(" ", _UNSEEN.sub("", _BREAKS.sub(" ", text))).strip()


def _word_octets(encoding: str, payload: str) -> bytes | None:
    octets = payload.encode("ascii", errors="replace")
    if encoding in "qQ":
        spaced = octets.replace(b"_", b" ")
        return _QUOTED_OCTET.sub(lambda found: bytes.fromhex(found[1].decode("ascii")), spaced)
    stripped = octets.rstrip(b"= ")
    try:
        return binascii.a2b_base64(stripped + b"=" * (-len(stripped) % 4))
    except binascii.Error:
        return None


def decode_words(text: str) -> str:
    """Return the header text with its encoded words decoded, as one clean line.

    Octets of neighbouring words of one charset are joined before they are decoded, since senders cut
    characters in half. A word that cannot be decoded stays as it was written.
    Source: RFC 2047 2, 6.2; RFC 2231 5 (language tags).
    """
    text = text[:HEADER_LIMIT]
    if "=?" not in text:
        return clean_line(text)
    pieces: list[str] = []
    pending: list[bytes] = []
    charset = ""
    position = 0

    def settle() -> None:
        if pending:
            pieces.append(decode_text(b"".join(pending), charset)[0])
            pending.clear()

    for word in _ENCODED_WORD.finditer(text):
        between = text[position : word.start()]
        octets = _word_octets(word[2], word[3])
        if octets is None:
            continue
        if between.strip() or not pending:
            settle()
            pieces.append(between)
        if pending and word[1].lower() != charset:
            settle()
        charset = word[1].lower()
        pending.append(octets)
        position = word.end()
    settle()
    pieces.append(text[position:])
    return clean_line("".join(pieces))


def encode_words(text: str) -> list[str]:
    """Return the text as encoded words of at most 75 octets each, cut between characters.

    Source: RFC 2047 2: an encoded word may not be more than 75 characters long.
    """
    words: list[str] = []
    chunk = ""
    for letter in text:
        if len((chunk + letter).encode("utf-8")) > 45:
            words.append(chunk)
            chunk = ""
        chunk += letter
    words.append(chunk)
    return [f"=?utf-8?b?{base64.b64encode(word.encode('utf-8')).decode('ascii')}?=" for word in words]


def fold(name: str, words: Iterable[str]) -> bytes:
    """Return `Name: word word...` folded before words where a line would pass LINE_LIMIT, with its CRLF.

    A single word that is longer than a line stands on a line of its own.
    Source: RFC 5322 2.2.3.
    """
    lines = [f"{name}:"]
    for word in words:
        if (
            len(lines[-1].encode("utf-8")) + 1 + len(word.encode("utf-8")) > LINE_LIMIT
            and lines[-1] != f"{name}:"
        ):
            lines.append(f" {word}")
        else:
            lines[-1] += f" {word}"
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def text_header(name: str, text: str) -> bytes:
    """Return an unstructured field, folded; non-ASCII text and what only looks encoded become encoded words.

    Raises:
        UnsafeHeader: see refuse_breaks.
    Source: RFC 5322 3.6.5, RFC 2047 5 (1).
    """
    refuse_breaks(name, text)
    words = text.split(" ")
    plain = text.isascii() and "=?" not in text and all(len(word) < 200 for word in words)
    if plain and text == text.strip() and "  " not in text:
        return fold(name, words)
    return fold(name, encode_words(text))


def _acceptable_id(candidate: str) -> str | None:
    joined = _WHITE.sub("", candidate)
    if not joined or len(joined) > MESSAGE_ID_LIMIT or _BREAKS.search(joined) or _UNSEEN.search(joined):
        return None
    return joined


def message_id(header: str | None) -> str | None:
    """Return the id of a Message-ID or In-Reply-To header without its brackets, or None where there is none.

    An id without brackets is taken as it stands if it is one word; case is kept.
    Source: RFC 5322 3.6.4.
    """
    if not header:
        return None
    header = header[:HEADER_LIMIT]
    found = _ID_IN_BRACKETS.search(header)
    if found:
        return _acceptable_id(found[1])
    bare = header.strip()
    if "<" in bare or ">" in bare or _WHITE.search(bare):
        return None
    return _acceptable_id(bare)


def message_ids(header: str | None) -> tuple[str, ...]:
    """Return the ids of a References header, oldest first, no repeats; of too many the first and the newest.

    Source: RFC 5322 3.6.4.
    """
    if not header:
        return ()
    header = header if len(header) <= HEADER_LIMIT else header[:1024] + " " + header[-HEADER_LIMIT + 1024 :]
    texts = [found[1] for found in _ID_IN_BRACKETS.finditer(header)] or header.split()
    ids = list(dict.fromkeys(accepted for text in texts if (accepted := _acceptable_id(text))))
    if "<" not in header:
        ids = [accepted for accepted in ids if "@" in accepted]
    return tuple(ids) if len(ids) <= REFERENCES_LIMIT else (ids[0], *ids[-REFERENCES_LIMIT + 1 :])


def id_header(name: str, ids: Iterable[str]) -> bytes:
    """Return a Message-ID, In-Reply-To or References field, folded.

    Raises:
        UnsafeHeader: an id holds a break, white space, brackets or characters beyond ASCII.
    """
    words = []
    for one in ids:
        refuse_breaks(name, one)
        if not one or not one.isascii() or any(letter in one for letter in " <>") or len(one) > 900:
            raise UnsafeHeader(name, "a message id may hold only printable ASCII, no spaces and no brackets")
        words.append(f"<{one}>")
    return fold(name, words)
