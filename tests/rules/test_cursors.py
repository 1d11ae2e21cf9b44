"""Cursors: opaque out, checked in."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cursors import GmailCursor, InvalidCursor, decode_gmail, encode_gmail, look_back_from

AT = datetime(2026, 11, 21, 10, 0, 0, 123000, tzinfo=UTC)


@given(st.integers(1, 2**64 - 1), st.integers(0, 4_000_000_000_000))
def test_a_cursor_comes_back_as_it_went(history_id: int, milliseconds: int) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    cursor = GmailCursor(history_id, at)

    assert decode_gmail(encode_gmail(cursor)) == cursor


def spelled(**fields: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


@pytest.mark.rule("R62")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "987650",
        "!!!!",
        "é",
        "a" * 5000,
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 3000).decode(),
        spelled(v=2, p="GMAIL", h="1", t=1),
        spelled(v=1, p="OUTLOOK", h="1", t=1),
        spelled(v=1, p="GMAIL", h=1, t=1),
        spelled(v=1, p="GMAIL", h="0", t=1),
        spelled(v=1, p="GMAIL", h="-5", t=1),
        spelled(v=1, p="GMAIL", h=str(2**64), t=1),
        spelled(v=1, p="GMAIL", h="1&labelId=SPAM", t=1),
        spelled(v=1, p="GMAIL", h="1", t=-1),
        spelled(v=1, p="GMAIL", h="1", t=True),
        spelled(v=1, p="GMAIL", h="1", t=10**18),
        spelled(v=1, p="GMAIL", h="1", t=1, x=1),
        spelled(v=1, p="GMAIL", h="1"),
    ],
)
def test_what_we_did_not_make_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_gmail(text)


@pytest.mark.rule("L7")
@pytest.mark.parametrize(
    ("connected_before", "looks_back_to"),
    [(timedelta(days=9), AT - timedelta(hours=1)), (timedelta(minutes=5), AT - timedelta(minutes=5))],
)
def test_a_look_back_is_bounded_by_the_last_sync_and_the_connection(
    connected_before: timedelta, looks_back_to: datetime
) -> None:
    assert look_back_from(GmailCursor(5, AT), AT - connected_before) == looks_back_to
