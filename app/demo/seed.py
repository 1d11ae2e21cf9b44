"""The workspace that a demo begins with: two users, a dozen contacts, a few conversations from before.

Belongs here: the rows of that story, made in the workspace's own unit of work. The people are the simulator's
too, so that they can be written to; what they write in it comes in through the sync alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import update

from app.accounts import make_key, make_user, make_workspace
from app.demo.places import HOST
from database.ids import new_id
from database.pool import Database
from database.tables import (
    ContactAddressRow,
    ContactRow,
    MessageRow,
    ThreadRow,
    UnreadRow,
    WorkspaceRow,
    WorkspaceSenderRow,
)
from database.vault import Vault
from database.work import Work
from rules.happenings import MessageSynced
from rules.words import (
    ContactId,
    Direction,
    MessageId,
    Origin,
    ParticipantKind,
    Role,
    Scope,
    ThreadId,
    TlsMode,
    WorkspaceId,
)

NAME: Final = "Example & Co."
SENDER_ADDRESS: Final = "hello@example-co.test"
USERS: Final = (
    ("Ann Berg", "ann@example-co.test", Role.ADMIN),
    ("Ben Holm", "ben@example-co.test", Role.MEMBER),
)
CONTACTS: Final = (
    ("Dana Okafor", "Okafor Roofing", "dana@okafor-roofing.test"),
    ("Luis Márquez", "Márquez Dental", "luis@marquez-dental.test"),
    ("Priya Raman", "Lakeview Yoga", "priya@lakeview-yoga.test"),
    ("Tom Whitaker", "Harbor Movers", "tom@harbor-movers.test"),
    ("Mei Lin", "Jade Garden Catering", "mei@jadegarden-catering.test"),
    ("Oskar Dahl", "Nordlys Solar", "oskar@nordlys-solar.test"),
    ("Fatima El Badry", "El Badry Law", "fatima@elbadry-law.test"),
    ("George Papadakis", "Papadakis Auto", "george@papadakis-auto.test"),
    ("Hannah Schäfer", "Bright Paws Vet", "hannah@brightpaws-vet.test"),
    ("Kwame Mensah", "Mensah Fitness", "kwame@mensah-fitness.test"),
    ("Sofia Rossi", "Rossi Interiors", "sofia@rossi-interiors.test"),
    ("Yuki Tanaka", "Tanaka Ceramics", "yuki@tanaka-ceramics.test"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the story: who writes (a user's or a contact's first name), how long ago, what."""

    by: str
    hours_ago: float
    text: str


