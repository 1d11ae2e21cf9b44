"""Strawberry, SQLModel and DataLoaders as their documentation shows them, for benchmarks.pages.

Run as `python -m benchmarks.pages_strawberry_servers PORT DATABASE_URL VIEWER WORKSPACE`. It uses our tables
and nothing else of ours, checks no token, and runs as the owner.
"""

import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
import uvicorn
from sqlalchemy import tuple_
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from strawberry.asgi import GraphQL
from strawberry.types import Info as StrawberryInfo

from benchmarks.pages_strawberry_loaders import Context, open_database
from database.tables import MailboxRow, MessageRow, ThreadRow

WORKSPACE = UUID(int=0)
sessions: async_sessionmaker[AsyncSession]
"""Both are set from the command line."""
Info = StrawberryInfo[Context, None]


@strawberry.type
class Participant:
    address: str
    name: str | None
    kind: str


def people(recipients: list[dict[str, Any]], kinds: dict[str, str]) -> list[Participant]:
    return [
        Participant(address=each["address"], name=each["name"], kind=kinds.get(each["address"], "OTHER"))
        for each in recipients
    ]


@strawberry.type
class User:
    id: strawberry.ID
    name: str


@strawberry.type
class Contact:
    id: strawberry.ID
    name: str | None
    company: str | None
    created_at: datetime

    @strawberry.field
    async def emails(self, info: Info) -> list[str]:
        return [row.address for row in await info.context.addresses.load(UUID(self.id))]


@strawberry.type
class Mailbox:
    id: strawberry.ID
    address: str | None
    status: str
    status_reason: str | None
    provider: str
    user_id: strawberry.Private[UUID]

    @strawberry.field
    async def owner(self, info: Info) -> User:
        row = await info.context.users.load(self.user_id)
        return User(id=strawberry.ID(str(row.id)), name=row.name)


def mailbox_of(row: MailboxRow) -> Mailbox:
    return Mailbox(
        id=strawberry.ID(str(row.id)),
        address=row.address,
        status=row.status,
        status_reason=row.status_reason,
        provider=row.provider,
        user_id=row.user_id,
    )


@strawberry.type
class Attachment:
    id: strawberry.ID
    name: str
    content_type: str
    size_bytes: float
    inline: bool
    content_id: str | None
    state: str

    @strawberry.field
    def url(self) -> str:
        return f"/attachments/{self.id}"


@strawberry.type
class Delivery:
    state: str
    via: str
    attempts: int
    error: str | None
    send_at: datetime | None
    undo_until: datetime | None
    sent_at: datetime | None


@strawberry.type
class Message:
    id: strawberry.ID
    direction: str
    origin: str
    internet_message_id: str | None
    subject: str
    snippet: str | None
    text: str | None
    html: str | None
    quoted_from: int | None
    sent_at: datetime
    synced_at: datetime
    warnings: list[str]
    from_: Participant = strawberry.field(name="from")
    to: list[Participant]
    cc: list[Participant]
    bcc: list[Participant]
    mailbox_id: strawberry.Private[UUID | None]

    @strawberry.field
    async def read(self, info: Info) -> bool:
        return await info.context.read.load(UUID(self.id))

    @strawberry.field
    async def mailbox(self, info: Info) -> Mailbox | None:
        return mailbox_of(await info.context.mailboxes.load(self.mailbox_id)) if self.mailbox_id else None

    @strawberry.field
    async def attachments(self, info: Info) -> list[Attachment]:
        return [
            Attachment(
                id=strawberry.ID(str(row.id)),
                name=row.name,
                content_type=row.content_type,
                size_bytes=row.size_bytes,
                inline=row.inline,
                content_id=row.content_id,
                state=row.state,
            )
            for row in await info.context.attachments.load(UUID(self.id))
        ]

    @strawberry.field
    async def delivery(self, info: Info) -> Delivery | None:
        row = await info.context.deliveries.load(UUID(self.id))
        if row is None:
            return None
        return Delivery(
            state=row.state,
            via=row.via,
            attempts=row.attempts,
            error=row.error,
            send_at=row.send_at,
            undo_until=row.undo_until,
            sent_at=row.sent_at,
        )


def message_of(row: MessageRow, kinds: dict[str, str]) -> Message:
    sender = Participant(
        address=row.from_address, name=row.from_name, kind=kinds.get(row.from_address, "OTHER")
    )
    return Message(
        id=strawberry.ID(str(row.id)),
        direction=row.direction,
        origin=row.origin,
        internet_message_id=row.internet_message_id,
        subject=row.subject,
        snippet=row.snippet,
        text=row.text,
        html=row.html,
        quoted_from=row.quoted_from,
        sent_at=row.sent_at,
        synced_at=row.synced_at,
        warnings=row.warnings,
        from_=sender,
        to=people(row.to_recipients, kinds),
        cc=people(row.cc_recipients, kinds),
        bcc=people(row.bcc_recipients, kinds),
        mailbox_id=row.mailbox_id,
    )


