"""The command line: `python -m app …`.

Belongs here: reading words, calling what does the work, and saying how it went. Exit codes: 0 done, 1 it
could not be done and the message says why, 2 the words made no sense.
"""

import asyncio
import base64
import secrets
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
import uvloop
from rich.console import Console

from app.environment_file import environment_example
from app.settings import (
    DatabaseSettings,
    LogSettings,
    read_group,
    read_settings,
)

app = typer.Typer(
    help="Bothways: two-way email sync for CRMs.", no_args_is_help=True, pretty_exceptions_enable=False
)
workspace = typer.Typer(help="Workspaces: the CRM's customers.", no_args_is_help=True)
user = typer.Typer(help="Users of a workspace.", no_args_is_help=True)
mailbox = typer.Typer(help="Mailboxes of a workspace's users.", no_args_is_help=True)
key = typer.Typer(help="API keys.", no_args_is_help=True)
vault = typer.Typer(help="The deployment's own keys.", no_args_is_help=True)
app.add_typer(workspace, name="workspace")
app.add_typer(user, name="user")
app.add_typer(mailbox, name="mailbox")
app.add_typer(key, name="key")
app.add_typer(vault, name="vault")

said = Console(highlight=False, soft_wrap=True, markup=False)
failed = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)

Result = TypeVar("Result")
WorkspaceOption = Annotated[UUID, typer.Option("--workspace", help="The workspace's id.")]


@contextmanager
def _told() -> Iterator[None]:
    """Tell what somebody can mend in a sentence, without a traceback."""
    from app.known_trouble import KNOWN  # what they name is loaded only by commands that need it

    try:
        yield
    except KNOWN as trouble:
        failed.print(str(trouble), style="red")
        raise typer.Exit(1) from None


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    with _told(), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _logs(process: str) -> None:
    from app.logs import start_logs

    with _told():
        settings = read_group(LogSettings)
    start_logs(settings.level, json_lines=settings.json_lines, process=process)


@app.command()
def api() -> None:
    """Serve the API until SIGTERM or Ctrl-C."""
    from app.api import serve

    _logs("api")
    _run(_with_settings(serve))


@app.command()
def worker() -> None:
    """Carry out syncing and sending until SIGTERM or Ctrl-C."""
    from app.worker import work

    _logs("worker")
    _run(_with_settings(work))


@app.command()
def smtp() -> None:
    """Take mail for Auto BCC addresses until SIGTERM or Ctrl-C."""
    from app.smtp import serve

    _logs("smtp")
    # asyncio's own loop: the TLS of STARTTLS is built on it.
    with _told():
        asyncio.run(serve(read_settings()))


async def _with_settings(act: Any) -> Any:
    return await act(read_settings())


@app.command()
def migrate(
    check: Annotated[bool, typer.Option(help="Only compare the tables with the code.")] = False,
    check_embedded: Annotated[bool, typer.Option(help="The same, on a new database of its own.")] = False,
    app_password: Annotated[
        str | None,
        typer.Option(envvar="DATABASE_APP_PASSWORD", help="Sets the password of the role bothways_app."),
    ] = None,
) -> None:
    """Bring the database's tables to this version, as the owner (DATABASE_OWNER_URL)."""
    from app import migrating

    if check_embedded:
        with _told():
            migrating.check_on_new_database()
        said.print("The migrations make exactly the tables that the code declares.")
        return
    with _told():
        settings = read_group(DatabaseSettings)
    said.print(_run(migrating.migrate(settings, check=check, app_password=app_password)))


@app.command()
def demo(
    with_parent: Annotated[
        bool, typer.Option(help="End when the process that started this one ends.")
    ] = False,
) -> None:
    """Run everything on this machine: PostgreSQL, Valkey, API, worker, SMTP, a simulated Google."""
    from app.demo.supervisor import run
    from app.settings import given

    raise typer.Exit(run(given("PORT"), with_parent=with_parent))


