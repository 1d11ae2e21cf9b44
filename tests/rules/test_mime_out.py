"""Writing mail: exact size, safe headers, read back by the interpreter and by ourselves."""

import email
import email.message
import email.policy
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.envelope import Correspondent
from rules.headers import UnsafeHeader
from rules.mime_in import parse
from rules.mime_out import (
    MARKER_HEADER,
    OutgoingAttachment,
    OutgoingMessage,
    SizeMismatch,
    compose,
    encoded_size,
    rfc5322_date,
)
from rules.words import EmailAddress

SENT = datetime(2026, 11, 21, 10, 5, 7, tzinfo=timezone(timedelta(hours=1)))
DANA = Correspondent(EmailAddress("dana@okafor.example"), "Dana Okafor")
ANN = Correspondent(EmailAddress("ann@crm.example"), "Ann Ängström")
MAIL = OutgoingMessage(
    sender=ANN,
    to=(DANA,),
    subject="Grüße – offer",
    message_id="01930000-0000@crm.example",
    sent_at=SENT,
    marker="01930000-0000",
    boundary="b01930000000000000000",
    text="Hello Dana,\nsee the offer.",
)


def file(
    content: bytes, name: str = "offer.pdf", kind: str = "application/pdf", cid: str | None = None
) -> OutgoingAttachment:
    return OutgoingAttachment(name, kind, len(content), lambda: [content[:7], content[7:]], cid)


async def written(message: OutgoingMessage, *, shows_bcc: bool = True) -> bytes:
    composed = compose(message, shows_bcc=shows_bcc)
    raw = b"".join([chunk async for chunk in composed.chunks()])
    assert len(raw) == composed.size_bytes
    assert raw == b"".join([chunk async for chunk in composed.chunks()])
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    return raw


def read(raw: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


@pytest.mark.rule("S11")
async def test_a_mail_carries_its_headers() -> None:
    message = replace(
        MAIL,
        cc=(Correspondent(EmailAddress("mei@lindqvist.example"), 'Lindqvist, "Mei"'),),
        bcc=(Correspondent(EmailAddress("noor@x.example")),),
        in_reply_to="p@x",
        references=tuple(f"{number}@mail.example" for number in range(60)),
        automatic=True,
    )
    found = read(await written(message))

    assert found["Subject"] == "Grüße – offer"
    assert str(found["From"]) == "Ann Ängström <ann@crm.example>"
    assert found["Cc"].addresses[0].display_name == 'Lindqvist, "Mei"'
    assert found["Bcc"] == "noor@x.example"
    assert found["Date"] == "Sat, 21 Nov 2026 09:05:07 +0000"
    assert found["Message-ID"] == "<01930000-0000@crm.example>"
    assert found["In-Reply-To"] == "<p@x>"
    assert found["References"].split()[0] == "<0@mail.example>"
    assert found["References"].split()[-1] == "<59@mail.example>"
    assert len(found["References"].split()) == 50
    assert found[MARKER_HEADER] == "01930000-0000"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["MIME-Version"] == "1.0"


@pytest.mark.rule("R40")
async def test_a_sender_with_an_envelope_leaves_bcc_out() -> None:
    message = replace(MAIL, bcc=(Correspondent(EmailAddress("noor@x.example")),))

    assert b"noor@x.example" not in await written(message, shows_bcc=False)


@pytest.mark.parametrize(
    ("text", "html", "shown_text", "shown_html"),
    [
        ("a\n.\nFrom b", None, "a\n.\nFrom b\n", "<div>a<br>\n.<br>\nFrom b</div>\n"),
        (None, "<p>a <b>b</b></p>", "a b\n", "<p>a <b>b</b></p>\n"),
        ("t", "<p>h</p>", "t\n", "<p>h</p>\n"),
        (None, None, "\n", "<div></div>\n"),
        ("x" * 3000, "y" * 3000, "x" * 3000 + "\n", "y" * 3000 + "\n"),
        ("日本" * 300, None, "日本" * 300 + "\n", "<div>" + "日本" * 300 + "</div>\n"),
    ],
)
async def test_text_and_html_stand_beside_each_other(
    text: str | None, html: str | None, shown_text: str, shown_html: str
) -> None:
    found = read(await written(replace(MAIL, text=text, html=html)))

    assert found.get_content_type() == "multipart/alternative"
    plain, page = (part.get_content().replace("\r\n", "\n") for part in found.iter_parts())
    assert (plain, page) == (shown_text, shown_html)


async def test_inline_images_and_files_find_their_places() -> None:
    message = replace(
        MAIL,
        html='<p><img src="cid:logo@x"></p>',
        attachments=(file(b"%PDF" * 100), file(b"png!", "logo.png", "image/png", "logo@x")),
    )
    found = parse(await written(message)).message

    assert [(one.outline.name, one.outline.size_bytes, one.outline.inline) for one in found.attachments] == [
        ("logo.png", 4, True),
        ("offer.pdf", 400, False),
    ]
    assert found.attachments[0].content_id == "logo@x"
    assert (found.html or "").strip() == '<p><img src="cid:logo@x"></p>'
    assert found.warnings == ()


@pytest.mark.parametrize(
    "name",
    [
        "offer.pdf",
        "Übersicht.pdf",
        'a "quoted" \\ name.pdf',
        "long " * 30 + "name.pdf",
        "日本語" * 30 + ".pdf",
        "ü" * 200 + ".pdf",
        "100%.pdf",
        "it's.pdf",
        "=?utf-8?q?x?=.pdf",
    ],
)
async def test_a_file_s_name_survives(name: str) -> None:
    raw = await written(replace(MAIL, attachments=(file(b"content", name),)))
    (part,) = read(raw).iter_attachments()

    assert part.get_filename() == name
    assert part.get_content() == b"content"
    assert all(len(line) <= 200 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 56, 57, 58, 58_367, 58_368, 58_369, 200_000])
