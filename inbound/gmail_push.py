"""Gmail's change push, by way of Pub/Sub: `POST /hooks/gmail`.

The law of this folder: verify, record, ask, answer fast. A push proves itself by Google's signature; it
carries no news but "look", so what is recorded is the asking itself, committed before the answer (R30). A
push for a mailbox that nobody connected is acknowledged, or Pub/Sub would bring it again for a week.
Source: https://cloud.google.com/pubsub/docs/push (which answers acknowledge), security R28.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from database.lines import DatabaseAway, DatabaseBusy
from database.pool import Database
from providers.gmail.notice import BODY_LIMIT_BYTES, Unreadable, read_notice, verify_push
from providers.openid import Unverified
from providers.public_keys import PublicKeys
from rules.errors import ProviderTrouble
from rules.happenings import PullMailbox
from rules.words import EmailAddress, Provider

log = structlog.get_logger(__name__)


class TooLarge(Exception):
    """The body is longer than any push."""


@dataclass(frozen=True, slots=True)
class GmailPush:
    """The endpoint. `audience` and `service_account_email` are those set on the push subscription."""

    db: Database
    keys: PublicKeys
    audience: str
    service_account_email: str
    now: Callable[[], datetime]

    async def __call__(self, request: Request) -> Response:
        """Answer 204 once the pull is asked for, 401 to what proves nothing, 503 where it cannot be kept."""
        try:
            body = await _body(request)
            await self._verify(request.headers.get("authorization"))
            notice = read_notice(body)
            await self._ask(notice.address)
        except TooLarge:
            return _error(413, "A push is never this large.")
        except Unverified as reason:
            log.warning("push refused", reason=str(reason))
            return _error(401, "The push could not be verified.")
        except Unreadable as reason:
            # Pushing it again will not help, so it is acknowledged.
            log.warning("push unreadable", reason=str(reason))
        except (DatabaseAway, DatabaseBusy, ProviderTrouble) as reason:
            log.warning("push put off", reason=str(reason))
            return _error(503, "Please push again later.")
        return Response(status_code=204)

    async def _verify(self, authorization: str | None) -> None:
        if not authorization:
            # Nothing to verify: no stranger makes us ask Google for its keys.
            raise Unverified("The push carries no token.")
        await self.keys.verify(
            lambda keys: verify_push(
                authorization,
                keys,
                now=self.now(),
                audience=self.audience,
                service_account_email=self.service_account_email,
            )
        )

    async def _ask(self, address: EmailAddress) -> None:
        for mailbox_id, workspace_id in await self.db.across.mailboxes_at(Provider.GMAIL, address):
            async with self.db.work(workspace_id) as work:
                work.ask(PullMailbox(mailbox_id))


async def _body(request: Request) -> bytes:
    collected = bytearray()
    async for piece in request.stream():
        collected += piece
        if len(collected) > BODY_LIMIT_BYTES:
            raise TooLarge
    return bytes(collected)


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message}}, status_code=status)
