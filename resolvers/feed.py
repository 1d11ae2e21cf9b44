"""What subscriptions show to whom: each event of the workspace, as the object it is now, for these eyes.

An event carries ids alone. Whether the viewer may see what it names is decided when it is told, by the same
reads that answer queries: what is private, restricted or gone by then becomes nothing. A batch of events
costs one statement for each kind of object in it. The live engine (app/live) gives the shapes of `Feed` and
`Interest`, which these classes have without knowing it.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, assert_never
from uuid import UUID

from strawberry.utils.str_converters import to_camel_case

from database.reads import roots
from database.reads.wanted import Wanted
from resolvers.access import governs, require_read
from resolvers.context import Context
from resolvers.looking import gather
from resolvers.reading import read_many, read_one, uuid
from resolvers.viewer import Viewer
from rules import happenings
from rules.event_ids import encode_event_id
from rules.happenings import NumberedEvent
from rules.words import WorkspaceId
from schema.faults import NotFound
from schema.scalars import EventID, read_id
from schema.selection import Selection
from schema.types import events as told

MakeContext = Callable[[Viewer, str], Context]
"""Gives a fresh context for a viewer and a request id."""

_NO_ORDER: Final = "{of}.id"
_SOURCES: Final = {
    "message": roots.MESSAGES_BY_ID,
    "thread": roots.THREADS_BY_ID,
    "mailbox": roots.MAILBOXES_BY_ID,
    "bulk_send": roots.BULK_SENDS_BY_ID,
    "webhook": roots.WEBHOOKS_BY_ID,
}


_ROOTS: Final = {
    "thread": roots.THREAD,
    "contact": roots.CONTACT,
    "mailbox": roots.OWN_MAILBOX,
    "bulk_send": roots.BULK_SEND,
}
_SPOKEN: Final = {"thread": "conversation", "bulk_send": "bulk send"}


class SubscribedField(Protocol):
    """A subscription's root field: its name, its coerced arguments, and what is selected of each event."""

    @property
    def name(self) -> str: ...
    @property
    def arguments(self) -> Mapping[str, Any]: ...
    @property
    def selection(self) -> Selection | None: ...


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """Which events are asked for: kinds, and ids where they were given."""

    kinds: frozenset[str]
    ids: Mapping[str, UUID]

    def holds(self, event: happenings.Event) -> bool:
        return event.kind in self.kinds and all(
            getattr(event, name, None) == id for name, id in self.ids.items()
        )


_INBOX: Final = _Narrowed(
    frozenset(
        one.kind
        for one in (
            happenings.MessageSynced,
            happenings.MessageChanged,
            happenings.ThreadChanged,
            happenings.MailboxChanged,
            happenings.BulkSendProgressed,
            happenings.Withdrawn,
            happenings.WebhookChanged,
        )
    ),
    {},
)


class LiveFeed:
    """The subscription fields of schema/root.py, as interests."""

    def __init__(self, make_context: MakeContext) -> None:
        self._make_context = make_context

    async def interest(self, field: SubscribedField, viewer: Viewer) -> "ViewersInterest":
        """Return what the viewer's subscription concerns.

        Raises:
            Forbidden, NotFound, BadUserInput: the viewer may not read; an id names nothing that they may see;
                a page below the event cannot be.
        """
        require_read(viewer)
        narrowed = await self._narrowed(field, viewer)
        wanted = {noun: _wanted(field.selection, noun, viewer.workspace_id) for noun in _SOURCES}
        return ViewersInterest(self._make_context, viewer, narrowed, wanted)

    async def _narrowed(self, field: SubscribedField, viewer: Viewer) -> _Narrowed:
        match field.name:
            case "inbox":
                return _INBOX
            case "messageSynced":
                sources = {"threadId": "thread", "contactId": "contact", "mailboxId": "mailbox"}
                kind = happenings.MessageSynced.kind
            case "mailboxChanged":
                sources = {"mailboxId": "mailbox"}
                kind = happenings.MailboxChanged.kind
            case "bulkSendProgressed":
                sources = {"id": "bulk_send"}
                kind = happenings.BulkSendProgressed.kind
            case _:
                raise LookupError(f"no feed tells {field.name}")
        ids: dict[str, UUID] = {}
        for argument, noun in sources.items():
            if field.arguments.get(argument) is not None:
                ids[f"{noun}_id"] = await self._seen(viewer, noun, str(field.arguments[argument]))
        return _Narrowed(frozenset({kind}), ids)

    async def _seen(self, viewer: Viewer, noun: str, id: str) -> UUID:
        source = _ROOTS[noun]
        key = read_id(id)
        context = self._make_context(viewer, "live")
        if key is None or await read_one(context, noun, source, Wanted(), id=uuid(key)) is None:
            raise NotFound(f"There is no such {_SPOKEN.get(noun, noun)}.")
        return key


