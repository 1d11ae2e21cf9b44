"""The answers written by hand: the least that turning rows into these bytes can cost in Python."""

from typing import Any

import orjson
import strawberry

from benchmarks.query_rows import Message, PageInfo, Participant, Thread, inbox_page, one_thread


def _person(one: Participant) -> dict[str, Any]:
    return {"address": one.address, "name": one.name, "kind": one.kind.name}


def _page_info(one: PageInfo) -> dict[str, Any]:
    return {"hasNextPage": one.has_next_page, "endCursor": one.end_cursor}


def _inbox_node(one: Thread) -> dict[str, Any]:
    last = one.last_message
    return {
        "id": one.id,
        "subject": one.subject,
        "messageCount": one.message_count,
        "unreadCount": one.unread_count,
        "lastMessageAt": one.last_message_at.isoformat(),
        "state": one.state.name,
        "contact": {
            "id": one.contact.id,
            "name": one.contact.name,
            "emails": one.contact.emails,
            "company": one.contact.company,
        },
        "assignee": None if one.assignee is None else {"id": one.assignee.id, "name": one.assignee.name},
        "participants": [_person(person) for person in one.participants],
        "lastMessage": None
        if last is None
        else {
            "id": last.id,
            "snippet": last.snippet,
            "direction": last.direction.name,
            "sentAt": last.sent_at.isoformat(),
            "from": {"address": last.from_.address, "name": last.from_.name},
            "attachments": [
                {"id": file.id, "name": file.name, "sizeBytes": file.size_bytes} for file in last.attachments
            ],
        },
    }


def _message_node(one: Message) -> dict[str, Any]:
    return {
        "id": one.id,
        "direction": one.direction.name,
        "origin": one.origin.name,
        "internetMessageId": one.internet_message_id,
        "subject": one.subject,
        "snippet": one.snippet,
        "html": one.html,
        "sentAt": one.sent_at.isoformat(),
        "syncedAt": one.synced_at.isoformat(),
        "read": one.read,
        "warnings": one.warnings,
        "from": _person(one.from_),
        "to": [_person(person) for person in one.to],
        "cc": [_person(person) for person in one.cc],
        "attachments": [
            {
                "id": file.id,
                "name": file.name,
                "contentType": file.content_type,
                "sizeBytes": file.size_bytes,
                "inline": file.inline,
                "state": file.state.name,
                "url": file.url,
            }
            for file in one.attachments
        ],
    }


async def floor_inbox() -> bytes:
    """Answer an inbox page with nothing between the rows and the bytes."""
    page = await inbox_page(first=25)
    edges = [{"cursor": edge.cursor, "node": _inbox_node(edge.node)} for edge in page.edges]
    return orjson.dumps({"data": {"threads": {"edges": edges, "pageInfo": _page_info(page.page_info)}}})


async def floor_thread() -> bytes:
    """Answer a conversation with nothing between the rows and the bytes."""
    one = await one_thread(strawberry.ID("1"))
    assert one is not None
    page = one.page
    thread = {
        "id": one.id,
        "subject": one.subject,
        "contact": {"id": one.contact.id, "name": one.contact.name, "emails": one.contact.emails},
        "messages": {
            "edges": [{"cursor": edge.cursor, "node": _message_node(edge.node)} for edge in page.edges],
            "pageInfo": _page_info(page.page_info),
        },
    }
    return orjson.dumps({"data": {"thread": thread}})
