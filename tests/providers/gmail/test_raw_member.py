"""The message's bytes come out of the JSON whole, however it is cut and whatever else it holds."""

import base64
import json
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.gmail.raw_member import NotAMessage, RawMember


def read(answer: bytes, cuts: list[int] | None = None) -> bytes:
    member = RawMember()
    edges = sorted({0, len(answer), *(cut % (len(answer) + 1) for cut in cuts or [])})
    pieces = [answer[start:end] for start, end in pairwise(edges)]
    found = b"".join([member.feed(piece) for piece in pieces])
    member.close()
    return found


def encoded(message: bytes) -> str:
    return base64.urlsafe_b64encode(message).decode()


def test_an_answer_as_gmail_writes_it() -> None:
    message = b"From: a@b.test\r\n\r\nHi\xff\xfe"
    answer = orjson.dumps({"id": "1", "labelIds": ["INBOX"], "sizeEstimate": 9, "raw": encoded(message)})
    assert read(answer) == message


OTHERS = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "raw"),
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(st.binary(max_size=400), OTHERS, OTHERS, st.lists(st.integers(0, 10_000), max_size=30), st.booleans())
def test_wherever_it_is_cut_and_whatever_stands_around_it(
    message: bytes, before: dict[str, object], after: dict[str, object], cuts: list[int], padded: bool
) -> None:
    after = {name: value for name, value in after.items() if name not in before}
    text = encoded(message) if padded else encoded(message).rstrip("=")
    answer = json.dumps({**before, "raw": text, **after}, ensure_ascii=len(cuts) % 2 == 0).encode(
        "utf-8", "surrogatepass"
    )
    assert read(answer, cuts) == message


@given(st.binary(min_size=1, max_size=100), st.integers(0, 400))
def test_an_answer_cut_short_is_never_whole(message: bytes, length: int) -> None:
    answer = orjson.dumps({"snippet": 'says "raw":"eA=="', "raw": encoded(message)})
    with pytest.raises(NotAMessage):
        read(answer[: length % len(answer)])


def test_every_single_cut_gives_the_same() -> None:
    message = bytes(range(256))
    answer = b' {"snippet":"\\"raw\\":\\"bm8=\\"","x":{"raw":"bm8="},"raw" : "' + encoded(message).encode()
    answer = answer.replace(b"=", b"\\u003d") + b'","raw2":"bm8="} \n'
    assert {read(answer, [cut]) for cut in range(len(answer))} == {message}


def test_both_alphabets_are_read() -> None:
    assert read(b'{"raw":"-_-_"}') == read(b'{"raw":"+\\/+/"}') == b"\xfb\xff\xbf"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b'"raw"',
        b"{}",
        b'{"id":"1"}',
        b'{"x":{"raw":"eA=="}}',
        b'{"raw":7}',
        b'{"raw":["eA=="]}',
        b'{"raw":"eA==","raw":"eA=="}',
        b'{"raw":"e"}',
        b'{"raw":"eA=a"}',
        b'{"raw":"e A="}',
        b'{"raw":"\\u00zz"}',
        b'{"raw":"eA=="}{}',
        b'{"raw":"eA=="} x"',
        b'{"raw":"eA=="',
        b'{"raw":"eA==\\',
        b'{"' + b"n" * 5000 + b'":1,"raw":"eA=="}',
        b'{"a":' + b"[" * 200 + b"]" * 200 + b',"raw":"eA=="}',
    ],
)
def test_what_is_no_message_is_said_to_be_none(answer: bytes) -> None:
    with pytest.raises(NotAMessage):
        read(answer)


def test_an_empty_message_is_a_message() -> None:
    assert read(b'{"raw":""}') == b""
