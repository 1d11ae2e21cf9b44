"""Bulk sends looked at: the list of them, whom each is for, what one would say, and who is to get none."""

import asyncio
from typing import Any

from strawberry import ID

from database.reads import roots
from database.reads.nouns import Paged
from resolvers.access import require_read
from resolvers.bulk_audience import (
    HOLDS_UP,
    MOST_SHOWN,
    Carrier,
    Refused,
    carrier_of,
    contacts_of,
    mail_for,
    obstacles_of,
    template_refusal,
)
from resolvers.bulk_drafting import read_bulk_draft
from resolvers.contacts import clean_search, pattern_of
from resolvers.context import Info
from resolvers.drafting import Unusable
from resolvers.looking import page_of, wanted_below
from resolvers.reading import Bound, read_page, text, uuid
from rules.merging import BadTemplate, Merged, Merger
from rules.words import BulkOutcome, SenderKind
from schema.inputs import SendBulkEmailInput
from schema.results.bulk import PreviewBulkEmailResult
from schema.scalars import HTML, read_id
from schema.types.bulk import (
    BulkObstacle,
    BulkPreview,
    BulkRecipientConnection,
    BulkSendConnection,
    SuppressedAddressConnection,
)


async def bulk_sends(info: Info, first: int | None = None, after: str | None = None) -> BulkSendConnection:
    """Return a page of the viewer's bulk sends; for those who govern, of the workspace's."""
    found: BulkSendConnection = await _page(info, "bulk_send", roots.BULK_SENDS, first, after)
    return found


async def bulk_recipients(
    info: Info,
    bulk_send_id: ID,
    outcome: BulkOutcome | None = None,
    first: int | None = None,
    after: str | None = None,
) -> BulkRecipientConnection:
    """Return a page of those that a bulk send is for; of one that is not the viewer's to see, nobody."""
    paged = roots.bulk_recipients(by_outcome=outcome is not None)
    bound = {"id": uuid(read_id(bulk_send_id)), "outcome": text(outcome)}
    found: BulkRecipientConnection = await _page(info, "bulk_recipient", paged, first, after, **bound)
    return found


async def suppressions(
    info: Info, search: str | None = None, first: int | None = None, after: str | None = None
) -> SuppressedAddressConnection:
    """Return a page of the suppression list; empty for all but those who govern."""
    pattern = pattern_of(clean_search(search).lower())
    found: SuppressedAddressConnection = await _page(
        info, "suppressed_address", roots.SUPPRESSIONS, first, after, pattern=text(pattern)
    )
    return found


async def _page(
    info: Info, noun: str, paged: Paged, first: int | None, after: str | None, **bound: Bound
) -> Any:
    context = info.context
    require_read(context.viewer)
    workspace_id = context.viewer.workspace_id
    page = page_of({"first": first, "after": after}, paged.name, workspace_id)
    wanted = wanted_below(info, noun, workspace_id, "edges", "node")
    return await read_page(context, paged, page, wanted, **bound)


async def preview_bulk_email(info: Info, input: SendBulkEmailInput, index: int = 0) -> PreviewBulkEmailResult:
    """Return what `sendBulkEmail` would do with this input, and what one of the contacts would read."""
    context = info.context
    require_read(context.viewer)
    try:
        draft = read_bulk_draft(input, context.viewer.user_id)
        merger = Merger(draft.templates)
        async with context.db.work(context.viewer.workspace_id) as work:
            contacts = await contacts_of(work, draft)
            carrier = await carrier_of(work, context, draft)
        if not 0 <= index < len(contacts):
            raise Unusable("index", f"These are {len(contacts)} contacts, counted from 0.")
        met = await obstacles_of(merger, contacts)
        said = await asyncio.to_thread(mail_for, merger, contacts[index])
    except Unusable as unusable:
        return unusable.refusal
    except BadTemplate as fault:
        return template_refusal(fault)
    except Refused as refused:
        return refused.answer  # type: ignore[no-any-return]  # every answer is a member of the union
    takes_answers = context.settings.inbound_domain is not None
    return _preview(len(contacts), carrier, takes_answers, met, contacts[index], said)


def _preview(
    total: int,
    carrier: Carrier,
    takes_answers: bool,
    met: list[BulkObstacle],
    contact: Any,
    said: Merged | BulkObstacle,
) -> BulkPreview:
    here = takes_answers or carrier.via is SenderKind.MAILBOX
    incomplete = [one for one in met if one.kind in HOLDS_UP]
    suppressed = [one for one in met if one.kind not in HOLDS_UP]
    if isinstance(said, Merged):
        subject, body, html, obstacle = said.subject, said.text, said.html, None
    else:
        subject, body, html, obstacle = None, None, None, said
    return BulkPreview(
        total=total,
        incomplete=len(incomplete),
        suppressed=len(suppressed),
        obstacles=[*incomplete, *suppressed][:MOST_SHOWN],
        via=carrier.via,
        from_address=carrier.from_address,
        from_name=carrier.from_name,
        answers_here=here,
        reply_to=None if here else carrier.reply_to or carrier.author_address,
        contact_id=str(contact.id),  # type: ignore[arg-type]  # strawberry.ID is a str at run time
        name=contact.name,
        address=contact.address,
        obstacle=obstacle,
        subject=subject,
        text=body,
        html=None if html is None else HTML(html),
    )
