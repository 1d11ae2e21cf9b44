"""The floor of benchmarks.pages: no GraphQL, one statement by hand, rows to dicts to JSON on bare ASGI.

Run as `python -m benchmarks.pages_floor_servers PORT DATABASE_URL VIEWER WORKSPACE`. It looks at nothing but
the variables, checks no token, and runs as the owner: what is left is the network, PostgreSQL and JSON.
"""

import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from starlette.types import Receive, Scope, Send

_EMAILS = (
    "(select array_agg(a.address order by a.position, a.id) from contact_addresses a "
    "where a.contact_id = c.id)"
)
_SYNCING = (
    "(select array_agg(row({}) order by b.connected_at, b.id) from thread_links l join mailboxes b on "
    "b.id = l.mailbox_id left join users o on o.id = b.user_id where l.thread_id = t.id "
    "and l.ended_at is null and b.status in ('CONNECTED', 'REAUTHENTICATE'))"
)
_READ = "not exists (select from unread u where u.user_id = $1 and u.message_id = m.id)"
_INBOX = (
    "select t.id, t.subject, t.message_count, (select count(*)::int from unread u where u.user_id = $1 and "
    "u.thread_id = t.id), t.last_message_at, t.state, t.private_to is not null, t.participants::text, c.id, "
    f"c.name, {_EMAILS}, c.company, m.id, m.direction, m.snippet, m.sent_at, {_READ}, m.from_address, "
    "m.from_name, (select array_agg(row(f.id, f.name, f.size_bytes, f.state) "
    "order by f.position, f.id) from attachments f where f.message_id = m.id), "
    "s.state, s.error, s.undo_until, a.id, a.name, "
    + _SYNCING.format("b.id, b.address, b.status, b.provider, o.id, o.name")
    + " from (select * from threads where workspace_id = $2 {} order by last_message_at desc, id desc "
    "limit 26) t left join contacts c on c.id = t.contact_id left join messages m "
    "on m.id = t.last_message_id left join submissions s on s.message_id = m.id "
    "left join users a on a.id = t.assignee_id order by t.last_message_at desc, t.id desc"
)
_FIRST, _LATER = _INBOX.format(""), _INBOX.format("and (last_message_at, id) < ($3, $4)")
_THREAD = (
    "select t.id, t.subject, t.state, t.private_to is not null, t.message_count, c.id, c.name, "
    f"{_EMAILS}, c.company, c.created_at, t.participants::text, a.id, a.name, "
    + _SYNCING.format("b.id, b.address, b.status, b.status_reason")
    + " from threads t left join contacts c on c.id = t.contact_id left join users a on a.id = t.assignee_id "
    "where t.id = $1"
)
_MESSAGES = (
    "select m.id, m.direction, m.origin, m.internet_message_id, m.subject, m.text, m.html, m.quoted_from, "
    f"m.sent_at, m.synced_at, {_READ}, m.warnings, m.from_address, m.from_name, m.to_recipients::text, "
    "m.cc_recipients::text, m.bcc_recipients::text, b.id, b.address, o.id, o.name, (select array_agg(row("
    "f.id, f.name, f.content_type, f.size_bytes, f.inline, f.content_id, f.state) "
    "order by f.position, f.id) from attachments f where f.message_id = m.id), "
    "s.state, s.via, s.attempts, s.error, s.send_at, "
    "s.undo_until, s.sent_at from (select * from messages where thread_id = $2 "
    "order by sent_at desc, id desc limit {}) m left join mailboxes b on b.id = m.mailbox_id "
    "left join users o on o.id = b.user_id left join submissions s on s.message_id = m.id "
    "order by m.sent_at desc, m.id desc"
)
Json = dict[str, Any]


def _cursor(at: datetime, key: UUID) -> str:
    return urlsafe_b64encode(f"{at.isoformat()} {key}".encode()).decode()


def _position(cursor: str) -> tuple[datetime, UUID]:
    at, _, key = urlsafe_b64decode(cursor).decode().partition(" ")
    return datetime.fromisoformat(at), UUID(key)


def _people(text: str, kinds: dict[str, str]) -> list[Json]:
    return [
        {"address": one["address"], "name": one["name"], "kind": kinds.get(one["address"], "OTHER")}
        for one in orjson.loads(text)
    ]


