"""Drafts: from JSON, from MIME, in answer to a mail, and written anew when a property changes.

Source: https://learn.microsoft.com/en-us/graph/api/user-post-messages, /message-createreply, /message-update
(what may change on a draft), /outlook-send-mime-message; the limits of internetMessageHeaders are as public
repositories report them. `internetMessageId` is taken on PATCH only.
"""

import base64
import binascii
import html
import secrets
from email.utils import format_datetime, formataddr

from simulator import compose, mime
from simulator.exchange import Json
from simulator.mailbox import Copy
from simulator.microsoft import errors, wire
from simulator.microsoft.box import Item
from simulator.microsoft.call import Call, flag_of, list_of, object_of, text_of, texts_of

WRITTEN = {
    "subject",
    "body",
    "toRecipients",
    "ccRecipients",
    "bccRecipients",
    "replyTo",
    "from",
    "sender",
    "internetMessageId",
    "internetMessageHeaders",
}
MARKS = {
    "isRead",
    "categories",
    "flag",
    "importance",
    "singleValueExtendedProperties",
    "inferenceClassification",
}
# Clients send these back as they got them; they change nothing.
PASSED_OVER = {
    "multiValueExtendedProperties",
    "attachments",
    "isDeliveryReceiptRequested",
    "isReadReceiptRequested",
    "conversationId",
    "isDraft",
    "hasAttachments",
    "id",
}
KEPT_FIELDS = ("in-reply-to", "references", "reply-to", "thread-topic", "thread-index", "auto-submitted")
IMPORTANCES = ("low", "normal", "high")
MOST_HEADERS = 5


def check_names(body: Json) -> None:
    """Refuse a property that a message does not have.

    Raises:
        GraphError: 400.
    """
    known = WRITTEN | MARKS | PASSED_OVER
    unknown = [
        name for name in body if name not in known and not name.startswith("@") and "@odata" not in name
    ]
    if unknown:
        raise errors.bad_request(
            f"The property '{unknown[0][:80]}' does not exist on type 'microsoft.graph.message'.",
            "RequestBodyRead",
        )


def from_json(call: Call, body: Json, thread_id: str | None = None) -> Copy:
    """Make a draft of a message's JSON."""
    check_names(body)
    letter = merged(compose.Letter(), body)
    return stored(call, letter, body, thread_id)


def from_mime(call: Call, thread_id: str | None = None) -> Copy:
    """Make a draft of a mail in base64; its Message-ID and thread headers are kept."""
    raw = in_order(call, mime.with_crlf(call.mime()))
    summary = mime.summary_of(raw)
    thread = thread_id or call.mailbox.thread_for(summary.references, mime.base_subject(summary.subject))
    return call.world.post.store(call.account, raw, {"DRAFT"}, thread_id=thread)


def stored(call: Call, letter: compose.Letter, body: Json, thread_id: str | None) -> Copy:
    """Put a letter among the drafts, with the marks that the JSON sets."""
    properties, categories = properties_of(body), texts_of(body, "categories")
    importance = one_of(text_of(body, "importance", "normal").lower(), IMPORTANCES)
    raw = _written(call, letter, body)
    copy = call.world.post.store(call.account, raw, {"DRAFT"}, thread_id=thread_id)
    item = call.world.microsoft.item(call.account, copy)
    item.properties, item.categories, item.importance = properties, categories, importance
    return copy


def rewrite(call: Call, copy: Copy, item: Item, body: Json) -> None:
    """Write a draft anew with other text, recipients or headers."""
    letter = merged(letter_of(call, copy), body)
    message_id = text_of(body, "internetMessageId") or copy.internet_message_id
    raw = _written(call, letter, body, message_id)
    call.world.post.rewrite(call.account, copy.id, raw)
    item.is_draft = True


def letter_of(call: Call, copy: Copy) -> compose.Letter:
    """Return a draft as a letter again."""
    raw = call.world.contents.raw[copy.content]
    summary, tree = call.world.contents.summary(copy.content), call.world.contents.parsed(copy.content)
    plain, markup = mime.text_bodies(tree)
    fields = mime.all_headers(raw)
    kept = {
        name: value for name, value in fields if name.lower() in KEPT_FIELDS or name.lower().startswith("x-")
    }
    files = [
        compose.Enclosure(one.name, one.part.get_content_type(), one.content, one.content_id, one.inline)
        for one in wire.attachments(copy, tree)
    ]
    to, cc, bcc = ([_formatted(one) for one in listed] for listed in (summary.to, summary.cc, summary.bcc))
    return compose.Letter(to, cc, bcc, summary.subject, plain, markup, files, kept)


def merged(letter: compose.Letter, body: Json) -> compose.Letter:
    """Return a letter with what the JSON says in place of what it said.

    Raises:
        GraphError: 400 for wrong types, headers that may not be set, attachments that are none.
    """
    text, markup = letter.text, letter.html
    if body.get("body") is not None:
        text, markup = _texts(object_of(body, "body"))
    headers = {**letter.headers, **_headers_of(body)}
    if "replyTo" in body:
        headers["Reply-To"] = ", ".join(people(body, "replyTo"))
        if not headers["Reply-To"]:
            del headers["Reply-To"]
    return compose.Letter(
        people(body, "toRecipients") if "toRecipients" in body else letter.to,
        people(body, "ccRecipients") if "ccRecipients" in body else letter.cc,
        people(body, "bccRecipients") if "bccRecipients" in body else letter.bcc,
        text_of(body, "subject") if "subject" in body else letter.subject,
        text,
        markup,
        [*letter.enclosures, *(enclosure(one) for one in list_of(body, "attachments"))],
        headers,
    )


