"""What leaves when a mailbox, or a user, is erased: a batch at a time, in the caller's transaction.

The law: mail that a colleague's mailbox holds is that colleague's, and stays; what came by no other way goes.
What stays, stays as that mailbox has it: its owner's, without the sending that it once was, without blind
copies and without the raw message, which were the erased mailbox's alone. Mail that reached the CRM by
Auto BCC, a conversation's own address or the workspace's sender is its user's: it outlives a mailbox, and
goes with the user. A conversation that is private to them stays private, to the holder of its newest mail.

Messages are locked before conversations, as whoever attaches a copy does, so that a copy that is attached
meanwhile is either seen here or finds no message.
Belongs here: rows. Never: who may ask (resolvers/erasing.py), the order of it all (jobs/erase.py).
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from database.settling import settle_threads
from database.work import Work

_LIVING: Final = (
    "exists (select from message_copies o join mailboxes ob on ob.id = o.mailbox_id "
    "where o.message_id = m.id and ob.erasing_since is null)"
)
"""A mailbox that stays holds it."""
_CARRIED: Final = "exists (select from mailboxes cb where cb.id = m.mailbox_id and cb.erasing_since is null)"
"""It leaves, or left, through a mailbox that stays."""


@dataclass(frozen=True, slots=True)
class _Leaving:
    """Whose mail leaves: where it lies, and which of it goes once what stays was given to its holders."""

    threads: str
    theirs: str
    """What of a message `m` in a conversation `t` may have to change, and is locked."""
    given: str
    """What is given to another holder, where there is one."""
    goes: str


_OF_MAILBOX: Final = _Leaving(
    threads="(select m.thread_id from messages m where m.mailbox_id = :whose limit :batch) union "
    "(select m.thread_id from message_copies c join messages m on m.id = c.message_id "
    "where c.mailbox_id = :whose limit :batch) limit :batch",
    theirs="m.mailbox_id = :whose or exists "
    "(select from message_copies c where c.message_id = m.id and c.mailbox_id = :whose)",
    given="m.mailbox_id = :whose",
    goes="m.mailbox_id = :whose",
)
_OF_USER: Final = _Leaving(
    threads="(select m.thread_id from messages m where m.owner_id = :whose limit :batch) union "
    "(select t.id from threads t where t.private_to = :whose limit :batch) limit :batch",
    theirs="m.owner_id = :whose or t.private_to = :whose",
    given="m.owner_id = :whose",
    goes=f"m.owner_id = :whose or (t.private_to = :whose and not {_LIVING} and not {_CARRIED})",
)


def _statements(leaving: _Leaving) -> dict[str, Any]:
    within = "from messages m join threads t on t.id = m.thread_id where m.thread_id = any(:threads) and "
    return {
        "threads": text(leaving.threads),
        "lock": text(f"select m.id {within} ({leaving.theirs}) order by m.id for update of m"),
        "give": text(
            "update messages m set mailbox_id = h.mailbox_id, owner_id = h.user_id, origin = 'MAILBOX', "  # noqa: S608 - our own
            "bcc_recipients = '[]', raw_key = null from (select distinct on (m.id) m.id, m.raw_key, "
            "o.mailbox_id, ob.user_id from messages m join message_copies o on o.message_id = m.id "
            "join mailboxes ob on ob.id = o.mailbox_id where m.thread_id = any(:threads) "
            f"and ({leaving.given}) and ob.erasing_since is null order by m.id, o.id) h "
            "where m.id = h.id returning m.id, h.raw_key"
        ),
        "goes": text(f"select m.id {within} ({leaving.goes})"),
    }


_MAILBOX: Final = _statements(_OF_MAILBOX)
_USER: Final = _statements(_OF_USER)

_LOCK_THREADS: Final = text("select id from threads where id = any(:threads) order by id for update")
_VOID_SENDS: Final = text(
    "delete from commands c using submissions s where s.message_id = any(:messages) "
    "and c.workspace_id = :workspace and c.key = 'send:' || s.id::text"
)
_FORGET_SENDINGS: Final = text("delete from submissions where message_id = any(:messages)")
_DISOWN_FILES: Final = text("update attachments set user_id = null where message_id = any(:messages)")
_BLOBS: Final = text(
    "select blob_key from attachments where message_id = any(:messages) and blob_key is not null union "
    "select raw_key from messages where id = any(:messages) and raw_key is not null"
)
_ERASE: Final = text("delete from messages where id = any(:messages)")
_ERASE_COPIES: Final = text(
    "delete from message_copies c using messages m where m.id = c.message_id "
    "and m.thread_id = any(:threads) and c.mailbox_id = :whose"
)
_ERASE_LINKS: Final = text("delete from thread_links where thread_id = any(:threads) and mailbox_id = :whose")
_HAND_ON: Final = text("""
update threads t set private_to = (
    select coalesce(h.user_id, carrier.user_id) from messages m
    left join mailboxes carrier on carrier.id = m.mailbox_id
    left join lateral (
        select ob.user_id from message_copies o join mailboxes ob on ob.id = o.mailbox_id
        where o.message_id = m.id and ob.erasing_since is null order by o.id limit 1
    ) h on true
    where m.thread_id = t.id order by m.sent_at desc, m.id desc limit 1
)
where t.id = any(:threads) and t.private_to = :whose
""")


@dataclass(frozen=True, slots=True)
class Left:
    """How many conversations a batch dealt with, and the blobs that no longer have their row."""

    threads: int
    blob_keys: tuple[str, ...] = ()


async def erase_mail_of_mailbox(work: Work, mailbox_id: UUID, batch: int) -> Left:
    """Deal with the next conversations that a mailbox, which is being erased, has to do with."""
    return await _erase(work, _MAILBOX, mailbox_id, batch, (_ERASE_COPIES, _ERASE_LINKS))


async def erase_mail_of_user(work: Work, user_id: UUID, batch: int) -> Left:
    """Deal with the next conversations in which something is a user's, who is being erased."""
    return await _erase(work, _USER, user_id, batch, (_HAND_ON,))


async def _erase(
    work: Work, statements: dict[str, Any], whose: UUID, batch: int, afterwards: tuple[Any, ...]
) -> Left:
    names = {"workspace": work.workspace_id, "whose": whose}
    found = await work.execute(statements["threads"], {"whose": whose, "batch": batch})
    threads = sorted(found.scalars())
    if not threads:
        return Left(0)
    there = {"threads": threads, "whose": whose}
    await work.execute(statements["lock"], there)
    await work.execute(_LOCK_THREADS, {"threads": threads})
    given = (await work.execute(statements["give"], there)).all()
    kept = {"messages": [row.id for row in given], "workspace": names["workspace"]}
    await work.execute(_VOID_SENDS, kept)
    await work.execute(_FORGET_SENDINGS, {"messages": kept["messages"]})
    await work.execute(_DISOWN_FILES, {"messages": kept["messages"]})
    goes = list((await work.execute(statements["goes"], there)).scalars())
    blobs = [row.raw_key for row in given if row.raw_key is not None]
    blobs += (await work.execute(_BLOBS, {"messages": goes})).scalars()
    await work.execute(_VOID_SENDS, {"messages": goes, "workspace": names["workspace"]})
    await work.execute(_ERASE, {"messages": goes})
    for statement in afterwards:
        await work.execute(statement, there)
    await settle_threads(work, threads)
    return Left(len(threads), tuple(blobs))
