"""Gmail's reading and labelling: profile, messages, threads, labels, send-as addresses.

Source: https://developers.google.com/workspace/gmail/api/reference/rest/v1 (users, messages, threads, labels,
settings.sendAs) and the guides for labels and filtering.
"""

import secrets

from simulator.google import errors, search, wire
from simulator.google.call import Call, Handler, page
from simulator.google.errors import Json
from simulator.google.methods import METADATA
from simulator.mailbox import SYSTEM_LABELS, Copy, Label, NotThere
from simulator.post import Account, Alias

HIDDEN = {"SPAM", "TRASH"}
NOT_BY_HAND = {"SENT", "DRAFT", "CHAT"}
MODIFY_IDS, BATCH_IDS = 100, 1000


def profile(call: Call) -> Json:
    """`users.getProfile`."""
    copies = call.mailbox.copies.values()
    return {
        "emailAddress": call.account.address,
        "messagesTotal": len(copies),
        "threadsTotal": len({copy.thread_id for copy in copies}),
        "historyId": str(call.mailbox.number),
    }


def visible(call: Call) -> list[Copy]:
    """Return the copies that a list call asks for, newest first; the dialled lags hide the latest.

    Raises:
        GoogleError: 403 for `q` with a token that may only see metadata.
    """
    query = call.request.first("q")
    if query and only_metadata(call):
        raise errors.failure(403, "Metadata scope does not support 'q' parameter", "forbidden")
    wanted = set(call.request.query.get("labelIds", []))
    hidden = call.flag("includeSpamTrash") or bool(wanted & HIDDEN) or search.names_hidden_places(query)
    test = search.compiled(call.world, call.mailbox, query)
    dials, now_ms = call.world.dials.now, call.world.clock.now_ms()
    indexed_ms = now_ms - dials.search_lag_seconds * 1000
    sent_ms = now_ms - dials.sent_lag_seconds * 1000
    return [
        copy
        for copy in call.mailbox.newest_first()
        if wanted <= copy.labels
        and (hidden or not copy.labels & HIDDEN)
        and (not query or copy.arrived_ms <= indexed_ms)
        and ("SENT" not in copy.labels or copy.arrived_ms <= sent_ms)
        and test(copy)
    ]


def only_metadata(call: Call) -> bool:
    """Tell whether the token may see headers and labels, but no bodies."""
    return METADATA in call.token.scopes and not any(
        scope.endswith(("gmail.modify", "gmail.readonly")) or scope == "https://mail.google.com/"
        for scope in call.token.scopes
    )


def list_messages(call: Call) -> Json:
    """`messages.list`: ids only; no `messages` key where there is none."""
    found = visible(call)
    size = min(call.whole("maxResults", 100, 500), call.world.dials.now.list_most_per_page)
    start, end, following = page(call.request.first("pageToken"), len(found), size)
    shown = [wire.reference(copy) for copy in found[start:end]]
    return {
        **({"messages": shown} if shown else {}),
        **({"nextPageToken": following} if following else {}),
        "resultSizeEstimate": len(found),
    }


def get_message(call: Call) -> Json:
    """`messages.get`."""
    return wire.message(
        call.world, _copy(call, "id"), _form(call), call.request.query.get("metadataHeaders", [])
    )


def get_attachment(call: Call) -> Json:
    """`messages.attachments.get`."""
    return wire.attachment(call.world, _copy(call, "messageId"), call.params["id"])


def modify_message(call: Call) -> Json:
    """`messages.modify`."""
    copy = _copy(call, "id")
    _relabel(call, [copy], *_asked_labels(call))
    return wire.receipt(copy)


def batch_modify(call: Call) -> None:
    """`messages.batchModify`: unknown ids are passed over."""
    add, remove = _asked_labels(call)
    _relabel(call, _batch(call), add, remove)


def batch_delete(call: Call) -> None:
    """`messages.batchDelete`."""
    for copy in _batch(call):
        call.world.post.delete(call.account, copy.id)


def trash_message(call: Call) -> Json:
    """`messages.trash`: TRASH on, INBOX off."""
    copy = _copy(call, "id")
    _relabel(call, [copy], {"TRASH"}, {"INBOX"})
    return wire.receipt(copy)


