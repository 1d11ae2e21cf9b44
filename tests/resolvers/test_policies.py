"""Presets, a user's own blocklist, and the rules run dry."""

from typing import Any

import pytest

from resolvers.viewer import Viewer
from rules.presets import PRESETS, Preset
from rules.words import Provider
from tests.resolvers.world import World

APPLY = """mutation ($preset: Preset!) { applyPreset(preset: $preset) { __typename
  ... on Workspace { preset attachmentLimitBytes attachmentTypes oversize labs { outlook } } } }"""
BLOCK = """mutation ($list: [String!]!) { updateBlocklist(blocklist: $list) { __typename
  ... on InvalidInput { field } ... on User { id blocklist } } }"""
USERS = "{ workspace { users { id blocklist } } }"
PREVIEW = """query ($id: ID!, $envelope: EnvelopeInput!) { previewSync(mailboxId: $id, envelope: $envelope) {
  synced reason rule explanation mailbox { id } } }"""


async def answer(world: World, text: str, viewer: Viewer | None = None, **variables: Any) -> Any:
    [only] = (await world.data(text, variables, viewer)).values()
    return only


@pytest.mark.parametrize("preset", list(Preset))
async def test_a_preset_sets_the_workspace_and_every_mailbox(world: World, preset: Preset) -> None:
    """What the system published: limit, types, oversize, labs, and the scope of mailboxes that are there."""
    expected = PRESETS[preset]

    applied = await answer(world, APPLY, preset=preset.value)

    assert applied == {
        "__typename": "Workspace",
        "preset": preset.value,
        "attachmentLimitBytes": expected.attachment_limit_bytes,
        "attachmentTypes": None if expected.attachment_types is None else sorted(expected.attachment_types),
        "oversize": expected.oversize.value,
        "labs": {"outlook": expected.labs_outlook},
    }
    mailbox = await world.data(
        "query ($id: ID!) { mailbox(id: $id) { scope } }", {"id": str(world.mailbox_id)}
    )
    assert mailbox["mailbox"]["scope"] == expected.scopes[Provider.GMAIL].value


async def test_a_mailbox_that_is_connected_later_begins_with_the_presets_scope(world: World) -> None:
    """Ben connects after the workspace went by Vintory: what he sent to contacts syncs."""
    await answer(world, APPLY, preset="VINTORY")
    begun = await answer(
        world,
        "mutation { connectMailbox(input: {provider: GMAIL}) { "
        "... on Authorization { mailbox { scope } } } }",
        viewer=world.colleague,
    )

    assert begun == {"mailbox": {"scope": "SENT_TO_CONTACTS"}}


async def test_complaint_21_a_blocklist_belongs_to_its_user_and_shows_to_nobody_else(world: World) -> None:
    """Ada's entries are cleaned, shown to her, and neither shown to nor held against Ben."""
    changed = await answer(world, BLOCK, list=["Bank.Example", "@bank.example", "Noreply@Shop.example"])

    assert changed == {
        "__typename": "User",
        "id": str(world.user_id),
        "blocklist": ["bank.example", "noreply@shop.example"],
    }
    seen = (await answer(world, USERS, viewer=world.colleague))["users"]
    assert all(user["blocklist"] == [] for user in seen)
    stored = await world.db.fetchval(
        world.workspace_id, "select blocklist from users where id = $1", world.colleague_id
    )
    assert stored == []


async def test_an_entry_that_is_neither_address_nor_domain_is_refused_by_its_place(world: World) -> None:
    refused = await answer(world, BLOCK, list=["fine.example", "not a domain"])

    assert refused == {"__typename": "InvalidInput", "field": "blocklist.1"}


def mail(sender: str, to: str = "ada@mail.example", **more: Any) -> dict[str, Any]:
    return {"from": sender, "to": [to], **more}


@pytest.mark.parametrize(
    ("envelope", "rule", "reason"),
    [
        (mail("dana@okafor.co"), "D11", None),
        (mail("stranger@x.example"), "D14", "NOT_A_CONTACT"),
        (mail("ben@okafor.example"), "D5", "INTERNAL_ONLY"),
        (mail("dana@okafor.co", receivedAt="2026-01-01T00:00:00Z"), "D2", "BEFORE_CONNECTION"),
        (
            mail("dana@okafor.co", attachments=[{"name": "a.pdf", "sizeBytes": 30_000_000}]),
            "D8",
            "ATTACHMENT_TOO_LARGE",
        ),
    ],
)
async def test_the_rules_run_dry_say_what_would_become_of_a_mail(
    world: World, envelope: dict[str, Any], rule: str, reason: str | None
) -> None:
    """The same rows, the same sentences, and nothing is stored."""
    before = await world.db.fetchval(world.workspace_id, "select count(*) from sync_decisions")

    said = await answer(world, PREVIEW, id=str(world.mailbox_id), envelope=envelope)

    assert (said["rule"], said["reason"], said["synced"]) == (rule, reason, reason is None)
    assert said["explanation"]
    assert said["mailbox"] == {"id": str(world.mailbox_id)}
    assert await world.db.fetchval(world.workspace_id, "select count(*) from sync_decisions") == before


async def test_a_blocked_domain_is_seen_in_the_next_dry_run(world: World) -> None:
    await answer(world, BLOCK, list=["okafor.co"])

    said = await answer(world, PREVIEW, id=str(world.mailbox_id), envelope=mail("dana@okafor.co"))

    assert (said["rule"], said["reason"]) == ("D6", "BLOCKED")


async def test_nobody_runs_the_rules_on_somebody_elses_mailbox(world: World) -> None:
    """Not even an admin: what a dry run says of a Message-ID tells what is in a private conversation."""
    admin = world.viewer(user_id=world.colleague_id)
    variables = {"id": str(world.mailbox_id), "envelope": mail("dana@okafor.co")}

    refused = await world.ask(PREVIEW, variables, admin)

    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_what_is_no_address_is_a_fault_that_names_its_place(world: World) -> None:
    variables = {
        "id": str(world.mailbox_id),
        "envelope": mail("dana@okafor.co", cc=["a@b.example", "nobody"]),
    }

    refused = await world.ask(PREVIEW, variables)

    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
