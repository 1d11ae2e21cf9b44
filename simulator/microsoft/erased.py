"""What was deleted for good: Exchange keeps it aside for a while, where it can still be listed.

Source: https://learn.microsoft.com/en-us/graph/api/resources/mailfolder (recoverableitemsdeletions). That it
keeps its immutable id there is not documented.
"""

from simulator.exchange import Answer, Json
from simulator.microsoft import odata
from simulator.microsoft.box import Entry
from simulator.microsoft.call import Call, answered
from simulator.microsoft.push import change_key
from simulator.microsoft.wire import stamp

FOLDER = "recoverableitemsdeletions"


def list_erased(call: Call) -> Answer:
    """`GET /me/mailFolders/recoverableitemsdeletions/messages`: filter, order, paging."""
    gone: dict[str, Entry] = {}
    for entry in call.box.log:
        if entry.kind == "deleted" and entry.copy_id not in call.box.items:
            gone[entry.copy_id] = entry
    shown = [_shown(entry, immutable=call.immutable) for entry in gone.values()]
    if call.request.first("$filter"):
        test = odata.parsed(call.request.first("$filter")).test
        shown = [one for one in shown if test(lambda name, one=one: one.get(name))]  # type: ignore[misc]  # bound now
    shown.sort(key=lambda one: str(one["lastModifiedDateTime"]))
    skip, size = call.whole("$skip", 0, 10**8), call.page_size()
    body: Json = {"@odata.context": call.context("messages"), "value": shown[skip : skip + size]}
    if len(shown) > skip + size:
        body["@odata.nextLink"] = call.next_page(skip + size)
    return answered(call, body)


def _shown(entry: Entry, *, immutable: bool) -> Json:
    return {
        "id": entry.immutable_id if immutable else entry.rest_id,
        "changeKey": change_key(entry.number),
        "lastModifiedDateTime": stamp(entry.at_ms),
        "isDraft": False,
    }
