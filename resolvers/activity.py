"""How much mail went through the mailboxes day by day: counts alone, so that admins may see everybody's."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from database.reads.activity import SYNC_DAYS
from resolvers.access import governs, require_read
from resolvers.context import Info
from schema.faults import BadUserInput
from schema.types.mailboxes import MailboxDay

MOST_DAYS: Final = 30
"""Decisions are kept as long."""


async def sync_activity(info: Info, days: int = 14, time_zone: str = "UTC") -> list[MailboxDay]:
    """Return the days on which something happened in the mailboxes that the viewer may see."""
    context, viewer = info.context, info.context.viewer
    require_read(viewer)
    if not 1 <= days <= MOST_DAYS:
        raise BadUserInput(f"Activity is known of 1 to {MOST_DAYS} days.")
    since = first_moment(context.now, days, time_zone)
    rows = await context.db.fetch(
        viewer.workspace_id, SYNC_DAYS, viewer.workspace_id, viewer.user_id, governs(viewer), time_zone, since
    )
    return [
        MailboxDay(
            day=row["day"],
            mailbox_id=str(row["mailbox_id"]),  # type: ignore[arg-type]  # strawberry.ID is a str at run time
            synced=row["synced"],
            skipped=row["skipped"],
            sent=row["sent"],
        )
        for row in rows
    ]


def first_moment(now: datetime, days: int, time_zone: str) -> datetime:
    """Return when the first of so many days began in a zone, today being the last.

    Raises:
        BadUserInput: there is no such zone.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadUserInput("A time zone is named as in Europe/Berlin.") from None
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days - 1)
