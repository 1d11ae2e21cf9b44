"""The corners of reading mail: what no common program sends, and what must still be shown."""

from dataclasses import replace

import pytest

from rules import mime_in
from rules.addresses import format_address, parse_addresses
from rules.bounces import read_report
from rules.envelope import Correspondent
from rules.errors import Retryable
from rules.flowed import unflow
from rules.header_block import fields_of
from rules.html import sanitise
from rules.mime_in import parse
from rules.mime_parts import FALLBACK_BOUNDARY_LIMIT, Part, Tree, Unreadable, read_slowly
from rules.parsed import Bounce, FailedRecipient
from rules.presets import PRESETS, Preset, default_scope
from rules.quoting import quoted_from
from rules.words import EmailAddress, OversizePolicy, Provider, SyncScope

SPOILED = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n!"


def multipart(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return b"Subject: s\r\nContent-Type: multipart/" + kind + b"; boundary=b\r\n\r\n" + body + b"--b--\r\n"


@pytest.mark.parametrize(
    "kind", [b"alternative", b"related", b"mixed", b"encrypted", b"report", b"unheard-of"]
)
def test_a_multipart_without_parts_is_empty(kind: bytes) -> None:
    read = parse(multipart(kind))

    assert (read.message.subject, read.message.text, b"".join(read.contents)) == ("s", "", b"")


def test_a_multipart_beside_a_related_body_gives_its_leaves_as_files() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: a/b\r\n\r\nx\r\n--c--"
    read = parse(multipart(b"related", b"Content-Type: text/html\r\n\r\n<p>hi", inner))

    assert read.message.text == "hi"
    assert read.contents == (b"x",)


def test_text_that_cannot_be_decoded_is_left_out_and_said_so() -> None:
    raw = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD!REQ"
    message = parse(raw).message

    assert message.warnings == (mime_in.REPAIRED,)


@pytest.mark.rule("R39")
@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\n\r\n\r\n" * (FALLBACK_BOUNDARY_LIMIT + 1),
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%03d\r\n\r\n--b%03d\r\n" % (n, n) for n in range(200)
        )
        + b"x\n" * 100_000,
    ],
)
def test_the_slow_parser_never_sees_crowded_mail(raw: bytes) -> None:
    tree = read_slowly(raw)

    assert (tree.root, tree.cut) == (None, True)


@pytest.mark.rule("R39")
def test_the_slow_parser_s_tree_is_bounded_too() -> None:
    parts = b"--b\r\nContent-Type: a/b\r\n\r\nx\r\n" * 1_500
    tree = read_slowly(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts)

    assert tree.cut
    assert tree.root is not None
    assert len(tree.root.children) == 999


@pytest.mark.rule("R38")
def test_crowded_mail_that_the_fast_parser_refuses_is_listed() -> None:
    raw = b"Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    raw += b"--b\r\n" + SPOILED + b"\r\n" + b"--b\r\n\r\n\r\n" * (FALLBACK_BOUNDARY_LIMIT + 1)
    message = parse(raw).message

    assert (message.subject, message.too_complex) == ("s", True)


@pytest.mark.rule("R42")
def test_an_image_s_source_of_another_scheme_is_taken_off() -> None:
    clean = sanitise('<img src="mailto:a@x.example" alt="x"><img src="https://x.example/' + "y" * 5000 + '">')

    assert clean is not None
    assert clean.html == '<img alt="x"><img>'


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color:red;;nonsense;float", ' style="color:red"'),
        ("position:fixed", ""),
        ("color:" + "x" * 5000, ""),
        ("margin:-5px;padding:1px", ' style="padding:1px"'),
        ("color:expression(1)", ""),
        ("color:rgba(1, 2, 3, 0.5)", ' style="color:rgba(1, 2, 3, 0.5)"'),
    ],
)
def test_a_style_keeps_what_is_harmless(style: str, kept: str) -> None:
    clean = sanitise(f'<p style="{style}">x</p>')

    assert clean is not None
    assert clean.html == f"<p{kept}>x</p>"


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("a \nb", "ab"),
        ("a\nb ", "a\nb"),
        ("> a \n>> b \nc", "> a\n>> b\nc"),
        ("a \n-- \nb", "a\n-- \nb"),
        (" From x", "From x"),
    ],
)
def test_flowed_text_is_joined_by_depth(text: str, joined: str) -> None:
    assert unflow(text, delete_space=True).replace(" \n-- ", "\n-- ") == joined


def test_a_report_that_names_nothing_is_none() -> None:
    assert read_report({}, None, None) is None
    assert read_report({}, b"Action: sideways\r\n", b"Subject: x\r\n") is None