def untrash_message(call: Call) -> Json:
    """`messages.untrash`: TRASH off; it does not come back to the inbox by itself."""
    copy = _copy(call, "id")
    _relabel(call, [copy], set(), {"TRASH"})
    return wire.receipt(copy)


def delete_message(call: Call) -> None:
    """`messages.delete`: for good."""
    call.world.post.delete(call.account, _copy(call, "id").id)


def list_threads(call: Call) -> Json:
    """`threads.list`: the threads of the matching messages, newest first."""
    latest: dict[str, Copy] = {}
    for copy in visible(call):
        latest.setdefault(copy.thread_id, copy)
    found = list(latest.values())
    start, end, following = page(
        call.request.first("pageToken"), len(found), call.whole("maxResults", 100, 500)
    )
    shown: list[Json] = [
        {
            "id": copy.thread_id,
            "snippet": call.world.contents.snippet(copy.content),
            "historyId": str(copy.number),
        }
        for copy in found[start:end]
    ]
    return {
        **({"threads": shown} if shown else {}),
        **({"nextPageToken": following} if following else {}),
        "resultSizeEstimate": len(found),
    }


def get_thread(call: Call) -> Json:
    """`threads.get`."""
    copies = _thread(call)
    names = call.request.query.get("metadataHeaders", [])
    return {
        "id": copies[0].thread_id,
        "historyId": str(max(copy.number for copy in copies)),
        "messages": [wire.message(call.world, copy, _form(call), names) for copy in copies],
    }


def modify_thread(call: Call) -> Json:
    """`threads.modify`."""
    copies = _thread(call)
    _relabel(call, copies, *_asked_labels(call))
    return _thread_receipt(copies)


def trash_thread(call: Call) -> Json:
    """`threads.trash`."""
    copies = _thread(call)
    _relabel(call, copies, {"TRASH"}, {"INBOX"})
    return _thread_receipt(copies)


def untrash_thread(call: Call) -> Json:
    """`threads.untrash`."""
    copies = _thread(call)
    _relabel(call, copies, set(), {"TRASH"})
    return _thread_receipt(copies)


def delete_thread(call: Call) -> None:
    """`threads.delete`."""
    for copy in _thread(call):
        call.world.post.delete(call.account, copy.id)


def list_labels(call: Call) -> Json:
    """`labels.list`: system labels, then the owner's; without counts."""
    return {"labels": [*map(_system_label, SYSTEM_LABELS), *map(_own_label, call.mailbox.labels.values())]}


def get_label(call: Call) -> Json:
    """`labels.get`: with counts."""
    name = call.params["id"]
    if name in SYSTEM_LABELS:
        shown = _system_label(name)
    elif name in call.mailbox.labels:
        shown = _own_label(call.mailbox.labels[name])
    else:
        raise errors.not_found()
    copies = [copy for copy in call.mailbox.copies.values() if name in copy.labels]
    unread = [copy for copy in copies if "UNREAD" in copy.labels]
    return {
        **shown,
        "messagesTotal": len(copies),
        "messagesUnread": len(unread),
        "threadsTotal": len({copy.thread_id for copy in copies}),
        "threadsUnread": len({copy.thread_id for copy in unread}),
    }


def create_label(call: Call) -> Json:
    """`labels.create`.

    Raises:
        GoogleError: 400 for an empty name, 409 for a name in use.
    """
    name = call.text("name").strip()
    if not name or name.upper() in SYSTEM_LABELS:
        raise errors.invalid("Invalid label name")
    if any(label.name.lower() == name.lower() for label in call.mailbox.labels.values()):
        raise errors.failure(409, "Label name exists or conflicts", "aborted")
    label = Label(f"Label_{len(call.mailbox.labels) + 1}_{secrets.randbelow(10**9)}", name)
    call.mailbox.labels[label.id] = label
    call.world.touched()
    return {**_own_label(label), "messageListVisibility": "show", "labelListVisibility": "labelShow"}


def delete_label(call: Call) -> None:
    """`labels.delete`: takes it off every message."""
    if call.mailbox.labels.pop(call.params["id"], None) is None:
        raise errors.not_found()
    for copy in list(call.mailbox.copies.values()):
        call.world.post.relabel(call.account, copy.id, set(), {call.params["id"]})


def list_send_as(call: Call) -> Json:
    """`settings.sendAs.list`: the account itself first."""
    return {"sendAs": _send_as(call.account)}


