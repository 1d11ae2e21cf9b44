"""A schema and its rows, in memory: an inbox page of 25 conversations and a conversation of 20 messages."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

import strawberry

INBOX: Final = """
query Inbox($first: Int!, $after: String) {
  threads(first: $first, after: $after) {
    edges {
      cursor
      node {
        id subject messageCount unreadCount lastMessageAt state
        contact { id name emails company }
        assignee { id name }
        participants { address name kind }
        lastMessage { id snippet direction sentAt from { address name } attachments { id name sizeBytes } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
THREAD: Final = """
query OneThread($id: ID!) {
  thread(id: $id) {
    id subject
    contact { id name emails }
    messages(first: 20) {
      edges {
        cursor
        node {
          id direction origin internetMessageId subject snippet html sentAt syncedAt read warnings
          from { address name kind } to { address name kind } cc { address name kind }
          attachments { id name contentType sizeBytes inline state url }
        }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
NOW: Final = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@strawberry.enum
class Kind(Enum):
    USER = "user"
    CONTACT = "contact"


@strawberry.enum
class State(Enum):
    OPEN = "open"
    DONE = "done"


@strawberry.type
class Contact:
    id: strawberry.ID
    name: str | None
    emails: list[str]
    company: str | None


@strawberry.type
class User:
    id: strawberry.ID
    name: str


@strawberry.type
class Participant:
    address: str
    name: str | None
    kind: Kind


@strawberry.type
class Attachment:
    id: strawberry.ID
    name: str
    content_type: str
    size_bytes: int
    inline: bool
    state: State
    url: str | None


@strawberry.type
class Message:
    id: strawberry.ID
    direction: Kind
    origin: Kind
    internet_message_id: str | None
    subject: str | None
    snippet: str | None
    html: str | None
    sent_at: datetime
    synced_at: datetime
    read: bool
    warnings: list[str]
    from_: Participant = strawberry.field(name="from")
    to: list[Participant]
    cc: list[Participant]
    attachments: list[Attachment]


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class MessageEdge:
    cursor: str
    node: Message


@strawberry.type
class MessagePage:
    edges: list[MessageEdge]
    page_info: PageInfo


def _messages(root: "Thread", first: int = 25) -> MessagePage:
    return root.page


@strawberry.type
class Thread:
    id: strawberry.ID
    subject: str
    message_count: int
    unread_count: int
    last_message_at: datetime
    state: State
    contact: Contact
    assignee: User | None
    participants: list[Participant]
    last_message: Message | None
    page: strawberry.Private[MessagePage]
    messages: MessagePage = strawberry.field(resolver=_messages)


@strawberry.type
class ThreadEdge:
    cursor: str
    node: Thread


@strawberry.type
class ThreadPage:
    edges: list[ThreadEdge]
    page_info: PageInfo


def _participant(number: int) -> Participant:
    return Participant(address=f"person{number}@customer.example", name=f"Person {number}", kind=Kind.CONTACT)


def _message(number: int, html_bytes: int) -> Message:
    files = [
        Attachment(
            id=strawberry.ID(f"a{number}-{n}"),
            name=f"offer {n}.pdf",
            content_type="application/pdf",
            size_bytes=40_000 + n,
            inline=False,
            state=State.DONE,
            url=f"/attachments/{number}/{n}",
        )
        for n in range(number % 3)
    ]
    return Message(
        id=strawberry.ID(f"0192f0aa-0000-7000-8000-{number:012d}"),
        direction=Kind.USER,
        origin=Kind.CONTACT,
        internet_message_id=f"<{number}@mail.example>",
        subject=f"Re: Offer {number}",
        snippet="Thank you for the offer, we will look at it until Friday and come back to you.",
        html="<p>Thank you</p>" * (html_bytes // 16),
        sent_at=NOW - timedelta(minutes=number),
        synced_at=NOW,
        read=number % 2 == 0,
        warnings=[],
        from_=_participant(number),
        to=[_participant(number + 1), _participant(number + 2)],
        cc=[_participant(number + 3)],
        attachments=files,
    )


def _thread(number: int, messages: int) -> Thread:
    page = MessagePage(
        edges=[MessageEdge(cursor=f"m{n}", node=_message(n, 3_700)) for n in range(messages)],
        page_info=PageInfo(has_next_page=False, end_cursor=f"m{messages}"),
    )
    return Thread(
        id=strawberry.ID(f"0192f0aa-1111-7000-8000-{number:012d}"),
        subject=f"Offer {number}",
        message_count=12,
        unread_count=number % 4,
        last_message_at=NOW - timedelta(minutes=number),
        state=State.OPEN,
        contact=Contact(
            id=strawberry.ID(f"c{number}"),
            name=f"Person {number}",
            emails=[f"person{number}@customer.example"],
            company="Customer",
        ),
        assignee=User(id=strawberry.ID("u1"), name="Alice") if number % 2 else None,
        participants=[_participant(number), _participant(number + 1)],
        last_message=_message(number, 0),
        page=page,
    )


ROWS: Final = [_thread(number, 0) for number in range(25)]
ONE: Final = _thread(1, 20)


async def inbox_page(first: int = 25, after: str | None = None) -> ThreadPage:
    """Return rows that are already there."""
    return ThreadPage(
        edges=[ThreadEdge(cursor=f"t{number}", node=row) for number, row in enumerate(ROWS[:first])],
        page_info=PageInfo(has_next_page=True, end_cursor="t24"),
    )


async def one_thread(id: strawberry.ID) -> Thread | None:
    """Return a conversation that is already there."""
    return ONE


@strawberry.type
class Query:
    threads: ThreadPage = strawberry.field(resolver=inbox_page)
    thread: Thread | None = strawberry.field(resolver=one_thread)


SCHEMA: Final = strawberry.Schema(Query)
