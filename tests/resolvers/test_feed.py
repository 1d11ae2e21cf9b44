"""What subscriptions show to whom, executed as the live engine does: an event, then its selections."""

from dataclasses import dataclass, field
from typing import Any

from app.graphql.documents import Document
from app.graphql.subscription_field import read_subscription
from database.ids import new_id
from database.tables import MessageCopyRow
from resolvers.feed import LiveFeed
from resolvers.viewer import Viewer
from rules.event_ids import encode_event_id
from rules.happenings import NumberedEvent, Withdrawn
from rules.words import MessageId, Role, ThreadId, Visibility
from schema.root import schema
from tests.resolvers.conftest import CountedLines
from tests.resolvers.world import NOW, World, add_thread, documents, mailbox_row

INBOX = """subscription { inbox { __typename id at
  ... on MessageSynced { message { id subject text read thread { subject unreadCount } } }
  ... on MessageChanged { message { id delivery { state } } }
  ... on ThreadChanged { thread { id state private messages(last: 1) { edges { node { snippet } } } } }
  ... on MailboxChanged { mailbox { id scope health { pending } } }
  ... on Withdrawn { threadId messageId } } }"""


@dataclass
class Listener:
    """A subscription that is told a batch of events at once."""

    world: World
    text: str
    viewer: Viewer
    variables: dict[str, Any] = field(default_factory=dict)

    async def hear(self, events: list[NumberedEvent]) -> list[dict[str, Any]]:
        """Return what the subscriber gets, in order."""
        document = documents.get(self.text)
        assert isinstance(document, Document), document
        operation = document.select(None)
        call = read_subscription(schema._schema, operation, self.variables)
        feed = LiveFeed(lambda viewer, request_id: self.world.context(viewer))
        interest = await feed.interest(call.field, self.viewer)
        concerned = [event for event in events if interest.concerns(event)]
        heard = []
        for root in await interest.root_values(concerned):
            if root is not None:
                result = await operation.run(self.world.context(self.viewer), self.variables, root)
                assert not result.errors, result.errors
                [value] = (result.data or {}).values()
                heard.append(value)
        return heard


async def told(world: World) -> list[NumberedEvent]:
    return list(await world.db.events.after(world.workspace_id, 0, 100))


async def send(world: World, thread_id: object) -> str:
    data = await world.data(
        """mutation ($id: ID!) { sendEmail(input: {idempotencyKey: "k", threadId: $id, text: "Hi",
        undoSeconds: 9}) { ... on Message { id } } }""",
        {"id": str(thread_id)},
    )
    return str(data["sendEmail"]["id"])


async def mark(world: World, thread_id: object, change: str) -> None:
    text = f'mutation {{ markThread(id: "{thread_id}", {change}) {{ __typename }} }}'
    assert (await world.data(text))["markThread"]["__typename"] == "Thread"


async def configure(world: World, visibility: str) -> None:
    text = """mutation ($id: ID!, $to: Visibility) {
      configureMailbox(mailboxId: $id, visibility: $to) { __typename } }"""
    await world.data(text, {"id": str(world.mailbox_id), "to": visibility})


async def test_the_inbox_tells_everything_in_order_with_what_was_selected(world: World) -> None:
    thread_id = world.thread_ids[0]
    message_id = await send(world, thread_id)
    cancel = f'mutation {{ cancelSend(messageId: "{message_id}") {{ __typename }} }}'
    await world.data(cancel)
    await mark(world, thread_id, "read: true, state: DONE")

    heard = await Listener(world, INBOX, world.viewer()).hear(await told(world))

    events = await told(world)
    ids = [encode_event_id(world.workspace_id, one.number) for one in events]
    assert [one["id"] for one in heard] == ids
    assert ids == sorted(ids)
    assert [one["__typename"] for one in heard] == ["MessageSynced", "MessageChanged", "ThreadChanged"]
    assert heard[0]["message"] == {
        "id": message_id,
        "subject": "Re: Offer 0",
        "text": "Hi",
        "read": True,
        "thread": {"subject": "Offer 0", "unreadCount": 0},
    }
    assert heard[1]["message"]["delivery"] == {"state": "CANCELLED"}
    assert heard[2]["thread"] == {
        "id": str(thread_id),
        "state": "DONE",
        "private": False,
        "messages": {"edges": [{"node": {"snippet": "Hi"}}]},
    }


async def test_one_response_key_may_stand_for_different_things_on_different_events(world: World) -> None:
    text = """subscription { inbox { ... on MessageSynced { it: message { id subject } }
      ... on ThreadChanged { it: thread { id subject } } } }"""
    message_id = await send(world, world.thread_ids[0])
    await mark(world, world.thread_ids[0], "state: DONE")

    heard = await Listener(world, text, world.viewer()).hear(await told(world))

    assert heard == [
        {"it": {"id": message_id, "subject": "Re: Offer 0"}},
        {"it": {"id": str(world.thread_ids[0]), "subject": "Offer 0"}},
    ]


async def test_a_batch_costs_one_statement_for_each_kind_of_object(
    world: World, counted: CountedLines
) -> None:
    await send(world, world.thread_ids[0])
    for thread_id in world.thread_ids:
        await mark(world, thread_id, "state: DONE")
    events = await told(world)
    counted.statements = 0

    heard = await Listener(world, INBOX, world.viewer()).hear(events)

    assert len(heard) == 4
    assert counted.statements == 2


