"""Carry a submission to the workspace's own SMTP server, within SMTP's means exactly once.

SMTP has no drafts and cannot be asked afterwards: SENDING is committed before the mail is handed over, the
reply to the final dot ends it, and where that reply is lost, or the process was killed meanwhile, the
submission stays UNCERTAIN until its author decides. Nothing is ever repeated by itself after SENDING.
Source: security R48 to R50; sync-rules S1 to S4.
"""

from dataclasses import replace
from typing import Final
from uuid import UUID

import structlog
from pydantic import SecretStr
from sqlalchemy import update

from database.commands import Claimed
from database.ids import new_id
from database.tables import BulkSendRow, WorkspaceSenderRow, table_of
from jobs.context import JobContext
from jobs.running import Again, Done, Outcome, hold
from jobs.sendings import Sending, outgoing, write_stage, write_verdict
from providers.smtp.account import Handover, SmtpAccount
from rules.envelope import Correspondent
from rules.errors import OperatorMustAct, ProviderTrouble, Refused
from rules.happenings import BulkSendProgressed, Command, TryWorkspaceSender
from rules.headers import UnsafeHeader
from rules.mime_out import OutgoingMessage, compose
from rules.return_tokens import return_path
from rules.send_errors import NO_SENDER_SENTENCE, SendError
from rules.smtp_replies import pauses_bulk
from rules.submission_life import Attempt, Happening, Stage, Verdict, judge, move, unprovable
from rules.words import BulkState, EmailAddress, TlsMode, WorkspaceId

log = structlog.get_logger(__name__)

TABLE_NAME: Final = "workspace_senders"
SEALED_COLUMN: Final = "password_sealed"

_SENDER: Final = """
select id, host, port, tls, username, password_sealed, from_address, from_name, bounces_here
from workspace_senders where workspace_id = $1
"""


async def find_account(context: JobContext, workspace_id: WorkspaceId) -> SmtpAccount | None:
    """Return the workspace's sender with its password opened, or None where none is set up."""
    row = await context.db.fetchrow(workspace_id, _SENDER, workspace_id)
    if row is None:
        return None
    password = None
    if row["password_sealed"] is not None:
        key = await context.vault.data_key(workspace_id)
        opened = key.open_(bytes(row["password_sealed"]), TABLE_NAME, row["id"], SEALED_COLUMN)
        password = SecretStr(opened.decode("utf-8"))
    return SmtpAccount(
        host=row["host"],
        port=row["port"],
        tls=TlsMode(row["tls"]),
        username=row["username"],
        password=password,
        from_address=EmailAddress(row["from_address"]),
        from_name=row["from_name"],
        bounces_here=row["bounces_here"],
    )


async def bulk_state(context: JobContext, sending: Sending) -> BulkState | None:
    """Return how the bulk send of a mail stands; None where it is of none."""
    found = await context.db.fetchval(
        sending.workspace_id, "select state from bulk_sends where id = $1", sending.bulk_send_id
    )
    return None if found is None else BulkState(found)


async def send_through_sender(context: JobContext, claimed: Claimed, sending: Sending) -> Outcome:
    """Take a submission of the workspace sender as far as it goes now."""
    match sending.stage:
        case Stage.QUEUED:
            return await _hand_over(context, claimed, sending)
        case Stage.SENDING:
            # Whoever began it never learned the answer.
            await write_verdict(context, claimed, sending, unprovable(sending.stage))
            return Done()
        case _:
            return Done()


async def _hand_over(context: JobContext, claimed: Claimed, sending: Sending) -> Outcome:
    account = await find_account(context, sending.workspace_id)
    if account is None:
        refused = move(sending.stage, Happening.REFUSE)
        verdict = Verdict(refused, None, SendError.NO_SENDER, NO_SENDER_SENTENCE)
        await write_verdict(context, claimed, sending, verdict)
        return Done()
    try:
        message = await outgoing(context, sending)
        # The From is the sender's as it is now, so that it is one that the server lets out.
        name = message.sender.name or account.from_name
        message = replace(message, sender=Correspondent(account.from_address, name))
        composed = compose(message, shows_bcc=False)
    except UnsafeHeader as unsafe:
        return await _judge(context, claimed, sending, Refused(str(unsafe)))
    sending = await _begin(context, claimed, sending)
    recipients = _recipients(message)
    reports_to = _return_path(context, account, sending)
    try:
        handover = await context.doors.workspace_sender.send(
            account, recipients, composed, context.passing, return_path=reports_to
        )
        context.passing("send.accepted")
    except ProviderTrouble as trouble:
        return await _judge(context, claimed, sending, trouble)
    await _accepted(context, claimed, sending, handover, len(recipients))
    return Done()


def _recipients(message: OutgoingMessage) -> tuple[EmailAddress, ...]:
    return tuple(dict.fromkeys(one.address for one in (*message.to, *message.cc, *message.bcc)))


