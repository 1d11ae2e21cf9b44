"""The routes of the page: show, write, mark, set; bad input comes back as a sentence on the page."""

from pathlib import Path
from typing import get_args
from urllib.parse import quote

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator import compose, mime, people
from simulator.dials import Dials, Fault, Match
from simulator.mailbox import Copy, NotThere
from simulator.microsoft.box import NoFolder
from simulator.microsoft.identity import is_microsofts
from simulator.page import dials_page, html, mailbox_page, outlook_page, people_page
from simulator.post import Account, AddressTaken, Alias, Kind
from simulator.world import World

HERE = Path(__file__).parent
ASSETS = {"app.css": "text/css", "live.js": "text/javascript"}
SAFE_MAIL = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
PAGE_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'"
)
MAIL_STYLE = "<style>body{font:15px/1.5 system-ui,sans-serif;margin:12px;background:#fff;color:#222}</style>"
ACTS: dict[str, tuple[set[str], set[str]]] = {
    "read": (set(), {"UNREAD"}),
    "unread": ({"UNREAD"}, set()),
    "archive": (set(), {"INBOX"}),
    "trash": ({"TRASH"}, {"INBOX", "SPAM"}),
    "untrash": ({"INBOX"}, {"TRASH"}),
    "notspam": ({"INBOX"}, {"SPAM"}),
}
KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
MOST_FILES = 50
MOST_UPLOAD_BYTES = 60_000_000


class Missing(LookupError):
    """There is no such person or mail."""


