"""One person's mailbox as HTML: folders, the threads of a folder, and one thread with its mails."""

from dataclasses import dataclass
from html import escape

from simulator import compose, mime
from simulator.mailbox import Copy
from simulator.microsoft.box import Box
from simulator.microsoft.identity import is_microsofts
from simulator.page import html
from simulator.post import Account
from simulator.world import World

FOLDERS = {
    "INBOX": "Inbox",
    "SENT": "Sent",
    "DRAFT": "Drafts",
    "SPAM": "Spam",
    "TRASH": "Trash",
    "ALL": "All mail",
}
HIDDEN = {"SPAM", "TRASH"}
FIRST = ("INBOX", "SENT", "DRAFT", "ARCHIVE", "OUTBOX", "SPAM", "TRASH")
ROWS_SHOWN = 200


@dataclass(frozen=True)
class View:
    """What is looked at: whose mailbox, which folder, which thread, which form, and a message to show."""

    world: World
    account: Account
    folder: str = "INBOX"
    thread_id: str = ""
    writing: str = ""
    about: str = ""
    error: str = ""
    typed: compose.Letter | None = None

    def url(self, **query: str) -> str:
        """Return this mailbox's URL with other query parameters."""
        return html.person_url(self.account.address, "", folder=self.folder, **query)

    @property
    def post_url(self) -> str:
        """Where the buttons of a mail post to."""
        return html.person_url(self.account.address, "/mark")

    @property
    def copies(self) -> list[Copy]:
        """The mails of the folder, newest first."""
        return [
            copy
            for copy in self.world.post.mailbox(self.account).newest_first()
            if in_folder(self, copy, self.folder)
        ]

    @property
    def box(self) -> Box | None:
        """The mailbox as Exchange keeps it, where it is one of Microsoft's."""
        return self.world.microsoft.box(self.account) if is_microsofts(self.account) else None


def folders_of(world: World, account: Account) -> dict[str, str]:
    """Return the folders of a mailbox by their label: Gmail's, or those of an Outlook mailbox."""
    if not is_microsofts(account):
        return FOLDERS
    known = [folder for folder in world.microsoft.box(account).folders.values() if folder.label]
    shown = sorted(
        known, key=lambda folder: FIRST.index(folder.label) if folder.label in FIRST else len(FIRST)
    )
    return {folder.label: folder.name for folder in shown}


def in_folder(view: View, copy: Copy, folder: str) -> bool:
    """Tell whether a mail is shown in a folder; spam and trash only in their own, Outlook's in one."""
    if view.box is not None:
        return view.box.folder_of(copy.labels).label == folder
    if folder == "ALL":
        return not copy.labels & HIDDEN
    return folder in copy.labels and (folder in HIDDEN or not copy.labels & HIDDEN)


def page(view: View) -> str:
    """Return the whole page."""
    reading = bool(view.thread_id or view.writing)
    unread = _unread(view, "INBOX")
    right = _form(view) if view.writing else _thread(view)
    # A form is typed into and must stay; a thread that is read is kept up to date.
    live = "" if view.writing else " data-live"
    body = f"""<div class="desk" data-pane="{"read" if reading else "list"}">
<aside class="side" id="side" data-live>{_side(view)}</aside>
<section class="list" id="list" data-live aria-label="Threads">{_rows(view)}</section>
<main class="read" id="read"{live}>{right}</main></div>"""
    count = f"({unread}) " if unread else ""
    return html.document(
        f"{count}{view.account.name or view.account.address}", body, version=view.world.version
    )


def _unread(view: View, folder: str) -> int:
    copies = view.world.post.mailbox(view.account).copies.values()
    return sum(1 for copy in copies if "UNREAD" in copy.labels and in_folder(view, copy, folder))


def _side(view: View) -> str:
    account = view.account
    links = []
    for folder, name in folders_of(view.world, account).items():
        counted = folder in ("INBOX", "SPAM") or folder not in FIRST
        unread = _unread(view, folder) if counted and folder != "ALL" else 0
        current = " aria-current=page" if folder == view.folder else ""
        count = f'<span class="count">{unread}<span class="hidden"> unread</span></span>' if unread else ""
        url = html.person_url(account.address, "", folder=folder)
        links.append(f'<li><a href="{escape(url)}"{current}>{escape(name)}{count}</a></li>')
    settings = html.person_url(account.address, "/settings")
    return f"""<div class="who">{html.face(account.name, account.address)}<div><b>
{escape(account.name or "No name")}</b>
<span class="at">{escape(account.address)}</span>{html.badge(account)}</div></div>
<a class="button main wide" href="{escape(view.url(write="new"))}">Write</a>
<ul class="folders">{"".join(links)}<li><a href="{settings}">Settings</a></li></ul>"""


