"""Who keeps a mailbox's tokens: its row, sealed; and for a moment, memory.

The law: tokens leave this module only as `Tokens`, whose repr shows nothing; at rest they are sealed for
their row and column, so that neither a dump nor another row's reader can use them (R12).
"""

import json
from datetime import datetime
from typing import Final

from sqlalchemy import update

from database.sealing import DataKey
from database.tables import MailboxRow, table_of
from database.work import Work
from jobs.context import JobContext
from providers.tokens import Tokens
from rules.errors import NeedsReconnect
from rules.words import MailboxId, WorkspaceId

_TABLE: Final = "mailboxes"
_COLUMN: Final = "tokens_sealed"


class MailboxTokens:
    """Keeps a connected mailbox's tokens in its row; implements providers.tokens.TokenKeeper."""

    def __init__(self, context: JobContext, workspace_id: WorkspaceId, mailbox_id: MailboxId) -> None:
        self._context = context
        self._workspace_id = workspace_id
        self._mailbox_id = mailbox_id

    @property
    def mailbox_key(self) -> str:
        """The pacing bucket's name."""
        return str(self._mailbox_id)

    async def load(self) -> Tokens:
        """Return the newest tokens. Raises NeedsReconnect: there are none."""
        sealed = await self._context.db.fetchval(
            self._workspace_id, "select tokens_sealed from mailboxes where id = $1", self._mailbox_id
        )
        if sealed is None:
            raise NeedsReconnect("The mailbox has no tokens.")
        key = await self._context.vault.data_key(self._workspace_id)
        return _read(key.open_(sealed, _TABLE, self._mailbox_id, _COLUMN))

    async def save(self, tokens: Tokens) -> None:
        """Remember refreshed tokens; a mailbox whose tokens were erased meanwhile stays without."""
        key = await self._context.vault.data_key(self._workspace_id)
        async with self._context.db.work(self._workspace_id) as work:
            mailboxes = table_of(MailboxRow).c
            await work.execute(
                update(MailboxRow)
                .where(mailboxes.id == self._mailbox_id, mailboxes.tokens_sealed.is_not(None))
                .values(tokens_sealed=sealed_tokens(key, self._mailbox_id, tokens))
            )


class FreshGrant:
    """Keeps the tokens of a consent that is not yet a mailbox's; implements providers.tokens.TokenKeeper."""

    def __init__(self, mailbox_id: MailboxId, tokens: Tokens) -> None:
        self._mailbox_id = mailbox_id
        self.tokens = tokens

    @property
    def mailbox_key(self) -> str:
        """The pacing bucket's name: the mailbox this will be."""
        return str(self._mailbox_id)

    async def load(self) -> Tokens:
        """Return the tokens."""
        return self.tokens

    async def save(self, tokens: Tokens) -> None:
        """Keep the refreshed ones, to be written with the mailbox."""
        self.tokens = tokens


def sealed_tokens(key: DataKey, mailbox_id: MailboxId, tokens: Tokens) -> bytes:
    """Return tokens as a mailbox's row keeps them."""
    written = json.dumps(
        {
            "access_token": tokens.access_token,
            "access_expires_at": tokens.access_expires_at.isoformat(),
            "refresh_token": tokens.refresh_token,
            "scopes": sorted(tokens.scopes),
            "kept": tokens.kept,
        }
    )
    return key.seal(written.encode(), _TABLE, mailbox_id, _COLUMN)


def _read(written: bytes) -> Tokens:
    said = json.loads(written)
    return Tokens(
        access_token=said["access_token"],
        access_expires_at=datetime.fromisoformat(said["access_expires_at"]),
        refresh_token=said["refresh_token"],
        scopes=frozenset(said["scopes"]),
        kept=said.get("kept", ""),
    )


async def keep_tokens(work: Work, key: DataKey, mailbox_id: MailboxId, tokens: Tokens) -> None:
    """Write a grant's tokens into its mailbox's row, in the caller's transaction."""
    await work.execute(
        update(MailboxRow)
        .where(table_of(MailboxRow).c.id == mailbox_id)
        .values(tokens_sealed=sealed_tokens(key, mailbox_id, tokens))
    )
