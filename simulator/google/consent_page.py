"""The HTML of the consent and error pages."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.google import consent
from simulator.google.grants import SCOPE, SIGN_IN_SCOPES
from simulator.post import Account

if TYPE_CHECKING:
    from simulator.world import World

EXPLAINED = {
    f"{SCOPE}gmail.modify": "Read, compose, and send emails from your Gmail account",
    f"{SCOPE}gmail.readonly": "View your email messages and settings",
    f"{SCOPE}gmail.send": "Send email on your behalf",
    f"{SCOPE}gmail.compose": "Manage drafts and send emails",
    f"{SCOPE}gmail.metadata": "View your email metadata such as labels and headers, but not the body",
    f"{SCOPE}gmail.settings.basic": "See, edit, create, or change your email settings and filters in Gmail",
    f"{SCOPE}contacts.readonly": "See and download your contacts",
    f"{SCOPE}contacts": "See, edit, download, and permanently delete your contacts",
    "https://mail.google.com/": "Read, compose, send, and permanently delete all your email from Gmail",
}
CARRIED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "access_type",
    "prompt",
    "login_hint",
    "include_granted_scopes",
    "nonce",
)
STYLE = Path(__file__).with_name("consent.css").read_text("utf-8")


def consent_page(
    world: "World", ask: consent.Ask, params: dict[str, str], *, chosen: str, wrong_password: bool
) -> str:
    """Return the page on which a simulated user chooses the account and the permissions."""
    accounts = consent.choosable(world)
    known = {account.address for account in accounts}
    chosen = chosen if chosen in known else next(iter(known and [accounts[0].address]), "")
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(params[name])}">'
        for name in CARRIED
        if name in params
    )
    cards = "".join(_account_card(account, account.address == chosen) for account in accounts)
    permissions = "".join(_permission_card(scope) for scope in ask.permissions)
    granular = f"<fieldset><legend>What it may do</legend>{permissions}</fieldset>" if permissions else ""
    ask_password = wrong_password or any(consent.must_type_password(world, account) for account in accounts)
    password = _password_box(wrong_password) if ask_password else ""
    signs_in = ", and see your name and address" if SIGN_IN_SCOPES & set(ask.scopes) else ""
    body = f"""<p class="who">Simulated Google</p>
<h1>{escape(ask.client.name)} wants access to your account</h1>
<p class="who">This will let it act for the account you choose{signs_in}.</p>
<form method="post" action="auth">{hidden}
<fieldset><legend>Choose an account</legend>{cards or "<p>There is no Google account yet.</p>"}</fieldset>
{password}{granular}
<div class="foot"><button name="decision" value="deny" formnovalidate>Deny</button>
<button class="main" name="decision" value="allow">Allow</button></div></form>"""
    return _document("Allow access", body)


def blocked_page(text: str) -> str:
    """Return the page of a mistake that is not sent back to the client."""
    return _document(
        "Access blocked", f'<p class="who">Simulated Google</p><h1>Access blocked</h1><p>{escape(text)}</p>'
    )


def _account_card(account: Account, checked: bool) -> str:
    tick = " checked" if checked else ""
    face = escape((account.name or account.address)[:1].upper())
    address = escape(account.address)
    return f"""<label class="card"><input type="radio" name="account" required value="{address}"{tick}>
<i class="face" aria-hidden="true">{face}</i>
<span><b>{escape(account.name)}</b><small>{address}</small></span></label>"""


def _permission_card(scope: str) -> str:
    words = EXPLAINED.get(scope, scope)
    return f"""<label class="card"><input type="checkbox" name="permission" value="{escape(scope)}" checked>
<span>{escape(words)}</span></label>"""


def _password_box(wrong: bool) -> str:
    note = '<p class="bad" role="alert">Wrong password. Try again.</p>' if wrong else ""
    return f"""<fieldset><legend>Enter your password</legend>{note}
<input type="password" name="password" autocomplete="off" aria-label="Password"></fieldset>"""


def _document(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<title>{title} - simulated Google</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>
<body><main>{body}</main></body></html>"""