def _rows(view: View) -> str:
    threads: dict[str, list[Copy]] = {}
    for copy in view.copies:
        threads.setdefault(copy.thread_id, []).append(copy)
    rows = "".join(_row(view, copies) for copies in list(threads.values())[:ROWS_SHOWN])
    name = escape(folders_of(view.world, view.account).get(view.folder, view.folder))
    empty = f'<p class="empty">Nothing in {name}.</p>'
    return f'<h2>{name}</h2><ul class="rows">{rows}</ul>{"" if rows else empty}'


def _row(view: View, copies: list[Copy]) -> str:
    latest = copies[0]
    mail = view.world.contents.summary(latest.content)
    other = mail.sender[:1]
    if other and other[0].address in view.account.addresses:
        other = mail.recipients[:1] or other
    name, address = (other[0].name, other[0].address) if other else ("", "unknown")
    unread = any("UNREAD" in copy.labels for copy in copies)
    whole = len(view.world.post.mailbox(view.account).thread(latest.thread_id))
    count = f" <span class=soft>{whole}</span>" if whole > 1 else ""
    current = " aria-current=true" if latest.thread_id == view.thread_id else ""
    hidden = '<span class="hidden">Unread. </span>' if unread else ""
    return f"""<li>
<a class="row{" unread" if unread else ""}" href="{escape(view.url(thread=latest.thread_id))}"{current}>
{html.face(name, address)}<span class="line"><span>{hidden}{escape(name or address)}{count}</span>
{html.shown_time(latest.arrived_ms, view.world.clock.now())}</span>
<span class="subject">{escape(mail.subject or "(no subject)")}</span>
<span class="snippet">{view.world.contents.snippet(latest.content)}</span></a></li>"""


def _thread(view: View) -> str:
    mailbox = view.world.post.mailbox(view.account)
    found = [copy for copy in mailbox.copies.values() if copy.thread_id == view.thread_id]
    copies = sorted(found, key=lambda copy: (copy.arrived_ms, copy.number))
    back = f'<a class="button phone" href="{escape(view.url())}">&larr; Back</a>'
    if not copies:
        return f'{html.note(view.error, bad=True)}<p class="empty">Choose a conversation, or write one.</p>'
    subject = view.world.contents.summary(copies[0].content).subject or "(no subject)"
    mails = "".join(_mail(view, copy) for copy in copies)
    return (
        f'<div class="title">{back}<h1>{escape(subject)}</h1></div>{html.note(view.error, bad=True)}{mails}'
    )


def _mail(view: View, copy: Copy) -> str:
    mail = view.world.contents.summary(copy.content)
    sender = mail.sender[0] if mail.sender else mime.Address("", "unknown")
    plain, markup = mime.text_bodies(view.world.contents.parsed(copy.content))
    body_url = html.person_url(view.account.address, f"/body/{copy.id}")
    body = (
        f'<iframe sandbox src="{body_url}" title="The mail as HTML" loading="lazy"></iframe>'
        if markup
        else f"<pre>{escape(plain)}</pre>"
    )
    lines = [
        f"{name} {', '.join(map(str, people))}"
        for name, people in (("to", mail.to), ("cc", mail.cc), ("bcc", mail.bcc))
        if people
    ]
    to = "".join(f'<div class="to">{escape(line)}</div>' for line in lines)
    unread = "UNREAD" in copy.labels
    mark = f' data-mark-read="{view.post_url}" data-id="{copy.id}"' if unread else ""
    places = [name.title() for name in sorted(copy.labels - {"UNREAD"})]
    if view.box is not None:
        places = [view.box.folder_of(copy.labels).name]
    labels = " ".join(f'<span class="badge">{escape(name)}</span>' for name in places)
    return f"""<article class="mail"{mark}><header>{html.face(sender.name, sender.address)}<div>
{_sender(sender)}
{to}<div>{labels}{" <span class='badge google'>Unread</span>" if unread else ""}</div>
</div>
{html.shown_time(copy.arrived_ms, view.world.clock.now())}</header>
{body}{_files(view, copy)}{_acts(view, copy)}</article>"""


def _sender(sender: mime.Address) -> str:
    name = f"<b>{escape(sender.name or sender.address)}</b>"
    return f'{name}<span class="at">{escape(sender.address)}</span>' if sender.name else name


def files(world: World, copy: Copy) -> list[tuple[str, str, bytes]]:
    """Return a mail's attachments: name, content type, bytes."""
    return [
        (mime.file_name(part), part.get_content_type(), mime.part_bytes(part))
        for part in world.contents.parsed(copy.content).walk()
        if not part.is_multipart() and mime.file_name(part)
    ]


