"""Ann's and Ben's office at one provider, for stories that are walked through each of them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from providers.gmail.consent import SCOPES
from rules.happenings import PullMailbox
from rules.words import AuthorizationPurpose, ContactId, MailboxId, MailboxStatus, Provider, UserId
from tests.jobs.crm import Crm, clock
from tests.providers.outlook_world import without_mail
from tests.resolvers.world import World

BEN = "ben@example-co.test"
NOOR = "noor@haddad-law.test"
KINDS = {Provider.GMAIL: "google", Provider.OUTLOOK: "microsoft"}


@dataclass(frozen=True)
class Office:
    """Ann and her colleague, whose mailboxes are at one provider."""

    crm: Crm
    provider: Provider
    ann: str

    async def connect(self, account: str = "", **begin: Any) -> MailboxId:
        """Connect a mailbox under the scope CONTACTS, whatever the provider's default is."""
        return await self.crm.connect(account or self.ann, provider=self.provider, **begin)

    async def begin(self, **begin: Any) -> tuple[MailboxId, str]:
        """Begin a consent; the mailbox and where its user is sent."""
        return await self.crm.begin(provider=self.provider, **begin)

    async def answer(self, url: str, account: str = "", **how: Any) -> None:
        """Answer a consent as the account's user, and come back."""
        ask = self.crm.simulator
        consent = ask.consent if self.provider is Provider.GMAIL else ask.microsoft_consent
        await self.crm.come_back(await consent(url, account or self.ann, **how), self.provider)

    async def answer_without_mail(self, url: str) -> None:
        """Answer a consent, and leave out the permission to read mail."""
        if self.provider is Provider.GMAIL:
            await self.answer(url, scopes=[one for one in SCOPES if "gmail" not in one])
        else:
            await self.answer(without_mail(url))

    async def change_password(self) -> None:
        """End what was granted, as a changed password does; at Microsoft an administrator's change.

        What Microsoft granted before stays good until it runs out, unless access is evaluated continuously.
        """
        if self.provider is Provider.GMAIL:
            await self.crm.simulator.change_password(self.ann, "another one")
        else:
            await self.crm.simulator.set_dials(microsoft={"continuous_access_evaluation": True})
            await self.crm.simulator.end_sessions(self.ann)

    async def withdraw(self) -> None:
        """Take the consent back; at Microsoft where access is evaluated continuously."""
        if self.provider is Provider.OUTLOOK:
            await self.crm.simulator.set_dials(microsoft={"continuous_access_evaluation": True})
        await self.crm.simulator.revoke(self.ann)

    async def authenticate_again(self, mailbox_id: MailboxId, account: str = "", **how: Any) -> None:
        """Give the mailbox's consent again, as its user or as somebody else."""
        again = AuthorizationPurpose.REAUTHENTICATE
        _, url = await self.begin(purpose=again, mailbox_id=mailbox_id)
        await self.answer(url, account, **how)

    async def pushes(self) -> bool:
        """Whether the provider would tell of changes: what it lists, or was asked last."""
        if self.provider is Provider.OUTLOOK:
            return bool((await self.crm.simulator.microsoft_account(self.ann))["subscriptions"])
        asked = [one["method"] for one in await self.crm.simulator.journal(account=self.ann)]
        return [one for one in asked if one in ("gmail.users.watch", "gmail.users.stop")][-1:] == [
            "gmail.users.watch"
        ]

    def api(self, mailbox_id: MailboxId, contact_id: ContactId) -> World:
        """The API as Ann asks it now, over the same database."""
        crm = self.crm
        return World(
            crm.db,
            crm.vault,
            crm.workspace_id,
            crm.user_id,
            crm.user_id,
            mailbox_id,
            contact_id,
            now=clock(),
        )

    async def status(self, mailbox_id: MailboxId) -> MailboxStatus:
        return MailboxStatus((await self.crm.mailbox(mailbox_id))["status"])

    async def colleague(self) -> UserId:
        """Ben works in the same workspace, and has a mailbox."""
        await self.crm.simulator.create_account(BEN, "Ben Holm", KINDS[self.provider])
        return await self.crm.add_user("Ben", BEN)


async def pull(crm: Crm, mailbox_id: MailboxId) -> None:
    await crm.ask(PullMailbox(mailbox_id))
    await crm.work()


async def decided(crm: Crm) -> list[tuple[str, str | None]]:
    """Return rule and reason of every decision, in the order of deciding."""
    rows = await crm.rows("select rule, reason from sync_decisions order by id")
    return [(one["rule"], one["reason"]) for one in rows]


async def subjects(crm: Crm) -> list[str]:
    rows = await crm.rows("select subject from messages order by sent_at, id")
    return [one["subject"] for one in rows]


async def setting(crm: Crm, sql: str, **values: Any) -> None:
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(text(sql), values)
