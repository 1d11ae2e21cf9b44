"""The DataLoaders of benchmarks.pages_strawberry_servers: one for each kind of row, new for each request."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from strawberry.dataloader import DataLoader

from database.tables import (
    AttachmentRow,
    ContactAddressRow,
    ContactRow,
    MailboxRow,
    MessageRow,
    SubmissionRow,
    ThreadLinkRow,
    UnreadRow,
    UserRow,
)

Row = TypeVar("Row", bound=SQLModel)
sessions: async_sessionmaker[AsyncSession]
VIEWER = UUID(int=0)
"""Both are set by `open_database`."""


def open_database(url: str, viewer: UUID) -> async_sessionmaker[AsyncSession]:
    """Open the pool of connections, and remember whose read state is asked for."""
    global VIEWER, sessions
    VIEWER = viewer
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://"),
        pool_size=8,
        max_overflow=0,
        connect_args={"server_settings": {"jit": "off"}},
    )
    sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
    return sessions


async def by_key(table: type[Row], column: Any, keys: Sequence[UUID]) -> list[Row | None]:
    """Load the one row of each key."""
    async with sessions() as session:
        found = (await session.exec(select(table).where(col(column).in_(keys)))).all()
    rows = {getattr(row, column.key): row for row in found}
    return [rows.get(key) for key in keys]


async def lists(table: type[Row], column: Any, keys: Sequence[UUID], *order: Any) -> list[list[Row]]:
    """Load the rows of each key."""
    async with sessions() as session:
        found = (await session.exec(select(table).where(col(column).in_(keys)).order_by(*order))).all()
    rows: dict[UUID, list[Row]] = defaultdict(list)
    for row in found:
        rows[getattr(row, column.key)].append(row)
    return [rows[key] for key in keys]


async def load_unread_counts(keys: list[UUID]) -> list[int]:
    async with sessions() as session:
        found = await session.exec(
            select(UnreadRow.thread_id, func.count())
            .where(UnreadRow.user_id == VIEWER, col(UnreadRow.thread_id).in_(keys))
            .group_by(col(UnreadRow.thread_id))
        )
        counts = dict(found.all())
    return [counts.get(key, 0) for key in keys]


async def load_read(keys: list[UUID]) -> list[bool]:
    async with sessions() as session:
        found = await session.exec(
            select(UnreadRow.message_id).where(
                UnreadRow.user_id == VIEWER, col(UnreadRow.message_id).in_(keys)
            )
        )
        unread = set(found.all())
    return [key not in unread for key in keys]


async def load_syncing(keys: list[UUID]) -> list[list[MailboxRow]]:
    async with sessions() as session:
        found = await session.exec(
            select(ThreadLinkRow.thread_id, MailboxRow)
            .join(MailboxRow, col(MailboxRow.id) == col(ThreadLinkRow.mailbox_id))
            .where(
                col(ThreadLinkRow.thread_id).in_(keys),
                col(ThreadLinkRow.ended_at).is_(None),
                col(MailboxRow.status).in_(["CONNECTED", "REAUTHENTICATE"]),
            )
            .order_by(col(MailboxRow.connected_at), col(MailboxRow.id))
        )
        rows: dict[UUID, list[MailboxRow]] = defaultdict(list)
        for thread_id, mailbox in found:
            rows[thread_id].append(mailbox)
    return [rows[key] for key in keys]


def one(table: type[Row], column: Any) -> Callable[[list[UUID]], Any]:
    return lambda keys: by_key(table, column, keys)


def many(table: type[Row], column: Any, *order: Any) -> Callable[[list[UUID]], Any]:
    return lambda keys: lists(table, column, keys, *order)


class Context:
    """One request's loaders."""

    @cached_property
    def users(self) -> DataLoader[UUID, UserRow]:
        return DataLoader(load_fn=one(UserRow, UserRow.id))

    @cached_property
    def contacts(self) -> DataLoader[UUID, ContactRow]:
        return DataLoader(load_fn=one(ContactRow, ContactRow.id))

    @cached_property
    def addresses(self) -> DataLoader[UUID, list[ContactAddressRow]]:
        order = (ContactAddressRow.position, ContactAddressRow.id)
        return DataLoader(load_fn=many(ContactAddressRow, ContactAddressRow.contact_id, *order))

    @cached_property
    def messages(self) -> DataLoader[UUID, MessageRow]:
        return DataLoader(load_fn=one(MessageRow, MessageRow.id))

    @cached_property
    def mailboxes(self) -> DataLoader[UUID, MailboxRow]:
        return DataLoader(load_fn=one(MailboxRow, MailboxRow.id))

    @cached_property
    def deliveries(self) -> DataLoader[UUID, SubmissionRow | None]:
        return DataLoader(load_fn=one(SubmissionRow, SubmissionRow.message_id))

    @cached_property
    def attachments(self) -> DataLoader[UUID, list[AttachmentRow]]:
        order = (AttachmentRow.position, AttachmentRow.id)
        return DataLoader(load_fn=many(AttachmentRow, AttachmentRow.message_id, *order))

    @cached_property
    def syncing(self) -> DataLoader[UUID, list[MailboxRow]]:
        return DataLoader(load_fn=load_syncing)

    @cached_property
    def unread(self) -> DataLoader[UUID, int]:
        return DataLoader(load_fn=load_unread_counts)

    @cached_property
    def read(self) -> DataLoader[UUID, bool]:
        return DataLoader(load_fn=load_read)
