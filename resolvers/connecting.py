"""Begin a consent (connect, move to another address, authenticate again), and take what came back.

Nothing here speaks to a provider: the answer is an address to send the user to, and the exchange is a job's.
Of the state only a hash is stored, the PKCE verifier only sealed (R7); where the user may be sent afterwards
is compared whole with the deployment's list (R9).
"""

from base64 import urlsafe_b64encode
from typing import Any, Final
from uuid import UUID

from strawberry import ID

from database.authorizations import VALID_FOR, ReturnRefused, record_return, seal_kept, state_hash
from database.reads import facts, roots
from database.reads.mailboxes import LIVE_MAILBOX_OF_USER, MAILBOX_OF_USER, OUTLOOK_IS_ON
from database.tables import AuthorizationRow, MailboxRow
from database.work import Work
from resolvers.access import NEEDS_USER, refusal
from resolvers.actors import actor
from resolvers.context import Context, Info
from resolvers.drafting import Unusable, read_address
from resolvers.looking import wanted_below
from resolvers.reading import read_one, uuid
from rules.presets import Preset, usual_scope
from rules.words import (
    AuthorizationId,
    AuthorizationPurpose,
    MailboxId,
    MailboxStatus,
    Provider,
    Scope,
    SyncScope,
    UserId,
    Visibility,
)
from schema.inputs import ConnectMailboxInput
from schema.results.mailboxes import Authorization, CompleteConnectionResult, ConnectMailboxResult
from schema.results.refusals import (
    AlreadyConnected,
    Forbidden,
    InvalidInput,
    LabsOff,
    NotFound,
    NotOffered,
)
from schema.scalars import read_id
from schema.types.mailboxes import Mailbox

_LIVE: Final = (MailboxStatus.CONNECTED, MailboxStatus.REAUTHENTICATE)
NO_SUCH_MAILBOX: Final = "There is no such mailbox of yours."
_UNLISTED_RETURN: Final = "This is none of the addresses that the deployment lists."


async def connect_mailbox(info: Info, input: ConnectMailboxInput) -> ConnectMailboxResult:
    """Begin to connect the viewer's mailbox."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    if context.viewer.user_id is None:
        return Forbidden(message=NEEDS_USER)
    user_id = context.viewer.user_id
    unfit = await _unfit(context, input)
    if unfit is not None:
        return unfit
    live = await _live_mailbox(context, user_id)
    if live is not None:
        return await _already(info, live)
    return await _begin(info, user_id, input, AuthorizationPurpose.CONNECT, None, None)


async def update_mailbox(info: Info, mailbox_id: ID, input: ConnectMailboxInput) -> ConnectMailboxResult:
    """Begin to move the viewer's mailbox to another address; the old one goes on until the switch (L4)."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    unfit = await _unfit(context, input)
    if unfit is not None:
        return unfit
    old = await _own(context, mailbox_id)
    if old is None or old["status"] not in _LIVE:
        return NotFound(message=NO_SUCH_MAILBOX)
    return await _begin(info, UserId(old["user_id"]), input, AuthorizationPurpose.UPDATE, None, old["id"])


async def reauthenticate_mailbox(
    info: Info, mailbox_id: ID, return_url: str | None = None
) -> ConnectMailboxResult:
    """Begin to consent again to a mailbox that is connected, or waits for its user (L7)."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    mailbox = await _own(context, mailbox_id)
    if mailbox is None or mailbox["status"] not in _LIVE:
        return NotFound(message=NO_SUCH_MAILBOX)
    provider = Provider(mailbox["provider"])
    if provider not in context.consents:
        return NotOffered(message="This deployment does not offer this provider any more.")
    if return_url is not None and return_url not in context.settings.return_urls:
        return InvalidInput(message=_UNLISTED_RETURN, field="returnUrl")
    again = ConnectMailboxInput(provider=provider, login_hint=mailbox["address"], return_url=return_url)
    purpose = AuthorizationPurpose.REAUTHENTICATE
    claims = mailbox["claims_challenge"]
    return await _begin(info, UserId(mailbox["user_id"]), again, purpose, mailbox["id"], None, claims)


async def complete_connection(info: Info, state: str, code: str) -> CompleteConnectionResult:
    """Take what came back to a client with a redirect of its own; the exchange is a job's."""
    context = info.context
    denied = refusal(context.viewer, Scope.SEND)
    if denied is not None:
        return denied
    if context.viewer.user_id is None:
        return Forbidden(message=NEEDS_USER)
    if not code.strip():
        return InvalidInput(message="The provider's page gives a code with the state.", field="code")
    returned = await record_return(
        context.db, context.vault, state=state, code=code, error=None, user_id=context.viewer.user_id
    )
    if isinstance(returned, ReturnRefused):
        return NotFound(message="No consent of yours is waiting for this state, or it is over. Begin again.")
    found: Mailbox = await _read(info, returned.mailbox_id)
    return found


