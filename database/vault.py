"""The vault: seals and opens what a workspace keeps secret, with the data key that the workspace's row holds.

What sealing means is in database/sealing.py; here is where the keys come from, and how they are changed.
"""

from collections import OrderedDict
from uuid import UUID

from sqlalchemy import text

from database.pool import Database
from database.sealing import DataKey, KeyRing, WrappedKey, missing
from database.work import WorkspaceGone
from rules.words import WorkspaceId

_KEPT_DATA_KEYS = 2000

_REWRAP = text("""
update workspaces set data_key = :data_key, data_key_wrapped_by = :newest
where id = :id and data_key_wrapped_by = :before returning id
""")


class Vault:
    """The data keys of the workspaces, remembered while this process lives, at most 2000 of them.

    Every method may raise WorkspaceGone (there is no such workspace), VaultTrouble (its deployment key is
    missing or is another one) and what a read of the database raises.
    """

    def __init__(self, ring: KeyRing, db: Database) -> None:
        self.ring = ring
        self._db = db
        self._kept: OrderedDict[UUID, DataKey] = OrderedDict()

    async def seal(
        self, workspace_id: UUID, plaintext: bytes, *, table: str, row_id: UUID, column: str
    ) -> bytes:
        """Encrypt for one column of one row; opens nowhere else."""
        return (await self.data_key(workspace_id)).seal(plaintext, table, row_id, column)

    async def open_(
        self, workspace_id: UUID, sealed: bytes, *, table: str, row_id: UUID, column: str
    ) -> bytes:
        """Decrypt what was sealed for this place. Raises: NotSealedHere: it was not, or was changed."""
        return (await self.data_key(workspace_id)).open_(sealed, table, row_id, column)

    async def keyed_hash(self, workspace_id: UUID, value: str, purpose: str = "remote id") -> bytes:
        """32 bytes that say whether two values are equal, to nobody without the workspace's key."""
        return (await self.data_key(workspace_id)).keyed_hash(purpose, value)

    async def data_key(self, workspace_id: UUID) -> DataKey:
        """A workspace's data key."""
        known = self._kept.get(workspace_id)
        if known is None:
            known = self.ring.unwrap(workspace_id, await self._wrapped(workspace_id))
            self._kept[workspace_id] = known
            if len(self._kept) > _KEPT_DATA_KEYS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(workspace_id)
        return known

    def forget(self, workspace_id: UUID) -> None:
        """Drop a workspace's data key from memory, as when the workspace is erased."""
        self._kept.pop(workspace_id, None)

    async def check(self) -> None:
        """Make sure, at the start of a process, that the data keys in the database can be unwrapped.

        Raises:
            VaultTrouble: a deployment key is missing or is another one; the message says which.
        """
        for name, workspace_id in (await self._db.across.wrapping_keys()).items():
            if name not in self.ring:
                raise missing(name)
            self.ring.unwrap(workspace_id, await self._wrapped(workspace_id))

    async def rewrap(self, workspace_id: WorkspaceId) -> bool:
        """Wrap a workspace's data key with the newest deployment key; False if it already is.

        What is sealed stays as it is, so that nothing fails meanwhile.
        """
        before = await self._wrapped(workspace_id)
        if before.by == self.ring.newest:
            return False
        after = self.ring.rewrap(workspace_id, before)
        async with self._db.work(workspace_id) as work:
            values = {"id": workspace_id, "before": before.by, "data_key": after.wrapped, "newest": after.by}
            done = await work.execute(_REWRAP, values)
            if done.one_or_none() is None:
                return False
            await work.audit("operator", "data_key_rewrapped", by=after.by)
        return True

    async def rewrap_all(self) -> int:
        """Wrap every data key with the newest deployment key; how many were not. Then the old one may go."""
        behind = await self._db.across.workspaces_wrapped_otherwise(self.ring.newest)
        return sum([await self.rewrap(workspace_id) for workspace_id in behind])

    async def _wrapped(self, workspace_id: UUID) -> WrappedKey:
        sql = "select data_key, data_key_wrapped_by from workspaces where id = $1"
        row = await self._db.fetchrow(WorkspaceId(workspace_id), sql, workspace_id)
        if row is None:
            raise WorkspaceGone("The workspace no longer exists.")
        return WrappedKey(row["data_key"], row["data_key_wrapped_by"])
