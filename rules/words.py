"""The words of the house: ids and closed sets that every layer shares.

Belongs here: identifiers and enumerations whose names stand in docs/words.md. Never: behaviour.
The GraphQL enums of schema/ are made from these, so that the API and the tables cannot drift apart.
"""

from enum import StrEnum
from typing import NewType
from uuid import UUID

WorkspaceId = NewType("WorkspaceId", UUID)
UserId = NewType("UserId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)
MailboxId = NewType("MailboxId", UUID)
AuthorizationId = NewType("AuthorizationId", UUID)
ContactId = NewType("ContactId", UUID)
ThreadId = NewType("ThreadId", UUID)
ThreadLinkId = NewType("ThreadLinkId", UUID)
MessageId = NewType("MessageId", UUID)
AttachmentId = NewType("AttachmentId", UUID)
SubmissionId = NewType("SubmissionId", UUID)
BulkSendId = NewType("BulkSendId", UUID)
CommandId = NewType("CommandId", UUID)
WebhookId = NewType("WebhookId", UUID)
WebhookDeliveryId = NewType("WebhookDeliveryId", UUID)

EmailAddress = NewType("EmailAddress", str)
"""An address as rules/addresses.py normalised it: lower case, no name, no brackets."""


class Provider(StrEnum):
    GMAIL = "GMAIL"
    OUTLOOK = "OUTLOOK"
    IMAP = "IMAP"


class MailboxStatus(StrEnum):
    AUTHORIZING = "AUTHORIZING"
    CONNECTED = "CONNECTED"
    REAUTHENTICATE = "REAUTHENTICATE"
    REPLACED = "REPLACED"
    DISCONNECTED = "DISCONNECTED"
    FAILED = "FAILED"


class SyncScope(StrEnum):
    CRM_THREADS = "CRM_THREADS"
    SENT_TO_CONTACTS = "SENT_TO_CONTACTS"
    CONTACTS = "CONTACTS"


class Visibility(StrEnum):
    """What colleagues see of mail that a mailbox brought."""

    EVERYTHING = "EVERYTHING"
    SUBJECT = "SUBJECT"
    METADATA = "METADATA"


class OversizePolicy(StrEnum):
    SKIP_MESSAGE = "SKIP_MESSAGE"
    KEEP_WITHOUT_ATTACHMENT = "KEEP_WITHOUT_ATTACHMENT"


class Scope(StrEnum):
    READ = "READ"
    SEND = "SEND"
    ADMIN = "ADMIN"


class Role(StrEnum):
    MEMBER = "MEMBER"
    ADMIN = "ADMIN"


class ContactOrigin(StrEnum):
    CRM = "CRM"
    AUTO_BCC = "AUTO_BCC"
    IMPORT = "IMPORT"


class ThreadState(StrEnum):
    OPEN = "OPEN"
    DONE = "DONE"


class ParticipantKind(StrEnum):
    USER = "USER"
    CONTACT = "CONTACT"
    OTHER = "OTHER"


class Direction(StrEnum):
    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"


class Origin(StrEnum):
    CRM = "CRM"
    MAILBOX = "MAILBOX"
    AUTO_BCC = "AUTO_BCC"
    REPLY_ADDRESS = "REPLY_ADDRESS"
    """It came to the conversation's own address, or to the return path of a mail in it."""


class AttachmentState(StrEnum):
    STORED = "STORED"
    TOO_LARGE = "TOO_LARGE"
    BLOCKED_TYPE = "BLOCKED_TYPE"
    FAILED = "FAILED"


class DeliveryState(StrEnum):
    SCHEDULED = "SCHEDULED"
    HELD = "HELD"
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    UNCERTAIN = "UNCERTAIN"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"


class SenderKind(StrEnum):
    MAILBOX = "MAILBOX"
    WORKSPACE_SENDER = "WORKSPACE_SENDER"


class TlsMode(StrEnum):
    """How the workspace sender's connection is kept from being read."""

    IMPLICIT = "IMPLICIT"
    STARTTLS = "STARTTLS"
    NONE = "NONE"


class BulkState(StrEnum):
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class BulkOutcome(StrEnum):
    """What became of one contact of a bulk send."""

    WAITING = "WAITING"
    UNDER_WAY = "UNDER_WAY"
    SENT = "SENT"
    BOUNCED = "BOUNCED"
    UNCERTAIN = "UNCERTAIN"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"


class BulkObstacleKind(StrEnum):
    """Why a contact gets no mail of a bulk send, as is known before it is sent."""

    NO_ADDRESS = "NO_ADDRESS"
    MISSING_FIELD = "MISSING_FIELD"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    BOUNCED = "BOUNCED"
    ADDED = "ADDED"


class SuppressionReason(StrEnum):
    """Why an address gets no bulk mail any more."""

    UNSUBSCRIBED = "UNSUBSCRIBED"
    BOUNCED = "BOUNCED"
    ADDED = "ADDED"


class EventKind(StrEnum):
    """What a webhook can be told of; rules/webhooks.py says which event is which."""

    MESSAGE_SYNCED = "MESSAGE_SYNCED"
    MESSAGE_CHANGED = "MESSAGE_CHANGED"
    THREAD_CHANGED = "THREAD_CHANGED"
    MAILBOX_CHANGED = "MAILBOX_CHANGED"
    BULK_SEND_PROGRESSED = "BULK_SEND_PROGRESSED"
    WITHDRAWN = "WITHDRAWN"


class WebhookState(StrEnum):
    ON = "ON"
    PAUSED = "PAUSED"
    OFF = "OFF"


class WebhookDeliveryState(StrEnum):
    WAITING = "WAITING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    WITHHELD = "WITHHELD"


class SkipReason(StrEnum):
    NOT_CONNECTED = "NOT_CONNECTED"
    BEFORE_CONNECTION = "BEFORE_CONNECTION"
    NOT_MAIL = "NOT_MAIL"
    ALREADY_SYNCED = "ALREADY_SYNCED"
    INTERNAL_ONLY = "INTERNAL_ONLY"
    BLOCKED = "BLOCKED"
    FROM_ANOTHER_USER = "FROM_ANOTHER_USER"
    ATTACHMENT_TOO_LARGE = "ATTACHMENT_TOO_LARGE"
    NOT_ACTIVATED = "NOT_ACTIVATED"
    NOT_CRM_THREAD = "NOT_CRM_THREAD"
    NOT_A_CONTACT = "NOT_A_CONTACT"


class AuthorizationPurpose(StrEnum):
    """Why a user is sent to a provider's consent page."""

    CONNECT = "CONNECT"
    UPDATE = "UPDATE"
    REAUTHENTICATE = "REAUTHENTICATE"