async def test_the_size_is_known_before(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    raw = await written(replace(MAIL, attachments=(file(content),)))
    (part,) = read(raw).iter_attachments()

    assert part.get_payload(decode=True) == content
    assert encoded_size(size) == len(
        b"".join(b"\r\n" + b"=" * 0 for _ in range(-(-4 * -(-size // 3) // 76)))
    ) + 4 * -(-size // 3)


async def test_an_attachment_is_never_whole_in_memory() -> None:
    largest = 0

    async def content() -> AsyncIterator[bytes]:
        for _ in range(400):
            yield b"x" * 65_536

    attachment = OutgoingAttachment("a.bin", "application/octet-stream", 400 * 65_536, content)
    async for chunk in compose(replace(MAIL, attachments=(attachment,))).chunks():
        largest = max(largest, len(chunk))

    assert largest < 200_000


@pytest.mark.parametrize(("said", "is_"), [(10, 9), (10, 11), (0, 1)])
async def test_a_file_that_is_not_as_long_as_said_stops_the_mail(said: int, is_: int) -> None:
    attachment = OutgoingAttachment("a", "text/plain", said, lambda: [b"x" * is_])

    with pytest.raises(SizeMismatch):
        async for _ in compose(replace(MAIL, attachments=(attachment,))).chunks():
            pass


EVIL = ["a\r\nBcc: evil@x.example", "a\nb", "a\rb", "a\x00b", "a\u2028b", "a\u2029b", "a\x0bb"]


@pytest.mark.rule("R40")
@pytest.mark.parametrize("evil", EVIL)
@pytest.mark.parametrize(
    "field",
    [
        "subject",
        "name",
        "address",
        "in_reply_to",
        "references",
        "message_id",
        "marker",
        "file",
        "type",
        "cid",
    ],
)
def test_no_field_can_be_broken_out_of(field: str, evil: str) -> None:
    changes: dict[str, object] = {
        "subject": {"subject": evil},
        "name": {"to": (Correspondent(DANA.address, evil),)},
        "address": {"cc": (Correspondent(EmailAddress(evil)),)},
        "in_reply_to": {"in_reply_to": evil},
        "references": {"references": (evil,)},
        "message_id": {"message_id": evil},
        "marker": {"marker": evil},
        "file": {"attachments": (file(b"x", evil),)},
        "type": {"attachments": (file(b"x", kind=f"text/{evil}"),)},
        "cid": {"attachments": (file(b"x", cid=evil),)},
    }[field]  # type: ignore[assignment]  # each a different field

    with pytest.raises(UnsafeHeader):
        compose(replace(MAIL, **changes))  # type: ignore[arg-type]  # each a different field


@pytest.mark.rule("R40")
@pytest.mark.parametrize(
    "changes",
    [
        {"boundary": "short"},
        {"boundary": "b" * 16 + '"'},
        {"to": ()},
        {"subject": "x" * 999},
        {"attachments": (file(b"x", "n" * 241),)},
        {"attachments": (file(b"x", kind="nonsense"),)},
    ],
)
def test_what_cannot_be_written_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UnsafeHeader):
        compose(replace(MAIL, **changes))  # type: ignore[arg-type]  # each a different field


async def test_a_mail_in_a_mail_goes_as_a_plain_file() -> None:
    message = replace(
        MAIL, attachments=(file(b"Subject: x\r\n\r\ny", "x.eml", "message/rfc822"), file(b"z", ""))
    )
    kinds = [
        (part.get_content_type(), part.get_filename())
        for part in read(await written(message)).iter_attachments()
    ]

    assert kinds == [("application/octet-stream", "x.eml"), ("application/pdf", "attachment")]


def test_a_date_is_written_in_utc() -> None:
    assert rfc5322_date(datetime(2026, 1, 4, 23, 59, 9, tzinfo=UTC)) == "Sun, 04 Jan 2026 23:59:09 +0000"


readable = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=80)


@given(readable, readable, readable)
async def test_what_is_written_is_read_back(subject: str, name: str, text: str) -> None:
    subject, name, text = (" ".join(one.split()) for one in (subject, name, text))
    sender = Correspondent(ANN.address, name or None)
    found = parse(await written(replace(MAIL, subject=subject, sender=sender, text=text))).message

    assert found.subject == subject
    assert found.sender is not None
    assert found.sender.name == (
        (name[1:-1].strip() if len(name) > 1 and name[0] == name[-1] == "'" else name) or None
    )
    assert found.text.rstrip("\n") == text
    assert found.marker == MAIL.marker
    assert found.sent_at == SENT
