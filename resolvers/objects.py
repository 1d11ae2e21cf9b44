"""Make the API's objects from rows, as database/reads/statement.py laid them out.

An object holds what was selected and nothing else: a field that was not asked for is absent, not null, so
that a reader who forgets to ask fails loudly instead of seeing nothing. A builder knows a layout and nothing
of a request, so that it is made once for a question that is asked again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from database.reads.cursors import cursor_writer
from database.reads.statement import Layout, PageLayout
from resolvers.looking import CLASSES
from rules import words
from rules.event_ids import encode_event_id
from rules.explanations import EXPLANATIONS
from rules.html import with_images_through
from rules.presets import Preset
from rules.remote_images import image_address
from rules.sender import DAY, GMAIL_DAILY_LIMIT
from schema.types.bulk import (
    BulkRecipientConnection,
    BulkRecipientEdge,
    BulkSendConnection,
    BulkSendEdge,
    SuppressedAddressConnection,
    SuppressedAddressEdge,
)
from schema.types.conversations import (
    ContactConnection,
    ContactEdge,
    MessageConnection,
    MessageEdge,
    Participant,
    ThreadConnection,
    ThreadEdge,
)
from schema.types.mailboxes import (
    SendQuota,
    SkipCount,
    SyncDecisionConnection,
    SyncDecisionEdge,
    SyncGap,
    Verification,
)
from schema.types.pages import PageInfo
from schema.types.webhooks import WebhookDeliveryConnection, WebhookDeliveryEdge

Row = Any
"""A record or a tuple: values by position."""
Kinds = Mapping[str, words.ParticipantKind]
Sign = Callable[[UUID], str]
"""Gives the address under which this viewer may download an attachment."""
SignImage = Callable[[UUID, str], str]
"""Gives the address under which this viewer may see a remote image of a message."""


class Answer(NamedTuple):
    """What of one answer its objects are made with, besides the rows."""

    workspace_id: UUID
    sign: Sign
    sign_image: SignImage
    inbound_domain: str | None


Build = Callable[[Row, Kinds, Answer], Any]
"""Makes one object, or one connection; `Kinds` is who the people around it are."""

_EDGES: Final[Mapping[str, tuple[type[Any], type[Any]]]] = {
    "contact": (ContactConnection, ContactEdge),
    "thread": (ThreadConnection, ThreadEdge),
    "message": (MessageConnection, MessageEdge),
    "decision": (SyncDecisionConnection, SyncDecisionEdge),
    "bulk_send": (BulkSendConnection, BulkSendEdge),
    "bulk_recipient": (BulkRecipientConnection, BulkRecipientEdge),
    "suppressed_address": (SuppressedAddressConnection, SuppressedAddressEdge),
    "webhook_delivery": (WebhookDeliveryConnection, WebhookDeliveryEdge),
}


def _one_of(values: type[StrEnum]) -> Callable[[Any], Any]:
    """Return how to read a column that holds one of a closed set."""
    members: Mapping[str | None, StrEnum | None] = {None: None, **{one.value: one for one in values}}
    return members.__getitem__


def _loaded(value: str | None) -> Any:
    return orjson.loads(value) if value else ()


def _explanation(value: Sequence[str | None]) -> str:
    rule, reason = value
    sentences = EXPLANATIONS.get(rule or "", {})
    return sentences.get(words.SkipReason(reason) if reason else None, "No more is known of this decision.")


def _quota(value: Row | None) -> SendQuota | None:
    if value is None:
        return None
    used, oldest_at = value
    frees_at: datetime | None = oldest_at + DAY if oldest_at else None
    return SendQuota(limit=GMAIL_DAILY_LIMIT, used=used, frees_at=frees_at)


def _skips(value: Sequence[Row] | None) -> list[SkipCount]:
    return [SkipCount(reason=words.SkipReason(reason), count=count) for reason, count in value or ()]


def _verified(value: Row | None) -> Verification | None:
    return Verification(at=value[0], expected=value[1], present=value[2]) if value else None


def _gaps(value: Sequence[Row] | None) -> list[SyncGap]:
    return [SyncGap(from_=begun, to=ended, repaired_at=repaired) for begun, ended, repaired in value or ()]


def _scopes(value: Sequence[str]) -> list[words.Scope]:
    return [words.Scope(one) for one in value]


_CONVERTERS: Final[Mapping[tuple[str, str], Callable[[Any], Any]]] = {
    ("workspace", "oversize"): _one_of(words.OversizePolicy),
    ("workspace", "preset"): _one_of(Preset),
    ("workspace_sender", "tls"): _one_of(words.TlsMode),
    ("bulk_send", "state"): _one_of(words.BulkState),
    ("bulk_send", "via"): _one_of(words.SenderKind),
    ("bulk_recipient", "outcome"): _one_of(words.BulkOutcome),
    ("suppressed_address", "reason"): _one_of(words.SuppressionReason),
    ("webhook", "state"): _one_of(words.WebhookState),
    ("webhook", "events"): lambda value: [words.EventKind(one) for one in value],
    ("webhook_delivery", "kind"): _one_of(words.EventKind),
    ("webhook_delivery", "state"): _one_of(words.WebhookDeliveryState),
    ("user", "role"): _one_of(words.Role),
    ("api_key", "scopes"): _scopes,
    ("mailbox", "provider"): _one_of(words.Provider),
    ("mailbox", "status"): _one_of(words.MailboxStatus),
    ("mailbox", "scope"): _one_of(words.SyncScope),
    ("mailbox", "visibility"): _one_of(words.Visibility),
    ("mailbox", "quota"): _quota,
    ("health", "verified"): _verified,
    ("health", "gaps"): _gaps,
    ("decision", "reason"): _one_of(words.SkipReason),
    ("decision", "explanation"): _explanation,
    ("contact", "created_by"): _one_of(words.ContactOrigin),
    ("contact", "emails"): lambda value: value or [],
    ("contact_link", "provider"): _one_of(words.Provider),
    ("thread", "state"): _one_of(words.ThreadState),
    ("message", "direction"): _one_of(words.Direction),
    ("message", "origin"): _one_of(words.Origin),
    ("delivery", "state"): _one_of(words.DeliveryState),
    ("delivery", "via"): _one_of(words.SenderKind),
    ("attachment", "state"): _one_of(words.AttachmentState),
}


def _bcc_address(local: str | None, answer: Answer) -> str | None:
    return f"{local}@{answer.inbound_domain}" if local and answer.inbound_domain else None


def _event_id(number: int | None, answer: Answer) -> str | None:
    return None if number is None else encode_event_id(words.WorkspaceId(answer.workspace_id), number)


def _with_images(value: Sequence[str | None] | None, answer: Answer) -> str | None:
    id, html = value or (None, None)
    if id is None or html is None:
        return None
    message_id = UUID(id)

    def path_of(address: str) -> str | None:
        return None if image_address(address) is None else answer.sign_image(message_id, address)

    return with_images_through(html, path_of)


def _signed(key: UUID | None, answer: Answer) -> str | None:
    return None if key is None else answer.sign(key)


_ANSWERED: Final[Mapping[tuple[str, str], Callable[[Any, Answer], Any]]] = {
    ("attachment", "url"): _signed,
    ("message", "html_with_images"): _with_images,
    ("webhook_delivery", "event_id"): _event_id,
    ("user", "auto_bcc_address"): _bcc_address,
}
_PEOPLE: Final = ("to", "cc", "bcc")
_KINDS: Final[Mapping[str, words.ParticipantKind]] = {one.value: one for one in words.ParticipantKind}
_OTHER: Final = words.ParticipantKind.OTHER


def _kinds(participants: Sequence[Mapping[str, Any]]) -> Kinds:
    return {one["address"]: _KINDS[one.get("kind", "OTHER")] for one in participants}


def _participant(address: str, name: str | None, kinds: Kinds) -> Participant:
    made = object.__new__(Participant)
    made.__dict__ = {"address": address, "name": name, "kind": kinds.get(address, _OTHER)}
    return made


def _people(value: Any, kinds: Kinds) -> list[Participant]:
    return [_participant(one["address"], one.get("name"), kinds) for one in _loaded(value)]


def builder(layout: Layout) -> Build:
    """Return what makes one object of a layout from a row; None where the noun is not there.

    It is written as Python for its layout, once: rows are many, and looking up where each value lies costs
    more than taking it. Into the source go only names and places of the layout, none of a client's.
    """
    writer = _Writer(layout)
    source = writer.source()
    exec(compile(source, f"<builder of {layout.noun}>", "exec"), writer.namespace)  # noqa: S102 - see above
    build: Build = writer.namespace["build"]
    return build


class _Writer:
    """Writes a builder; what its source calls is in `namespace`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.namespace: dict[str, Any] = {
            "new": object.__new__,
            "class_": CLASSES[layout.noun],
            "loaded": _loaded,
            "kinds_of": _kinds,
            "participant": _participant,
            "people": _people,
            "skips": _skips,
        }

    def source(self) -> str:
        layout, before = self._layout, list[str]()
        if layout.noun == "thread" and "participants" in layout.columns:
            before += [
                f"everybody = loaded(row[{layout.columns['participants']}])",
                "kinds = kinds_of(everybody)",
            ]
        if layout.noun == "message" and "kinds" in layout.columns:
            before.append(f"kinds = kinds_of(loaded(row[{layout.columns['kinds']}]))")
        fields = [
            (name, self._field(name, at))
            for name, at in layout.columns.items()
            if (layout.noun, name) != ("message", "kinds")
        ]
        fields += [(name, self._call(make)) for name, make in _parts(layout)]
        if layout.parameters:
            each = (f"{self._named(argument)}: skips(row[{at}])" for _, argument, at in layout.parameters)
            fields.append(("skips", "{" + ", ".join(each) + "}"))
        display = ", ".join(f"{name!r}: {value}" for name, value in fields)
        lines = [
            "def build(row, kinds, answer):",
            f"    if row[{layout.presence}] is None:",
            "        return None",
            *(f"    {line}" for line in before),
            "    made = new(class_)",
            f"    made.__dict__ = {{{display}}}",
            "    return made",
        ]
        return "\n".join(lines) + "\n"

    def _field(self, name: str, at: int) -> str:
        noun, value = self._layout.noun, f"row[{at}]"
        if name == "id":
            return f"str(row[{self._layout.presence}])"
        if (noun, name) == ("thread", "participants"):
            return "[participant(one['address'], one.get('name'), kinds) for one in everybody]"
        if (noun, name) == ("message", "from_"):
            return f"participant(*{value}, kinds)"
        if noun == "message" and name in _PEOPLE:
            return f"people({value}, kinds)"
        if (noun, name) in _CONVERTERS:
            return f"{self._named(_CONVERTERS[noun, name])}({value})"
        if (noun, name) in _ANSWERED:
            return f"{self._named(_ANSWERED[noun, name])}({value}, answer)"
        return value

    def _call(self, make: Build) -> str:
        return f"{self._named(make)}(row, kinds, answer)"

    def _named(self, value: object) -> str:
        name = f"given_{len(self.namespace)}"
        self.namespace[name] = value
        return name


