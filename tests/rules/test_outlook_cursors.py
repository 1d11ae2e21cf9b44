"""Outlook's place in its change feed: kept exactly, and nothing foreign is taken for it."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cursors import (
    GmailCursor,
    InvalidCursor,
    OutlookCursor,
    Told,
    decode_gmail,
    decode_outlook,
    encode_gmail,
    encode_outlook,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = st.integers(0, 10**9).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
MARKS = st.frozensets(st.text("abcXYZ019-_", min_size=8, max_size=8), min_size=1, max_size=5)
PLACES = st.builds(Told, TIMES, st.dictionaries(st.integers(0, 10_000), MARKS, max_size=5))


@given(st.builds(OutlookCursor, TIMES, PLACES, PLACES))
def test_a_cursor_comes_back_as_it_was(cursor: OutlookCursor) -> None:
    assert decode_outlook(encode_outlook(cursor)) == cursor


def written(**changed: object) -> str:
    fields = {"v": 1, "p": "OUTLOOK", "s": 0, "m": [0, {}], "e": [0, {}], **changed}
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "é",
        "e30=",
        "x" * 70_000,
        "https://graph.microsoft.com/v1.0/me/messages/delta?$deltatoken=x",
        encode_gmail(GmailCursor(7, NOW)),
        written(v=2),
        written(p="GMAIL"),
        written(s=-1),
        written(s=True),
        written(s=10**18),
        written(m=[0]),
        written(m=[0, []]),
        written(m=[0, {"1": "short"}]),
        written(m=[0, {"1": 7}]),
        written(m=[0, {"one": "abcdefgh"}]),
        written(m=["0", {}]),
        written(more=1),
    ],
)
def test_what_we_did_not_write_is_no_cursor(foreign: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_outlook(foreign)


def test_the_two_kinds_are_never_taken_for_each_other() -> None:
    with pytest.raises(InvalidCursor):
        decode_gmail(encode_outlook(OutlookCursor(NOW, Told(NOW), Told(NOW))))
