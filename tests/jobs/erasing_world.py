"""What tests of erasing share: asking the API to erase, and everything that is kept, searched for a word."""

import base64
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy import text

from database.tables import metadata
from rules.happenings import PullMailbox
from rules.words import MailboxId, Provider, UserId
from tests.jobs.crm import Crm, Killed, clock
from tests.jobs.office import BEN, KINDS
from tests.resolvers.world import World

_ANSWER = """{ __typename
  ... on Erasure { messages messagesKept threads attachments sendsRefused }
  ... on UserError { message } ... on InvalidInput { field } }"""
ERASE_MAILBOX = f"""mutation ($id: ID!, $address: String!) {{
  eraseMailbox(mailboxId: $id, address: $address) {_ANSWER} }}"""
ERASE_USER = f"mutation ($id: ID!, $email: String!) {{ eraseUser(id: $id, email: $email) {_ANSWER} }}"
WORD = "magpie"
"""What mail says that is to be gone."""


@dataclass(frozen=True)
class Erasing:
    """A workspace, its API, and its whole memory."""

    crm: Crm
    owner_url: str

    def api(self) -> World:
        """The API as Ada, an admin, asks it now."""
        crm, nothing = self.crm, MailboxId(self.crm.user_id)
        return World(
            crm.db, crm.vault, crm.workspace_id, crm.user_id, crm.user_id, nothing, nothing, now=clock()
        )

    async def erase_mailbox(self, mailbox_id: MailboxId, address: str) -> Any:
        names = {"id": str(mailbox_id), "address": address}
        return (await self.api().data(ERASE_MAILBOX, names))["eraseMailbox"]

    async def erase_user(self, user_id: UserId, email: str) -> Any:
        return (await self.api().data(ERASE_USER, {"id": str(user_id), "email": email}))["eraseUser"]

    async def kept(self, *words: str) -> list[str]:
        """Everything in the database and the blob store that holds one of the words, in any case."""
        line = await asyncpg.connect(self.owner_url)
        try:
            rows = [
                f"{name}: {row[0]}"
                for name in sorted(metadata.tables)
                for row in await line.fetch(f"select t::text from {name} t")
            ]
        finally:
            await line.close()
        folder = self.crm.context.scratch.parent / "blobs"
        files = [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
        return [one for one in rows + files if any(word.lower() in one.lower() for word in words)]

    async def brought(self, mailbox_id: MailboxId, *mails: dict[str, Any]) -> None:
        """Let mail arrive, and be pulled."""
        for mail in mails:
            await self.crm.simulator.deliver(**mail)
        await self.crm.ask(PullMailbox(mailbox_id))
        await self.crm.work()

    async def change(self, sql: str, **values: Any) -> None:
        async with self.crm.db.work(self.crm.workspace_id) as work:
            await work.execute(text(sql), values)

    async def told(self, kind: str) -> list[dict[str, Any]]:
        rows = await self.crm.rows("select subject from events where kind = $1 order by number", kind)
        return [row["subject"] for row in rows]

    async def acts(self) -> list[str]:
        rows = await self.crm.rows("select action from audit_log order by number")
        return [row["action"] for row in rows]


def secret_mail(sender: str, to: str | list[str], **more: Any) -> dict[str, Any]:
    """A mail that says the word wherever a mail can: subject, text, HTML, and a file's name and bytes."""
    file = {
        "filename": f"{WORD}.txt",
        "content_type": "text/plain",
        "content_base64": base64.b64encode(f"a {WORD} in a file".encode()).decode(),
    }
    return {
        "sender": sender,
        "to": to,
        "subject": f"About the {WORD}",
        "text": f"The {WORD} flew.",
        "attachments": [file],
        **more,
    }


async def until_done(crm: Crm, kind: str) -> None:
    """Let dead leases end until a command has ended."""
    for _ in range(20):
        with suppress(Killed):
            await crm.work()
        if not await crm.rows("select 1 from commands where kind = $1", kind):
            return
        async with crm.db.work(crm.workspace_id) as work:
            await work.execute(text("update commands set due_at = now(), lease_until = null"))
    raise AssertionError(f"{kind} never came to an end")


async def ben_of(crm: Crm, provider: Provider = Provider.GMAIL) -> UserId:
    """Ben Holm, a colleague, whose account can be connected."""
    await crm.simulator.create_account(BEN, "Ben Holm", KINDS[provider])
    return await crm.add_user("Ben Holm", BEN)
