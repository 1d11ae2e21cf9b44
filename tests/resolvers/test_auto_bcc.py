"""A user's Auto BCC address: theirs and the admins' to see, changed on demand, the old one taken a while."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from rules.auto_bcc import ROTATION_GRACE
from rules.words import Role, Scope
from tests.resolvers.world import World

SHOWN = "{ workspace { users { id autoBccAddress } } }"
ROTATE = """mutation { rotateAutoBccAddress { __typename
  ... on User { id autoBccAddress } ... on UserError { message } } }"""


@pytest.fixture
def inbox(world: World) -> World:
    world.settings = replace(world.settings, inbound_domain="in.bothways.test")
    return world


async def addresses(world: World, **viewer: object) -> dict[str, str | None]:
    who = world.viewer(**viewer)  # type: ignore[arg-type]  # the names of World.viewer
    data = await world.data(SHOWN, {}, who)
    return {one["id"]: one["autoBccAddress"] for one in data["workspace"]["users"]}


@pytest.mark.rule("B1")
async def test_every_user_has_one_that_cannot_be_guessed(inbox: World) -> None:
    seen = await addresses(inbox)

    locals_ = {str(address).partition("@")[0] for address in seen.values()}
    assert len(seen) == len(locals_) == 2
    assert all(len(local) == 32 and set(local) <= set("0123456789abcdef") for local in locals_)
    assert all(str(address).endswith("@in.bothways.test") for address in seen.values())


@pytest.mark.rule("B1")
async def test_it_is_its_owner_s_and_the_admins_to_see(inbox: World) -> None:
    everybody = await addresses(inbox)
    member = await addresses(inbox, user_id=inbox.colleague_id, role=Role.MEMBER)
    reader = await addresses(inbox, scopes=frozenset({Scope.READ}))

    assert member == {one: a if one == str(inbox.colleague_id) else None for one, a in everybody.items()}
    assert reader == {one: a if one == str(inbox.user_id) else None for one, a in everybody.items()}


async def test_without_an_inbound_domain_there_is_none(world: World) -> None:
    assert set((await addresses(world)).values()) == {None}
    answered = (await world.data(ROTATE))["rotateAutoBccAddress"]
    assert answered["__typename"] == "NotOffered"


@pytest.mark.rule("B1")
async def test_a_rotated_address_is_taken_until_its_grace_ends(inbox: World) -> None:
    before = (await addresses(inbox))[str(inbox.user_id)]
    rotated = (await inbox.data(ROTATE))["rotateAutoBccAddress"]
    after = rotated["autoBccAddress"]

    assert rotated["id"] == str(inbox.user_id)
    assert before is not None and after is not None and before != after
    across = inbox.db.across
    expected = (inbox.user_id, inbox.workspace_id)
    assert await across.auto_bcc(after.partition("@")[0]) == expected
    retired = await inbox.db.fetchrow(
        inbox.workspace_id, "select local_part, accepted_until from retired_auto_bcc"
    )
    assert retired is not None
    assert retired["local_part"] == before.partition("@")[0]
    assert retired["accepted_until"] == inbox.now + ROTATION_GRACE
    acts = await inbox.db.fetch(inbox.workspace_id, "select action, detail::text from audit_log")
    assert [(act["action"], after.partition("@")[0] in act["detail"]) for act in acts] == [
        ("auto_bcc.rotated", False)
    ]


@pytest.mark.rule("B1")
@pytest.mark.parametrize(("left", "known"), [(timedelta(hours=1), True), (timedelta(hours=-1), False)])
async def test_the_grace_is_by_the_database_s_clock(inbox: World, left: timedelta, known: bool) -> None:
    before = str((await addresses(inbox))[str(inbox.user_id)]).partition("@")[0]
    await inbox.data(ROTATE)
    async with inbox.db.work(inbox.workspace_id) as work:
        await work.execute(
            text("update retired_auto_bcc set accepted_until = now() + cast(:left as interval)"),
            {"left": left},
        )

    assert (await inbox.db.across.auto_bcc(before) is not None) is known


async def test_who_may_not_change_anything_is_refused(inbox: World) -> None:
    reader = await inbox.data(ROTATE, {}, inbox.viewer(scopes=frozenset({Scope.READ})))
    program = await inbox.data(ROTATE, {}, inbox.program)

    assert reader["rotateAutoBccAddress"]["__typename"] == "Forbidden"
    assert program["rotateAutoBccAddress"]["__typename"] == "Forbidden"


async def test_nobody_s_address_is_found_for_a_suspended_user(inbox: World) -> None:
    local = str((await addresses(inbox))[str(inbox.user_id)]).partition("@")[0]
    async with inbox.db.work(inbox.workspace_id) as work:
        await work.execute(
            text("update users set suspended_at = now() where id = :id"), {"id": inbox.user_id}
        )

    assert await inbox.db.across.auto_bcc(local) is None
    assert await inbox.db.across.auto_bcc("0" * 32) is None
