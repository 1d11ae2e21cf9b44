"""Reading, marking, moving and deleting messages; who am I.

Source: https://learn.microsoft.com/en-us/graph/api/user-list-messages, /message-get, /message-update,
/message-move, /message-copy, /message-delete, /message-post-messages. What DELETE leaves behind is not
documented; here the item is gone for good.
"""

from collections.abc import Callable

from simulator import mime
from simulator.exchange import Answer, Json
from simulator.mailbox import Copy
from simulator.microsoft import drafting, erased, errors, odata, wire
from simulator.microsoft.box import Item
from simulator.microsoft.call import Call, Handler, answered, empty, flag_of, object_of, text_of, texts_of
from simulator.microsoft.identity import is_personal, object_id
from simulator.microsoft.push import change_key

FLAGS = ("notFlagged", "flagged", "complete")
MOST_FOUND = 1000


def me(call: Call) -> Answer:
    """`GET /me`: `mail` is null for personal accounts."""
    account = call.account
    first, _, last = account.name.rpartition(" ")
    body: Json = {
        "@odata.context": f"{call.root_url}/graph/v1.0/$metadata#users/$entity",
        "businessPhones": [],
        "displayName": account.name,
        "givenName": first or None,
        "jobTitle": None,
        "mail": None if is_personal(account) else account.address,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": last or None,
        "userPrincipalName": account.address,
        "id": object_id(account),
    }
    names = odata.selected(call.request.first("$select"))
    if "proxyAddresses" in names:  # Told only to those who ask.
        others = sorted(account.addresses - {account.address})
        body["proxyAddresses"] = [f"SMTP:{account.address}", *(f"smtp:{one}" for one in others)]
    if names:
        body = {name: value for name, value in body.items() if name in names or name.startswith("@")}
    return answered(call, body)


def list_messages(call: Call) -> Answer:
    """`GET /me/messages` and of one folder: filter, order, search, paging."""
    if call.params.get("fid") == erased.FOLDER:
        return erased.list_erased(call)
    folder_id = call.folder(call.params["fid"]).id if "fid" in call.params else None
    query = call.request
    searched, filtered = query.first("$search"), query.first("$filter")
    if searched and filtered:
        raise errors.known("SearchWithFilter")
    orders = odata.ordered(query.first("$orderby"))
    test: odata.Test | None = None
    if filtered:
        found = odata.parsed(filtered)
        odata.check_agreement(found, orders)
        test = found.test
    shown = [
        wire.showing(call, copy, item)
        for copy, item in _visible(call, folder_id, indexed=bool(test or searched))
    ]
    if test is not None:
        shown = [one for one in shown if test(wire.look(one))]
    if searched:
        words = searched.strip('"').lower().split()
        shown = [one for one in shown if all(word in _haystack(one) for word in words)][:MOST_FOUND]
    for name, descending in reversed(orders):
        shown.sort(key=_order_key(name), reverse=descending)
    skip, size = call.whole("$skip", 0, 10**8), call.page_size()
    body: Json = {"@odata.context": call.context("messages")}
    if query.first("$count").lower() == "true":
        body["@odata.count"] = len(shown)
    body["value"] = [wire.message(call, one.copy, one.item) for one in shown[skip : skip + size]]
    if len(shown) > skip + size:
        body["@odata.nextLink"] = call.next_page(skip + size)
    return answered(call, body)


def _order_key(name: str) -> Callable[[wire.Shown], tuple[str, int, int]]:
    """Return what to sort by; within one second, as Graph writes instants, the arrival decides."""
    timed = name.endswith("DateTime")

    def key(shown: wire.Shown) -> tuple[str, int, int]:
        value = str(wire.look(shown)(name) or "")
        return (value, shown.copy.arrived_ms, shown.copy.number) if timed else (value, 0, 0)

    return key


def _visible(call: Call, folder_id: str | None, *, indexed: bool) -> list[tuple[Copy, Item]]:
    """Return the messages of the mailbox or a folder, newest first; the dialled lags hide the latest."""
    dials, now_ms = call.world.dials.now, call.world.clock.now_ms()
    searchable_ms = now_ms - dials.search_lag_seconds * 1000 if indexed else now_ms
    sent_ms = now_ms - dials.sent_lag_seconds * 1000
    return [
        (copy, call.box.items[copy.id])
        for copy in call.mailbox.newest_first()
        if folder_id in (None, call.box.items[copy.id].folder_id)
        and (copy.arrived_ms <= searchable_ms or not indexed)
        and ("SENT" not in copy.labels or copy.arrived_ms <= sent_ms)
    ]


def _haystack(shown: wire.Shown) -> str:
    people = " ".join(map(str, (*shown.summary.sender, *shown.summary.recipients)))
    return f"{shown.summary.subject} {people} {shown.world.contents.text(shown.copy.content)}".lower()


def entity(call: Call, copy: Copy, item: Item, status: int = 200) -> Answer:
    """Return one message."""
    body = {"@odata.context": call.context("messages/$entity"), **wire.message(call, copy, item)}
    return answered(call, body, status)


