"""Connecting, moving, authenticating again, completing, configuring, disconnecting a mailbox."""

import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from database.authorizations import open_code, open_kept
from database.clock import now
from database.ids import new_id
from database.tables import MailboxRow, WorkspaceRow, table_of
from rules.words import AuthorizationId, MailboxStatus
from tests.resolvers.world import NOW, World, mailbox_row

ANSWER = """{ __typename ... on UserError { message } ... on InvalidInput { field }
  ... on AlreadyConnected { mailbox { id } }
  ... on Authorization { url state expiresAt mailbox { id status provider scope visibility address } } }"""
CONNECT = f"mutation ($input: ConnectMailboxInput!) {{ connectMailbox(input: $input) {ANSWER} }}"
UPDATE = (
    "mutation ($id: ID!, $input: ConnectMailboxInput!) "
    f"{{ updateMailbox(mailboxId: $id, input: $input) {ANSWER} }}"
)
AGAIN = f"mutation ($id: ID!) {{ reauthenticateMailbox(mailboxId: $id) {ANSWER} }}"
COMPLETE = """mutation ($state: String!, $code: String!) { completeConnection(state: $state, code: $code) {
  __typename ... on UserError { message } ... on InvalidInput { field } ... on Mailbox { id status } } }"""
DISCONNECT = """mutation ($id: ID!) { disconnectMailbox(mailboxId: $id) { __typename
  ... on UserError { message }
  ... on Disconnected { threadsKept messagesKept linksEnded sendsRefused mailbox { id status } } } }"""
SYNC = "mutation ($id: ID!) { syncNow(mailboxId: $id) { __typename ... on Mailbox { id } } }"
CONFIGURE = """mutation ($id: ID!, $scope: SyncScope, $visibility: Visibility) {
  configureMailbox(mailboxId: $id, scope: $scope, visibility: $visibility) {
    __typename ... on Mailbox { scope visibility } } }"""


async def answer(world: World, text: str, **variables: Any) -> dict[str, Any]:
    viewer = variables.pop("viewer", None)
    data = await world.data(text, variables, viewer)
    [only] = data.values()
    assert isinstance(only, dict)
    return only


async def rows(world: World, sql: str, *arguments: object) -> list[dict[str, Any]]:
    return [dict(row) for row in await world.db.fetch(world.workspace_id, sql, *arguments)]


async def test_connecting_answers_where_to_go_and_keeps_only_hashes_and_seals(world: World) -> None:
    world.now = now()
    begun = await answer(
        world,
        CONNECT,
        viewer=world.colleague,
        input={"provider": "GMAIL", "returnUrl": "https://crm.example/settings", "visibility": "SUBJECT"},
    )

    assert begun["__typename"] == "Authorization"
    assert begun["url"] == f"https://consent.example/?state={begun['state']}&purpose=CONNECT"
    assert begun["mailbox"] == {
        "id": begun["mailbox"]["id"],
        "status": "AUTHORIZING",
        "provider": "GMAIL",
        "scope": "CONTACTS",
        "visibility": "SUBJECT",
        "address": None,
    }
    [row] = await rows(world, "select * from authorizations")
    assert row["state_hash"] == hashlib.sha256(begun["state"].encode()).digest()
    assert row["expires_at"] - row["created_at"] == timedelta(minutes=10)
    key = await world.vault.data_key(world.workspace_id)
    assert len(open_kept(key, AuthorizationId(row["id"]), row["kept_sealed"])) == 64
    assert begun["state"] not in str(row)


async def test_what_comes_back_is_taken_once_from_its_own_user_and_sealed(world: World) -> None:
    world.now = now()
    begun = await answer(world, CONNECT, viewer=world.colleague, input={"provider": "GMAIL"})
    back = {"state": begun["state"], "code": "4/secret"}

    foreign = await answer(world, COMPLETE, **back)
    taken = await answer(world, COMPLETE, viewer=world.colleague, **back)
    again = await answer(world, COMPLETE, viewer=world.colleague, **back)
    empty = await answer(world, COMPLETE, viewer=world.colleague, state=begun["state"], code=" ")

    assert foreign["__typename"] == again["__typename"] == "NotFound"
    assert empty["field"] == "code"
    assert taken == {"__typename": "Mailbox", "id": begun["mailbox"]["id"], "status": "AUTHORIZING"}
    [row] = await rows(world, "select id, code_sealed from authorizations")
    key = await world.vault.data_key(world.workspace_id)
    assert open_code(key, AuthorizationId(row["id"]), row["code_sealed"]) == "4/secret"
    assert await rows(world, "select kind, arguments from commands") == [
        {"kind": "finish_authorization", "arguments": {"authorization_id": str(row["id"])}}
    ]