def _inbox_edge(row: Any) -> Json:
    participants = orjson.loads(row[7])
    kinds = {one["address"]: one["kind"] for one in participants}
    names = ("id", "name", "sizeBytes", "state")
    last = {
        "id": row[12],
        "direction": row[13],
        "snippet": row[14],
        "sentAt": row[15],
        "read": row[16],
        "from": {"address": row[17], "name": row[18], "kind": kinds.get(row[17], "OTHER")},
        "attachments": [dict(zip(names, one, strict=True)) for one in row[19] or ()],
        "delivery": row[20] and {"state": row[20], "error": row[21], "undoUntil": row[22]},
    }
    node = {
        "id": row[0],
        "subject": row[1],
        "messageCount": row[2],
        "unreadCount": row[3],
        "lastMessageAt": row[4],
        "state": row[5],
        "private": row[6],
        "contact": {"id": row[8], "name": row[9], "emails": row[10], "company": row[11]},
        "participants": participants,
        "lastMessage": last,
        "assignee": row[23] and {"id": row[23], "name": row[24]},
        "syncing": [
            {
                "id": one[0],
                "address": one[1],
                "status": one[2],
                "provider": one[3],
                "owner": {"id": one[4], "name": one[5]},
            }
            for one in row[25] or ()
        ],
    }
    return {"cursor": _cursor(row[4], row[0]), "node": node}


def _message_edge(row: Any, kinds: dict[str, str]) -> Json:
    names = ("id", "name", "contentType", "sizeBytes", "inline", "contentId", "state")
    files = [dict(zip(names, one, strict=True)) | {"url": f"/attachments/{one[0]}"} for one in row[21] or ()]
    delivery = ("state", "via", "attempts", "error", "sendAt", "undoUntil", "sentAt")
    node = {
        "id": row[0],
        "direction": row[1],
        "origin": row[2],
        "internetMessageId": row[3],
        "subject": row[4],
        "text": row[5],
        "html": row[6],
        "quotedFrom": row[7],
        "sentAt": row[8],
        "syncedAt": row[9],
        "read": row[10],
        "warnings": row[11],
        "from": {"address": row[12], "name": row[13], "kind": kinds.get(row[12], "OTHER")},
        "to": _people(row[14], kinds),
        "cc": _people(row[15], kinds),
        "bcc": _people(row[16], kinds),
        "mailbox": {"id": row[17], "address": row[18], "owner": {"id": row[19], "name": row[20]}},
        "attachments": files,
        "delivery": row[22] and dict(zip(delivery, row[22:], strict=True)),
    }
    return {"cursor": _cursor(row[8], row[0]), "node": node}


class Floor:
    """The bare application."""

    def __init__(self, url: str, viewer: str, workspace: str) -> None:
        self._url = url
        self._viewer = UUID(viewer)
        self._workspace = UUID(workspace)
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if self._pool is None:
            self._pool = await asyncpg.create_pool(
                self._url, min_size=8, max_size=8, server_settings={"jit": "off"}
            )
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        variables = orjson.loads(body)["variables"]
        data = await (self._thread(variables) if "id" in variables else self._inbox(variables))
        answer = orjson.dumps({"data": data}, default=str)  # asyncpg has a UUID of its own
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _inbox(self, variables: Json) -> Json:
        assert self._pool is not None
        after = variables.get("after")
        if after:
            rows = await self._pool.fetch(_LATER, self._viewer, self._workspace, *_position(after))
        else:
            rows = await self._pool.fetch(_FIRST, self._viewer, self._workspace)
        edges = [_inbox_edge(row) for row in rows[:25]]
        end = edges[-1]["cursor"] if edges else None
        return {"threads": {"edges": edges, "pageInfo": {"hasNextPage": len(rows) > 25, "endCursor": end}}}

    async def _thread(self, variables: Json) -> Json:
        assert self._pool is not None
        key, last = UUID(variables["id"]), int(variables["last"])
        row = await self._pool.fetchrow(_THREAD, key)
        if row is None:
            return {"thread": None}
        rows = await self._pool.fetch(_MESSAGES.format(last + 1), self._viewer, key)
        participants = orjson.loads(row[10])
        kinds = {one["address"]: one["kind"] for one in participants}
        edges = [_message_edge(one, kinds) for one in reversed(rows[:last])]
        names = ("id", "address", "status", "statusReason")
        contact = {"id": row[5], "name": row[6], "emails": row[7], "company": row[8], "createdAt": row[9]}
        thread = {
            "id": row[0],
            "subject": row[1],
            "state": row[2],
            "private": row[3],
            "messageCount": row[4],
            "contact": contact,
            "participants": participants,
            "syncing": [dict(zip(names, one, strict=True)) for one in row[13] or ()],
            "assignee": row[11] and {"id": row[11], "name": row[12]},
            "messages": {
                "edges": edges,
                "pageInfo": {"hasPreviousPage": len(rows) > last, "startCursor": edges[0]["cursor"]},
            },
        }
        return {"thread": thread}


def main(port: int, url: str, viewer: str, workspace: str) -> None:
    floor = Floor(url, viewer, workspace)
    uvicorn.run(
        floor, port=port, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="error"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:5])
