"""The one statement that stores a message with what belongs to it: thread, copy, link and unread mark.

Everything but the message comes from the message that was inserted, so that nothing is written where it was
there already; references between the rows are checked at the statement's end. One visit to the database in
place of five, and a savepoint less. Its parameters are in jobs/storing.py.
Source: https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING
"""

from typing import Final

from database.driver import Statement

STORE: Final = Statement("""
with message as (
    insert into messages (
        id, workspace_id, thread_id, mailbox_id, owner_id, visibility, direction, origin, sender_proved,
        internet_message_id, in_reply_to, reference_ids, from_address, from_name,
        to_recipients, cc_recipients, bcc_recipients, subject, snippet, text, html, quoted_from,
        sent_at, received_at, synced_at, warnings, raw_key
    ) values (
        cast(:id as uuid), cast(:workspace_id as uuid), cast(:thread_id as uuid), cast(:mailbox_id as uuid),
        cast(:owner_id as uuid), :visibility, :direction, :origin, cast(:sender_proved as boolean),
        :internet_message_id, :in_reply_to, cast(:reference_ids as text[]), :from_address, :from_name,
        cast(cast(:to_recipients as text) as jsonb), cast(cast(:cc_recipients as text) as jsonb),
        cast(cast(:bcc_recipients as text) as jsonb), cast(:subject as text), :snippet, :text, :html,
        :quoted_from, cast(:sent_at as timestamptz), cast(:received_at as timestamptz),
        cast(:now as timestamptz), cast(:warnings as text[]), :raw_key
    ) on conflict do nothing returning id
), thread as (
    insert into threads (
        id, workspace_id, contact_id, subject, message_count, last_message_id, last_message_at, state,
        participants, created_at
    )
    select cast(:thread_id as uuid), cast(:workspace_id as uuid), cast(:contact_id as uuid),
        cast(:subject as text), 1, message.id, cast(:sent_at as timestamptz), :state,
        cast(cast(:participants as text) as jsonb), cast(:now as timestamptz)
    from message where cast(:begins_thread as boolean)
), copy as (
    insert into message_copies (
        id, workspace_id, message_id, mailbox_id, remote_id, remote_thread_id, unread
    )
    select cast(:copy_id as uuid), cast(:workspace_id as uuid), message.id, cast(:mailbox_id as uuid),
        cast(:remote_id as text), cast(:remote_thread_id as text), cast(:unread as boolean)
    from message where cast(:mailbox_id as uuid) is not null
    on conflict do nothing returning id
), link as (
    insert into thread_links (id, workspace_id, thread_id, mailbox_id, remote_thread_id, created_at)
    select cast(:link_id as uuid), cast(:workspace_id as uuid), cast(:thread_id as uuid),
        cast(:mailbox_id as uuid), cast(:remote_thread_id as text), cast(:now as timestamptz)
    from message where cast(:links as boolean)
    on conflict do nothing
), mark as (
    insert into unread (id, workspace_id, user_id, thread_id, message_id)
    select cast(:mark_id as uuid), cast(:workspace_id as uuid), cast(:owner_id as uuid),
        cast(:thread_id as uuid), message.id
    from message where cast(:marks_unread as boolean)
    on conflict do nothing
)
select (select count(*) from message) as messages, (select count(*) from copy) as copies
""")
