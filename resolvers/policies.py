"""What syncs, by choice: a published system's settings at once, and a user's own blocklist."""

from typing import Final

from sqlalchemy import update

from database.reads import roots
from database.tables import MailboxRow, UserRow, WorkspaceRow, table_of
from resolvers.access import NEEDS_USER, refusal, require_read
from resolvers.actors import actor
from resolvers.context import Info
from resolvers.drafting import Unusable
from resolvers.governing import read_blocklist
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from rules.happenings import MailboxChanged
from rules.presets import PRESETS, Preset
from rules.words import MailboxId, MailboxStatus, Scope, UserId
from schema.results.refusals import Forbidden
from schema.results.workspaces import UpdateBlocklistResult, UpdateWorkspaceResult
from schema.types.mailboxes import User
from schema.types.workspaces import PresetScope, PresetSettings, Workspace

_KEPT: Final = (MailboxStatus.CONNECTED, MailboxStatus.REAUTHENTICATE, MailboxStatus.AUTHORIZING)


async def presets(info: Info) -> list[PresetSettings]:
    """Return what each preset would set."""
    require_read(info.context.viewer)
    return [
        PresetSettings(
            preset=preset,
            scopes=[PresetScope(provider=provider, scope=scope) for provider, scope in given.scopes.items()],
            attachment_limit_bytes=given.attachment_limit_bytes,
            attachment_types=None if given.attachment_types is None else sorted(given.attachment_types),
            oversize=given.oversize,
            labs_outlook=given.labs_outlook,
        )
        for preset, given in PRESETS.items()
    ]


async def apply_preset(info: Info, preset: Preset) -> UpdateWorkspaceResult:
    """Set the workspace, and every mailbox of it, to what a system published."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    given = PRESETS[preset]
    workspaces, mailboxes = table_of(WorkspaceRow).c, table_of(MailboxRow).c
    async with context.db.work(context.viewer.workspace_id) as work:
        await work.execute(
            update(WorkspaceRow)
            .where(workspaces.id == work.workspace_id)
            .values(
                preset=preset.value,
                attachment_limit_bytes=given.attachment_limit_bytes,
                attachment_types=None if given.attachment_types is None else sorted(given.attachment_types),
                oversize=given.oversize.value,
                labs_outlook=given.labs_outlook,
            )
        )
        for provider, scope in given.scopes.items():
            changed = await work.execute(
                update(MailboxRow)
                .where(
                    mailboxes.workspace_id == work.workspace_id,
                    mailboxes.provider == provider.value,
                    mailboxes.status.in_([one.value for one in _KEPT]),
                    mailboxes.scope != scope.value,
                )
                .values(scope=scope.value)
                .returning(mailboxes.id, mailboxes.user_id)
            )
            for row in changed:
                work.tell(MailboxChanged(MailboxId(row.id), UserId(row.user_id)))
        await work.audit(actor(context.viewer), "workspace.preset", preset=preset.value)
    wanted = wanted_below(info, "workspace", context.viewer.workspace_id)
    found: Workspace = await read_one(context, "workspace", roots.WORKSPACE, wanted)
    return found


async def update_blocklist(info: Info, blocklist: list[str]) -> UpdateBlocklistResult:
    """Replace the viewer's own blocklist; it concerns their mailbox and nobody else's."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    user_id = context.viewer.user_id
    if user_id is None:
        return Forbidden(message=NEEDS_USER)
    try:
        entries = read_blocklist("blocklist", blocklist)
    except Unusable as unusable:
        return unusable.refusal
    users = table_of(UserRow).c
    async with context.db.work(context.viewer.workspace_id) as work:
        await work.execute(update(UserRow).where(users.id == user_id).values(blocklist=entries))
        await work.audit(actor(context.viewer), "user.blocklist", entries=str(len(entries)))
    wanted = wanted_below(info, "user", context.viewer.workspace_id)
    found: User = await read_one(context, "user", roots.USER, wanted, id=uuid(user_id))
    return found
