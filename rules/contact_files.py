"""Read the contacts that a file holds: CSV as address books export it, and vCard.

Pure, and lenient in one way only: a column or property that is not known is passed over. What is read is not
judged here; addresses are checked where every contact is, so that a bad row is reported and not lost.
Source: RFC 4180 (CSV), RFC 6350 and RFC 2426 (vCard 4.0 and 3.0: line folding in 3.2, escaping in 3.4).
"""

import csv
import io
import quopri
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_FILE: Final = 1_000_000
"""Characters."""
MOST_COLUMNS: Final = 200

_EMAIL: Final = ("email", "e-mail", "mail")
_FULL_NAME: Final = frozenset({"name", "full name", "display name", "contact name", "file as"})
_FIRST: Final = frozenset({"first name", "given name", "firstname"})
_LAST: Final = frozenset({"last name", "family name", "lastname", "surname"})
_COMPANY: Final = frozenset({"company", "company name", "organization", "organization name", "business"})
_NO_ADDRESS: Final = ("type", "label", "display name", "opt")
"""`E-mail 1 - Type` is no address, though it begins like one."""


class ContactFileFormat(StrEnum):
    """What a file of contacts is written in."""

    CSV = "CSV"
    VCARD = "VCARD"


@dataclass(frozen=True, slots=True)
class FiledContact:
    """A contact as the file says it; nothing is normalised."""

    name: str | None
    company: str | None
    emails: tuple[str, ...]


class UnreadableFile(ValueError):
    """The file as a whole is not what it is said to be; the message says why, in a sentence."""


def read_contacts(file_format: ContactFileFormat, text: str) -> list[FiledContact]:
    """Return the contacts of a file, in its order; one without an address has no `emails`.

    Raises:
        UnreadableFile: it is too long, has no column of addresses, or no vCard in it.
    """
    if len(text) > LONGEST_FILE:
        raise UnreadableFile(f"The file has more than {LONGEST_FILE} characters; import it in parts.")
    text = text.removeprefix("\ufeff")
    return _read_csv(text) if file_format is ContactFileFormat.CSV else _read_vcards(text)


def _read_csv(text: str) -> list[FiledContact]:
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableFile(f"This is no CSV file: {error}.") from None
    if not rows or len(rows[0]) > MOST_COLUMNS:
        raise UnreadableFile("The first line names the columns, 200 at most.")
    columns = [name.strip().lower() for name in rows[0]]
    addresses = [place for place, name in enumerate(columns) if _holds_addresses(name)]
    if not addresses:
        raise UnreadableFile("No column is named like addresses are; name one of them Email.")
    return [_from_row(columns, addresses, row) for row in rows[1:] if any(cell.strip() for cell in row)]


def _holds_addresses(column: str) -> bool:
    return column.startswith(_EMAIL) and not column.endswith(_NO_ADDRESS)


def _from_row(columns: Sequence[str], addresses: Sequence[int], row: Sequence[str]) -> FiledContact:
    cells = dict(zip(columns, row, strict=False))

    def first(names: frozenset[str]) -> str | None:
        return next((value.strip() for name, value in cells.items() if name in names and value.strip()), None)

    parts = [part for part in (first(_FIRST), first(_LAST)) if part]
    found = [
        one.strip()
        for place in addresses
        if place < len(row)
        # One cell may hold several: Google writes them so.
        for one in row[place].replace(" ::: ", ";").replace(",", ";").split(";")
    ]
    return FiledContact(
        name=first(_FULL_NAME) or " ".join(parts) or None,
        company=first(_COMPANY),
        emails=tuple(dict.fromkeys(one for one in found if one)),
    )


def _read_vcards(text: str) -> list[FiledContact]:
    cards: list[FiledContact] = []
    inside: list[tuple[str, str]] | None = None
    for line in _unfolded(text):
        name, _, value = line.partition(":")
        words = name.upper().split(";")
        kind = words[0].rpartition(".")[2]
        if kind == "BEGIN":
            inside = []
        elif kind == "END" and inside is not None:
            cards.append(_from_card(inside))
            inside = None
        elif inside is not None:
            inside.append((kind, _value(words, value)))
    if not cards:
        raise UnreadableFile("There is no vCard in the file.")
    return cards


def _unfolded(text: str) -> Iterator[str]:
    """Yield logical lines: RFC 6350 section 3.2, and vCard 2.1's soft breaks of quoted-printable."""
    held = ""
    for line in text.splitlines():
        if line[:1] in (" ", "\t") and held:
            held += line[1:]
        elif held.endswith("=") and "QUOTED-PRINTABLE" in held.partition(":")[0].upper():
            held = held[:-1] + line
        else:
            if held:
                yield held
            held = line
    if held:
        yield held


def _value(words: Sequence[str], value: str) -> str:
    if any("QUOTED-PRINTABLE" in word for word in words):
        return quopri.decodestring(value.encode()).decode("utf-8", "replace")
    return value


def _from_card(properties: Sequence[tuple[str, str]]) -> FiledContact:
    def first(kind: str) -> str | None:
        return next((value for name, value in properties if name == kind and value.strip()), None)

    full, structured, organisation = first("FN"), first("N"), first("ORG")
    if full is None and structured is not None:
        family, given, *_ = [*_components(structured), "", ""]
        full = " ".join(part for part in (given, family) if part)
    emails = [_plain(value).removeprefix("mailto:").strip() for name, value in properties if name == "EMAIL"]
    return FiledContact(
        name=_plain(full).strip() or None if full else None,
        company=(_components(organisation)[0] or None) if organisation else None,
        emails=tuple(dict.fromkeys(one for one in emails if one)),
    )


def _components(value: str) -> list[str]:
    """Return the parts of a structured value, between semicolons that are not escaped."""
    parts = value.replace("\\\\", "\x00").replace("\\;", "\x01").split(";")
    return [_plain(part.replace("\x01", ";").replace("\x00", "\\\\")).strip() for part in parts]


def _plain(value: str) -> str:
    """Return a text value without its escapes, on one line."""
    for escaped, plain in (("\\n", " "), ("\\N", " "), ("\\,", ","), ("\\;", ";"), ("\\\\", "\\")):
        value = value.replace(escaped, plain)
    return value
