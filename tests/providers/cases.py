"""How a conformance case is written down and found again."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count

from providers.protocol import Change, MailProvider
from rules.words import EmailAddress
from tests.providers.world import World, Written

Case = Callable[[World], Awaitable[None]]
NUMBERS = count(1)
CUSTOMER = "dana@okafor-roofing.test"


def registry() -> tuple[dict[str, Case], Callable[[Case], Case]]:
    """A table of cases, and the decorator that puts a case into it."""
    cases: dict[str, Case] = {}

    def case(function: Case) -> Case:
        cases[function.__name__] = function
        return function

    return cases, case


def written(
    sender: EmailAddress, *, subject: str = "An offer", size_bytes: int = 0, in_reply_to: str | None = None
) -> Written:
    """A message of ours to the customer, at least `size_bytes` long."""
    number = next(NUMBERS)
    marker, message_id = f"submission-{number}", f"submission-{number}@bothways.test"
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, CUSTOMER, subject
    mail["Message-ID"] = f"<{message_id}>"
    mail["X-Bothways-Submission"] = marker
    if in_reply_to:
        mail["In-Reply-To"] = mail["References"] = f"<{in_reply_to}>"
    line = "Lorem ipsum dolor sit amet, consetetur sadipscing elitr.\n"
    mail.set_content(line * (1 + size_bytes // len(line)))
    return Written(mail.as_bytes(), marker, message_id)


async def everything(provider: MailProvider, cursor: str) -> tuple[list[Change], str]:
    """All pages of the change feed after `cursor`, and where they end."""
    found: list[Change] = []
    while True:
        page = await provider.changes(cursor)
        found += page.changes
        cursor = page.cursor
        if not page.more:
            return found, cursor


async def whole(provider: MailProvider, remote_id: str) -> bytes:
    """A message's bytes."""
    return b"".join([chunk async for chunk in provider.raw(remote_id)])


def later(at: datetime | None) -> datetime:
    """The time that a pause names; a case that needs one fails where there is none."""
    assert at is not None
    return at
