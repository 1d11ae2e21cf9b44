"""What the sender of a mail is told: what happened, whether anything left, what to do.

Belongs here: the codes a sending waits or fails with, and a plain sentence for each. No address, no subject.
Source: sync-rules S7 to S10; inbox design, "Words".
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from rules.errors import RefusalKind


class SendError(StrEnum):
    """Why a sending waits, failed or cannot be proved; stored beside the sentence."""

    REAUTHENTICATE = "REAUTHENTICATE"
    DAILY_LIMIT_REACHED = "DAILY_LIMIT_REACHED"
    BAD_RECIPIENT = "BAD_RECIPIENT"
    TOO_LARGE = "TOO_LARGE"
    FORBIDDEN = "FORBIDDEN"
    REFUSED = "REFUSED"
    WAITING = "WAITING"
    GAVE_UP = "GAVE_UP"
    NOT_PROVED = "NOT_PROVED"
    SET_UP_WRONGLY = "SET_UP_WRONGLY"
    OUR_FAULT = "OUR_FAULT"
    NO_SENDER = "NO_SENDER"
    SUPPRESSED = "SUPPRESSED"


REFUSALS: Final[Mapping[RefusalKind, tuple[SendError, str]]] = {
    RefusalKind.BAD_RECIPIENT: (
        SendError.BAD_RECIPIENT,
        "The provider does not accept the recipients: an address, or how many there are. Nothing was sent; "
        "correct them and send again.",
    ),
    RefusalKind.TOO_LARGE: (
        SendError.TOO_LARGE,
        "The mail is larger than the provider allows. Nothing was sent; send it with fewer attachments.",
    ),
    RefusalKind.FORBIDDEN: (
        SendError.FORBIDDEN,
        "The provider does not let this mailbox send the mail. Nothing was sent; ask who administers it.",
    ),
    RefusalKind.BAD_THREAD: (
        SendError.REFUSED,
        "The provider refused the conversation the mail belongs to. Nothing was sent; send it as a new one.",
    ),
    RefusalKind.OTHER: (
        SendError.REFUSED,
        "The provider refused the mail. Nothing was sent; it is kept and can be sent again.",
    ),
}

REAUTHENTICATE_SENTENCE: Final = (
    "The mailbox must be connected again first. Nothing was sent; the mail is kept and can be sent again."
)
DAILY_LIMIT_SENTENCE: Final = (
    "The provider's sending limit is used up; the mail goes out by itself when it frees."
)
WAITING_SENTENCE: Final = "The provider is not taking mail just now; sending is tried again by itself."
GAVE_UP_SENTENCE: Final = (
    "The provider did not take the mail within a day. Nothing was sent; it is kept and can be sent again."
)
UNCERTAIN_SENTENCE: Final = "It is not sure that the mail left; the Sent folder is being checked."
NOT_PROVED_SENTENCE: Final = (
    "It could not be proved that the mail left. Look into the Sent folder; it is sent again only if you ask."
)
SENDER_UNCERTAIN_SENTENCE: Final = (
    "The connection ended while the mail was handed over; it is not known whether it left. A mail server "
    "cannot be asked. It is sent again only if you ask."
)
NO_SENDER_SENTENCE: Final = (
    "The workspace has no sender of its own set up. Nothing was sent; the mail is kept and can be sent again."
)
SUPPRESSED_SENTENCE: Final = "The recipient does not want mail of this kind. Nothing was sent."
OPERATOR_SENTENCE: Final = "Sending is not set up correctly here; the mail is kept and tried again by itself."
OUR_FAULT_SENTENCE: Final = (
    "The mail could not be sent because of a fault of ours. Nothing was sent; it is kept."
)
