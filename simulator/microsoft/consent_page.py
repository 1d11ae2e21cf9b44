"""The HTML of Microsoft's pages: permissions requested, admin approval, mistakes, signed out."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.microsoft import consent, identity
from simulator.post import Account

if TYPE_CHECKING:
    from simulator.world import World

EXPLAINED = {
    "User.Read": "Sign you in and read your profile",
    "Mail.Read": "Read your mail",
    "Mail.ReadBasic": "Read the headers of your mail, not its text",
    "Mail.ReadWrite": "Have full access to your mail",
    "Mail.Send": "Send mail as you",
    "Mail.Send.Shared": "Send mail on behalf of others",
    "Contacts.Read": "Read your contacts",
    "Contacts.ReadWrite": "Have full access to your contacts",
    "MailboxSettings.Read": "Read your mailbox settings",
    "offline_access": "Maintain access to data you have given it access to",
}
CARRIED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "login_hint",
    "code_challenge",
    "code_challenge_method",
)
STYLE = (Path(__file__).parents[1] / "google" / "consent.css").read_text("utf-8")
SQUARE = "main{border-radius:4px}.card,button{border-radius:2px}:root{--blue:#0067b8}"


def consent_page(
    world: "World", ask: consent.Ask, params: Mapping[str, str], *, chosen: str, wrong_password: bool
) -> str:
    """Return the page on which a simulated user picks the account and accepts or cancels."""
    accounts = consent.choosable(world, ask.authority)
    known = [account.address for account in accounts]
    chosen = chosen if chosen in known else (known[0] if known else "")
    cards = "".join(_account_card(account, account.address == chosen) for account in accounts)
    asked = [*ask.permissions, *(["offline_access"] if "offline_access" in ask.scopes else [])]
    rows = "".join(f"<li>{escape(EXPLAINED.get(scope, scope))}</li>" for scope in asked)
    ask_password = wrong_password or any(consent.must_type_password(world, account) for account in accounts)
    password = _password_box(wrong_password) if ask_password else ""
    body = f"""<p class="who">Simulated Microsoft</p><h1>Permissions requested</h1>
<p><b>{escape(ask.client.name)}</b> <span class="who">unverified</span></p>
<form method="post" action="authorize">{_hidden(params)}
<fieldset><legend>Pick an account</legend>{cards or "<p>Nobody can sign in here.</p>"}</fieldset>
{password}<p>This app would like to:</p><ul>{rows}</ul>
<p class="who">Accepting means that you allow this app to use your data.</p>
<div class="foot"><button name="decision" value="deny" formnovalidate>Cancel</button>
<button class="main" name="decision" value="allow">Accept</button></div></form>"""
    return _document("Permissions requested", body)


def needs_admin_page(ask: consent.Ask, params: Mapping[str, str], *, requests: bool) -> str:
    """Return the page "Need admin approval"."""
    words = (
        "You can send a request to your administrator."
        if requests
        else "Ask an admin to grant permission to this app before you can use it."
    )
    body = f"""<p class="who">Simulated Microsoft</p><h1>Need admin approval</h1>
<p><b>{escape(ask.client.name)}</b> needs permission to access resources in your organization that only an
admin can grant. {words}</p>
<form method="post" action="authorize">{_hidden(params)}
<div class="foot"><button class="main" name="decision" value="return">
Return to the application without granting consent</button></div></form>"""
    return _document("Need admin approval", body)


def admin_page(world: "World", ask: consent.AdminAsk, params: Mapping[str, str]) -> str:
    """Return the page on which a tenant's administrator accepts for everybody."""
    tenants = consent.tenants(world, ask.authority)
    cards = "".join(
        f"""<label class="card"><input type="radio" name="tenant" required value="{tenant}"
{" checked" if place == 0 else ""}><span><b>{escape(domain)}</b><small>{tenant}</small></span></label>"""
        for place, (tenant, domain) in enumerate(tenants.items())
    )
    rows = "".join(f"<li>{escape(EXPLAINED.get(scope, scope))}</li>" for scope in ask.scopes)
    body = f"""<p class="who">Simulated Microsoft</p><h1>Permissions requested</h1>
<p>Review for your organization: <b>{escape(ask.client.name)}</b></p>
<form method="post" action="adminconsent">{_hidden(params)}
<fieldset><legend>You administer</legend>{cards or "<p>There is no organization yet.</p>"}</fieldset>
<p>If you accept, this app will get access for all users in your organization to:</p><ul>{rows}</ul>
<div class="foot"><button name="decision" value="deny" formnovalidate>Cancel</button>
<button class="main" name="decision" value="allow">Accept</button></div></form>"""
    return _document("Permissions requested", body)


def message_page(title: str, text: str) -> str:
    """Return a page that only says something."""
    return _document(
        title, f'<p class="who">Simulated Microsoft</p><h1>{escape(title)}</h1><p>{escape(text)}</p>'
    )


def posting_page(outcome: consent.Outcome) -> str:
    """Return the page of `response_mode=form_post`, which sends itself."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in outcome.fields.items()
    )
    body = f"""<form method="post" action="{escape(outcome.redirect_uri)}">{fields}
<button class="main">Continue</button></form><script>document.forms[0].submit()</script>"""
    return _document("Working", body)


def _hidden(params: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(params[name])}">'
        for name in CARRIED
        if name in params
    )


def _account_card(account: Account, checked: bool) -> str:
    face = escape((account.name or account.address)[:1].upper())
    address = escape(account.address)
    kind = "Personal account" if identity.is_personal(account) else "Work or school account"
    return f"""<label class="card"><input type="radio" name="account" required value="{address}"
{" checked" if checked else ""}><i class="face" aria-hidden="true">{face}</i>
<span><b>{escape(account.name)}</b><small>{address}, {kind}</small></span></label>"""


def _password_box(wrong: bool) -> str:
    note = '<p class="bad" role="alert">Your account or password is incorrect.</p>' if wrong else ""
    return f"""<fieldset><legend>Enter password</legend>{note}
<input type="password" name="password" aria-label="Password" autocomplete="current-password"></fieldset>"""


def _document(title: str, body: str) -> str:
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<title>{escape(title)} - simulated Microsoft</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}{SQUARE}</style></head>
<body><main>{body}</main></body></html>"""