@app.command()
def demo_reset(quiet: Annotated[bool, typer.Option(help="Say nothing.")] = False) -> None:
    """Forget the demo's data, keys and simulated mailboxes."""
    from app.demo.places import DemoTrouble, forget

    try:
        done = forget()
    except DemoTrouble as trouble:
        failed.print(str(trouble), style="red")
        raise typer.Exit(1) from None
    if not quiet:
        said.print(done)


@app.command()
def schema(
    check: Annotated[bool, typer.Option(help="Fail if schema/schema.graphql differs.")] = False,
) -> None:
    """Write schema/schema.graphql from the declarations."""
    from schema.root import SDL_FILE, sdl

    _generated(SDL_FILE, sdl(), check, "python -m app schema")


@app.command()
def environment(check: Annotated[bool, typer.Option(help="Fail if .env.example differs.")] = False) -> None:
    """Write .env.example from the settings."""
    _generated(Path(".env.example"), environment_example(), check, "python -m app environment")


def _generated(path: Path, text: str, check: bool, command: str) -> None:
    if not check:
        path.write_text(text, encoding="utf-8")
        said.print(f"{path} is written.")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        failed.print(f"{path} is not in step with the code. Run: {command}", style="red")
        raise typer.Exit(1)


@app.command()
def doctor() -> None:
    """Look at everything that usually goes wrong, and say how to mend it."""
    from app.doctor import examine

    findings = _run(_with_settings(examine))
    marks = {True: ("[green]ok[/green]  ", ""), False: ("[red]mend[/red]", "\n        ")}
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        mark, gap = marks[finding.well]
        console.print(
            f"{mark}  {finding.subject}: {finding.told}{gap}{finding.mend if not finding.well else ''}"
        )
    raise typer.Exit(0 if all(finding.well for finding in findings) else 1)


@app.command()
def healthy() -> None:
    """For containers: succeed if the API, worker or SMTP process on this machine is ready."""
    from app.health import a_process_is_ready
    from app.settings import WorkerSettings, http_port
    from app.smtp_settings import SmtpSettings

    with _told():
        ports = (http_port(), read_group(WorkerSettings).port, read_group(SmtpSettings).health_port)
    raise typer.Exit(0 if a_process_is_ready(ports) else 1)


@workspace.command("create")
def workspace_create(name: str) -> None:
    """Make a workspace; prints its id."""
    from app import operating

    said.print(_run(operating.create_workspace(name)))


@workspace.command("list")
def workspace_list() -> None:
    """Show every workspace's id and name."""
    from app import operating

    for workspace_id, name in _run(operating.list_workspaces()):
        said.print(f"{workspace_id}  {name}")


@workspace.command("erase")
def workspace_erase(
    workspace_id: Annotated[UUID, typer.Argument(help="The workspace's id.")],
    name: Annotated[str, typer.Argument(help="Its name, as it stands: there is no way back.")],
    even_connected: Annotated[bool, typer.Option(help="Also while mailboxes are connected.")] = False,
) -> None:
    """Erase a workspace: every row, its data key, every file. Run again, it removes files that were left."""
    from app import operating

    files = _run(operating.erase_workspace(workspace_id, name, even_connected=even_connected))
    said.print(f"The workspace is erased, with its data key and {files} files.")


@app.command()
def export(
    workspace_id: Annotated[UUID, typer.Argument(help="The workspace's id.")],
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    contact: Annotated[UUID | None, typer.Option(help="Only what there is of this contact.")] = None,
) -> None:
    """Write everything of a workspace into a folder: rows as JSON, mail as .eml, contacts as CSV."""
    from app import operating

    done = _run(operating.export(workspace_id, folder, contact))
    said.print(f"{sum(done.rows.values())} rows and {done.mails} mails are in {folder}.")
    if done.not_written:
        said.print(f"{len(done.not_written)} messages are there as rows alone; manifest.json names them.")


