"""The change feed: everything that happened to a mailbox after a number.

Source: https://developers.google.com/workspace/gmail/api/guides/sync
and https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list.
"""

from simulator.google import errors, wire
from simulator.google.call import Call, Handler, page
from simulator.google.errors import Json
from simulator.mailbox import Change

TYPES = {
    "messageAdded": "added",
    "messageDeleted": "deleted",
    "labelAdded": "labels_added",
    "labelRemoved": "labels_removed",
}


def list_history(call: Call) -> Json:
    """`history.list`; nothing new means no `history` key, and the dial puts empty pages in front.

    Raises:
        GoogleError: 400 without a start, 404 for one that is too old or of no mailbox.
    """
    start_number = _start(call)
    kinds = {_kind(name) for name in call.request.query.get("historyTypes", [])} or set(TYPES.values())
    label = call.request.first("labelId")
    found = [
        change
        for change in call.mailbox.changes
        if change.number > start_number
        and change.kind in kinds
        and (not label or label in change.labels or label in change.labels_after)
    ]
    token, empty = call.request.first("pageToken"), call.world.dials.now.history_empty_pages
    newest = str(call.mailbox.number)
    if token.startswith("e") and token[1:].isdigit() and len(token) < 4:
        empty, token = empty - int(token[1:]), ""
    elif token:
        empty = 0
    if empty > 0:
        return {
            "nextPageToken": f"e{call.world.dials.now.history_empty_pages - empty + 1}",
            "historyId": newest,
        }
    start, end, following = page(token, len(found), call.whole("maxResults", 100, 500))
    shown = [_record(change) for change in found[start:end]]
    return {
        **({"history": shown} if shown else {}),
        **({"nextPageToken": following} if following else {}),
        "historyId": newest,
    }


def _start(call: Call) -> int:
    text = call.request.first("startHistoryId")
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise errors.invalid("Missing/invalid parameter: startHistoryId")
    number = int(text)
    floor = max(call.mailbox.forgotten_up_to, call.world.dials.now.history_expired_before - 1)
    if number < floor or number > call.mailbox.number:
        raise errors.not_found()
    return number


def _kind(name: str) -> str:
    if name not in TYPES:
        raise errors.invalid(f"Invalid value at 'history_types', \"{name[:50]}\"")
    return TYPES[name]


def _record(change: Change) -> Json:
    bare: Json = {"id": change.copy_id, "threadId": change.thread_id}
    after = wire.label_ids(set(change.labels_after))
    message: Json = {**bare, **({"labelIds": after} if after else {})}
    shown: Json = {"id": str(change.number), "messages": [bare]}
    match change.kind:
        case "added":
            shown["messagesAdded"] = [{"message": message}]
        case "deleted":
            shown["messagesDeleted"] = [{"message": message}]
        case "labels_added":
            shown["labelsAdded"] = [{"message": message, "labelIds": change.labels}]
        case "labels_removed":
            shown["labelsRemoved"] = [{"message": message, "labelIds": change.labels}]
    return shown


HANDLERS: dict[str, Handler] = {"gmail.users.history.list": list_history}
