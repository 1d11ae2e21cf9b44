"""Finish a consent that came back: exchange its code, judge it, and connect the mailbox (L1, L4, L7 to L9).

The code is good for one exchange. A job that is killed between the provider's answer and the commit cannot
ask again: the next run is refused by the provider, the mailbox fails with a sentence that says to begin
again, and what was connected before is untouched.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from database.authorizations import open_code, open_kept
from database.commands import Claimed
from database.endings import end_mailbox
from database.tables import AuthorizationRow, MailboxRow, table_of
from database.work import Work
from jobs.context import JobContext
from jobs.mailboxes import Mailbox, find_mailbox
from jobs.running import Done, Outcome, hold
from jobs.tokens import FreshGrant, keep_tokens
from providers.granting import Granted
from providers.protocol import Profile
from rules.errors import NeedsReconnect, OutcomeUnknown, ProviderTrouble, RefusalKind, Refused
from rules.happenings import (
    Command,
    FinishAuthorization,
    MailboxChanged,
    PullMailbox,
    RenewWatch,
)
from rules.mailbox_life import (
    ConsentVerdict,
    Duty,
    MailboxHappening,
    judge_consent,
    may,
    move,
)
from rules.words import (
    AuthorizationId,
    AuthorizationPurpose,
    MailboxId,
    MailboxStatus,
    Provider,
    WorkspaceId,
)

_AUTHORIZATION: Final = """
select id, workspace_id, mailbox_id, replaces_id, provider, purpose, kept_sealed, code_sealed, error,
       finished_at
from authorizations where id = $1
"""

_TAKEN: Final = """
select exists (
    select from mailboxes
    where workspace_id = $1 and provider = $2 and remote_account_id = $3 and user_id <> $4
      and status in ('CONNECTED', 'REAUTHENTICATE')
)
"""

TAKEN_SENTENCE: Final = (
    "This mailbox, or another one of yours, was connected meanwhile; disconnect that first."
)


@dataclass(frozen=True, slots=True)
class Consent:
    """An authorization that came back, as its job needs it."""

    id: AuthorizationId
    workspace_id: WorkspaceId
    mailbox: Mailbox
    replaces: Mailbox | None
    provider: Provider
    purpose: AuthorizationPurpose
    kept: str
    code: str | None
    error: str | None


async def finish_authorization(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Connect, or say why not."""
    assert isinstance(command, FinishAuthorization)
    consent = await _find(context, claimed.workspace_id, command.authorization_id)
    if consent is None:
        return Done()
    exchange = context.doors.exchange(consent.provider)
    if consent.code is None:
        await _fail(context, claimed, consent, exchange.explain(consent.error or ""), ())
        return Done()
    redirect_uri = dict(context.settings.redirect_uris)[consent.provider]
    try:
        granted = await exchange.finish(code=consent.code, kept=consent.kept, redirect_uri=redirect_uri)
        context.passing("authorize.granted")
        verdict = await _verdict(context, consent, granted)
        if verdict.refusal is None:
            keeper = FreshGrant(consent.mailbox.id, granted.tokens)
            profile = await context.doors.mailbox(consent.provider, keeper).profile()
    except NeedsReconnect as shut:
        await _fail(context, claimed, consent, exchange.reason(shut.reason), ())
        return Done()
    except (Refused, OutcomeUnknown) as refused:
        await _fail(context, claimed, consent, _begin_again(refused), ())
        return Done()
    if verdict.refusal is not None:
        await _fail(context, claimed, consent, verdict.sentence or "", verdict.missing)
        return Done()
    try:
        await _connect(context, claimed, consent, granted, keeper, profile)
    except IntegrityError:
        await _fail(context, claimed, consent, TAKEN_SENTENCE, ())
    return Done()


def _begin_again(trouble: ProviderTrouble) -> str:
    if isinstance(trouble, Refused) and trouble.kind is RefusalKind.OTHER:
        return "The provider did not accept the consent: it was used before, or is too old. Connect again."
    return "It is not sure what became of the consent. Nothing was connected; connect again."


