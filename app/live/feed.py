"""What the live engine needs from the rest of the house: events, an operation to run, and who may see what.

Belongs here: the interfaces alone. The engine knows nothing of threads, mailboxes or SQL; resolvers and
wiring implement `Feed` and `EventSource`, app/graphql gives `Operation` and `Sink`.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from app.live.payload import Payload
from rules.happenings import NumberedEvent
from rules.words import WorkspaceId

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
        """Tell cheaply, from the ids an event carries alone, whether it could matter; asked for every event."""

    async def root_values(self, events: Sequence[NumberedEvent]) -> Sequence[object | None]:
        """Return per event what the root field resolves to, or None where it may not be seen."""


class Feed(Protocol[Viewer_contra]):
    """The schema's subscription fields, as interests."""

    async def interest(self, field: SubscriptionField, viewer: Viewer_contra) -> Interest:
        """Return what the viewer's subscription concerns.

        Raises:
            LiveRefusal: an id names nothing that the viewer may see, or an argument makes no sense.
        """


class Answer(Protocol):
    """An execution result, formatted."""

    def json(self) -> bytes: ...


class Operation(Protocol):
    """A validated operation; for a subscription the root value is what its root field resolves to."""

    async def run(
        self, context: object, variables: Mapping[str, object], root_value: object = None
    ) -> Answer: ...


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

    `group_key` is equal for subscriptions that differ in nothing but `after`: document, operation, variables.
    `make_context` gives a fresh execution context, used for the events of one batch.
    """

    operation: Operation
    variables: Mapping[str, object]
    group_key: Hashable
    make_context: Callable[[], object]
    interest: Interest
    after: str | None
