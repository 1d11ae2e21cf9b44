"""The part of Gmail's search language that a program uses.

Operators: rfc822msgid: from: to: cc: bcc: subject: in: label: is: has:attachment filename: after: before:
newer: older: bare words, "quoted words", a minus for not, OR between terms, {a b} for either.
Source: https://developers.google.com/workspace/gmail/api/guides/filtering ; dates without a time are midnight
Pacific standard time, numbers are epoch seconds. There is no alias expansion and no match over a thread.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from simulator import mime
from simulator.mailbox import Copy, Mailbox

if TYPE_CHECKING:
    from simulator.world import World

Test = Callable[[Copy], bool]
PACIFIC = timezone(timedelta(hours=-8))
TERM = re.compile(r'-?(?:\w+:)?"[^"]*"|[{}()]|[^\s{}()]+')
STATES: dict[str, Test] = {
    "unread": lambda copy: "UNREAD" in copy.labels,
    "read": lambda copy: "UNREAD" not in copy.labels,
    "starred": lambda copy: "STARRED" in copy.labels,
    "important": lambda copy: "IMPORTANT" in copy.labels,
}


def compiled(world: "World", mailbox: Mailbox, query: str) -> Test:
    """Return a test for copies; every term must hold, except those joined by OR or braces."""
    groups: list[list[Test]] = []
    join = in_braces = False
    for word in TERM.findall(query):
        if word in ("OR", "|"):
            join = bool(groups)
        elif word in "{}()":
            if word == "{":
                groups.append([])
            in_braces = (in_braces or word == "{") and word != "}"
        else:
            test = _term(world, mailbox, word)
            if (join or in_braces) and groups:
                groups[-1].append(test)
            else:
                groups.append([test])
            join = False
    wanted = [group for group in groups if group]
    return lambda copy: all(any(test(copy) for test in group) for group in wanted)


def names_hidden_places(query: str) -> bool:
    """Tell whether the query itself asks for spam or trash, or for everything."""
    return re.search(r"\b(in|label|is):\"?(anywhere|spam|trash)\b", query, re.IGNORECASE) is not None


def _term(world: "World", mailbox: Mailbox, word: str) -> Test:
    if word.startswith("-") and len(word) > 1:
        inner = _term(world, mailbox, word[1:])
        return lambda copy: not inner(copy)
    name, colon, value = word.partition(":")
    value = value.strip('"')
    found = _operator(world, mailbox, name.lower(), value) if colon and value else None
    return found or _words(world, word.strip('"'))


def _operator(world: "World", mailbox: Mailbox, name: str, value: str) -> Test | None:
    summary = world.contents.summary
    people: dict[str, Callable[[mime.Summary], tuple[mime.Address, ...]]] = {
        "from": lambda mail: mail.sender,
        "to": lambda mail: (*mail.to, *mail.cc, *mail.bcc),
        "cc": lambda mail: mail.cc,
        "bcc": lambda mail: mail.bcc,
    }
    if name in people:
        wanted = value.lower()
        return lambda copy: any(
            wanted in str(person).lower() for person in people[name](summary(copy.content))
        )
    match name:
        case "rfc822msgid":
            bare = f"<{value.strip('<>')}>"
            return lambda copy: copy.internet_message_id == bare
        case "subject":
            return lambda copy: value.lower() in summary(copy.content).subject.lower()
        case "in" | "label":
            return _place(mailbox, value)
        case "is":
            return STATES.get(value.lower()) or _place(mailbox, value)
        case "has" if value.lower() == "attachment":
            return lambda copy: bool(_file_names(world, copy))
        case "filename":
            return lambda copy: any(value.lower() in found.lower() for found in _file_names(world, copy))
        case "after" | "newer" | "before" | "older":
            return _date(name, value)
    return None


def _date(name: str, value: str) -> Test:
    instant_ms = _instant_ms(value)
    if instant_ms is None:
        return lambda copy: False
    if name in ("after", "newer"):
        return lambda copy: copy.arrived_ms >= instant_ms
    return lambda copy: copy.arrived_ms < instant_ms


def _instant_ms(value: str) -> int | None:
    if value.isascii() and value.isdigit() and len(value) > 8:
        return int(value[:12]) * 1000
    for form in ("%Y/%m/%d", "%Y-%m-%d", "%m/%d/%Y"):
        try:
            day = datetime.strptime(value, form).replace(tzinfo=PACIFIC)
        except ValueError:
            continue
        return int(day.astimezone(UTC).timestamp() * 1000)
    return None


def _place(mailbox: Mailbox, value: str) -> Test:
    name = value.lower()
    if name == "anywhere":
        return lambda copy: True
    if name in ("draft", "drafts"):
        return lambda copy: "DRAFT" in copy.labels
    own = {label.id for label in mailbox.labels.values() if label.name.lower().replace(" ", "-") == name}
    wanted = own or {value.upper(), value}
    return lambda copy: bool(wanted & copy.labels)


def _file_names(world: "World", copy: Copy) -> list[str]:
    return [name for part in world.contents.parsed(copy.content).walk() if (name := mime.file_name(part))]


def _words(world: "World", text: str) -> Test:
    wanted = text.lower()

    def holds(copy: Copy) -> bool:
        mail = world.contents.summary(copy.content)
        people = " ".join(str(person) for person in (*mail.sender, *mail.to, *mail.cc)).lower()
        return (
            wanted in mail.subject.lower() or wanted in people or wanted in world.contents.text(copy.content)
        )

    return holds
