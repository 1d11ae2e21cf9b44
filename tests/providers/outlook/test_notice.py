"""What a push of Graph rings for; it proves itself by a secret alone."""

import hashlib

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.outlook.notice import BODY_LIMIT_BYTES, Unreadable, read_notices


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def test_one_notice_for_each_secret_however_many_items() -> None:
    items = [{"clientState": "a", "changeType": "created"}] * 3 + [{"clientState": "b"}]
    found = read_notices(orjson.dumps({"value": items}))
    assert {one.secret_hash for one in found} == {digest("a"), digest("b")}
    assert all(one.lifecycle == frozenset() for one in found)


def test_lifecycle_events_are_told() -> None:
    for event in ("missed", "subscriptionRemoved", "reauthorizationRequired"):
        [found] = read_notices(orjson.dumps({"value": [{"clientState": "a", "lifecycleEvent": event}]}))
        assert found.lifecycle == {event}


def test_items_without_a_usable_secret_ring_for_nobody() -> None:
    items = [
        {},
        {"clientState": None},
        {"clientState": 7},
        {"clientState": ""},
        {"clientState": "x" * 129},
        3,
        None,
    ]
    assert read_notices(orjson.dumps({"value": items})) == ()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"value": {}}', b"<html>", b"x" * (BODY_LIMIT_BYTES + 1)]
)
def test_what_is_no_push_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_notices(body)


@given(st.binary(max_size=300))
def test_no_body_breaks_the_reading(body: bytes) -> None:
    try:
        read_notices(body)
    except Unreadable:
        return