async def _find(
    context: JobContext, workspace_id: WorkspaceId, authorization_id: AuthorizationId
) -> Consent | None:
    row = await context.db.fetchrow(workspace_id, _AUTHORIZATION, authorization_id)
    if row is None or row["finished_at"] is not None:
        return None
    mailbox = await find_mailbox(context, workspace_id, MailboxId(row["mailbox_id"]))
    replaces = None
    if row["replaces_id"] is not None:
        replaces = await find_mailbox(context, workspace_id, MailboxId(row["replaces_id"]))
    if mailbox is None or not may(mailbox.status, MailboxHappening.CONSENT_COMPLETE):
        return None
    key = await context.vault.data_key(workspace_id)
    return Consent(
        id=authorization_id,
        workspace_id=workspace_id,
        mailbox=mailbox,
        replaces=replaces,
        provider=Provider(row["provider"]),
        purpose=AuthorizationPurpose(row["purpose"]),
        kept=open_kept(key, authorization_id, row["kept_sealed"]),
        code=open_code(key, authorization_id, row["code_sealed"]) if row["code_sealed"] else None,
        error=row["error"],
    )


async def _verdict(context: JobContext, consent: Consent, granted: Granted) -> ConsentVerdict:
    taken = await context.db.fetchval(
        consent.workspace_id,
        _TAKEN,
        consent.workspace_id,
        consent.provider.value,
        granted.remote_account_id,
        consent.mailbox.owner,
    )
    expected = consent.replaces or consent.mailbox
    return judge_consent(
        consent.purpose,
        account=granted.remote_account_id,
        expected_account=expected.remote_account_id,
        taken=bool(taken),
        missing=granted.missing,
    )


async def _connect(
    context: JobContext,
    claimed: Claimed,
    consent: Consent,
    granted: Granted,
    keeper: FreshGrant,
    profile: Profile,
) -> None:
    moved = move(consent.mailbox.status, MailboxHappening.CONSENT_COMPLETE)
    key = await context.vault.data_key(consent.workspace_id)
    async with context.db.work(consent.workspace_id) as work:
        await hold(context, work, claimed)
        if consent.replaces is not None:
            old = consent.replaces
            await end_mailbox(work, old.id, old.owner, old.status, MailboxHappening.REPLACED_BY_ANOTHER)
        values: dict[str, Any] = {
            "status": moved.status.value,
            "status_reason": None,
            "missing_permissions": [],
            "claims_challenge": None,
            "address": profile.address,
            "remote_account_id": granted.remote_account_id,
            "send_as": list(profile.send_as),
            "retry_at": None,
        }
        if Duty.SET_CURSOR_TO_NOW in moved.duties:
            values |= {
                "cursor": profile.cursor,
                "connected_at": profile.at,
                "last_change_seen_at": work.now,
                "next_check_at": work.now,
            }
        mailboxes = table_of(MailboxRow).c
        await work.execute(update(MailboxRow).where(mailboxes.id == consent.mailbox.id).values(values))
        await keep_tokens(work, key, consent.mailbox.id, keeper.tokens)
        await _finish(work, consent, None)
        work.ask(RenewWatch(consent.mailbox.id))
        work.ask(PullMailbox(consent.mailbox.id))
        work.tell(MailboxChanged(consent.mailbox.id, consent.mailbox.owner))
        await work.audit("system", "mailbox.connected", mailbox=str(consent.mailbox.id))


async def _fail(
    context: JobContext, claimed: Claimed, consent: Consent, sentence: str, missing: tuple[str, ...]
) -> None:
    """Say why the consent connects nothing. What was connected before stays as it was."""
    moved = move(consent.mailbox.status, MailboxHappening.CONSENT_FAILED)
    async with context.db.work(consent.workspace_id) as work:
        await hold(context, work, claimed)
        values: dict[str, Any] = {"status": moved.status.value, "missing_permissions": list(missing)}
        if moved.status is not MailboxStatus.CONNECTED:
            values["status_reason"] = sentence
        if moved.status is MailboxStatus.FAILED:
            values["ended_at"] = work.now
        mailboxes = table_of(MailboxRow).c
        await work.execute(update(MailboxRow).where(mailboxes.id == consent.mailbox.id).values(values))
        await _finish(work, consent, sentence)
        work.tell(MailboxChanged(consent.mailbox.id, consent.mailbox.owner))
        await work.audit("system", "mailbox.not_connected", mailbox=str(consent.mailbox.id))


async def _finish(work: Work, consent: Consent, error: str | None) -> None:
    authorizations = table_of(AuthorizationRow).c
    await work.execute(
        update(AuthorizationRow)
        .where(authorizations.id == consent.id)
        .values(finished_at=work.now, code_sealed=None, error=error)
    )
