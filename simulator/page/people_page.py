"""The overview of everybody, and one person's settings, as HTML."""

from html import escape

from simulator.microsoft.identity import is_microsofts
from simulator.page import html, outlook_page
from simulator.post import Account
from simulator.world import World

GROUPS = {
    "google": ("Google users", "They can connect their mailbox to a CRM."),
    "microsoft": ("Microsoft users at work", "They can connect too; their administrator may have a say."),
    "microsoft-personal": ("Personal Microsoft users", "They can connect on their own."),
    "outside": ("Customers and other people outside", "They write and answer from wherever they are."),
    "unknown": ("Unknown senders", "Nobody has asked them to write."),
}


def overview(world: World, message: str = "", *, bad: bool = False) -> str:
    """Return the page with everybody on it."""
    groups = []
    for kind, (title, words) in GROUPS.items():
        accounts = [account for account in world.post.state.accounts.values() if account.kind == kind]
        cards = "".join(f"<li>{_card(world, account)}</li>" for account in accounts)
        if cards:
            groups.append(f'<h2>{title}</h2><p class="soft">{words}</p><ul class="grid">{cards}</ul>')
    nobody = '<p class="empty">Nobody lives here yet.</p>'
    body = f"""<main class="people">{html.note(message, bad=bad)}
<div id="everybody" data-live>{"".join(groups) or nobody}</div>
<details class="card"{" open" if bad else ""}><summary><b>Add a person</b></summary>
<form class="stack" method="post" action="/people" style="margin-top:14px"><div class="pair">
{html.field("Name", "name")}{html.field("Address", "address", more='required type="email"')}
<label>Kind<select name="kind"><option value="outside">Outside</option><option value="google">Google</option>
<option value="microsoft">Microsoft</option><option value="microsoft-personal">Outlook.com</option>
<option value="unknown">Unknown sender</option></select></label></div>
<div><button class="main">Add</button></div></form></details></main>"""
    return html.document("Everybody", body, version=world.version, here="/")


def _card(world: World, account: Account) -> str:
    copies = world.post.mailbox(account).copies.values()
    unread = sum(1 for copy in copies if {"UNREAD", "INBOX"} <= copy.labels)
    count = f'<span class="count">{unread}<span class="hidden"> unread</span></span>' if unread else ""
    return f"""<a class="person" href="{html.person_url(account.address)}">
{html.face(account.name, account.address)}
<div><b>{escape(account.name or account.address)}</b><span class="at">{escape(account.address)}</span></div>
{count}</a>"""


def settings(world: World, account: Account, message: str = "", *, bad: bool = False) -> str:
    """Return the settings of one person."""
    url = html.person_url(account.address, "/settings")
    programs = _programs(world, account, url) if account.kind not in ("outside", "unknown") else ""
    outlook = outlook_page.settings(world, account, url) if is_microsofts(account) else ""
    body = f"""<main class="plain"><p><a href="{html.person_url(account.address)}">&larr; Mailbox</a></p>
<div class="who" style="padding:8px 0 0">
{html.face(account.name, account.address)}<div>
<h1>{escape(account.name or account.address)}</h1><span class="at">{escape(account.address)}</span></div>
</div>
{html.note(message, bad=bad)}{programs}{outlook}
<section class="card"><h2>Further addresses</h2>{_aliases(account)}
<form class="stack" method="post" action="{url}"><input type="hidden" name="do" value="alias">
<div class="pair">
{html.field("Address", "address", more='type="email" required')}{html.field("Name", "name")}
<label>Verification<select name="verification_status"><option>accepted</option><option>pending</option>
</select></label>
</div><div><button>Add address</button></div></form></section></main>"""
    return html.document(f"Settings of {account.name or account.address}", body, version=world.version)


def _aliases(account: Account) -> str:
    rows = "".join(
        f"<tr><td>{escape(alias.address)}</td><td>{escape(alias.name)}</td><td>{alias.verification_status}</td></tr>"
        for alias in account.aliases
    )
    head = "<tr><th>Address</th><th>Name</th><th>Verification</th></tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div><br>' if rows else "<p class=soft>None.</p>"


def _programs(world: World, account: Account, url: str) -> str:
    state = world.microsoft.grants.state if is_microsofts(account) else world.grants.state
    clients = state.clients
    rows = []
    for name in state.granted:
        client_id, _, address = name.partition(" ")
        if address != account.address:
            continue
        shown = clients[client_id].name if client_id in clients else client_id
        tokens = sum(
            1
            for token in state.refresh_tokens.values()
            if (token.client_id, token.address) == (client_id, address)
        )
        revoke = html.button(url, "Revoke access", style="danger", do="revoke", client_id=client_id)
        cells = (escape(shown), f"{tokens} refresh token{'' if tokens == 1 else 's'}", revoke)
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    table = f'<div class="scroll"><table>{"".join(rows)}</table></div>'
    nobody = '<p class="soft">No program has access to this mailbox.</p>'
    words = "Changing it ends the access of every program that may read or send mail."
    if account.kind == "microsoft":
        words = "At work, programs with a secret of their own keep their access when it changes."
    return f"""<section class="card"><h2>Programs with access</h2>
<div id="programs" data-live>
{table if rows else nobody}</div></section>
<section class="card">
<h2>Password</h2>
<p class="soft">{words}</p>
<form class="stack" method="post" action="{url}"><input type="hidden" name="do" value="password">
<div class="pair">
{html.field("New password", "password", more='required autocomplete="new-password"')}</div>
<div><button>Change password</button></div></form></section>"""
