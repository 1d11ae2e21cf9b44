"""The post office: who has a mailbox, and how a mail gets from one to all the others.

What belongs here: accounts, aliases, delivery, bounces, automatic answers, the list of deliveries. What
never: a provider's API; a surface (Google, Microsoft) hands in finished mail and shows mailboxes,
and may say where mail lands (`sorters`) and how its bounces look (`notifiers`), by kind of account.
Source: RFC 5321 section 4.4 (Return-Path and Received on delivery), RFC 3834 (automatic answers).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from fnmatch import fnmatchcase
from typing import Literal

from simulator import bounce, compose, mime
from simulator.clock import Clock, from_ms
from simulator.contents import Contents
from simulator.dials import Switchboard
from simulator.mailbox import Change, Copy, Mailbox
from simulator.relay import Relay

Kind = Literal["google", "microsoft", "microsoft-personal", "outside", "unknown"]
HISTORY_STEP = 13
FIRST_PASSWORD = "simulator"  # noqa: S105 - everybody's first password in the simulated world


@dataclass
class Alias:
    """A further address that an account may send from, once it is accepted."""

    address: str
    name: str = ""
    verification_status: Literal["accepted", "pending"] = "accepted"
    is_default: bool = False


@dataclass
class Account:
    """A person with a mailbox; `subject` is the number by which an identity provider knows them."""

    address: str
    name: str
    kind: Kind
    subject: str
    password: str = FIRST_PASSWORD
    must_sign_in: bool = False
    aliases: list[Alias] = field(default_factory=list)

    @property
    def addresses(self) -> set[str]:
        """Every address that reaches this person."""
        return {self.address, *(alias.address for alias in self.aliases)}


@dataclass
class Delivery:
    """What became of one mail for one recipient; `headers` are the X- ones, by lower-case name."""

    at_ms: int
    internet_message_id: str
    sender: str
    recipient: str
    subject: str
    outcome: Literal["delivered", "spam", "bounced"]
    copy_id: str
    headers: dict[str, str]


@dataclass
class Parcel:
    """A mail under way to one recipient; `return_path` is empty for bounces and automatic answers."""

    due_ms: int
    return_path: str
    recipient: str
    content: str
    sent_copy_id: str = ""
    thread_id: str = ""


@dataclass
class PostState:
    """Everything the post office remembers."""

    accounts: dict[str, Account] = field(default_factory=dict)
    mailboxes: dict[str, Mailbox] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    number: int = 987_000


class AddressTaken(ValueError):
    """The address already reaches somebody, or is none."""


Listener = Callable[[str, Change], None]
Sorter = Callable[[Account, mime.Summary], str]
Notifier = Callable[[bounce.Failure], bytes]


class PostOffice:
    """Keeps accounts and mailboxes and delivers between them."""

    def __init__(self, clock: Clock, dials: Switchboard, contents: Contents) -> None:
        """Start with no account."""
        self.clock = clock
        self.dials = dials
        self.contents = contents
        self.state = PostState()
        self.listeners: list[Listener] = []
        self.sorters: dict[Kind, Sorter] = {}
        self.notifiers: dict[Kind, Notifier] = {}
        self.relay: Relay | None = None
        self._last_ms = 0

    def open_account(self, address: str, name: str, kind: Kind) -> Account:
        """Make an account with an empty mailbox.

        Raises:
            AddressTaken: the address is in use, or is no address.
        """
        address = address.strip().lower()
        if not mime.is_address(address) or self.find(address) is not None:
            raise AddressTaken(f"{address!r} is no free address")
        account = Account(address, name.strip(), kind, str(10**20 + secrets.randbelow(10**20)))
        self.state.accounts[address] = account
        number = self.next_number()
        self.state.mailboxes[address] = Mailbox(number=number, forgotten_up_to=number - 1)
        return account

    def add_alias(self, account: Account, alias: Alias) -> None:
        """Give an account a further address.

        Raises:
            AddressTaken: the address is in use, or is no address.
        """
        alias.address = alias.address.strip().lower()
        if not mime.is_address(alias.address) or self.find(alias.address) is not None:
            raise AddressTaken(f"{alias.address!r} is no free address")
        account.aliases.append(alias)

    def find(self, address: str) -> Account | None:
        """Return the account that an address reaches: its own, an alias, or with a +tag."""
        address = address.lower()
        local, _, domain = address.rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        for wanted in (address, plain):
            if wanted in self.state.accounts:
                return self.state.accounts[wanted]
            for account in self.state.accounts.values():
                if any(alias.address == wanted for alias in account.aliases):
                    return account
        return None

    def mailbox(self, account: Account) -> Mailbox:
        """Return the account's mailbox."""
        return self.state.mailboxes[account.address]

    def next_number(self) -> int:
        """Return a number above all earlier ones, with gaps, as providers' are."""
        self.state.number += 1 + secrets.randbelow(HISTORY_STEP)
        return self.state.number

    def next_id(self) -> str:
        """Return sixteen hexadecimal digits that rise with time."""
        self._last_ms = max(self.clock.now_ms(), self._last_ms + 1)
        return f"{self._last_ms:x}{secrets.randbelow(1 << 20):05x}"

    def new_message_id(self, domain: str) -> str:
        """Return a fresh Message-ID, angle brackets included."""
        return f"<{secrets.token_urlsafe(18)}@{domain}>"

    def store(
        self,
        account: Account,
        raw: bytes,
        labels: set[str],
        *,
        thread_id: str | None = None,
        arrived_ms: int | None = None,
    ) -> Copy:
        """Put a mail into a mailbox; without a thread it begins one, whose id is the mail's own."""
        summary = mime.summary_of(raw)
        copy_id = self.next_id()
        copy = Copy(
            id=copy_id,
            thread_id=thread_id or copy_id,
            content=self.contents.put(raw),
            labels=set(labels),
            arrived_ms=self.clock.now_ms() if arrived_ms is None else arrived_ms,
            number=self.next_number(),
            internet_message_id=summary.internet_message_id,
            base_subject=mime.base_subject(summary.subject),
            size_bytes=len(raw),
        )
        self._tell(account, self.mailbox(account).add(copy))
        return copy

    def delete(self, account: Account, copy_id: str) -> None:
        """Delete a copy for good."""
        self._tell(account, self.mailbox(account).delete(copy_id, self.next_number()))

    def relabel(self, account: Account, copy_id: str, add: set[str], remove: set[str]) -> None:
        """Change a copy's labels; what does not change is not logged."""
        mailbox = self.mailbox(account)
        mailbox.copy(copy_id)
        for change in (
            mailbox.unlabel(copy_id, remove - add, self.next_number()),
            mailbox.label(copy_id, add, self.next_number()),
        ):
            if change is not None:
                self._tell(account, change)

    def submit(self, account: Account, raw: bytes, *, thread_id: str | None) -> Copy:
        """Send a finished mail: keep it under SENT and bring it to everyone in To, Cc and Bcc.

        A mail to oneself lies in the mailbox once, with SENT and INBOX.
        """
        recipients = [address.address for address in mime.summary_of(raw).recipients]
        own = [address for address in recipients if self.find(address) is account]
        labels = {"SENT", "INBOX", "UNREAD"} if own else {"SENT"}
        copy = self.store(account, raw, labels, thread_id=thread_id)
        if own:
            self._note(copy, account.address, own[0], copy.id, "delivered")
        self._post(account, copy, [recipient for recipient in recipients if recipient not in own])
        return copy

    def dispatch(self, account: Account, copy: Copy) -> None:
        """Bring a copy that already lies in the mailbox to all its recipients.

        Where `submit` keeps a mail to oneself once, this delivers it to the sender like to anybody.
        """
        self._post(account, copy, [one.address for one in self.contents.summary(copy.content).recipients])

    def accept(self, return_path: str, recipients: list[str], raw: bytes) -> None:
        """Bring a mail that was handed in from outside to its envelope's recipients."""
        content, due_ms = self.contents.put(raw), self._due_ms()
        self.state.parcels += [Parcel(due_ms, return_path, one.lower(), content) for one in recipients]
        self.deliver_due()

    def rewrite(self, account: Account, copy_id: str, raw: bytes) -> None:
        """Replace the bytes of a copy that keeps its id, as a saved draft does."""
        summary = mime.summary_of(raw)
        copy = self.mailbox(account).copy(copy_id)
        copy.content, copy.size_bytes = self.contents.put(raw), len(raw)
        copy.internet_message_id = summary.internet_message_id
        copy.base_subject = mime.base_subject(summary.subject)
        self.touch(account, copy_id)

    def touch(self, account: Account, copy_id: str) -> None:
        """Note that something about a copy has changed that is no label."""
        self._tell(account, self.mailbox(account).touch(copy_id, self.next_number()))

    def _post(self, account: Account, copy: Copy, recipients: list[str]) -> None:
        raw = self.contents.raw[copy.content]
        stripped = self.contents.put(mime.edit_fields(raw, remove=["Bcc"]))
        for recipient in recipients:
            sent_id = "" if self.find(recipient) is account else copy.id
            parcel = Parcel(self._due_ms(), account.address, recipient, stripped, sent_id, copy.thread_id)
            self.state.parcels.append(parcel)
        self.deliver_due()

    def _due_ms(self) -> int:
        return self.clock.now_ms() + int(self.dials.now.delivery_lag_seconds * 1000)

    def deliver_due(self) -> None:
        """Deliver every parcel whose time has come, and the parcels that these deliveries make."""
        while due := [parcel for parcel in self.state.parcels if parcel.due_ms <= self.clock.now_ms()]:
            for parcel in due:
                self.state.parcels.remove(parcel)
                self._deliver(parcel)

    def next_due_ms(self) -> int | None:
        """Return when the next parcel is due, in epoch milliseconds."""
        return min((parcel.due_ms for parcel in self.state.parcels), default=None)

    def _deliver(self, parcel: Parcel) -> None:
        raw = self.contents.raw[parcel.content]
        if self.relay is not None and self.relay.takes(parcel.recipient):
            self.relay.send(parcel.return_path, parcel.recipient, raw, lambda: self._come_back(parcel, raw))
            return
        account, summary = self._recipient(parcel.recipient), mime.summary_of(raw)
        if account is None:
            self._bounce(parcel, raw)
            return
        sender = summary.sender[0].address if summary.sender else parcel.return_path
        spam = any(fnmatchcase(sender, pattern.lower()) for pattern in self.dials.now.spam_from)
        sorter = self.sorters.get(account.kind)
        place = "SPAM" if spam else sorter(account, summary) if sorter else "INBOX"
        received = f"by mx.simulator with SMTP id {secrets.token_hex(8)} for <{parcel.recipient}>; "
        trace = [
            ("Delivered-To", parcel.recipient),
            ("Received", received + format_datetime(self.clock.now())),
            ("Return-Path", f"<{parcel.return_path}>"),
        ]
        mailbox = self.mailbox(account)
        thread_id = parcel.thread_id if not parcel.sent_copy_id else None
        thread_id = thread_id or mailbox.thread_for(summary.references, mime.base_subject(summary.subject))
        whole = mime.edit_fields(raw, prepend=trace)
        copy = self.store(account, whole, {place, "UNREAD"}, thread_id=thread_id)
        self._note(copy, sender, parcel.recipient, copy.id, "spam" if spam else "delivered")
        if parcel.return_path and not spam and not summary.auto_submitted:
            self._answer_automatically(account, parcel, raw)

    def _recipient(self, address: str) -> Account | None:
        account = self.find(address)
        if account is not None:
            return account
        local, _, domain = address.rpartition("@")
        dead = domain == "bounce.test" or local.startswith("nobody")
        if dead or not self.dials.now.auto_create_mailboxes:
            return None
        return self.open_account(address, "", "outside")

    def _come_back(self, parcel: Parcel, raw: bytes) -> None:
        self._bounce(parcel, raw)
        self.deliver_due()

    def _bounce(self, parcel: Parcel, raw: bytes) -> None:
        summary = mime.summary_of(raw)
        self.state.deliveries.append(
            self._delivery(parcel.content, parcel.return_path, parcel.recipient, "bounced", "", summary)
        )
        if not parcel.return_path:
            return
        failure = bounce.Failure(
            raw, parcel.return_path, parcel.recipient, self.clock.now(), secrets.token_hex(12)
        )
        sender = self.find(parcel.return_path)
        notifier = self.notifiers.get(sender.kind if sender else "outside", bounce.notification)
        content = self.contents.put(notifier(failure))
        self.state.parcels.append(
            Parcel(self.clock.now_ms(), "", parcel.return_path, content, "", parcel.thread_id)
        )

    def _answer_automatically(self, account: Account, parcel: Parcel, raw: bytes) -> None:
        text = self.dials.now.auto_replies.get(account.address)
        if text is None:
            return
        headers = {"Auto-Submitted": "auto-replied", "X-Autoreply": "yes", "Precedence": "auto_reply"}
        letter = compose.reply_to(
            raw, compose.Letter(text=text, headers=headers), account.addresses, to_all=False
        )
        pen = compose.Pen(
            account.name,
            account.address,
            self.clock.now(),
            self.new_message_id(account.address.rpartition("@")[2]),
        )
        content = self.contents.put(compose.written(pen, letter))
        self.state.parcels.append(Parcel(self.clock.now_ms(), "", parcel.return_path, content))

    def _note(
        self,
        copy: Copy,
        sender: str,
        recipient: str,
        copy_id: str,
        outcome: Literal["delivered", "spam", "bounced"],
    ) -> None:
        self.state.deliveries.append(
            self._delivery(
                copy.content, sender, recipient, outcome, copy_id, self.contents.summary(copy.content)
            )
        )

    def _delivery(
        self,
        content: str,
        sender: str,
        recipient: str,
        outcome: Literal["delivered", "spam", "bounced"],
        copy_id: str,
        summary: mime.Summary,
    ) -> Delivery:
        marks = {
            name.lower(): value
            for name, value in mime.all_headers(self.contents.raw[content])
            if name.lower().startswith("x-")
        }
        return Delivery(
            self.clock.now_ms(),
            summary.internet_message_id,
            sender,
            recipient,
            summary.subject,
            outcome,
            copy_id,
            marks,
        )

    def _tell(self, account: Account, change: Change) -> None:
        for listener in self.listeners:
            listener(account.address, change)


def arrived_at(copy: Copy) -> str:
    """Return the arrival as ISO 8601 text."""
    return from_ms(copy.arrived_ms).isoformat()
