"""A consent under way: its state, which is stored only as a hash, and its secrets, which are stored sealed.

Shared by the two doors a user may come back through: the callback route and `completeConnection`. Both only
record the return and ask for the exchange; neither waits for a provider.
Source: security R7 (state and PKCE verifier of one transaction, ten minutes, once).
"""

import hashlib
from datetime import timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update

from database.pool import Database
from database.sealing import DataKey
from database.tables import AuthorizationRow, table_of
from database.vault import Vault
from rules.happenings import FinishAuthorization
from rules.words import AuthorizationId, MailboxId, UserId, WorkspaceId

VALID_FOR: Final = timedelta(minutes=10)
_TABLE: Final = "authorizations"
CODE_LIMIT_CHARACTERS: Final = 4096
STATE_LIMIT_CHARACTERS: Final = 512


def state_hash(state: str) -> bytes:
    """Return what is stored of a state."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).digest()


def seal_kept(key: DataKey, authorization_id: AuthorizationId, kept: str) -> bytes:
    """Seal what a provider's consent has to keep until the user comes back (the PKCE verifier)."""
    return key.seal(kept.encode(), _TABLE, authorization_id, "kept_sealed")


def open_kept(key: DataKey, authorization_id: AuthorizationId, sealed: bytes) -> str:
    """Open what `seal_kept` sealed. Raises: NotSealedHere."""
    return key.open_(sealed, _TABLE, authorization_id, "kept_sealed").decode()


def open_code(key: DataKey, authorization_id: AuthorizationId, sealed: bytes) -> str:
    """Open the code that a user came back with. Raises: NotSealedHere."""
    return key.open_(sealed, _TABLE, authorization_id, "code_sealed").decode()


class ReturnRefused(StrEnum):
    """Why a return from a provider's consent page is not taken."""

    UNKNOWN = "UNKNOWN"
    """No consent under way has this state: forged, too old, or of another deployment."""
    USED = "USED"
    """The user came back with this state before."""
    FOREIGN = "FOREIGN"
    """The state is another user's, or another provider's (R7, R8)."""


class Returned:
    """A return that was taken: the exchange is asked for."""

    def __init__(self, mailbox_id: MailboxId, return_url: str | None) -> None:
        self.mailbox_id = mailbox_id
        self.return_url = return_url


async def record_return(
    db: Database,
    vault: Vault,
    *,
    state: str,
    code: str | None,
    error: str | None,
    provider: str | None = None,
    user_id: UserId | None = None,
) -> Returned | ReturnRefused:
    """Record that a user came back, once, and ask for the exchange.

    `provider` is the one whose callback route was used; `user_id` the caller of `completeConnection`. Where
    given, the consent must be theirs. Exactly one of `code` and `error` is expected.
    """
    if not 0 < len(state) <= STATE_LIMIT_CHARACTERS or len(code or "") > CODE_LIMIT_CHARACTERS:
        return ReturnRefused.UNKNOWN
    found = await db.across.authorization(state_hash(state))
    if found is None:
        return ReturnRefused.UNKNOWN
    authorization_id, workspace_id = found
    sealed = await _sealed(db, vault, workspace_id, authorization_id, code)
    rows = table_of(AuthorizationRow).c
    async with db.work(workspace_id) as work:
        asked = await work.execute(
            select(table_of(AuthorizationRow)).where(rows.id == authorization_id).with_for_update()
        )
        row = asked.one_or_none()
        if row is None or row.expires_at <= work.now:
            return ReturnRefused.UNKNOWN
        if row.returned_at is not None:
            return ReturnRefused.USED
        if provider not in (None, row.provider) or user_id not in (None, row.user_id):
            return ReturnRefused.FOREIGN
        await work.execute(
            update(AuthorizationRow)
            .where(rows.id == authorization_id)
            .values(returned_at=work.now, code_sealed=sealed, error=None if sealed else (error or "")[:200])
        )
        work.ask(FinishAuthorization(authorization_id))
        return Returned(MailboxId(row.mailbox_id), row.return_url)


async def _sealed(
    db: Database, vault: Vault, workspace_id: WorkspaceId, authorization_id: AuthorizationId, code: str | None
) -> bytes | None:
    if not code:
        return None
    key = await vault.data_key(workspace_id)
    return key.seal(code.encode(), _TABLE, authorization_id, "code_sealed")
