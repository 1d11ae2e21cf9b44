"""GET /mail-images/{id}: a remote image of a mail, fetched for the reader to whom a signed address was given.

The law: the reader's browser never meets the image's server. What goes out is our own request, the same for
every reader (no cookie, no referrer, no address of theirs); it goes to looked-at addresses only, and so does
every redirect. What comes back is a raster image by its own first bytes, of 5 MB at most, under a policy in
which it could do nothing if it were anything else. Source: security requirements R32, R42; threat T7.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database
from inbound.downloads import has_ended
from inbound.uploads import Refused, refusal
from providers.web import NoAnswer, WebAnswer, WebClient
from rules import download_links
from rules.download_links import LIFETIME, Holder
from rules.remote_images import (
    HEADERS,
    LARGEST_BYTES,
    MOST_REDIRECTS,
    REDIRECTS,
    image_address,
    raster_type,
    redirected,
)
from rules.web_addresses import WebAddress
from rules.words import WorkspaceId

FETCHED_WITHIN: Final = timedelta(seconds=10)
SENT_WITHIN: Final = timedelta(seconds=30)
PLACES: Final = 24
"""Images under way at once in this process, each at most 5 MB of memory."""
PLACES_A_WORKSPACE: Final = 8

# As a message's text: for whom it is open, and whose conversation is not somebody else's alone.
_VISIBLE: Final = """
select exists (
    select from messages m join threads t on t.id = m.thread_id
    where m.workspace_id = $1 and m.id = $2::text::uuid and (t.private_to is null or t.private_to = $3)
      and (m.visibility = 'EVERYTHING' or m.owner_id = $3 or exists (
          select from message_copies own join mailboxes mine on mine.id = own.mailbox_id
          where own.message_id = m.id and mine.user_id = $3
      ))
)
"""
_SAFE: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-site",
    "referrer-policy": "no-referrer",
    "cache-control": f"private, max-age={int(LIFETIME.total_seconds())}",
}


class RemoteImages:
    """The endpoint."""

    def __init__(self, db: Database, web: WebClient, secret: bytes, now: Callable[[], datetime]) -> None:
        self._db = db
        self._web = web
        self._secret = secret
        self._now = now
        self._places = _Places(PLACES, PLACES_A_WORKSPACE)

    async def answer(self, request: Request) -> Response:
        """Answer one image."""
        message_id = str(request.path_params["message_id"])
        query = request.query_params
        holder = download_links.read_image(self._secret, message_id, query, self._now())
        try:
            if holder is None or await has_ended(self._db, holder):
                raise Refused(403, "LINK_OVER", "This address is not valid, or no longer. Ask for a new one.")
            if not await self._is_visible(holder, message_id):
                raise Refused(404, "NOT_FOUND", "There is no such message.")
            address = image_address(query["address"])
            if address is None:
                raise Refused(404, "NOT_FOUND", "The image's address is none.")
        except Refused as refused:
            return refusal(refused)
        except (DatabaseBusy, DatabaseAway):
            return refusal(Refused(503, "UNAVAILABLE", "Try again in a moment.", (), 2))
        return _Fetched(self._web, self._places, holder.workspace_id, address)

    async def _is_visible(self, holder: Holder, message_id: str) -> bool:
        arguments = (holder.workspace_id, message_id, holder.user_id)
        return bool(await self._db.fetchval(holder.workspace_id, _VISIBLE, *arguments))


class _Places:
    """How many images may be under way: so many in all, so many of one workspace; the others wait."""

    def __init__(self, places: int, of_one: int) -> None:
        self._all = asyncio.Semaphore(places)
        self._of_one = of_one
        self._by_workspace: dict[WorkspaceId, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def taken(self, workspace_id: WorkspaceId) -> AsyncIterator[None]:
        """Hold one place."""
        own, users = self._by_workspace.get(workspace_id, (asyncio.Semaphore(self._of_one), 0))
        self._by_workspace[workspace_id] = (own, users + 1)
        try:
            async with own, self._all:
                yield
        finally:
            own, users = self._by_workspace[workspace_id]
            if users == 1:
                del self._by_workspace[workspace_id]
            else:
                self._by_workspace[workspace_id] = (own, users - 1)


class _Fetched(Response):
    """An answer that fetches its image when it is sent, and holds a place until it was."""

    def __init__(
        self, web: WebClient, places: _Places, workspace_id: WorkspaceId, address: WebAddress
    ) -> None:
        super().__init__()
        self._web = web
        self._places = places
        self._workspace_id = workspace_id
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._places.taken(self._workspace_id):
            try:
                answer = await self._image()
            except Refused as refused:
                answer = refusal(refused)
            try:
                async with asyncio.timeout(SENT_WITHIN.total_seconds()):
                    await answer(scope, receive, send)
            except TimeoutError:
                # Whoever reads so slowly gets the beginning; the place is for others.
                return

    async def _image(self) -> Response:
        try:
            async with asyncio.timeout(FETCHED_WITHIN.total_seconds()):
                found = await self._follow()
        except TimeoutError:
            raise Refused(504, "NO_IMAGE", "The image's server took too long.") from None
        except NoAnswer as trouble:
            raise Refused(502, "NO_IMAGE", str(trouble)) from None
        if found.status != 200:
            raise Refused(502, "NO_IMAGE", f"The image's server answered {found.status}.")
        if found.is_cut:
            raise Refused(502, "NO_IMAGE", f"The image has more than {LARGEST_BYTES} bytes.")
        type_ = raster_type(found.body)
        if type_ is None:
            raise Refused(502, "NO_IMAGE", "What came is no PNG, JPEG, GIF or WebP.")
        return Response(found.body, 200, {**_SAFE, "content-type": type_})

    async def _follow(self) -> WebAnswer:
        """Return the answer at the end of at most three redirects. Raises: NoAnswer, Refused."""
        address = self._address
        for _ in range(MOST_REDIRECTS + 1):
            found = await self._web.send(
                "GET", address, HEADERS, limit_bytes=LARGEST_BYTES, deadline=FETCHED_WITHIN
            )
            if found.status not in REDIRECTS:
                return found
            further = redirected(address, found.headers.get("location", ""))
            if further is None:
                raise Refused(502, "NO_IMAGE", "The image's server leads nowhere that may be followed.")
            address = further
        raise Refused(502, "NO_IMAGE", "The image's server redirects again and again.")
