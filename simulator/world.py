"""The whole simulated world in one object, put together, reset, and told when anything has changed."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from simulator.clock import Clock
from simulator.contents import Contents
from simulator.dials import Dials, Switchboard
from simulator.google.address_book import AddressBooks
from simulator.google.grants import Grants
from simulator.google.keys import SigningKey
from simulator.google.pubsub import PubSub, PushSettings
from simulator.google.quota import Meter
from simulator.google.uploads import Uploads
from simulator.google.watch import Watch
from simulator.journal import Journal
from simulator.mailbox import Change
from simulator.microsoft import sending
from simulator.microsoft.office import Microsoft
from simulator.post import PostOffice


@dataclass
class GmailState:
    """What Gmail remembers beside the mail: watches by `project address`, a day's sendings by address."""

    watches: dict[str, Watch] = field(default_factory=dict)
    sent_ms: dict[str, list[int]] = field(default_factory=dict)


class World:
    """Post office, identity, Gmail, Pub/Sub, dials and journal, sharing one clock."""

    def __init__(self) -> None:
        """Make an empty world with default dials."""
        self.clock = Clock()
        self.dials = Switchboard()
        self.contents = Contents()
        self.signing_key = SigningKey()
        self.secret = secrets.token_hex(32)
        self.journal = Journal()
        self.version = 0
        self.changed = asyncio.Event()
        self.wake_post = asyncio.Event()
        self.outside_may_send = asyncio.Event()
        self.outside_may_send.set()
        self._later: set[asyncio.Task[None]] = set()
        self.post = PostOffice(self.clock, self.dials, self.contents)
        self.grants = Grants(self.clock, self.dials)
        self.pubsub = PubSub(self.clock, self.dials, self.signing_key, self.touched)
        self.microsoft = Microsoft(self.post, self.clock, self.dials, self.touched)
        self._dirty: dict[str, list[Change]] = {}
        self._begin()

    def reset(self) -> None:
        """Forget everything except the signing key, the registered clients and where push goes."""
        clients, settings = self.grants.state.clients, self.pubsub.state.settings
        for task in self._later:
            task.cancel()
        self.contents.clear()
        self.journal.clear()
        self.turn(Dials())
        self.post.state = type(self.post.state)()
        self.grants.state = type(self.grants.state)(clients=clients)
        self.pubsub.state = type(self.pubsub.state)(settings=settings)
        self.microsoft.reset()
        self._begin()
        self.touched()

    def _begin(self) -> None:
        self.gmail = GmailState()
        self.people = AddressBooks()
        self.meter = Meter(self.clock, self.dials)
        self.uploads = Uploads()
        self.post.listeners = [self._heard]
        self.microsoft.listen()

    def touched(self) -> None:
        """Say that something may have changed: the state file, the page and the post's timer look again."""
        self.version += 1
        self.changed.set()
        self.wake_post.set()

    def later(self, seconds: float, act: Callable[[], Awaitable[object]]) -> None:
        """Do something after a while, in the background."""

        async def wait_and_act() -> None:
            await asyncio.sleep(seconds)
            await act()
            self.touched()

        task = asyncio.create_task(wait_and_act())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def run_post(self) -> None:
        """Deliver delayed mail when it is due, until cancelled."""
        while True:
            self.wake_post.clear()
            dues = (self.post.next_due_ms(), sending.next_due_ms(self))
            due_ms = min((due for due in dues if due is not None), default=None)
            wait = None if due_ms is None else max(0.0, (due_ms - self.clock.now_ms()) / 1000)
            try:
                await asyncio.wait_for(self.wake_post.wait(), wait)
            except TimeoutError:
                sending.transport(self)
                self.post.deliver_due()
                self.touched()

    def turn(self, dials: Dials) -> None:
        """Set all dials; the clock, the post and the push look again at what is due."""
        self.dials.now = dials
        self.clock.offset = timedelta(seconds=dials.clock_offset_seconds)
        self.pubsub.wake.set()
        self.microsoft.push.wake.set()
        if dials.mail_from_outside_waits:
            self.outside_may_send.clear()
        else:
            self.outside_may_send.set()
        self.touched()

    def push_settings(self, settings: PushSettings) -> None:
        """Say where push goes from now on; what waited for another endpoint goes there too."""
        self.pubsub.state.settings = settings
        self.pubsub.wake.set()

    def _heard(self, address: str, change: Change) -> None:
        """Gather the changes of one turn of the loop, so that one act makes one notification."""
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._notify)
        self._dirty.setdefault(address, []).append(change)

    def _notify(self) -> None:
        dirty, self._dirty = self._dirty, {}
        now_ms = self.clock.now_ms()
        for watch in self.gmail.watches.values():
            changes = dirty.get(watch.address, [])
            if watch.expires_ms > now_ms and any(watch.wants(change) for change in changes):
                self.pubsub.publish(watch, max(change.number for change in changes))
        self.touched()
