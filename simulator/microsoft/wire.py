"""A mail as Graph's JSON: the properties of `message`, and those of its attachments.

Source: https://learn.microsoft.com/en-us/graph/api/resources/message; internetMessageHeaders are missing on
what the owner wrote (OfficeDev/office-js#5413); text bodies are shown as HTML unless the client prefers text.
"""

import base64
import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.message import Message
from typing import TYPE_CHECKING

from simulator import mime
from simulator.clock import from_ms
from simulator.exchange import Json
from simulator.mailbox import Copy
from simulator.microsoft import odata
from simulator.microsoft.box import Item, opaque
from simulator.microsoft.push import change_key

if TYPE_CHECKING:
    from simulator.microsoft.call import Call
    from simulator.world import World

PREVIEW_LENGTH = 255
UNSAFE = re.compile(r"(?is)<(script|object|iframe)\b.*?</\1\s*>|\son\w+\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)")
THREAD_PROPERTIES = {"in-reply-to": "String 0x1042", "references": "String 0x1039"}
ONLY_SELECTED = {"internetMessageHeaders", "uniqueBody"}
OVERHEAD_BYTES = 300


@dataclass(frozen=True)
class Attached:
    """One attachment: its id, and the part of the mail that holds it."""

    id: str
    name: str
    part: Message
    inline: bool
    content_id: str
    content: bytes

    @property
    def is_item(self) -> bool:
        """Whether it is a mail, not a file."""
        return self.part.get_content_type() == "message/rfc822"


@dataclass(frozen=True)
class Shown:
    """What one property is made from."""

    world: "World"
    address: str
    copy: Copy
    item: Item
    graph_id: str
    body_kind: str

    @property
    def summary(self) -> mime.Summary:
        """The decoded header."""
        return self.world.contents.summary(self.copy.content)

    @property
    def attached(self) -> list[Attached]:
        """The attachments."""
        return attachments(self.copy, self.world.contents.parsed(self.copy.content))


def stamp(instant_ms: int) -> str:
    """Return an instant as Graph writes it."""
    return from_ms(instant_ms).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def recipient(person: mime.Address) -> Json:
    """Return one person."""
    return {"emailAddress": {"name": person.name or person.address, "address": person.address}}


def conversation_id(address: str, thread_id: str) -> str:
    """Return the id of a conversation, which is another one in every mailbox."""
    return opaque("AAQkAGI2", f"{address} conversation {thread_id}")


def attachments(copy: Copy, tree: Message) -> list[Attached]:
    """Return the attachments of a mail in order; their ids do not depend on the others'."""
    found: list[Attached] = []
    seen: dict[str, int] = {}
    for part in _leaves(tree):
        name = mime.file_name(part)
        disposition = part.get_content_disposition()
        content_id = (part.get("Content-ID") or "").strip().strip("<>")
        is_body = (
            part.get_content_type() in ("text/plain", "text/html")
            and not name
            and disposition != "attachment"
        )
        if is_body and not (content_id and disposition == "inline"):
            continue
        content = mime.part_bytes(part)
        mark = f"{hashlib.sha256(content).hexdigest()} {name}"
        seen[mark] = seen.get(mark, 0) + 1
        graph_id = attachment_id(copy, content, name, seen[mark])
        inline = disposition == "inline" or (bool(content_id) and disposition is None)
        found.append(Attached(graph_id, name or _usual_name(part), part, inline, content_id, content))
    return found


def attachment_id(copy: Copy, content: bytes, name: str, occurrence: int) -> str:
    """Return the id of the first, second... attachment of these bytes and this name."""
    return opaque("AAkALgAAat", f"{copy.id} {hashlib.sha256(content).hexdigest()} {name} {occurrence}")


def _leaves(part: Message) -> list[Message]:
    if part.get_content_maintype() == "multipart":
        return [leaf for inner in mime.inner_parts(part) for leaf in _leaves(inner)]
    return [part]


