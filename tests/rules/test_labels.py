"""What a machine wrote is said to be so, and what a person wrote is left alone."""

from pathlib import Path

import pytest

from rules.labels import SENTENCES, UNDELIVERED, label_of
from rules.mime_in import parse
from rules.parsed import Automatic

MAIL = Path(__file__).parents[1] / "samples" / "mail"


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ("out-of-office.eml", SENTENCES[Automatic.AUTO_REPLY]),
        ("bounce.eml", UNDELIVERED),
        ("bounce-old-style.eml", UNDELIVERED),
        ("newsletter-remote-images.eml", SENTENCES[Automatic.LIST]),
        ("text-utf8.eml", None),
        ("reply-gmail-en.eml", None),
    ],
)
def test_real_mail_is_labelled(sample: str, said: str | None) -> None:
    read = parse((MAIL / sample).read_bytes()).message

    assert label_of(read.automatic, read.bounce) == said


def test_every_kind_but_a_persons_has_a_sentence() -> None:
    assert set(SENTENCES) == set(Automatic) - {Automatic.NO}
    assert not [one for one in (*SENTENCES.values(), UNDELIVERED) if "@" in one]