STORIES: Final[tuple[tuple[str, str, str, tuple[Line, ...]], ...]] = (
    (
        "Dana",
        "Ann",
        "Estimate for the workshop roof",
        (
            Line(
                "Ann",
                190,
                "Hi Dana,\n\nhere is the estimate we talked about: 86 m2, slate grey, done in three days.",
            ),
            Line(
                "Dana",
                171,
                "Hi Ann,\n\nlooks good. Could you split labour and material for my insurance?\n\nDana",
            ),
            Line(
                "Ann", 168, "Of course: 4 300 for material, 2 150 for labour. A new PDF is on its way.\n\nAnn"
            ),
        ),
    ),
    (
        "Luis",
        "Ben",
        "Waiting room chairs",
        (
            Line(
                "Luis",
                96,
                "Good morning,\n\ndo the oak chairs come with arm rests? We need fourteen.\n\nLuis Márquez",
            ),
            Line("Ben", 93, "Good morning Luis,\n\nthey do, at no extra cost. Fourteen are in stock.\n\nBen"),
        ),
    ),
    (
        "Priya",
        "Ann",
        "Invoice 2041",
        (
            Line(
                "Priya",
                50,
                "Hello,\n\nthe invoice has our old address on it. Could you correct it?\n\nThank you, Priya",
            ),
        ),
    ),
    (
        "Oskar",
        "Ben",
        "Site visit in spring",
        (
            Line(
                "Ben",
                400,
                "Hi Oskar,\n\nwhen does the snow usually go where you are? I would plan the visit then.",
            ),
            Line("Oskar", 380, "Hi Ben,\n\nend of April. Bring boots all the same.\n\nOskar"),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Writer:
    """A user or a contact of the story."""

    id: UUID
    name: str
    address: str
    is_user: bool


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the demo shows: the workspace, and a token of its first user."""

    workspace_id: WorkspaceId
    token: str


async def seed(db: Database, vault: Vault, now: datetime, outside_smtp: int) -> Seeded:
    """Make the workspace and everything in it; its sender reaches the simulated world at that port."""
    workspace_id = await make_workspace(db, vault, NAME, now)
    users = [await make_user(db, workspace_id, name, email, role, now) for name, email, role in USERS]
    people = {row.name.split()[0]: Writer(row.id, row.name, row.email, True) for row in users}
    async with db.work(workspace_id) as work:
        await work.execute(update(WorkspaceRow).values(labs_outlook=True))
        _add_sender(work, outside_smtp)
        for place, (name, company, address) in enumerate(CONTACTS):
            contact = _add_contact(work, name, company, address, now - timedelta(days=60 - place))
            people[name.split()[0]] = Writer(contact, name, address, False)
        await work.flush()
        for contact_name, user_name, subject, lines in STORIES:
            _add_thread(work, people, people[contact_name], people[user_name], subject, lines)
    scopes = frozenset({Scope.READ, Scope.SEND, Scope.ADMIN})
    token = await make_key(db, workspace_id, "demo", scopes, users[0].id, now)
    return Seeded(workspace_id, token)


def _add_sender(work: Work, port: int) -> None:
    work.add(
        WorkspaceSenderRow(
            id=new_id(),
            workspace_id=work.workspace_id,
            host=HOST,
            port=port,
            tls=TlsMode.NONE,
            from_address=SENDER_ADDRESS,
            from_name=NAME,
            bounces_here=True,
            changed_at=work.now,
        )
    )


def _add_contact(work: Work, name: str, company: str, address: str, at: datetime) -> UUID:
    row = ContactRow(id=new_id(), workspace_id=work.workspace_id, name=name, company=company, created_at=at)
    work.add(row)
    work.add(
        ContactAddressRow(id=new_id(), workspace_id=work.workspace_id, contact_id=row.id, address=address)
    )
    return row.id


def _add_thread(
    work: Work, people: dict[str, Writer], contact: Writer, user: Writer, subject: str, lines: Sequence[Line]
) -> None:
    thread_id = new_id()
    ids = [new_id() for _ in lines]
    first, last = (work.now - timedelta(hours=line.hours_ago) for line in (lines[0], lines[-1]))
    kinds = {True: ParticipantKind.USER, False: ParticipantKind.CONTACT}
    seen = sorted((user, contact), key=lambda person: person.name != people[lines[0].by].name)
    work.add(
        ThreadRow(
            id=thread_id,
            workspace_id=work.workspace_id,
            contact_id=contact.id,
            subject=subject,
            message_count=len(lines),
            last_message_id=ids[-1],
            last_message_at=last,
            assignee_id=user.id,
            participants=[{"address": p.address, "name": p.name, "kind": kinds[p.is_user]} for p in seen],
            created_at=first,
        )
    )
    for message_id, line in zip(ids, lines, strict=True):
        author = people[line.by]
        reader = contact if author is user else user
        work.add(_message(work, message_id, thread_id, author, reader, user, subject, line))
        work.tell(MessageSynced(MessageId(message_id), ThreadId(thread_id), ContactId(contact.id), None))
    if not people[lines[-1].by].is_user:
        work.add(
            UnreadRow(
                id=new_id(),
                workspace_id=work.workspace_id,
                user_id=user.id,
                thread_id=thread_id,
                message_id=ids[-1],
            )
        )


def _message(
    work: Work,
    message_id: UUID,
    thread_id: UUID,
    author: Writer,
    reader: Writer,
    user: Writer,
    subject: str,
    line: Line,
) -> MessageRow:
    at = work.now - timedelta(hours=line.hours_ago)
    return MessageRow(
        id=message_id,
        workspace_id=work.workspace_id,
        thread_id=thread_id,
        owner_id=user.id,
        direction=Direction.OUTBOUND if author.is_user else Direction.INBOUND,
        origin=Origin.MAILBOX,
        internet_message_id=f"{message_id}@{author.address.rpartition('@')[2]}",
        from_address=author.address,
        from_name=author.name,
        to_recipients=[{"address": reader.address, "name": reader.name}],
        subject=subject,
        snippet=" ".join(line.text.split())[:200],
        text=line.text,
        sent_at=at,
        received_at=at,
        synced_at=at,
    )