def _usual_name(part: Message) -> str:
    inner = mime.inner_parts(part)
    if part.get_content_type() == "message/rfc822" and inner:
        return mime.decoded(str(inner[0].get("Subject", ""))) or "Message"
    return f"attachment.{part.get_content_subtype()}"


def attachment(one: Attached, shown: Shown, *, whole: bool) -> Json:
    """Return an attachment; `whole` says whether with its bytes."""
    kind = "#microsoft.graph.itemAttachment" if one.is_item else "#microsoft.graph.fileAttachment"
    common: Json = {
        "@odata.type": kind,
        "id": one.id,
        "lastModifiedDateTime": stamp(shown.item.modified_ms),
        "name": one.name,
        "contentType": None if one.is_item else one.part.get_content_type(),
        "size": len(one.content) + OVERHEAD_BYTES,
        "isInline": one.inline,
    }
    if one.is_item:
        return common
    content = {"contentBytes": base64.b64encode(one.content).decode("ascii")} if whole else {}
    media = {"@odata.mediaContentType": one.part.get_content_type()}
    return {**common, **media, "contentId": one.content_id or None, "contentLocation": None, **content}


def message(call: "Call", copy: Copy, item: Item, *, always: bool = False) -> Json:
    """Return a message with the properties that the request selects and expands.

    `always` says that ids and tags come although nothing is selected beside them, as delta does.
    """
    shown = showing(call, copy, item)
    names = odata.selected(call.request.first("$select"))
    wanted = [name for name in PROPERTIES if name in names] if names else _usual()
    tag = {"@odata.etag": f'W/"{change_key(item.number)}"'}
    kind = {"@odata.type": "#microsoft.graph.message"} if always else {}
    body: Json = {**kind, **tag, "id": shown.graph_id}
    for name in wanted:
        value = PROPERTIES[name](shown)
        if value is not None or name not in ONLY_SELECTED:
            body[name] = value
    return {**body, **_expanded(call, shown)}


def showing(call: "Call", copy: Copy, item: Item) -> Shown:
    """Return what the properties of a message are made from."""
    kind = "text" if call.preferences.get("outlook.body-content-type") == "text" else "html"
    return Shown(call.world, call.account.address, copy, item, call.shown_id(item), kind)


def look(shown: Shown) -> odata.Look:
    """Return how a filter sees a message."""

    def found(name: str) -> object:
        head, *steps = name.split("/")
        if head == "singleValueExtendedProperties":
            return [{"id": id_, "value": value} for id_, value in _extended(shown).items()]
        value: object = (
            shown.graph_id if head == "id" else PROPERTIES[head](shown) if head in PROPERTIES else None
        )
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return value

    return found


def _extended(shown: Shown) -> dict[str, str]:
    """Return the extended properties: those that were set, and what Exchange keeps of the thread's headers.

    Source: MS-OXOMSG 2.2.1 (PidTagInReplyToId, PidTagInternetReferences)
    """
    headers = mime.all_headers(shown.world.contents.raw[shown.copy.content])
    thread = {
        THREAD_PROPERTIES[name.lower()]: value for name, value in headers if name.lower() in THREAD_PROPERTIES
    }
    return {**thread, **shown.item.properties}


def _usual() -> list[str]:
    return [name for name in PROPERTIES if name not in ONLY_SELECTED]


def _expanded(call: "Call", shown: Shown) -> Json:
    body: Json = {}
    for name, inner in odata.expanded(call.request.first("$expand")).items():
        if name == "attachments":
            body["attachments"] = [attachment(one, shown, whole=True) for one in shown.attached]
        if name == "singleValueExtendedProperties":
            ids = odata.property_ids(inner)
            held = {id_: value for id_, value in _extended(shown).items() if id_ in ids}
            if held:
                body[name] = [{"id": id_, "value": value} for id_, value in held.items()]
    return body


