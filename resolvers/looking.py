"""Look ahead: turn what a client selected into what is wanted of the database.

Belongs here: the names of GraphQL against the names of database/reads/nouns.py, and the arguments of page
fields. Two aliases of one field are one question, because one object answers both.
"""

from collections.abc import Mapping
from typing import Any, Final, cast
from uuid import UUID

import strawberry
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.utils.str_converters import to_camel_case

from database.reads.cursors import UnknownCursor, read_cursor
from database.reads.nouns import NOUNS
from database.reads.wanted import Page, Position, Wanted
from schema.faults import BadUserInput
from schema.selection import Selection, selection_of
from schema.types import bulk, conversations, mailboxes, sending, webhooks, workspaces
from schema.types.conversations import PageKey

DEFAULT_SIZE: Final = 25
LARGEST_SIZE: Final = 100

CLASSES: Final[Mapping[str, type]] = {
    "workspace": workspaces.Workspace,
    "labs": workspaces.Labs,
    "workspace_sender": sending.WorkspaceSender,
    "bulk_send": sending.BulkSend,
    "bulk_recipient": bulk.BulkRecipient,
    "suppressed_address": bulk.SuppressedAddress,
    "webhook": webhooks.Webhook,
    "webhook_delivery": webhooks.WebhookDelivery,
    "user": mailboxes.User,
    "api_key": workspaces.ApiKey,
    "mailbox": mailboxes.Mailbox,
    "health": mailboxes.SyncHealth,
    "decision": mailboxes.SyncDecision,
    "contact": conversations.Contact,
    "address_book": mailboxes.AddressBook,
    "contact_link": conversations.ContactLink,
    "thread": conversations.Thread,
    "message": conversations.Message,
    "delivery": conversations.Delivery,
    "attachment": conversations.Attachment,
}


def _names(class_: type) -> dict[str, str]:
    definition = cast(StrawberryObjectDefinition, class_.__dict__["__strawberry_definition__"])
    return {one.graphql_name or to_camel_case(one.python_name): one.python_name for one in definition.fields}


_NAMES: Final = {noun: _names(class_) for noun, class_ in CLASSES.items()}
_PEOPLE: Final = frozenset({"from_", "to", "cc", "bcc"})


def wanted_below(info: strawberry.Info[Any, None], noun: str, workspace_id: UUID, *path: str) -> Wanted:
    """Return what is wanted of a noun below the field being resolved, at a path of field names.

    It may be kept for other requests with the same document: nobody changes it.

    Raises:
        BadUserInput: a page below it cannot be.
    """
    selection = selection_of(info)
    memory = selection.memory
    known: Wanted | None = memory.get((noun, path))
    if known is not None:
        return known
    wanted = Wanted()
    for below in [one.selection for one in selection.at(*path)] if path else [selection]:
        gather(noun, below, wanted, workspace_id)
    if wanted.is_lasting:
        wanted.kept = {}
        memory[noun, path] = wanted
    return wanted


def gather(
    noun: str, selection: Selection, into: Wanted, workspace_id: UUID, thread: Wanted | None = None
) -> Wanted:
    """Add what is selected of a noun; `thread` is what is wanted of the conversation around a message.

    Raises:
        BadUserInput: a page below it cannot be.
    """
    known, names = NOUNS[noun], _NAMES[noun]
    inside = into if noun == "thread" else None
    for selected in selection.fields():
        name = names.get(selected.name)
        if name is None:
            continue
        if name in known.columns:
            into.columns.add(name)
            if name in _PEOPLE and selected.selection.wants("kind"):
                (thread or into).columns.add("participants" if thread else "kinds")
        elif name in known.ones:
            below = into.ones.setdefault(name, Wanted())
            gather(known.ones[name].noun, selected.selection, below, workspace_id, inside)
        elif name in known.lists:
            below = into.lists.setdefault(name, Wanted())
            gather(known.lists[name].noun, selected.selection, below, workspace_id, inside)
        elif name in known.pages:
            paged = known.pages[name]
            page = page_of(selected.arguments, paged.name, workspace_id)
            below = into.pages.setdefault((name, page), Wanted())
            for node in selected.selection.at("edges", "node"):
                gather(paged.noun, node.selection, below, workspace_id, inside)
        elif name == "skipped":
            into.parameters.add(("skips", selected.arguments.get("since")))
    return into


def page_of(arguments: Mapping[str, Any], listed: str, workspace_id: UUID) -> Page:
    """Return the page that arguments ask for.

    Raises:
        BadUserInput: both ends are asked for, a size is out of bounds, or a cursor is not of this list.
    """
    key = PageKey(*(arguments.get(name) for name in PageKey._fields))
    if key.first is not None and key.last is not None:
        raise BadUserInput("Ask for `first` or for `last`, not for both.")
    size = key.first if key.first is not None else key.last
    if size is not None and not 1 <= size <= LARGEST_SIZE:
        raise BadUserInput(f"A page has 1 to {LARGEST_SIZE} entries.")
    return Page(
        size or DEFAULT_SIZE,
        after=_position(key.after, listed, workspace_id),
        before=_position(key.before, listed, workspace_id),
        backward=key.last is not None or (key.before is not None and key.first is None),
        key=key,
    )


def _position(cursor: str | None, listed: str, workspace_id: UUID) -> Position | None:
    if cursor is None:
        return None
    try:
        return read_cursor(workspace_id, listed, cursor)
    except UnknownCursor:
        raise BadUserInput("This cursor is not one of this list.") from None
