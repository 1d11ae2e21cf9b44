"""The workspace's own sender: set up, changed, removed, tried. For admins, and audited.

The law: a password goes in, sealed, and never comes out; one that is kept is kept for the server it was given
for. Whoever names another server, port or user names the password again, so that no admin can have it sent to
a server of their own.
"""

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from database.reads import roots
from database.tables import SuppressionRow, WorkspaceSenderRow, table_of
from database.work import Work
from resolvers.access import NEEDS_USER, refusal
from resolvers.actors import actor
from resolvers.context import Context, Info
from resolvers.drafting import Unusable, read_address, read_line
from resolvers.looking import wanted_below
from resolvers.reading import read_one
from rules.happenings import TryWorkspaceSender
from rules.words import Scope, SuppressionReason, TlsMode, UserId
from schema.inputs import WorkspaceSenderInput
from schema.results.bulk import SuppressAddressResult, Suppression, TestWorkspaceSenderResult
from schema.results.refusals import Forbidden, NotConnected

_HOST: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?\Z")
_FIELD: Final = "input.workspaceSender"
LONGEST_SECRET: Final = 1_000
NO_SENDER: Final = "The workspace has no sender of its own; set one up first."


async def change_sender(work: Work, context: Context, given: WorkspaceSenderInput | None) -> None:
    """Set the workspace's sender up as given, or remove it.

    Raises:
        Unusable: a value cannot be used.
    """
    rows = table_of(WorkspaceSenderRow)
    if given is None:
        await work.execute(delete(rows).where(rows.c.workspace_id == work.workspace_id))
        return
    values = _values(given)
    known = await work.execute(select(rows).where(rows.c.workspace_id == work.workspace_id).with_for_update())
    row = known.one_or_none()
    sender_id = context.new_id() if row is None else row.id
    values["password_sealed"] = await _sealed(context, given, row, sender_id, values)
    values |= {"changed_at": context.now, "tested_at": None, "test_error": None}
    await work.execute(
        insert(rows)
        .values(id=sender_id, workspace_id=work.workspace_id, **values)
        .on_conflict_do_update(constraint="workspace_senders_once", set_=values)
    )


def _values(given: WorkspaceSenderInput) -> dict[str, Any]:
    host = read_line(f"{_FIELD}.host", given.host, 253, shortest=1)
    if not _HOST.match(host):
        raise Unusable(f"{_FIELD}.host", "This is no server's name.")
    if not 1 <= given.port <= 65535:
        raise Unusable(f"{_FIELD}.port", "A port is 1 to 65535.")
    username = None
    if given.username is not None:
        username = read_line(f"{_FIELD}.username", given.username, LONGEST_SECRET, shortest=1)
        if given.tls is TlsMode.NONE:
            raise Unusable(
                f"{_FIELD}.tls", "A password is never sent in the clear; use STARTTLS or IMPLICIT."
            )
    name = given.from_name
    return {
        "host": host.lower(),
        "port": given.port,
        "tls": given.tls.value,
        "username": username,
        "from_address": read_address(f"{_FIELD}.fromAddress", given.from_address),
        "from_name": None if name is None else read_line(f"{_FIELD}.fromName", name, 200) or None,
        "bounces_here": given.bounces_here,
    }


async def _sealed(
    context: Context, given: WorkspaceSenderInput, row: Any, sender_id: UUID, values: dict[str, Any]
) -> bytes | None:
    """Return the password as it is kept: the new one, or the old one for the same log-in."""
    if values["username"] is None:
        return None
    if given.password is None:
        same = row is not None and all(
            getattr(row, name) == values[name] for name in ("host", "port", "tls", "username")
        )
        if not same or row.password_sealed is None:
            raise Unusable(f"{_FIELD}.password", "Give the password for this server and user.")
        return bytes(row.password_sealed)
    if not 1 <= len(given.password) <= LONGEST_SECRET or not given.password.isprintable():
        raise Unusable(f"{_FIELD}.password", f"A password has 1 to {LONGEST_SECRET} printable characters.")
    key = await context.vault.data_key(context.viewer.workspace_id)
    return key.seal(given.password.encode("utf-8"), "workspace_senders", sender_id, "password_sealed")


async def test_workspace_sender(info: Info) -> TestWorkspaceSenderResult:
    """Ask for a test mail to the viewer's own address."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    if context.viewer.user_id is None:
        return Forbidden(message=NEEDS_USER)
    wanted = wanted_below(info, "workspace_sender", context.viewer.workspace_id)
    found: TestWorkspaceSenderResult | None = await read_one(
        context, "workspace_sender", roots.WORKSPACE_SENDER, wanted
    )
    if found is None:
        return NotConnected(message=NO_SENDER)
    async with context.db.work(context.viewer.workspace_id) as work:
        work.ask(TryWorkspaceSender(UserId(context.viewer.user_id)))
        await work.audit(actor(context.viewer), "workspace_sender.tested")
    return found


async def suppress_address(info: Info, address: str, suppressed: bool = True) -> SuppressAddressResult:
    """Put an address on the suppression list, or take it off."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    try:
        clean = read_address("address", address)
    except Unusable as unusable:
        return unusable.refusal
    rows = table_of(SuppressionRow)
    async with context.db.work(context.viewer.workspace_id) as work:
        if suppressed:
            values = {
                "id": context.new_id(),
                "workspace_id": work.workspace_id,
                "address": clean,
                "reason": SuppressionReason.ADDED.value,
                "created_at": context.now,
            }
            await work.execute(insert(rows).values(values).on_conflict_do_nothing())
        else:
            mine = (rows.c.workspace_id == work.workspace_id) & (rows.c.address == clean)
            await work.execute(delete(rows).where(mine))
        await work.audit(actor(context.viewer), "suppression.changed", suppressed=str(suppressed).lower())
    return Suppression(address=clean, suppressed=suppressed)
