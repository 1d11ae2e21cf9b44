"""A small, lifelike workspace, and a way to ask the API in it as somebody."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.graphql.documents import Document, Documents
from database.ids import new_id
from database.pool import Database
from database.tables import (
    AttachmentRow,
    ContactAddressRow,
    ContactRow,
    MailboxRow,
    MessageRow,
    ThreadLinkRow,
    ThreadRow,
    UnreadRow,
    UserRow,
)
from database.vault import Vault
from resolvers.context import ApiSettings, Context
from resolvers.viewer import Viewer
from rules.consent import BegunConsent
from rules.words import (
    AuthorizationPurpose,
    Direction,
    MailboxStatus,
    Origin,
    Provider,
    Role,
    Scope,
    SyncScope,
    UserId,
    Visibility,
    WorkspaceId,
)
from schema.root import VIEWER_FIELDS, schema

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
EVERYTHING = frozenset(Scope)
documents = Documents(schema._schema, viewer_fields=VIEWER_FIELDS)


class Consents:
    """A consent door of a provider that lies next door: the address shows what it was given."""

    provider = Provider.GMAIL

    def begin(
        self,
        *,
        state: str,
        purpose: AuthorizationPurpose,
        login_hint: str | None,
        entropy: bytes,
        claims: str | None = None,
    ) -> BegunConsent:
        verifier = hashlib.sha256(entropy).hexdigest()
        asked = f"&claims={claims}" if claims else ""
        return BegunConsent(f"https://consent.example/?state={state}&purpose={purpose}{asked}", verifier)


@dataclass
class World:
    """Ids of what was stored, and who may ask."""

    db: Database
    vault: Vault
    workspace_id: WorkspaceId
    user_id: UserId
    colleague_id: UserId
    mailbox_id: UUID
    contact_id: UUID
    thread_ids: list[UUID] = field(default_factory=list)
    message_ids: list[UUID] = field(default_factory=list)
    now: datetime = NOW
    settings: ApiSettings = field(
        default_factory=lambda: ApiSettings(
            return_urls=frozenset({"https://crm.example/settings"}), message_id_domain="mail.example"
        )
    )

    def viewer(
        self,
        *,
        user_id: UUID | None = None,
        role: Role = Role.ADMIN,
        scopes: frozenset[Scope] = EVERYTHING,
        workspace_id: UUID | None = None,
    ) -> Viewer:
        """Return who asks; the first user, an admin, unless told otherwise."""
        return Viewer(
            workspace_id=WorkspaceId(workspace_id or self.workspace_id),
            user_id=UserId(user_id or self.user_id),
            api_key_id=None,
            scopes=scopes,
            role=role,
        )

    @property
    def colleague(self) -> Viewer:
        """An ordinary member without a mailbox."""
        return self.viewer(user_id=self.colleague_id, role=Role.MEMBER)

    @property
    def program(self) -> Viewer:
        """A workspace's key: no user."""
        return replace(self.viewer(), user_id=None)

    def context(self, viewer: Viewer | None = None) -> Context:
        """Return what app/ would give a resolver."""
        return Context(
            viewer=viewer or self.viewer(),
            db=self.db,
            vault=self.vault,
            sign_attachment=lambda attachment_id, viewer, now: (
                f"/attachments/{attachment_id}?for={viewer.user_id}"
            ),
            sign_remote_image=lambda message_id, address, viewer, now: (
                f"/mail-images/{message_id}?for={viewer.user_id}&address={address}"
            ),
            consents={Provider.GMAIL: Consents()},
            settings=self.settings,
            now=self.now,
            new_id=new_id,
            entropy=lambda size: hashlib.shake_256(new_id().bytes).digest(size),
            request_id="test",
        )

    async def ask(
        self, text: str, variables: dict[str, Any] | None = None, viewer: Viewer | None = None
    ) -> dict[str, Any]:
        """Run a document and return its whole answer, errors included."""
        document = documents.get(text)
        assert isinstance(document, Document), document
        result = await document.select(None).run(self.context(viewer), variables)
        if result.errors:
            for error in result.errors:
                if error.original_error is not None and not error.extensions:
                    raise error.original_error
        return result.formatted

    async def data(
        self, text: str, variables: dict[str, Any] | None = None, viewer: Viewer | None = None
    ) -> dict[str, Any]:
        """Run a document that must not err, and return its data."""
        answer = await self.ask(text, variables, viewer)
        assert "errors" not in answer, answer["errors"]
        data = answer["data"]
        assert isinstance(data, dict)
        return data