async def test_what_became_private_is_withdrawn_from_others_and_nothing_else_of_it_is_told(
    world: World,
) -> None:
    thread_id = world.thread_ids[0]
    await send(world, thread_id)
    await mark(world, thread_id, "private: true")
    await mark(world, thread_id, "state: DONE")

    mine = await Listener(world, INBOX, world.viewer()).hear(await told(world))
    for viewer in (world.colleague, world.program):
        theirs = await Listener(world, INBOX, viewer).hear(await told(world))
        assert [(one["__typename"], one.get("threadId")) for one in theirs] == [("Withdrawn", str(thread_id))]

    assert [one["__typename"] for one in mine] == ["MessageSynced", "ThreadChanged", "ThreadChanged"]


async def test_one_message_that_is_seen_less_is_withdrawn_alone(world: World) -> None:
    message_id, thread_id = world.message_ids[0], world.thread_ids[0]
    async with world.db.work(world.workspace_id) as work:
        work.tell(Withdrawn(ThreadId(thread_id), world.user_id, MessageId(message_id)))

    [theirs] = await Listener(world, INBOX, world.colleague).hear(await told(world))

    assert (theirs["messageId"], theirs["threadId"]) == (str(message_id), None)
    assert await Listener(world, INBOX, world.viewer()).hear(await told(world)) == []


async def test_complaint_20_who_has_a_mail_in_a_mailbox_of_their_own_sees_it_whatever_others_chose(
    world: World,
) -> None:
    """Narrowed by one owner, it stays whole for the other who holds a copy, and for nobody else."""
    thread_id = await add_thread(world, "Secret", NOW, visibility=Visibility.METADATA)
    message_id, mailbox_id = world.message_ids[-1], new_id()
    text = (
        f'query ($id: ID!) {{ message(id: $id) {{ subject text }} thread(id: "{thread_id}") {{ subject }} }}'
    )
    hidden = await world.data(text, {"id": str(message_id)}, world.colleague)
    async with world.db.work(world.workspace_id) as work:
        work.add(mailbox_row(world, mailbox_id, world.colleague_id, "ben@mail.example"))
        await work.flush()
        work.add(
            MessageCopyRow(
                id=new_id(),
                workspace_id=world.workspace_id,
                message_id=message_id,
                mailbox_id=mailbox_id,
                remote_id="r",
                remote_thread_id="t",
            )
        )

    seen = await world.data(text, {"id": str(message_id)}, world.colleague)

    assert hidden == {"message": {"subject": "", "text": None}, "thread": {"subject": ""}}
    assert seen == {
        "message": {"subject": "Secret", "text": "Hello 0 about roofs"},
        "thread": {"subject": "Secret"},
    }
    admin = world.viewer(user_id=new_id())
    assert await world.data(text, {"id": str(message_id)}, admin) == hidden


async def test_a_mailbox_is_told_of_to_its_owner_and_to_admins(world: World) -> None:
    text = "subscription { mailboxChanged { mailbox { id visibility } } }"
    await configure(world, "SUBJECT")
    admin = world.viewer(user_id=world.colleague_id, role=Role.ADMIN)
    expected = [{"mailbox": {"id": str(world.mailbox_id), "visibility": "SUBJECT"}}]

    assert await Listener(world, text, world.viewer()).hear(await told(world)) == expected
    assert await Listener(world, text, admin).hear(await told(world)) == expected
    assert await Listener(world, text, world.colleague).hear(await told(world)) == []


async def test_new_messages_can_be_narrowed_to_a_conversation_a_contact_or_a_mailbox(world: World) -> None:
    text = """subscription ($threadId: ID, $contactId: ID, $mailboxId: ID) {
      messageSynced(threadId: $threadId, contactId: $contactId, mailboxId: $mailboxId) { message { id } } }"""
    message_id = await send(world, world.thread_ids[0])
    expected = [{"message": {"id": message_id}}]

    async def heard(**ids: object) -> list[dict[str, Any]]:
        given = {name: str(id) for name, id in ids.items()}
        return await Listener(world, text, world.viewer(), given).hear(await told(world))

    assert await heard() == expected
    assert await heard(threadId=world.thread_ids[0], contactId=world.contact_id) == expected
    assert await heard(mailboxId=world.mailbox_id) == expected
    assert await heard(threadId=world.thread_ids[1]) == []


async def test_colleagues_are_told_of_a_message_only_what_its_owner_shares(world: World) -> None:
    text = "subscription { messageSynced { message { subject text snippet from { address } } } }"
    thread_id = await add_thread(world, "Secret", NOW, visibility=Visibility.METADATA)
    await configure(world, "METADATA")
    await send(world, thread_id)

    [mine] = await Listener(world, text, world.viewer()).hear(await told(world))
    [theirs] = await Listener(world, text, world.colleague).hear(await told(world))

    assert mine["message"]["subject"] == "Re: Secret"
    assert theirs["message"] == {
        "subject": "",
        "text": None,
        "snippet": None,
        "from": {"address": "ada@mail.example"},
    }


async def test_those_with_other_eyes_never_share_an_execution(world: World) -> None:
    feed = LiveFeed(lambda viewer, request_id: world.context(viewer))
    document = documents.get(INBOX)
    assert isinstance(document, Document)
    call = read_subscription(schema._schema, document.select(None), {})
    viewers = [world.viewer(), world.viewer(role=Role.MEMBER), world.colleague, world.program]

    keys = [(await feed.interest(call.field, viewer)).scope_key for viewer in viewers]
    again = [(await feed.interest(call.field, viewer)).scope_key for viewer in viewers]

    assert keys == again
    assert len(set(keys)) == 4
