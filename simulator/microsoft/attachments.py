"""Attachments below 3 MB in one request, larger ones through an upload session.

Source: https://learn.microsoft.com/en-us/graph/api/attachment-get, /message-post-attachments,
/attachment-createuploadsession, https://learn.microsoft.com/en-us/graph/outlook-large-attachments.
"""

import re
import secrets

from simulator import compose, mime
from simulator.exchange import Answer, Json, Request, json_answer
from simulator.mailbox import Copy
from simulator.microsoft import drafting, errors, odata, wire
from simulator.microsoft.box import Item
from simulator.microsoft.call import Call, Handler, answered, empty, flag_of, object_of, text_of
from simulator.microsoft.identity import object_id
from simulator.microsoft.uploads import LIFETIME_MS, UploadSession, take

SMALLEST_BYTES, LARGEST_BYTES = 3 * 1024 * 1024, 150 * 1024 * 1024
SESSION = re.compile(
    r"/outlook/api/v2\.0/Users\('[^']*'\)/Messages\('[^']*'\)/AttachmentSessions\('(?P<id>[^']+)'\)"
)


def list_attachments(call: Call) -> Answer:
    """`GET .../attachments`; a selection leaves the bytes out."""
    copy, item = call.item()
    shown = wire.showing(call, copy, item)
    names = odata.selected(call.request.first("$select"))
    if "contentId" in names or "contentBytes" in names:
        unknown = "contentId" if "contentId" in names else "contentBytes"
        text = f"Could not find a property named '{unknown}' on type 'microsoft.graph.attachment'."
        raise errors.bad_request(text, "RequestBroker--ParseUri")
    value = [_selected(wire.attachment(one, shown, whole=not names), names) for one in shown.attached]
    return answered(
        call, {"@odata.context": call.context(f"messages('{shown.graph_id}')/attachments"), "value": value}
    )


def _selected(body: Json, names: list[str]) -> Json:
    kept = {"id", "@odata.type", "@odata.mediaContentType", *names}
    return {name: value for name, value in body.items() if not names or name in kept}


def _found(call: Call) -> tuple[wire.Attached, wire.Shown]:
    shown = wire.showing(call, *call.item())
    for one in shown.attached:
        if one.id == call.params["aid"]:
            return one, shown
    raise errors.not_found()


def get_attachment(call: Call) -> Answer:
    """`GET .../attachments/{id}`."""
    one, shown = _found(call)
    names = odata.selected(call.request.first("$select"))
    body = _selected(wire.attachment(one, shown, whole=True), names)
    if "microsoft.graph.itemattachment/item" in call.request.first("$expand").lower() and one.is_item:
        body["item"] = _inner_item(one)
    context = call.context(f"messages('{shown.graph_id}')/attachments/$entity")
    return answered(call, {"@odata.context": context, **body})


def _inner_item(one: wire.Attached) -> Json:
    summary = mime.summary_of(mime.with_crlf(one.content))
    return {
        "@odata.type": "#microsoft.graph.message",
        "id": "",
        "subject": summary.subject,
        "internetMessageId": summary.internet_message_id,
        "from": wire.recipient(summary.sender[0]) if summary.sender else None,
        "toRecipients": [wire.recipient(person) for person in summary.to],
    }


def get_value(call: Call) -> Answer:
    """`GET .../attachments/{id}/$value`: the bytes."""
    one, _shown = _found(call)
    kind = "text/plain" if one.is_item else one.part.get_content_type()
    return Answer(200, one.content, {"content-type": kind})


def add_attachment(call: Call) -> Answer:
    """`POST .../attachments`: a file below 3 MB, to a draft."""
    copy, _item = _draft(call)
    file = drafting.enclosure(call.json)
    if len(file.content) >= SMALLEST_BYTES:
        raise errors.known("RequestEntityTooLarge")
    made_id = attach(call, copy, file)
    shown = wire.showing(call, copy, call.world.microsoft.item(call.account, copy))
    made = next(one for one in shown.attached if one.id == made_id)
    context = call.context(f"messages('{shown.graph_id}')/attachments/$entity")
    return answered(call, {"@odata.context": context, **wire.attachment(made, shown, whole=True)}, 201)


def delete_attachment(call: Call) -> Answer:
    """`DELETE .../attachments/{id}`, of a draft."""
    copy, item = _draft(call)
    one, _shown = _found(call)
    letter = drafting.letter_of(call, copy)
    attached = wire.attachments(copy, call.world.contents.parsed(copy.content))
    place = [known.id for known in attached].index(one.id)
    del letter.enclosures[place]
    _save(call, copy, item, letter)
    return empty(204)