def get_send_as(call: Call) -> Json:
    """`settings.sendAs.get`."""
    for entry in _send_as(call.account):
        if entry["sendAsEmail"] == call.params["sendAsEmail"].lower():
            return entry
    raise errors.not_found()


HANDLERS: dict[str, Handler] = {
    "gmail.users.getProfile": profile,
    "gmail.users.messages.list": list_messages,
    "gmail.users.messages.get": get_message,
    "gmail.users.messages.attachments.get": get_attachment,
    "gmail.users.messages.modify": modify_message,
    "gmail.users.messages.batchModify": batch_modify,
    "gmail.users.messages.batchDelete": batch_delete,
    "gmail.users.messages.trash": trash_message,
    "gmail.users.messages.untrash": untrash_message,
    "gmail.users.messages.delete": delete_message,
    "gmail.users.threads.list": list_threads,
    "gmail.users.threads.get": get_thread,
    "gmail.users.threads.modify": modify_thread,
    "gmail.users.threads.trash": trash_thread,
    "gmail.users.threads.untrash": untrash_thread,
    "gmail.users.threads.delete": delete_thread,
    "gmail.users.labels.list": list_labels,
    "gmail.users.labels.get": get_label,
    "gmail.users.labels.create": create_label,
    "gmail.users.labels.delete": delete_label,
    "gmail.users.settings.sendAs.list": list_send_as,
    "gmail.users.settings.sendAs.get": get_send_as,
}


def _copy(call: Call, name: str) -> Copy:
    try:
        return call.mailbox.copy(call.params[name])
    except NotThere as missing:
        raise errors.not_found() from missing


def _thread(call: Call) -> list[Copy]:
    try:
        return call.mailbox.thread(call.params["id"])
    except NotThere as missing:
        raise errors.not_found() from missing


def _batch(call: Call) -> list[Copy]:
    ids = call.names("ids")
    if not ids or len(ids) > BATCH_IDS:
        raise errors.invalid("No message ids specified." if not ids else "Too many message ids.")
    return [call.mailbox.copies[copy_id] for copy_id in dict.fromkeys(ids) if copy_id in call.mailbox.copies]


def _form(call: Call) -> str:
    form = call.request.first("format", "full").lower()
    if form in ("full", "raw") and only_metadata(call):
        raise errors.failure(403, f"Metadata scope doesn't allow format {form.upper()}", "forbidden")
    return form


def _asked_labels(call: Call) -> tuple[set[str], set[str]]:
    add, remove = call.names("addLabelIds"), call.names("removeLabelIds")
    if not add and not remove:
        raise errors.invalid("No label add or removes specified")
    if max(len(add), len(remove)) > MODIFY_IDS:
        raise errors.invalid("Too many label ids")
    for name in (*add, *remove):
        if name in NOT_BY_HAND or (name not in SYSTEM_LABELS and name not in call.mailbox.labels):
            raise errors.invalid(f"Invalid label: {name[:100]}")
    if set(add) & set(remove):
        raise errors.invalid("Cannot both add and remove the same label")
    return set(add), set(remove)


def _relabel(call: Call, copies: list[Copy], add: set[str], remove: set[str]) -> None:
    for copy in copies:
        call.world.post.relabel(call.account, copy.id, add, remove)


def _thread_receipt(copies: list[Copy]) -> Json:
    return {"id": copies[0].thread_id, "messages": [wire.receipt(copy) for copy in copies]}


def _system_label(name: str) -> Json:
    return {"id": name, "name": name, "type": "system"}


def _own_label(label: Label) -> Json:
    return {"id": label.id, "name": label.name, "type": "user"}


def _send_as(account: Account) -> list[Json]:
    usual = any(alias.is_default for alias in account.aliases)
    own: Json = {
        "sendAsEmail": account.address,
        "displayName": account.name,
        "isPrimary": True,
        **({} if usual else {"isDefault": True}),
    }
    return [own, *map(_alias, account.aliases)]


def _alias(alias: Alias) -> Json:
    return {
        "sendAsEmail": alias.address,
        "displayName": alias.name,
        "replyToAddress": "",
        "treatAsAlias": True,
        "verificationStatus": alias.verification_status,
        **({"isDefault": True} if alias.is_default else {}),
    }
