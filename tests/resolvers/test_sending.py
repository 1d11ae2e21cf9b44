"""sendEmail, cancelSend and retrySend: what is kept, told and asked, and every refusal without a trace."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text, update

from database.ids import new_id
from database.tables import AttachmentRow, MailboxRow, MessageRow, SubmissionRow, table_of
from rules.words import DeliveryState, Direction, MailboxStatus, Origin, Provider, SenderKind
from tests.resolvers.world import NOW, World, add_thread

SEND = """mutation ($input: SendEmailInput!) { sendEmail(input: $input) { __typename
  ... on UserError { message }
  ... on InvalidInput { field }
  ... on IdempotencyConflict { messageId }
  ... on DailyLimitReached { limit used freesAt }
  ... on AttachmentTooLarge { limitBytes sizeBytes }
  ... on Reauthenticate { mailbox { id status } keptMessage { id delivery { state error } } }
  ... on Message { id replayed subject text html snippet direction origin internetMessageId
    from { address name kind } to { address name kind } cc { address } bcc { address }
    attachments { name url } delivery { state sendAt undoUntil attempts via }
    thread { id subject messageCount lastMessage { id } participants { address kind } } } } }"""
CANCEL = """mutation ($id: ID!) { cancelSend(messageId: $id) { __typename
  ... on WrongState { state } ... on Message { id delivery { state } } } }"""
RETRY = """mutation ($id: ID!) { retrySend(messageId: $id) { __typename
  ... on WrongState { state } ... on Message { id delivery { state error attempts } }
  ... on Reauthenticate { mailbox { id } keptMessage { id } } } }"""


async def send(world: World, **input: object) -> dict[str, Any]:
    """Send with a key of its own unless one is given, to the contact unless a thread is given."""
    given: dict[str, object] = {"idempotencyKey": str(new_id()), **input}
    if "threadId" not in given:
        given.setdefault("contactId", str(world.contact_id))
    data = await world.data(SEND, {"input": given})
    answer = data["sendEmail"]
    assert isinstance(answer, dict)
    return answer


async def count(world: World, table: str) -> int:
    found = await world.db.fetchval(world.workspace_id, f"select count(*)::int from {table}")
    assert isinstance(found, int)
    return found


async def traces(world: World) -> list[int]:
    return [await count(world, one) for one in ("messages", "submissions", "threads", "events", "commands")]


async def test_a_mail_to_a_contact_is_kept_told_and_asked_for_at_once(world: World) -> None:
    before = await traces(world)

    sent = await send(world, subject="Roof", html="<p>Hello <script>x()</script><b>Dana</b></p>")

    assert sent["__typename"] == "Message"
    assert sent["html"] == "<p>Hello <b>Dana</b></p>"
    assert sent["text"] == "Hello Dana"
    assert sent["snippet"] == "Hello Dana"
    assert (sent["direction"], sent["origin"], sent["replayed"]) == ("OUTBOUND", "CRM", False)
    assert sent["internetMessageId"] == f"{sent['id']}@mail.example"
    assert sent["from"] == {"address": "ada@mail.example", "name": "Ada Obi", "kind": "USER"}
    assert sent["to"] == [{"address": "dana@okafor.co", "name": "Dana Okafor", "kind": "CONTACT"}]
    assert sent["delivery"] == {
        "state": "QUEUED",
        "sendAt": None,
        "undoUntil": None,
        "attempts": 0,
        "via": "MAILBOX",
    }
    assert sent["thread"]["messageCount"] == 1
    assert sent["thread"]["lastMessage"] == {"id": sent["id"]}
    assert sent["thread"]["participants"] == [
        {"address": "ada@mail.example", "kind": "USER"},
        {"address": "dana@okafor.co", "kind": "CONTACT"},
    ]
    assert [now - then for now, then in zip(await traces(world), before, strict=True)] == [1, 1, 1, 1, 1]
    [told] = await world.db.events.after(world.workspace_id, 0, 10)
    assert str(told.event.message_id) == sent["id"]  # type: ignore[union-attr]  # it is a MessageSynced


async def test_a_reply_goes_on_with_the_conversation_and_its_headers(world: World) -> None:
    thread_id = str(world.thread_ids[2])

    sent = await send(world, threadId=thread_id, text="Yes")

    assert sent["subject"] == "Re: Offer 2"
    assert sent["thread"]["id"] == thread_id
    assert sent["thread"]["messageCount"] == 3
    assert [one["address"] for one in sent["to"]] == ["dana@okafor.co"]
    row = await world.db.fetchrow(
        world.workspace_id,
        "select m.in_reply_to, m.reference_ids, s.remote_thread_id from messages m "
        "join submissions s on s.message_id = m.id where m.id = $1",
        UUID(sent["id"]),
    )
    assert row is not None
    parent = f"{world.message_ids[-1]}@okafor.co"
    assert dict(row) == {
        "in_reply_to": parent,
        "reference_ids": [parent],
        "remote_thread_id": f"remote-{thread_id}",
    }


async def test_the_same_key_answers_with_the_same_message_and_sends_nothing(world: World) -> None:
    first = await send(world, idempotencyKey="k", text="Hello")
    before = await traces(world)

    again = await send(world, idempotencyKey="k", text="Hello")
    other = await send(world, idempotencyKey="k", text="Hello!")

    assert again == {**first, "replayed": True}
    assert other["__typename"] == "IdempotencyConflict"
    assert other["messageId"] == first["id"]
    assert await traces(world) == before


@pytest.mark.rule("R47")
async def test_fifty_requests_with_one_key_at_once_make_one_mail(world: World) -> None:
    before = await traces(world)

    answers = await asyncio.gather(*(send(world, idempotencyKey="race", text="Hello") for _ in range(50)))

    assert {one["__typename"] for one in answers} == {"Message"}
    assert len({one["id"] for one in answers}) == 1
    assert sum(not one["replayed"] for one in answers) == 1
    assert [now - then for now, then in zip(await traces(world), before, strict=True)] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({"subject": "a\r\nBcc: x@y.example"}, "input.subject"),
        ({"subject": "a\u2028b"}, "input.subject"),
        ({"subject": "x" * 999}, "input.subject"),
        ({"to": ["dana@okafor.co", "no@where@twice"]}, "input.to.1"),
        ({"bcc": ["dana@-"]}, "input.bcc.0"),
        ({"from": "eve@mail.example"}, "input.from"),
        ({"idempotencyKey": ""}, "input.idempotencyKey"),
        ({"idempotencyKey": "x" * 201}, "input.idempotencyKey"),
        ({"text": "x" * 1_000_001}, "input.text"),
        ({"undoSeconds": 61}, "input.undoSeconds"),
        ({"sendAt": "2027-04-01T00:00:00Z"}, "input.sendAt"),
        ({"attachmentIds": ["nothing"]}, "input.attachmentIds.0"),
        ({"to": [f"a{number}@b.example" for number in range(501)]}, "input.to"),
        ({"threadId": "x", "contactId": "y"}, "input.contactId"),
    ],
)
async def test_what_cannot_be_sent_is_refused_by_field_and_leaves_no_trace(
    world: World, input: dict[str, object], field: str
) -> None:
    before = await traces(world)

    answer = await send(world, **input)

    assert (answer["__typename"], answer.get("field")) == ("InvalidInput", field)
    assert await traces(world) == before


async def test_an_alias_may_be_chosen_and_recipients_are_not_repeated(world: World) -> None:
    sent = await send(
        world,
        **{"from": "ALIAS.ada@mail.example"},
        to=["Dana@Okafor.co", "dana@okafor.co"],
        cc=["dana@okafor.co", "mei@x.example"],
        bcc=["mei@x.example", "noor@x.example"],
    )

    assert sent["from"]["address"] == "alias.ada@mail.example"
    assert [one["address"] for one in sent["to"]] == ["dana@okafor.co"]
    assert [one["address"] for one in sent["cc"]] == ["mei@x.example"]
    assert [one["address"] for one in sent["bcc"]] == ["noor@x.example"]


@pytest.mark.parametrize("provider", [Provider.GMAIL, Provider.OUTLOOK])
async def test_more_recipients_than_the_provider_takes_are_refused_before_anything_is_queued(
    world: World, provider: Provider
) -> None:
    """To, Cc and Bcc count together, each person once."""
    async with world.db.work(world.workspace_id) as work:
        await work.execute(update(MailboxRow).values(provider=provider.value))
    people = [f"p{number}@x.example" for number in range(500)]
    before = await traces(world)

    refused = await send(world, to=people[:400], cc=people[400:], bcc=["one@more.example"], text="x")
    untouched = await traces(world)
    sent = await send(world, to=people[:400], cc=people[399:], text="x")

    assert (refused["__typename"], refused["field"], untouched) == ("InvalidInput", "input.to", before)
    assert "500 recipients at most" in refused["message"] and "has 501" in refused["message"]
    assert sent["__typename"] == "Message"


async def upload(world: World, size_bytes: int, user_id: UUID | None = None) -> str:
    id = new_id()
    async with world.db.work(world.workspace_id) as work:
        work.add(
            AttachmentRow(
                id=id,
                workspace_id=world.workspace_id,
                user_id=user_id or world.user_id,
                name="plan.pdf",
                content_type="application/pdf",
                size_bytes=size_bytes,
                blob_key=f"x/{id}",
                created_at=world.now,
                expires_at=world.now + timedelta(hours=1),
            )
        )
    return str(id)


@pytest.mark.rule("S8")
async def test_files_go_along_once_and_within_the_limit(world: World) -> None:
    small, large = await upload(world, 1000), await upload(world, 25_000_000)
    colleagues = await upload(world, 10, world.colleague_id)

    too_large = await send(world, attachmentIds=[small, large])
    not_mine = await send(world, attachmentIds=[small, colleagues])
    sent = await send(world, attachmentIds=[small])
    again = await send(world, attachmentIds=[small])

    assert too_large["__typename"] == "AttachmentTooLarge"
    assert (too_large["limitBytes"], too_large["sizeBytes"]) == (25_000_000, 25_001_000)
    assert not_mine["field"] == "input.attachmentIds.1"
    assert sent["attachments"] == [{"name": "plan.pdf", "url": f"/attachments/{small}?for={world.user_id}"}]
    assert again["field"] == "input.attachmentIds.0"


@pytest.mark.rule("S8")
async def test_an_image_that_the_html_shows_goes_inline(world: World) -> None:
    shown, other, no_image = await upload(world, 10), await upload(world, 10), await upload(world, 10)
    async with world.db.work(world.workspace_id) as work:
        for id in (shown, other):
            await work.execute(
                text("update attachments set content_type = 'image/png' where id = cast(:id as uuid)"),
                {"id": id},
            )

    sent = await send(
        world,
        attachmentIds=[other, shown, no_image],
        html=f'<p>Look</p><img src="cid:{shown}"><img src="cid:{no_image}"><img src="cid:nothing">',
    )

    async with world.db.work(world.workspace_id) as work:
        found = await work.execute(
            text(
                "select id::text, inline, content_id from attachments "
                "where message_id = cast(:id as uuid) order by position"
            ),
            {"id": sent["id"]},
        )
    assert [tuple(row) for row in found] == [
        (other, False, None),
        (shown, True, shown),
        (no_image, False, None),
    ]


async def fill_the_day(world: World, sent: int) -> None:
    """Store so many mails of the last hours, the oldest 23 hours old."""
    thread_id = await add_thread(world, "Many", NOW)
    messages, submissions = [], []
    for number in range(sent):
        message_id = new_id()
        at = world.now - timedelta(hours=23) + timedelta(seconds=number)
        messages.append(
            {
                "id": message_id,
                "workspace_id": world.workspace_id,
                "thread_id": thread_id,
                "direction": Direction.OUTBOUND,
                "origin": Origin.CRM,
                "visibility": "EVERYTHING",
                "from_address": "ada@mail.example",
                "subject": "",
                "snippet": "",
                "sent_at": at,
                "synced_at": at,
            }
        )
        submissions.append(
            {
                "id": new_id(),
                "workspace_id": world.workspace_id,
                "message_id": message_id,
                "user_id": world.user_id,
                "mailbox_id": world.mailbox_id,
                "via": SenderKind.MAILBOX,
                "state": DeliveryState.SENT,
                "step": "sent",
                "idempotency_key": f"day-{number}",
                "request_hash": b"",
                "marker": str(number),
                "attempts": 1,
                "created_at": at,
                "sent_at": at,
            }
        )
    async with world.db.work(world.workspace_id) as work:
        await work.execute(insert(table_of(MessageRow)), messages)
        await work.execute(insert(table_of(SubmissionRow)), submissions)


@pytest.mark.rule("S7")
async def test_the_five_hundredth_mail_of_a_day_goes_and_the_next_is_told_when(world: World) -> None:
    await fill_the_day(world, 499)

    last = await send(world, text="the 500th")
    over = await send(world, text="the 501st")
    tomorrow = await send(world, text="later", sendAt="2026-03-03T12:00:00Z")

    assert last["__typename"] == "Message"
    assert over["__typename"] == "DailyLimitReached"
    assert (over["limit"], over["used"], over["freesAt"]) == (500, 500, "2026-03-02T10:30:00.000Z")
    assert tomorrow["delivery"]["state"] == "SCHEDULED"


async def set_status(world: World, status: MailboxStatus) -> None:
    async with world.db.work(world.workspace_id) as work:
        await work.execute(
            update(table_of(MailboxRow)).where(MailboxRow.id == world.mailbox_id).values(status=status)  # type: ignore[arg-type]  # SQLModel's class attributes are columns
        )


@pytest.mark.rule("S9")
async def test_a_mailbox_that_waits_keeps_the_mail_to_be_sent_with_one_call(world: World) -> None:
    await set_status(world, MailboxStatus.REAUTHENTICATE)
    commands = await count(world, "commands")

    refused = await send(world, text="Keep me")

    assert refused["__typename"] == "Reauthenticate"
    assert refused["mailbox"] == {"id": str(world.mailbox_id), "status": "REAUTHENTICATE"}
    kept = refused["keptMessage"]
    assert kept["delivery"]["state"] == "REFUSED"
    assert "kept" in kept["delivery"]["error"]
    assert await count(world, "commands") == commands

    still = await world.data(RETRY, {"id": kept["id"]})
    await set_status(world, MailboxStatus.CONNECTED)
    sent = await world.data(RETRY, {"id": kept["id"]})
    twice = await world.data(RETRY, {"id": kept["id"]})

    assert still["retrySend"]["__typename"] == "Reauthenticate"
    assert sent["retrySend"]["delivery"] == {"state": "QUEUED", "error": None, "attempts": 0}
    assert twice["retrySend"] == {"__typename": "WrongState", "state": "QUEUED"}
    assert await count(world, "commands") == commands + 1


async def test_without_a_mailbox_nothing_is_kept(world: World) -> None:
    await set_status(world, MailboxStatus.DISCONNECTED)
    before = await traces(world)

    answer = await send(world, text="Hello")

    assert answer["__typename"] == "NotConnected"
    assert await traces(world) == before


@pytest.mark.rule("R51")
async def test_a_held_mail_can_be_undone_until_it_begins_to_leave(world: World) -> None:
    held = await send(world, text="Wait", undoSeconds=10)
    going = await send(world, text="Go")
    async with world.db.work(world.workspace_id) as work:
        submissions = table_of(SubmissionRow)
        await work.execute(
            update(submissions)
            .where(submissions.c.message_id == UUID(going["id"]))
            .values(state=DeliveryState.SENDING, step="sending")
        )

    undone = await world.data(CANCEL, {"id": held["id"]})
    again = await world.data(CANCEL, {"id": held["id"]})
    late = await world.data(CANCEL, {"id": going["id"]})
    foreign = await world.data(CANCEL, {"id": held["id"]}, world.colleague)

    assert (held["delivery"]["state"], held["delivery"]["undoUntil"]) == ("HELD", "2026-03-02T09:30:10.000Z")
    assert undone["cancelSend"] == {
        "__typename": "Message",
        "id": held["id"],
        "delivery": {"state": "CANCELLED"},
    }
    assert again["cancelSend"] == {"__typename": "WrongState", "state": "CANCELLED"}
    assert late["cancelSend"] == {"__typename": "WrongState", "state": "SENDING"}
    assert foreign["cancelSend"] == {"__typename": "NotFound"}