def connection(page: PageLayout) -> Build:
    """Return what makes a connection from a page's rows, of which there is one more if more follow."""
    connection_class, edge_class = _EDGES[page.layout.noun]
    build, asked = builder(page.layout), page.page
    presence, at, listed = page.layout.presence, page.at, page.listed

    def build_page(rows: Row, kinds: Kinds, answer: Answer) -> Any:
        more = len(rows) > asked.size
        shown = list(rows[: asked.size])
        if asked.backward:
            shown.reverse()
        cursor = cursor_writer(answer.workspace_id, listed)
        edges = [
            edge_class(node=build(row, kinds, answer), cursor=cursor(row[at], row[presence])) for row in shown
        ]
        info = PageInfo(
            has_next_page=asked.before is not None if asked.backward else more,
            has_previous_page=more if asked.backward else asked.after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return connection_class(edges=edges, page_info=info)

    return build_page


def _parts(layout: Layout) -> list[tuple[str, Build]]:
    parts: list[tuple[str, Build]] = [(name, builder(one)) for name, one in layout.ones.items()]
    parts += [(name, _list(at, below)) for name, (at, below) in layout.lists.items()]
    for name in {name for name, _, _ in layout.pages}:
        pages = [(at, page) for paged, at, page in layout.pages if paged == name]
        parts.append((f"{name.removesuffix('s')}_pages", _pages(pages)))
    return parts


def _list(at: int, layout: Layout) -> Build:
    build = builder(layout)

    def build_list(row: Row, kinds: Kinds, answer: Answer) -> Any:
        below = row[at]
        return [build(one, kinds, answer) for one in below] if below else []

    return build_list


def _pages(pages: list[tuple[int, PageLayout]]) -> Build:
    built = [(page.page.key, at, connection(page)) for at, page in pages]
    return lambda row, kinds, answer: {key: build(row[at] or (), kinds, answer) for key, at, build in built}
