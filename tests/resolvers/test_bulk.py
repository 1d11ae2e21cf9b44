"""Mail to many, mail of automations, and the sender they go by: what is kept, told, asked, and refused."""

from typing import Any

import pytest
from sqlalchemy import text as sql

from database.ids import new_id
from database.tables import ContactRow
from rules.event_ids import encode_event_id
from tests.resolvers.test_feed import Listener, told
from tests.resolvers.test_sending import SEND, count, traces
from tests.resolvers.world import NOW, World, address_row

SET = """mutation ($input: WorkspaceInput!) { updateWorkspace(input: $input) { __typename
  ... on InvalidInput { message field }
  ... on Workspace { workspaceSender { id host port tls username passwordSet fromAddress testError } } } }"""
BULK = """mutation ($input: SendBulkEmailInput!) { sendBulkEmail(input: $input) { __typename
  ... on UserError { message } ... on InvalidInput { field }
  ... on MergeFieldsMissing { count missing { contactId name } }
  ... on IdempotencyConflict { messageId }
  ... on BulkSend { id total sent refused state via subject } } }"""
WORKFLOW = """mutation ($input: SendWorkflowEmailInput!) { sendWorkflowEmail(input: $input) { __typename
  ... on UserError { message }
  ... on Message { id replayed from { address } to { address } delivery { state via } } } }"""
SENDER = {
    "host": "smtp.okafor.example",
    "username": "hello",
    "password": "s3cret words",
    "fromAddress": "hello@okafor.example",
}


async def set_up(world: World, **changed: object) -> dict[str, Any]:
    data = await world.data(SET, {"input": {"workspaceSender": {**SENDER, **changed}}})
    answer = data["updateWorkspace"]
    assert isinstance(answer, dict)
    return answer


async def bulk(world: World, viewer: Any = None, **changed: object) -> dict[str, Any]:
    given = {
        "idempotencyKey": str(new_id()),
        "contactIds": [str(world.contact_id)],
        "subject": "News for {{ first_name }}",
        "text": "Dear {{ name }} of {{ company }}",
        **changed,
    }
    data = await world.data(BULK, {"input": given}, viewer)
    answer = data["sendBulkEmail"]
    assert isinstance(answer, dict)
    return answer


async def add_contact(world: World, name: str, company: str | None, address: str) -> str:
    contact_id = new_id()
    async with world.db.work(world.workspace_id) as work:
        work.add(
            ContactRow(
                id=contact_id, workspace_id=world.workspace_id, name=name, company=company, created_at=NOW
            )
        )
        await work.flush()
        work.add(address_row(world, contact_id, address))
    return str(contact_id)


async def stored_password(world: World) -> str | None:
    row = await world.db.fetchrow(world.workspace_id, "select id, password_sealed from workspace_senders")
    assert row is not None
    if row["password_sealed"] is None:
        return None
    key = await world.vault.data_key(world.workspace_id)
    return key.open_(row["password_sealed"], "workspace_senders", row["id"], "password_sealed").decode()


async def test_a_sender_is_kept_and_its_password_never_comes_back(world: World) -> None:
    answer = await set_up(world)

    sender = answer["workspaceSender"]
    assert (sender["host"], sender["port"], sender["tls"]) == ("smtp.okafor.example", 587, "STARTTLS")
    assert sender["passwordSet"] is True
    assert await stored_password(world) == "s3cret words"
    rows = await world.db.fetch(
        world.workspace_id,
        "select s::text as row from workspace_senders s union all select a::text from audit_log a",
    )
    assert not any("s3cret" in one["row"] for one in rows)


async def test_a_kept_password_goes_to_no_other_server(world: World) -> None:
    await set_up(world)

    stays = await set_up(world, password=None, fromAddress="news@okafor.example")
    assert stays["workspaceSender"]["passwordSet"] is True
    for change in ({"host": "evil.example"}, {"port": 25}, {"tls": "IMPLICIT"}, {"username": "other"}):
        refused = await set_up(world, password=None, **change)
        assert (refused["__typename"], refused["field"]) == ("InvalidInput", "input.workspaceSender.password")
    assert await stored_password(world) == "s3cret words"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"host": "a b"}, "host"),
        ({"host": "x\r\nQUIT"}, "host"),
        ({"port": 0}, "port"),
        ({"tls": "NONE"}, "tls"),
        ({"password": "a\r\nb"}, "password"),
        ({"fromName": "A\r\nBcc: x@y.example"}, "fromName"),
    ],
)
async def test_what_cannot_be_a_sender_is_refused(
    world: World, change: dict[str, object], field: str
) -> None:
    refused = await set_up(world, **change)

    assert (refused["__typename"], refused["field"]) == ("InvalidInput", f"input.workspaceSender.{field}")
    assert await count(world, "workspace_senders") == 0


