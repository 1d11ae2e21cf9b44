"""The one shape in which the house speaks to any mailbox provider; at most twelve methods.

What differs between providers is data (`Capabilities`), never an `isinstance`. Every method raises only the
tree of rules/errors.py. Nothing here retries a request that may have taken effect: that is for the caller,
who knows what is at stake. Sessions of the database are never open across these calls.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from rules.envelope import Envelope
from rules.errors import ProviderTrouble
from rules.mime_out import OutgoingMessage
from rules.words import EmailAddress, Provider


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do and its limits, as data."""

    provider: Provider
    keeps_message_id: bool
    """The provider promises to keep the Message-ID that we wrote."""
    marker_searchable: bool
    """Our own header can be searched for in the Sent folder."""
    upload_limit_bytes: int
    watch_lifetime: timedelta
    revokes_tokens: bool
    """Parting ends the grant at the provider too; elsewhere our tokens are only erased here."""
    cursor_ends: bool
    """The provider forgets old places of its change feed; elsewhere a place is a time, which never ends."""
    tells_exact_sizes: bool
    """Envelopes tell attachments' true sizes; elsewhere a little more than that."""
    drafts_name_a_thread: bool
    """A draft is put into a thread by the thread's id; elsewhere by the message that it answers."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Who the tokens belong to, as the provider itself says."""

    address: EmailAddress
    remote_account_id: str
    """Issuer and subject, for instance `https://accounts.google.com|1093...`."""
    send_as: tuple[EmailAddress, ...]
    """Verified addresses that mail may be sent from, the mailbox's own first."""
    cursor: str
    """The change feed's "now"; opaque, versioned (rules/cursors.py)."""
    at: datetime
    """When that was by the provider's clock, to the second before it. What the provider stamps later times on
    came after; our own clock may be ahead of it, and its stamps may have no fractions."""


@dataclass(frozen=True, slots=True)
class Change:
    """One message that the feed says something about. `remote_id` may be gone by the time it is asked for."""

    remote_id: str
    remote_thread_id: str | None
    arrived: bool
    """It is new in the mailbox, or may be (as against: labels, folder or read state changed)."""
    read: bool | None
    """The read state that the change tells, or None where it says nothing of it."""
    deleted: bool


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page of the change feed; `cursor` is safe to store once everything of the page is stored."""

    changes: tuple[Change, ...]
    cursor: str
    more: bool


@dataclass(frozen=True, slots=True)
class FetchedEnvelope:
    """What came of asking for one envelope: the envelope, or why not (Gone, Retryable, OurBug...)."""

    remote_id: str
    envelope: Envelope | None
    trouble: ProviderTrouble | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft at the provider: the compare-and-swap token of a sending."""

    remote_id: str
    remote_message_id: str
    remote_thread_id: str


@dataclass(frozen=True, slots=True)
class SentCopy:
    """The message as it lies in Sent. `internet_message_id` is the one the provider really used."""

    remote_id: str
    remote_thread_id: str
    internet_message_id: str | None


@dataclass(frozen=True, slots=True)
class Watch:
    """A registered change push. `remote_id` is empty where the provider has one watch per mailbox."""

    expires_at: datetime
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Ids of messages that the mailbox holds, for look-backs and verification."""

    remote_ids: tuple[str, ...]
    next_page: str | None


class MailProvider(Protocol):
    """One connected mailbox, authorised; made per job by providers/doors.py, closed by the caller."""

    capabilities: Capabilities

    async def profile(self) -> Profile:
        """Return whose mailbox this is and where its change feed stands now."""

    async def room(self, mails: int) -> int:
        """Return how many of so many mails may be read now, envelope and body, without waiting for quota.

        Raises:
            NoRoom: for none that are worth beginning with.
        """

    async def changes(self, cursor: str) -> ChangePage:
        """Return the next page of changes after `cursor`. Raises CursorExpired when it is no longer known."""

    async def envelopes(self, remote_ids: Sequence[str]) -> list[FetchedEnvelope]:
        """Fetch envelopes (never bodies), in the order asked, one outcome each."""

    def raw(self, remote_id: str) -> AsyncIterator[bytes]:
        """Stream the RFC 5322 bytes of one message. Raises Gone."""

    async def create_draft(
        self,
        message: OutgoingMessage,
        *,
        remote_thread_id: str | None = None,
        answers: str | None = None,
        again: bool = False,
    ) -> Draft:
        """Store a draft; harmless to repeat. A thread the provider refuses raises Refused(BAD_THREAD).

        `answers` is the remote_id, in this mailbox, of the message that it replies to, where there is one.
        `again` says that an attempt was made before, whose end is not known: the draft that it left is taken
        up instead of a second one being stored, and half a draft is taken away.

        Raises:
            UnsafeHeader: nothing was asked of the provider.
        """

    async def send_draft(self, draft: Draft) -> SentCopy:
        """Send a draft exactly as stored. Raises OutcomeUnknown whenever it may have left."""

    async def draft_exists(self, draft: Draft) -> bool:
        """Whether the draft is still unsent at the provider."""

    async def find_sent(
        self, *, marker: str, internet_message_id: str, since: datetime, remote_thread_id: str | None
    ) -> SentCopy | None:
        """Find a sending's copy in Sent by our header or Message-ID; None where it is not (yet) there."""

    async def set_read(self, remote_ids: Sequence[str], read: bool) -> None:
        """Carry read state to the mailbox; ids that are gone are passed over."""

    async def listed(self, since: datetime, page: str | None) -> ListedPage:
        """List ids of mail accepted since `since` (spam and trash left out), newest first."""

    async def watch(self, registered: str | None, secret: str) -> Watch | None:
        """Register or renew change push; None where the deployment has none configured.

        `registered` is the `remote_id` of the last watch. Where pushes are not signed they carry `secret`.
        """

    async def release(self, registered: str | None) -> None:
        """Unregister push and revoke our tokens; already gone counts as done."""
