"""One mailbox as Exchange keeps it: every item in one folder, ids that change with the folder, and a log.

Belongs here: what the neutral mailbox lacks. An item's folder follows from its labels: deleted, junk, outbox
and drafts first, then the owner's folders, inbox and sent, else the archive; so what a person does on the
page is a move here too. What never: JSON, HTTP.
Source: https://learn.microsoft.com/en-us/graph/outlook-immutable-id, /api/resources/mailfolder (names).
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Literal

from simulator.mailbox import Copy, Mailbox

EntryKind = Literal["created", "updated", "deleted"]
ROOT = "msgfolderroot"
FOLDERS = {
    "deleteditems": ("Deleted Items", "TRASH"),
    "junkemail": ("Junk Email", "SPAM"),
    "outbox": ("Outbox", "OUTBOX"),
    "drafts": ("Drafts", "DRAFT"),
    "inbox": ("Inbox", "INBOX"),
    "sentitems": ("Sent Items", "SENT"),
    "archive": ("Archive", "ARCHIVE"),
}
OWN = "Folder_"
PLACES = {label: name for name, (_title, label) in FOLDERS.items()}


class NoFolder(LookupError):
    """The mailbox has no such folder."""


@dataclass
class Folder:
    """A mail folder; `label` is what its items carry, `well_known` its name in every language, or empty."""

    id: str
    name: str
    parent_id: str
    label: str
    well_known: str = ""


@dataclass
class Item:
    """What Exchange knows of a copy beside its bytes; `properties` are extended ones by their whole id."""

    copy_id: str
    folder_id: str
    rest_id: str
    immutable_id: str
    number: int
    created_ms: int
    modified_ms: int
    is_draft: bool = False
    categories: list[str] = field(default_factory=list)
    flag: str = "notFlagged"
    importance: str = "normal"
    properties: dict[str, str] = field(default_factory=dict)


@dataclass
class Entry:
    """One line of the log; a move is a deletion from one folder and a creation in another."""

    number: int
    at_ms: int
    kind: EntryKind
    folder_id: str
    copy_id: str
    rest_id: str
    immutable_id: str


@dataclass
class Rule:
    """A rule of the inbox: all that is named must fit; `folder_id` is where the mail goes."""

    id: str
    name: str
    folder_id: str
    from_contains: list[str] = field(default_factory=list)
    subject_contains: list[str] = field(default_factory=list)
    enabled: bool = True


@dataclass
class Contact:
    """A person in the address book; `fields` are Graph's own names."""

    id: str
    fields: dict[str, object]
    number: int
    created_ms: int
    modified_ms: int
    folder: str = ""
    """The id of a folder that the user made; empty for the default one."""


@dataclass
class ContactFolder:
    """A folder of the address book beside the default one; `parent` is empty where it lies in that."""

    id: str
    name: str
    parent: str = ""


@dataclass
class ContactEntry:
    """One line of the log of a folder of the address book."""

    number: int
    contact_id: str
    deleted: bool
    folder: str = ""