def text_of(form: FormData, name: str) -> str:
    """Return a text field of a form, empty where missing or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


class Page:
    """The routes, bound to one world."""

    def __init__(self, world: World) -> None:
        """Keep the world."""
        self.world = world

    def routes(self) -> list[Route]:
        """Return every route of the page."""
        person = "/people/{address}"
        table = [
            ("GET", "/", self.overview),
            ("POST", "/people", self.add_person),
            ("GET", person, self.mailbox),
            ("POST", f"{person}/send", self.send),
            ("POST", f"{person}/mark", self.mark),
            ("GET", f"{person}/body/{{id}}", self.body),
            ("GET", f"{person}/file/{{id}}/{{place:int}}", self.file),
            ("GET", f"{person}/settings", self.settings),
            ("POST", f"{person}/settings", self.change_settings),
            ("GET", "/faults", self.dials),
            ("POST", "/faults", self.set_dials),
            ("GET", "/page/version", self.version),
            ("GET", "/page/{name}", self.asset),
        ]
        return [Route(path, endpoint, methods=[verb]) for verb, path, endpoint in table]

    async def overview(self, _request: Request) -> Response:
        """Everybody."""
        return _html(people_page.overview(self.world))

    async def add_person(self, request: Request) -> Response:
        """Make a person, and go to the mailbox."""
        form = await request.form()
        kind = text_of(form, "kind")
        try:
            account = self.world.post.open_account(
                text_of(form, "address"),
                text_of(form, "name"),
                KINDS.get(kind, "outside"),
            )
        except AddressTaken as taken:
            return _html(people_page.overview(self.world, str(taken), bad=True), 400)
        self.world.touched()
        return RedirectResponse(html.person_url(account.address), 303)

    async def mailbox(self, request: Request) -> Response:
        """A folder, a thread, or a form to write."""
        account = self._account(request)
        if account is None:
            return self._nobody()
        wanted = request.query_params
        folder = wanted.get("folder", "INBOX")
        writing = wanted.get("write", "")
        return _html(
            mailbox_page.page(
                mailbox_page.View(
                    self.world,
                    account,
                    folder if folder in mailbox_page.folders_of(self.world, account) else "INBOX",
                    wanted.get("thread", ""),
                    writing if writing in ("new", "reply", "all", "forward") else "",
                    wanted.get("id", ""),
                )
            )
        )

    async def send(self, request: Request) -> Response:
        """Send what was written; a mistake shows the form again with what was typed."""
        account = self._account(request)
        if account is None:
            return self._nobody()
        async with request.form(max_files=MOST_FILES, max_part_size=MOST_UPLOAD_BYTES) as form:
            letter = await _letter(form)
            writing, about = text_of(form, "write"), text_of(form, "id")
            folder = text_of(form, "folder")
            view = mailbox_page.View(
                self.world,
                account,
                folder if folder in mailbox_page.folders_of(self.world, account) else "INBOX",
                text_of(form, "thread"),
                writing or "new",
                about,
                typed=letter,
            )
        try:
            copy = people.send(
                self.world,
                account,
                letter,
                answer=about if writing in ("reply", "all") else None,
                forward=about if writing == "forward" else None,
            )
        except compose.NotWritable as wrong:
            return _html(mailbox_page.page(_with_error(view, str(wrong))), 400)
        except NotThere:
            return _html(mailbox_page.page(_with_error(view, "The mail to answer is gone.")), 400)
        return RedirectResponse(view.url(thread=copy.thread_id), 303)

    async def mark(self, request: Request) -> Response:
        """Mark, move or delete one mail, and go back to where the person was."""
        account = self._account(request)
        if account is None:
            return self._nobody()
        form = await request.form()
        act, copy_id = text_of(form, "do"), text_of(form, "id")
        try:
            if act == "delete":
                self.world.post.delete(account, copy_id)
            elif act == "move" and is_microsofts(account):
                self.world.microsoft.move(account, copy_id, text_of(form, "place"))
            elif act in ACTS:
                self.world.post.relabel(account, copy_id, *ACTS[act])
        except (NotThere, NoFolder):
            return self._nobody("This mail or folder is not there any more.")
        self.world.touched()
        back = text_of(form, "back")
        safe = back if back.startswith("/people/") else html.person_url(account.address)
        thread = f"&thread={quote(text_of(form, 'thread'))}" if act == "read" and "?" in safe else ""
        return RedirectResponse(safe + thread, 303)

    async def body(self, request: Request) -> Response:
        """The HTML of one mail, which may load nothing and run nothing."""
        copy = self._copy(request)
        if copy is None:
            return self._nobody()
        _plain, markup = mime.text_bodies(self.world.contents.parsed(copy.content))
        return HTMLResponse(
            (MAIL_STYLE + markup).encode("utf-8", "replace"),
            headers={"Content-Security-Policy": SAFE_MAIL, "X-Content-Type-Options": "nosniff"},
        )

    async def file(self, request: Request) -> Response:
        """One attachment, to be saved."""
        copy = self._copy(request)
        found = mailbox_page.files(self.world, copy) if copy else []
        place = request.path_params["place"]
        if place >= len(found):
            return self._nobody("This file is not there any more.")
        name, _kind, content = found[place]
        return Response(
            content,
            media_type="application/octet-stream",
            headers={
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def settings(self, request: Request) -> Response:
        """One person's settings."""
        account = self._account(request)
        return self._nobody() if account is None else _html(people_page.settings(self.world, account))

    async def change_settings(self, request: Request) -> Response:
        """Change the password, revoke a program's access, add an address."""
        account = self._account(request)
        if account is None:
            return self._nobody()
        form = await request.form()
        message, bad = "", False
        match text_of(form, "do"):
            case "password" if text_of(form, "password"):
                people.change_password(self.world, account, text_of(form, "password"))
                message = "The password is changed. Programs with access to the mail have lost it."
            case "revoke":
                people.revoke(self.world, account, text_of(form, "client_id"))
                message = "The access is revoked."
            case "alias":
                status = text_of(form, "verification_status")
                alias = Alias(
                    text_of(form, "address"),
                    text_of(form, "name"),
                    "pending" if status == "pending" else "accepted",
                )
                try:
                    self.world.post.add_alias(account, alias)
                    self.world.touched()
                    message = f"{alias.address} is added."
                except AddressTaken as taken:
                    message, bad = str(taken), True
            case act if is_microsofts(account):
                message, bad = outlook_page.change(self.world, account, act, form)
            case _:
                message, bad = "Nothing to change.", True
        return _html(people_page.settings(self.world, account, message, bad=bad), 400 if bad else 200)

    async def dials(self, _request: Request) -> Response:
        """The dials."""
        return _html(dials_page.page(self.world))

    async def set_dials(self, request: Request) -> Response:
        """Add a fault, remove all, or set the lasting habits."""
        form = await request.form()
        dials = self.world.dials.now
        try:
            match text_of(form, "do"):
                case "add":
                    fault = {
                        name: text_of(form, name)
                        for name in ("fault", "times", "code", "body", "effect", "seconds")
                        if text_of(form, name)
                    }
                    match = Match(
                        method=text_of(form, "method") or "*", account=text_of(form, "account") or None
                    )
                    dials.faults.append(Fault.model_validate({**fault, "match": match}))
                case "clear":
                    dials.faults.clear()
                case _:
                    lasting = Dials.model_validate_json(text_of(form, "dials") or "{}")
                    lasting.faults = dials.faults
                    self.world.turn(lasting)
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            return _html(dials_page.page(self.world, problems, bad=True), 400)
        self.world.touched()
        return RedirectResponse("/faults", 303)

    async def version(self, _request: Request) -> Response:
        """A number that rises with every change."""
        return JSONResponse({"version": self.world.version}, headers={"Cache-Control": "no-store"})

    async def asset(self, request: Request) -> Response:
        """The style sheet and the script."""
        name = request.path_params["name"]
        if name not in ASSETS:
            return self._nobody("No such file.")
        return Response(
            (HERE / name).read_bytes(), media_type=ASSETS[name], headers={"Cache-Control": "no-cache"}
        )

    def _account(self, request: Request) -> Account | None:
        return self.world.post.find(request.path_params["address"])

    def _copy(self, request: Request) -> Copy | None:
        account = self._account(request)
        return self.world.post.mailbox(account).copies.get(request.path_params["id"]) if account else None

    def _nobody(self, message: str = "There is nobody of this address.") -> Response:
        return _html(people_page.overview(self.world, message, bad=True), 404)


def _html(page: str, status: int = 200) -> Response:
    return HTMLResponse(
        page, status, headers={"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}
    )


def _with_error(view: mailbox_page.View, error: str) -> mailbox_page.View:
    return mailbox_page.View(
        view.world, view.account, view.folder, view.thread_id, view.writing, view.about, error, view.typed
    )


async def _letter(form: FormData) -> compose.Letter:
    files = [
        compose.Enclosure(file.filename or "file", file.content_type or "", await file.read())
        for file in form.getlist("files")
        if isinstance(file, UploadFile) and file.filename
    ]
    to, cc, bcc = ([text] if (text := text_of(form, name).strip()) else [] for name in ("to", "cc", "bcc"))
    return compose.Letter(to, cc, bcc, text_of(form, "subject").strip(), text_of(form, "text"), "", files)