def _return_path(context: JobContext, account: SmtpAccount, sending: Sending) -> EmailAddress:
    """Return where reports go: to us, where the sender's server may name another domain, else to the From."""
    returns = context.settings.returns
    if returns.reply_domain is None or not account.bounces_here:
        return account.from_address
    return return_path(returns.secret, sending.id, returns.reply_domain)


async def _begin(context: JobContext, claimed: Claimed, sending: Sending) -> Sending:
    stage = move(sending.stage, Happening.SEND_BEGUN)
    async with context.db.work(sending.workspace_id) as work:
        await write_stage(context, work, claimed, sending, stage)
        work.tell(sending.changed)
    context.passing("send.sending")
    return replace(sending, stage=stage)


async def _accepted(
    context: JobContext, claimed: Claimed, sending: Sending, handover: Handover, recipients: int
) -> None:
    refused = len(handover.refused)
    error = f"The mail server did not take {refused} of {recipients} recipients." if refused else None
    async with context.db.work(sending.workspace_id) as work:
        await write_stage(
            context,
            work,
            claimed,
            sending,
            move(sending.stage, Happening.ACCEPTED),
            sent_at=work.now,
            error=error,
            error_code=SendError.BAD_RECIPIENT.value if refused else None,
        )
        work.tell(sending.changed)
        context.passing("send.sent-uncommitted")
    context.passing("send.sent")


async def _judge(
    context: JobContext, claimed: Claimed, sending: Sending, trouble: ProviderTrouble
) -> Outcome:
    """Write what a failure means; a refusal of the sender itself stops the bulk send and burns no mail."""
    if sending.bulk_send_id is not None and pauses_bulk(trouble):
        await _pause(context, claimed, sending, str(trouble))
        trouble = OperatorMustAct(str(trouble))
    attempt = Attempt(sending.stage, sending.attempts, sending.due_at, drafted=False)
    verdict = judge(attempt, trouble, context.now(), context.dice())
    if verdict.stage is Stage.UNCERTAIN:
        verdict = unprovable(sending.stage)
    await write_verdict(context, claimed, sending, verdict)
    return Done() if verdict.due_at is None else Again(verdict.due_at)


async def _pause(context: JobContext, claimed: Claimed, sending: Sending, because: str) -> None:
    assert sending.bulk_send_id is not None, "a mail of a bulk send"
    bulk_sends = table_of(BulkSendRow).c
    async with context.db.work(sending.workspace_id) as work:
        await hold(context, work, claimed)
        paused = await work.execute(
            update(BulkSendRow)
            .where(bulk_sends.id == sending.bulk_send_id, bulk_sends.state == BulkState.RUNNING.value)
            .values(state=BulkState.PAUSED.value, paused_because=because)
            .returning(bulk_sends.id)
        )
        if paused.first() is not None:
            log.warning("bulk_send_paused", bulk_send=str(sending.bulk_send_id), reason=because)
            work.tell(BulkSendProgressed(sending.bulk_send_id))


async def try_workspace_sender(context: JobContext, claimed: Claimed, command: Command) -> Outcome:
    """Send a test mail to whoever asked for it, and write down what came of it; never repeated."""
    assert isinstance(command, TryWorkspaceSender)
    workspace_id = claimed.workspace_id
    account = await find_account(context, workspace_id)
    user = await context.db.fetchrow(
        workspace_id, "select name, email from users where id = $1", command.user_id
    )
    if account is None or user is None:
        return Done()
    test_id = new_id()
    message = _test_message(context, account, EmailAddress(user["email"]), user["name"], test_id)
    error: str | None = None
    try:
        composed = compose(message, shows_bcc=False)
        await context.doors.workspace_sender.send(account, _recipients(message), composed)
    except (ProviderTrouble, UnsafeHeader) as trouble:
        error = str(trouble)
    rows = table_of(WorkspaceSenderRow).c
    async with context.db.work(workspace_id) as work:
        await hold(context, work, claimed)
        await work.execute(
            update(WorkspaceSenderRow)
            .where(rows.workspace_id == workspace_id)
            .values(tested_at=work.now, test_error=error)
        )
    return Done()


def _test_message(
    context: JobContext, account: SmtpAccount, address: EmailAddress, name: str, test_id: UUID
) -> OutgoingMessage:
    return OutgoingMessage(
        sender=Correspondent(account.from_address, account.from_name),
        to=(Correspondent(address, name),),
        subject="A test of the workspace sender",
        message_id=f"{test_id}@{context.settings.message_id_domain}",
        sent_at=context.now(),
        marker=str(test_id),
        boundary=f"bothways-{test_id.hex}",
        text="This mail came through the mail server that your workspace sends with. It works.",
        automatic=True,
    )
