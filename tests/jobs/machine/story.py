"""What people do in the CRM and providers do to it, each step done for real and told to the model.

Belongs here: one method a step. Never: a rule (model.py), what is compared (comparison.py), which steps
come when (test_sync_machine.py).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from database.endings import end_mailbox
from providers.doors import Doors
from rules.happenings import PullMailbox, VerifyMailbox
from rules.mailbox_life import MailboxHappening
from rules.words import AuthorizationPurpose, MailboxId, MailboxStatus, Provider, SyncScope, UserId
from tests.jobs.crm import Crm
from tests.jobs.machine.model import Box, Model, Talk
from tests.jobs.machine.outside import CUSTOMERS, KINDS, USERS, Outside
from tests.waiting import wait_until

ROUNDS = 40

FAULTS: dict[str, dict[str, Any]] = {
    "503": {"fault": "status", "code": 503},
    "429": {"fault": "status", "code": 429, "body": "rateLimitExceeded", "retry_after_seconds": 1},
    "500 after": {"fault": "status", "code": 500, "effect": "before_answer"},
    "dropped before": {"fault": "drop_before"},
    "dropped after": {"fault": "drop_after"},
    "half an answer": {"fault": "half_answer"},
    "a page": {"fault": "html_body"},
    "slow": {"fault": "slow", "seconds": 0.05},
}


class Story(Outside):
    """One workspace, its people, and the model of what its CRM should show."""

    def __init__(self, crm: Crm, new_doors: Callable[[], Doors]) -> None:
        super().__init__(crm)
        self.new_doors = new_doors
        self.model = Model()
        self.boxes: dict[str, Box] = {}
        """By user: their connection, as long as it lives."""
        self.ids: dict[Box, MailboxId] = {}
        self.first_cursors: dict[Box, str] = {}
        self.user_ids: dict[str, UserId] = {}
        self.contact_ids: list[Any] = []
        self.steps: list[str] = []
        self._doors: list[Doors] = []

    async def begin(self) -> None:
        await self.open()
        for name in USERS:
            self.user_ids[name] = await self.crm.add_user(name.title(), f"{name}@login.test")
            self.model.users[f"{name}@login.test"] = name

    async def close(self) -> None:
        """Nothing of this workspace is due any more."""
        await self.change("delete from commands")
        for doors in self._doors:
            await doors.close()

    async def change(self, sql: str, **values: Any) -> None:
        async with self.crm.db.work(self.crm.workspace_id) as work:
            await work.execute(text(sql), values)

    async def take(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Take one step: a method of this class, by name."""
        self.steps.append(f"{name} {arguments}")
        await getattr(self, name)(*arguments)

    async def before_growing(self, mail: dict[str, Any]) -> None:
        """Outlook tells whole seconds: in which order siblings of one second came, nobody can know there.

        So an Outlook reads what it has before something is added to a conversation in the same second.
        """
        root = next(iter(mail["references"]), mail["internet_message_id"])
        over = self.grew_at.get(root, datetime.min.replace(tzinfo=UTC)) + timedelta(seconds=1)
        for owner, box in self.boxes.items() if datetime.now(UTC) < over else ():
            if not box.gmail and box.shut:
                await wait_until(lambda: datetime.now(UTC) > over, description="the next second began")
            elif not box.gmail:
                await self.pull(owner)
        self.grew_at[root] = datetime.now(UTC)

    # -- The CRM's own side -----------------------------------------------------------------------------

    async def befriend(self, addresses: tuple[str, ...]) -> None:
        """Somebody makes a contact."""
        self.contact_ids.append(await self.crm.add_contact(addresses[0], *addresses))
        self.model.contacts.append(addresses)

    async def block(self, owner: str, address: str) -> None:
        """The workspace ("") or a user never wants to see an address again."""
        add = "set blocklist = blocklist || cast(:address as text)"
        if owner:
            await self.change(
                f"update users {add} where id = :id",
                address=address,
                id=self.user_ids[owner],
            )
        else:
            await self.change(f"update workspaces {add}", address=address)
        self.model.blocked.setdefault(owner, set()).add(address)

    async def track(self, owner: str, number: int) -> None:
        """Auto BCC follows a contact for a user from now on."""
        if not self.model.contacts:
            return
        contact = number % len(self.model.contacts)
        if (owner, contact) not in self.model.tracked:
            await self.change(
                "insert into tracked_contacts (id, workspace_id, user_id, contact_id, since)"
                " values (gen_random_uuid(), :workspace, :user, :contact, now())",
                workspace=self.crm.workspace_id,
                user=self.user_ids[owner],
                contact=self.contact_ids[contact],
            )
            self.model.tracked.add((owner, contact))

    async def send(self, owner: str, number: int) -> None:
        """The CRM writes to a contact: into the newest conversation with them, or a new one."""
        box, contacts = self.boxes.get(owner), self.model.contacts
        reachable = [one for one, theirs in enumerate(contacts) if theirs[0] in CUSTOMERS]
        if box is None or box.shut or not reachable:
            return
        contact = reachable[number % len(reachable)]
        to = contacts[contact][0]
        talks = [one for one in self.model.talks if one.contact == contact]
        talk, thread_id = None, None
        if talks and number % 2:
            talk = talks[number % len(talks)]
            row = await self.crm.row(
                "select thread_id from messages where internet_message_id = $1", min(talk.mails)
            )
            thread_id = row["thread_id"]
        subject = f"Offer {len(self.steps)}"
        more = {"thread_id": thread_id} if thread_id else {}
        submission_id = await self.crm.submit(
            self.ids[box], self.contact_ids[contact], to, subject=subject, **more
        )
        await self._until_done("send_submission")
        assert (await self.crm.submission(submission_id))["state"] == "SENT"
        theirs = [one for one in await self.crm.simulator.mailbox(to, "INBOX") if one["subject"] == subject]
        assert len(theirs) == 1, "sent once"
        [mine] = [
            one
            for one in await self.listing(box.address)
            if one.id == theirs[0]["internet_message_id"].strip("<>")
        ]
        if talk is None:
            talk = Talk(contact)
            self.model.talks.append(talk)
        box.seen.add(mine.copy)
        self.model.sent(box, mine, talk)

    # -- The life of connections ------------------------------------------------------------------------

    async def connect(self, owner: str, which: int, scope: str) -> None:
        """A user connects a mailbox, or moves the connection to another one (L4)."""
        address, old = USERS[owner][which], self.boxes.get(owner)
        if old is not None and old.address == address:
            return
        provider = Provider.GMAIL if KINDS[address] == "google" else Provider.OUTLOOK
        there = await self._there(address)
        begin: dict[str, Any] = {"user_id": self.user_ids[owner], "provider": provider}
        if old is not None:
            begin |= {"purpose": AuthorizationPurpose.UPDATE, "replaces_id": self.ids[old]}
        mailbox_id = await self.crm.connect(address, scope=SyncScope(scope), **begin)
        await self._until_done("finish_authorization")
        row = await self.crm.mailbox(mailbox_id)
        if row["status"] != "CONNECTED":
            assert row["status"] == "FAILED"  # A fault came between: nothing else may have changed.
            return
        if old is not None:
            self.model.end(old)
        box = Box(address, owner, provider is Provider.GMAIL, scope, there)
        self.boxes[owner], self.ids[box], self.first_cursors[box] = box, mailbox_id, row["cursor"]
        self.model.users[address] = owner
        await self.pull(owner)

    async def _there(self, address: str) -> set[str]:
        """What lies in a mailbox already. Outlook tells whole seconds: the last mail's is let pass first."""
        mails = await self.crm.simulator.mailbox(address)
        arrived = [datetime.fromisoformat(one["arrived_at"]) for one in mails]
        over = max(arrived, default=datetime.min.replace(tzinfo=UTC)) + timedelta(seconds=1)
        await wait_until(lambda: datetime.now(UTC) > over, description="the next second began")
        return {one["id"] for one in mails}

    async def disconnect(self, owner: str) -> None:
        box = self.boxes.pop(owner, None)
        if box is None:
            return
        status = MailboxStatus((await self.crm.mailbox(self.ids[box]))["status"])
        async with self.crm.db.work(self.crm.workspace_id) as work:
            owner_id = self.user_ids[owner]
            await end_mailbox(work, self.ids[box], owner_id, status, MailboxHappening.DISCONNECT)
        await self._until_done("release_mailbox")
        self.model.end(box)

    async def lose_access(self, owner: str) -> None:
        """The user withdraws the consent at the provider (L7)."""
        box = self.boxes.get(owner)
        if box is None or box.shut:
            return
        await self.crm.simulator.ask("DELETE", "/dials")
        await self.crm.simulator.ask("PATCH", "/dials", {"microsoft": {"continuous_access_evaluation": True}})
        await self.crm.simulator.revoke(box.address)
        box.shut = True
        await self.pull(owner)
        assert (await self.crm.mailbox(self.ids[box]))["status"] == "REAUTHENTICATE"

    async def sign_in_again(self, owner: str) -> None:
        """After it the connection goes on where it stood."""
        box = self.boxes.get(owner)
        if box is None:
            return
        provider = Provider.GMAIL if box.gmail else Provider.OUTLOOK
        await self.crm.connect(
            box.address,
            user_id=self.user_ids[owner],
            provider=provider,
            mailbox_id=self.ids[box],
            purpose=AuthorizationPurpose.REAUTHENTICATE,
        )
        await self._until_done("finish_authorization")
        box.shut = (await self.crm.mailbox(self.ids[box]))["status"] != "CONNECTED"
        await self.pull(owner)

    # -- Reading ----------------------------------------------------------------------------------------

    async def pull(self, owner: str) -> None:
        """A push, a poll or a person asks for the mailbox to be read."""
        box = self.boxes.get(owner)
        if box is None:
            return
        await self.crm.ask(PullMailbox(self.ids[box]))
        await self._until_done("pull_mailbox", "retry_set_aside")
        self.model.read(box, await self.listing(box.address))

    async def rewind(self, owner: str) -> None:
        """The cursor is where it was in the beginning: everything is told again."""
        if (box := self.boxes.get(owner)) is not None:
            await self.change(
                "update mailboxes set cursor = :cursor where id = :id",
                cursor=self.first_cursors[box],
                id=self.ids[box],
            )

    async def expire(self, owner: str) -> None:
        """The provider no longer knows the cursor."""
        box = self.boxes.get(owner)
        if box is not None and box.gmail:
            await self.crm.simulator.ask("POST", f"/accounts/{box.address}/expire-history", {})
        elif box is not None:
            await self.change("update mailboxes set cursor = 'unknown' where id = :id", id=self.ids[box])

    async def verify(self, owner: str) -> None:
        """The mailbox is compared with what its provider lists; all that is listed is known afterwards."""
        box = self.boxes.get(owner)
        if box is None or box.shut:
            return
        before = (await self.crm.mailbox(self.ids[box]))["verified_at"]
        await self.crm.ask(VerifyMailbox(self.ids[box]))
        for _ in range(ROUNDS):
            await self.crm.work()
            if (await self.crm.mailbox(self.ids[box]))["verified_at"] != before:
                break
            await self._skip_time(f"verify:{self.ids[box]}")
        row = await self.crm.mailbox(self.ids[box])
        assert row["verified_at"] != before, "the verification never ends"
        assert row["verified_expected"] == row["verified_present"]
        await self._until_done("pull_mailbox", "retry_set_aside")
        self.model.read(box, await self.listing(box.address))

    async def spoil(self, fault: str, times: int) -> None:
        """The next requests, of whatever kind, go wrong."""
        await self.crm.simulator.add_fault(method="*", times=times, **FAULTS[fault])

    async def _until_done(self, *kinds: str) -> None:
        """Work, and let time pass, until nothing of these kinds is left to do."""
        for _ in range(ROUNDS):
            await self.crm.work()
            left = await self.crm.rows(
                "select kind, parked_at, last_error from commands where kind = any($1)", list(kinds)
            )
            assert not any(one["parked_at"] for one in left), left
            if not left:
                return
            await self._skip_time(*kinds)
        raise AssertionError(f"never done: {left}")

    async def _skip_time(self, *what: str) -> None:
        """Another worker takes over much later: what waits is due, leases have ended, nothing is remembered.

        `what` are kinds or keys of commands; what else waits goes on waiting.
        """
        doors = self.new_doors()
        self._doors.append(doors)
        self.crm.context = replace(self.crm.context, doors=doors)
        await self.change(
            "update commands set due_at = now(), lease_until = least(lease_until, now())"
            " where kind = any(:what) or key = any(:what)",
            what=list(what),
        )
        await self.change("update submissions set uncertain_since = uncertain_since - interval '1 minute'")
