"""Govern the workspace: its settings, its users, its keys. For admins, and audited."""

from typing import Any, Final

import strawberry
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from strawberry import ID

from database.reads import roots
from database.tables import ApiKeyRow, UserRow, WorkspaceRow, table_of
from resolvers.access import refusal
from resolvers.actors import actor
from resolvers.context import Context, Info
from resolvers.drafting import Unusable, read_address, read_line
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from resolvers.senders import change_sender
from rules import api_keys
from rules.addresses import InvalidAddress
from rules.blocklist import blocklist_entry
from rules.words import Scope
from schema.inputs import UserInput, WorkspaceInput
from schema.results.refusals import AlreadyExists, InvalidInput, NotFound
from schema.results.workspaces import (
    ApiKeyCreated,
    CreateApiKeyResult,
    InviteUserResult,
    RevokeApiKeyResult,
    UpdateWorkspaceResult,
)
from schema.scalars import read_id
from schema.types.mailboxes import User
from schema.types.workspaces import ApiKey, Workspace

LONGEST_NAME: Final = 200
LARGEST_ATTACHMENTS_BYTES: Final = 25 * 1024 * 1024
MOST_BLOCKED: Final = 1_000
MOST_TYPES: Final = 100
LONGEST_EXTENSION: Final = 16
_ONCE: Final = ("users_email_once", "users_subject_once")


async def update_workspace(info: Info, input: WorkspaceInput) -> UpdateWorkspaceResult:
    """Change what is given of the workspace."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    try:
        await _change(context, input, _changes(input))
    except Unusable as unusable:
        return unusable.refusal
    wanted = wanted_below(info, "workspace", context.viewer.workspace_id)
    found: Workspace = await read_one(context, "workspace", roots.WORKSPACE, wanted)
    return found


async def _change(context: Context, given: WorkspaceInput, changes: dict[str, Any]) -> None:
    """Write what is given, in one transaction. Raises: Unusable."""
    fields = sorted(changes)
    if given.workspace_sender is not strawberry.UNSET:
        fields.append("workspace_sender")
    if not fields:
        return
    workspaces = table_of(WorkspaceRow)
    async with context.db.work(context.viewer.workspace_id) as work:
        if changes:
            await work.execute(
                update(workspaces).where(workspaces.c.id == work.workspace_id).values(**changes)
            )
        if given.workspace_sender is not strawberry.UNSET:
            await change_sender(work, context, given.workspace_sender)
        await work.audit(actor(context.viewer), "workspace.changed", fields=" ".join(fields))


def _changes(given: WorkspaceInput) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if given.name is not None:
        changes["name"] = read_line("input.name", given.name, LONGEST_NAME, shortest=1)
    if given.attachment_limit_bytes is not None:
        if not 1 <= given.attachment_limit_bytes <= LARGEST_ATTACHMENTS_BYTES:
            raise Unusable(
                "input.attachmentLimitBytes", f"The limit is 1 to {LARGEST_ATTACHMENTS_BYTES} bytes."
            )
        changes["attachment_limit_bytes"] = given.attachment_limit_bytes
    if given.attachment_types is not strawberry.UNSET:
        changes["attachment_types"] = _types(given.attachment_types)
    if given.oversize is not None:
        changes["oversize"] = given.oversize.value
    if given.blocklist is not None:
        changes["blocklist"] = read_blocklist("input.blocklist", given.blocklist)
    if given.labs_outlook is not None:
        changes["labs_outlook"] = given.labs_outlook
    return changes


def _types(given: list[str] | None) -> list[str] | None:
    if given is None:
        return None
    if len(given) > MOST_TYPES:
        raise Unusable("input.attachmentTypes", f"The list has {MOST_TYPES} entries at most.")
    types = []
    for place, text in enumerate(given):
        extension = text.strip().lower().removeprefix(".")
        if not (extension.isalnum() and extension.isascii() and len(extension) <= LONGEST_EXTENSION):
            raise Unusable(f"input.attachmentTypes.{place}", "This is no file name extension such as pdf.")
        types.append(extension)
    return list(dict.fromkeys(types))


def read_blocklist(path: str, given: list[str]) -> list[str]:
    """Return a blocklist as it is stored. Raises: Unusable: an entry is neither address nor domain."""
    if len(given) > MOST_BLOCKED:
        raise Unusable(path, f"The list has {MOST_BLOCKED} entries at most.")
    entries = []
    for place, text in enumerate(given):
        try:
            entries.append(blocklist_entry(text))
        except InvalidAddress:
            raise Unusable(f"{path}.{place}", "This is neither an address nor a domain.") from None
    return list(dict.fromkeys(entries))


async def invite_user(info: Info, input: UserInput) -> InviteUserResult:
    """Make a user."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    user_id = context.new_id()
    try:
        row = UserRow(
            id=user_id,
            workspace_id=context.viewer.workspace_id,
            name=read_line("input.name", input.name, LONGEST_NAME, shortest=1),
            email=read_address("input.email", input.email),
            role=input.role,
            subject=_subject(input.subject),
            created_at=context.now,
        )
        async with context.db.work(context.viewer.workspace_id) as work:
            work.add(row)
            await work.audit(actor(context.viewer), "user.invited", user=str(user_id), role=input.role.value)
    except Unusable as unusable:
        return unusable.refusal
    except IntegrityError as clash:
        if not any(name in str(clash.orig) for name in _ONCE):
            raise
        return AlreadyExists(message="Somebody in the workspace has this address or subject.")
    wanted = wanted_below(info, "user", context.viewer.workspace_id)
    found: User = await read_one(context, "user", roots.USER, wanted, id=uuid(user_id))
    return found


