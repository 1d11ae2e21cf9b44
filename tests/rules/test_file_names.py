"""The names of files: nothing in them acts, and the ending is kept."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.file_names import LONGEST, cleaned, content_type, disposition


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("offer.pdf", "offer.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\dana\\offer.pdf", "offer.pdf"),
        ("a\r\nSet-Cookie: x=1", "aSet-Cookie_ x=1"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("zero\u200bwidth\x00.txt", "zerowidth.txt"),
        ("  two   spaces .txt", "two spaces .txt"),
        ("Angebot für Müller.pdf", "Angebot für Müller.pdf"),
        ("Mu\u0308ller.pdf", "Müller.pdf"),
        ('quo"te*?.txt', "quo_te__.txt"),
        ("con.txt", "_con.txt"),
        ("", "attachment"),
        (None, "attachment"),
        ("...", "attachment"),
        ("x" * 1000 + ".pdf", "x" * (LONGEST - 4) + ".pdf"),
        ("x" * 1000, "x" * LONGEST),
    ],
)
def test_names_are_kept_without_what_acts(name: str | None, kept: str) -> None:
    assert cleaned(name) == kept


@given(name=st.text(max_size=400))
def test_whatever_comes_is_safe_to_store_and_to_send(name: str) -> None:
    kept = cleaned(name)
    assert 0 < len(kept) <= LONGEST
    assert cleaned(kept) == kept
    assert not set(kept) & set('/\\<>:"|?*\r\n\x00')
    assert not any(unicodedata.category(each) in ("Cc", "Cf", "Cs") for each in kept)
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith('attachment; filename="')
    assert header.count('"') == 2


def test_both_forms_of_the_name_are_sent() -> None:
    assert disposition("für 5 €.pdf") == (
        "attachment; filename=\"f_r 5 _.pdf\"; filename*=UTF-8''f%C3%BCr%205%20%E2%82%AC.pdf"
    )


@pytest.mark.parametrize(
    ("presented", "kept"),
    [
        ("text/plain; charset=utf-8", "text/plain"),
        ("IMAGE/PNG", "image/png"),
        ("text/html\r\nx: y", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
def test_media_types_lose_their_parameters(presented: str | None, kept: str) -> None:
    assert content_type(presented) == kept
