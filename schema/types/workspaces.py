"""Who is asking, and the workspace they ask in."""

from datetime import datetime

import strawberry
from strawberry import ID, field

from schema.enums import OversizePolicy, Preset, Provider, Scope, SyncScope
from schema.types.mailboxes import User
from schema.types.sending import WorkspaceSender
from schema.types.webhooks import Webhook


@strawberry.type(description="Features that a workspace has switched on before they are for everybody.")
class Labs:
    outlook: bool = field(description="Whether Outlook mailboxes may be connected.")


@strawberry.type(description="What a preset sets the scope of a provider's mailboxes to.")
class PresetScope:
    provider: Provider = field(description="Whose mailboxes.")
    scope: SyncScope = field(description="Which mail they bring.")


@strawberry.type(description="What applyPreset sets.")
class PresetSettings:
    preset: Preset = field(description="The preset.")
    scopes: list[PresetScope] = field(description="The scopes of mailboxes; others stay as they are.")
    attachment_limit_bytes: int = field(
        description="How large a message's attachments may be together, in bytes."
    )
    attachment_types: list[str] | None = field(
        description="File name extensions whose content is kept; null keeps any."
    )
    oversize: OversizePolicy = field(description="What happens to mail whose attachments are larger.")
    labs_outlook: bool = field(description="Whether Outlook mailboxes may be connected.")


@strawberry.type(description="A key for programs. Its secret was shown once, when it was made.")
class ApiKey:
    id: ID = field(description="The key's id.")
    name: str = field(description="What it is for; 200 characters at most.")
    prefix: str = field(description="How its secret begins, to recognise it by.")
    scopes: list[Scope] = field(description="What it may do.")
    user: User | None = field(description="Whom it acts as; null where it acts as the workspace.")
    created_at: datetime = field(description="When it was made.")
    expires_at: datetime | None = field(description="When it ends by itself; null where it does not.")
    revoked_at: datetime | None = field(description="When it was revoked; null while it works.")


@strawberry.type(description="The tenant: everything below belongs to exactly one.")
class Workspace:
    id: ID = field(description="The workspace's id.")
    name: str = field(description="The name; 200 characters at most.")
    users: list[User] = field(description="Everybody who works in it, by name; the first 500.")
    attachment_limit_bytes: int = field(
        description="How large the attachments of one message may be together, in bytes; 25 MB at most."
    )
    attachment_types: list[str] | None = field(
        description="File name extensions whose content is kept, in lower case; null keeps any."
    )
    oversize: OversizePolicy = field(description="What happens to mail whose attachments are larger.")
    blocklist: list[str] = field(description="Addresses and domains that never sync.")
    preset: Preset | None = field(
        description="The preset that was applied last, whose scopes new mailboxes begin with; null where "
        "none was. What was changed since is in the fields."
    )
    labs: Labs = field(description="What is switched on early.")
    workspace_sender: WorkspaceSender | None = field(
        description="The workspace's own way of sending; null where none is set up, and for all but admins."
    )
    api_keys: list[ApiKey] = field(
        description="The keys for programs, newest first, revoked ones included; the first 500. Empty for "
        "all but admins."
    )
    webhooks: list[Webhook] = field(
        description="Who is told what happens here, newest first; 20 at most. Empty for all but admins."
    )


@strawberry.type(description="Who is asking.")
class Viewer:
    user: User | None = field(description="The user; null where a key acts as the workspace.")
    api_key: ApiKey | None = field(description="The key that was used; null where it was a user's token.")
    workspace: Workspace = field(description="The workspace asked in.")
    scopes: list[Scope] = field(description="What the credential may do.")
    unread_threads: int = field(
        description="How many open conversations have a message that the user has not read; 1000 means "
        "that or more. 0 where a key acts as the workspace."
    )
    unanswered_threads: int = field(
        description="How many of the 1000 newest open conversations end with a message from outside."
    )
