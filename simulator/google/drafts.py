"""Drafts: an id that stays, a message behind it that every save replaces, and sending, which ends both.

Source: https://developers.google.com/workspace/gmail/api/guides/drafts. That sending deletes the draft's
message and adds another, in the same thread, is inferred from public reports.
"""

import secrets

from simulator import mime
from simulator.google import errors, outgoing, search, wire
from simulator.google.call import Call, Handler, page, text_value
from simulator.google.errors import Json
from simulator.mailbox import Copy, Draft


def create_draft(call: Call) -> Json:
    """`drafts.create`."""
    holder = outgoing.message_of(call.json)
    raw = outgoing.written(call, holder)
    thread = outgoing.matching_thread(call, raw, text_value(holder, "threadId"))
    copy = call.world.post.store(call.account, _as_draft(call, raw), {"DRAFT"}, thread_id=thread)
    draft = Draft(f"r-{secrets.randbelow(9 * 10**18) + 10**18}", copy.id)
    call.mailbox.drafts[draft.id] = draft
    return _receipt(draft, copy)


def update_draft(call: Call) -> Json:
    """`drafts.update`: another message id, in the same thread unless another is named."""
    draft = _draft(call, call.params["id"])
    holder = outgoing.message_of(call.json)
    raw = outgoing.written(call, holder)
    return _receipt(draft, _replace(call, draft, raw, text_value(holder, "threadId")))


def get_draft(call: Call) -> Json:
    """`drafts.get`: 404 once it is sent."""
    draft = _draft(call, call.params["id"])
    form = call.request.first("format", "full").lower()
    return {"id": draft.id, "message": wire.message(call.world, call.mailbox.copy(draft.copy_id), form, [])}


def list_drafts(call: Call) -> Json:
    """`drafts.list`: ids only; no `drafts` key where there is none."""
    test = search.compiled(call.world, call.mailbox, call.request.first("q"))
    found = [
        draft for draft in reversed(call.mailbox.drafts.values()) if test(call.mailbox.copy(draft.copy_id))
    ]
    start, end, following = page(
        call.request.first("pageToken"), len(found), call.whole("maxResults", 100, 500)
    )
    shown: list[Json] = [
        {"id": draft.id, "message": wire.reference(call.mailbox.copy(draft.copy_id))}
        for draft in found[start:end]
    ]
    return {
        **({"drafts": shown} if shown else {}),
        **({"nextPageToken": following} if following else {}),
        "resultSizeEstimate": len(found),
    }


def delete_draft(call: Call) -> None:
    """`drafts.delete`: for good, not to the trash."""
    call.world.post.delete(call.account, _draft(call, call.params["id"]).copy_id)


def send_draft(call: Call) -> Json:
    """`drafts.send`: the draft vanishes, a new message with SENT appears in its thread.

    A refused sending (recipients, daily cap) leaves the draft as it was.
    """
    draft = _draft(call, call.text("id"))
    holder = outgoing.message_of(call.json)
    if call.media is not None or holder.get("raw"):
        _replace(call, draft, outgoing.written(call, holder), text_value(holder, "threadId"))
    copy = call.mailbox.copy(draft.copy_id)
    raw = call.world.contents.raw[copy.content]
    outgoing.check_sendable(call, raw)
    call.world.post.delete(call.account, copy.id)
    return wire.receipt(outgoing.submit(call, raw, copy.thread_id))


def _replace(call: Call, draft: Draft, raw: bytes, thread_id: str) -> Copy:
    old = call.mailbox.copy(draft.copy_id)
    thread = outgoing.matching_thread(call, raw, thread_id) if thread_id else old.thread_id
    fresh = call.world.post.store(call.account, _as_draft(call, raw), {"DRAFT"}, thread_id=thread)
    draft.copy_id = fresh.id
    call.world.post.delete(call.account, old.id)
    return fresh


def _as_draft(call: Call, raw: bytes) -> bytes:
    """Give a draft the Message-ID that it lacks; the rewriting mode replaces it only when it is sent."""
    if mime.summary_of(raw).internet_message_id:
        return raw
    fresh = call.world.post.new_message_id("mail.gmail.com")
    return mime.edit_fields(raw, remove=["Message-ID"], append=[("Message-ID", fresh)])


def _draft(call: Call, draft_id: str) -> Draft:
    if not draft_id:
        raise errors.invalid("Missing draft id")
    if draft_id not in call.mailbox.drafts:
        raise errors.not_found()
    return call.mailbox.drafts[draft_id]


def _receipt(draft: Draft, copy: Copy) -> Json:
    return {"id": draft.id, "message": wire.receipt(copy)}


HANDLERS: dict[str, Handler] = {
    "gmail.users.drafts.create": create_draft,
    "gmail.users.drafts.update": update_draft,
    "gmail.users.drafts.get": get_draft,
    "gmail.users.drafts.list": list_drafts,
    "gmail.users.drafts.delete": delete_draft,
    "gmail.users.drafts.send": send_draft,
}
