"""What a delivery report means for the mail it is about: a sentence, and whether its address is dead.

The report's own words are not shown: they come from anybody. Pure. Source: RFC 3463 3; RFC 3464 2.3.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from rules.decision import Facts
from rules.envelope import Envelope, Place
from rules.parsed import Bounce, FailedRecipient
from rules.threading import parents
from rules.words import EmailAddress

_MEANINGS: Final = (
    ("5.1.", "the address does not exist"),
    ("5.2.2", "the mailbox is full"),
    ("5.2.", "the mailbox takes no mail"),
    ("5.3.4", "the mail is too large"),
    ("5.4.", "the mail server could not be reached"),
    ("4.4.", "the mail server could not be reached in time"),
    ("5.7.", "the mail server refused it"),
)
_REPORTERS: Final = ("mailer-daemon", "postmaster")
_DEAD: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""Statuses by which an address will not take the next mail either."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A report that gave up on recipients of a mail: what its sender is told, and addresses that are dead."""

    sentence: str
    dead: tuple[EmailAddress, ...]


def undelivered(bounce: Bounce, recipients: Collection[EmailAddress]) -> Undelivered | None:
    """Return what a report means for a mail with these recipients; None where it gives up on none of them.

    A report may name only whom the mail went to; one without a name is about a mail's only recipient.
    """
    failed = [one for one in bounce.recipients if one.action == "failed" and _ours(one, recipients)]
    if not failed:
        return None
    meanings = dict.fromkeys(_meaning(one.status) for one in failed)
    whom = "" if len(recipients) == 1 else f" to {len(failed)} of {len(recipients)} recipients"
    sentence = f"It could not be delivered{whom}: {', '.join(meanings)}."
    only = next(iter(recipients)) if len(recipients) == 1 else None
    dead = [one.address or only for one in failed if one.status in _DEAD]
    return Undelivered(sentence, tuple(dict.fromkeys(one for one in dead if one is not None)))


def reports_on_ours(envelope: Envelope, facts: Facts) -> bool:
    """Whether a mail that does not sync is, by its envelope, a report on a mail of the workspace's.

    A mail server wrote it, and it answers a message that is logged here: its body is read for what it says
    of that message, and not kept.
    """
    if not envelope.automatic or envelope.sender is None or envelope.place is not Place.MAIL:
        return False
    if envelope.sender.address.partition("@")[0] not in _REPORTERS:
        return False
    return any(one in facts.threads_by_reference for one in parents(envelope))


def _ours(one: FailedRecipient, recipients: Collection[EmailAddress]) -> bool:
    return one.address in recipients if one.address is not None else len(recipients) == 1


def _meaning(status: str) -> str:
    return next((told for code, told in _MEANINGS if status.startswith(code)), "it was given up")
