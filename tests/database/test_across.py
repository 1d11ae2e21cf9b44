"""The doors across workspaces answer what they are asked, and no more."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.ids import new_id
from database.pool import Database
from database.sealing import _joined
from database.tables import AuthorizationRow, SubmissionRow
from rules.happenings import SendSubmission
from rules.words import (
    ApiKeyId,
    AuthorizationPurpose,
    DeliveryState,
    MailboxStatus,
    Provider,
    SubmissionId,
    UserId,
)
from tests.conftest import WorkspaceForTests
from tests.database.rows import conversation, mailbox


async def test_a_push_finds_every_connected_mailbox_of_the_address(
    db: Database, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests
) -> None:
    expected = set()
    for each in (workspace, other_workspace):
        async with db.work(each.id) as work:
            live = mailbox(work, each)
            ended = mailbox(work, each)
            ended.status = MailboxStatus.DISCONNECTED
            work.add(live)
            work.add(ended)
            expected.add((live.id, each.id))
    assert set(await db.across.mailboxes_at(Provider.GMAIL, "ada@gmail.example")) == expected
    assert await db.across.mailboxes_at(Provider.OUTLOOK, "ada@gmail.example") == []
    assert await db.across.mailboxes_at(Provider.GMAIL, "%") == []


async def test_due_mailboxes_come_when_their_time_has_come(
    db: Database, workspace: WorkspaceForTests
) -> None:
    async with db.work(workspace.id) as work:
        box = mailbox(work, workspace)
        box.next_check_at = work.now - timedelta(seconds=1)
        box.push_renew_at = work.now + timedelta(hours=1)
        work.add(box)
    assert await db.across.mailboxes_to_check(10) == [(box.id, workspace.id)]
    assert await db.across.mailboxes_to_renew(10) == []
    async with db.work(workspace.id) as work:
        found = await work.session.get_one(type(box), box.id)
        found.next_check_at = work.now + timedelta(minutes=5)
        found.push_renew_at = work.now - timedelta(seconds=1)
    assert await db.across.mailboxes_to_check(10) == []
    assert await db.across.mailboxes_to_renew(10) == [(box.id, workspace.id)]


async def test_a_submission_that_no_command_will_send_is_found(
    db: Database, workspace: WorkspaceForTests
) -> None:
    async def store(state: DeliveryState, *, later: bool = False) -> SubmissionId:
        async with db.work(workspace.id) as work:
            rows = conversation(work, workspace)
            for row in rows:
                work.add(row)
            submission = SubmissionRow(
                id=new_id(),
                workspace_id=workspace.id,
                message_id=rows[2].id,
                user_id=workspace.user_id,
                state=state,
                idempotency_key=str(new_id()),
                request_hash=b"r",
                marker="m",
                created_at=work.now,
                send_at=work.now + timedelta(hours=1) if later else None,
            )
            work.add(submission)
        return SubmissionId(submission.id)

    forgotten = await store(DeliveryState.QUEUED)
    await store(DeliveryState.SENT)
    await store(DeliveryState.SCHEDULED, later=True)
    assert await db.across.submissions_not_asked(10) == [(forgotten, workspace.id)]
    async with db.work(workspace.id) as work:
        work.ask(SendSubmission(forgotten))
    assert await db.across.submissions_not_asked(10) == []


async def test_a_consent_is_found_by_the_hash_of_its_state(
    db: Database, workspace: WorkspaceForTests
) -> None:
    async with db.work(workspace.id) as work:
        box = mailbox(work, workspace)
        row = AuthorizationRow(
            id=new_id(),
            workspace_id=workspace.id,
            user_id=workspace.user_id,
            mailbox_id=box.id,
            provider=Provider.GMAIL,
            purpose=AuthorizationPurpose.CONNECT,
            state_hash=b"h" * 32,
            kept_sealed=b"s",
            created_at=work.now,
            expires_at=work.now,
        )
        work.add(row)
        work.add(box)
    assert await db.across.authorization(b"h" * 32) == (row.id, workspace.id)
    assert await db.across.authorization(b"g" * 32) is None


async def test_unknown_keys_and_users_count_as_ended(db: Database, workspace: WorkspaceForTests) -> None:
    key, user = ApiKeyId(new_id()), UserId(new_id())
    assert await db.across.api_key(b"?" * 32) is None
    assert await db.across.ended_keys([key]) == {key}
    assert await db.across.ended_users([user, workspace.user_id]) == {user}
    assert await db.across.workspaces() == [workspace.id]
    assert await db.across.wrapping_keys() == {"tests": workspace.id}


@pytest.mark.parametrize("count", [20_000])
def test_ids_are_version_7_unique_and_increasing(count: int) -> None:
    made = [new_id() for _ in range(count)]
    assert {each.version for each in made} == {7}
    assert {each.variant for each in made} == {"specified in RFC 4122"}
    assert all(before < after for before, after in pairwise(made))


@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=6))
def test_a_place_is_told_from_every_other(names: list[str]) -> None:
    """What a seal is bound to: joining parts is one to one."""
    split: list[str] = []
    rest = _joined(*names)
    while rest:
        length = int.from_bytes(rest[:4], "big")
        split.append(rest[4 : 4 + length].decode())
        rest = rest[4 + length :]
    assert split == names