def attach(call: Call, copy: Copy, file: compose.Enclosure) -> str:
    """Put a file into a draft and return its id as an attachment, without reading the mail again."""
    letter = drafting.letter_of(call, copy)
    letter.enclosures.append(file)
    _save(call, copy, call.box.items[copy.id], letter)
    same = [one for one in letter.enclosures if (one.filename, one.content) == (file.filename, file.content)]
    return wire.attachment_id(copy, file.content, file.filename, len(same))


def _save(call: Call, copy: Copy, item: Item, letter: compose.Letter) -> None:
    pen = compose.Pen(
        call.account.name, call.account.address, call.world.clock.now(), copy.internet_message_id
    )
    try:
        raw = compose.written(pen, letter)
    except compose.NotWritable as wrong:
        raise errors.invalid(str(wrong)) from wrong
    call.world.post.rewrite(call.account, copy.id, raw)
    item.is_draft = True


def _draft(call: Call) -> tuple[Copy, Item]:
    copy, item = call.item()
    if not item.is_draft:
        raise errors.GraphError(400, "ErrorInvalidOperation", "Attachments can be changed on drafts only.")
    return copy, item


def create_session(call: Call) -> Answer:
    """`POST .../attachments/createUploadSession`."""
    copy, _item = _draft(call)
    names = {name.lower(): name for name in call.json}
    about = object_of(call.json, names.get("attachmentitem", "AttachmentItem"))
    size = about.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not text_of(about, "name"):
        raise errors.invalid("AttachmentItem needs attachmentType, name and size.")
    if size < SMALLEST_BYTES:
        raise errors.known("ErrorAttachmentSizeShouldNotBeLessThanMinimumSize")
    if size > LARGEST_BYTES:
        raise errors.GraphError(413, "ErrorAttachmentSizeLimitExceeded", "The attachment is too large.")
    session = UploadSession(
        secrets.token_urlsafe(24),
        secrets.token_urlsafe(24),
        call.account.address,
        copy.id,
        text_of(about, "name"),
        text_of(about, "contentType") or compose.guessed_type(text_of(about, "name")),
        text_of(about, "contentId"),
        flag_of(about, "isInline", False),
        size,
        call.world.clock.now_ms() + LIFETIME_MS,
    )
    call.world.microsoft.uploads[session.id] = session
    owner, graph_id = object_id(call.account), call.params["id"]
    path = f"/outlook/api/v2.0/Users('{owner}')/Messages('{graph_id}')/AttachmentSessions('{session.id}')"
    body: Json = {
        "@odata.context": f"{call.root_url}/graph/v1.0/$metadata#microsoft.graph.uploadSession",
        "uploadUrl": f"{call.root_url}{path}?authtoken={session.secret}",
        "expirationDateTime": wire.stamp(session.expires_ms),
        "nextExpectedRanges": ["0-"],
    }
    return answered(call, body, 201)


def session_of(uploads: dict[str, UploadSession], request: Request) -> UploadSession | None:
    """Return the upload session that a URL names with its secret."""
    found = SESSION.fullmatch(request.path)
    session = uploads.get(found["id"]) if found else None
    matches = session is not None and secrets.compare_digest(
        session.secret.encode(), request.first("authtoken").encode()
    )
    return session if matches else None


def upload(call: Call, session: UploadSession) -> Answer:
    """Take one chunk of an upload, or end the session.

    Raises:
        GraphError: 400 or 416 for a wrong range, 404 for a session that is over.
    """
    uploads = call.world.microsoft.uploads
    if session.expires_ms < call.world.clock.now_ms():
        uploads.pop(session.id, None)
        raise errors.not_found()
    if call.request.verb == "DELETE":
        uploads.pop(session.id, None)
        return empty(204)
    take(session, call.request.headers.get("content-range", ""), call.request.body)
    if len(session.received) < session.size:
        body: Json = {
            "@odata.context": f"{call.root_url}/outlook/api/v2.0/$metadata#AttachmentSessions/$entity",
            "ExpirationDateTime": wire.stamp(session.expires_ms),
            "NextExpectedRanges": [str(len(session.received))],
        }
        return json_answer(body)
    del uploads[session.id]
    copy = call.mailbox.copies.get(session.copy_id)
    if copy is None:
        raise errors.not_found()
    file = compose.Enclosure(
        session.name, session.content_type, bytes(session.received), session.content_id, session.inline
    )
    made_id = attach(call, copy, file)
    answer = empty(201)
    location = call.request.path.partition("/AttachmentSessions")[0]
    answer.headers["location"] = f"{call.root_url}{location}/Attachments('{made_id}')"
    return answer


HANDLERS: dict[str, Handler] = {
    "graph.attachments.list": list_attachments,
    "graph.attachments.get": get_attachment,
    "graph.attachments.value": get_value,
    "graph.attachments.create": add_attachment,
    "graph.attachments.delete": delete_attachment,
    "graph.attachments.createUploadSession": create_session,
}
