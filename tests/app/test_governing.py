"""Proving the audit log, exporting and erasing: as an operator types it, with two workspaces side by side."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from app.commands import app
from database.blobs import Blobs, key_for
from database.ids import new_id
from database.pool import Database
from database.sealing import KeyRing, read_keys, write_new_key
from database.tables import AttachmentRow, ContactAddressRow, ContactRow, MessageRow, ThreadRow, metadata
from database.vault import Vault
from rules.csv_cells import safe_cell
from tests.conftest import WorkspaceForTests, make_workspace
from tests.database.filling import fill


@dataclass
class Ground:
    """Two workspaces, every table filled in both, each with canaries in rows, raw mail and files."""

    db: Database
    settings: dict[str, str]
    blobs: Path
    owner: str
    ours: WorkspaceForTests
    theirs: WorkspaceForTests
    contacts: dict[str, str]

    async def typed(self, *words: str) -> Result:
        environment = {**self.settings, "COLUMNS": "400", "TERM": "dumb"}
        return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=environment)

    async def dump(self) -> bytes:
        """Everything that the database and the blob store hold, as text."""
        line = await asyncpg.connect(self.owner)
        try:
            rows = [
                str(row[0])
                for name in sorted(metadata.tables)
                for row in await line.fetch(f"select t::text from {name} t")
            ]
        finally:
            await line.close()
        files = [path.read_bytes() for path in self.blobs.rglob("*") if path.is_file()]
        return "\n".join(rows).encode() + b"\n".join(files)


async def _settle(ground: Ground, workspace: WorkspaceForTests, word: str) -> None:
    """A raw mail, a mail of the CRM with a file, and a second contact; each says whose it is."""
    blobs = Blobs(ground.blobs.as_uri())

    async def put(content: bytes) -> str:
        async def pieces() -> AsyncIterator[bytes]:
            yield content

        key = key_for(workspace.id, new_id())
        await blobs.put_stream(key, pieces())
        return key

    raw = await put(f"From: x@y.test\r\nSubject: raw\r\n\r\n{word}-raw\r\n".encode())
    file = f"{word}-file".encode()
    file_key = await put(file)
    common: dict[str, Any] = {"workspace_id": workspace.id}
    for name, more in ((f"{word}-first", True), (f"=cmd|'{word}-second", False)):
        contact, thread = new_id(), new_id()
        ground.contacts[name] = str(contact)
        received, sent = new_id(), new_id()
        async with ground.db.work(workspace.id) as work:
            address = f"{word}-{contact.hex}@canary.test"
            work.add(ContactRow(id=contact, name=name, created_at=work.now, **common))
            work.add(ContactAddressRow(id=new_id(), contact_id=contact, address=address, **common))
            work.add(
                ThreadRow(
                    id=thread, contact_id=contact, last_message_at=work.now, created_at=work.now, **common
                )
            )
            for id, origin, key in ((received, "MAILBOX", raw), (sent, "CRM", None)):
                work.add(
                    MessageRow(
                        id=id,
                        thread_id=thread,
                        direction="INBOUND" if key else "OUTBOUND",
                        origin=origin,
                        internet_message_id=f"{id}@canary.test",
                        from_address=address,
                        to_recipients=[{"address": address, "name": None}],
                        subject=f"{name}-subject",
                        text=f"{name}-text",
                        raw_key=key if more else None,
                        sent_at=work.now,
                        synced_at=work.now,
                        **common,
                    )
                )
            if more:
                work.add(
                    AttachmentRow(
                        id=new_id(),
                        message_id=sent,
                        name="plan.txt",
                        content_type="text/plain",
                        size_bytes=len(file),
                        blob_key=file_key,
                        created_at=work.now,
                        **common,
                    )
                )


@pytest.fixture
async def ground(db: Database, database_url: str, owner_url: str, tmp_path: Path) -> Ground:
    keys = write_new_key("tests")
    ring = KeyRing(read_keys(keys))
    ours, theirs = await make_workspace(db, ring, "Ours"), await make_workspace(db, ring, "Theirs")
    blobs = tmp_path / "blobs"
    settings = {"DATABASE_URL": database_url, "VAULT_KEYS": keys, "BLOB_URL": blobs.as_uri()}
    ground = Ground(db, settings, blobs, owner_url, ours, theirs, {})
    for workspace, word in ((ours, "magpie"), (theirs, "heron")):
        async with db.work(workspace.id) as work:
            await fill(work, workspace)
        await _settle(ground, workspace, word)
    return ground


def everything(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.rule("R6")
async def test_the_audit_log_proves_itself_until_a_row_is_changed_or_gone(ground: Ground) -> None:
    for _ in range(3):
        async with ground.db.work(ground.ours.id) as work:
            await work.audit("system", "tried", turn="x")
    well = await ground.typed("verify-audit")
    assert well.exit_code == 0, well.output
    assert f"{ground.ours.id}  holds, 4 acts" in well.output

    noted = await ground.typed("verify-audit", "--workspace", str(ground.ours.id), "--at-least", "5")
    assert (noted.exit_code, "row 5 is missing" in noted.output) == (1, True)
    line = await asyncpg.connect(ground.owner)
    for harm, row in (
        ("update audit_log set actor = 'nobody' where workspace_id = $1 and number = 3", 3),
        ("delete from audit_log where workspace_id = $1 and number = 2", 2),
    ):
        await line.execute(harm, ground.ours.id)
        broken = await ground.typed("verify-audit")
        assert broken.exit_code == 1
        assert f"{ground.ours.id}  row {row} is missing or was changed" in broken.output
        assert f"{ground.theirs.id}  holds" in broken.output
    await line.close()


@pytest.mark.rule("R70")
async def test_an_export_holds_everything_of_a_workspace_and_nothing_else(
    ground: Ground, tmp_path: Path
) -> None:
    folder = tmp_path / "export"

    done = await ground.typed("export", str(ground.ours.id), str(folder))

    assert done.exit_code == 0, done.output
    written = everything(folder)
    assert b"heron" not in written and str(ground.theirs.id).encode() not in written
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    line = await asyncpg.connect(ground.owner)
    for name, count in manifest["rows"].items():
        key = "id" if name == "workspaces" else "workspace_id"
        there = await line.fetchval(f"select count(*) from {name} where {key} = $1", ground.ours.id)
        assert count == there > 0, name
    sealed = await line.fetchval("select data_key from workspaces where id = $1", ground.ours.id)
    await line.close()
    assert set(manifest["rows"]) == set(metadata.tables)
    assert sealed not in written and bytes(sealed).hex().encode() not in written
    mails = [message_from_bytes(path.read_bytes()) for path in (folder / "messages").iterdir()]
    assert any(mail["Subject"] == "raw" and "magpie-raw" in str(mail.get_payload()) for mail in mails)
    files = [part.get_payload(decode=True) for mail in mails for part in mail.walk() if part.get_filename()]
    assert files == [b"magpie-file"]
    assert "'=cmd|'magpie-second" in (folder / "contacts.csv").read_text()
    again = await ground.typed("export", str(ground.ours.id), str(folder))
    assert (again.exit_code, "is not empty" in again.output) == (1, True)


@pytest.mark.rule("R70")
async def test_an_export_of_a_contact_holds_nobody_else(ground: Ground, tmp_path: Path) -> None:
    folder = tmp_path / "contact"

    done = await ground.typed(
        "export", str(ground.ours.id), str(folder), "--contact", ground.contacts["magpie-first"]
    )

    assert done.exit_code == 0, done.output
    written = everything(folder)
    assert b"magpie-first-text" in written and b"magpie-raw" in written
    assert b"second" not in written and b"heron" not in written
    theirs = await ground.typed(
        "export", str(ground.ours.id), str(tmp_path / "x"), "--contact", ground.contacts["heron-first"]
    )
    assert (theirs.exit_code, "no such contact" in theirs.output) == (1, True)


@pytest.mark.rule("R68")
async def test_an_erased_workspace_is_in_no_dump(ground: Ground) -> None:
    of = str(ground.ours.id)
    assert b"magpie" in await ground.dump()
    wrong = await ground.typed("workspace", "erase", of, "Theirs")
    assert (wrong.exit_code, "is called 'Ours'" in wrong.output) == (1, True)
    sealed = await Vault(KeyRing(read_keys(ground.settings["VAULT_KEYS"])), ground.db).seal(
        ground.ours.id, b"token", table="mailboxes", row_id=ground.ours.id, column="tokens"
    )

    done = await ground.typed("workspace", "erase", of, "Ours", "--even-connected")

    assert done.exit_code == 0, done.output
    dump = await ground.dump()
    assert b"magpie" not in dump and of.encode() not in dump
    assert b"heron-raw" in dump and b"heron-first-text" in dump
    assert not (ground.blobs / of).exists()
    # What a backup holds sealed opens no more: the key it was sealed with is gone.
    with pytest.raises(Exception, match=r"no such workspace|no longer exists"):
        await Vault(KeyRing(read_keys(ground.settings["VAULT_KEYS"])), ground.db).open_(
            ground.ours.id, sealed, table="mailboxes", row_id=ground.ours.id, column="tokens"
        )
    again = await ground.typed("workspace", "erase", of, "Ours")
    assert (again.exit_code, "0 files" in again.output) == (0, True)


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-x", "'-x"),
        ("@a", "'@a"),
        ("\tx", "'\tx"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(cell: str, shown: str) -> None:
    assert safe_cell(cell) == shown
