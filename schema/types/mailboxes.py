"""Users and their mailboxes: one file, because each shows the other."""

from datetime import datetime

import strawberry
from strawberry import ID, Private, field

from rules.words import EmailAddress
from schema.enums import MailboxStatus, Provider, Role, SkipReason, SyncScope, Visibility
from schema.types.pages import PageInfo


@strawberry.type(description="A person who works in the CRM.")
class User:
    id: ID = field(description="The user's id.")
    name: str = field(description="The name shown to colleagues; 200 characters at most.")
    email: EmailAddress = field(description="The login address.")
    role: Role = field(description="What the user may do in the workspace.")
    mailbox: "Mailbox | None" = field(description="The live mailbox; null where none is connected.")
    auto_bcc_address: EmailAddress | None = field(
        description="Mail that the user sends with this address in Bcc is logged, from whichever program it "
        "comes. A secret, for the user and the workspace's admins; null for others, and where the "
        "deployment takes no mail."
    )
    blocklist: list[str] = field(
        description="Addresses and domains that never sync through this user's mailbox, besides the "
        "workspace's; empty for everybody else."
    )


@strawberry.type(description="The last comparison of the provider's list with what is stored here.")
class Verification:
    at: datetime = field(description="When it was made.")
    expected: int = field(description="How many messages the provider holds since the connection.")
    present: int = field(description="How many of them were stored, skipped with a reason, or set aside.")


@strawberry.type(description="A stretch of time that the provider's change feed could not tell about.")
class SyncGap:
    from_: datetime = field(name="from", description="The last moment known to be complete before it.")
    to: datetime = field(description="When the change feed went on.")
    repaired_at: datetime | None = field(description="When a look-back closed it; null while it is open.")


@strawberry.type(description="How sync goes, computed from facts and never from the end of a job.")
class SyncHealth:
    last_change_seen_at: datetime | None = field(
        description="When the provider last told us of a change, or we last asked."
    )
    last_stored_at: datetime | None = field(description="When the newest message was stored.")
    pending: int = field(description="Messages seen and not yet decided or stored.")
    set_aside: int = field(
        description="Messages that could not be read after all attempts; they can be retried."
    )
    next_check_at: datetime | None = field(description="When the mailbox is asked next, push or no push.")
    retry_at: datetime | None = field(description="Until when the provider asked us to wait.")
    push_expires_at: datetime | None = field(description="When change push must have been renewed.")
    verified: Verification | None = field(description="The last verification; null before the first.")
    gaps: list[SyncGap] = field(description="The 20 newest gaps.")
    latency_p95_ms: int | None = field(
        name="latencyP95Ms",
        description="Milliseconds from the provider's acceptance to being stored here, 95th percentile of "
        "the 200 newest messages; null where there are none.",
    )


@strawberry.type(description="What may be sent through a mailbox in any 24 hours.")
class SendQuota:
    limit: int = field(description="Messages a rolling day.")
    used: int = field(description="Messages of the last 24 hours.")
    frees_at: datetime | None = field(
        description="When the next message of the limit frees; null where nothing is used."
    )


@strawberry.type(description="What was read of the address book of a mailbox's account.")
class AddressBook:
    synced_at: datetime | None = field(description="When it was last read; null where it never was.")
    error: str | None = field(
        description="Why the last reading failed and what to do, in a sentence; null where it did not."
    )


@strawberry.type(description="How many mails were skipped for one reason.")
class SkipCount:
    reason: SkipReason = field(description="Why they were skipped.")
    count: int = field(description="How many.")


def _skipped(self: "Mailbox", since: datetime | None = None) -> list[SkipCount]:
    return self.skips[since]


@strawberry.type(description="One user's connection to one provider mailbox. Reconnecting makes a new one.")
class Mailbox:
    id: ID = field(description="The connection's id.")
    provider: Provider = field(description="Who keeps the mailbox.")
    address: EmailAddress | None = field(description="The mailbox's address; null until consent is given.")
    send_as: list[EmailAddress] = field(
        description="Verified addresses that mail may be sent from, the mailbox's own first."
    )
    owner: User = field(description="Whose mailbox it is.")
    status: MailboxStatus = field(description="Where the connection stands.")
    status_reason: str | None = field(description="What the user must do, in a sentence.")
    missing_permissions: list[str] = field(
        description="Permissions that were asked for and not granted, in the provider's spelling."
    )
    scope: SyncScope = field(description="Which mail it brings.")
    visibility: Visibility = field(
        description="What colleagues see of the mail it brings; of mail that several mailboxes hold, the "
        "narrowest of their choices counts."
    )
    connected_at: datetime | None = field(description="When sync began; nothing older is ever synced.")
    activated_at: datetime | None = field(description="When mail was first sent from the CRM through it.")
    health: SyncHealth = field(description="How sync goes.")
    quota: SendQuota | None = field(
        description="What may still be sent through it; null where the provider has no daily limit."
    )
    address_book: AddressBook | None = field(
        description="Its account's address book; null where linkContacts never asked for it."
    )
    skips: Private[dict[datetime | None, list[SkipCount]]]

    skipped: list[SkipCount] = field(
        resolver=_skipped,
        description="How many mails were skipped, by reason, since an instant; 30 days back at most, which "
        "is also the default. Empty for all but its owner and admins.",
    )


@strawberry.type(description="What the rules said of one mail. No address, no subject; kept for 30 days.")
class SyncDecision:
    id: ID = field(description="The decision's id.")
    mailbox: Mailbox = field(description="The mailbox that held the mail.")
    at: datetime = field(description="When it was decided.")
    synced: bool = field(description="Whether the mail entered a conversation.")
    reason: SkipReason | None = field(description="Why it was skipped; null where it was synced.")
    rule: str = field(description="The number of the deciding rule, D1 to D14.")
    explanation: str = field(description="The rule in a sentence.")


@strawberry.type(description="A decision in a page.")
class SyncDecisionEdge:
    node: SyncDecision = field(description="The decision.")
    cursor: str = field(description="Where it lies in the list; opaque.")


@strawberry.type(description="A page of decisions, newest first.")
class SyncDecisionConnection:
    edges: list[SyncDecisionEdge] = field(description="The decisions of this page.")
    page_info: PageInfo = field(description="Where the page lies in the list.")


@strawberry.type(description="What happened in a mailbox on one day; days on which nothing did are left out.")
class MailboxDay:
    day: str = field(description="The day, such as 2026-03-01.")
    mailbox_id: ID = field(description="The mailbox.")
    synced: int = field(description="How many mails came in.")
    skipped: int = field(description="How many were left alone.")
    sent: int = field(description="How many left through it from here.")
