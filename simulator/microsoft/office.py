"""Microsoft's half of the world in one object: grants, mailboxes, subscriptions, throttling, uploads.

It hears every change of the post office, and takes those of its own accounts over into their boxes at the end
of the turn, or earlier where a request looks; so a move is one move, however many labels it changes.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator import mime
from simulator.clock import Clock
from simulator.dials import Switchboard
from simulator.mailbox import Change, Copy
from simulator.microsoft import ndr
from simulator.microsoft.box import Box, Entry, Item, NoFolder, new_box
from simulator.microsoft.grants import MicrosoftGrants
from simulator.microsoft.identity import KINDS, is_microsofts
from simulator.microsoft.push import Push
from simulator.microsoft.throttle import Throttle
from simulator.microsoft.uploads import UploadSession
from simulator.post import Account, PostOffice


@dataclass
class Sending:
    """A draft on its way to the transport."""

    due_ms: int
    address: str
    copy_id: str
    keep: bool


@dataclass
class MicrosoftState:
    """What is remembered beside grants and push."""

    boxes: dict[str, Box] = field(default_factory=dict)
    sendings: list[Sending] = field(default_factory=list)
    sent_ms: dict[str, list[int]] = field(default_factory=dict)


class Microsoft:
    """Microsoft, over one post office."""

    def __init__(
        self, post: PostOffice, clock: Clock, dials: Switchboard, touched: Callable[[], None]
    ) -> None:
        """Start with nothing, and begin to listen."""
        self.post, self.clock, self.dials, self.touched = post, clock, dials, touched
        self.grants = MicrosoftGrants(clock, dials)
        self.push = Push(clock, dials, touched)
        self.throttle = Throttle(clock, dials)
        self.state = MicrosoftState()
        self.uploads: dict[str, UploadSession] = {}
        self._pending: dict[str, dict[str, int]] = {}

    def reset(self) -> None:
        """Forget everything except the registered clients."""
        clients = self.grants.state.clients
        self.grants.state = type(self.grants.state)(clients=clients)
        self.push.reset()
        self.throttle = Throttle(self.clock, self.dials)
        self.state = MicrosoftState()
        self.uploads.clear()
        self._pending.clear()

    def listen(self) -> None:
        """Hear of changes, sort arriving mail by rules, and write bounces as Exchange does."""
        self.post.listeners.append(self.heard)
        for kind in ("microsoft", "microsoft-personal"):
            self.post.sorters[kind] = self.sorted_into
            self.post.notifiers[kind] = ndr.notification

    def new_guid(self) -> str:
        """Return a fresh GUID."""
        return str(uuid.uuid4())

    def box(self, account: Account) -> Box:
        """Return the account's box, up to date."""
        if account.address not in self.state.boxes:
            self.state.boxes[account.address] = new_box(account.address)
        self.settle()
        return self.state.boxes[account.address]

    def item(self, account: Account, copy: Copy) -> Item:
        """Return the item of a copy that lies in the mailbox."""
        return self.box(account).items[copy.id]

    def heard(self, address: str, change: Change) -> None:
        """Remember that a copy changed."""
        account = self.post.state.accounts.get(address)
        if account is None or account.kind not in KINDS:
            return
        if not self._pending:
            asyncio.get_running_loop().call_soon(self.settle)
        self._pending.setdefault(address, {})[change.copy_id] = change.number

    def settle(self) -> None:
        """Take over what was heard, and tell the subscriptions."""
        pending, self._pending = self._pending, {}
        now_ms = self.clock.now_ms()
        for address, copies in pending.items():
            account = self.post.state.accounts.get(address)
            if account is None:
                continue
            box = self.state.boxes.setdefault(address, new_box(address))
            entries: list[Entry] = []
            for copy_id, number in copies.items():
                entries += box.settle(
                    copy_id,
                    self.post.mailbox(account),
                    number,
                    now_ms,
                    moves_are_stamped=self.dials.now.microsoft.moves_are_stamped,
                )
            self.push.tell(account, box, entries)
        if pending:
            self.touched()

    def sorted_into(self, account: Account, summary: mime.Summary) -> str:
        """Return the label of the folder that a rule gives to a mail that arrives."""
        box = self.box(account)
        sender = " ".join(map(str, summary.sender)).lower()
        for rule in box.rules:
            fits = [any(part.lower() in sender for part in rule.from_contains)] if rule.from_contains else []
            if rule.subject_contains:
                subject = summary.subject.lower()
                fits.append(any(part.lower() in subject for part in rule.subject_contains))
            if rule.enabled and fits and all(fits):
                try:
                    return box.place(rule.folder_id).label or "INBOX"
                except NoFolder:
                    continue
        return "INBOX"

    def move(self, account: Account, copy_id: str, folder_id: str) -> Item:
        """Move a copy into a folder.

        Raises:
            NoFolder: there is none.
            NotThere: no such copy.
        """
        box = self.box(account)
        add, remove = box.labels_for(box.place(folder_id))
        self.post.relabel(account, copy_id, add, remove)
        return self.box(account).items[copy_id]

    def forget_deltas(self, account: Account) -> None:
        """Make every delta link until now too old."""
        self.box(account).forgotten_up_to = self.post.next_number()

    def remind(self) -> None:
        """Ask for reauthorization of the subscriptions that end within the dialled time, once each."""
        within_ms = int(self.dials.now.microsoft.reauthorize_before_seconds * 1000)
        now_ms = self.clock.now_ms()
        for subscription in list(self.push.state.subscriptions.values()):
            account = self.post.state.accounts.get(subscription.address)
            left_ms = subscription.expires_ms - now_ms
            if account is not None and 0 < left_ms < within_ms and not subscription.reminded:
                self.push.lifecycle(subscription, account, "reauthorizationRequired")

    def password_changed(self, account: Account) -> None:
        """Pass a new password on to the grants."""
        if is_microsofts(account):
            self.grants.password_changed(account)
