"""Contacts: one, and the list of them."""

from typing import Final

from strawberry import ID

from database.reads import roots
from resolvers.access import require_read
from resolvers.context import Info
from resolvers.looking import page_of, wanted_below
from resolvers.reading import read_one, read_page, text, uuid
from schema.faults import BadUserInput
from schema.scalars import read_id
from schema.types.conversations import Contact, ContactConnection

LONGEST_SEARCH: Final = 200


async def contact(info: Info, id: ID) -> Contact | None:
    """Return the contact of an id, or None."""
    context = info.context
    require_read(context.viewer)
    wanted = wanted_below(info, "contact", context.viewer.workspace_id)
    found: Contact | None = await read_one(context, "contact", roots.CONTACT, wanted, id=uuid(read_id(id)))
    return found


async def contacts(
    info: Info, search: str | None = None, first: int | None = None, after: str | None = None
) -> ContactConnection:
    """Return a page of the contacts."""
    context = info.context
    require_read(context.viewer)
    workspace_id = context.viewer.workspace_id
    sought = clean_search(search)
    page = page_of({"first": first, "after": after}, "contacts", workspace_id)
    wanted = wanted_below(info, "contact", workspace_id, "edges", "node")
    paged = roots.contacts(searched=bool(sought))
    found: ContactConnection = await read_page(context, paged, page, wanted, pattern=text(pattern_of(sought)))
    return found


def pattern_of(sought: str) -> str:
    """Return the LIKE pattern that finds these words anywhere, each character for itself."""
    return "%" + sought.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def clean_search(search: str | None) -> str:
    """Return what is searched for, without what no text of ours holds.

    Raises:
        BadUserInput: it is too long.
    """
    sought = (search or "").replace("\0", "").strip()
    if len(sought) > LONGEST_SEARCH:
        raise BadUserInput(f"A search has at most {LONGEST_SEARCH} characters.")
    return sought
