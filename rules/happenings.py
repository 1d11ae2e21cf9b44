"""Domain events and commands: closed sets of frozen dataclasses, ids only.

An *event* tells what has happened; it leaves through `work.tell` and is numbered gaplessly per workspace.
A *command* asks for work to be done later; it leaves through `work.ask` and is done at least once, so
every job that carries one out must be idempotent. Neither ever carries an address, a text or a secret:
they are stored, published and put into job arguments.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from rules.words import (
    AuthorizationId,
    BulkSendId,
    ContactId,
    MailboxId,
    MessageId,
    SubmissionId,
    ThreadId,
    UserId,
    WebhookId,
)


@dataclass(frozen=True, slots=True)
class MessageSynced:
    """A message entered a conversation, from the CRM, a mailbox or Auto BCC. Told once per message."""

    kind: ClassVar[str] = "MessageSynced"
    message_id: MessageId
    thread_id: ThreadId
    contact_id: ContactId
    mailbox_id: MailboxId | None


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """Delivery state, read state, attachments or warnings of a message changed."""

    kind: ClassVar[str] = "MessageChanged"
    message_id: MessageId
    thread_id: ThreadId
    contact_id: ContactId
    mailbox_id: MailboxId | None


@dataclass(frozen=True, slots=True)
class ThreadChanged:
    """State, assignee, privacy, read state or links of a thread changed."""

    kind: ClassVar[str] = "ThreadChanged"
    thread_id: ThreadId
    contact_id: ContactId


@dataclass(frozen=True, slots=True)
class MailboxChanged:
    """Status, health, permissions or settings of a mailbox changed."""

    kind: ClassVar[str] = "MailboxChanged"
    mailbox_id: MailboxId
    user_id: UserId


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A thread, or with `message_id` one message of it, is less visible from now on to all but `visible_to`.

    Whoever holds a copy forgets it; what may still be seen of it is read again. Without `visible_to` it
    exists for nobody any more.
    """

    kind: ClassVar[str] = "Withdrawn"
    thread_id: ThreadId
    visible_to: UserId | None
    message_id: MessageId | None = None


@dataclass(frozen=True, slots=True)
class BulkSendProgressed:
    """Mails of a bulk send left or were refused, or it was paused, resumed, cancelled, or came to its end."""

    kind: ClassVar[str] = "BulkSendProgressed"
    bulk_send_id: BulkSendId


@dataclass(frozen=True, slots=True)
class WebhookChanged:
    """A webhook was made, changed, paused, resumed, or switched off because nobody took its events.

    No webhook is told of it: what becomes of one must not be an event for the next.
    """

    kind: ClassVar[str] = "WebhookChanged"
    webhook_id: WebhookId


Event = (
    MessageSynced
    | MessageChanged
    | ThreadChanged
    | MailboxChanged
    | BulkSendProgressed
    | Withdrawn
    | WebhookChanged
)


class Queue(StrEnum):
    """Live work (pushes, sends) never waits behind bulk work (verification, catch-up), and neither waits
    behind webhooks, whose receivers may take as long as they like."""

    LIVE = "live"
    BULK = "bulk"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class PullMailbox:
    """Read the change feed of a mailbox from its cursor and store what the rules let in."""

    kind: ClassVar[str] = "pull_mailbox"
    queue: ClassVar[Queue] = Queue.LIVE
    mailbox_id: MailboxId

    @property
    def key(self) -> str:
        return f"pull:{self.mailbox_id}"


@dataclass(frozen=True, slots=True)
class SendSubmission:
    """Carry a submission to its provider, exactly once in effect."""

    kind: ClassVar[str] = "send_submission"
    queue: ClassVar[Queue] = Queue.LIVE
    submission_id: SubmissionId

    @property
    def key(self) -> str:
        return f"send:{self.submission_id}"


@dataclass(frozen=True, slots=True)
class SendBulkSubmission:
    """Carry one mail of a bulk send; as SendSubmission, behind all live work."""

    kind: ClassVar[str] = "send_bulk_submission"
    queue: ClassVar[Queue] = Queue.BULK
    submission_id: SubmissionId

    @property
    def key(self) -> str:
        return f"send:{self.submission_id}"


@dataclass(frozen=True, slots=True)
class RunBulkSend:
    """Write the next mails of a bulk send, and tell how far it is."""

    kind: ClassVar[str] = "run_bulk_send"
    queue: ClassVar[Queue] = Queue.BULK
    bulk_send_id: BulkSendId

    @property
    def key(self) -> str:
        return f"bulk:{self.bulk_send_id}"


@dataclass(frozen=True, slots=True)
class TryWorkspaceSender:
    """Log in at the workspace's SMTP server, and send a mail to whoever asked."""

    kind: ClassVar[str] = "try_workspace_sender"
    queue: ClassVar[Queue] = Queue.LIVE
    user_id: UserId

    @property
    def key(self) -> str:
        return f"try-sender:{self.user_id}"