async def _unfit(context: Context, input: ConnectMailboxInput) -> InvalidInput | LabsOff | NotOffered | None:
    """Return why nothing can be connected as asked, before anything is written."""
    if input.provider is Provider.IMAP:
        return NotOffered(message="Mailboxes over IMAP are not offered.")
    if input.provider is Provider.OUTLOOK:
        labs = await context.db.fetchval(
            context.viewer.workspace_id,
            OUTLOOK_IS_ON,
            context.viewer.workspace_id,
        )
        if not labs:
            return LabsOff(message="Outlook is switched on by an admin under the workspace's labs.")
    if input.provider not in context.consents:
        return NotOffered(message="This deployment is not set up for this provider.")
    if input.return_url is not None and input.return_url not in context.settings.return_urls:
        return InvalidInput(message=_UNLISTED_RETURN, field="input.returnUrl")
    try:
        if input.login_hint is not None:
            read_address("input.loginHint", input.login_hint)
    except Unusable as unusable:
        return unusable.refusal
    return None


async def _live_mailbox(context: Context, user_id: UserId) -> UUID | None:
    found: UUID | None = await context.db.fetchval(
        context.viewer.workspace_id,
        LIVE_MAILBOX_OF_USER,
        context.viewer.workspace_id,
        user_id,
    )
    return found


async def _own(context: Context, mailbox_id: ID) -> Any:
    """Return the row of a mailbox of the viewer's own: nobody consents for somebody else."""
    return await context.db.fetchrow(
        context.viewer.workspace_id,
        MAILBOX_OF_USER,
        context.viewer.workspace_id,
        read_id(mailbox_id),
        context.viewer.user_id,
    )


async def _already(info: Info, mailbox_id: UUID) -> AlreadyConnected:
    return AlreadyConnected(
        message="You have a connected mailbox. Move it to another address with updateMailbox.",
        mailbox=await _read(info, mailbox_id, "mailbox"),
    )


async def _read(info: Info, mailbox_id: UUID, *path: str) -> Any:
    context = info.context
    wanted = wanted_below(info, "mailbox", context.viewer.workspace_id, *path)
    return await read_one(context, "mailbox", roots.OWN_MAILBOX, wanted, id=uuid(mailbox_id))


async def _begin(
    info: Info,
    user_id: UserId,
    input: ConnectMailboxInput,
    purpose: AuthorizationPurpose,
    mailbox_id: UUID | None,
    replaces_id: UUID | None,
    claims: str | None = None,
) -> Authorization:
    """Record a consent under way, and answer where to send the user."""
    context = info.context
    state = urlsafe_b64encode(context.entropy(32)).rstrip(b"=").decode()
    begun = context.consents[input.provider].begin(
        state=state,
        purpose=purpose,
        login_hint=input.login_hint,
        entropy=context.entropy(32),
        claims=claims,
    )
    key = await context.vault.data_key(context.viewer.workspace_id)
    authorization_id = AuthorizationId(context.new_id())
    expires_at = context.now + VALID_FOR
    async with context.db.work(context.viewer.workspace_id) as work:
        made_id = mailbox_id or await _authorizing(work, context, user_id, input, replaces_id)
        work.add(
            AuthorizationRow(
                id=authorization_id,
                workspace_id=work.workspace_id,
                user_id=user_id,
                mailbox_id=made_id,
                replaces_id=replaces_id,
                provider=input.provider,
                purpose=purpose,
                state_hash=state_hash(state),
                kept_sealed=seal_kept(key, authorization_id, begun.kept),
                return_url=input.return_url,
                created_at=context.now,
                expires_at=expires_at,
            )
        )
        await work.audit(actor(context.viewer), f"mailbox.{purpose.lower()}.begun", mailbox=str(made_id))
    mailbox: Mailbox = await _read(info, made_id, "mailbox")
    return Authorization(url=begun.url, state=state, expires_at=expires_at, mailbox=mailbox)


async def _authorizing(
    work: Work, context: Context, user_id: UserId, input: ConnectMailboxInput, replaces_id: UUID | None
) -> MailboxId:
    """Store the mailbox that the consent will connect; what it replaces hands on its settings."""
    preset = (await work.execute(facts.PRESET, {"workspace": work.workspace_id})).scalar_one()
    scope = input.scope or usual_scope(input.provider, Preset(preset) if preset else None)
    visibility = input.visibility or Visibility.EVERYTHING
    if replaces_id is not None:
        old = (await work.execute(facts.SETTINGS_OF_MAILBOX, {"id": replaces_id})).one()
        scope = input.scope or SyncScope(old.scope)
        visibility = input.visibility or Visibility(old.visibility)
    mailbox_id = MailboxId(context.new_id())
    work.add(
        MailboxRow(
            id=mailbox_id,
            workspace_id=work.workspace_id,
            user_id=user_id,
            provider=input.provider,
            status=MailboxStatus.AUTHORIZING,
            scope=scope,
            visibility=visibility,
            created_at=context.now,
        )
    )
    await work.flush()
    return mailbox_id