def _subject(given: str | None) -> str | None:
    return None if given is None else read_line("input.subject", given, LONGEST_NAME, shortest=1)


async def create_api_key(
    info: Info, name: str, scopes: list[Scope], user_id: ID | None = None
) -> CreateApiKeyResult:
    """Make a key; nobody gives more than they have."""
    context = info.context
    viewer = context.viewer
    denied = refusal(viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    try:
        clean_name = read_line("name", name, LONGEST_NAME, shortest=1)
    except Unusable as unusable:
        return unusable.refusal
    if not scopes or not viewer.scopes.issuperset(scopes):
        return InvalidInput(message="Give the key some of the scopes that you have.", field="scopes")
    made = api_keys.made(context.entropy(api_keys.ENTROPY_BYTES))
    key_id = context.new_id()
    acts_as = None if user_id is None else read_id(user_id)
    if user_id is not None and acts_as != viewer.user_id:
        return InvalidInput(message="A key acts as yourself, or as the workspace.", field="userId")
    async with context.db.work(viewer.workspace_id) as work:
        work.add(
            ApiKeyRow(
                id=key_id,
                workspace_id=work.workspace_id,
                user_id=acts_as,
                name=clean_name,
                prefix=made.prefix,
                secret_hash=made.secret_hash,
                scopes=sorted({one.value for one in scopes}),
                created_at=context.now,
            )
        )
        await work.audit(actor(viewer), "api_key.created", key=str(key_id))
    wanted = wanted_below(info, "api_key", viewer.workspace_id, "apiKey")
    key: ApiKey = await read_one(context, "api_key", roots.API_KEY, wanted, id=uuid(key_id))
    return ApiKeyCreated(api_key=key, secret=made.shown)


async def revoke_api_key(info: Info, id: ID) -> RevokeApiKeyResult:
    """End a key; its requests and sockets end within seconds."""
    context = info.context
    denied = refusal(context.viewer, Scope.ADMIN)
    if denied is not None:
        return denied
    keys = table_of(ApiKeyRow)
    key_id = read_id(id)
    async with context.db.work(context.viewer.workspace_id) as work:
        ended = await work.execute(
            update(keys)
            .where(keys.c.workspace_id == work.workspace_id, keys.c.id == key_id, keys.c.revoked_at.is_(None))
            .values(revoked_at=context.now)
            .returning(keys.c.id)
        )
        if ended.scalar_one_or_none() is not None:
            await work.audit(actor(context.viewer), "api_key.revoked", key=str(key_id))
    wanted = wanted_below(info, "api_key", context.viewer.workspace_id)
    key: ApiKey | None = await read_one(context, "api_key", roots.API_KEY, wanted, id=uuid(key_id))
    return key if key is not None else NotFound(message="There is no such key.")
