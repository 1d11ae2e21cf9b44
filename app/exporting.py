"""Write everything of a workspace, or of one contact, into a folder: rows as JSON, mail as .eml, and a CSV.

Belongs here: the files of an export. What of the database goes in is said in app/export_rows.py. The law:
nothing of another workspace, no key and no sealed secret; one page of rows and one piece of a file in memory.
A mail whose raw bytes were kept is written as it came; one that the CRM wrote is composed from its rows. An
export is no snapshot: what is stored while it runs may be in it or not.
"""

import csv
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import anyio
import orjson

from app.export_rows import rows_of, tables
from database.blobs import BlobMissing, Blobs
from database.pool import Database
from rules.csv_cells import safe_cell
from rules.envelope import Correspondent
from rules.headers import UnsafeHeader
from rules.mime_out import OutgoingAttachment, OutgoingMessage, SizeMismatch, compose
from rules.words import EmailAddress, WorkspaceId

_FILES: Final = """
select name, content_type, size_bytes, blob_key, content_id, inline from attachments
where message_id = $1 and state = 'STORED' and blob_key is not null order by position, id
"""


@dataclass(slots=True)
class Exported:
    """What is in an export."""

    rows: dict[str, int] = field(default_factory=dict)
    mails: int = 0
    not_written: list[str] = field(default_factory=list)
    """Ids of messages that no .eml could be made of; their rows are there all the same."""


async def export(
    db: Database, blobs: Blobs, workspace_id: WorkspaceId, folder: Path, now: datetime, contact: UUID | None
) -> Exported:
    """Write an export into an empty folder. Raises: what reading the database and the blob store raises."""
    done = Exported()
    (folder / "tables").mkdir(mode=0o700)
    (folder / "messages").mkdir(mode=0o700)
    for name in tables(contact):
        async with await anyio.open_file(folder / "tables" / f"{name}.jsonl", "wb") as out:
            count = 0
            async for row in rows_of(db, workspace_id, name, contact):
                await out.write(orjson.dumps(row, default=str) + b"\n")
                count += 1
                if name == "messages":
                    await _write_mail(db, blobs, workspace_id, row, folder / "messages", done)
        done.rows[name] = count
    await _write_contacts(db, workspace_id, folder / "contacts.csv", contact)
    manifest = {
        "workspace": str(workspace_id),
        "contact": None if contact is None else str(contact),
        "written_at": now.isoformat(),
        "rows": done.rows,
        "mails": done.mails,
        "not_written": done.not_written,
    }
    async with await anyio.open_file(folder / "manifest.json", "wb") as out:
        await out.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n")
    return done


async def _write_mail(
    db: Database, blobs: Blobs, workspace_id: WorkspaceId, row: dict[str, Any], folder: Path, done: Exported
) -> None:
    path = folder / f"{row['id']}.eml"
    try:
        if row["raw_key"] is not None:
            pieces = blobs.stream(row["raw_key"])
        else:
            files = await db.fetch(workspace_id, _FILES, row["id"])
            pieces = compose(_composed(row, [_file(blobs, one) for one in files])).chunks()
        async with await anyio.open_file(path, "wb") as out:
            async for piece in pieces:
                await out.write(piece)
        done.mails += 1
    except (BlobMissing, UnsafeHeader, SizeMismatch):
        path.unlink(missing_ok=True)
        done.not_written.append(str(row["id"]))


def _composed(row: dict[str, Any], files: list[OutgoingAttachment]) -> OutgoingMessage:
    return OutgoingMessage(
        sender=Correspondent(EmailAddress(row["from_address"]), row["from_name"]),
        to=_people(row["to_recipients"]),
        cc=_people(row["cc_recipients"]),
        bcc=_people(row["bcc_recipients"]),
        subject=row["subject"],
        message_id=row["internet_message_id"] or f"{row['id']}@bothways.invalid",
        sent_at=row["sent_at"],
        marker=str(row["id"]),
        boundary=f"bothways-{UUID(str(row['id'])).hex}",
        text=row["text"],
        html=row["html"],
        in_reply_to=row["in_reply_to"],
        references=tuple(row["reference_ids"]),
        attachments=tuple(files),
    )


def _people(people: list[dict[str, Any]]) -> tuple[Correspondent, ...]:
    return tuple(Correspondent(EmailAddress(one["address"]), one.get("name")) for one in people)


def _file(blobs: Blobs, row: Any) -> OutgoingAttachment:
    def opener(key: str) -> Callable[[], AsyncIterator[bytes]]:
        return lambda: blobs.stream(key)

    return OutgoingAttachment(
        name=row["name"],
        content_type=row["content_type"],
        size_bytes=row["size_bytes"],
        open=opener(row["blob_key"]),
        content_id=row["content_id"] if row["inline"] else None,
    )


async def _write_contacts(db: Database, workspace_id: WorkspaceId, path: Path, contact: UUID | None) -> None:
    addresses = "select address from contact_addresses where contact_id = $1 order by position, address"
    with path.open("w", encoding="utf-8", newline="") as out:
        cells = csv.writer(out)
        cells.writerow(("id", "name", "company", "emails"))
        async for row in rows_of(db, workspace_id, "contacts", contact):
            found = await db.fetch(workspace_id, addresses, row["id"])
            emails = " ".join(one["address"] for one in found)
            words = (str(row["id"]), row["name"] or "", row["company"] or "", emails)
            cells.writerow([safe_cell(word) for word in words])
