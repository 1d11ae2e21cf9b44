"""The change feeds: messages of a folder, the folders themselves, contacts.

A link carries all it needs, sealed: what was asked for, and up to which number of the log it has told.
Source: https://learn.microsoft.com/en-us/graph/api/message-delta, /delta-query-messages,
/delta-query-overview; that, under immutable ids, an item which left and came back is told only as removed is
microsoftgraph/microsoft-graph-docs-contrib#72.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass, field, replace

from simulator.exchange import Answer, Json
from simulator.microsoft import contacts, errors, folders, odata, wire
from simulator.microsoft.box import Entry, Item
from simulator.microsoft.call import Call, Handler, answered

MOST_FILTERED = 5_000
BAKED = ("$select", "$filter", "$orderby", "$expand", "$top", "changeType")
KINDS = ("created", "updated", "deleted")


@dataclass(frozen=True)
class Place:
    """Where a client is: `since` -1 is a first round, `after` its last key, `offset` how much was told."""

    feed: str
    since: int
    upto: int
    offset: int = 0
    after: tuple[int, str] | None = None
    empty_pages: int = 0
    query: dict[str, str] = field(default_factory=dict)


def sealed(call: Call, place: Place) -> str:
    """Return a place as an opaque token."""
    body = base64.urlsafe_b64encode(json.dumps(asdict(place)).encode()).decode().rstrip("=")
    return f"{body}-{_mark(call, body)}"


def _mark(call: Call, body: str) -> str:
    text = f"{call.account.address} {body}".encode()
    return hmac.new(call.world.secret.encode(), text, hashlib.sha256).hexdigest()[:24]


def _opened(call: Call, token: str) -> Place:
    body, _, mark = token.rpartition("-")
    if not hmac.compare_digest(mark.encode(), _mark(call, body).encode()):
        raise errors.bad_request("Badly formed token.", "BadRequest")
    found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    after = found.pop("after")
    return Place(**found, after=None if after is None else (int(after[0]), str(after[1])))


def _begun(call: Call, feed: str) -> Place:
    """Return the place that a request names, or the beginning of a first round.

    Raises:
        GraphError: 400 for a foreign token, 410 (or as dialled) for one that is too old.
    """
    empty = call.world.dials.now.microsoft.delta_empty_pages
    query = call.request.query
    tokens = {
        name.lower(): values[0]
        for name, values in query.items()
        if name.lower() in ("$skiptoken", "$deltatoken")
    }
    text = tokens.get("$skiptoken") or tokens.get("$deltatoken") or ""
    if not text:
        baked = {name: query[name][0] for name in BAKED if name in query}
        if unknown := [name for name in query if name.startswith("$search")]:
            raise errors.bad_request(
                f"The query parameter '{unknown[0]}' is not supported.", "ErrorInvalidUrlQuery"
            )
        return Place(feed, -1, _visible_up_to(call), empty_pages=empty, query=baked)
    place = _opened(call, text)
    if place.feed != feed:
        raise errors.bad_request("Badly formed token.", "BadRequest")
    floor = place.since if place.since >= 0 else place.upto
    if floor < call.box.forgotten_up_to:
        raise _too_old(call)
    if "$deltatoken" in tokens:
        return replace(place, upto=max(place.since, _visible_up_to(call)), empty_pages=empty)
    return place


def _too_old(call: Call) -> errors.GraphError:
    dials = call.world.dials.now.microsoft
    error = errors.known(dials.delta_reset)
    error.status = dials.delta_reset_status
    if error.status == 410:
        error.headers["location"] = call.link(_deltatoken="")
    return error


def _visible_up_to(call: Call) -> int:
    """Return the last number that the feed shows already."""
    hidden_ms = call.world.clock.now_ms() - call.world.dials.now.microsoft.delta_lag_seconds * 1000
    hidden = next((entry.number for entry in call.box.log if entry.at_ms > hidden_ms), None)
    newest = call.world.post.state.number if hidden is None else hidden - 1
    return max(newest, call.box.forgotten_up_to)


def messages_delta(call: Call) -> Answer:
    """`GET /me/mailFolders/{id}/messages/delta`."""
    folder = call.folder(call.params["fid"])
    place = _begun(call, f"messages {folder.id}")
    call = replace(
        call, request=replace(call.request, query={name: [text] for name, text in place.query.items()})
    )
    context = f"{call.root_url}/graph/v1.0/$metadata#Collection(message)"
    if place.empty_pages:
        return _page(call, context, [], replace(place, empty_pages=place.empty_pages - 1), more=True)
    if place.since < 0:
        return _first_round(call, context, folder.id, place)
    told = _told(call, folder.id, place)
    size = call.page_size()
    value = told[place.offset : place.offset + size]
    following = replace(place, offset=place.offset + size)
    more = len(told) > following.offset
    return _page(call, context, value, following, more=more)


def _first_round(call: Call, context: str, folder_id: str, place: Place) -> Answer:
    """List the folder by arrival, going on after the last one told, so that nothing slips between pages."""
    copies = call.mailbox.copies
    newest_first = call.request.first("$orderby").lower().endswith("desc")
    items = [
        ((copies[item.copy_id].arrived_ms, item.copy_id), item)
        for item in call.box.in_folder(folder_id)
        if _passes(call, item)
    ]
    items.sort(key=lambda pair: pair[0], reverse=newest_first)
    total = len(items)
    if place.after is not None:
        after = place.after
        items = [pair for pair in items if (pair[0] < after if newest_first else pair[0] > after)]
    size = call.page_size()
    if "$filter" in place.query and total > MOST_FILTERED:
        items = items[: max(0, MOST_FILTERED - place.offset)]
    value = [wire.message(call, copies[item.copy_id], item, always=True) for _key, item in items[:size]]
    more = len(items) > size
    if not more and value and call.world.dials.now.microsoft.delta_repeats:
        value.append(value[0])
    last = items[min(size, len(items)) - 1][0] if items else place.after
    return _page(call, context, value, replace(place, after=last, offset=place.offset + size), more=more)


def _passes(call: Call, item: Item) -> bool:
    text = call.request.first("$filter")
    if not text:
        return True
    found = odata.parsed(text)
    if set(found.properties) != {"receivedDateTime"}:
        raise errors.bad_request(
            "Only receivedDateTime can be filtered by in a delta query.", "ErrorInvalidUrlQuery"
        )
    return found.test(wire.look(wire.showing(call, call.mailbox.copies[item.copy_id], item)))


def _told(call: Call, folder_id: str, place: Place) -> list[Json]:
    """Return what a later round tells: each id once, as it is at last."""
    kinds = [kind for kind in call.request.first("changeType").split(",") if kind in KINDS] or list(KINDS)
    found: dict[str, list[Entry]] = {}
    for entry in call.box.log:
        if entry.folder_id == folder_id and place.since < entry.number <= place.upto:
            graph_id = entry.immutable_id if call.immutable else entry.rest_id
            found.setdefault(graph_id, []).append(entry)
    told: list[Json] = []
    for graph_id, entries in found.items():
        item = call.box.items.get(entries[-1].copy_id)
        left = any(entry.kind == "deleted" for entry in entries)
        forgotten = left and call.world.dials.now.microsoft.delta_forgets_returned
        if entries[-1].kind == "deleted" or forgotten:
            if "deleted" in kinds:
                told.append(_removed("message", graph_id))
        elif item is not None and item.folder_id == folder_id and call.shown_id(item) == graph_id:
            kind = "created" if any(entry.kind == "created" for entry in entries) else "updated"
            if kind in kinds and _passes(call, item):
                told.append(wire.message(call, call.mailbox.copies[item.copy_id], item, always=True))
    if told and call.world.dials.now.microsoft.delta_repeats:
        told.append(told[0])
    return told


def _removed(noun: str, graph_id: str) -> Json:
    return {"@odata.type": f"#microsoft.graph.{noun}", "id": graph_id, "@removed": {"reason": "deleted"}}


def _page(call: Call, context: str, value: list[Json], following: Place, *, more: bool) -> Answer:
    body: Json = {"@odata.context": context, "value": value}
    if more:
        body["@odata.nextLink"] = call.link(_skiptoken=sealed(call, following))
    else:
        done = Place(following.feed, following.upto, following.upto, query=following.query)
        body["@odata.deltaLink"] = call.link(_deltatoken=sealed(call, done))
    return answered(call, body)


def folders_delta(call: Call) -> Answer:
    """`GET /me/mailFolders/delta`."""
    place = _begun(call, "folders")
    box = call.box
    if place.since < 0:
        value = [_folder(call, folder_id) for folder_id, one in box.folders.items() if one.parent_id]
    else:
        changed = [one for one, number in box.changed_folders.items() if place.since < number <= place.upto]
        gone = [one for one, number in box.gone_folders.items() if place.since < number <= place.upto]
        value = [_folder(call, one) for one in changed] + [_removed("mailFolder", one) for one in gone]
    return _sliced(call, "mailFolder", value, place)


def _folder(call: Call, folder_id: str) -> Json:
    body = folders.shown(call, call.box.folders[folder_id])
    return {"@odata.type": "#microsoft.graph.mailFolder", **body}


def contacts_delta(call: Call) -> Answer:
    """`GET /me/contacts/delta`: of the default folder; and of any other."""
    folder = contacts.named_folder(call)
    place = _begun(call, f"contacts {folder}")
    call = replace(
        call, request=replace(call.request, query={name: [text] for name, text in place.query.items()})
    )
    box = call.box
    if place.since < 0:
        value = [contacts.shown(call, one) for one in box.contacts.values() if one.folder == folder]
    else:
        told = [one for one in box.contact_log if one.folder == folder]
        changed = {one.contact_id: one for one in told if place.since < one.number <= place.upto}
        value = [
            contacts.shown(call, box.contacts[contact_id])
            if contact_id in box.contacts and box.contacts[contact_id].folder == folder
            else _removed("contact", contact_id)
            for contact_id in changed
        ]
    return _sliced(call, "contact", value, place)


def _sliced(call: Call, noun: str, value: list[Json], place: Place) -> Answer:
    size = call.page_size()
    following = replace(place, offset=place.offset + size)
    context = f"{call.root_url}/graph/v1.0/$metadata#Collection({noun})"
    return _page(
        call, context, value[place.offset : following.offset], following, more=len(value) > following.offset
    )


HANDLERS: dict[str, Handler] = {
    "graph.mailFolders.messages.delta": messages_delta,
    "graph.mailFolders.delta": folders_delta,
    "graph.contacts.delta": contacts_delta,
}
