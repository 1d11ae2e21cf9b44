"""What only an Outlook mailbox has on its settings page: folders, rules, what an administrator can do."""

from html import escape

from starlette.datastructures import FormData

from simulator.microsoft import folders
from simulator.microsoft.box import Box, NoFolder
from simulator.page import html
from simulator.post import Account
from simulator.world import World

NAME_LENGTH = 255


def settings(world: World, account: Account, url: str) -> str:
    """Return the sections of the page."""
    box = world.microsoft.box(account)
    options = "".join(
        f'<option value="{escape(folder.id)}">{escape(folder.name)}</option>'
        for folder in box.folders.values()
        if folder.label
    )
    return f"""<section class="card"><h2>Rules</h2><div id="rules" data-live>{_rules(box)}</div>
<form class="stack" method="post" action="{url}">
<input type="hidden" name="do" value="rule"><div class="pair">
{html.field("Sender contains", "sender")}{html.field("Subject contains", "subject")}
<label>Move to<select name="folder">{options}</select></label></div>
<div><button>Add rule</button></div></form>
{html.button(url, "Remove all rules", style="danger", do="clear-rules")}</section>
<section class="card"><h2>Folders</h2>
<form class="stack" method="post" action="{url}">
<input type="hidden" name="do" value="folder"><div class="pair">
{html.field("Name", "name", more="required")}</div><div><button>Make folder</button></div></form></section>
<section class="card"><h2>Administrator</h2><p class="soft">What ends or unsettles a connection.</p>
{html.button(url, "Sign out everywhere", style="danger", do="end-sessions")}
{html.button(url, "Forget the delta links", do="expire-delta")}</section>"""


def _rules(box: Box) -> str:
    rows = []
    for rule in box.rules:
        words = [f"from “{escape(text)}”" for text in rule.from_contains]
        words += [f"about “{escape(text)}”" for text in rule.subject_contains]
        folder = box.folders.get(rule.folder_id)
        target = escape(folder.name) if folder else "a folder that is gone"
        rows.append(f"<tr><td>{' and '.join(words)}</td><td>goes to {target}</td></tr>")
    none = '<p class="soft">None: mail arrives in the inbox.</p>'
    return f'<div class="scroll"><table>{"".join(rows)}</table></div><br>' if rows else none


def change(world: World, account: Account, act: str, form: FormData) -> tuple[str, bool]:
    """Do what a form of these sections asks; return a sentence, and whether it is a complaint."""
    box = world.microsoft.box(account)
    fields = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
    match act:
        case "rule":
            sender, subject = fields.get("sender", ""), fields.get("subject", "")
            if not sender and not subject:
                return "A rule needs a sender or a subject.", True
            try:
                folder = box.place(fields.get("folder", ""))
            except NoFolder:
                return "This folder is not there any more.", True
            senders, subjects = ([sender] if sender else []), ([subject] if subject else [])
            folders.add_rule(box, "Rule", folder.id, senders, subjects)
            message = f"Such mail goes to {folder.name} from now on."
        case "clear-rules":
            box.rules.clear()
            message = "All rules are removed."
        case "folder" if fields.get("name"):
            name = fields["name"][:NAME_LENGTH]
            box.add_folder(name, box.place("msgfolderroot").id, world.post.next_number())
            message = f"{name} is made."
        case "end-sessions":
            world.microsoft.grants.end_sessions(account.address)
            message = "Every program has to ask this person again."
        case "expire-delta":
            world.microsoft.forget_deltas(account)
            message = "Every delta link until now is too old."
        case _:
            return "Nothing to change.", True
    world.touched()
    return message, False
