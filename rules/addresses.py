"""Email addresses: which text is one, what it is compared as, how it is shown and written.

Belongs here: the whole reading of address headers. The interpreter's own parser is never asked: Python before
3.11.10 answers `alice@example.org)bob@example.com` with both addresses (CVE-2023-27043), and takes 17 s for a
header with 50 000 of them.

The law: structure is read before encoded words are decoded, so that a name can never become an address. An
entry that is not exactly one address is refused and counted, and nothing is guessed from it. One pass, at
most ADDRESS_LIMIT addresses.

Source: RFC 5322 3.4, RFC 6532 3.2, RFC 5321 4.5.3.1 (lengths), RFC 5891 (domains).
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import idna

from rules.envelope import Correspondent
from rules.headers import clean_line, decode_words, encode_words, refuse_breaks
from rules.words import EmailAddress

ADDRESS_LIMIT: Final = 500
"""Addresses read from one header; the rest is left out and reported."""
TEXT_LIMIT: Final = 262_144
"""Characters of one header that are read."""
NAME_LIMIT: Final = 256

_ATEXT = "a-z0-9!#$%&'*+/=?^_`{|}~\\-"
_PLAIN = re.compile(
    rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*@[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?)+"
)
_WORD = re.compile(r'[^\s"(),:;<>@\[\]\\]+')
_BLANK = re.compile(r"\s+")
_NOTHING = re.compile(r"[,;\s]+")
_ENCODED = re.compile(r"=\?[^?\s]{1,64}\?[bBqQ]\?[^?]{0,512}\?=")
_ATOM_CHARACTERS = re.compile(rf"[{_ATEXT}.]+", re.IGNORECASE)
_ADDRESS_IN_TEXT = re.compile(r"[^\s<>\"'(),;:@]{1,64}@[^\s<>\"'(),;:@]{1,253}")


class InvalidAddress(ValueError):
    """A text is not an email address; the message says why and can be shown to whoever typed it."""


@dataclass(frozen=True, slots=True)
class AddressList:
    """What one header holds. `refused` entries were not one clear address; `cut`: the limit was hit."""

    correspondents: tuple[Correspondent, ...] = ()
    refused: int = 0
    cut: bool = False


def _local_part(local: str, strict: bool) -> str:
    if not local:
        raise InvalidAddress("there is nothing before the @")
    if len(local.encode("utf-8", errors="replace")) > 64:
        raise InvalidAddress("the part before the @ is longer than 64 bytes")
    for letter in local:
        if ord(letter) > 127:
            if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"):
                raise InvalidAddress("the part before the @ holds an invisible or reserved character")
        elif not (letter.isalnum() or letter in "!#$%&'*+/=?^_`{|}~-."):
            raise InvalidAddress(f"the part before the @ may not hold {letter!r}")
    if strict and (local.startswith(".") or local.endswith(".") or ".." in local):
        raise InvalidAddress("dots before the @ must stand between other characters")
    return unicodedata.normalize("NFC", local).lower()


def _domain(domain: str) -> str:
    if not domain:
        raise InvalidAddress("there is nothing after the @")
    if domain.startswith("["):
        raise InvalidAddress("numeric addresses in brackets are not accepted")
    if len(domain) > 253:
        raise InvalidAddress("the part after the @ is longer than 253 characters")
    try:
        ascii_domain = idna.encode(domain.lower(), uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        ascii_domain = domain.lower() if domain.isascii() else ""
    labels = ascii_domain.split(".")
    if len(labels) < 2:
        raise InvalidAddress("the part after the @ is not a domain name")
    for label in labels:
        if not re.fullmatch(r"[a-z0-9_](?:[a-z0-9_\-]{0,61}[a-z0-9_])?", label):
            raise InvalidAddress("the part after the @ is not a domain name")
    return ascii_domain


def normalise(text: str) -> EmailAddress:
    """Return what an address is stored and compared as: lower case, the domain in its ASCII form.

    Raises:
        InvalidAddress: it is not one address, with the reason in words.
    """
    return _normalised(text.strip(), strict=True)


def _normalised(text: str, *, strict: bool) -> EmailAddress:
    lowered = text.lower()
    if len(lowered) <= 254 and lowered.isascii() and _PLAIN.fullmatch(lowered) and lowered.find("@") <= 64:
        labels = lowered[lowered.find("@") + 1 :].split(".")
        if "xn--" not in lowered and all(len(label) <= 63 for label in labels):
            return EmailAddress(lowered)
    if len(text) > 1000:
        raise InvalidAddress("the address is longer than 254 characters")
    local, at, domain = text.rpartition("@")
    if not at:
        raise InvalidAddress("there is no @ in it")
    if "@" in local:
        raise InvalidAddress("there is more than one @ in it")
    address = f"{_local_part(local, strict)}@{_domain(domain)}"
    if len(address.encode("utf-8")) > 254:
        raise InvalidAddress("the address is longer than 254 characters")
    return EmailAddress(address)


def domain_of(address: EmailAddress) -> str:
    """Return the domain of a normalised address, in its ASCII form."""
    return address.rpartition("@")[2]


@dataclass(slots=True)
class _Entry:
    """One entry of the list while it is read: words before an angle, the angle, comments, faults."""

    words: list[str]
    comments: list[str]
    angle: list[str] | None = None
    closed: bool = False
    broken: bool = False
    surname: str = ""
    """Words before a comma that somebody forgot to quote: `Doe, John <j@x.example>`."""

    @property
    def untouched(self) -> bool:
        return not (self.words or self.comments or self.surname or self.broken) and self.angle is None

    @property
    def only_words(self) -> bool:
        return not self.broken and self.angle is None and "@" not in "".join(self.words)

    def add(self, word: str) -> None:
        if self.angle is None:
            self.words.append(word)
        elif self.closed:
            self.broken = True
        else:
            self.angle.append(word)


def _clean_name(words: str) -> str | None:
    name = decode_words(words)
    if len(name) >= 2 and name[0] == name[-1] == "'":
        name = name[1:-1].strip()
    return name[:NAME_LIMIT] or None


def _finished(entry: _Entry) -> Correspondent | None:
    """Return the entry's one address, or None where it is not exactly one."""
    if entry.broken or (entry.angle is not None and not entry.closed):
        return None
    try:
        if entry.angle is not None:
            address = _normalised("".join(entry.angle).strip(), strict=False)
            return Correspondent(address, _clean_name(entry.surname + " ".join("".join(entry.words).split())))
        address = _normalised("".join(entry.words).strip(), strict=False)
        return Correspondent(address, _clean_name(" ".join(entry.comments)))
    except InvalidAddress:
        return None


