"""What is left of an erased user beside their mail: their addresses in headers, what is assigned, their rows.

As with a contact that is erased (database/erasing.py), an address that a contact has, too, is that contact's.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import text

from database.erasing_mail import Left
from database.settling import settle_threads
from database.work import Work
from rules.happenings import ThreadChanged
from rules.words import ContactId, ThreadId

ERASED_NAME: Final = "Erased user"

_ADDRESSES: Final = text(
    "select a.address from (select u.email as address from users u where u.id = :user union "
    "select b.address from mailboxes b where b.user_id = :user union "
    "select unnest(b.send_as) from mailboxes b where b.user_id = :user) a where a.address is not null "
    "and not exists (select from contact_addresses c where c.workspace_id = :workspace "
    "and c.address = a.address) and not exists (select from mailboxes ob where ob.workspace_id = :workspace "
    "and ob.user_id <> :user and (ob.address = a.address or a.address = any(ob.send_as)))"
)
"""Not those of a mailbox that is somebody else's by now."""

_NAMED: Final = "exists (select from jsonb_array_elements({list}) p where p ->> 'address' = any(:addresses))"
_WITHOUT: Final = (
    "coalesce((select jsonb_agg(p order by n) from jsonb_array_elements({list}) with ordinality e(p, n) "
    "where not p ->> 'address' = any(:addresses)), '[]')"
)
_LISTS: Final = ("to_recipients", "cc_recipients", "bcc_recipients")
_MESSAGE_NAMES: Final = (
    "(m.from_address = any(:addresses) or "
    + " or ".join(_NAMED.format(list=f"m.{one}") for one in _LISTS)
    + ")"
)
_MANY: Final = 100
"""A conversation names that many participants at most (jobs/thread_rows.py); beyond, its mails are read."""
_IN_PARTICIPANTS: Final = _NAMED.format(list="t.participants")
_IN_BCC: Final = _NAMED.format(list="m.bcc_recipients")
_MENTIONING: Final = text(
    f"(select t.id from threads t where t.workspace_id = :workspace and ({_IN_PARTICIPANTS} "  # noqa: S608
    f"or (jsonb_array_length(t.participants) >= {_MANY} and exists (select from messages m "
    f"where m.thread_id = t.id and {_MESSAGE_NAMES}))) limit :batch) union "
    "(select m.thread_id from messages m where m.workspace_id = :workspace and m.bcc_recipients <> '[]' "
    f"and {_IN_BCC} limit :batch)"
)
_STRIP: Final = text(
    "update messages m set raw_key = null, "  # noqa: S608 - our own names
    "from_name = case when m.from_address = any(:addresses) then null else m.from_name end, "
    "from_address = case when m.from_address = any(:addresses) then '' else m.from_address end, "
    + ", ".join(f"{one} = {_WITHOUT.format(list=f'm.{one}')}" for one in _LISTS)
    + " from messages was where was.id = m.id and m.thread_id = any(:threads) "
    f"and {_MESSAGE_NAMES} returning was.raw_key"
)
_UNASSIGN: Final = text(
    "update threads set assignee_id = null where id in "
    "(select id from threads where assignee_id = :user limit :batch) returning id, contact_id"
)
_DISOWN_FILES: Final = text(
    "update attachments set user_id = null where user_id = :user and message_id is not null"
)
_FORGET_UPLOADS: Final = text("delete from attachments where user_id = :user returning blob_key")
_FORGET_BULK_SENDS: Final = text("delete from bulk_sends where user_id = :user")
_HUSK: Final = text(
    "update users set name = :name, email = id::text || '@erased.invalid', subject = null, "
    "blocklist = '{}' where id = :user"
)
_LOCK: Final = text("select id from users where id = :user for update")
_ANYTHING: Final = text(
    "select exists (select from messages where owner_id = :user) "
    "or exists (select from threads where private_to = :user or assignee_id = :user)"
)
_FORGET: Final = text("delete from users where id = :user")


async def addresses_of_user(work: Work, user_id: UUID) -> list[str]:
    """Return the addresses that are the user's and nobody else's."""
    names = {"workspace": work.workspace_id, "user": user_id}
    return list((await work.execute(_ADDRESSES, names)).scalars())


async def erase_mentions(work: Work, addresses: list[str], batch: int) -> Left:
    """Take addresses out of the headers in the next conversations that name one; their sender is nobody."""
    names = {"workspace": work.workspace_id, "addresses": addresses, "batch": batch}
    threads = list((await work.execute(_MENTIONING, names)).scalars())
    if not threads:
        return Left(0)
    stripped = await work.execute(_STRIP, {"addresses": addresses, "threads": threads})
    blobs = tuple(key for key in stripped.scalars() if key is not None)
    await settle_threads(work, threads)
    return Left(len(threads), blobs)


async def unassign(work: Work, user_id: UUID, batch: int) -> int:
    """Make the next conversations that are a user's nobody's; how many."""
    rows = (await work.execute(_UNASSIGN, {"user": user_id, "batch": batch})).all()
    for row in rows:
        work.tell(ThreadChanged(ThreadId(row.id), ContactId(row.contact_id)))
    return len(rows)


async def empty_user(work: Work, user_id: UUID) -> tuple[str, ...]:
    """Leave a row that says nothing of the person, while it is still needed; the blobs of their uploads."""
    names = {"user": user_id}
    await work.execute(_DISOWN_FILES, names)
    uploads = list((await work.execute(_FORGET_UPLOADS, names)).scalars())
    await work.execute(_FORGET_BULK_SENDS, names)
    await work.execute(_HUSK, {"user": user_id, "name": ERASED_NAME})
    return tuple(key for key in uploads if key is not None)


async def forget_user(work: Work, user_id: UUID) -> bool:
    """Delete a user's row, and with it keys, marks and tracked contacts; False where more came meanwhile."""
    await work.execute(_LOCK, {"user": user_id})
    if (await work.execute(_ANYTHING, {"user": user_id})).scalar_one():
        return False
    await work.execute(_FORGET, {"user": user_id})
    return True
