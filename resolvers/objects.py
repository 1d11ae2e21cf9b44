"""Make the API's objects from rows, as database/reads/statement.py laid them out.

An object holds what was selected and nothing else: a field that was not asked for is absent, not null, so
that a reader who forgets to ask fails loudly instead of seeing nothing. A builder knows a layout and nothing
of a request, so that it is made once for a question that is asked again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from database.reads.cursors import write_cursor
from database.reads.statement import Layout, PageLayout
from database.reads.wanted import Position
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
    """Return what makes one object of a layout from a row; None where the noun is not there."""
    class_: type[Any] = CLASSES[layout.noun]
    new, presence, parameters = object.__new__, layout.presence, layout.parameters
    names, places = list(layout.columns), list(layout.columns.values())
    # With one place alone itemgetter gives a value, and no tuple of values.
    pick = itemgetter(*places) if len(places) > 1 else lambda row: [row[place] for place in places]
    converted = [
        (name, convert) for name in names if (convert := _CONVERTERS.get((layout.noun, name))) is not None
    ]
    answered = [
        (name, convert_with)
        for name in names
        if (convert_with := _ANSWERED.get((layout.noun, name))) is not None
    ]
    is_keyed = "id" in layout.columns
    around = {"thread": _around_thread, "message": _around_message}.get(layout.noun)
    parts = _parts(layout)

    def build(row: Row, kinds: Kinds, answer: Answer) -> Any:
        key = row[presence]
        if key is None:
            return None
        fields: dict[str, Any] = dict(zip(names, pick(row), strict=True))
        if is_keyed:
            fields["id"] = str(key)
        for name, convert in converted:
            fields[name] = convert(fields[name])
        for name, convert_with in answered:
            fields[name] = convert_with(fields[name], answer)
        if around is not None:
            kinds = around(fields, kinds)
        for name, make in parts:
            fields[name] = make(row, kinds, answer)
        if parameters:
            fields["skips"] = {argument: _skips(row[at]) for _, argument, at in parameters}
        made = new(class_)
        made.__dict__ = fields
        return made

    return build


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
        edges = [
            edge_class(
                node=build(row, kinds, answer),
                cursor=write_cursor(answer.workspace_id, listed, Position(row[at], row[presence])),
            )
            for row in shown
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


def _around_thread(fields: dict[str, Any], kinds: Kinds) -> Kinds:
    if "participants" not in fields:
        return kinds
    people = _loaded(fields["participants"])
    kinds = _kinds(people)
    fields["participants"] = [_participant(one["address"], one.get("name"), kinds) for one in people]
    return kinds


def _around_message(fields: dict[str, Any], kinds: Kinds) -> Kinds:
    if "kinds" in fields:
        kinds = _kinds(_loaded(fields.pop("kinds")))
    if "from_" in fields:
        address, name = fields["from_"]
        fields["from_"] = _participant(address, name, kinds)
    for name in _PEOPLE:
        if name in fields:
            fields[name] = _people(fields[name], kinds)
    return kinds