@pytest.mark.parametrize(
    ("input", "expected"),
    [
        ({"provider": "IMAP"}, "NotOffered"),
        ({"provider": "OUTLOOK"}, "LabsOff"),
        ({"provider": "GMAIL", "returnUrl": "https://crm.example/settings?x"}, "InvalidInput"),
        ({"provider": "GMAIL", "returnUrl": "https://crm.example.evil.example/settings"}, "InvalidInput"),
        ({"provider": "GMAIL", "loginHint": "a@@b"}, "InvalidInput"),
    ],
)
@pytest.mark.rule("R9")
async def test_what_is_not_offered_or_listed_is_refused_before_anything_is_written(
    world: World, input: dict[str, str], expected: str
) -> None:
    refused = await answer(world, CONNECT, viewer=world.colleague, input=input)

    assert refused["__typename"] == expected
    assert await rows(world, "select id from authorizations") == []
    assert len(await rows(world, "select id from mailboxes")) == 1


async def test_outlook_with_labs_on_is_not_offered_by_a_deployment_without_it(world: World) -> None:
    async with world.db.work(world.workspace_id) as work:
        await work.execute(update(table_of(WorkspaceRow)).values(labs_outlook=True))

    refused = await answer(world, CONNECT, viewer=world.colleague, input={"provider": "OUTLOOK"})

    assert refused["__typename"] == "NotOffered"


@pytest.mark.rule("L9")
async def test_who_has_a_live_mailbox_moves_it_instead_of_connecting_another(world: World) -> None:
    refused = await answer(world, CONNECT, input={"provider": "GMAIL"})
    moving = await answer(world, UPDATE, id=str(world.mailbox_id), input={"provider": "GMAIL"})

    assert refused["__typename"] == "AlreadyConnected"
    assert refused["mailbox"] == {"id": str(world.mailbox_id)}
    assert moving["__typename"] == "Authorization"
    assert moving["mailbox"]["id"] != str(world.mailbox_id)
    found = await rows(world, "select purpose, replaces_id, mailbox_id from authorizations")
    assert found == [
        {
            "purpose": "UPDATE",
            "replaces_id": world.mailbox_id,
            "mailbox_id": UUID(moving["mailbox"]["id"]),
        }
    ]
    untouched = await rows(world, "select status from mailboxes where id = $1", world.mailbox_id)
    assert untouched == [{"status": "CONNECTED"}]


@pytest.mark.rule("L7")
async def test_authenticating_again_keeps_the_mailbox(world: World) -> None:
    begun = await answer(world, AGAIN, id=str(world.mailbox_id))
    foreign = await answer(world, AGAIN, id=str(world.mailbox_id), viewer=world.colleague)

    assert begun["mailbox"]["id"] == str(world.mailbox_id)
    assert foreign["__typename"] == "NotFound"
    assert await rows(world, "select purpose, mailbox_id from authorizations") == [
        {"purpose": "REAUTHENTICATE", "mailbox_id": world.mailbox_id}
    ]


@pytest.mark.rule("L7")
async def test_authenticating_again_asks_for_what_the_provider_challenged_with(world: World) -> None:
    async with world.db.work(world.workspace_id) as work:
        await work.execute(update(MailboxRow).values(claims_challenge='{"access_token":{}}'))

    begun = await answer(world, AGAIN, id=str(world.mailbox_id))

    assert begun["url"].endswith('&claims={"access_token":{}}')


