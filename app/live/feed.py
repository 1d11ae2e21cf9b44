"""What the live engine needs from the rest of the house: events, what to do with them, and who may see what.

Belongs here: the interfaces alone. The engine knows nothing of threads, mailboxes or SQL; resolvers and
wiring implement `Feed` and `EventSource`, app/graphql gives requests and sinks.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from app.live.payload import Payload
from rules.happenings import NumberedEvent
from rules.words import WorkspaceId
from schema.selection import Selection

Viewer_contra = TypeVar("Viewer_contra", contravariant=True)


class LiveRefusal(Exception):
    """A subscription that cannot be, or cannot go on: `code` is the error's `extensions.code`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class SubscriptionField:
    """The one root field of a subscription operation, its arguments coerced by the schema."""

    name: str
    arguments: Mapping[str, object]
    selection: Selection | None = None
    """What is selected of each event, so that the feed loads what is wanted and nothing else."""


class EventSource(Protocol):
    """The event table of the database, which is the truth; rings and queues are not."""

    async def after(self, workspace_id: WorkspaceId, number: int, limit: int) -> Sequence[NumberedEvent]:
        """Return at most `limit` committed events with greater numbers, ascending and without a gap.

        A first event whose number is not `number + 1` tells that what lies between was purged.
        """

    async def latest(self, workspace_id: WorkspaceId) -> int:
        """Return the number of the last committed event, purged or not; 0 where there was none."""


class Interest(Protocol):
    """What one viewer's subscription concerns, and what of it they may see.

    Subscriptions with the same operation, the same variables and an equal `scope_key` are executed once for
    all; so the key must cover everything that authorisation, and every viewer-dependent field the document
    selects, depends on.
    """

    @property
    def workspace_id(self) -> WorkspaceId: ...

    @property
    def scope_key(self) -> Hashable: ...

    def concerns(self, event: NumberedEvent) -> bool:
        """Tell cheaply, from the ids an event carries, whether it could matter; asked for every event."""

    async def root_values(self, events: Sequence[NumberedEvent]) -> Sequence[object | None]:
        """Return per event what the root field resolves to, or None where it may not be seen."""


class Feed(Protocol[Viewer_contra]):
    """The schema's subscription fields, as interests."""

    async def interest(self, field: SubscriptionField, viewer: Viewer_contra) -> Interest:
        """Return what the viewer's subscription concerns.

        Raises:
            GraphQLError: a fault of schema/faults.py; an id names nothing that the viewer may see.
        """


class Sink(Protocol):
    """Where a subscription's payloads go. No method but `drained` waits."""

    def push(self, payload: Payload) -> None:
        """Send a result now, or queue it within the socket's bound."""

    def refuse(self, refusal: LiveRefusal) -> None:
        """End this subscription with an error."""

    def interrupt(self) -> None:
        """Close the whole socket in a way that makes its client come back with `after`."""

    async def drained(self) -> None:
        """Return once nothing waits for the socket any more, or it is closed."""


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """A subscription as the socket received it.

    `key` is equal for subscriptions that differ in nothing but `after`: operation and variables.
    `make_context` gives a fresh execution context, used for the events of one batch; `execute` runs the
    operation in it with an event's root value and returns the execution result as JSON.
    """

    key: Hashable
    interest: Interest
    make_context: Callable[[], object]
    execute: Callable[[object, object], Awaitable[bytes]]
    after: str | None
