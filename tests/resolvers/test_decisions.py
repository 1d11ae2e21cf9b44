"""Why mail was not synced: for the mailbox's owner, and for nobody else."""

from datetime import timedelta
from typing import Any

import pytest

from database.ids import new_id
from database.tables import SyncDecisionRow
from rules.words import SkipReason
from tests.resolvers.world import NOW, World

LIST = """query ($id: ID!, $first: Int, $after: String) {
  syncDecisions(mailboxId: $id, first: $first, after: $after) {
    edges { node { synced reason rule explanation at mailbox { address } } }
    pageInfo { endCursor hasNextPage } } }"""
WHY = """query ($id: ID!, $message: String!) {
  whyNotSynced(mailboxId: $id, internetMessageId: $message) { synced reason rule } }"""
SKIPPED = "query ($since: DateTime) { mailboxes { skipped(since: $since) { reason count } } }"


@pytest.fixture
async def decided(world: World) -> World:
    """Three decisions an hour apart: synced, not a contact, not a contact."""
    async with world.db.work(world.workspace_id) as work:
        for number in range(3):
            hashed = await world.vault.data_key(world.workspace_id)
            work.add(
                SyncDecisionRow(
                    id=new_id(),
                    workspace_id=world.workspace_id,
                    mailbox_id=world.mailbox_id,
                    at=NOW - timedelta(hours=number),
                    synced=number == 2,
                    reason=None if number == 2 else SkipReason.NOT_A_CONTACT,
                    rule="D11" if number == 2 else "D14",
                    size_bytes=100,
                    remote_id_hash=hashed.keyed_hash("sync decision", f"r{number}"),
                    internet_message_id_hash=hashed.keyed_hash("sync decision", f"{number}@x.example"),
                )
            )
    return world


async def test_decisions_are_listed_newest_first_with_the_rule_in_a_sentence(decided: World) -> None:
    variables: dict[str, Any] = {"id": str(decided.mailbox_id), "first": 2}

    page = (await decided.data(LIST, variables))["syncDecisions"]
    variables["after"] = page["pageInfo"]["endCursor"]
    rest = (await decided.data(LIST, variables))["syncDecisions"]

    assert page["edges"][0]["node"] == {
        "synced": False,
        "reason": "NOT_A_CONTACT",
        "rule": "D14",
        "explanation": "None of the people who decide it is one of your contacts.",
        "at": "2026-03-02T09:30:00.000Z",
        "mailbox": {"address": "ada@mail.example"},
    }
    assert page["pageInfo"]["hasNextPage"] is True
    assert [edge["node"]["rule"] for edge in rest["edges"]] == ["D11"]
    assert rest["edges"][0]["node"]["explanation"] == "It was exchanged with one of your contacts."


@pytest.mark.parametrize("spelled", ["1@x.example", "<1@x.example>", " <1@x.example> "])
async def test_its_owner_is_told_why_one_mail_is_missing(decided: World, spelled: str) -> None:
    found = await decided.data(WHY, {"id": str(decided.mailbox_id), "message": spelled})

    assert found["whyNotSynced"] == {"synced": False, "reason": "NOT_A_CONTACT", "rule": "D14"}


async def test_nobody_else_is_told_not_even_an_admin(decided: World) -> None:
    id = str(decided.mailbox_id)
    for viewer in (decided.colleague, decided.program, decided.viewer(user_id=decided.colleague_id)):
        why = await decided.data(WHY, {"id": id, "message": "1@x.example"}, viewer)
        listed = await decided.data(LIST, {"id": id}, viewer)
        assert why["whyNotSynced"] is None
        assert listed["syncDecisions"]["edges"] == []


async def test_what_is_no_message_id_is_refused(decided: World) -> None:
    answer = await decided.ask(WHY, {"id": str(decided.mailbox_id), "message": "<>"})

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_totals_are_for_the_owner_and_admins(decided: World) -> None:
    all_of_them = {"mailboxes": [{"skipped": [{"reason": "NOT_A_CONTACT", "count": 2}]}]}
    newest = {"mailboxes": [{"skipped": [{"reason": "NOT_A_CONTACT", "count": 1}]}]}

    assert await decided.data(SKIPPED) == all_of_them
    assert await decided.data(SKIPPED, {"since": "2026-03-02T09:00:00Z"}) == newest
    through_thread = "query ($id: ID!) { thread(id: $id) { syncing { skipped { count } } } }"
    seen = await decided.data(through_thread, {"id": str(decided.thread_ids[0])}, decided.colleague)
    assert seen["thread"]["syncing"] == [{"skipped": []}]