async def test_a_sender_can_be_removed_and_is_shown_to_admins_alone(world: World) -> None:
    await set_up(world)
    text = "{ workspace { workspaceSender { host } } }"

    assert await world.data(text) == {"workspace": {"workspaceSender": {"host": "smtp.okafor.example"}}}
    assert await world.data(text, viewer=world.colleague) == {"workspace": {"workspaceSender": None}}
    removed = await world.data(SET, {"input": {"workspaceSender": None}})
    assert removed["updateWorkspace"]["workspaceSender"] is None


async def test_a_test_mail_is_asked_for(world: World) -> None:
    text = "mutation { testWorkspaceSender { __typename ... on WorkspaceSender { testedAt } } }"
    assert (await world.data(text))["testWorkspaceSender"]["__typename"] == "NotConnected"
    await set_up(world)

    assert (await world.data(text))["testWorkspaceSender"]["__typename"] == "WorkspaceSender"
    assert await world.db.fetchval(world.workspace_id, "select kind from commands") == "try_workspace_sender"


@pytest.mark.rule("S1")
async def test_without_a_mailbox_an_individual_mail_goes_by_the_workspace_sender(world: World) -> None:
    given = {"idempotencyKey": "k", "contactId": str(world.contact_id), "text": "Hello"}
    before = await traces(world)
    refused = await world.data(SEND, {"input": given}, world.colleague)
    assert refused["sendEmail"]["__typename"] == "NotConnected"
    assert await traces(world) == before

    await set_up(world)
    sent = (await world.data(SEND, {"input": given}, world.colleague))["sendEmail"]
    assert sent["from"]["address"] == "hello@okafor.example"
    assert (sent["delivery"]["state"], sent["delivery"]["via"]) == ("QUEUED", "WORKSPACE_SENDER")
    foreign = {**given, "idempotencyKey": "l", "from": "ada@mail.example"}
    refused = await world.data(SEND, {"input": foreign}, world.colleague)
    assert refused["sendEmail"]["field"] == "input.from"


@pytest.mark.rule("S7")
async def test_mail_by_the_workspace_sender_uses_nothing_of_a_mailboxs_day(world: World) -> None:
    await set_up(world)
    await world.data(
        WORKFLOW, {"input": {"idempotencyKey": "w", "contactId": str(world.contact_id), "text": "Hi"}}
    )

    text = "query ($id: ID!) { mailbox(id: $id) { quota { used limit } } }"
    quota = (await world.data(text, {"id": str(world.mailbox_id)}))["mailbox"]["quota"]
    assert quota == {"used": 0, "limit": 500}


@pytest.mark.rule("S4")
async def test_mail_of_an_automation_goes_by_the_workspace_sender_whoever_asks(world: World) -> None:
    await set_up(world)
    given = {"idempotencyKey": "w1", "contactId": str(world.contact_id), "subject": "S", "text": "Hi"}

    for viewer in (world.viewer(), world.program):
        given["idempotencyKey"] = f"w{viewer.user_id}"
        sent = (await world.data(WORKFLOW, {"input": given}, viewer))["sendWorkflowEmail"]
        assert sent["delivery"]["via"] == "WORKSPACE_SENDER"
        assert sent["from"]["address"] == "hello@okafor.example"
        again = (await world.data(WORKFLOW, {"input": given}, viewer))["sendWorkflowEmail"]
        assert (again["id"], again["replayed"]) == (sent["id"], True)
    kinds = await world.db.fetch(world.workspace_id, "select distinct kind from submissions")
    assert [one["kind"] for one in kinds] == ["WORKFLOW"]


@pytest.mark.rule("S2")
@pytest.mark.rule("S3")
@pytest.mark.parametrize(
    ("provider", "sender", "via"),
    [
        ("GMAIL", None, "WORKSPACE_SENDER"),
        ("GMAIL", "ada@mail.example", "WORKSPACE_SENDER"),
        ("OUTLOOK", "ada@mail.example", "MAILBOX"),
        ("OUTLOOK", None, "WORKSPACE_SENDER"),
        ("OUTLOOK", "other@mail.example", "WORKSPACE_SENDER"),
    ],
)
async def test_what_carries_mail_to_many(world: World, provider: str, sender: str | None, via: str) -> None:
    await set_up(world)
    async with world.db.work(world.workspace_id) as work:
        await work.execute(sql("update mailboxes set provider = :p"), {"p": provider})

    answer = await bulk(world, **({"from": sender} if sender else {}))
    assert (answer["__typename"], answer["via"]) == ("BulkSend", via)


