"""The API's enums are the closed sets of rules/words.py themselves, so that they cannot drift apart."""

from enum import StrEnum
from typing import Final

import strawberry

from rules.contact_files import (
    ContactFileFormat as ContactFileFormat,
)
from rules.presets import (
    Preset as Preset,
)
from rules.words import (
    AttachmentState as AttachmentState,
)
from rules.words import (
    BulkObstacleKind as BulkObstacleKind,
)
from rules.words import (
    BulkOutcome as BulkOutcome,
)
from rules.words import (
    BulkState as BulkState,
)
from rules.words import (
    ContactOrigin as ContactOrigin,
)
from rules.words import (
    DeliveryState as DeliveryState,
)
from rules.words import (
    Direction as Direction,
)
from rules.words import (
    EventKind as EventKind,
)
from rules.words import (
    MailboxStatus as MailboxStatus,
)
from rules.words import (
    Origin as Origin,
)
from rules.words import (
    OversizePolicy as OversizePolicy,
)
from rules.words import (
    ParticipantKind as ParticipantKind,
)
from rules.words import (
    Provider as Provider,
)
from rules.words import (
    Role as Role,
)
from rules.words import (
    Scope as Scope,
)
from rules.words import (
    SenderKind as SenderKind,
)
from rules.words import (
    SkipReason as SkipReason,
)
from rules.words import (
    SuppressionReason as SuppressionReason,
)
from rules.words import (
    SyncScope as SyncScope,
)
from rules.words import (
    ThreadState as ThreadState,
)
from rules.words import (
    TlsMode as TlsMode,
)
from rules.words import (
    Visibility as Visibility,
)
from rules.words import (
    WebhookDeliveryState as WebhookDeliveryState,
)
from rules.words import (
    WebhookState as WebhookState,
)

_DESCRIPTIONS: Final[dict[type[StrEnum], str]] = {
    Scope: (
        "What a credential may do: READ queries and subscribes; SEND does what a user does (contacts, "
        "conversations, sending, their own mailbox); ADMIN governs the workspace."
    ),
    Role: ("What a user is in the workspace."),
    Provider: ("Who keeps a mailbox."),
    MailboxStatus: (
        "Where a connection stands: AUTHORIZING waits for consent, CONNECTED syncs, REAUTHENTICATE "
        "waits for its user, REPLACED and DISCONNECTED have ended, FAILED never began."
    ),
    SyncScope: (
        "Which mail a mailbox brings: CRM_THREADS only conversations that the CRM wrote into, "
        "SENT_TO_CONTACTS also mail sent to contacts, CONTACTS all mail with contacts."
    ),
    Visibility: (
        "What colleagues see of mail that a mailbox brought: EVERYTHING, the SUBJECT without content, "
        "or METADATA: who wrote to whom, and when."
    ),
    Preset: (
        "Settings under the name of the system that published them: attachment limit, types, oversize "
        "policy, labs, and the scope of each provider's mailboxes."
    ),
    ContactFileFormat: ("What a file of contacts is written in."),
    OversizePolicy: ("What happens to mail whose attachments exceed the workspace's limit."),
    ContactOrigin: ("How a contact came to be."),
    ThreadState: ("Whether a conversation waits for somebody."),
    ParticipantKind: ("Who an address belongs to, as known when the mail was stored."),
    Direction: ("INBOUND came from outside, OUTBOUND was written by one of the users."),
    Origin: ("What brought a message."),
    AttachmentState: (
        "Whether an attachment's content is here; in all states but STORED only its name, type and size are."
    ),
    DeliveryState: (
        "Where a sending stands. SCHEDULED, HELD and QUEUED can be cancelled; UNCERTAIN is looked for "
        "at the provider before anything is repeated; REFUSED sent nothing."
    ),
    TlsMode: (
        "How the way to a mail server is secured: IMPLICIT from the first byte (port 465), STARTTLS before "
        "anything is said (port 587), NONE not at all, and then without a password."
    ),
    BulkState: (
        "Where a bulk send stands. PAUSED waits for resumeBulkSend: somebody paused it, or the mail server "
        "refuses its sender."
    ),
    BulkOutcome: (
        "What became of one contact of a bulk send: WAITING for its turn, UNDER_WAY, SENT, BOUNCED (sent, "
        "and reported back as undeliverable), UNCERTAIN (it could not be proved to have left), REFUSED with "
        "a reason, or CANCELLED."
    ),
    BulkObstacleKind: (
        "Why a contact would get no mail. NO_ADDRESS and MISSING_FIELD hold up the whole bulk send unless it "
        "says leaveOutIncomplete; UNSUBSCRIBED, BOUNCED and ADDED are on the suppression list, and passed "
        "over."
    ),
    SuppressionReason: (
        "Why an address gets no bulk mail: its owner UNSUBSCRIBED, mail to it BOUNCED, or an admin ADDED it."
    ),
    SenderKind: ("What carries a mail out."),
    SkipReason: ("Why a mail was not synced."),
    EventKind: (
        "What a webhook is told of; named as the types of InboxEvent. WITHDRAWN names what is to be "
        "forgotten."
    ),
    WebhookState: (
        "Whether a webhook is told what happens: ON it is, PAUSED an admin paused it, OFF it was switched "
        "off, because its receiver answered 410 or took nothing for five days."
    ),
    WebhookDeliveryState: (
        "Where a delivery stands: WAITING to be sent or sent again, DELIVERED, FAILED after eleven attempts "
        "in four days (a ping after one), WITHHELD because what it names is private to one user, or gone."
    ),
}

for _words, _description in _DESCRIPTIONS.items():
    strawberry.enum(_words, description=_description)
