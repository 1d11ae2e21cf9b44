"""What the conformance cases need of an outside world; each provider's simulator is made to offer it.

Names here are no provider's: a mailbox, the mail in it, a step of our work that may be spoilt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from providers.protocol import MailProvider
from providers.tokens import Tokens
from rules.errors import NeedsReconnect
from rules.mime_out import OutgoingMessage
from rules.pacing import Rate
from rules.words import EmailAddress


class Step(Enum):
    """A kind of request that our side makes."""

    PROFILE = "profile"
    CHANGES = "changes"
    ENVELOPE = "envelope"
    RAW = "raw"
    BATCH = "several at a time"
    LIST = "list"
    DRAFT = "draft"
    SEND = "send"
    WATCH = "watch"
    TOKEN = "token"
    ANY = "any"


class Spoil(Enum):
    """What is done to a request's connection or answer."""

    LOST_BEFORE = "drop_before"
    LOST_AFTER = "drop_after"
    SILENT_BEFORE = "hang_before"
    SILENT_AFTER = "hang_after"
    HALF_ANSWER = "half_answer"
    BOMB = "gzip_bomb"
    PAGE_INSTEAD = "page before the effect"
    PAGE_AFTER = "page after the effect"
    FAULT_BEFORE = "fault of its own before the effect"
    FAULT_AFTER = "fault of its own after the effect"
    THROTTLED = "throttled until a named time"
    THROTTLED_SHORTLY = "throttled without a time"
    SENDING_LIMIT = "the day's sending limit"
    TOKEN_REFUSED = "the access token is refused"
    ADMIN_BLOCKED = "the administrator forbids it"
    NO_MAILBOX = "the account has no mailbox"
    OPERATORS_FAULT = "the push topic is wrong"


@dataclass
class RememberingKeeper:
    """A keeper of tokens that counts; `tokens` None stands for a mailbox that was wiped."""

    mailbox_key: str
    tokens: Tokens | None
    saved: list[Tokens] = field(default_factory=list)

    async def load(self) -> Tokens:
        if self.tokens is None:
            raise NeedsReconnect("There are no tokens for this mailbox.")
        return self.tokens

    async def save(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.saved.append(tokens)


@dataclass(frozen=True)
class Connected:
    """A mailbox of the outside world, connected to ours."""

    address: EmailAddress
    provider: MailProvider
    keeper: RememberingKeeper


@dataclass(frozen=True)
class File:
    """An attachment to deliver."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Written:
    """A message of ours, and how it is known again."""

    message: OutgoingMessage
    marker: str
    internet_message_id: str


class World(Protocol):
    """The outside world of one provider."""

    async def connect(
        self,
        *,
        aliases: Sequence[str] = (),
        without_permission: bool = False,
        pushes_to: str | None = None,
        rate: Rate | None = None,
    ) -> Connected:
        """Make a mailbox and let its user consent."""

    def again(self, mailbox: Connected) -> Connected:
        """The same mailbox, opened anew as another job would."""

    def now(self) -> datetime:
        """The time both sides live in."""

    async def deliver(
        self,
        to: EmailAddress,
        *,
        subject: str = "Hello",
        text: str = "Hello there.",
        files: Sequence[File] = (),
        headers: dict[str, str] | None = None,
    ) -> str:
        """Let a stranger write to the mailbox; return the message's id there."""

    async def deliver_many(self, to: EmailAddress, count: int) -> list[str]:
        """Let a stranger write so many mails; return their ids there, in any order."""

    async def is_watched(self, address: EmailAddress) -> bool:
        """Whether the provider would push this mailbox's changes to us."""

    async def held(self, address: EmailAddress, folder: str) -> list[str]:
        """The ids in INBOX, SENT or DRAFT, newest first."""

    async def is_unread(self, address: EmailAddress, remote_id: str) -> bool:
        """Whether the mailbox's owner sees it as unread."""

    async def original(self, address: EmailAddress, remote_id: str) -> bytes:
        """The message's bytes as they lie there."""

    async def mark_read(self, address: EmailAddress, remote_id: str, *, read: bool = True) -> None:
        """The owner reads it, or marks it as unread."""

    async def move(self, address: EmailAddress, remote_id: str, folder: str) -> None:
        """The owner moves it to TRASH or SPAM."""

    async def delete(self, address: EmailAddress, remote_id: str) -> None:
        """It is gone for good."""

    async def forget_changes(self, address: EmailAddress) -> None:
        """The change feed no longer reaches back."""

    async def withdraw(self, address: EmailAddress) -> None:
        """The user withdraws the consent."""

    async def change_password(self, address: EmailAddress) -> None:
        """The user changes the password, which ends access to mail."""

    async def deliveries(self, marker: str) -> int:
        """How often a mail with this marker reached its recipient."""

    async def requests(self, mailbox: Connected, step: Step) -> int:
        """How many requests of a step have arrived for the mailbox."""

    async def refusals(self, mailbox: Connected) -> int:
        """How many requests were throttled."""

    async def spoil(self, spoil: Spoil, step: Step, *, times: int = 1) -> None:
        """Spoil the next requests of a step."""

    async def search_lags(self, seconds: float) -> None:
        """How late the search index is."""

    async def rewrite_message_ids(self) -> None:
        """The provider replaces the Message-ID of what is sent."""

    async def clock_differs(self, seconds: float) -> None:
        """How far the provider's clock is ahead of ours."""

    async def empty_pages(self, count: int) -> None:
        """The change feed sends pages with nothing in them."""

    async def short_quota(self, units_a_minute: int) -> None:
        """The mailbox may spend only so many units a minute."""

    async def replace_refresh_tokens(self) -> None:
        """Each refresh brings another refresh token, and the old one ends."""