async def test_mail_to_many_is_kept_told_and_asked_for_once(world: World) -> None:
    await set_up(world)
    second = await add_contact(world, "Bo Lind", "Lind AB", "bo@lind.example")
    ids = [str(world.contact_id), second]

    first = await bulk(world, idempotencyKey="b", contactIds=ids)
    again = await bulk(world, idempotencyKey="b", contactIds=ids)
    other = await bulk(world, idempotencyKey="b", contactIds=ids, subject="Other")

    assert (first["total"], first["state"], first["sent"]) == (2, "RUNNING", 0)
    assert again == first
    assert (other["__typename"], other["messageId"]) == ("IdempotencyConflict", first["id"])
    assert await count(world, "bulk_recipients") == 2
    kinds = await world.db.fetch(world.workspace_id, "select kind from commands")
    assert [one["kind"] for one in kinds] == ["run_bulk_send"]


async def test_those_that_a_search_finds(world: World) -> None:
    await set_up(world)
    await add_contact(world, "Bo Lind", "Lind AB", "bo@lind.example")

    found = await bulk(world, contactIds=None, search="lind")
    everybody = await bulk(world, contactIds=None, search="")
    nobody = await bulk(world, contactIds=None, search="%")

    assert (found["total"], everybody["total"], nobody["__typename"]) == (1, 2, "InvalidInput")


async def test_what_contacts_lack_is_said_before_anything_is_queued(world: World) -> None:
    await set_up(world)
    lacking = await add_contact(world, "Bo", None, "bo@lind.example")
    before = await traces(world)

    answer = await bulk(world, contactIds=[str(world.contact_id), lacking])

    assert (answer["__typename"], answer["count"]) == ("MergeFieldsMissing", 1)
    assert answer["missing"] == [{"contactId": lacking, "name": "company"}]
    assert await traces(world) == before
    assert await count(world, "bulk_sends") == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "{% for x in (1..9) %}{% endfor %}"}, "input.text"),
        ({"subject": "{{ name"}, "input.subject"),
        ({"subject": "a\r\nBcc: x@y.example"}, "input.subject"),
        ({"text": None}, "input.text"),
        ({"contactIds": []}, "input.contactIds"),
        ({"contactIds": ["nonsense"]}, "input.contactIds"),
        ({"search": "x"}, "input.contactIds"),
        ({"idempotencyKey": "\x1fbulk:1"}, "input.idempotencyKey"),
    ],
)
async def test_what_cannot_be_sent_is_refused_by_its_field(
    world: World, change: dict[str, object], field: str
) -> None:
    await set_up(world)
    answer = await bulk(world, **change)

    assert (answer["__typename"], answer["field"]) == ("InvalidInput", field)
    assert await count(world, "bulk_sends") == 0


async def test_without_a_sender_nothing_is_sent_to_many(world: World) -> None:
    assert (await bulk(world))["__typename"] == "NotConnected"
    assert await count(world, "bulk_sends") == 0


async def test_a_bulk_send_is_paused_resumed_and_cancelled_by_its_author(world: World) -> None:
    await set_up(world)
    id = (await bulk(world))["id"]

    async def change(word: str, viewer: Any = None) -> Any:
        text = f"""mutation ($id: ID!) {{ {word}BulkSend(id: $id) {{ __typename
          ... on BulkSend {{ state }} ... on BulkWrongState {{ bulkState }} }} }}"""
        return (await world.data(text, {"id": id}, viewer))[f"{word}BulkSend"]

    assert (await change("pause", world.colleague))["__typename"] == "NotFound"
    assert (await change("pause"))["state"] == "PAUSED"
    assert (await change("pause"))["bulkState"] == "PAUSED"
    assert (await change("resume"))["state"] == "RUNNING"
    assert (await change("cancel"))["state"] == "CANCELLED"
    assert (await change("resume"))["bulkState"] == "CANCELLED"


async def test_progress_is_told_to_its_author_and_to_nobody_else(world: World) -> None:
    await set_up(world)
    id = (await bulk(world))["id"]
    text = "subscription ($id: ID!) { bulkSendProgressed(id: $id) { id bulkSend { id total state } } }"
    events = await told(world)

    heard = await Listener(world, text, world.viewer(), {"id": id}).hear(events)
    number = next(one.number for one in events if one.event.kind == "BulkSendProgressed")
    assert heard == [
        {
            "id": encode_event_id(world.workspace_id, number),
            "bulkSend": {"id": id, "total": 1, "state": "RUNNING"},
        }
    ]
    inbox = "subscription { inbox { ... on BulkSendProgressed { bulkSend { id } } } }"
    assert (
        await Listener(world, inbox, world.colleague).hear(
            [one for one in events if one.event.kind == "BulkSendProgressed"]
        )
        == []
    )


async def test_an_address_is_put_on_the_suppression_list_and_taken_off(world: World) -> None:
    text = """mutation ($on: Boolean!) { suppressAddress(address: "Dana@Okafor.co", suppressed: $on) {
      ... on Suppression { address suppressed } } }"""

    for on in (True, True, False):
        answer = (await world.data(text, {"on": on}))["suppressAddress"]
        assert answer == {"address": "dana@okafor.co", "suppressed": on}
        assert await count(world, "suppressions") == int(on)