@strawberry.type
class PageInfo:
    has_next_page: bool = False
    has_previous_page: bool = False
    start_cursor: str | None = None
    end_cursor: str | None = None


@strawberry.type
class MessageEdge:
    cursor: str
    node: Message


@strawberry.type
class MessageConnection:
    edges: list[MessageEdge]
    page_info: PageInfo


def write_cursor(at: datetime, key: UUID) -> str:
    return urlsafe_b64encode(f"{at.isoformat()} {key}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    at, _, key = urlsafe_b64decode(cursor).decode().partition(" ")
    return datetime.fromisoformat(at), UUID(key)


@strawberry.type
class Thread:
    row: strawberry.Private[ThreadRow]
    id: strawberry.ID
    subject: str
    message_count: int
    last_message_at: datetime
    state: str
    private: bool
    participants: list[Participant]

    @property
    def kinds(self) -> dict[str, str]:
        return {each["address"]: each["kind"] for each in self.row.participants}

    @strawberry.field
    async def unread_count(self, info: Info) -> int:
        return await info.context.unread.load(self.row.id)

    @strawberry.field
    async def contact(self, info: Info) -> Contact:
        row = await info.context.contacts.load(self.row.contact_id)
        return Contact(
            id=strawberry.ID(str(row.id)), name=row.name, company=row.company, created_at=row.created_at
        )

    @strawberry.field
    async def last_message(self, info: Info) -> Message | None:
        if self.row.last_message_id is None:
            return None
        return message_of(await info.context.messages.load(self.row.last_message_id), self.kinds)

    @strawberry.field
    async def assignee(self, info: Info) -> User | None:
        if self.row.assignee_id is None:
            return None
        row = await info.context.users.load(self.row.assignee_id)
        return User(id=strawberry.ID(str(row.id)), name=row.name)

    @strawberry.field
    async def syncing(self, info: Info) -> list[Mailbox]:
        return [mailbox_of(row) for row in await info.context.syncing.load(self.row.id)]

    @strawberry.field
    async def messages(self, last: int = 25, before: str | None = None) -> MessageConnection:
        asked = select(MessageRow).where(MessageRow.thread_id == self.row.id)
        if before is not None:
            asked = asked.where(tuple_(MessageRow.sent_at, MessageRow.id) < read_cursor(before))
        newest = (col(MessageRow.sent_at).desc(), col(MessageRow.id).desc())
        async with sessions() as session:
            rows = (await session.exec(asked.order_by(*newest).limit(last + 1))).all()
        edges = [
            MessageEdge(cursor=write_cursor(row.sent_at, row.id), node=message_of(row, self.kinds))
            for row in reversed(rows[:last])
        ]
        start = edges[0].cursor if edges else None
        return MessageConnection(
            edges=edges, page_info=PageInfo(has_previous_page=len(rows) > last, start_cursor=start)
        )


def thread_of(row: ThreadRow) -> Thread:
    kinds = {each["address"]: each["kind"] for each in row.participants}
    return Thread(
        row=row,
        id=strawberry.ID(str(row.id)),
        subject=row.subject,
        message_count=row.message_count,
        last_message_at=row.last_message_at,
        state=row.state,
        private=row.private_to is not None,
        participants=people(row.participants, kinds),
    )


@strawberry.type
class ThreadEdge:
    cursor: str
    node: Thread


@strawberry.type
class ThreadConnection:
    edges: list[ThreadEdge]
    page_info: PageInfo


@strawberry.input
class ThreadFilter:
    state: str | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def threads(
        self, first: int = 25, after: str | None = None, filter: ThreadFilter | None = None
    ) -> ThreadConnection:
        asked = select(ThreadRow).where(ThreadRow.workspace_id == WORKSPACE)
        if after is not None:
            asked = asked.where(tuple_(ThreadRow.last_message_at, ThreadRow.id) < read_cursor(after))
        newest = (col(ThreadRow.last_message_at).desc(), col(ThreadRow.id).desc())
        async with sessions() as session:
            rows = (await session.exec(asked.order_by(*newest).limit(first + 1))).all()
        edges = [
            ThreadEdge(cursor=write_cursor(row.last_message_at, row.id), node=thread_of(row))
            for row in rows[:first]
        ]
        end = edges[-1].cursor if edges else None
        return ThreadConnection(
            edges=edges, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=end)
        )

    @strawberry.field
    async def thread(self, id: strawberry.ID) -> Thread | None:
        async with sessions() as session:
            row = await session.get(ThreadRow, UUID(id))
        return None if row is None else thread_of(row)


class App(GraphQL[Context, None]):
    async def get_context(self, request: Any, response: Any) -> Context:
        return Context()


def main(port: int, url: str, viewer: str, workspace: str) -> None:
    global WORKSPACE, sessions
    WORKSPACE, sessions = UUID(workspace), open_database(url, UUID(viewer))
    app = App(strawberry.Schema(Query))
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:5])
