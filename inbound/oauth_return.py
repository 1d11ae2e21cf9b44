"""Where providers send users back after a consent: `GET /oauth/{provider}/callback`.

Verify, record, ask, answer fast: the state proves whose consent it is, the code is recorded sealed, and the
exchange is a job. Each provider has its own address (R8). The user is sent on to the CRM, to the exact
address that was configured and chosen when the consent began, or shown a page that says what happened.
"""

import re
from dataclasses import dataclass
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from database.authorizations import Returned, ReturnRefused, record_return
from database.pool import Database
from database.vault import Vault
from rules.words import Provider

_SENTENCES = {
    ReturnRefused.UNKNOWN: (
        "This sign-in is not known here, or it took longer than ten minutes. Nothing was connected. "
        "Go back to the CRM and connect again."
    ),
    ReturnRefused.USED: "This sign-in was finished before. You can close this window.",
    ReturnRefused.FOREIGN: (
        "This sign-in belongs to somebody else. Nothing was connected. Go back to the CRM and connect again."
    ),
}
_CONNECTING = "Your mailbox is being connected. You can close this window; the CRM shows when it is ready."
_DECLINED = "Access was not granted, so nothing was connected. You can close this window and try again."

_ALLOWED = (
    "Your organisation now allows this app. Everybody in it can connect their mailbox in the CRM. "
    "You can close this window."
)
_AADSTS = re.compile(r"\bAADSTS\d{4,7}\b")

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh;
  display: grid; place-items: center; background: Canvas; color: CanvasText }}
main {{ max-width: 28rem; margin: 1.5rem; padding: 2rem; border-radius: 12px;
  border: 1px solid color-mix(in srgb, CanvasText 15%, Canvas) }}
h1 {{ font-size: 1.25rem; margin: 0 0 .5rem }} p {{ margin: 0 }}
</style></head><body><main><h1>{title}</h1><p>{sentence}</p></main></body></html>
"""


@dataclass(frozen=True, slots=True)
class OAuthReturn:
    """The endpoint of one provider."""

    db: Database
    vault: Vault
    provider: Provider

    async def __call__(self, request: Request) -> Response:
        """Record the return; 400 for a state that is not a consent under way here (R7)."""
        asked = request.query_params
        if "admin_consent" in asked:
            return _page(200, "Allowed", _ALLOWED)
        code = asked.get("code")
        error = asked.get("error") if code is None else None
        if code is None and error is None:
            return _page(400, "Something is missing", _SENTENCES[ReturnRefused.UNKNOWN])
        outcome = await record_return(
            self.db,
            self.vault,
            state=asked.get("state", ""),
            code=code,
            error=None if error is None else _with_number(error, asked.get("error_description", "")),
            provider=self.provider.value,
        )
        match outcome:
            case ReturnRefused():
                status = 200 if outcome is ReturnRefused.USED else 400
                return _page(status, "Not connected" if status == 400 else "Done", _SENTENCES[outcome])
            case Returned(return_url=str(address)):
                return RedirectResponse(address, status_code=303, headers=_HEADERS)
            case _ if error is not None:
                return _page(200, "Not connected", _DECLINED)
            case _:
                return _page(200, "Almost there", _CONNECTING)


def _with_number(error: str, description: str) -> str:
    """Microsoft's `error` says little: the number in its description goes along, and nothing else."""
    number = _AADSTS.search(description)
    return f"{error[:100]} {number.group()}" if number else error


_HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


def _page(status: int, title: str, sentence: str) -> HTMLResponse:
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    return HTMLResponse(
        _PAGE.format(title=escape(title), sentence=escape(sentence)),
        status_code=status,
        headers=_HEADERS | {"content-security-policy": policy, "x-content-type-options": "nosniff"},
    )