def get_message(call: Call) -> Answer:
    """`GET /me/messages/{id}`."""
    return entity(call, *call.item())


def get_value(call: Call) -> Answer:
    """`GET /me/messages/{id}/$value`: the mail as RFC 5322 text, without the lines of its own delivery."""
    copy, _item = call.item()
    raw = mime.edit_fields(call.world.contents.raw[copy.content], remove=["Delivered-To"])
    return Answer(200, raw, {"content-type": "text/plain"})


def create_message(call: Call) -> Answer:
    """`POST /me/messages` and into a folder: a draft, from JSON or MIME."""
    folder = call.folder(call.params["fid"]) if "fid" in call.params else None
    copy = drafting.from_mime(call) if call.is_mime else drafting.from_json(call, call.json)
    if folder is not None and folder.well_known != "drafts":
        call.world.microsoft.move(call.account, copy.id, folder.id)
    return entity(call, copy, call.world.microsoft.item(call.account, copy), 201)


def update_message(call: Call) -> Answer:
    """`PATCH /me/messages/{id}`: marks on anything, text and recipients only on a draft."""
    copy, item = call.item()
    body = call.json
    drafting.check_names(body)
    stale = call.request.headers.get("if-match", "")
    if stale and stale not in ("*", f'W/"{change_key(item.number)}"'):
        error = errors.known("ErrorIrresolvableConflict")
        error.status = 412
        raise error
    written = drafting.WRITTEN & set(body)
    if written and not item.is_draft:
        raise errors.GraphError(
            400, "ErrorInvalidPropertySet", f"The property '{sorted(written)[0]}' can be set only on drafts."
        )
    if written:
        drafting.rewrite(call, copy, item, body)
    apply_marks(call, copy, item, body)
    if not written:
        call.world.post.touch(call.account, copy.id)
    return entity(call, copy, call.world.microsoft.item(call.account, copy))


def apply_marks(call: Call, copy: Copy, item: Item, body: Json) -> None:
    """Set what may change on any message: read, categories, flag, importance, extended properties."""
    if "isRead" in body:
        read = flag_of(body, "isRead", True)
        call.world.post.relabel(
            call.account, copy.id, set() if read else {"UNREAD"}, {"UNREAD"} if read else set()
        )
    if "categories" in body:
        item.categories = texts_of(body, "categories")
    if "flag" in body:
        item.flag = drafting.one_of(text_of(object_of(body, "flag"), "flagStatus", "notFlagged"), FLAGS)
    if "importance" in body:
        item.importance = drafting.one_of(text_of(body, "importance", "normal").lower(), drafting.IMPORTANCES)
    item.properties |= drafting.properties_of(body)


def delete_message(call: Call) -> Answer:
    """`DELETE /me/messages/{id}`."""
    copy, _item = call.item()
    call.world.post.delete(call.account, copy.id)
    return empty(204)


def move_message(call: Call) -> Answer:
    """`POST /me/messages/{id}/move`: another id, unless ids are immutable."""
    copy, _item = call.item()
    folder = call.folder(text_of(call.json, "destinationId"))
    item = call.world.microsoft.move(call.account, copy.id, folder.id)
    return entity(call, copy, item, 201)


def copy_message(call: Call) -> Answer:
    """`POST /me/messages/{id}/copy`."""
    copy, item = call.item()
    folder = call.folder(text_of(call.json, "destinationId"))
    kept = copy.labels & {"UNREAD"}
    fresh = call.world.post.store(
        call.account,
        call.world.contents.raw[copy.content],
        {folder.label, *kept} - {""},
        thread_id=copy.thread_id,
        arrived_ms=copy.arrived_ms,
    )
    made = call.world.microsoft.item(call.account, fresh)
    made.is_draft, made.categories, made.properties = (
        item.is_draft,
        list(item.categories),
        dict(item.properties),
    )
    return entity(call, fresh, made, 201)


def translate_ids(call: Call) -> Answer:
    """`POST /me/translateExchangeIds`: between the two formats of ids."""
    body = call.json
    wanted = text_of(body, "targetIdType")
    found = []
    for graph_id in texts_of(body, "inputIds")[:1000]:
        item = call.box.item_of(graph_id)
        if item is not None:
            target = item.immutable_id if wanted.startswith("restImmutable") else item.rest_id
            found.append({"sourceId": graph_id, "targetId": target})
    return answered(call, {"value": found})


HANDLERS: dict[str, Handler] = {
    "graph.me.get": me,
    "graph.messages.list": list_messages,
    "graph.mailFolders.messages.list": list_messages,
    "graph.messages.get": get_message,
    "graph.messages.value": get_value,
    "graph.messages.create": create_message,
    "graph.mailFolders.messages.create": create_message,
    "graph.messages.update": update_message,
    "graph.messages.delete": delete_message,
    "graph.messages.move": move_message,
    "graph.messages.copy": copy_message,
    "graph.translateExchangeIds": translate_ids,
}
