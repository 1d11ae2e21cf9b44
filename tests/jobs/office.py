"""Ann's and Ben's office at one provider, for stories that are walked through each of them."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from rules.happenings import PullMailbox
from rules.words import MailboxId, Provider, UserId
from tests.jobs.crm import Crm

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
