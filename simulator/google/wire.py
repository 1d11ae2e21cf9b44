"""A mail as Gmail's JSON: minimal, metadata, full and raw.

Source: https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages (and /Format).
Attachment ids are sealed tokens that change on every call and stay good for a while, as live checks report.
"""

import base64
import hashlib
import hmac
import secrets
from email.message import Message
from typing import TYPE_CHECKING

from simulator import mime
from simulator.google import errors
from simulator.google.call import encoded
from simulator.google.errors import Json
from simulator.mailbox import SYSTEM_LABELS, Copy

if TYPE_CHECKING:
    from simulator.world import World

ATTACHMENT_ID_LIFETIME_MS = 3_600_000
LABEL_ORDER = {name: place for place, name in enumerate(SYSTEM_LABELS)}


def label_ids(labels: set[str]) -> list[str]:
    """Return label ids in a steady order."""
    return sorted(labels, key=lambda name: (LABEL_ORDER.get(name, len(LABEL_ORDER)), name))


def reference(copy: Copy) -> Json:
    """Return the two ids that lists give."""
    return {"id": copy.id, "threadId": copy.thread_id}


def receipt(copy: Copy) -> Json:
    """Return what a write answers: ids and labels."""
    return {**reference(copy), **({"labelIds": label_ids(copy.labels)} if copy.labels else {})}


def message(world: "World", copy: Copy, form: str, header_names: list[str]) -> Json:
    """Return a message in one of the four formats.

    Raises:
        GoogleError: 400 for another format.
    """
    shown: Json = {
        **receipt(copy),
        "snippet": world.contents.snippet(copy.content),
        "sizeEstimate": copy.size_bytes,
        "historyId": str(copy.number),
        "internalDate": str(copy.arrived_ms),
    }
    raw = world.contents.raw[copy.content]
    match form:
        case "minimal":
            return shown
        case "raw":
            return {**shown, "raw": encoded(raw)}
        case "metadata":
            wanted = {name.lower() for name in header_names}
            tree = world.contents.parsed(copy.content)
            fields = [
                (name, value) for name, value in mime.all_headers(raw) if not wanted or name.lower() in wanted
            ]
            payload: Json = {"mimeType": tree.get_content_type()}
            return {**shown, "payload": {**payload, **({"headers": _pairs(fields)} if fields else {})}}
        case "full":
            tree = world.contents.parsed(copy.content)
            return {**shown, "payload": _part(world, copy, tree, "", mime.all_headers(raw))}
        case _:
            raise errors.invalid(f"Invalid value at 'format', \"{form[:50]}\"")


def attachment(world: "World", copy: Copy, token: str) -> Json:
    """Return the bytes behind an attachment id.

    Raises:
        GoogleError: 400 for an id that is foreign or too old.
    """
    part_id = _opened(world, copy.id, token)
    part = _find_part(world.contents.parsed(copy.content), part_id)
    if part is None:
        raise errors.invalid("Invalid attachment token")
    content = mime.part_bytes(part)
    return {"size": len(content), "data": encoded(content)}


def _pairs(fields: list[tuple[str, str]]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in fields]


def _part(world: "World", copy: Copy, part: Message, part_id: str, fields: list[tuple[str, str]]) -> Json:
    name = mime.file_name(part)
    shown: Json = {
        "partId": part_id,
        "mimeType": part.get_content_type(),
        "filename": name,
        "headers": _pairs(fields),
        "body": {"size": 0},
    }
    payload = part.get_payload()
    if isinstance(payload, list):
        children = [inner for inner in payload if isinstance(inner, Message)]
        prefix = f"{part_id}." if part_id else ""
        if children:
            shown["parts"] = [
                _part(world, copy, inner, f"{prefix}{place}", _inner_headers(inner))
                for place, inner in enumerate(children)
            ]
        if part.get_content_type() == "message/rfc822":
            shown["body"] = _attached(world, copy, part, part_id)
        return shown
    as_file = bool(name) or part.get_content_disposition() == "attachment"
    if as_file or part.get_content_maintype() not in ("text", "message", "multipart"):
        shown["body"] = _attached(world, copy, part, part_id)
        return shown
    content = mime.part_bytes(part)
    shown["body"] = {"size": len(content), **({"data": encoded(content)} if content else {})}
    return shown


def _attached(world: "World", copy: Copy, part: Message, part_id: str) -> Json:
    return {"attachmentId": _sealed(world, copy.id, part_id), "size": len(mime.part_bytes(part))}


def _inner_headers(part: Message) -> list[tuple[str, str]]:
    fields = []
    for name, value in part.raw_items():
        text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        fields.append((name, " ".join(text.split("\n")).replace("\r", "")))
    return fields


def _find_part(part: Message, part_id: str) -> Message | None:
    for step in filter(None, part_id.split(".")):
        payload = part.get_payload()
        if not isinstance(payload, list) or int(step) >= len(payload):
            return None
        inner = payload[int(step)]
        if not isinstance(inner, Message):
            return None
        part = inner
    return part


def _sealed(world: "World", copy_id: str, part_id: str) -> str:
    text = f"{part_id}|{world.clock.now_ms()}|{secrets.token_urlsafe(48)}"
    body = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    return f"ANGjdJ{body}-{_mark(world, copy_id, body)}"


def _opened(world: "World", copy_id: str, token: str) -> str:
    body, _, mark = token.removeprefix("ANGjdJ").rpartition("-")
    if not hmac.compare_digest(mark.encode(), _mark(world, copy_id, body).encode()):
        raise errors.invalid("Invalid attachment token")
    part_id, made_ms, _nonce = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode().split("|")
    if world.clock.now_ms() - int(made_ms) > ATTACHMENT_ID_LIFETIME_MS:
        raise errors.invalid("Invalid attachment token")
    return part_id


def _mark(world: "World", copy_id: str, body: str) -> str:
    return hmac.new(world.secret.encode(), f"{copy_id}|{body}".encode(), hashlib.sha256).hexdigest()[:40]
