"""How many conversations stand where in a viewer's inbox: numbers for a title and a start page.

The law: each count has a bound, so that it costs the same in a workspace of any size; a number that reached
it means "or more".
"""

# ruff: noqa: S608 - every piece of SQL is a literal of this package; values are bound.

from collections.abc import Mapping
from functools import cache
from typing import Final

from database.reads.nouns import VISIBLE_THREAD
from database.reads.statement import Slot, Statement

MOST: Final = 1000
"""What the counts end at, and how many of the newest open conversations are looked at for an answer."""
_OPEN: Final = (
    "t.workspace_id = {workspace} and t.state = 'OPEN' and " + VISIBLE_THREAD.replace("{of}", "t") + " "
)

COUNTS: Final[Mapping[str, str]] = {
    "unread_threads": "select count(*)::int from (select from (select distinct u.thread_id from unread u "
    f"where u.user_id = {{viewer}}) n join threads t on t.id = n.thread_id where {_OPEN}limit {MOST}) c",
    "unanswered_threads": "select count(*)::int from (select t.last_message_id from threads t "
    f"where {_OPEN}order by t.last_message_at desc, t.id desc limit {MOST}) n "
    "join messages m on m.id = n.last_message_id where m.direction = 'INBOUND'",
}


@cache
def counting(names: tuple[str, ...]) -> tuple[str, tuple[Slot, ...]]:
    """Return one statement for these counts, in their order, and the slots of its values."""
    statement = Statement()
    counts = ", ".join(f"({statement.fill(COUNTS[name])})" for name in names)
    return f"select {counts}", tuple(statement.slots)
