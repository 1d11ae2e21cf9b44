"""The API: one declaration per field, each married to its resolver. The words are in schema/types."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import strawberry
from strawberry import field
from strawberry.schema.config import StrawberryConfig

from resolvers import (
    activity,
    address_books,
    auto_bcc,
    bulk,
    bulk_reading,
    connecting,
    contact_changes,
    contacts,
    decisions,
    erasing,
    governing,
    importing,
    listening,
    mailbox_changes,
    mailboxes,
    messages,
    policies,
    proving,
    senders,
    sending,
    submissions,
    thread_changes,
    threads,
    webhooks,
    workspaces,
)
from schema.results.bulk import (
    ChangeBulkSendResult,
    PreviewBulkEmailResult,
    SendBulkEmailResult,
    SuppressAddressResult,
    TestWorkspaceSenderResult,
)
from schema.results.contacts import (
    CreateContactResult,
    DeleteContactResult,
    EraseContactResult,
    ImportContactsResult,
    LinkContactsResult,
    UpdateContactResult,
)
from schema.results.erasing import EraseMailboxResult, EraseUserResult, PreviewErasureResult
from schema.results.mailboxes import (
    CompleteConnectionResult,
    ConfigureMailboxResult,
    ConnectMailboxResult,
    DisconnectMailboxResult,
    RetrySetAsideResult,
    SyncNowResult,
)
from schema.results.sending import CancelSendResult, MarkThreadResult, SendEmailResult
from schema.results.workspaces import (
    CreateApiKeyResult,
    InviteUserResult,
    RevokeApiKeyResult,
    RotateAutoBccResult,
    UpdateBlocklistResult,
    UpdateWorkspaceResult,
)
from schema.scalars import SCALARS
from schema.types.bulk import BulkRecipientConnection, BulkSendConnection, SuppressedAddressConnection
from schema.types.conversations import (
    Contact,
    ContactConnection,
    Message,
    MessageConnection,
    Thread,
    ThreadConnection,
)
from schema.types.events import (
    BulkSendProgressed,
    InboxEvent,
    MailboxChanged,
    MessageChanged,
    MessageSynced,
    ThreadChanged,
    WebhookChanged,
    Withdrawn,
)
from schema.types.mailboxes import Mailbox, MailboxDay, SyncDecision, SyncDecisionConnection
from schema.types.sending import BulkSend
from schema.types.webhooks import WebhookDeliveryConnection
from schema.types.workspaces import PresetSettings, Viewer, Workspace
from schema.webhook_mutations import WebhookMutations


@strawberry.type(description="What can be read. Pages hold 1..100 entries, 25 by default.")
class Query:
    viewer: Viewer = field(resolver=workspaces.viewer, description="Who is asking.")
    workspace: Workspace = field(resolver=workspaces.workspace, description="The viewer's workspace.")
    mailbox: Mailbox | None = field(
        resolver=mailboxes.mailbox, description="A mailbox of the viewer's; for admins, any of the workspace."
    )
    mailboxes: list[Mailbox] = field(
        resolver=mailboxes.mailboxes,
        description="The viewer's mailboxes that have not ended, and the last try where it failed; "
        "for admins, the workspace's.",
    )
    contact: Contact | None = field(resolver=contacts.contact, description="A contact.")
    contacts: ContactConnection = field(
        resolver=contacts.contacts,
        description="The contacts, newest first; `search` looks into names, companies and addresses, 200 "
        "characters at most.",
    )
    thread: Thread | None = field(resolver=threads.thread, description="A conversation.")
    threads: ThreadConnection = field(
        resolver=threads.threads, description="The conversations, latest message first: the inbox."
    )
    message: Message | None = field(resolver=messages.message, description="A message.")
    search_messages: MessageConnection = field(
        resolver=messages.search_messages,
        description="Messages whose subject, text or sender hold the words, newest first; 200 characters at "
        'most, "in quotes" for a phrase, -word to leave out.',
    )
    bulk_send: BulkSend | None = field(
        resolver=bulk.bulk_send, description="A bulk send of the viewer's; for admins, any."
    )
    bulk_sends: BulkSendConnection = field(
        resolver=bulk_reading.bulk_sends,
        description="The viewer's bulk sends, newest first; for admins, the workspace's.",
    )
    bulk_recipients: BulkRecipientConnection = field(
        resolver=bulk_reading.bulk_recipients,
        description="Whom a bulk send is for, in the order they are written to; all, or those with one "
        "outcome.",
    )
    preview_bulk_email: PreviewBulkEmailResult = field(
        resolver=bulk_reading.preview_bulk_email,
        description="What sendBulkEmail would do with this input: how many would get it, who would not and "
        "why, and what the contact at `index`, from 0, would read. Nothing is stored or sent.",
    )
    suppressions: SuppressedAddressConnection = field(
        resolver=bulk_reading.suppressions,
        description="The addresses that get no bulk mail, newest first; `search` looks into the address. "
        "Empty for all but admins.",
    )
    sync_activity: list[MailboxDay] = field(
        resolver=activity.sync_activity,
        description="How much mail came in, was left alone and left through each of the viewer's mailboxes "
        "(for admins, the workspace's), by day of a time zone; `days` is 1..30, today the last.",
    )
    presets: list[PresetSettings] = field(
        resolver=policies.presets, description="What each preset of applyPreset sets."
    )
    sync_decisions: SyncDecisionConnection = field(
        resolver=decisions.sync_decisions,
        description="What was decided of the mail of a mailbox, newest first; for its owner only.",
    )
    why_not_synced: SyncDecision | None = field(
        resolver=decisions.why_not_synced,
        description="What was decided of one mail, by its Message-ID; for the mailbox's owner only. "
        "Null where the mailbox never showed it, or over 30 days ago.",
    )
    preview_sync: SyncDecision = field(
        resolver=proving.preview_sync,
        description="What the rules would say of such a mail in a mailbox of the viewer's now. Nothing is "
        "stored or fetched; the decision's id names nothing.",
    )
    preview_erase_mailbox: PreviewErasureResult = field(
        resolver=erasing.preview_erase_mailbox,
        description="What eraseMailbox would take away now; for its owner and admins. Nothing is erased.",
    )
    preview_erase_user: PreviewErasureResult = field(
        resolver=erasing.preview_erase_user,
        description="What eraseUser would take away now; for admins. Nothing is erased.",
    )
    webhook_deliveries: WebhookDeliveryConnection = field(
        resolver=webhooks.webhook_deliveries,
        description="What a webhook was told in the last 30 days, and what waits, newest first; for admins.",
    )


@strawberry.type(
    description="What can be changed. Each answers with its success, or with the way in which it was "
    "refused; a refusal changed nothing but what it says it kept."
)
class Mutation(WebhookMutations):
    connect_mailbox: ConnectMailboxResult = field(
        resolver=connecting.connect_mailbox,
        description="Begin to connect the viewer's mailbox: answers where to send them for consent. What "
        "becomes of it is live, and in the mailbox's status.",
    )
    complete_connection: CompleteConnectionResult = field(
        resolver=connecting.complete_connection,
        description="For clients with a redirect of their own: hand over what came back. Answers at once; "
        "the mailbox's status tells when it is connected.",
    )
    update_mailbox: ConnectMailboxResult = field(
        resolver=connecting.update_mailbox,
        description="Begin to move a mailbox to another address. The old one goes on until the new one is "
        "connected; if that fails, it is untouched.",
    )
    reauthenticate_mailbox: ConnectMailboxResult = field(
        resolver=connecting.reauthenticate_mailbox,
        description="Begin to consent again to a mailbox that waits for its user; nothing is lost meanwhile. "
        "`returnUrl` as for connectMailbox.",
    )
    configure_mailbox: ConfigureMailboxResult = field(
        resolver=mailbox_changes.configure_mailbox,
        description="Change which mail a mailbox brings from now on, and what colleagues see of it: less "
        "takes effect at once and on what it brought before, more from now on.",
    )
    disconnect_mailbox: DisconnectMailboxResult = field(
        resolver=mailbox_changes.disconnect_mailbox,
        description="End a connection at once. What was synced stays; tokens are revoked and erased.",
    )
    sync_now: SyncNowResult = field(
        resolver=mailbox_changes.sync_now,
        description="Read a mailbox now instead of when it is due, and compare it with the provider's list.",
    )
    retry_set_aside: RetrySetAsideResult = field(
        resolver=proving.retry_set_aside,
        description="Try again everything that could not be read from a mailbox, also what was given up.",
    )
    create_contact: CreateContactResult = field(
        resolver=contact_changes.create_contact,
        description="Make a contact. Of several with one address the first made keeps its conversations.",
    )
    update_contact: UpdateContactResult = field(
        resolver=contact_changes.update_contact, description="Replace what is known of a contact."
    )
    delete_contact: DeleteContactResult = field(
        resolver=contact_changes.delete_contact, description="Delete a contact that has no conversations."
    )
    import_contacts: ImportContactsResult = field(
        resolver=importing.import_contacts,
        description="Import 1..1000 contacts at once: what is new is made, what is known by an address is "
        "completed, nothing that is there is overwritten.",
    )
    import_contact_file: ImportContactsResult = field(
        resolver=importing.import_contact_file,
        description="Import the 1..1000 contacts of a CSV file, whose first line names the columns, or of "
        "vCards; 1,000,000 characters at most, as importContacts does.",
    )
    link_contacts: LinkContactsResult = field(
        resolver=address_books.link_contacts,
        description="Read what changed in the address book of a mailbox's account, and link it with the "
        "contacts that have one of its addresses. No contact is made of it.",
    )
    link_google_contacts: LinkContactsResult = field(
        resolver=address_books.link_contacts,
        description="linkContacts by its older name.",
    )
    erase_contact: EraseContactResult = field(
        resolver=erasing.erase_contact,
        description="Erase a person everywhere, for good: the contact, its conversations with messages and "
        "files, what they wrote elsewhere; for admins.",
    )
    erase_mailbox: EraseMailboxResult = field(
        resolver=erasing.erase_mailbox,
        description="Erase a mailbox for good, connected or not, with the mail that it alone brought or "
        "carried; for its owner and admins. It stops at once, is gone within a minute, and the consent is "
        "ended at the provider. What a colleague's mailbox holds too stays theirs. `address` is the "
        "mailbox's, to be sure; empty where it never had one.",
    )
    erase_user: EraseUserResult = field(
        resolver=erasing.erase_user,
        description="Erase a user for good, with their mailboxes, keys, uploads and all mail that they wrote "
        "or brought, and their addresses from the headers of what stays; for another admin. They are shut "
        "out at once and gone within a minute. `email` is their login address, to be sure.",
    )
    send_email: SendEmailResult = field(
        resolver=sending.send_email,
        description="Send a mail from the viewer's mailbox. Answers at once with the message; how its "
        "delivery goes on is live.",
    )
    cancel_send: CancelSendResult = field(
        resolver=submissions.cancel_send,
        description="Undo a sending of the viewer's that has not begun to leave.",
    )
    retry_send: SendEmailResult = field(
        resolver=submissions.retry_send,
        description="Send once more what was refused, or what could not be proved to have left.",
    )
    send_workflow_email: SendEmailResult = field(
        resolver=sending.send_workflow_email,
        description="For automations: send a mail by the workspace sender, also with a workspace's key.",
    )
    send_bulk_email: SendBulkEmailResult = field(
        resolver=bulk.send_bulk_email,
        description="Send a mail to many contacts. What a contact lacks is said before anything is queued; "
        "how it goes on is live. Every mail can be unsubscribed from with one click.",
    )
    pause_bulk_send: ChangeBulkSendResult = field(
        resolver=bulk.pause_bulk_send,
        description="Stop a bulk send; the few mails under way may still leave.",
    )
    resume_bulk_send: ChangeBulkSendResult = field(
        resolver=bulk.resume_bulk_send, description="Let a paused bulk send go on where it stopped."
    )
    cancel_bulk_send: ChangeBulkSendResult = field(
        resolver=bulk.cancel_bulk_send, description="End a bulk send; what has not left never will."
    )
    test_workspace_sender: TestWorkspaceSenderResult = field(
        resolver=senders.test_workspace_sender,
        description="Send a test mail through the workspace sender to the viewer's own address; its outcome "
        "is in `testedAt` and `testError` soon after. For admins.",
    )
    suppress_address: SuppressAddressResult = field(
        resolver=senders.suppress_address,
        description="Put an address on the list of those that get no bulk mail, or take it off; for admins.",
    )
    mark_thread: MarkThreadResult = field(
        resolver=thread_changes.mark_thread,
        description="Mark a conversation read or unread (also in the viewer's mailbox), open or done, whose "
        "it is (null: nobody's), private to the viewer. What is left out stays.",
    )
    rotate_auto_bcc_address: RotateAutoBccResult = field(
        resolver=auto_bcc.rotate_auto_bcc_address,
        description="Give the viewer a new Auto BCC address. The old one is taken for five days, for mail "
        "that is under way.",
    )
    update_workspace: UpdateWorkspaceResult = field(
        resolver=governing.update_workspace, description="Change the workspace; for admins."
    )
    apply_preset: UpdateWorkspaceResult = field(
        resolver=policies.apply_preset,
        description="Set the workspace and the scope of all its mailboxes to what a system published; for "
        "admins. Nothing that was synced changes.",
    )
    update_blocklist: UpdateBlocklistResult = field(
        resolver=policies.update_blocklist,
        description="Replace the viewer's own blocklist, 1000 entries at most; what was synced stays.",
    )
    invite_user: InviteUserResult = field(
        resolver=governing.invite_user, description="Add a person who works in the CRM; for admins."
    )
    create_api_key: CreateApiKeyResult = field(
        resolver=governing.create_api_key,
        description="Make a key for programs, with 1..200 characters of name, acting as a user or, without "
        "one, as the workspace; for admins.",
    )
    revoke_api_key: RevokeApiKeyResult = field(
        resolver=governing.revoke_api_key,
        description="End a key: requests within 5 seconds, open sockets within 10; for admins.",
    )


@strawberry.type(
    description="What happens, live. Without `after` from now on; with it, first what was missed."
)
class Subscription:
    inbox: AsyncIterator[InboxEvent] = strawberry.subscription(
        resolver=listening.inbox,
        description="Everything that happens in the workspace and is the viewer's to see, in order.",
    )
    message_synced: AsyncIterator[MessageSynced] = strawberry.subscription(
        resolver=listening.message_synced,
        description="New messages, of one conversation, contact or mailbox, or of all.",
    )
    mailbox_changed: AsyncIterator[MailboxChanged] = strawberry.subscription(
        resolver=listening.mailbox_changed,
        description="What becomes of a mailbox, or of all that the viewer may see.",
    )
    bulk_send_progressed: AsyncIterator[BulkSendProgressed] = strawberry.subscription(
        resolver=listening.bulk_send_progressed, description="How a bulk send goes on."
    )


VIEWER_FIELDS: Final = frozenset(
    {
        "Thread.unreadCount",
        "Viewer.unreadThreads",
        "Viewer.unansweredThreads",
        "Message.read",
        "Message.htmlWithImages",
        "Attachment.url",
        "User.autoBccAddress",
        "Mailbox.skipped",
        "User.blocklist",
    }
)
"""Fields whose answer depends on who asks, even where both may see the same objects."""

schema: Final = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[MessageChanged, ThreadChanged, Withdrawn, WebhookChanged],
    config=StrawberryConfig(scalar_map=SCALARS),
)

SDL_FILE: Final = Path(__file__).with_name("schema.graphql")
"""Where the schema is committed, so that a change of it is seen in review."""


def sdl() -> str:
    """Return the schema as it is committed."""
    return schema.as_str() + "\n"