def people(body: Json, name: str) -> list[str]:
    """Return a list of recipients as header values.

    Raises:
        GraphError: 400 for what is no address.
    """
    found = []
    for one in list_of(body, name):
        email = object_of(one, "emailAddress")
        address = text_of(email, "address").strip()
        if not mime.is_address(address):
            raise errors.known("ErrorInvalidRecipients")
        found.append(formataddr((text_of(email, "name"), address)))
    return found


def enclosure(body: Json) -> compose.Enclosure:
    """Return a fileAttachment's JSON as a file.

    Raises:
        GraphError: 400 for another kind or what is no base64.
    """
    if (
        text_of(body, "@odata.type", "#microsoft.graph.fileAttachment").lower()
        != "#microsoft.graph.fileattachment"
    ):
        raise errors.invalid("Only fileAttachment is supported here.")
    try:
        content = base64.b64decode(text_of(body, "contentBytes"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise errors.invalid(
            "Cannot convert the literal of 'contentBytes' to the expected type 'Edm.Binary'."
        ) from error
    name = text_of(body, "name")
    if not name:
        raise errors.invalid("The attachment name is missing.")
    kind = text_of(body, "contentType") or compose.guessed_type(name)
    inline = flag_of(body, "isInline", False)
    return compose.Enclosure(name, kind, content, text_of(body, "contentId"), inline)


def one_of(value: str, known: tuple[str, ...]) -> str:
    """Return a value of an enumeration; GraphError 400 for another."""
    if value not in known:
        raise errors.invalid(f"Cannot convert a value to target type: {value[:50]!r}")
    return value


def properties_of(body: Json) -> dict[str, str]:
    """Return the extended properties that the JSON sets."""
    return {
        text_of(one, "id"): text_of(one, "value")
        for one in list_of(body, "singleValueExtendedProperties")
        if text_of(one, "id")
    }


def in_order(call: Call, raw: bytes) -> bytes:
    """Give a mail the From, Date and Message-ID that it lacks."""
    summary = mime.summary_of(raw)
    add: list[tuple[str, str]] = []
    if not summary.sender:
        add.append(("From", formataddr((call.account.name, call.account.address))))
    if not summary.internet_message_id:
        add.append(("Message-ID", new_message_id()))
    if not mime.header_values(raw, "Date"):
        add.append(("Date", format_datetime(call.world.clock.now())))
    return mime.edit_fields(raw, remove=[name for name, _value in add], append=add)


def new_message_id() -> str:
    """Return a Message-ID as Exchange Online makes them."""
    server = f"AM0PR01MB{secrets.randbelow(9000) + 1000}"
    return f"<{server}{secrets.token_hex(12).upper()}@{server}.eurprd01.prod.exchangelabs.com>"


def _written(call: Call, letter: compose.Letter, body: Json, message_id: str = "") -> bytes:
    sender = call.account.address, call.account.name
    if body.get("from") is not None:
        email = object_of(object_of(body, "from"), "emailAddress")
        sender = text_of(email, "address").lower() or sender[0], text_of(email, "name") or sender[1]
    pen = compose.Pen(sender[1], sender[0], call.world.clock.now(), message_id or new_message_id())
    try:
        return compose.written(pen, letter)
    except compose.NotWritable as wrong:
        raise errors.invalid(str(wrong)) from wrong


def _texts(body: Json) -> tuple[str, str]:
    content, kind = text_of(body, "content"), text_of(body, "contentType", "text").lower()
    if kind not in ("text", "html"):
        raise errors.invalid(f"Cannot convert a value to target type: {kind[:50]!r}")
    return (wire.plain_of(content), content) if kind == "html" else (content, "")


def _headers_of(body: Json) -> dict[str, str]:
    found = {text_of(one, "name"): text_of(one, "value") for one in list_of(body, "internetMessageHeaders")}
    for name in found:
        if not name.lower().startswith("x-"):
            raise errors.bad_request(
                f"The internet message header name '{name[:80]}' should start with 'x-' or 'X-'.",
                "InvalidInternetMessageHeader",
            )
    if len(found) > MOST_HEADERS:
        raise errors.bad_request(
            f"Maximum number of headers in one message should be less than or equal to {MOST_HEADERS}.",
            "InvalidInternetMessageHeaderCollection",
        )
    return found


def quoted(letter: compose.Letter, raw: bytes) -> compose.Letter:
    """Put the mail that is answered below the letter's text, as HTML."""
    original = mime.summary_of(raw)
    plain, markup = mime.text_bodies(mime.parsed(raw))
    below = markup or f"<pre>{html.escape(plain)}</pre>"
    mine = letter.html or html.escape(letter.text).replace("\n", "<br>")
    sender = html.escape(", ".join(map(str, original.sender)))
    head = f"<b>From:</b> {sender}<br><b>Subject:</b> {html.escape(original.subject)}"
    whole = f'<html><body><div>{mine}</div><hr><div id="divRplyFwdMsg">{head}</div>{below}</body></html>'
    mark = f"{'_' * 32}\nFrom: {', '.join(map(str, original.sender))}"
    text = f"{letter.text}\n\n{mark}\n\n{plain or wire.plain_of(markup)}"
    return compose.Letter(
        letter.to, letter.cc, letter.bcc, letter.subject, text, whole, letter.enclosures, letter.headers
    )


def _formatted(person: mime.Address) -> str:
    return formataddr((person.name, person.address))
