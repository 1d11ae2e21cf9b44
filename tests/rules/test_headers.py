"""Header fields: one line out, one line in, ids, encoded words, charsets."""

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.automatic import automatic
from rules.charsets import codec_of, decode_text
from rules.header_block import fields_of, first, header_bytes
from rules.headers import (
    MESSAGE_ID_LIMIT,
    REFERENCES_LIMIT,
    UnsafeHeader,
    clean_line,
    decode_words,
    id_header,
    message_id,
    message_ids,
    refuse_breaks,
    text_header,
)
from rules.parsed import Automatic


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?Q?a_b?= and =?iso-8859-1?q?c=E9?=", "a b and cé"),
        ("=?utf-8?b?w7w=?=", "ü"),
        ("=?utf-8?b?w7w?=", "ü"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=E9?=", "aé"),
        ("=?utf-8*en?q?a?=", "a"),
        ("=?rot13?q?nop?=", "nop"),
        ("=?undefined?q?x?=", "x"),
        ("=?unicode_escape?q?=5Cn?=", "\\n"),
        ("=?utf-8?b?A?=", "=?utf-8?b?A?="),
        ("=?utf-8?x?A?=", "=?utf-8?x?A?="),
        ("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        ("a\r\n b\tc", "a b c"),
        ("=?utf-8?q?hi=0d=0aBcc:_x?=", "hi Bcc: x"),
        ("\u202eevil\u2066", "evil"),
        ("a\x00b\x7fc", "a b c"),
    ],
)
def test_encoded_words_become_one_clean_line(written: str, read: str) -> None:
    assert decode_words(written) == read


@given(st.text())
def test_a_clean_line_is_clean_and_stays(text: str) -> None:
    line = clean_line(text)

    assert refuse_breaks("x", line) == line == clean_line(line)


@pytest.mark.rule("R40")
@pytest.mark.parametrize(
    "letter", ["\r", "\n", "\r\n ", "\x00", "\u2028", "\u2029", "\x0c", "\x9f", "\udfff"]
)
def test_a_subject_with_a_break_is_refused(letter: str) -> None:
    with pytest.raises(UnsafeHeader, match="Subject: "):
        text_header("Subject", f"hi{letter}Bcc: evil@x.example")


subjects = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)


@pytest.mark.rule("R40")
@given(subjects)
def test_a_subject_reads_back_by_the_interpreter_and_by_us(subject: str) -> None:
    subject = clean_line(subject)
    header = text_header("Subject", subject)
    read = email.message_from_bytes(header + b"X-After: 1\r\n\r\n", policy=email.policy.default)

    assert read["X-After"] == "1"
    assert decode_words(header.decode("ascii").removeprefix("Subject:")) == subject
    assert all(len(line) <= 200 for line in header.split(b"\r\n"))
    assert subject.isascii() or max(map(len, header.split(b"\r\n"))) <= 86


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("<a@x>", "a@x"),
        (" (comment) <a@x> ", "a@x"),
        ("<a b@x>", "ab@x"),
        ("<a@\r\n x>", "a@x"),
        ("a@x", "a@x"),
        ("a x", None),
        ("<", None),
        ("<>", None),
        ("<<a@x>>", "a@x"),
        ("", None),
        (None, None),
        ("a\x00b", None),
        ("<a\u202eb@x>", None),
        (f"<{'a' * (MESSAGE_ID_LIMIT + 1)}>", None),
        ("A@X", "A@X"),
    ],
)
def test_a_message_id_is_one_or_none(header: str | None, found: str | None) -> None:
    assert message_id(header) == found


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("<a@x> <b@x>\r\n <a@x>", ("a@x", "b@x")),
        ("a@x b@x nonsense", ("a@x", "b@x")),
        ("<a@x>,<b@x>", ("a@x", "b@x")),
        ("", ()),
        (None, ()),
        ("<" * 1000, ()),
    ],
)
def test_references_are_the_ids_in_order(header: str | None, found: tuple[str, ...]) -> None:
    assert message_ids(header) == found


