"""Reading mail: every sample says what a reader finds, by the fast parser and by the slow one."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import mime_in
from rules.header_block import fields_of, header_bytes
from rules.mime_in import ReadMail, parse
from rules.mime_parts import PART_LIMIT, read_slowly
from rules.parsed import ParsedMessage
from tests.samples.mail.parts import Shape
from tests.samples.mail.shapes import SHAPES

FOLDER = Path(__file__).parents[1] / "samples" / "mail"


def read_by_the_interpreter(raw: bytes) -> ReadMail:
    """The same reading, with the parts that the interpreter's parser finds."""
    tree = read_slowly(raw)
    assert tree.root is not None
    return mime_in._read(fields_of(header_bytes(raw)[0]), tree, tree.root, lenient=True)


def found(message: ParsedMessage, name: str) -> Any:
    """A field of a message, as the samples spell it."""
    value = getattr(message, name)
    match name:
        case "sender":
            return value.address if value else None
        case "to" | "cc" | "bcc" | "reply_to":
            return [person.address for person in value]
        case "attachments":
            return [[one.outline.name, one.outline.content_type, one.outline.size_bytes] for one in value]
        case "bounce" if value is not None:
            people = [[one.address, one.action, one.status] for one in value.recipients]
            return {"recipients": people, "id": value.original_message_id, "marker": value.original_marker}
        case "sent_at":
            return value.isoformat() if value else None
        case "references" | "remote_images":
            return list(value)
        case _:
            return value


def test_the_samples_on_disk_are_those_of_the_script() -> None:
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))

    assert len(SHAPES) >= 60
    assert {shape.name for shape in SHAPES} == set(expected) == {path.stem for path in FOLDER.glob("*.eml")}
    for shape in SHAPES:
        assert (FOLDER / f"{shape.name}.eml").read_bytes() == shape.raw
        assert expected[shape.name] == shape.expected


@pytest.mark.parametrize("reader", [parse, read_by_the_interpreter], ids=["fast", "interpreter"])
@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_a_sample_says_what_a_reader_finds(shape: Shape, reader: Callable[[bytes], ReadMail]) -> None:
    read = reader(shape.raw)
    message = read.message

    for name, value in shape.expected.items():
        if name == "warned":
            assert any(value in warning for warning in message.warnings)
        elif name == "inline":
            assert [one.outline.inline for one in message.attachments] == value
        else:
            assert found(message, name) == value, name
    repaired = {mime_in.REPAIRED}
    assert "warned" in shape.expected or set(message.warnings) <= repaired
    assert [len(content) for content in read.contents] == [
        one.outline.size_bytes for one in message.attachments
    ]


def normal(message: ParsedMessage) -> ParsedMessage:
    return replace(message, warnings=())


@pytest.mark.rule("R38")
@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SHAPES),
    st.lists(st.tuples(st.integers(0, 4000), st.binary(max_size=6), st.integers(0, 40)), max_size=6),
)
def test_damaged_mail_is_read_without_raising(shape: Shape, damages: list[tuple[int, bytes, int]]) -> None:
    raw = shape.raw
    for position, inserted, removed in damages:
        at = position % (len(raw) + 1)
        raw = raw[:at] + inserted + raw[at + removed :]
    read = parse(raw)

    assert len(read.contents) == len(read.message.attachments)
    assert "\x00" not in read.message.text + (read.message.html or "")
    assert read.message.quoted_from is None or 0 < read.message.quoted_from < len(read.message.text)
    read.message.text.encode("utf-8")


@pytest.mark.rule("R38")
@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_raising(raw: bytes) -> None:
    assert parse(raw).message.warnings is not None


@pytest.mark.rule("R38")
@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@[::1\r\n\r\nx",
        b'To: "\r\n\r\nx',
        b"Message-ID: <\r\n\r\nx",
        b"",
        b"\r\n\r\n",
        b" Subject: starts with a space\r\n\r\nx",
        b"no header at all",
        *(
            b"Subject: s\r\nContent-Type: text/plain; charset=" + charset + b"\r\n\r\nx"
            for charset in (b"rot13", b"idna", b"undefined", b"unknown", b"unicode_escape")
        ),
        b"Content-Type: multipart/mixed\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n\r\nx",
        b'Content-Type: multipart/mixed; boundary="b\r\n\r\n--b\r\n\r\nx',
        b"Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--a\r\n\r\ny",
        b"Content-Type: message/rfc822\r\n\r\n",
        b"Content-Type: message/delivery-status\r\n\r\n\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ=",
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n!!!!",
        b"Subject: \xff\xfe\r\n\r\n\xff",
    ],
)
def test_the_seeds_that_crash_others_give_a_message(raw: bytes) -> None:
    assert isinstance(parse(raw), ReadMail)


def test_base64_that_does_not_decode_is_read_by_the_second_parser_with_a_warning() -> None:
    raw = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD!?*RA"
    read = parse(raw)

    assert read.message.warnings == (mime_in.REPAIRED,)
    assert read.contents == (b"ABCD",)


@pytest.mark.rule("R39")
def test_of_too_many_parts_the_first_are_read_and_the_mail_is_marked() -> None:
    parts = b"".join(b"--b\r\nContent-Type: application/x-a\r\n\r\n%d\r\n" % number for number in range(3000))
    raw = b"Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n"
    message = parse(raw).message

    assert message.too_complex
    assert mime_in.TOO_COMPLEX in message.warnings
    assert len(message.attachments) == PART_LIMIT - 1


@pytest.mark.rule("R39")
@pytest.mark.parametrize(("depth", "too_complex"), [(30, False), (60, True), (255, True), (2000, True)])
def test_nesting_is_followed_to_its_bound(depth: int, too_complex: bool) -> None:
    raw = b"Subject: deep\r\n"
    for level in range(depth):
        raw += b"Content-Type: multipart/mixed; boundary=b%05d\r\n\r\n--b%05d\r\n" % (level, level)
    message = parse(raw + b"Content-Type: text/plain\r\n\r\nbottom").message

    assert (message.subject, message.too_complex) == ("deep", too_complex)
    assert message.text == ("" if too_complex else "bottom")


def test_a_header_that_never_ends_is_not_read_further() -> None:
    message = parse(b"Subject: here\r\n" + b"X: y\r\n" * 500_000).message

    assert (message.subject, message.too_complex) == ("here", True)


def test_html_that_is_too_tangled_is_shown_as_text() -> None:
    raw = b"Content-Type: text/html\r\n\r\n" + b"<div>" * 600 + b"hello"
    message = parse(raw).message

    assert (message.text, message.html, message.warnings) == ("hello", None, (mime_in.HTML_AS_TEXT,))


def test_a_very_long_text_is_cut_and_said_so() -> None:
    message = parse(b"\r\n" + b"word " * 600_000).message

    assert len(message.text) == mime_in.TEXT_LIMIT
    assert message.warnings == (mime_in.TEXT_CUT,)