def _body(shown: Shown) -> Json:
    plain, markup = mime.text_bodies(shown.world.contents.parsed(shown.copy.content))
    if shown.body_kind == "text":
        return {"contentType": "text", "content": plain or plain_of(markup)}
    if not markup:
        lines = html.escape(plain, quote=False).replace("\r\n", "\n").replace("\n", "<br>\r\n")
        markup = f'<html><head></head><body><div class="PlainText">{lines}</div></body></html>'
    return {"contentType": "html", "content": UNSAFE.sub("", markup)}


def plain_of(markup: str) -> str:
    """Return the text of HTML, roughly."""
    bare = re.sub(r"(?is)<(style|script|head)\b.*?</\1\s*>", " ", markup)
    bare = re.sub(r"(?i)<(br|/p|/div|/tr)\b[^>]*>", "\n", bare)
    return html.unescape(re.sub(r"<[^>]*>", "", bare)).strip()


def _preview(shown: Shown) -> str:
    plain, markup = mime.text_bodies(shown.world.contents.parsed(shown.copy.content))
    return " ".join((plain or plain_of(markup[:20_000])).split())[:PREVIEW_LENGTH]


def _headers(shown: Shown) -> list[Json] | None:
    if shown.copy.labels & {"SENT", "DRAFT"}:
        return None
    found = mime.all_headers(shown.world.contents.raw[shown.copy.content])
    return [{"name": name, "value": value} for name, value in found]


def _sent_at(shown: Shown) -> str:
    written_ms = mime.date_of(shown.world.contents.raw[shown.copy.content])
    return stamp(shown.copy.arrived_ms if written_ms is None else written_ms)


def _first(people: tuple[mime.Address, ...]) -> Json | None:
    return recipient(people[0]) if people else None


def _index(shown: Shown) -> str:
    digest = hashlib.sha256(shown.copy.thread_id.encode()).digest()[:21]
    return base64.b64encode(b"\x01\xd4" + digest[:20]).decode("ascii")


PROPERTIES: dict[str, Callable[[Shown], object]] = {
    "createdDateTime": lambda shown: stamp(shown.item.created_ms),
    "lastModifiedDateTime": lambda shown: stamp(shown.item.modified_ms),
    "changeKey": lambda shown: change_key(shown.item.number),
    "categories": lambda shown: list(shown.item.categories),
    "receivedDateTime": lambda shown: stamp(shown.copy.arrived_ms),
    "sentDateTime": _sent_at,
    "hasAttachments": lambda shown: any(not one.inline for one in shown.attached),
    "internetMessageId": lambda shown: shown.copy.internet_message_id,
    "subject": lambda shown: shown.summary.subject,
    "bodyPreview": _preview,
    "importance": lambda shown: shown.item.importance,
    "parentFolderId": lambda shown: shown.item.folder_id,
    "conversationId": lambda shown: conversation_id(shown.address, shown.copy.thread_id),
    "conversationIndex": _index,
    "isDeliveryReceiptRequested": lambda shown: None if shown.item.is_draft else False,
    "isReadReceiptRequested": lambda _shown: False,
    "isRead": lambda shown: "UNREAD" not in shown.copy.labels,
    "isDraft": lambda shown: shown.item.is_draft,
    "webLink": lambda shown: (
        f"https://outlook.office365.com/owa/?ItemID={shown.graph_id}&exvsurl=1&viewmodel=ReadMessageItem"
    ),
    "inferenceClassification": lambda _shown: "focused",
    "body": _body,
    "sender": lambda shown: _first(shown.summary.sender),
    "from": lambda shown: _first(shown.summary.sender),
    "toRecipients": lambda shown: [recipient(one) for one in shown.summary.to],
    "ccRecipients": lambda shown: [recipient(one) for one in shown.summary.cc],
    "bccRecipients": lambda shown: [recipient(one) for one in shown.summary.bcc],
    "replyTo": lambda shown: [recipient(one) for one in shown.summary.reply_to],
    "flag": lambda shown: {"flagStatus": shown.item.flag},
    "internetMessageHeaders": _headers,
    "uniqueBody": _body,
}