def test_of_too_many_references_the_first_and_the_newest_stay() -> None:
    ids = [f"{number}@x" for number in range(20_000)]
    found = message_ids(" ".join(f"<{one}>" for one in ids))

    assert len(found) == REFERENCES_LIMIT
    assert (found[0], found[-1]) == (ids[0], ids[-1])


@pytest.mark.rule("R40")
@pytest.mark.parametrize("one", ["a b@x", "a>@x", "<a@x", "a@x\r\nBcc: y", "", "é@x", "a" * 901])
def test_an_id_that_would_break_out_is_refused(one: str) -> None:
    with pytest.raises(UnsafeHeader):
        id_header("In-Reply-To", (one,))


@pytest.mark.rule("R38")
@pytest.mark.parametrize(
    "label",
    [
        "rot13",
        "idna",
        "undefined",
        "unicode_escape",
        "hex",
        "base64",
        "zlib",
        "punycode",
        "x" * 999,
        "",
        "utf-7",
    ],
)
def test_only_charsets_are_believed(label: str) -> None:
    assert codec_of(label) is None
    assert decode_text("Grüße".encode(), label) == ("Grüße", bool(label))


@pytest.mark.parametrize(
    ("content", "label", "text", "guessed"),
    [
        (b"caf\xe9", "us-ascii", "café", True),
        (b"caf\xe9", None, "café", True),
        (b"\x93hi\x94", "iso-8859-1", "“hi”", False),
        ("Grüße".encode("utf-16"), "utf-16", "Grüße", False),
        ("日本".encode("shift_jis"), "Shift_JIS", "日本", False),
        ("привет".encode("koi8-r"), "KOI8-R", "привет", False),
        ("中文".encode("gb2312"), "gb2312", "中文", False),
        ("שלום".encode("iso8859-8"), "iso-8859-8-i", "שלום", False),
        (b"plain", None, "plain", False),
        (b"\xff\xfe\x80", "utf-8", "\ufffd\ufffd\ufffd", True),
    ],
)
def test_text_is_decoded_whatever_its_label(
    content: bytes, label: str | None, text: str, guessed: bool
) -> None:
    assert decode_text(content, label) == (text, guessed)


@given(st.binary(max_size=100), st.text(max_size=20) | st.none())
def test_decoding_never_raises(content: bytes, label: str | None) -> None:
    assert isinstance(decode_text(content, label)[0], str)


def test_a_header_block_is_split_from_the_body_and_unfolded() -> None:
    raw = b"Subject: a\r\n b\r\nX-Y :  z\r\nnot a field\r\nReceived: 1\nreceived: 2\r\n\r\nSubject: body"
    block, cut = header_bytes(raw)
    fields = fields_of(block)

    assert not cut
    assert dict(fields) == {"subject": ("a b",), "x-y": ("z",), "received": ("1", "2")}
    assert first(fields, "absent") is None
    assert first(fields_of(b"X: \xc3\xbc\r\nY: \xfc"), "x") == "ü"
    assert first(fields_of(b"X: \xc3\xbc\r\nY: \xfc"), "y") == "ü"


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (b"Subject: x", Automatic.NO),
        (b"Auto-Submitted: no", Automatic.NO),
        (b"Auto-Submitted: auto-replied; owner-email=x", Automatic.AUTO_REPLY),
        (b"X-Autoreply: yes", Automatic.AUTO_REPLY),
        (b"Precedence: auto_reply", Automatic.AUTO_REPLY),
        (b"Auto-Submitted: auto-generated", Automatic.GENERATED),
        (b"Return-Path: <>", Automatic.GENERATED),
        (b"List-Id: <l.x.example>", Automatic.LIST),
        (b"Precedence: Bulk", Automatic.LIST),
        (b"X-Failed-Recipients: a@x.example", Automatic.BOUNCE),
        (b"Content-Type: multipart/report; report-type=delivery-status; boundary=b", Automatic.BOUNCE),
        (b"Content-Type: multipart/report; report-type=disposition-notification", Automatic.NO),
    ],
)
def test_machines_are_told_from_people(block: bytes, kind: Automatic) -> None:
    assert automatic(fields_of(block)) is kind