@app.command()
def verify_audit(
    workspace_id: Annotated[UUID | None, typer.Option("--workspace", help="Only this workspace.")] = None,
    at_least: Annotated[int, typer.Option(help="A number noted before: a log that ends earlier fails.")] = 0,
) -> None:
    """Follow the audit log's chain; fails where a row is missing or was changed."""
    from app import operating

    findings = _run(operating.verify_audit(workspace_id, at_least))
    for one in findings:
        if one.broken_at is None:
            said.print(f"{one.workspace_id}  holds, {one.holds_to} acts")
        else:
            failed.print(f"{one.workspace_id}  row {one.broken_at} is missing or was changed", style="red")
    raise typer.Exit(0 if all(one.broken_at is None for one in findings) else 1)


@user.command("create")
def user_create(
    name: str,
    email: str,
    workspace_id: WorkspaceOption,
    admin: Annotated[bool, typer.Option(help="May administer the workspace.")] = False,
) -> None:
    """Make a user; prints their id."""
    from app import operating

    said.print(_run(operating.create_user(workspace_id, name, email, admin=admin)))


@user.command("erase")
def user_erase(
    user_id: Annotated[UUID, typer.Argument(help="The user's id.")],
    email: Annotated[str, typer.Argument(help="Their login address, as it stands: there is no way back.")],
    workspace_id: WorkspaceOption,
) -> None:
    """Erase a user with mailboxes, keys and all mail that is theirs. Run again, it says how far it is."""
    from app import operating

    _say_how_far("user", _run(operating.erase_user(workspace_id, user_id, email)))


@mailbox.command("erase")
def mailbox_erase(
    mailbox_id: Annotated[UUID, typer.Argument(help="The mailbox's id.")],
    address: Annotated[str, typer.Argument(help="Its address, as it stands: there is no way back.")],
    workspace_id: WorkspaceOption,
) -> None:
    """Erase a mailbox and the mail that only it brought. Run again, it says how far it is."""
    from app import operating

    _say_how_far("mailbox", _run(operating.erase_mailbox(workspace_id, mailbox_id, address)))


def _say_how_far(what: str, seen: Any) -> None:
    if seen.left is None:
        said.print(f"The {what} is erased.")
    elif seen.begun:
        said.print(
            f"The {what} is shut out. The worker now erases {seen.left.messages} messages in "
            f"{seen.left.threads} conversations, and ends the consent at the provider; "
            f"{seen.left.messages_kept} stay with colleagues. Run this again to see that it is done."
        )
    elif seen.left.messages:
        said.print(f"The {what} is being erased, {seen.left.messages} messages are left; the worker does it.")
    else:
        said.print(
            f"All mail of the {what} is erased. The rest goes when the provider has ended the consent, "
            "within 23 hours even if it does not answer."
        )


@key.command("create")
def key_create(
    name: str,
    workspace_id: WorkspaceOption,
    scope: Annotated[list[str], typer.Option(help="READ, SEND or ADMIN; may be given several times.")],
    user_id: Annotated[UUID | None, typer.Option("--user", help="Acts as this user.")] = None,
) -> None:
    """Make an API key; it is shown this once."""
    from app import operating

    said.print(_run(operating.create_key(workspace_id, name, scope, user_id)))


@key.command("revoke")
def key_revoke(prefix: str, workspace_id: WorkspaceOption) -> None:
    """End an API key, by the eight characters after bw_."""
    from app import operating

    if not _run(operating.revoke_key(workspace_id, prefix.removeprefix("bw_").partition("_")[0])):
        failed.print("The workspace has no such key that still holds.", style="red")
        raise typer.Exit(1)
    said.print("The key no longer holds; within five seconds nobody accepts it.")


@vault.command("key")
def vault_key(
    name: Annotated[str, typer.Argument(help="A name of your choice, such as the year.")] = "first",
) -> None:
    """Print a new key for VAULT_KEYS."""
    from database.sealing import write_new_key

    said.print(write_new_key(name))


@vault.command("secret")
def vault_secret() -> None:
    """Print a new HTTP_SECRET."""
    said.print(base64.b64encode(secrets.token_bytes(32)).decode())


@app.command()
def rewrap() -> None:
    """After a new key was put first in VAULT_KEYS: wrap every workspace's data key with it."""
    from app import operating

    count = _run(operating.rewrap())
    said.print(f"{count} data keys were wrapped again; keys behind the first may now be removed.")