@dataclass
class Box:
    """The folders, items, rules and contacts of one account, and what happened to them."""

    address: str
    folders: dict[str, Folder] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    contacts: dict[str, Contact] = field(default_factory=dict)
    contact_log: list[ContactEntry] = field(default_factory=list)
    contact_folders: dict[str, ContactFolder] = field(default_factory=dict)
    folder_number: int = 0
    gone_folders: dict[str, int] = field(default_factory=dict)
    changed_folders: dict[str, int] = field(default_factory=dict)
    forgotten_up_to: int = 0

    def place(self, name_or_id: str) -> Folder:
        """Return the folder of a well-known name or an id.

        Raises:
            NoFolder: there is none.
        """
        if name_or_id in self.folders:
            return self.folders[name_or_id]
        for folder in self.folders.values():
            if folder.well_known and folder.well_known == name_or_id.lower():
                return folder
        raise NoFolder(name_or_id)

    def item_of(self, graph_id: str) -> Item | None:
        """Return the item that one of its two current ids names."""
        return next((one for one in self.items.values() if graph_id in (one.rest_id, one.immutable_id)), None)

    def in_folder(self, folder_id: str) -> list[Item]:
        """Return the items of a folder, in the order in which they came to be."""
        return [item for item in self.items.values() if item.folder_id == folder_id]

    def folder_of(self, labels: set[str]) -> Folder:
        """Return where a copy with these labels lies."""
        for name, (_title, label) in FOLDERS.items():
            if name in ("deleteditems", "junkemail", "outbox", "drafts") and label in labels:
                return self.place(name)
        for folder in self.folders.values():
            if not folder.well_known and folder.label in labels:
                return folder
        names = [name for name in ("inbox", "sentitems") if FOLDERS[name][1] in labels]
        return self.place(names[0] if names else "archive")

    def labels_for(self, folder: Folder) -> tuple[set[str], set[str]]:
        """Return the labels to put on and to take off a copy that moves into a folder."""
        every = {one.label for one in self.folders.values() if one.label}
        return {folder.label} - {""}, every - {folder.label}

    def add_folder(self, name: str, parent_id: str, number: int) -> Folder:
        """Make a folder of the owner's."""
        mark = secrets.token_hex(8)
        folder = Folder(folder_id(self.address, mark), name, parent_id, f"{OWN}{mark}")
        self.folders[folder.id] = folder
        self.changed_folders[folder.id] = number
        return folder

    def settle(
        self, copy_id: str, mailbox: Mailbox, number: int, now_ms: int, *, moves_are_stamped: bool = True
    ) -> list[Entry]:
        """Take over what became of a copy, and return what is new in the log."""
        copy, item = mailbox.copies.get(copy_id), self.items.get(copy_id)
        if copy is None:
            return [] if item is None else [self._drop(item, number, now_ms)]
        folder = self.folder_of(copy.labels)
        if item is None:
            item = self._new_item(copy, folder, number, now_ms)
            return [self._note("created", item, number, now_ms)]
        if folder.id == item.folder_id or moves_are_stamped:
            item.modified_ms, item.number = now_ms, number
        if "DRAFT" in copy.labels:
            item.is_draft = True
        elif "SENT" in copy.labels:
            item.is_draft = False
        if folder.id == item.folder_id:
            return [self._note("updated", item, number, now_ms)]
        left = self._note("deleted", item, number, now_ms)
        item.folder_id, item.rest_id = folder.id, rest_id(self.address, copy_id, number)
        # What moves comes last in the folder, like the item it has become there.
        del self.items[copy_id]
        self.items[copy_id] = item
        return [left, self._note("created", item, number, now_ms)]

    def _new_item(self, copy: Copy, folder: Folder, number: int, now_ms: int) -> Item:
        fixed = opaque("AAkALgAA", f"{self.address} {copy.id}")
        rest = rest_id(self.address, copy.id, number)
        created_ms = min(now_ms, copy.arrived_ms)
        item = Item(copy.id, folder.id, rest, fixed, number, created_ms, created_ms, "DRAFT" in copy.labels)
        self.items[copy.id] = item
        return item

    def _drop(self, item: Item, number: int, now_ms: int) -> Entry:
        del self.items[item.copy_id]
        return self._note("deleted", item, number, now_ms)

    def _note(self, kind: EntryKind, item: Item, number: int, now_ms: int) -> Entry:
        entry = Entry(number, now_ms, kind, item.folder_id, item.copy_id, item.rest_id, item.immutable_id)
        self.log.append(entry)
        return entry


def new_box(address: str) -> Box:
    """Return a mailbox with the folders that everybody has."""
    box = Box(address)
    root = Folder(folder_id(address, ROOT), "Top of Information Store", "", "", ROOT)
    box.folders[root.id] = root
    for well_known, (title, label) in FOLDERS.items():
        folder = Folder(folder_id(address, well_known), title, root.id, label, well_known)
        box.folders[folder.id] = folder
    return box


def folder_id(address: str, mark: str) -> str:
    """Return the id of a folder, which never changes."""
    return opaque("AQMkAGI2", f"{address} folder {mark}")


def rest_id(address: str, copy_id: str, number: int) -> str:
    """Return the id that an item has until it moves."""
    return opaque("AAMkAGI2", f"{address} {copy_id} {number}")


def opaque(prefix: str, text: str) -> str:
    """Return an id as Outlook's look: case-sensitive, with `-`, `_` and `=`."""
    return prefix + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
