"""How the API's own scalars are written and read."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from schema.scalars import read_address, read_event_id, read_id, read_instant, write_instant


@pytest.mark.parametrize(
    ("instant", "written"),
    [
        (datetime(2026, 3, 1, 9, 30, tzinfo=UTC), "2026-03-01T09:30:00.000Z"),
        (datetime(2026, 3, 1, 9, 30, 1, 999_999, tzinfo=UTC), "2026-03-01T09:30:01.999Z"),
        (datetime(2026, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=2))), "2026-02-28T22:30:00.000Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_an_instant_is_written_in_utc_to_the_millisecond(instant: datetime, written: str) -> None:
    assert write_instant(instant) == written


def test_an_instant_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="time zone"):
        write_instant(datetime(2026, 3, 1))


@pytest.mark.parametrize("text", ["2026-03-01T09:30:00Z", "2026-03-01T11:30:00+02:00"])
def test_an_instant_is_read_in_any_zone(text: str) -> None:
    assert read_instant(text) == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T09:30:00", "2026-03-01", "yesterday", "", 5, None, "0001-01-01T00:00:00+14:00", "9" * 50],
)
def test_what_is_no_instant_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        read_instant(text)


@pytest.mark.parametrize(
    "text", ["", "a", 5, None, "a @b.example", "a@b\n.example", "a@b\u202e.example", "@" * 255]
)
def test_what_can_be_no_address_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="EmailAddress"):
        read_address(text)


@pytest.mark.parametrize("text", ["", "x" * 65, 5, None])
def test_what_can_be_no_event_id_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="EventID"):
        read_event_id(text)


@pytest.mark.parametrize(
    "text",
    ["", "x", "{01a2013f-1a2b-7000-8000-000000000000}", "urn:uuid:01a2013f-1a2b-7000-8000-000000000000"],
)
def test_an_id_is_spelled_in_one_way_only(text: str) -> None:
    assert read_id(text) is None
    assert str(read_id("01A2013F-1a2b-7000-8000-000000000000")) == "01a2013f-1a2b-7000-8000-000000000000"
