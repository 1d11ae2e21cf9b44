"""Bulk sends looked at: what one would say and to whom, the list of them, their recipients, who gets none."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text as sql

from database.ids import new_id
from database.tables import SubmissionRow
from rules.submission_life import Stage
from rules.words import Role
from tests.resolvers.test_bulk import SENDER, add_contact, bulk, set_up
from tests.resolvers.test_sending import count, traces
from tests.resolvers.world import NOW, World

PREVIEW = """query ($input: SendBulkEmailInput!, $index: Int! = 0) {
  previewBulkEmail(input: $input, index: $index) { __typename
  ... on UserError { message } ... on InvalidInput { field }
  ... on BulkPreview { total incomplete suppressed via fromAddress fromName answersHere replyTo contactId
    name address subject text html obstacle { kind missing }
    obstacles { contactId name address kind missing } } } }"""
SENDS = """query ($first: Int, $after: String) { bulkSends(first: $first, after: $after) {
  edges { node { id subject text html total author { name } replyTo } }
  pageInfo { hasNextPage endCursor } } }"""
RECIPIENTS = """query ($id: ID!, $outcome: BulkOutcome, $first: Int, $after: String) {
  bulkRecipients(bulkSendId: $id, outcome: $outcome, first: $first, after: $after) {
    edges { node { contact { name emails } outcome reason message { id subject thread { id } } } }
    pageInfo { hasNextPage endCursor } } }"""
SUPPRESSIONS = (
    "query ($search: String) { suppressions(search: $search) { edges { node { address reason } } } }"
)


async def preview(
    world: World, index: int = 0, sender: str | None = None, **changed: object
) -> dict[str, Any]:
    given = {
        "idempotencyKey": "k",
        "search": "",
        "from": sender,
        "subject": "News for {{ first_name }}",
        "text": "Dear {{ name }} of {{ company }}",
        "html": "<p>Dear {{ name }} of {{ company }}</p>",
        **changed,
    }
    answer = (await world.data(PREVIEW, {"input": given, "index": index}))["previewBulkEmail"]
    assert isinstance(answer, dict)
    return answer


async def suppress(world: World, address: str, reason: str) -> None:
    async with world.db.work(world.workspace_id) as work:
        await work.execute(
            sql("insert into suppressions values (:id, :workspace, :address, :reason, now())"),
            {"id": new_id(), "workspace": world.workspace_id, "address": address, "reason": reason},
        )


async def test_a_preview_says_what_each_contact_would_read_and_stores_nothing(world: World) -> None:
    await set_up(world)
    second = await add_contact(world, "Bo <Lind>", "Lind & Co", "bo@lind.example")
    before = await traces(world)

    shown = await preview(world, 1, sender="ada@mail.example")

    assert (shown["contactId"], shown["address"]) == (second, "bo@lind.example")
    assert (shown["total"], shown["incomplete"], shown["suppressed"]) == (2, 0, 0)
    assert (shown["subject"], shown["text"]) == ("News for Bo", "Dear Bo <Lind> of Lind & Co")
    assert shown["html"] == "<p>Dear Bo &lt;Lind&gt; of Lind &amp; Co</p>"
    assert (shown["via"], shown["fromAddress"]) == ("WORKSPACE_SENDER", SENDER["fromAddress"])
    assert (shown["replyTo"], shown["obstacle"], shown["obstacles"]) == ("ada@mail.example", None, [])
    assert await traces(world) == before
    assert await count(world, "bulk_sends") == 0


@pytest.mark.rule("S2")
async def test_a_preview_says_when_the_mailbox_itself_carries_it(world: World) -> None:
    await set_up(world)
    async with world.db.work(world.workspace_id) as work:
        await work.execute(sql("update mailboxes set provider = 'OUTLOOK'"))

    shown = await preview(world, sender="ada@mail.example")

    assert (shown["via"], shown["fromAddress"]) == ("MAILBOX", "ada@mail.example")
    assert (shown["answersHere"], shown["replyTo"]) == (True, None)


async def test_a_preview_says_where_answers_go(world: World) -> None:
    await set_up(world)
    asked = await preview(world, sender="ada@mail.example")
    own = await preview(world)
    taken = await preview(replace(world, settings=replace(world.settings, inbound_domain="in.example")))

    assert (asked["answersHere"], asked["replyTo"]) == (False, "ada@mail.example")
    assert (own["answersHere"], own["replyTo"]) == (False, "ada@okafor.example")
    assert (taken["answersHere"], taken["replyTo"]) == (True, None)


async def test_a_preview_names_who_would_get_none_and_why(world: World) -> None:
    await set_up(world)
    lacking = await add_contact(world, "Bo", None, "bo@lind.example")
    left = {}
    for reason in ("UNSUBSCRIBED", "BOUNCED", "ADDED"):
        address = f"{reason.lower()}@lind.example"
        left[await add_contact(world, reason, None, address)] = reason
        await suppress(world, address, reason)

    shown = await preview(world, 1)

    assert (shown["total"], shown["incomplete"], shown["suppressed"]) == (5, 1, 3)
    assert (shown["subject"], shown["obstacle"]) == (None, {"kind": "MISSING_FIELD", "missing": "company"})
    assert shown["obstacles"][0] == {
        "contactId": lacking,
        "name": "Bo",
        "address": "bo@lind.example",
        "kind": "MISSING_FIELD",
        "missing": "company",
    }
    assert {one["contactId"]: one["kind"] for one in shown["obstacles"][1:]} == left


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": "{{ name"}, "input.subject"),
        ({"text": "{% for x in (1..9) %}{% endfor %}"}, "input.text"),
        ({"search": "nobody there"}, "input.search"),
        ({"index": 1}, "index"),
        ({"index": -1}, "index"),
    ],
)
async def test_what_cannot_be_previewed_is_refused_by_its_field(
    world: World, change: dict[str, Any], field: str
) -> None:
    await set_up(world)
    answer = await preview(world, **change)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", field)


async def test_without_a_sender_a_preview_says_so(world: World) -> None:
    assert (await preview(world))["__typename"] == "NotConnected"


async def test_those_who_lack_something_are_left_out_when_asked(world: World) -> None:
    await set_up(world)
    lacking = await add_contact(world, "Bo", None, "bo@lind.example")
    ids = [str(world.contact_id), lacking]

    sent = await bulk(world, contactIds=ids, leaveOutIncomplete=True)
    nobody = await bulk(world, contactIds=[lacking], leaveOutIncomplete=True)

    assert (sent["__typename"], sent["total"]) == ("BulkSend", 1)
    assert (nobody["__typename"], nobody["field"]) == ("InvalidInput", "input.leaveOutIncomplete")
    found = (await world.data(RECIPIENTS, {"id": sent["id"]}))["bulkRecipients"]["edges"]
    assert [one["node"]["contact"]["name"] for one in found] == ["Dana Okafor"]


async def test_bulk_sends_are_listed_newest_first_to_their_author_and_to_admins(world: World) -> None:
    await set_up(world)
    made = [(await bulk(world, subject=f"News {number}"))["id"] for number in range(3)]

    page = (await world.data(SENDS, {"first": 2}))["bulkSends"]
    rest = (await world.data(SENDS, {"first": 2, "after": page["pageInfo"]["endCursor"]}))["bulkSends"]

    ids = [one["node"]["id"] for one in [*page["edges"], *rest["edges"]]]
    assert (ids, rest["pageInfo"]["hasNextPage"]) == (made[::-1], False)
    assert page["edges"][0]["node"] == {
        "id": made[2],
        "subject": "News 2",
        "text": "Dear {{ name }} of {{ company }}",
        "html": None,
        "total": 1,
        "author": {"name": "Ada Obi"},
        "replyTo": None,
    }
    admin = world.viewer(user_id=world.colleague_id, role=Role.ADMIN)
    assert len((await world.data(SENDS, viewer=admin))["bulkSends"]["edges"]) == 3
    assert (await world.data(SENDS, viewer=world.colleague))["bulkSends"]["edges"] == []


async def test_the_recipients_of_a_bulk_send_and_what_became_of_them(world: World) -> None:
    await set_up(world)
    names = ["Ann A", "Ben B", "Cy C", "Di D"]
    ids = [await add_contact(world, name, "Co", f"{name[0].lower()}@co.example") for name in names]
    id = (await bulk(world, contactIds=ids))["id"]
    async with world.db.work(world.workspace_id) as work:
        await work.execute(
            sql("update bulk_recipients set error = 'No.' where contact_id = :c"), {"c": ids[1]}
        )
        work.add(
            SubmissionRow(
                id=UUID(ids[2]),
                workspace_id=world.workspace_id,
                message_id=world.message_ids[0],
                user_id=world.user_id,
                kind="BULK",
                bulk_send_id=UUID(id),
                via="WORKSPACE_SENDER",
                state="REFUSED",
                step=Stage.REFUSED.step,
                error="550 no such user",
                idempotency_key="x",
                request_hash=b"",
                marker="x",
                created_at=NOW,
            )
        )
        await work.flush()
        await work.execute(
            sql("update bulk_recipients set submission_id = :c where contact_id = :c"), {"c": ids[2]}
        )

    async def listed(viewer: Any = None, **more: object) -> Any:
        return (await world.data(RECIPIENTS, {"id": id, **more}, viewer))["bulkRecipients"]

    first = await listed(first=3)
    rest = await listed(after=first["pageInfo"]["endCursor"])
    found = [one["node"] for one in [*first["edges"], *rest["edges"]]]
    assert [(one["contact"]["name"], one["outcome"], one["reason"]) for one in found] == [
        ("Ann A", "WAITING", None),
        ("Ben B", "REFUSED", "No."),
        ("Cy C", "REFUSED", "550 no such user"),
        ("Di D", "WAITING", None),
    ]
    assert found[2]["message"]["thread"]["id"] == str(world.thread_ids[0])
    assert found[0]["message"] is None
    refused = await listed(outcome="REFUSED")
    assert [one["node"]["contact"]["name"] for one in refused["edges"]] == ["Ben B", "Cy C"]

    assert (await listed(world.colleague))["edges"] == []
    admin = world.viewer(user_id=world.colleague_id, role=Role.ADMIN)
    assert len((await listed(admin))["edges"]) == 4
    async with world.db.work(world.workspace_id) as work:
        await work.execute(sql("update threads set private_to = :u"), {"u": world.user_id})
    assert [one["node"]["message"] for one in (await listed(admin))["edges"]] == [None] * 4
    async with world.db.work(world.workspace_id) as work:
        await work.execute(sql("update bulk_sends set state = 'CANCELLED'"))
    assert len((await listed(outcome="CANCELLED"))["edges"]) == 2


async def test_the_suppression_list_is_shown_to_admins_and_searched(world: World) -> None:
    for address, reason in (("a_b@x.example", "BOUNCED"), ("acb@x.example", "UNSUBSCRIBED")):
        await suppress(world, address, reason)

    async def listed(search: str | None = None, viewer: Any = None) -> list[Any]:
        edges = (await world.data(SUPPRESSIONS, {"search": search}, viewer))["suppressions"]["edges"]
        return [one["node"] for one in edges]

    assert await listed() == [
        {"address": "acb@x.example", "reason": "UNSUBSCRIBED"},
        {"address": "a_b@x.example", "reason": "BOUNCED"},
    ]
    assert await listed("A_B") == [{"address": "a_b@x.example", "reason": "BOUNCED"}]
    assert await listed(viewer=world.colleague) == []
