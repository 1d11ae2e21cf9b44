"""What PostGraphile answers, in the words of ours: for comparing, never timed."""

from typing import Any

Json = dict[str, Any]


def _participants(one: Json, kinds: dict[str, str], name: str) -> list[Json]:
    return [person | {"kind": kinds.get(person["address"], "OTHER")} for person in one[name]]


def _message_of_postgraphile(one: Json, kinds: dict[str, str]) -> Json:
    sender = one["fromAddress"]
    made = {
        "id": one["rowId"],
        "read": one["isRead"],
        "from": {"address": sender, "name": one["fromName"], "kind": kinds.get(sender, "OTHER")},
        "attachments": [
            {"id": file["rowId"]} | {key: value for key, value in file.items() if key != "rowId"}
            for file in one["attachmentsByMessageId"]["nodes"]
        ],
        "delivery": one["submissionByMessageId"],
    }
    for name in ("to", "cc", "bcc"):
        if f"{name}Recipients" in one:
            made[name] = _participants(one, kinds, f"{name}Recipients")
    if "mailboxByMailboxId" in one:
        mailbox = one["mailboxByMailboxId"]
        made["mailbox"] = {
            "id": mailbox["rowId"],
            "address": mailbox["address"],
            "owner": _renamed(mailbox["userByUserId"]),
        }
    same = {"direction", "origin", "internetMessageId", "subject", "snippet", "text", "html", "quotedFrom"}
    same |= {"sentAt", "syncedAt", "warnings"}
    return made | {key: value for key, value in one.items() if key in same}


def _renamed(one: Json | None) -> Json | None:
    return one and {"id": one["rowId"]} | {key: value for key, value in one.items() if key != "rowId"}


def _thread_of_postgraphile(one: Json) -> Json:
    kinds = {person["address"]: person["kind"] for person in one["participants"]}
    same = {"subject", "messageCount", "unreadCount", "lastMessageAt", "state", "participants"}
    made: Json = {key: value for key, value in one.items() if key in same}
    made |= {"id": one["rowId"], "private": one["isPrivate"]}
    made["contact"] = _renamed(one["contactByContactId"])
    made["assignee"] = _renamed(one["userByAssigneeId"])
    made["syncing"] = []
    for mailbox in one["syncing"]["nodes"]:
        owner = mailbox.pop("userByUserId", None)
        renamed = _renamed(mailbox) or {}
        made["syncing"].append(renamed | ({"owner": _renamed(owner)} if owner else {}))
    if "lastMessage" in one:
        made["lastMessage"] = _message_of_postgraphile(one["lastMessage"], kinds)
    if "messagesByThreadId" in one:
        messages = one["messagesByThreadId"]
        edges = [{"node": _message_of_postgraphile(edge["node"], kinds)} for edge in messages["edges"]]
        made["messages"] = {"edges": edges, "pageInfo": messages["pageInfo"]}
    return made


def of_postgraphile(data: Json) -> Json:
    """Return an answer of PostGraphile's in the words of ours."""
    if "allThreads" in data:
        page = data["allThreads"]
        edges = [{"node": _thread_of_postgraphile(edge["node"])} for edge in page["edges"]]
        return {"threads": {"edges": edges, "pageInfo": page["pageInfo"]}}
    return {"thread": _thread_of_postgraphile(data["threadByRowId"])}