def _files(view: View, copy: Copy) -> str:
    items = [
        f'<li><a href="{html.person_url(view.account.address, f"/file/{copy.id}/{place}")}">{escape(name)} '
        f'<span class="soft">{html.shown_size(len(content))}</span></a></li>'
        for place, (name, _kind, content) in enumerate(files(view.world, copy))
    ]
    return f'<ul class="files" aria-label="Attachments">{"".join(items)}</ul>' if items else ""


def _acts(view: View, copy: Copy) -> str:
    answers = "".join(
        _link(view.url(thread=copy.thread_id, write=kind, id=copy.id), name)
        for kind, name in (("reply", "Reply"), ("all", "Reply all"), ("forward", "Forward"))
    )
    acts = [("read", "Mark read") if "UNREAD" in copy.labels else ("unread", "Mark unread")]
    acts += [("delete", "Delete for good")] if view.box is not None else _gmail_acts(copy)
    buttons = "".join(
        html.button(
            view.post_url,
            label,
            do=do,
            id=copy.id,
            back=view.url(),
            thread=copy.thread_id,
            style="danger" if do in ("trash", "delete") else "",
        )
        for do, label in acts
    )
    movable = _move_form(view, copy) if view.box is not None else ""
    return f'<div class="acts">{answers if "DRAFT" not in copy.labels else ""}{buttons}{movable}</div>'


def _gmail_acts(copy: Copy) -> list[tuple[str, str]]:
    acts = [("archive", "Archive")] if "INBOX" in copy.labels else []
    acts.append(("untrash", "Restore") if "TRASH" in copy.labels else ("trash", "Trash"))
    if "SPAM" in copy.labels:
        acts.append(("notspam", "Not spam"))
    if "TRASH" in copy.labels:
        acts.append(("delete", "Delete for good"))
    return acts


def _move_form(view: View, copy: Copy) -> str:
    """Return the form that moves a mail into another folder of an Outlook mailbox."""
    box = view.box
    assert box is not None
    here = box.folder_of(copy.labels)
    options = "".join(
        f'<option value="{escape(folder.id)}">{escape(folder.name)}</option>'
        for folder in box.folders.values()
        if folder.label and folder.id != here.id
    )
    return f"""<form method="post" action="{view.post_url}"><input type="hidden" name="do" value="move">
<input type="hidden" name="id" value="{copy.id}">
<input type="hidden" name="back" value="{escape(view.url())}">
<select name="place" aria-label="Folder to move to">{options}</select> <button>Move</button></form>"""


def _link(url: str, name: str) -> str:
    return f'<a class="button" href="{escape(url)}">{name}</a>'


def _form(view: View) -> str:
    discarded = view.url(thread=view.thread_id) if view.thread_id else view.url()
    titles = {"new": "New mail", "reply": "Reply", "all": "Reply to all", "forward": "Forward"}
    letter = view.typed or _begun(view)
    own = view.account.aliases
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">'
        for name, value in (
            ("write", view.writing),
            ("id", view.about),
            ("folder", view.folder),
            ("thread", view.thread_id),
        )
    )
    note = (
        f"<p class=small>Also known as {escape(', '.join(alias.address for alias in own))}.</p>"
        if own
        else ""
    )
    return f"""<div class="title"><h1>
{titles.get(view.writing, "New mail")}</h1>
{_link(discarded, "Discard")}</div>
{html.note(view.error, bad=True)}
<form class="card stack" method="post" enctype="multipart/form-data"
action="{html.person_url(view.account.address, "/send")}">{hidden}
<p class="small soft">From {escape(view.account.name)} &lt;{escape(view.account.address)}&gt;</p>{note}
{html.field("To", "to", ", ".join(letter.to), more='required autocomplete="off" spellcheck="false"')}
<div class="pair">{html.field("Cc", "cc", ", ".join(letter.cc), more='autocomplete="off" spellcheck="false"')}
{html.field("Bcc", "bcc", ", ".join(letter.bcc), more='autocomplete="off" spellcheck="false"')}</div>
{html.field("Subject", "subject", letter.subject)}
<label>Text<textarea name="text" {"autofocus" if view.writing != "new" else ""}>
{escape(letter.text)}</textarea></label>
<label>Files<input type="file" name="files" multiple></label>
<div><button class="main">Send</button></div></form>"""


def _begun(view: View) -> compose.Letter:
    """Return what the form begins with."""
    mailbox = view.world.post.mailbox(view.account)
    if view.writing == "new" or view.about not in mailbox.copies:
        return compose.Letter()
    raw = view.world.contents.raw[mailbox.copies[view.about].content]
    if view.writing == "forward":
        return compose.Letter(subject=compose.forward_of(raw, compose.Letter()).subject)
    return compose.reply_to(raw, compose.Letter(), view.account.addresses, to_all=view.writing == "all")
