"""The people, mailboxes and envelopes that the tests of the rules speak of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from rules.conversation import KnownContact, KnownThread
from rules.decision import Facts, LoggedMessage, SyncSettings
from rules.envelope import Correspondent, Envelope
from rules.words import (
    ContactId,
    EmailAddress,
    MailboxStatus,
    MessageId,
    Provider,
    SyncScope,
    ThreadId,
    UserId,
)

CONNECTED = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

ANN = UserId(UUID(int=1))
BEN = UserId(UUID(int=2))
ANN_ADDRESS = EmailAddress("ann@crm.example")
ANN_ALIAS = EmailAddress("sales@crm.example")
ANN_LOGIN = EmailAddress("ann.login@crm.example")
BEN_ADDRESS = EmailAddress("ben@crm.example")
DANA_ADDRESS = EmailAddress("dana@okafor.example")
MEI_ADDRESS = EmailAddress("mei@lindqvist.example")
STRANGER_ADDRESS = EmailAddress("noor@elsewhere.example")
AUTO_BCC_ADDRESS = EmailAddress("b7k2@in.crm.example")

DANA = KnownContact(ContactId(UUID(int=11)), CONNECTED)
MEI = KnownContact(ContactId(UUID(int=12)), CONNECTED + timedelta(days=1))

DANAS_THREAD = KnownThread(ThreadId(UUID(int=21)), DANA.contact_id)
MEIS_THREAD = KnownThread(ThreadId(UUID(int=22)), MEI.contact_id)
LOGGED = LoggedMessage(MessageId(UUID(int=31)), DANAS_THREAD, through_this_mailbox=False)
SENT_HERE = LoggedMessage(MessageId(UUID(int=32)), DANAS_THREAD, through_this_mailbox=True)

USERS = {
    ANN_ADDRESS: frozenset({ANN}),
    ANN_ALIAS: frozenset({ANN}),
    ANN_LOGIN: frozenset({ANN}),
    BEN_ADDRESS: frozenset({BEN}),
}
FACTS = Facts(user_addresses=USERS, contacts={DANA_ADDRESS: (DANA,), MEI_ADDRESS: (MEI,)})
GMAIL = SyncSettings(
    provider=Provider.GMAIL,
    status=MailboxStatus.CONNECTED,
    connected_at=CONNECTED,
    owner=ANN,
    own_addresses=frozenset({ANN_ADDRESS, ANN_ALIAS}),
    scope=SyncScope.CONTACTS,
    activated=True,
    inbound_domains=frozenset({"in.crm.example"}),
)
OUTLOOK = replace(GMAIL, provider=Provider.OUTLOOK, scope=SyncScope.CRM_THREADS)


def person(address: str, name: str | None = None) -> Correspondent:
    return Correspondent(EmailAddress(address), name)


def people(*addresses: str) -> tuple[Correspondent, ...]:
    return tuple(person(address) for address in addresses)


def mail(sender: str | None, *to: str, **changes: object) -> Envelope:
    """An envelope that came an hour ago, from somebody to somebody."""
    envelope = Envelope(
        remote_id="r1",
        remote_thread_id="t1",
        received_at=NOW - timedelta(hours=1),
        sent_at=NOW - timedelta(hours=1),
        sender=person(sender) if sender else None,
        to=people(*to),
        subject="Offer for the roof",
        internet_message_id="m1@mail.example",
    )
    return replace(envelope, **changes)  # type: ignore[arg-type]  # the fields differ in type
