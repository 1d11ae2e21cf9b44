"""What mutations and filters take; resolvers check the limits, and answer InvalidInput with the field."""

from datetime import datetime

import strawberry
from strawberry import ID, field

from rules.words import EmailAddress
from schema.enums import OversizePolicy, Provider, Role, SyncScope, ThreadState, TlsMode, Visibility


@strawberry.input(description="Which conversations to list; all given conditions hold together.")
class ThreadFilter:
    state: ThreadState | None = field(default=None, description="Only those in this state.")
    assignee_id: ID | None = field(default=None, description="Only those that this user looks after.")
    contact_id: ID | None = field(default=None, description="Only those with this contact.")
    mailbox_id: ID | None = field(default=None, description="Only those that sync through this mailbox.")
    unread: bool | None = field(
        default=None,
        description="Only those with (true) or without (false) messages the viewer has not read.",
    )


@strawberry.input(description="Which mailbox to connect, and how.")
class ConnectMailboxInput:
    provider: Provider = field(description="Who keeps the mailbox.")
    login_hint: EmailAddress | None = field(
        default=None, description="The address to suggest on the provider's page."
    )
    return_url: str | None = field(
        default=None,
        description="Where to go after the consent: one of the addresses that the deployment lists, exactly.",
    )
    scope: SyncScope | None = field(
        default=None, description="Which mail it brings; by default what suits the provider."
    )
    visibility: Visibility | None = field(
        default=None, description="What colleagues see of it; EVERYTHING by default."
    )


@strawberry.input(description="A contact.")
class ContactInput:
    name: str | None = field(default=None, description="The name; 200 characters at most.")
    emails: list[str] = field(
        description="The addresses, 1..20, the first one written to by default. What is no address is "
        "refused by its field; in an import, by its row."
    )
    company: str | None = field(default=None, description="The company; 200 characters at most.")


@strawberry.input(description="An attachment of an envelope.")
class EnvelopeAttachmentInput:
    name: str = field(description="The file name.")
    size_bytes: int = field(description="The decoded size in bytes.")


@strawberry.input(description="All that the rules look at of a mail. 500 addresses at most.")
class EnvelopeInput:
    from_: EmailAddress = field(name="from", description="Who wrote it.")
    to: list[EmailAddress] = field(description="Whom it was written to.")
    cc: list[EmailAddress] | None = field(default=None, description="Who got a copy.")
    bcc: list[EmailAddress] | None = field(default=None, description="Who got a blind copy.")
    internet_message_id: str | None = field(default=None, description="Its Message-ID.")
    in_reply_to: str | None = field(default=None, description="The Message-ID that it answers.")
    references: list[str] | None = field(
        default=None, description="The Message-IDs of its conversation, oldest first; 100 at most."
    )
    remote_thread_id: str | None = field(default=None, description="The provider's own thread of it.")
    received_at: datetime | None = field(default=None, description="When the mailbox got it; now by default.")
    attachments: list[EnvelopeAttachmentInput] | None = field(
        default=None, description="Its attachments; 200 at most."
    )


@strawberry.input(description="A mail to a contact, or a reply in a conversation.")
class SendEmailInput:
    idempotency_key: str = field(
        description="Chosen by the client, 1..200 printable characters, kept for good: the same key with the "
        "same input answers with the same message and sends nothing."
    )
    contact_id: ID | None = field(default=None, description="Starts a conversation with this contact, or")
    thread_id: ID | None = field(default=None, description="goes on with this one; exactly one of the two.")
    from_: EmailAddress | None = field(
        name="from",
        default=None,
        description="A verified send-as address of the viewer's mailbox; its own by default.",
    )
    to: list[EmailAddress] | None = field(
        default=None,
        description="By default the contact's first address, or the conversation's correspondent. To, Cc and "
        "Bcc hold 100 addresses at most together.",
    )
    cc: list[EmailAddress] | None = field(default=None, description="Who gets a copy.")
    bcc: list[EmailAddress] | None = field(default=None, description="Who gets a blind copy.")
    subject: str | None = field(
        default=None, description="In a reply by default the conversation's; 998 characters at most."
    )
    text: str | None = field(
        default=None, description="The text, made from the HTML by default; 1 MB at most."
    )
    html: str | None = field(default=None, description="The HTML, which is sanitised; 1 MB at most.")
    attachment_ids: list[ID] | None = field(
        default=None,
        description="Files uploaded before with POST /attachments by the same user; 50 at most. An image "
        "that the HTML shows as `cid:` and its id goes inline.",
    )
    send_at: datetime | None = field(default=None, description="When to send; within a year.")
    undo_seconds: int | None = field(
        default=None, description="Hold it back for so many seconds, so that it can be undone; 0..60."
    )


