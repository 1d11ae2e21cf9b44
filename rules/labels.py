"""What a reader is told of a mail that nobody wrote by hand: one sentence, without an address.

Pure. The label stands among a message's warnings, which are shown to everybody who may know of the message.
"""

from collections.abc import Mapping
from typing import Final

from rules.parsed import Automatic, Bounce

SENTENCES: Final[Mapping[Automatic, str]] = {
    Automatic.AUTO_REPLY: "This is an automatic reply.",
    Automatic.GENERATED: "This was sent by a program, not by a person.",
    Automatic.LIST: "This was sent to a mailing list.",
    Automatic.BOUNCE: "This is a delivery report.",
}
UNDELIVERED: Final = "This is a delivery report: a mail of yours did not reach everybody it was written to."


def label_of(automatic: Automatic, bounce: Bounce | None) -> str | None:
    """Return the sentence, or None for what a person wrote."""
    if bounce is not None and bounce.failed:
        return UNDELIVERED
    return SENTENCES.get(automatic)
