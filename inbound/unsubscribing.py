"""Where recipients of bulk mail say that they want no more: `/unsubscribe/{token}`, or by mail.

A GET only asks, because mail scanners follow links; the POST acts, at once and without a log-in, as a mail
program sends it on one click. The token proves which sending is meant; its recipient is suppressed for the
workspace's bulk mail, and nobody is told who that is.
Source: RFC 8058 3.2 (one click, POST, no redirect, no cookies); RFC 2369 3.2.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from database.ids import new_id
from database.pool import Database
from rules.return_tokens import Unsubscribing, read_unsubscribe_token
from rules.words import SuppressionReason

BODY_LIMIT_BYTES: Final = 10_000
_FIELD: Final = b"List-Unsubscribe=One-Click"

_RECIPIENTS: Final = text(
    "select distinct recipient ->> 'address' as address from submissions s "
    "join messages m on m.id = s.message_id, jsonb_array_elements(m.to_recipients) as recipient "
    "where s.id = :submission and s.kind = 'BULK'"
)
_SUPPRESS: Final = text(
    "insert into suppressions (id, workspace_id, address, reason, created_at) "
    "values (:id, :workspace, :address, :reason, :now) on conflict do nothing returning id"
)

_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh;
  display: grid; place-items: center; background: Canvas; color: CanvasText }}
main {{ max-width: 28rem; margin: 1.5rem }} h1 {{ font-size: 1.25rem; margin: 0 0 .5rem }}
button {{ font: inherit; margin-top: 1rem; padding: .5rem 1rem }}
</style></head><body><main><h1>{title}</h1><p>{sentence}</p>{form}</main></body></html>
"""
_FORM: Final = (
    '<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>'
)


@dataclass(frozen=True, slots=True)
class OneClickUnsubscribe:
    """The endpoint; `secret` is the deployment's."""

    db: Database
    secret: bytes

    async def __call__(self, request: Request) -> Response:
        """Ask on GET, act on POST; 404 for a token that is not ours."""
        named = read_unsubscribe_token(self.secret, request.path_params["token"])
        if named is None:
            return _page(404, "Not found", "This address is not complete. Copy it whole from the mail.")
        if request.method != "POST":
            return _page(200, "Unsubscribe?", "You will get no more mail to many from this sender.", _FORM)
        if not await _asks(request):
            return _page(400, "Something is missing", "Open the address from the mail and try again.", _FORM)
        await unsubscribe(self.db, named)
        return _page(200, "Unsubscribed", "You will get no more mail to many from this sender.")


async def unsubscribe(db: Database, named: Unsubscribing) -> None:
    """Suppress a sending's recipients for its workspace's bulk mail."""
    async with db.work(named.workspace_id) as work:
        found = await work.execute(_RECIPIENTS, {"submission": named.submission_id})
        for address in found.scalars().all():
            values = {
                "id": new_id(),
                "workspace": named.workspace_id,
                "address": address,
                "reason": SuppressionReason.UNSUBSCRIBED.value,
                "now": work.now,
            }
            added = await work.execute(_SUPPRESS, values)
            if added.one_or_none() is not None:
                await work.audit("recipient", "unsubscribed", submission=str(named.submission_id))


async def _asks(request: Request) -> bool:
    """Whether the body says what RFC 8058 says, as a form or as multipart; read within a limit."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            return False
    return _FIELD in body or (b'name="List-Unsubscribe"' in body and b"One-Click" in body)


def _page(status: int, title: str, sentence: str, form: str = "") -> HTMLResponse:
    content = _PAGE.format(title=title, sentence=sentence, form=form)
    return HTMLResponse(content, status_code=status, headers=_HEADERS)
