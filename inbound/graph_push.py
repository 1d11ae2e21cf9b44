"""Graph's change push: `POST /hooks/graph` and `POST /hooks/graph/lifecycle`.

The law of this folder: verify, record, ask, answer fast; Graph waits three seconds, and drops what is
pushed at a slow endpoint. A push proves itself by the secret that its subscription was made with, of which
only the hash is stored; it carries no news but "look", so what is recorded is the asking itself. What
proves nothing is answered like everything else, so that a stranger learns nothing. While a subscription is
being made Graph asks the address to say a token back (the handshake); that touches nothing of ours.

A lifecycle event (missed, subscriptionRemoved, reauthorizationRequired) asks for the subscription to be seen
to, after which the job reads the changes by itself.
Sources: https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks,
https://learn.microsoft.com/en-us/graph/change-notifications-lifecycle-events, security R28 to R30
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database
from providers.outlook.notice import (
    BODY_LIMIT_BYTES,
    VALIDATION_LIMIT_CHARACTERS,
    GraphNotice,
    Unreadable,
    read_notices,
)
from rules.happenings import PullMailbox, RenewWatch

log = structlog.get_logger(__name__)


class TooLarge(Exception):
    """The body is longer than any push."""


@dataclass(frozen=True, slots=True)
class GraphPush:
    """The endpoint, for changes and lifecycle events alike."""

    db: Database

    async def __call__(self, request: Request) -> Response:
        """Answer 202 once everything is asked for, 503 where it cannot be kept."""
        token = request.query_params.get("validationToken")
        if token is not None:
            return _said_back(token)
        try:
            await self._ask(read_notices(await _body(request)))
        except TooLarge:
            return PlainTextResponse("A push is never this large.", status_code=413)
        except Unreadable as reason:
            # Pushing it again will not help, so it is acknowledged.
            log.warning("push unreadable", reason=str(reason))
        except (DatabaseAway, DatabaseBusy) as reason:
            log.warning("push put off", reason=str(reason))
            return PlainTextResponse("Please push again later.", status_code=503)
        return Response(status_code=202)

    async def _ask(self, notices: Iterable[GraphNotice]) -> None:
        for notice in notices:
            found = await self.db.across.mailbox_pushed(notice.secret_hash)
            if found is None:
                log.warning("push refused", reason="it carries no secret of a connected mailbox")
                continue
            mailbox_id, workspace_id = found
            async with self.db.work(workspace_id) as work:
                if notice.lifecycle:
                    log.info("lifecycle", mailbox=str(mailbox_id), events=sorted(notice.lifecycle))
                    work.ask(RenewWatch(mailbox_id))
                work.ask(PullMailbox(mailbox_id))


def _said_back(token: str) -> Response:
    """The handshake: the decoded token as plain text, which no browser may take for a page."""
    if not 0 < len(token) <= VALIDATION_LIMIT_CHARACTERS:
        return PlainTextResponse("This is no validation token.", status_code=400)
    headers = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'"}
    return PlainTextResponse(token, headers=headers)


async def _body(request: Request) -> bytes:
    collected = bytearray()
    async for piece in request.stream():
        collected += piece
        if len(collected) > BODY_LIMIT_BYTES:
            raise TooLarge
    return bytes(collected)