@pytest.mark.rule("L5")
async def test_authenticating_again_sends_the_user_back_only_to_a_listed_address(world: World) -> None:
    back = (
        "mutation ($id: ID!, $to: String) "
        f"{{ reauthenticateMailbox(mailboxId: $id, returnUrl: $to) {ANSWER} }}"
    )

    refused = await answer(world, back, id=str(world.mailbox_id), to="https://evil.example/settings")
    before = await rows(world, "select return_url from authorizations")
    begun = await answer(world, back, id=str(world.mailbox_id), to="https://crm.example/settings")
    after = await rows(world, "select return_url from authorizations")

    assert (refused["__typename"], refused["field"], before) == ("InvalidInput", "returnUrl", [])
    assert begun["__typename"] == "Authorization"
    assert after == [{"return_url": "https://crm.example/settings"}]


async def test_disconnecting_ends_links_keeps_mail_and_waiting_sends_and_asks_for_release(
    world: World,
) -> None:
    await world.data(
        """mutation ($id: ID!) { sendEmail(input: {idempotencyKey: "w", contactId: $id, text: "x",
        undoSeconds: 60}) { __typename } }""",
        {"id": str(world.contact_id)},
    )
    await answer(world, SYNC, id=str(world.mailbox_id))

    ended = await answer(world, DISCONNECT, id=str(world.mailbox_id))
    again = await answer(world, DISCONNECT, id=str(world.mailbox_id))

    assert ended == {
        "__typename": "Disconnected",
        "threadsKept": 0,
        "messagesKept": 0,
        "linksEnded": 3,
        "sendsRefused": 1,
        "mailbox": {"id": str(world.mailbox_id), "status": "DISCONNECTED"},
    }
    assert again["__typename"] == "NotConnected"
    assert await rows(world, "select state, error_code from submissions") == [
        {"state": "REFUSED", "error_code": "REFUSED"}
    ]
    kinds = await rows(world, "select kind from commands order by kind")
    assert [row["kind"] for row in kinds] == ["release_mailbox", "send_submission"]
    assert await rows(world, "select count(*)::int as n from messages") == [{"n": 7}]


async def test_only_a_connected_mailbox_is_read_now(world: World) -> None:
    asked = await answer(world, SYNC, id=str(world.mailbox_id))
    async with world.db.work(world.workspace_id) as work:
        await work.execute(update(table_of(MailboxRow)).values(status=MailboxStatus.REAUTHENTICATE))
    waiting = await answer(world, SYNC, id=str(world.mailbox_id))

    assert asked == {"__typename": "Mailbox", "id": str(world.mailbox_id)}
    assert waiting["__typename"] == "NotConnected"
    assert [row["kind"] for row in await rows(world, "select kind from commands order by kind")] == [
        "pull_mailbox",
        "verify_mailbox",
    ]


async def test_settings_change_from_now_on_and_are_told(world: World) -> None:
    changed = await answer(
        world, CONFIGURE, id=str(world.mailbox_id), scope="CRM_THREADS", visibility="METADATA"
    )
    foreign = await answer(world, CONFIGURE, id=str(world.mailbox_id), viewer=world.colleague)

    assert changed == {"__typename": "Mailbox", "scope": "CRM_THREADS", "visibility": "METADATA"}
    assert foreign == {"__typename": "NotFound"}
    assert [row["kind"] for row in await rows(world, "select kind from events")] == ["MailboxChanged"]


async def test_a_try_that_failed_is_told_until_its_user_tries_again(world: World) -> None:
    async def told() -> list[str]:
        listed = (await world.data("{ mailboxes { address status } }"))["mailboxes"]
        return [f"{one['status']} {one['address']}" for one in listed]

    async with world.db.work(world.workspace_id) as work:
        for number in (1, 2):
            row = mailbox_row(world, new_id(), world.colleague_id, f"try{number}@mail.example")
            row.status, row.created_at = MailboxStatus.FAILED, NOW - timedelta(days=5 - number)
            work.add(row)
    failed = await told()
    async with world.db.work(world.workspace_id) as work:
        row = mailbox_row(world, new_id(), world.colleague_id, "ben@mail.example")
        row.created_at = NOW
        work.add(row)

    assert failed == ["FAILED try2@mail.example", "CONNECTED ada@mail.example"]
    assert await told() == ["CONNECTED ben@mail.example", "CONNECTED ada@mail.example"]
