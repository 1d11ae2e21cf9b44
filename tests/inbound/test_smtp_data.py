"""The end of a mail is found and its dots are undone, however the bytes are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.smtp_data import END, Dots, Wire

_LINES = st.lists(st.sampled_from([b"", b".", b"..", b".a", b"a", b"a.", b"...", b". "]), max_size=12)


def stuffed(lines: list[bytes]) -> bytes:
    """Write lines as a client does, the end mark included. Source: RFC 5321 4.5.2."""
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"


def read(pieces: list[bytes]) -> tuple[bytes, bytes | None]:
    dots, content = Dots(), b""
    for piece in pieces:
        content += dots.feed(piece)
        if dots.ended:
            break
    return content, dots.rest if dots.ended else None


@pytest.mark.rule("R33")
@given(_LINES, st.binary(max_size=20), st.lists(st.integers(1, 5), min_size=1))
def test_a_mail_is_read_the_same_in_every_cut(lines: list[bytes], behind: bytes, sizes: list[int]) -> None:
    written = stuffed(lines)
    pieces, at, turn = [], 0, 0
    while at < len(written):
        size = sizes[turn % len(sizes)]
        pieces.append(written[at : at + size])
        at, turn = at + size, turn + 1
    pieces[-1] += behind

    content, rest = read(pieces)

    assert content == b"".join(line + b"\r\n" for line in lines)
    assert rest == behind


@pytest.mark.rule("R33")
@given(st.binary(max_size=200).filter(lambda sent: END not in b"\r\n" + sent))
def test_without_the_end_mark_a_mail_has_no_end(sent: bytes) -> None:
    assert read([sent])[1] is None


@pytest.mark.rule("R33")
@given(st.lists(st.sampled_from([b"\r\n", b"\r", b"\n", b"a", b".", b"\x00"]), max_size=20), st.data())
def test_a_bare_line_break_is_seen_in_every_cut(parts: list[bytes], data: st.DataObject) -> None:
    sent = b"".join(parts)
    cut = data.draw(st.integers(0, len(sent)))
    honest = sent.replace(b"\r\n", b"")
    wire = Wire()

    accepted = all(wire.accepts(piece) for piece in (sent[:cut], sent[cut:], b"x"))

    assert accepted == (b"\r" not in honest and b"\n" not in honest and b"\x00" not in honest)
