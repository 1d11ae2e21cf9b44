"""Look back over a gap: take in what a mailbox got while its change feed could not tell us of it.

The law: from the oldest mail to the newest. What syncs depends on what came before it (D9: an answer in a
conversation that its first mail began), and providers list the newest first. So the list is walked to its
end first, for the names of its pages alone, and its pages are taken in on the way back. Both ways are written
down page by page: a crash, or a slice of time that has passed, costs at most a page.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import update

from database.tables import SyncGapRow, table_of
from database.work import Work
from jobs.running import hold
from jobs.taking import Desk, take
from providers.protocol import ListedPage
from rules.errors import CursorExpired, Gone, OurBug, Refused, Retryable

log = structlog.get_logger(__name__)

FIRST: Final = ""
"""The name, here, of the page that a provider gives without being told one."""


class _Forgotten(Exception):
    """The provider does not know a page's name, which was good for a while only."""


async def look_back(desk: Desk, gap: Mapping[str, Any], until: datetime) -> bool:
    """Go on with a gap (its `id`, `from_at`, `page`, `pages`); whether it is repaired.

    Raises:
        Retryable: the provider no longer knows a page's name; it begins anew, and passes over what is stored.
        What jobs/taking.py's take raises.
    """
    gap_id, since = gap["id"], gap["from_at"]
    pages: list[str] = list(gap["pages"])
    try:
        newest_first = await _walk(desk, gap_id, since, pages, gap["page"] if pages else FIRST, until)
        if newest_first is None:
            return False
        return await _take_in(desk, gap_id, since, *newest_first, until)
    except _Forgotten as forgotten:
        log.warning("look-back begins anew", mailbox=str(desk.mailbox.id), reason=str(forgotten))
        await _keep(desk, gap_id, [], None)
        raise Retryable("the provider forgot a page of its list") from forgotten


async def _listed(desk: Desk, since: datetime, place: str) -> ListedPage:
    if place == FIRST:
        return await desk.provider.listed(since, None)
    try:
        return await desk.provider.listed(since, place)
    except (CursorExpired, Gone, OurBug, Refused) as trouble:
        raise _Forgotten(str(trouble)) from trouble


async def _walk(
    desk: Desk, gap_id: UUID, since: datetime, pages: list[str], ahead: str | None, until: datetime
) -> tuple[list[str], ListedPage | None] | None:
    """Return every page's name and, where it was just listed, the oldest page; None if time has passed."""
    listed = None
    while ahead is not None:
        listed = await _listed(desk, since, ahead)
        pages, ahead = [*pages, ahead], listed.next_page
        if ahead is not None and desk.context.now() >= until:
            await _keep(desk, gap_id, pages, ahead)
            return None
    if len(pages) > 1:
        await _keep(desk, gap_id, pages, None)
        desk.context.passing("look-back.walked")
    return pages, listed


async def _take_in(
    desk: Desk, gap_id: UUID, since: datetime, pages: list[str], oldest: ListedPage | None, until: datetime
) -> bool:
    listed = oldest
    while pages:
        place, pages = pages[-1], pages[:-1]
        if listed is None:
            listed = await _listed(desk, since, place)

        async def finish(work: Work, left: list[str] = pages) -> None:
            values = {"pages": left, "page": None, "repaired_at": None if left else work.now}
            rows = table_of(SyncGapRow).c
            await work.execute(update(SyncGapRow).where(rows.id == gap_id).values(**values))

        # A page is taken in parts where there is little quota: those too from the oldest to the newest.
        await take(desk, listed.remote_ids[::-1], finish)
        listed = None
        if pages and desk.context.now() >= until:
            return False
    return True


async def _keep(desk: Desk, gap_id: UUID, pages: list[str], page: str | None) -> None:
    """Write down how far the walk came."""
    async with desk.context.db.work(desk.mailbox.workspace_id) as work:
        await hold(desk.context, work, desk.claimed)
        rows = table_of(SyncGapRow).c
        await work.execute(update(SyncGapRow).where(rows.id == gap_id).values(pages=pages, page=page))
