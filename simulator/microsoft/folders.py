"""Mail folders, rules of the inbox, categories, mailbox settings.

Source: https://learn.microsoft.com/en-us/graph/api/resources/mailfolder, /api/resources/messagerule,
/api/user-get-mailboxsettings.
"""

import uuid

from simulator.exchange import Answer, Json
from simulator.microsoft import errors, odata
from simulator.microsoft.box import ROOT, Box, Folder, Rule
from simulator.microsoft.call import (
    Call,
    Handler,
    answered,
    empty,
    flag_of,
    object_of,
    text_of,
    texts_of,
)


def shown(call: Call, folder: Folder) -> Json:
    """Return a folder as JSON."""
    items = call.box.in_folder(folder.id)
    unread = sum(1 for item in items if "UNREAD" in call.mailbox.copies[item.copy_id].labels)
    children = sum(1 for one in call.box.folders.values() if one.parent_id == folder.id)
    return {
        "id": folder.id,
        "displayName": folder.name,
        "parentFolderId": folder.parent_id or folder.id,
        "childFolderCount": children,
        "unreadItemCount": unread,
        "totalItemCount": len(items),
        "isHidden": False,
    }


def _plain(call: Call, folder: Folder) -> Json:
    body = shown(call, folder)
    names = odata.selected(call.request.first("$select"))
    return {name: value for name, value in body.items() if not names or name in names or name == "id"}


def list_folders(call: Call) -> Answer:
    """`GET /me/mailFolders` and `.../childFolders`."""
    parent = call.folder(call.params.get("fid", ROOT))
    found = [folder for folder in call.box.folders.values() if folder.parent_id == parent.id]
    test = call.request.first("$filter")
    if test:
        wanted = odata.parsed(test).test
        found = [folder for folder in found if wanted(_look(_plain(call, folder)))]
    skip, size = call.whole("$skip", 0, 10**6), call.page_size()
    body: Json = {
        "@odata.context": call.context("mailFolders"),
        "value": [_plain(call, folder) for folder in found[skip : skip + size]],
    }
    if len(found) > skip + size:
        body["@odata.nextLink"] = call.next_page(skip + size)
    return answered(call, body)


def _look(body: Json) -> odata.Look:
    return lambda name: body.get(name)


def get_folder(call: Call) -> Answer:
    """`GET /me/mailFolders/{id}`, by id or well-known name."""
    folder = call.folder(call.params["fid"])
    return answered(call, {"@odata.context": call.context("mailFolders/$entity"), **_plain(call, folder)})


def create_folder(call: Call) -> Answer:
    """`POST /me/mailFolders` and `.../childFolders`; 409 for a name that is taken there."""
    parent = call.folder(call.params.get("fid", ROOT))
    name = text_of(call.json, "displayName").strip()
    if not name or len(name) > 255:
        raise errors.invalid("The displayName is missing or too long.")
    siblings = [one.name.lower() for one in call.box.folders.values() if one.parent_id == parent.id]
    if name.lower() in siblings:
        raise errors.GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")
    folder = call.box.add_folder(name, parent.id, call.world.post.next_number())
    return answered(
        call, {"@odata.context": call.context("mailFolders/$entity"), **_plain(call, folder)}, 201
    )


def update_folder(call: Call) -> Answer:
    """`PATCH /me/mailFolders/{id}`: another name."""
    folder = _own(call)
    folder.name = text_of(call.json, "displayName", folder.name).strip() or folder.name
    call.box.changed_folders[folder.id] = call.world.post.next_number()
    return answered(call, {"@odata.context": call.context("mailFolders/$entity"), **_plain(call, folder)})


def delete_folder(call: Call) -> Answer:
    """`DELETE /me/mailFolders/{id}`, with all that is in it."""
    folder = _own(call)
    doomed = [folder]
    for one in doomed:
        doomed += [child for child in call.box.folders.values() if child.parent_id == one.id]
    for one in doomed:
        for item in call.box.in_folder(one.id):
            call.world.post.delete(call.account, item.copy_id)
    call.world.microsoft.settle()
    for one in doomed:
        del call.box.folders[one.id]
        call.box.changed_folders.pop(one.id, None)
        call.box.gone_folders[one.id] = call.world.post.next_number()
    return empty(204)