async def make_world(db: Database, vault: Vault, workspace_id: WorkspaceId, user_id: UserId) -> World:
    """Store two users, a connected mailbox, a contact with two addresses, and three conversations."""
    colleague_id = UserId(new_id())
    mailbox_id, contact_id = new_id(), new_id()
    world = World(db, vault, workspace_id, user_id, colleague_id, mailbox_id, contact_id)
    async with db.work(workspace_id) as work:
        work.add(
            UserRow(
                id=colleague_id,
                workspace_id=workspace_id,
                name="Ben Ode",
                email="ben@okafor.example",
                role=Role.MEMBER,
                created_at=NOW,
            )
        )
        work.add(mailbox_row(world, mailbox_id, user_id, "ada@mail.example"))
        await work.flush()
        work.add(contact_row(world, contact_id, "Dana Okafor"))
        for position, address in enumerate(("dana@okafor.co", "dana@home.example")):
            work.add(address_row(world, contact_id, address, position))
    for number in range(3):
        await add_thread(world, f"Offer {number}", NOW - timedelta(days=3 - number), messages=2)
    return world


def mailbox_row(world: World, id: UUID, user_id: UUID, address: str) -> MailboxRow:
    """Return a connected Gmail mailbox."""
    return MailboxRow(
        id=id,
        workspace_id=world.workspace_id,
        user_id=user_id,
        provider=Provider.GMAIL,
        address=address,
        remote_account_id=f"https://accounts.example|{id}",
        send_as=[address, f"alias.{address}"],
        status=MailboxStatus.CONNECTED,
        scope=SyncScope.CONTACTS,
        created_at=NOW - timedelta(days=10),
        connected_at=NOW - timedelta(days=10),
    )


def contact_row(world: World, id: UUID, name: str, created_at: datetime = NOW) -> ContactRow:
    """Return a contact."""
    return ContactRow(
        id=id, workspace_id=world.workspace_id, name=name, company="Okafor & Sons", created_at=created_at
    )


def address_row(world: World, contact_id: UUID, address: str, position: int = 0) -> ContactAddressRow:
    """Return an address of a contact."""
    return ContactAddressRow(
        id=new_id(),
        workspace_id=world.workspace_id,
        contact_id=contact_id,
        address=address,
        position=position,
    )


async def add_thread(
    world: World,
    subject: str,
    at: datetime,
    *,
    messages: int = 1,
    private_to: UUID | None = None,
    visibility: Visibility = Visibility.EVERYTHING,
    contact_id: UUID | None = None,
) -> UUID:
    """Store a conversation with inbound messages a minute apart, unread by the first user, linked."""
    thread_id, last_id = new_id(), new_id()
    participants: list[dict[str, Any]] = [
        {"address": "dana@okafor.co", "name": "Dana Okafor", "kind": "CONTACT"},
        {"address": "ada@mail.example", "name": None, "kind": "USER"},
    ]
    ids = [new_id() for _ in range(messages - 1)] + [last_id]
    async with world.db.work(world.workspace_id) as work:
        work.add(
            ThreadRow(
                id=thread_id,
                workspace_id=world.workspace_id,
                contact_id=contact_id or world.contact_id,
                subject=subject,
                message_count=messages,
                last_message_id=last_id,
                last_message_at=at + timedelta(minutes=messages - 1),
                private_to=private_to,
                participants=participants,
                created_at=at,
            )
        )
        await work.flush()
        work.add(
            ThreadLinkRow(
                id=new_id(),
                workspace_id=world.workspace_id,
                thread_id=thread_id,
                mailbox_id=world.mailbox_id,
                remote_thread_id=f"remote-{thread_id}",
                created_at=at,
            )
        )
        for number, message_id in enumerate(ids):
            work.add(
                MessageRow(
                    id=message_id,
                    workspace_id=world.workspace_id,
                    thread_id=thread_id,
                    mailbox_id=world.mailbox_id,
                    owner_id=world.user_id,
                    visibility=visibility,
                    direction=Direction.INBOUND,
                    origin=Origin.MAILBOX,
                    internet_message_id=f"{message_id}@okafor.co",
                    from_address="dana@okafor.co",
                    from_name="Dana Okafor",
                    to_recipients=[{"address": "ada@mail.example", "name": None}],
                    subject=subject,
                    snippet=f"Hello {number}",
                    text=f"Hello {number} about roofs",
                    html=f"<p>Hello {number}</p>",
                    sent_at=at + timedelta(minutes=number),
                    received_at=at + timedelta(minutes=number),
                    synced_at=at + timedelta(minutes=number, seconds=1),
                )
            )
        await work.flush()
        for message_id in ids:
            work.add(
                UnreadRow(
                    id=new_id(),
                    workspace_id=world.workspace_id,
                    user_id=world.user_id,
                    thread_id=thread_id,
                    message_id=message_id,
                )
            )
        work.add(
            AttachmentRow(
                id=new_id(),
                workspace_id=world.workspace_id,
                message_id=last_id,
                name="roof.pdf",
                content_type="application/pdf",
                size_bytes=12345,
                blob_key=f"blob/{last_id}",
                created_at=at,
            )
        )
    world.thread_ids.append(thread_id)
    world.message_ids.extend(ids)
    return thread_id