def test_a_report_says_whom_it_gave_up_on() -> None:
    status = (
        b"Reporting-MTA: dns; x\r\n\r\nOriginal-Recipient: rfc822;first@x.example\r\n"
        b"Final-Recipient: rfc822;b@x.example\r\n"
        b"Action: delayed\r\nStatus: 4.4.1\r\n\r\nFinal-Recipient: not an address\r\nAction: FAILED\r\n"
        b"Status: nonsense\r\nDiagnostic-Code: smtp; 550 no\r\n  such user\r\n"
    )
    report = read_report(fields_of(b""), status, None)

    assert report == Bounce(
        (
            FailedRecipient(EmailAddress("first@x.example"), "delayed", "4.4.1", ""),
            FailedRecipient(None, "failed", "", "550 no such user"),
        ),
        None,
        None,
    )
    assert report is not None
    assert report.failed
    assert not replace(report, recipients=report.recipients[:1]).failed


def test_an_entry_that_two_signs_break_is_one_refusal() -> None:
    assert parse_addresses('<"a b"@x.example>, c@x.example').refused == 1
    assert parse_addresses("a@x.example <b@x.example <c@x.example>>").refused == 1
    assert parse_addresses("[x]: a@x.example").refused == 1


def test_a_name_of_spaces_is_no_name() -> None:
    assert format_address(Correspondent(EmailAddress("a@x.example"), "   ")) == ["a@x.example"]


def test_the_presets_set_what_their_systems_published() -> None:
    leadconnector = PRESETS[Preset.LEADCONNECTOR]

    assert set(PRESETS) == set(Preset)
    assert leadconnector.attachment_limit_bytes == 3 * 1024 * 1024
    assert leadconnector.attachment_types is not None
    assert "PDF" in leadconnector.attachment_types
    assert not leadconnector.labs_outlook
    assert PRESETS[Preset.VINTORY].scopes[Provider.OUTLOOK] is SyncScope.SENT_TO_CONTACTS
    assert PRESETS[Preset.KYRIOS_OUTLOOK].oversize is OversizePolicy.KEEP_WITHOUT_ATTACHMENT


@pytest.mark.parametrize(
    ("provider", "scope"),
    [
        (Provider.GMAIL, SyncScope.CONTACTS),
        (Provider.OUTLOOK, SyncScope.CRM_THREADS),
        (Provider.IMAP, SyncScope.CONTACTS),
    ],
)
def test_a_new_connection_begins_with_its_provider_s_scope(provider: Provider, scope: SyncScope) -> None:
    assert default_scope(provider) is scope


def unreadable() -> bytes:
    raise Unreadable("made so")


def leaf(kind: str, **changes: object) -> Part:
    part = Part(kind, {"content-type": (kind,)}, "", "", None, unreadable)
    return replace(part, **changes)  # type: ignore[arg-type]  # the fields differ in type


@pytest.mark.rule("R38")
@pytest.mark.parametrize("kind", ["text/plain", "application/pdf"])
def test_a_part_that_neither_parser_decodes_is_empty_and_said_so(kind: str) -> None:
    tree = Tree(leaf(kind), repaired=True)
    assert tree.root is not None
    read = mime_in._read(fields_of(b"Subject: s"), tree, tree.root, lenient=True)

    assert mime_in.PART_LOST in read.message.warnings
    assert (read.message.text, b"".join(read.contents)) == ("", b"")
    with pytest.raises(Unreadable):
        mime_in._read(fields_of(b"Subject: s"), tree, tree.root, lenient=False)


def test_a_bounce_whose_report_cannot_be_decoded_is_a_bounce_without_one() -> None:
    root = leaf("multipart/report", children=[leaf("text/plain"), leaf("message/delivery-status")])
    fields = fields_of(b"X-Failed-Recipients: a@x.example")
    read = mime_in._read(fields, Tree(root, repaired=True), root, lenient=True)

    assert read.message.bounce is not None
    assert [one.address for one in read.message.bounce.recipients] == ["a@x.example"]


def test_a_parameter_that_is_not_there_is_none() -> None:
    assert leaf("text/plain").parameter("charset") is None
    assert (
        leaf("x", fields={"content-type": ('text/plain; CHARSET="a b"; charset=c',)}).parameter("charset")
        == "a b"
    )


def test_a_wrapped_introduction_is_followed_for_four_lines_and_no_further() -> None:
    wrapped = "On Friday\nthe twentieth\nof November\nAnn <a@x.example> wrote:\n"
    too_long = "On Friday\nthe twentieth\nof November\nin 2026\nAnn <a@x.example> wrote:\n"

    assert quoted_from(f"Yes.\n\n{wrapped}\n> old") == 6
    assert quoted_from(f"Yes.\n\n{too_long}\nold words") is None
    assert quoted_from("Yes.\nOn the last line wrote") is None
    assert quoted_from("Yes.\n> a\nAnn wrote") is None


def test_a_provider_s_trouble_reads_as_its_message() -> None:
    assert str(Retryable("slow down")) == "slow down"