@strawberry.input(description="A mail to many contacts, each in their own conversation.")
class SendBulkEmailInput:
    idempotency_key: str = field(
        description="As of sendEmail: the same key with the same input answers with the same bulk send."
    )
    contact_ids: list[ID] | None = field(default=None, description="Whom it is for, 1..5000, or `search`.")
    search: str | None = field(
        default=None,
        description="Instead of `contactIds`: those that `contacts(search:)` finds; everybody, if empty.",
    )
    from_: EmailAddress | None = field(
        name="from",
        default=None,
        description="Where it equals the address of the viewer's Outlook mailbox, that carries it; else the "
        "workspace sender does, and answers come back here, or, where the deployment takes none, go to this "
        "address.",
    )
    subject: str = field(description="The subject, 1..998 characters; merge fields as in the text.")
    text: str | None = field(
        default=None,
        description="The text; 200 000 characters at most. Liquid with {{ name }}, {{ first_name }}, "
        "{{ last_name }}, {{ email }}, {{ company }}, filters, if, unless and case.",
    )
    html: str | None = field(
        default=None, description="The HTML, which is sanitised; merge fields as in the text, escaped."
    )
    leave_out_incomplete: bool = field(
        default=False,
        description="Leave out contacts that lack an address or a field that the text needs, instead of "
        "refusing all of it.",
    )


@strawberry.input(description="A mail that an automation sends, always by the workspace sender.")
class SendWorkflowEmailInput:
    idempotency_key: str = field(
        description="As of sendEmail: the same key with the same input answers with the same message."
    )
    contact_id: ID | None = field(default=None, description="Starts a conversation with this contact.")
    thread_id: ID | None = field(default=None, description="Goes on with this one; exactly one of the two.")
    subject: str | None = field(
        default=None, description="In a reply by default the conversation's; 998 characters at most."
    )
    text: str | None = field(
        default=None, description="The text, made from the HTML by default; 1 MB at most."
    )
    html: str | None = field(default=None, description="The HTML, which is sanitised; 1 MB at most.")
    send_at: datetime | None = field(default=None, description="When to send; within a year.")


@strawberry.input(description="An SMTP server to send with.")
class WorkspaceSenderInput:
    host: str = field(description="The server's name, out on the internet.")
    port: int = field(default=587, description="Its port: 25, 465, 587 or 2525.")
    tls: TlsMode = field(default=TlsMode.STARTTLS, description="How the connection is secured.")
    username: str | None = field(default=None, description="Whom to log in as; without, nobody logs in.")
    password: str | None = field(
        default=None,
        description="The password; may be left out while server, port, TLS and user stay as they are. "
        "It is kept sealed and never comes back.",
    )
    from_address: EmailAddress = field(description="The address that its mail goes out from.")
    from_name: str | None = field(default=None, description="The name beside it; 200 characters at most.")
    bounces_here: bool = field(
        default=False,
        description="Whether its mail may name a return path on the deployment's inbound domain, so that "
        "delivery reports come back. Only for a server that lets that pass and that the domain's SPF names.",
    )


@strawberry.input(description="What to change of the workspace; what is left out stays.")
class WorkspaceInput:
    name: str | None = field(default=None, description="The name; 1..200 characters.")
    attachment_limit_bytes: int | None = field(
        default=None, description="How large a message's attachments may be together; 1..26214400 bytes."
    )
    attachment_types: list[str] | None = field(
        default=strawberry.UNSET,
        description="File name extensions whose content is kept, 100 at most; null keeps any.",
    )
    oversize: OversizePolicy | None = field(
        default=None, description="What happens to mail whose attachments are larger."
    )
    blocklist: list[str] | None = field(
        default=None, description="Addresses and domains that never sync; 1000 at most."
    )
    labs_outlook: bool | None = field(default=None, description="Whether Outlook mailboxes may be connected.")
    workspace_sender: WorkspaceSenderInput | None = field(
        default=strawberry.UNSET, description="The workspace's own way of sending; null removes it."
    )


@strawberry.input(description="A person who is to work in the CRM.")
class UserInput:
    name: str = field(description="The name; 1..200 characters.")
    email: EmailAddress = field(description="The login address, once per workspace.")
    role: Role = field(default=Role.MEMBER, description="What the user may do.")
    subject: str | None = field(
        default=None, description="The host CRM's own id of the user, which its tokens carry as `sub`."
    )
