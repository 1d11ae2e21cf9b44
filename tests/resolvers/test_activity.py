"""Activity by day, in the reader's zone, for those who may see the mailbox; and what presets would set."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from database.ids import new_id
from database.tables import SubmissionRow, SyncDecisionRow
from resolvers.activity import first_moment
from rules.presets import PRESETS, Preset
from rules.words import Role
from schema.faults import BadUserInput
from tests.resolvers.world import NOW, World

ACTIVITY = """query ($days: Int!, $zone: String!) { syncActivity(days: $days, timeZone: $zone) {
  day mailboxId synced skipped sent } }"""


async def decide(world: World, at: datetime, *, synced: bool) -> None:
    async with world.db.work(world.workspace_id) as work:
        work.add(
            SyncDecisionRow(
                id=new_id(),
                workspace_id=world.workspace_id,
                mailbox_id=world.mailbox_id,
                at=at,
                synced=synced,
                reason=None if synced else "NOT_A_CONTACT",
                rule="D11",
                size_bytes=0,
                remote_id_hash=new_id().bytes,
            )
        )


async def active(world: World, viewer: Any = None, days: int = 14, zone: str = "UTC") -> list[Any]:
    found = await world.data(ACTIVITY, {"days": days, "zone": zone}, viewer)
    assert isinstance(found["syncActivity"], list)
    return found["syncActivity"]


async def test_activity_is_counted_by_day_for_those_who_may_see_the_mailbox(world: World) -> None:
    today = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    for at, synced in ((today, True), (today, False), (today - timedelta(seconds=1), True)):
        await decide(world, at, synced=synced)
    await decide(world, today - timedelta(days=1, seconds=1), synced=True)
    async with world.db.work(world.workspace_id) as work:
        work.add(
            SubmissionRow(
                id=new_id(),
                workspace_id=world.workspace_id,
                message_id=world.message_ids[0],
                user_id=world.user_id,
                mailbox_id=world.mailbox_id,
                via="MAILBOX",
                state="SENT",
                idempotency_key="x",
                request_hash=b"",
                marker="x",
                created_at=NOW,
                sent_at=today,
            )
        )

    id = str(world.mailbox_id)
    yesterday = {"day": str((today - timedelta(days=1)).date()), "mailboxId": id, "synced": 1}
    assert await active(world, days=2) == [
        {**yesterday, "skipped": 0, "sent": 0},
        {"day": str(today.date()), "mailboxId": id, "synced": 1, "skipped": 1, "sent": 1},
    ]
    west = await active(world, days=2, zone="Etc/GMT+1")
    assert [(one["synced"], one["skipped"], one["sent"]) for one in west][-1] == (2, 1, 1)
    admin = world.viewer(user_id=world.colleague_id, role=Role.ADMIN)
    assert len(await active(world, admin, days=2)) == 2
    assert await active(world, world.colleague) == []


def test_the_first_day_begins_at_its_own_midnight() -> None:
    now = datetime(2026, 3, 30, 1, 0, tzinfo=UTC)
    assert first_moment(now, 1, "UTC") == datetime(2026, 3, 30, tzinfo=UTC)
    # Summer time began on the 29th: the day before it began an hour later by UTC.
    assert first_moment(now, 2, "Europe/Berlin") == datetime(2026, 3, 28, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../etc/passwd", "", "UTC'; select"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(BadUserInput):
        first_moment(NOW, 1, zone)


@pytest.mark.parametrize("days", [0, 31])
async def test_no_more_days_than_are_kept(world: World, days: int) -> None:
    answer = await world.ask(ACTIVITY, {"days": days, "zone": "UTC"})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_presets_are_told_as_they_are_applied(world: World) -> None:
    text = """{ presets { preset attachmentLimitBytes attachmentTypes oversize labsOutlook
      scopes { provider scope } } }"""
    told = {one["preset"]: one for one in (await world.data(text))["presets"]}

    assert set(told) == set(Preset)
    for preset, given in PRESETS.items():
        assert told[preset]["attachmentLimitBytes"] == given.attachment_limit_bytes
        assert {one["provider"]: one["scope"] for one in told[preset]["scopes"]} == dict(given.scopes)