class _Scanner:
    """One pass over an address header; every step moves forward."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.found: list[Correspondent] = []
        self.refused = 0
        self.cut = False
        self.entry = _Entry([], [])

    def finish_entry(self, more: bool = False) -> None:
        entry = self.entry
        self.entry = _Entry([], [])
        words = "".join(entry.words).strip()
        if entry.surname and entry.angle is None:
            self.refused += 1
        if entry.only_words and not words:
            return
        if entry.angle is not None and not "".join(entry.angle).strip() and entry.closed:
            return
        if more and entry.only_words and not entry.surname:
            self.entry.surname = f"{words}, "
            return
        person = _finished(entry)
        if person is None:
            self.refused += 1
        else:
            self.found.append(person)

    def quoted(self) -> None:
        """Read a quoted string from its opening quote; an unclosed one breaks the entry and ends all."""
        start, letters = self.position + 1, []
        at = start
        while at < len(self.text) and self.text[at] != '"':
            if self.text[at] == "\\" and at + 1 < len(self.text):
                at += 1
            letters.append(self.text[at])
            at += 1
        if at >= len(self.text):
            self.entry.broken = True
        spoken = "".join(letters)
        if self.entry.angle is not None and not _ATOM_CHARACTERS.fullmatch(spoken):
            self.entry.broken = True
        self.entry.add(spoken)
        following = self.text[at + 1 : at + 2]
        if self.entry.angle is None and following == "@" and not _ATOM_CHARACTERS.fullmatch(spoken):
            self.entry.broken = True
        self.position = at + 1

    def comment(self) -> None:
        """Read a comment from its opening bracket, nested ones included."""
        depth, at = 0, self.position
        while at < len(self.text):
            letter = self.text[at]
            if letter == "\\":
                at += 1
            elif letter == "(":
                depth += 1
            elif letter == ")":
                depth -= 1
                if depth == 0:
                    break
            at += 1
        if depth:
            self.entry.broken = True
        self.entry.comments.append(self.text[self.position + 1 : at])
        self.position = at + 1

    def sign(self, letter: str) -> None:
        entry = self.entry
        self.position += 1
        match letter:
            case "," | ";":
                if entry.angle is not None and not entry.closed:
                    entry.broken = True
                self.finish_entry(more=letter == ",")
            case "<":
                entry.broken = entry.broken or entry.angle is not None
                entry.angle = entry.angle or []
            case ">":
                entry.broken = entry.broken or entry.angle is None or entry.closed
                entry.closed = True
            case ":" if entry.angle is None and not entry.broken:
                self.entry = _Entry([], [])
            case "@":
                entry.add("@")
            case _:
                entry.broken = True

    def read(self) -> AddressList:
        text = self.text
        while self.position < len(text):
            if len(self.found) + self.refused >= ADDRESS_LIMIT:
                self.cut = True
                return AddressList(tuple(self.found), self.refused, True)
            letter = text[self.position]
            if self.entry.untouched and (empty := _NOTHING.match(text, self.position)):
                self.position = empty.end()
            elif letter == '"':
                self.quoted()
            elif letter == "(":
                self.comment()
            elif letter == "=" and (encoded := _ENCODED.match(text, self.position)):
                self.entry.add(encoded[0])
                self.position = encoded.end()
            elif blank := _BLANK.match(text, self.position):
                if self.entry.angle is None:
                    self.entry.add(" ")
                self.position = blank.end()
            elif word := _WORD.match(text, self.position):
                self.entry.add(word[0])
                self.position = word.end()
            else:
                self.sign(letter)
        self.finish_entry()
        return AddressList(tuple(self.found), self.refused, self.cut)


def parse_addresses(header: str | None) -> AddressList:
    """Return the addresses of a From, To, Cc, Bcc or Reply-To header, with clean display names.

    Groups are flattened to their members. Never raises, whatever the header holds.
    """
    if not header or not header.strip():
        return AddressList()
    read = _Scanner(header[:TEXT_LIMIT]).read()
    if len(header) > TEXT_LIMIT:
        return AddressList(read.correspondents, read.refused, True)
    return read


def parse_one(header: str | None) -> Correspondent | None:
    """Return the author of a From header: its first address, or None where even that is not clear.

    A From with several authors has its first; one with a refused entry has none, since who wrote it is open.
    """
    read = parse_addresses(header)
    return read.correspondents[0] if read.correspondents and not read.refused else None


def format_address(person: Correspondent) -> list[str]:
    """Return one address as words for a folded header, its name quoted or encoded as needed.

    Raises:
        UnsafeHeader: the name or address would break out of the header.
    Source: RFC 5322 3.4; RFC 2047 5 (3); RFC 6532 3.2 for a local part beyond ASCII.
    """
    refuse_breaks("address", person.address)
    name = refuse_breaks("name", person.name or "")
    if not name.strip():
        return [person.address]
    if not name.isascii() or "=?" in name or any(len(word) > 60 for word in name.split(" ")):
        return [*encode_words(name), f"<{person.address}>"]
    if all(_ATOM_CHARACTERS.fullmatch(word) and "." not in word for word in name.split(" ")):
        return [*name.split(" "), f"<{person.address}>"]
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return [*quoted.split(" "), f"<{person.address}>"]


def _script(letter: str) -> str | None:
    if not letter.isalpha():
        return None
    first = unicodedata.name(letter, "").split(" ")[0]
    return "CJK" if first in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "FULLWIDTH") else first


def _mixed_script_label(domain: str) -> bool:
    for label in domain.split("."):
        if not label.startswith("xn--"):
            continue
        try:
            shown = idna.decode(label)
        except (idna.IDNAError, UnicodeError):
            return True
        scripts = {script for letter in shown if (script := _script(letter))}
        if len(scripts) > 1:
            return True
    return False


def spoof_warning(raw_name: str | None, address: EmailAddress) -> str | None:
    """Return a sentence where a name or domain tries to look like somebody else's, or None.

    `raw_name` is the display name as it was sent, before bidi controls were taken out of it.
    Source: R43.
    """
    name = raw_name or ""
    if any(letter in name for letter in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"):
        return "The sender's name holds invisible characters that change the order of the text."
    claimed = _ADDRESS_IN_TEXT.search(clean_line(name))
    if claimed:
        try:
            same = _normalised(claimed[0].rstrip("."), strict=False) == address
        except InvalidAddress:
            same = False
        if not same:
            return "The sender's name shows another email address than the one the mail came from."
    if _mixed_script_label(domain_of(address)):
        return "The sender's domain mixes alphabets, which can make it look like another domain."
    return None
