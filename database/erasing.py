"""Erase one person everywhere in a workspace, in the caller's transaction.

Belongs here: what of a person there is, and in which order it goes. The contact goes with its conversations,
their messages, files and waiting sends; what the person wrote into other conversations goes, too, and their
addresses leave the headers of what stays, whose raw message, which has them too, goes. What others wrote
about them in a body stays. Blobs that no row names any more leave the blob store with its next sweep.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from database.settling import settle_threads
from database.work import Work
from rules.happenings import Withdrawn
from rules.words import ThreadId

_ADDRESSES: Final = text(
    "select a.address from contact_addresses a where a.contact_id = :contact and not exists ("
    "select from contact_addresses o where o.workspace_id = :workspace and o.address = a.address "
    "and o.contact_id <> a.contact_id)"
)
"""Those that are this contact's alone: what another contact has, too, is that one's."""

_THREADS: Final = text(
    "select t.id, (select count(*)::int from messages m where m.thread_id = t.id) as messages "
    "from threads t where t.workspace_id = :workspace and t.contact_id = :contact for update"
)
_FILES: Final = text(
    "select count(*)::int from attachments a join messages m on m.id = a.message_id "
    "where m.thread_id = any(:threads)"
)
_VOID_SENDS: Final = text(
    "delete from commands c using submissions s join messages m on m.id = s.message_id "
    "where m.thread_id = any(:threads) and c.workspace_id = :workspace and c.key = 'send:' || s.id::text"
)
_ERASE_THREADS: Final = text("delete from threads where id = any(:threads)")
_ERASE_ELSEWHERE: Final = text(
    "delete from messages m where m.workspace_id = :workspace and m.from_address = any(:addresses) "
    "and m.direction = 'INBOUND' returning m.thread_id"
)

_WITHOUT: Final = (
    "coalesce((select jsonb_agg(p order by n) from jsonb_array_elements({list}) with ordinality e(p, n) "
    "where not p ->> 'address' = any(:addresses)), '[]')"
)
_NAMED: Final = "exists (select from jsonb_array_elements({list}) p where p ->> 'address' = any(:addresses))"
_HEADERS: Final = ("m.to_recipients", "m.cc_recipients", "m.bcc_recipients")
_ERASE_MENTIONS: Final = text(
    "update messages m set raw_key = null, "  # noqa: S608 - our own names
    + ", ".join(f"{name[2:]} = {_WITHOUT.format(list=name)}" for name in _HEADERS)
    + " where m.workspace_id = :workspace and ("
    + " or ".join(_NAMED.format(list=name) for name in _HEADERS)
    + ") returning m.thread_id"
)
_TAKES_PART: Final = text(
    "select t.id from threads t where t.workspace_id = :workspace and "  # noqa: S608 - our own names
    + _NAMED.format(list="t.participants")
)
_ERASE_CONTACT: Final = text("delete from contacts where workspace_id = :workspace and id = :contact")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much of a person there was. `mentions` are messages of others that named an address of theirs."""

    threads: int
    messages: int
    attachments: int
    mentions: int


async def erase_person(work: Work, contact_id: UUID) -> Erased:
    """Erase a contact that the caller has locked, and tell whoever shows it to forget it."""
    names = {"workspace": work.workspace_id, "contact": contact_id}
    addresses = list((await work.execute(_ADDRESSES, names)).scalars())
    rows = (await work.execute(_THREADS, names)).all()
    theirs = {"workspace": work.workspace_id, "threads": [row.id for row in rows]}
    attachments = (await work.execute(_FILES, theirs)).scalar_one()
    await work.execute(_VOID_SENDS, theirs)
    await work.execute(_ERASE_THREADS, theirs)
    for row in rows:
        work.tell(Withdrawn(ThreadId(row.id), None))
    written, mentions = await _erase_elsewhere(work, addresses)
    await work.execute(_ERASE_CONTACT, names)
    return Erased(len(rows), sum(row.messages for row in rows) + written, attachments, mentions)


async def _erase_elsewhere(work: Work, addresses: list[str]) -> tuple[int, int]:
    """Erase what the person wrote into others' conversations, and their address from what stays."""
    if not addresses:
        return 0, 0
    names = {"workspace": work.workspace_id, "addresses": addresses}
    written = list((await work.execute(_ERASE_ELSEWHERE, names)).scalars())
    mentions = list((await work.execute(_ERASE_MENTIONS, names)).scalars())
    joined = list((await work.execute(_TAKES_PART, names)).scalars())
    await settle_threads(work, [*written, *mentions, *joined])
    return len(written), len(mentions)
