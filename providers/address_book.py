"""The one shape in which the house reads a user's own address book at a provider."""

from dataclasses import dataclass
from typing import Protocol

from rules.errors import RefusalKind, Refused
from rules.words import EmailAddress, Provider


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One person of an address book. `external_id` is the provider's name of the entry."""

    external_id: str
    addresses: tuple[EmailAddress, ...]
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class BookPage:
    """A page of entries; the last one has no `next_page`, and the token to ask for changes with later."""

    entries: tuple[BookEntry, ...]
    next_page: str | None
    sync_token: str | None


def not_given(provider: Provider, *, asked_for: bool) -> Refused:
    """What it means that contacts may not be read: the user can allow it, if this deployment asks at all."""
    who = {Provider.GMAIL: "GOOGLE_CONTACTS", Provider.OUTLOOK: "MICROSOFT_CONTACTS"}[provider]
    way = (
        "Sign in again and allow it."
        if asked_for
        else f"This deployment does not ask for it: its operator can set {who}."
    )
    return Refused(f"The permission to read contacts was not given. {way}", kind=RefusalKind.FORBIDDEN)


class AddressBook(Protocol):
    """The address book of one mailbox's account; made per job by providers/doors.py."""

    async def page(self, sync_token: str | None, page: str | None) -> BookPage:
        """Return a page of everything, or of what changed since a token.

        Raises:
            CursorExpired: the token is no longer known; read everything.
            Refused: FORBIDDEN, the permission to read contacts was not given.
            ProviderTrouble: as everywhere.
        """
