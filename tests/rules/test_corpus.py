"""A corpus of more than 500 mails, in families, is read without one error, and each says what it must."""

import random
from typing import Any

import pytest

from rules.mime_in import ReadMail, parse
from tests.fuzz_mail import broken, trouble
from tests.samples.mail.families import corpus
from tests.samples.mail.parts import Shape

CORPUS = corpus()


def test_the_corpus_is_large_and_every_mail_has_its_own_name() -> None:
    assert len({shape.name for shape in CORPUS}) == len(CORPUS) >= 500


@pytest.mark.rule("R38")
@pytest.mark.parametrize("shape", CORPUS, ids=[shape.name for shape in CORPUS])
def test_a_mail_says_what_a_reader_finds(shape: Shape) -> None:
    read = parse(shape.raw)

    for name, value in shape.expected.items():
        assert held(read, name, value) == value, name
    assert len(read.contents) == len(read.message.attachments)
    assert "\x00" not in read.message.text + (read.message.html or "") + read.message.subject


@pytest.mark.rule("R38")
def test_broken_mails_are_read_without_an_error() -> None:
    """A few of the cases of `make fuzz`, the same each time."""
    dice, seeds = random.Random(38), [shape.raw for shape in CORPUS if 0 < len(shape.raw) < 50_000]

    found = {number: what for number in range(3_000) if (what := trouble(broken(dice, seeds)))}

    assert found == {}


def held(read: ReadMail, name: str, value: Any) -> Any:
    """What was read, in the words of the corpus; what only has to be contained is given back if it is."""
    message = read.message
    match name:
        case "has":
            return value if value in message.text else message.text
        case "new":
            return message.text[: message.quoted_from].strip()
        case "names":
            return [one.outline.name for one in message.attachments]
        case "warned":
            return value if any(value in warning for warning in message.warnings) else message.warnings
        case "sender":
            return message.sender.address if message.sender else None
        case "sender_name":
            return message.sender.name if message.sender else None
        case "sent_at":
            return message.sent_at.isoformat() if message.sent_at else None
        case "bounced":
            return (
                [[one.address, one.status] for one in message.bounce.recipients] if message.bounce else None
            )
        case "automatic":
            return message.automatic.value
        case _:
            return getattr(message, name)
