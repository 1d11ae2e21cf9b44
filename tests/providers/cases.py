"""How a conformance case is written down and found again."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from itertools import count

from providers.protocol import Change, Draft, MailProvider
from rules.envelope import Correspondent
from rules.mime_out import OutgoingAttachment, OutgoingMessage
from rules.words import EmailAddress
from tests.providers.world import Connected, World, Written

Case = Callable[[World], Awaitable[None]]
NUMBERS = count(1)
CUSTOMER = EmailAddress("dana@okafor-roofing.test")


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
    files = (attachment(size_bytes),) if size_bytes else ()
    return composed_of(sender, files, subject=subject, in_reply_to=in_reply_to)


def composed_of(
    sender: EmailAddress,
    files: tuple[OutgoingAttachment, ...],
    *,
    subject: str = "An offer",
    in_reply_to: str | None = None,
) -> Written:
    """A message of ours to the customer with these files."""
    number = next(NUMBERS)
    marker, message_id = f"submission-{number}", f"submission-{number}@bothways.test"
    message = OutgoingMessage(
        sender=Correspondent(sender),
        to=(Correspondent(CUSTOMER),),
        subject=subject,
        message_id=message_id,
        sent_at=datetime.now(UTC),
        marker=marker,
        boundary=f"bothways-conformance-{number}",
        text="Lorem ipsum dolor sit amet, consetetur sadipscing elitr.",
        in_reply_to=in_reply_to,
        references=(in_reply_to,) if in_reply_to else (),
        attachments=files,
    )
    return Written(message, marker, message_id)


def attachment(
    size_bytes: int, *, announced: int | None = None, name: str = "roof.bin"
) -> OutgoingAttachment:
    """A file of `size_bytes`, which may be announced as another size."""
    piece = bytes(range(256)) * 256

    def content() -> Iterator[bytes]:
        for start in range(0, size_bytes, len(piece)):
            yield piece[: min(len(piece), size_bytes - start)]

    return OutgoingAttachment(
        name, "application/octet-stream", size_bytes if announced is None else announced, content
    )


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


async def drafted(
    mailbox: Connected, written: Written, thread: str | None = None, answers: str | None = None
) -> Draft:
    """The draft of a message of ours."""
    return await mailbox.provider.create_draft(written.message, remote_thread_id=thread, answers=answers)
