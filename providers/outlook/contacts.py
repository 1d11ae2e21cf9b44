"""The contacts of a Microsoft account as an AddressBook: a delta query of Graph for each of its folders.

Kept apart from the mail, because nothing that goes wrong here may disconnect a mailbox: a permission to
read contacts that was not given concerns contacts only. Graph has no query over all folders: the default one
has its own, those that a user made in it, and in each other, are listed before each reading, at most 100.

What is kept is Graph's link for the changes of each folder. A link that Graph no longer takes, whatever it
calls that (410, SyncStateNotFound, a malformed token), and a folder that is gone, mean reading everything
anew. A kept link is looked at again before it is followed.
Sources: https://learn.microsoft.com/en-us/graph/api/contact-delta,
https://learn.microsoft.com/en-us/graph/delta-query-overview,
https://learn.microsoft.com/en-us/graph/api/user-list-contactfolders, /contactfolder-list-childfolders
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from providers.address_book import BookEntry, BookPage, not_given
from providers.outlook.calls import Calls
from providers.outlook.requests import Call, GraphRequests
from rules.addresses import InvalidAddress, normalise
from rules.errors import (
    CursorExpired,
    Gone,
    NeedsReconnect,
    OurBug,
    ReconnectReason,
    RefusalKind,
    Refused,
    Retryable,
)
from rules.words import EmailAddress, Provider

LONGEST_LINK: Final = 16 * 1024
MOST_FOLDERS: Final = 100
DEFAULT: Final = ""
"""The default folder, whose id nobody has to know. Where it is listed as well, it is read twice: no harm."""


@dataclass(slots=True)
class _Round:
    """How far a reading is: the folders to come, of which the first is under way at `link`; those read."""

    folders: list[str]
    link: str | None = None
    changes: dict[str, str] = field(default_factory=dict)
    """Where each folder that was read tells its changes."""


class MicrosoftAddressBook:
    """One Microsoft account's contacts; implements providers.address_book.AddressBook.

    The sync token is JSON: Graph's delta link of each folder, by the folder's id. The page is the round.
    """

    def __init__(self, requests: GraphRequests, calls: Calls, *, asked_for: bool) -> None:
        """`asked_for`: whether consents ask for the permission."""
        self._requests = requests
        self._calls = calls
        self._asked_for = asked_for

    async def page(self, sync_token: str | None, page: str | None) -> BookPage:
        """Return the next page of the folder that is under way, or the first one of a new round."""
        known = self._known(sync_token)
        round = await self._begin(known) if page is None else _Round(**json.loads(page))
        folder = round.folders[0]
        link = round.link or known.get(folder)
        if link is not None and not self._requests.is_ours(link):
            raise CursorExpired("What is kept of the address book leads elsewhere.")
        call = self._requests.contacts_at(link) if link else self._requests.contacts(folder)
        try:
            said = await self._ask(call)
        except (Gone, OurBug) as unknown:
            if link is None and folder == DEFAULT:
                raise
            raise CursorExpired("Microsoft no longer knows our place in the address book.") from unknown
        return self._read(said, round)

    async def _begin(self, known: Mapping[str, str]) -> _Round:
        """Look which folders there are now. Raises: CursorExpired: one that was read is gone."""
        folders = [DEFAULT, *await self._folders()]
        if not set(known) <= set(folders):
            raise CursorExpired("A folder of the address book is gone.")
        return _Round(folders)

    async def _folders(self) -> list[str]:
        """Return the ids of the folders in the default one, and in each other, parents first."""
        found: list[str] = []
        parents = [DEFAULT]
        while parents and len(found) < MOST_FOLDERS:
            inner = await self._folders_in(parents.pop(0))
            fresh = [one for one in inner if one not in found]
            found += fresh
            parents += fresh
        return found[:MOST_FOLDERS]

    async def _folders_in(self, parent: str) -> list[str]:
        found: list[str] = []
        call = self._requests.contact_folders(parent)
        for _ in range(MOST_FOLDERS):
            try:
                said = await self._ask(call)
            except Gone:
                break  # Deleted since it was listed.
            found += [str(one["id"]) for one in _listed(said) if one.get("id")]
            following = self._link(said, "@odata.nextLink")
            if following is None:
                break
            call = self._requests.contacts_at(following)
        return found

    async def _ask(self, call: Call) -> Mapping[str, Any]:
        try:
            said: Mapping[str, Any] = await self._calls.ask(call)
        except NeedsReconnect as shut:
            if shut.reason is ReconnectReason.MISSING_PERMISSION:
                raise not_given(Provider.OUTLOOK, asked_for=self._asked_for) from shut
            raise
        except Refused as refused:
            if refused.kind is RefusalKind.FORBIDDEN:
                raise not_given(Provider.OUTLOOK, asked_for=self._asked_for) from refused
            raise
        return said

    def _read(self, said: Mapping[str, Any], round: _Round) -> BookPage:
        following, changes = self._link(said, "@odata.nextLink"), self._link(said, "@odata.deltaLink")
        read = [read_entry(one) for one in _listed(said)]
        entries = tuple(one for one in read if one is not None)
        round.link = following
        if following is None:
            if changes is None:
                raise Retryable("Microsoft's contacts ended without a place to go on from.")
            round.changes[round.folders.pop(0)] = changes
        if round.folders:
            return BookPage(entries, json.dumps(asdict(round)), None)
        return BookPage(entries, None, json.dumps({"folders": round.changes}))

    def _known(self, sync_token: str | None) -> dict[str, str]:
        """Return the kept link of each folder. Raises: CursorExpired: this is none of our tokens."""
        if sync_token is None:
            return {}
        try:
            match json.loads(sync_token):
                case {"folders": dict(kept)} if all(isinstance(one, str) for one in kept.values()):
                    return kept
        except ValueError:
            pass
        raise CursorExpired("What is kept of the address book is from an earlier version.")

    def _link(self, said: Mapping[str, Any], name: str) -> str | None:
        """A link of an answer; one that leads elsewhere is not followed, and not kept."""
        link = said.get(name)
        if link is None:
            return None
        if not isinstance(link, str) or len(link) > LONGEST_LINK or not self._requests.is_ours(link):
            raise Retryable("Microsoft's contacts name a place that is not Graph's own.")
        return link


def _listed(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    value = said.get("value")
    if not isinstance(value, list):
        raise Retryable("Microsoft's contacts came without a list.")
    return [one for one in value if isinstance(one, dict)]


def read_entry(contact: Mapping[str, Any]) -> BookEntry | None:
    """An entry of a page; None where it has no id."""
    name = contact.get("id")
    if not isinstance(name, str) or not name:
        return None
    if "@removed" in contact:
        return BookEntry(name, (), deleted=True)
    found: list[EmailAddress] = []
    for one in contact.get("emailAddresses") or ():
        try:
            found.append(normalise(str(one.get("address") or "")))
        except (InvalidAddress, AttributeError):
            continue  # People write anything into their address books; it links with nobody.
    return BookEntry(name, tuple(dict.fromkeys(found)))
