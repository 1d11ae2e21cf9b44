"""Settings, users and keys of the workspace: for admins, audited; a key's secret is shown once."""

from typing import Any

import pytest

from database.clock import now
from database.ids import new_id
from resolvers.viewer import Viewer
from rules import api_keys
from tests.resolvers.world import World

UPDATE = """mutation ($input: WorkspaceInput!) { updateWorkspace(input: $input) { __typename
  ... on InvalidInput { field }
  ... on Workspace { name attachmentLimitBytes attachmentTypes oversize blocklist labs { outlook } } } }"""
INVITE = """mutation ($input: UserInput!) { inviteUser(input: $input) { __typename
  ... on InvalidInput { field } ... on User { id name email role mailbox { id } } } }"""
CREATE = """mutation ($name: String!, $scopes: [Scope!]!, $userId: ID) {
  createApiKey(name: $name, scopes: $scopes, userId: $userId) { __typename ... on InvalidInput { field }
    ... on ApiKeyCreated { secret apiKey { id name prefix scopes user { id } revokedAt } } } }"""
REVOKE = "mutation ($id: ID!) { revokeApiKey(id: $id) { __typename ... on ApiKey { id revokedAt } } }"
VIEWER = """{ viewer { scopes user { id mailbox { address } } apiKey { id }
  workspace { name users { email } } } workspace { id } }"""


async def answer(world: World, text: str, viewer: Viewer | None = None, **variables: Any) -> Any:
    [only] = (await world.data(text, variables, viewer)).values()
    return only


async def acts(world: World) -> list[str]:
    rows = await world.db.fetch(world.workspace_id, "select action from audit_log order by number")
    return [row["action"] for row in rows]


async def test_settings_change_field_by_field(world: World) -> None:
    changed = await answer(
        world,
        UPDATE,
        input={
            "attachmentLimitBytes": 3_000_000,
            "attachmentTypes": [".PDF", "pdf", "jpg"],
            "blocklist": ["Spam@X.example", "@evil.example"],
            "labsOutlook": True,
        },
    )
    renamed = await answer(world, UPDATE, input={"name": "Okafor", "attachmentTypes": None})

    assert changed == {
        "__typename": "Workspace",
        "name": "Okafor & Sons",
        "attachmentLimitBytes": 3_000_000,
        "attachmentTypes": ["pdf", "jpg"],
        "oversize": "SKIP_MESSAGE",
        "blocklist": ["spam@x.example", "evil.example"],
        "labs": {"outlook": True},
    }
    assert renamed == {**changed, "name": "Okafor", "attachmentTypes": None}
    assert await acts(world) == ["workspace.changed", "workspace.changed"]


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({"name": " "}, "input.name"),
        ({"attachmentLimitBytes": 0}, "input.attachmentLimitBytes"),
        ({"attachmentLimitBytes": 26_214_401}, "input.attachmentLimitBytes"),
        ({"attachmentTypes": ["pdf", "../x"]}, "input.attachmentTypes.1"),
        ({"blocklist": ["x", "no domain"]}, "input.blocklist.0"),
    ],
)
async def test_unusable_settings_are_refused_by_field(
    world: World, input: dict[str, Any], field: str
) -> None:
    refused = await answer(world, UPDATE, input=input)

    assert (refused["__typename"], refused["field"]) == ("InvalidInput", field)
    assert await acts(world) == []


async def test_a_user_is_invited_once_by_address_and_by_subject(world: World) -> None:
    mei = {"name": "Mei", "email": "Mei@Okafor.example", "subject": "crm-9"}

    made = await answer(world, INVITE, input=mei)
    same_address = await answer(world, INVITE, input={**mei, "subject": "crm-10"})
    same_subject = await answer(world, INVITE, input={**mei, "email": "other@okafor.example"})

    assert made.pop("id") != ""
    assert made == {
        "__typename": "User",
        "name": "Mei",
        "email": "mei@okafor.example",
        "role": "MEMBER",
        "mailbox": None,
    }
    assert same_address == same_subject == {"__typename": "AlreadyExists"}
    assert await acts(world) == ["user.invited"]


async def test_a_key_is_shown_once_stored_as_a_hash_and_ends_when_revoked(world: World) -> None:
    world.now = now()
    made = await answer(world, CREATE, name="Zapier", scopes=["READ", "SEND"])
    stored = await world.db.across.api_key(api_keys.hash_of(made["secret"]))
    revoked = await answer(world, REVOKE, id=made["apiKey"]["id"])
    again = await answer(world, REVOKE, id=made["apiKey"]["id"])

    assert api_keys.prefix_of(made["secret"]) == made["apiKey"]["prefix"]
    assert made["apiKey"]["user"] is None
    assert stored is not None
    assert (stored.workspace_id, stored.user_id) == (world.workspace_id, None)
    assert await world.db.across.ended_keys([stored.id]) == {stored.id}
    assert revoked == again
    assert await acts(world) == ["api_key.created", "api_key.revoked"]
    rows = await world.db.fetch(world.workspace_id, "select k::text as row from api_keys k")
    assert made["secret"] not in str([row["row"] for row in rows])


async def test_an_admin_sees_every_key_newest_first_and_nobody_else_any(world: World) -> None:
    keys = "{ workspace { apiKeys { id name user { id } revokedAt } } }"
    world.now = now()
    older = await answer(world, CREATE, name="Reports", scopes=["READ"])
    newer = await answer(world, CREATE, name="Mine", scopes=["READ"], userId=str(world.user_id))
    await answer(world, REVOKE, id=older["apiKey"]["id"])

    seen = (await world.data(keys))["workspace"]["apiKeys"]
    by_colleague = (await world.data(keys, viewer=world.colleague))["workspace"]["apiKeys"]

    ours = [one for one in seen if one["name"] in ("Reports", "Mine")]
    assert [one["id"] for one in ours] == [newer["apiKey"]["id"], older["apiKey"]["id"]]
    assert [one["user"] for one in ours] == [{"id": str(world.user_id)}, None]
    assert [one["revokedAt"] is None for one in ours] == [True, False]
    assert by_colleague == []


async def test_nobody_makes_a_key_that_may_more_or_acts_as_somebody_else(world: World) -> None:
    poorer = world.viewer(scopes=frozenset(one for one in world.viewer().scopes if one != "SEND"))

    more = await answer(world, CREATE, poorer, name="n", scopes=["READ", "SEND"])
    none = await answer(world, CREATE, name="n", scopes=[])
    other = await answer(world, CREATE, name="n", scopes=["READ"], userId=str(world.colleague_id))
    unknown = await answer(world, CREATE, name="n", scopes=["READ"], userId=str(new_id()))
    own = await answer(world, CREATE, name="n", scopes=["READ"], userId=str(world.user_id))

    assert [one.get("field") for one in (more, none, other, unknown)] == [
        "scopes",
        "scopes",
        "userId",
        "userId",
    ]
    assert own["apiKey"]["user"] == {"id": str(world.user_id)}


async def test_the_viewer_is_who_asks(world: World) -> None:
    mine = await world.data(VIEWER)
    program = await world.data(VIEWER, viewer=world.program)

    assert mine["viewer"] == {
        "scopes": ["ADMIN", "READ", "SEND"],
        "user": {"id": str(world.user_id), "mailbox": {"address": "ada@mail.example"}},
        "apiKey": None,
        "workspace": {
            "name": "Okafor & Sons",
            "users": [{"email": "ada@okafor.example"}, {"email": "ben@okafor.example"}],
        },
    }
    assert program["viewer"]["user"] is None
    assert program["workspace"] == {"id": str(world.workspace_id)}