class ViewersInterest:
    """One viewer's subscription. Those who see with the same eyes share its executions."""

    def __init__(
        self,
        make_context: MakeContext,
        viewer: Viewer,
        narrowed: _Narrowed,
        wanted: Mapping[str, Wanted],
    ) -> None:
        self._make_context = make_context
        self._viewer = viewer
        self._narrowed = narrowed
        self._wanted = wanted

    @property
    def workspace_id(self) -> WorkspaceId:
        """Whose events."""
        return self._viewer.workspace_id

    @property
    def scope_key(self) -> Hashable:
        """What visibility, read state and signed addresses depend on."""
        viewer = self._viewer
        return viewer.user_id, viewer.api_key_id, governs(viewer)

    def concerns(self, event: NumberedEvent) -> bool:
        """Tell whether the event is of the kind, and about the things, that were asked for."""
        return self._narrowed.holds(event.event)

    async def root_values(self, events: Sequence[NumberedEvent]) -> list[object | None]:
        """Return each event with the object it names, or None where these eyes do not see it."""
        context = self._make_context(self._viewer, "live")
        seen = {noun: await self._load(context, noun, ids) for noun, ids in _named(events).items()}
        return [self._told(one, seen) for one in events]

    async def _load(self, context: Context, noun: str, ids: Collection[UUID]) -> dict[str, Any]:
        wanted = self._wanted[noun]
        bound = (list(ids), "uuid[]")
        found = await read_many(context, noun, _SOURCES[noun], _NO_ORDER, wanted, ids=bound)
        return {one.id: one for one in found}

    def _told(self, numbered: NumberedEvent, seen: Mapping[str, Mapping[str, Any]]) -> object | None:
        """Return the root value of one event."""
        id = EventID(encode_event_id(self.workspace_id, numbered.number))
        at, event = numbered.at, numbered.event
        match event:
            case happenings.MessageSynced() | happenings.MessageChanged():
                message = seen["message"].get(str(event.message_id))
                if message is None:
                    return None
                if isinstance(event, happenings.MessageSynced):
                    return told.MessageSynced(id=id, at=at, message=message)
                return told.MessageChanged(id=id, at=at, message=message)
            case happenings.ThreadChanged():
                thread = seen["thread"].get(str(event.thread_id))
                return None if thread is None else told.ThreadChanged(id=id, at=at, thread=thread)
            case happenings.MailboxChanged():
                mailbox = seen["mailbox"].get(str(event.mailbox_id))
                return None if mailbox is None else told.MailboxChanged(id=id, at=at, mailbox=mailbox)
            case happenings.BulkSendProgressed():
                bulk = seen["bulk_send"].get(str(event.bulk_send_id))
                return None if bulk is None else told.BulkSendProgressed(id=id, at=at, bulk_send=bulk)
            case happenings.WebhookChanged():
                webhook = seen["webhook"].get(str(event.webhook_id))
                return None if webhook is None else told.WebhookChanged(id=id, at=at, webhook=webhook)
            case happenings.Withdrawn():
                if event.visible_to == self._viewer.user_id:
                    return None
                if event.message_id is not None:
                    return told.Withdrawn(id=id, at=at, thread_id=None, message_id=_id(event.message_id))
                return told.Withdrawn(id=id, at=at, thread_id=_id(event.thread_id), message_id=None)
            case _:
                assert_never(event)


def _id(key: UUID) -> Any:
    return str(key)


def _named(events: Sequence[NumberedEvent]) -> dict[str, set[UUID]]:
    """Return the ids that a batch names, by noun."""
    named: dict[str, set[UUID]] = {}
    for one in events:
        match one.event:
            case happenings.MessageSynced(message_id=id) | happenings.MessageChanged(message_id=id):
                named.setdefault("message", set()).add(id)
            case happenings.ThreadChanged(thread_id=id):
                named.setdefault("thread", set()).add(id)
            case happenings.BulkSendProgressed(bulk_send_id=id):
                named.setdefault("bulk_send", set()).add(id)
            case happenings.MailboxChanged(mailbox_id=id):
                named.setdefault("mailbox", set()).add(id)
            case happenings.WebhookChanged(webhook_id=id):
                named.setdefault("webhook", set()).add(id)
            case happenings.Withdrawn():
                pass
    return named


def _wanted(selection: Selection | None, noun: str, workspace_id: UUID) -> Wanted:
    """Return what is wanted of a noun below the event; its id always, to find the event's again."""
    wanted = Wanted(columns={"id"})
    for one in selection.at(to_camel_case(noun)) if selection is not None else ():
        gather(noun, one.selection, wanted, workspace_id)
    wanted.kept = {}
    return wanted
