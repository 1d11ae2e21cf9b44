"""The contacts of a Microsoft account as an AddressBook: one delta query of Graph, followed by its own links.

Kept apart from the mail, because nothing that goes wrong here may disconnect a mailbox: a permission to
read contacts that was not given concerns contacts only. The default folder is read; Graph has no query over
the folders that a user may have made beside it.

A link that Graph no longer takes, whatever it calls that (410, SyncStateNotFound, a malformed token), means
reading everything anew. A kept link is looked at again before it is followed.
Sources: https://learn.microsoft.com/en-us/graph/api/contact-delta,
https://learn.microsoft.com/en-us/graph/delta-query-overview
"""

from collections.abc import Mapping
from typing import Any, Final

from providers.address_book import BookEntry, BookPage, not_given
from providers.outlook.calls import Calls
from providers.outlook.requests import GraphRequests
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


class MicrosoftAddressBook:
    """One Microsoft account's contacts; implements providers.address_book.AddressBook.

    The sync token is Graph's delta link, the page its next link.
    """

    def __init__(self, requests: GraphRequests, calls: Calls, *, asked_for: bool) -> None:
        """`asked_for`: whether consents ask for the permission."""
        self._requests = requests
        self._calls = calls
        self._asked_for = asked_for

    async def page(self, sync_token: str | None, page: str | None) -> BookPage:
        """Return what Graph's link leads to, or the first page of everything."""
        link = page or sync_token
        if link is not None and not self._requests.is_ours(link):
            raise CursorExpired("What is kept of the address book leads elsewhere.")
        call = self._requests.contacts_at(link) if link else self._requests.contacts()
        try:
            return self._read(await self._calls.ask(call))
        except NeedsReconnect as shut:
            if shut.reason is ReconnectReason.MISSING_PERMISSION:
                raise not_given(Provider.OUTLOOK, asked_for=self._asked_for) from shut
            raise
        except Refused as refused:
            if refused.kind is RefusalKind.FORBIDDEN:
                raise not_given(Provider.OUTLOOK, asked_for=self._asked_for) from refused
            raise
        except (Gone, OurBug) as unknown:
            if link is None:
                raise
            raise CursorExpired("Microsoft no longer knows our place in the address book.") from unknown

    def _read(self, said: Mapping[str, Any]) -> BookPage:
        value = said.get("value")
        if not isinstance(value, list):
            raise Retryable("Microsoft's contacts came without a list.")
        following, changes = self._link(said, "@odata.nextLink"), self._link(said, "@odata.deltaLink")
        if following is None and changes is None:
            raise Retryable("Microsoft's contacts ended without a place to go on from.")
        entries = [read_entry(one) for one in value if isinstance(one, dict)]
        return BookPage(tuple(one for one in entries if one is not None), following, changes)

    def _link(self, said: Mapping[str, Any], name: str) -> str | None:
        """A link of an answer; one that leads elsewhere is not followed, and not kept."""
        link = said.get(name)
        if link is None:
            return None
        if not isinstance(link, str) or len(link) > LONGEST_LINK or not self._requests.is_ours(link):
            raise Retryable("Microsoft's contacts name a place that is not Graph's own.")
        return link


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
