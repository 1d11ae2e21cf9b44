"""One row in every table, for tests of what holds for all of them."""

from typing import Any

from database.ids import new_id
from database.tables import (
    AddressBookEntryRow,
    AddressBookRow,
    ApiKeyRow,
    AttachmentRow,
    AuthorizationRow,
    BulkRecipientRow,
    BulkSendRow,
    ContactAddressRow,
    ContactLinkRow,
    ContactRow,
    MessageCopyRow,
    QuarantineRow,
    RetiredAutoBccRow,
    SetAsideRow,
    SubmissionRow,
    SuppressionRow,
    SyncDecisionRow,
    SyncGapRow,
    ThreadLinkRow,
    TrackedContactRow,
    UnreadRow,
    VerificationRow,
    WebhookDeliveryRow,
    WebhookRow,
    WorkspaceSenderRow,
)
from database.work import Work
from rules.happenings import PullMailbox, ThreadChanged
from rules.words import (
    AuthorizationPurpose,
    ContactId,
    DeliveryState,
    MailboxId,
    Provider,
    Scope,
    ThreadId,
)
from tests.conftest import WorkspaceForTests
from tests.database.rows import conversation, mailbox


def _add_sender(work: Work, common: dict[str, Any], contact: ContactRow) -> None:
    work.add(
        WorkspaceSenderRow(
            **common,
            host="smtp.okafor.example",
            port=587,
            tls="STARTTLS",
            from_address="hello@okafor.example",
            changed_at=work.now,
        )
    )
    work.add(SuppressionRow(**common, address="dana@okafor.co", reason="ADDED", created_at=work.now))
    work.add(
        BulkSendRow(
            **common,
            via="WORKSPACE_SENDER",
            idempotency_key="bulk",
            request_hash=b"h",
            subject="Hi",
            created_at=work.now,
        )
    )
    work.add(BulkRecipientRow(**common, bulk_send_id=common["id"], contact_id=contact.id))


def _add_webhook(work: Work, common: dict[str, Any]) -> None:
    work.add(
        WebhookRow(
            **common,
            url="https://crm.example/told",
            secret_sealed=b"s",
            changed_at=work.now,
            created_at=work.now,
        )
    )
    work.add(
        WebhookDeliveryRow(
            **common, webhook_id=common["id"], event_at=work.now, subject={}, created_at=work.now
        )
    )


async def fill(work: Work, workspace: WorkspaceForTests) -> None:
    """Put at least one row into every table."""
    contact, thread, message = conversation(work, workspace)
    box = mailbox(work, workspace)
    common: dict[str, Any] = {"id": new_id(), "workspace_id": workspace.id}
    for row in (contact, thread, message, box):
        work.add(row)
    work.add(ContactAddressRow(**common, contact_id=contact.id, address="dana@okafor.example"))
    work.add(
        ThreadLinkRow(
            **common, thread_id=thread.id, mailbox_id=box.id, remote_thread_id="t", created_at=work.now
        )
    )
    work.add(
        MessageCopyRow(
            **common, message_id=message.id, mailbox_id=box.id, remote_id="m", remote_thread_id="t"
        )
    )
    work.add(UnreadRow(**common, user_id=workspace.user_id, thread_id=thread.id, message_id=message.id))
    work.add(
        AttachmentRow(
            **common, message_id=message.id, name="a", content_type="a/b", size_bytes=1, created_at=work.now
        )
    )
    work.add(
        SetAsideRow(**common, mailbox_id=box.id, remote_id="x", attempts=5, error="?", first_at=work.now)
    )
    work.add(SyncGapRow(**common, mailbox_id=box.id, from_at=work.now, to_at=work.now))
    work.add(VerificationRow(**common, mailbox_id=box.id, since=work.now, started_at=work.now))
    work.add(AddressBookRow(**common, mailbox_id=box.id))
    work.add(AddressBookEntryRow(**common, mailbox_id=box.id, external_id="p", address_hash=b"h"))
    _add_sender(work, common, contact)
    _add_webhook(work, common)
    work.add(
        ContactLinkRow(
            **common, mailbox_id=box.id, contact_id=contact.id, external_id="p", created_at=work.now
        )
    )
    work.add(
        SyncDecisionRow(
            **common,
            mailbox_id=box.id,
            at=work.now,
            synced=True,
            rule="D1",
            size_bytes=1,
            remote_id_hash=b"h",
        )
    )
    work.add(
        ApiKeyRow(
            **common,
            name="k",
            prefix="p",
            secret_hash=new_id().bytes,
            scopes=[Scope.READ],
            created_at=work.now,
        )
    )
    work.add(
        AuthorizationRow(
            **common,
            user_id=workspace.user_id,
            mailbox_id=box.id,
            provider=Provider.GMAIL,
            purpose=AuthorizationPurpose.CONNECT,
            state_hash=new_id().bytes,
            kept_sealed=b"s",
            created_at=work.now,
            expires_at=work.now,
        )
    )
    work.add(
        SubmissionRow(
            **common,
            message_id=message.id,
            user_id=workspace.user_id,
            state=DeliveryState.QUEUED,
            idempotency_key="once",
            request_hash=b"r",
            marker="m",
            created_at=work.now,
        )
    )
    work.add(
        RetiredAutoBccRow(
            **common,
            user_id=workspace.user_id,
            local_part=new_id().hex,
            retired_at=work.now,
            accepted_until=work.now,
        )
    )
    work.add(TrackedContactRow(**common, user_id=workspace.user_id, contact_id=contact.id, since=work.now))
    work.add(
        QuarantineRow(
            **common,
            user_id=workspace.user_id,
            reason="NOT_AUTHENTICATED",
            day=work.now.date(),
            first_at=work.now,
            last_at=work.now,
        )
    )
    work.tell(ThreadChanged(ThreadId(thread.id), ContactId(contact.id)))
    work.ask(PullMailbox(MailboxId(box.id)))
    await work.audit("system", "filled")
