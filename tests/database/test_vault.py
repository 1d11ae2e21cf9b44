"""What is sealed opens in one place only, and keys are changed while everything goes on."""

import asyncio

import pytest
from sqlalchemy import text

from database.ids import new_id
from database.pool import Database
from database.sealing import (
    KEY_BYTES,
    KeyRing,
    NotSealedHere,
    VaultTrouble,
    WrappedKey,
    read_keys,
    write_new_key,
)
from database.vault import Vault
from database.work import WorkspaceGone
from tests.conftest import WorkspaceForTests
from tests.database.rows import mailbox

CANARY = b"ya29.canary-of-a-refresh-token"
OLD, NEW = bytes(range(32)), bytes(range(1, 33))


@pytest.mark.rule("R12")
async def test_what_is_sealed_opens_in_its_own_place_only(
    vault: Vault, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests
) -> None:
    row_id, other_row = new_id(), new_id()
    sealed = await vault.seal(workspace.id, CANARY, table="mailboxes", row_id=row_id, column="tokens_sealed")
    assert CANARY not in sealed
    place = {"table": "mailboxes", "column": "tokens_sealed"}
    assert await vault.open_(workspace.id, sealed, row_id=row_id, **place) == CANARY
    for workspace_id, table, row, column in (
        (other_workspace.id, "mailboxes", row_id, "tokens_sealed"),
        (workspace.id, "authorizations", row_id, "tokens_sealed"),
        (workspace.id, "mailboxes", other_row, "tokens_sealed"),
        (workspace.id, "mailboxes", row_id, "code_sealed"),
    ):
        with pytest.raises(NotSealedHere):
            await vault.open_(workspace_id, sealed, table=table, row_id=row, column=column)
    for place_of_harm in range(len(sealed)):
        harmed = bytearray(sealed)
        harmed[place_of_harm] ^= 1
        with pytest.raises(NotSealedHere):
            await vault.open_(workspace.id, bytes(harmed), row_id=row_id, **place)
    with pytest.raises(NotSealedHere):
        await vault.open_(workspace.id, b"", row_id=row_id, **place)


async def test_the_same_plaintext_is_never_sealed_alike(vault: Vault, workspace: WorkspaceForTests) -> None:
    row_id = new_id()
    sealed = {await vault.seal(workspace.id, CANARY, table="t", row_id=row_id, column="c") for _ in range(20)}
    assert len(sealed) == 20


async def test_keyed_hashes_agree_inside_a_workspace_only(
    vault: Vault, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests
) -> None:
    ours = await vault.keyed_hash(workspace.id, "<a@b>")
    assert ours == await vault.keyed_hash(workspace.id, "<a@b>")
    assert (
        len(
            {
                ours,
                await vault.keyed_hash(other_workspace.id, "<a@b>"),
                await vault.keyed_hash(workspace.id, "<c@b>"),
            }
        )
        == 3
    )
    assert ours != await vault.keyed_hash(workspace.id, "<a@b>", "another purpose")


@pytest.mark.rule("R13")
async def test_a_key_is_rotated_while_it_is_used(
    db: Database, key_ring: KeyRing, workspace: WorkspaceForTests
) -> None:
    before = Vault(KeyRing({"tests": OLD}), db)
    async with db.work(workspace.id) as work:
        box = mailbox(work, workspace)
        box.tokens_sealed = await before.seal(
            workspace.id, CANARY, table="mailboxes", row_id=box.id, column="tokens_sealed"
        )
        work.add(box)
    rotating = Vault(KeyRing({"2027": NEW, "tests": OLD}), db)
    done = asyncio.Event()
    opened = 0

    async def use() -> None:
        nonlocal opened
        while not done.is_set() or opened < 20:
            fresh = Vault(rotating.ring, db)
            sealed = await db.fetchval(workspace.id, "select tokens_sealed from mailboxes")
            assert (
                await fresh.open_(
                    workspace.id, sealed, table="mailboxes", row_id=box.id, column="tokens_sealed"
                )
                == CANARY
            )
            opened += 1

    using = asyncio.create_task(use())
    assert await rotating.rewrap_all() == 1
    assert await rotating.rewrap_all() == 0
    done.set()
    await using
    alone = Vault(KeyRing({"2027": NEW}), db)
    await alone.check()
    sealed = await db.fetchval(workspace.id, "select tokens_sealed from mailboxes")
    assert (
        await alone.open_(workspace.id, sealed, table="mailboxes", row_id=box.id, column="tokens_sealed")
        == CANARY
    )
    assert await db.fetchval(workspace.id, "select action from audit_log") == "data_key_rewrapped"


@pytest.mark.rule("R13")
async def test_a_process_with_a_wrong_or_missing_key_refuses_to_start(
    db: Database, workspace: WorkspaceForTests
) -> None:
    with pytest.raises(VaultTrouble, match="tests, which is not set"):
        await Vault(KeyRing({"2027": NEW}), db).check()
    with pytest.raises(VaultTrouble, match="tests is not the one"):
        await Vault(KeyRing({"tests": NEW}), db).check()
    with pytest.raises(VaultTrouble, match="No vault key"):
        KeyRing({})
    with pytest.raises(VaultTrouble, match="31 bytes"):
        KeyRing({"short": bytes(31)})


async def test_a_wrapped_key_is_of_one_workspace(
    db: Database, key_ring: KeyRing, workspace: WorkspaceForTests
) -> None:
    row = await db.fetchrow(workspace.id, "select data_key, data_key_wrapped_by from workspaces")
    assert row is not None
    with pytest.raises(VaultTrouble):
        key_ring.unwrap(new_id(), WrappedKey(row[0], row[1]))


@pytest.mark.rule("R68")
async def test_with_its_row_a_workspaces_key_is_gone(
    vault: Vault, db: Database, workspace: WorkspaceForTests
) -> None:
    await vault.data_key(workspace.id)
    async with db.work(workspace.id) as work:
        await work.execute(text("delete from workspaces"))
    vault.forget(workspace.id)
    with pytest.raises(WorkspaceGone):
        await vault.data_key(workspace.id)


def test_keys_are_read_as_they_are_written_and_never_repeated_in_an_error() -> None:
    first, second = write_new_key("2027"), write_new_key("2026")
    keys = read_keys(f"{first}, {second}")
    assert list(keys) == ["2027", "2026"]
    assert {len(key) for key in keys.values()} == {KEY_BYTES}
    for written in ("c2VjcmV0", "2027:c2Vj*cmV0", f"{first},{first}", ":c2VjcmV0"):
        with pytest.raises(VaultTrouble) as trouble:
            read_keys(written)
        assert "c2V" not in str(trouble.value)