def _own(call: Call) -> Folder:
    folder = call.folder(call.params["fid"])
    if folder.well_known:
        raise errors.GraphError(
            400, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be changed."
        )
    return folder


def list_rules(call: Call) -> Answer:
    """`GET /me/mailFolders/inbox/messageRules`."""
    value = [rule_shown(rule, place) for place, rule in enumerate(call.box.rules)]
    return answered(
        call, {"@odata.context": call.context("mailFolders('inbox')/messageRules"), "value": value}
    )


def rule_shown(rule: Rule, place: int) -> Json:
    """Return a rule as JSON."""
    conditions: Json = {}
    if rule.from_contains:
        conditions["senderContains"] = list(rule.from_contains)
    if rule.subject_contains:
        conditions["subjectContains"] = list(rule.subject_contains)
    return {
        "id": rule.id,
        "displayName": rule.name,
        "sequence": place + 1,
        "isEnabled": rule.enabled,
        "hasError": False,
        "isReadOnly": False,
        "conditions": conditions,
        "actions": {"moveToFolder": rule.folder_id, "stopProcessingRules": True},
    }


def create_rule(call: Call) -> Answer:
    """`POST /me/mailFolders/inbox/messageRules`: only rules that move."""
    body = call.json
    conditions, actions = object_of(body, "conditions"), object_of(body, "actions")
    folder = call.folder(text_of(actions, "moveToFolder"))
    senders, subjects = texts_of(conditions, "senderContains"), texts_of(conditions, "subjectContains")
    if not senders and not subjects:
        raise errors.invalid("A rule needs senderContains or subjectContains.")
    rule = add_rule(call.box, text_of(body, "displayName", "Rule"), folder.id, senders, subjects)
    rule.enabled = flag_of(body, "isEnabled", True)
    context = call.context("mailFolders('inbox')/messageRules/$entity")
    return answered(call, {"@odata.context": context, **rule_shown(rule, len(call.box.rules) - 1)}, 201)


def add_rule(box: Box, name: str, folder_id: str, senders: list[str], subjects: list[str]) -> Rule:
    """Add a rule behind the others."""
    rule = Rule(f"AQAAA{uuid.uuid4().hex[:12]}=", name, folder_id, senders, subjects)
    box.rules.append(rule)
    return rule


def delete_rule(call: Call) -> Answer:
    """`DELETE /me/mailFolders/inbox/messageRules/{id}`."""
    kept = [rule for rule in call.box.rules if rule.id != call.params["rid"]]
    if len(kept) == len(call.box.rules):
        raise errors.not_found()
    call.box.rules = kept
    return empty(204)


def settings(call: Call) -> Answer:
    """`GET /me/mailboxSettings`."""
    body: Json = {
        "@odata.context": call.context("mailboxSettings"),
        "archiveFolder": call.box.place("archive").id,
        "timeZone": "UTC",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "dateFormat": "yyyy-MM-dd",
        "timeFormat": "HH:mm",
        "userPurpose": "user",
        "language": {"locale": "en-US", "displayName": "English (United States)"},
    }
    return answered(call, body)


def categories(call: Call) -> Answer:
    """`GET /me/outlook/masterCategories`."""
    names = sorted({name for item in call.box.items.values() for name in item.categories})
    value = [
        {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, name)), "displayName": name, "color": f"preset{place % 25}"}
        for place, name in enumerate(names)
    ]
    return answered(call, {"@odata.context": call.context("outlook/masterCategories"), "value": value})


HANDLERS: dict[str, Handler] = {
    "graph.mailFolders.list": list_folders,
    "graph.mailFolders.childFolders.list": list_folders,
    "graph.mailFolders.get": get_folder,
    "graph.mailFolders.create": create_folder,
    "graph.mailFolders.childFolders.create": create_folder,
    "graph.mailFolders.update": update_folder,
    "graph.mailFolders.delete": delete_folder,
    "graph.messageRules.list": list_rules,
    "graph.messageRules.create": create_rule,
    "graph.messageRules.delete": delete_rule,
    "graph.mailboxSettings.get": settings,
    "graph.masterCategories.list": categories,
}