@dataclass(frozen=True, slots=True)
class RenewWatch:
    """Register or renew the provider's change push for a mailbox."""

    kind: ClassVar[str] = "renew_watch"
    queue: ClassVar[Queue] = Queue.LIVE
    mailbox_id: MailboxId

    @property
    def key(self) -> str:
        return f"watch:{self.mailbox_id}"


@dataclass(frozen=True, slots=True)
class FinishAuthorization:
    """Exchange the code of a consent that came back, and connect the mailbox."""

    kind: ClassVar[str] = "finish_authorization"
    queue: ClassVar[Queue] = Queue.LIVE
    authorization_id: AuthorizationId

    @property
    def key(self) -> str:
        return f"authorization:{self.authorization_id}"


@dataclass(frozen=True, slots=True)
class ReleaseMailbox:
    """After a disconnect: unregister push, revoke tokens at the provider, erase them here."""

    kind: ClassVar[str] = "release_mailbox"
    queue: ClassVar[Queue] = Queue.LIVE
    mailbox_id: MailboxId

    @property
    def key(self) -> str:
        return f"release:{self.mailbox_id}"


@dataclass(frozen=True, slots=True)
class EraseMailbox:
    """Erase a mailbox and what only it brought; asked again once its tokens are gone."""

    kind: ClassVar[str] = "erase_mailbox"
    queue: ClassVar[Queue] = Queue.LIVE
    mailbox_id: MailboxId

    @property
    def key(self) -> str:
        return f"erase-mailbox:{self.mailbox_id}"


@dataclass(frozen=True, slots=True)
class EraseUser:
    """Erase a user with their mailboxes and all that is theirs; asked again as its mailboxes' tokens go."""

    kind: ClassVar[str] = "erase_user"
    queue: ClassVar[Queue] = Queue.LIVE
    user_id: UserId

    @property
    def key(self) -> str:
        return f"erase-user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class CarryReadState:
    """Tell the provider that a user read, or unread, a conversation in the CRM."""

    kind: ClassVar[str] = "carry_read_state"
    queue: ClassVar[Queue] = Queue.LIVE
    mailbox_id: MailboxId
    thread_id: ThreadId

    @property
    def key(self) -> str:
        return f"read:{self.mailbox_id}:{self.thread_id}"


@dataclass(frozen=True, slots=True)
class RetrySetAside:
    """Try once more what could not be read from a mailbox."""

    kind: ClassVar[str] = "retry_set_aside"
    queue: ClassVar[Queue] = Queue.BULK
    mailbox_id: MailboxId

    @property
    def key(self) -> str:
        return f"set-aside:{self.mailbox_id}"


@dataclass(frozen=True, slots=True)
class VerifyMailbox:
    """Compare what the provider lists since the connection with what is known here, and repair it."""

    kind: ClassVar[str] = "verify_mailbox"
    queue: ClassVar[Queue] = Queue.BULK
    mailbox_id: MailboxId

    @property
    def key(self) -> str:
        return f"verify:{self.mailbox_id}"


@dataclass(frozen=True, slots=True)
class NarrowMailbox:
    """Carry a mailbox's narrower visibility to the mail that it brought."""

    kind: ClassVar[str] = "narrow_mailbox"
    queue: ClassVar[Queue] = Queue.LIVE
    mailbox_id: MailboxId

    @property
    def key(self) -> str:
        return f"narrow:{self.mailbox_id}"


@dataclass(frozen=True, slots=True)
class ReadAddressBook:
    """Read what changed in the address book of a mailbox's account, and link contacts with it."""

    kind: ClassVar[str] = "read_address_book"
    queue: ClassVar[Queue] = Queue.BULK
    mailbox_id: MailboxId

    @property
    def key(self) -> str:
        return f"address-book:{self.mailbox_id}"


@dataclass(frozen=True, slots=True)
class DeliverWebhook:
    """Tell a webhook's receiver what has happened since it was last told.

    Asked by every commit that tells an event, for each webhook that is on (database/work.py).
    """

    kind: ClassVar[str] = "deliver_webhook"
    queue: ClassVar[Queue] = Queue.WEBHOOKS
    key_prefix: ClassVar[str] = "webhook:"
    webhook_id: WebhookId

    @property
    def key(self) -> str:
        return f"{self.key_prefix}{self.webhook_id}"


Command = (
    PullMailbox
    | SendSubmission
    | SendBulkSubmission
    | RunBulkSend
    | TryWorkspaceSender
    | RenewWatch
    | FinishAuthorization
    | ReleaseMailbox
    | EraseMailbox
    | EraseUser
    | CarryReadState
    | RetrySetAside
    | VerifyMailbox
    | NarrowMailbox
    | ReadAddressBook
    | DeliverWebhook
)


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event as it was committed: its gapless number in its workspace, and when."""

    number: int
    at: datetime
    event: Event
