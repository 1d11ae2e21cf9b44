"""A worker within the test's reach: it carries commands out when told, against real parts."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from database.authorizations import Returned, record_return, seal_kept, state_hash
from database.blobs import Blobs
from database.ids import new_id
from database.pool import Database
from database.tables import (
    AuthorizationRow,
    ContactAddressRow,
    ContactRow,
    MailboxRow,
    MessageRow,
    SubmissionRow,
    ThreadRow,
    UserRow,
)
from database.vault import Vault
from jobs.context import JobContext, JobSettings
from jobs.running import carry_out
from jobs.sandbox import Sandbox
from jobs.table import TABLE
from providers.doors import Doors
from rules.happenings import Command, SendSubmission
from rules.words import (
    AuthorizationId,
    AuthorizationPurpose,
    CommandId,
    ContactId,
    DeliveryState,
    MailboxId,
    MailboxStatus,
    MessageId,
    Provider,
    SubmissionId,
    SyncScope,
    ThreadId,
    UserId,
    WorkspaceId,
)
from tests.providers import gmail_world, outlook_world
from tests.simulator_process import Simulator

REDIRECT_URIS = {Provider.GMAIL: gmail_world.REDIRECT_URI, Provider.OUTLOOK: outlook_world.REDIRECT_URI}


def clock() -> datetime:
    return datetime.now(UTC)


class Killed(BaseException):
    """Ends a job as kill -9 would: nothing of it runs any more, and its lease stays."""


@dataclass
class Crm:
    """One workspace, its worker, and the outside world."""

    db: Database
    vault: Vault
    workspace_id: WorkspaceId
    user_id: UserId
    simulator: Simulator
    context: JobContext
    ahead: timedelta = timedelta()
    """How far the worker's clock is ahead of the wall's, moved by `later`."""
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def row(self, sql: str, *arguments: object) -> dict[str, Any]:
        found = await self.db.fetchrow(self.workspace_id, sql, *arguments)
        assert found is not None, sql
        return dict(found)

    async def rows(self, sql: str, *arguments: object) -> list[dict[str, Any]]:
        return [dict(one) for one in await self.db.fetch(self.workspace_id, sql, *arguments)]

    async def ask(self, *commands: Command) -> None:
        async with self.db.work(self.workspace_id) as work:
            for command in commands:
                work.ask(command)

    async def work(self) -> int:
        """Carry out what is due until nothing is; how many commands that were."""
        done = 0
        while due := await self.db.across.due_commands(100):
            for command_id, _, _ in due:
                done += await self.carry_out(command_id)
            assert done < 500, "the commands never end"
        return done

    async def carry_out(self, command_id: CommandId) -> int:
        claimed = await self.db.claim(command_id, self.context.settings.lease)
        if claimed is None:
            return 0
        await carry_out(self.context, TABLE, claimed)
        return 1

    async def add_user(self, name: str, email: str) -> UserId:
        user_id = UserId(new_id())
        async with self.db.work(self.workspace_id) as work:
            work.add(
                UserRow(
                    id=user_id, workspace_id=self.workspace_id, name=name, email=email, created_at=clock()
                )
            )
        return user_id

    async def begin(
        self,
        *,
        user_id: UserId | None = None,
        provider: Provider = Provider.GMAIL,
        scope: SyncScope = SyncScope.CONTACTS,
        purpose: AuthorizationPurpose = AuthorizationPurpose.CONNECT,
        mailbox_id: MailboxId | None = None,
        replaces_id: MailboxId | None = None,
    ) -> tuple[MailboxId, str]:
        """Begin a consent as the resolvers do; the mailbox and the provider's address to go to."""
        claims = None
        if mailbox_id is not None:
            claims = (await self.mailbox(mailbox_id))["claims_challenge"]
        state = sha256(new_id().bytes).hexdigest()
        authorization_id = AuthorizationId(new_id())
        begun = self.context_doors.consent(provider).begin(
            state=state,
            purpose=purpose,
            login_hint=None,
            entropy=sha256(state.encode()).digest(),
            claims=claims,
        )
        key = await self.vault.data_key(self.workspace_id)
        made = mailbox_id or MailboxId(new_id())
        owner = user_id or self.user_id
        async with self.db.work(self.workspace_id) as work:
            if mailbox_id is None:
                work.add(
                    MailboxRow(
                        id=made,
                        workspace_id=self.workspace_id,
                        user_id=owner,
                        provider=provider,
                        status=MailboxStatus.AUTHORIZING,
                        scope=scope,
                        created_at=clock(),
                    )
                )
            work.add(
                AuthorizationRow(
                    id=authorization_id,
                    workspace_id=self.workspace_id,
                    user_id=owner,
                    mailbox_id=made,
                    replaces_id=replaces_id,
                    provider=provider,
                    purpose=purpose,
                    state_hash=state_hash(state),
                    kept_sealed=seal_kept(key, authorization_id, begun.kept),
                    created_at=clock(),
                    expires_at=clock() + timedelta(minutes=10),
                )
            )
        return made, begun.url

    @property
    def context_doors(self) -> Doors:
        assert isinstance(self.context.doors, Doors)
        return self.context.doors

    async def come_back(self, redirect_url: str, provider: Provider = Provider.GMAIL) -> None:
        """Let the user's browser follow the provider's redirect, and the exchange be done."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(redirect_url).query).items()}
        outcome = await record_return(
            self.db,
            self.vault,
            state=asked["state"],
            code=asked.get("code"),
            error=asked.get("error"),
            provider=provider,
        )
        assert isinstance(outcome, Returned), outcome
        await self.work()

    async def connect(self, account: str, **begin: Any) -> MailboxId:
        """Connect an account's mailbox, consent and all."""
        scopes = begin.pop("scopes", None)
        provider = begin.get("provider", Provider.GMAIL)
        mailbox_id, url = await self.begin(**begin)
        if provider is Provider.OUTLOOK:
            returned = await self.simulator.microsoft_consent(url, account)
        else:
            returned = await self.simulator.consent(url, account, scopes)
        await self.come_back(returned, provider)
        return mailbox_id

    async def mailbox(self, mailbox_id: MailboxId) -> dict[str, Any]:
        return await self.row("select * from mailboxes where id = $1", mailbox_id)

    async def add_contact(self, name: str, *addresses: str) -> ContactId:
        contact_id = ContactId(new_id())
        async with self.db.work(self.workspace_id) as work:
            work.add(ContactRow(id=contact_id, workspace_id=self.workspace_id, name=name, created_at=clock()))
            for position, address in enumerate(addresses):
                work.add(
                    ContactAddressRow(
                        id=new_id(),
                        workspace_id=self.workspace_id,
                        contact_id=contact_id,
                        address=address,
                        position=position,
                    )
                )
        return contact_id

    async def submit(
        self, mailbox_id: MailboxId, contact_id: ContactId, to: str, subject: str = "Offer", **more: Any
    ) -> SubmissionId:
        """Store a message with its submission and ask for the sending, as `sendEmail` does."""
        sender = await self.mailbox(mailbox_id)
        message_id, submission_id = MessageId(new_id()), SubmissionId(new_id())
        thread_id: UUID = more.pop("thread_id", None) or await self._thread(contact_id, subject)
        due_at = more.pop("due_at", None)
        async with self.db.work(self.workspace_id) as work:
            work.add(
                MessageRow(
                    id=message_id,
                    workspace_id=self.workspace_id,
                    thread_id=thread_id,
                    mailbox_id=mailbox_id,
                    owner_id=sender["user_id"],
                    direction="OUTBOUND",
                    origin="CRM",
                    internet_message_id=f"{message_id.hex}@mail.example",
                    from_address=sender["address"],
                    from_name="Ann Berg",
                    to_recipients=[{"address": to, "name": None}],
                    subject=subject,
                    text=more.pop("text", "Hello, here is our offer."),
                    sent_at=work.now,
                    synced_at=work.now,
                )
            )
            work.add(
                SubmissionRow(
                    id=submission_id,
                    workspace_id=self.workspace_id,
                    message_id=message_id,
                    user_id=sender["user_id"],
                    mailbox_id=mailbox_id,
                    state=more.pop("state", DeliveryState.QUEUED),
                    idempotency_key=f"key-{next(self._numbers)}",
                    request_hash=b"hash",
                    marker=submission_id.hex,
                    created_at=work.now,
                    **more,
                )
            )
            work.ask(SendSubmission(submission_id), due_at=due_at)
        return submission_id

    async def _thread(self, contact_id: ContactId, subject: str) -> ThreadId:
        thread_id = ThreadId(new_id())
        async with self.db.work(self.workspace_id) as work:
            work.add(
                ThreadRow(
                    id=thread_id,
                    workspace_id=self.workspace_id,
                    contact_id=contact_id,
                    subject=subject,
                    last_message_at=work.now,
                    created_at=work.now,
                )
            )
        return thread_id

    async def submission(self, submission_id: SubmissionId) -> dict[str, Any]:
        return await self.row("select * from submissions where id = $1", submission_id)

    async def events(self) -> list[str]:
        """Return the kinds of all events, in order."""
        told = await self.rows("select kind from events order by number")
        return [one["kind"] for one in told]

    async def bodies_read(self, account: str) -> int:
        """Return how often a message was read whole out of a Gmail mailbox."""
        reads = await self.simulator.journal(account=account, method="gmail.users.messages.get")
        return sum(one["query"].get("format") == ["raw"] for one in reads)

    def passing(self, tell: Callable[[str], None]) -> None:
        """Let a test be told of each point where a crash matters."""
        self.context = replace(self.context, passing=tell)


def make_context(
    db: Database, vault: Vault, doors: Doors, sandbox: Sandbox, folder: Path, now: Callable[[], datetime]
) -> JobContext:
    scratch = folder / "scratch"
    scratch.mkdir()
    return JobContext(
        db=db,
        vault=vault,
        blobs=Blobs((folder / "blobs").as_uri()),
        doors=doors,
        sandbox=sandbox,
        settings=JobSettings(redirect_uris=tuple(REDIRECT_URIS.items())),
        scratch=scratch,
        now=now,
        dice=lambda: 0.5,
    )


def kill_at(crm: Crm, point: str) -> None:
    """End the first job that passes a point; later ones pass."""
    killed = False

    def passing(passed: str) -> None:
        nonlocal killed
        if passed == point and not killed:
            killed = True
            raise Killed(point)

    crm.passing(passing)
