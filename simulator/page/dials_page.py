"""The dials as a form: faults that are waiting, a form for another one, and the lasting habits."""

import json
from html import escape

from simulator.dials import Dials, Fault
from simulator.page import html
from simulator.world import World

KINDS = {
    "status": "answer an error status",
    "drop_before": "close the connection, nothing done",
    "drop_after": "do it, then close the connection",
    "hang_before": "never answer, nothing done",
    "hang_after": "do it, never answer",
    "half_answer": "do it, send half of the answer",
    "slow": "answer late",
    "html_body": "answer 200 with HTML",
    "gzip_bomb": "answer a gzip bomb",
}
METHODS = (
    "*",
    "gmail.users.messages.send",
    "gmail.users.drafts.create",
    "gmail.users.drafts.send",
    "gmail.users.messages.get",
    "gmail.users.messages.list",
    "gmail.users.messages.modify",
    "gmail.users.history.list",
    "gmail.users.watch",
    "oauth.token",
    "oauth.revoke",
    "graph.messages.create",
    "graph.messages.send",
    "graph.messages.get",
    "graph.messages.createReply",
    "graph.sendMail",
    "graph.mailFolders.messages.delta",
    "graph.subscriptions.create",
    "graph.batch",
    "entra.token",
)
BODIES = (
    "backendError",
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "queriesPerMinute",
    "resourceExhausted",
    "concurrent",
    "mailSending",
    "dailyLimitExceeded",
    "quotaExceeded",
    "domainPolicy",
    "authError",
    "insufficientPermissions",
    "failedPrecondition",
    "onlyOnePushClient",
    "pubsubForbidden",
    "invalid_grant",
    "invalid_rapt",
    "deleted_client",
    "TooManyRequests",
    "ApplicationThrottled",
    "ErrorServerBusy",
    "ErrorItemNotFound",
    "ErrorExceededMessageLimit",
    "SyncStateNotFound",
    "claimsChallenge",
    "AADSTS50173",
    "AADSTS65001",
    "AADSTS53003",
)


def page(world: World, message: str = "", *, bad: bool = False) -> str:
    """Return the page."""
    dials = world.dials.now
    accounts = "".join(
        f"<option>{escape(account.address)}</option>"
        for account in world.post.state.accounts.values()
        if account.kind != "outside"
    )
    lasting = json.dumps(dials.model_dump(mode="json", exclude={"faults"}), indent=1)
    body = f"""<main class="plain"><h1>Dials</h1>
<p class="soft">What goes wrong, for whom, and how often. Tests set the same dials at <code>/dials</code>.</p>
{html.note(message, bad=bad)}
<section class="card"><h2>Faults that wait</h2><div id="faults" data-live>{_faults(dials)}</div></section>
<section class="card"><h2>Add a fault</h2><form class="stack" method="post" action="/faults">
<input type="hidden" name="do" value="add"><div class="pair">
<label>Request<input name="method" list="methods" value="gmail.users.drafts.send" required></label>
<datalist id="methods">{"".join(f"<option>{name}</option>" for name in METHODS)}</datalist>
<label>What happens<select name="fault">{_options(KINDS)}</select></label>
<label>Mailbox<select name="account"><option value="">everybody</option>{accounts}</select></label>
{html.field("How often", "times", "1", more='type="number" min="1"')}
{html.field("Status code", "code", "503", more='type="number" min="200" max="599"')}
<label>Error body<select name="body">{_options(dict.fromkeys(BODIES))}</select></label>
<label>Effect<select name="effect"><option value="none">not done</option>
<option value="before_answer">done before the answer</option><option value="late">done later</option>
</select></label>
{html.field("Seconds (slow, later)", "seconds", "2", more='type="number" min="0" step="0.1"')}</div>
<div><button class="main">Add fault</button></div></form></section>
<section class="card"><h2>Lasting habits</h2><form class="stack" method="post" action="/faults">
<input type="hidden" name="do" value="lasting">
<label>As JSON<textarea class="code" name="dials" spellcheck="false" rows="18">{escape(lasting)}</textarea>
</label><div><button>Apply</button></div></form></section></main>"""
    return html.document("Dials", body, version=world.version, here="/faults")


def _options(entries: dict[str, str] | dict[str, None]) -> str:
    return "".join(
        f'<option value="{name}">{escape(words or name)}</option>' for name, words in entries.items()
    )


def _faults(dials: Dials) -> str:
    rows = "".join(_row(fault) for fault in dials.faults if fault.times != 0)
    if not rows:
        return '<p class="soft">None: everything works.</p>'
    head = "<tr><th>Request</th><th>Mailbox</th><th>What happens</th><th>How often</th></tr>"
    clear = html.button("/faults", "Remove all", style="danger", do="clear")
    return f'<div class="scroll"><table>{head}{rows}</table></div><br>{clear}'


def _row(fault: Fault) -> str:
    what = KINDS[fault.fault] + (f" {fault.code} {fault.body}" if fault.fault == "status" else "")
    often = "always" if fault.times is None else "once" if fault.times == 1 else f"{fault.times} times"
    cells = (fault.match.method, fault.match.account or "everybody", what, often)
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
