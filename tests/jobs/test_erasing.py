"""Erased is gone: a mailbox with what only it brought, a user with what is theirs; what others hold stays.

Through both providers where they differ: what is ended there, and what a mail's raw bytes hold.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from database.ids import new_id
from jobs import erase
from jobs.running import carry_out
from jobs.table import TABLE
from rules.happenings import PullMailbox
from rules.words import MailboxId, MailboxStatus, Provider, UserId
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm, Killed, clock, kill_at
from tests.jobs.erasing_world import WORD, Erasing, ben_of, secret_mail, until_done
from tests.jobs.office import BEN, NOOR, Office
from tests.jobs.test_auto_bcc import ADA, arrive
from tests.waiting import wait_until

MAGPIE = "mag@magpie-nest.test"
"""Somebody whose name and address are known from mail alone."""


@pytest.mark.rule("R68")
async def test_an_erased_mailbox_is_in_no_table_and_no_blob_and_ended_at_its_provider(
    pushed: Office, owner_url: str
) -> None:
    """What it brought and carried goes with subject, text, file, names, and the mailbox's own address."""
    crm, ann = pushed.crm, pushed.ann
    erasing = Erasing(crm, owner_url)
    contact_id = await crm.add_contact("Dana", DANA)
    await crm.simulator.create_account(MAGPIE, "Mag Pie")
    mailbox_id = await pushed.connect()
    await erasing.brought(mailbox_id, secret_mail(DANA, ann, cc=[MAGPIE]))
    await crm.submit(mailbox_id, contact_id, DANA, f"Our {WORD}", text=f"Our own {WORD}")
    await crm.work()
    await crm.submit(mailbox_id, contact_id, DANA, f"Later {WORD}", state="SCHEDULED", send_at=tomorrow(crm))
    watched, before = await pushed.pushes(), await erasing.kept(WORD, "mag pie", ann)

    erased = await erasing.erase_mailbox(mailbox_id, ann)
    hidden = await erasing.api().data("query ($id: ID!) { mailbox(id: $id) { id } }", {"id": str(mailbox_id)})
    await crm.work()

    assert erased == {
        "__typename": "Erasure",
        "messages": 3,
        "messagesKept": 0,
        "threads": 3,
        "attachments": 1,
        "sendsRefused": 1,
    }
    assert before and hidden == {"mailbox": None}
    assert await erasing.kept(WORD, "mag pie", MAGPIE, ann) == []
    assert await crm.rows("select 1 from mailboxes union all select 1 from threads") == []
    assert await crm.rows("select 1 from commands") == []
    assert (watched, await pushed.pushes()) == (True, False)
    revoked = [one["status"] for one in await crm.simulator.journal() if one["path"].endswith("/revoke")]
    assert revoked == ([200] if pushed.provider is Provider.GMAIL else []), "Microsoft has no such request"
    assert [one["visible_to"] for one in await erasing.told("Withdrawn")] == [None] * 3
    assert (await erasing.acts())[-3:] == ["mailbox.erasing", "mailbox.released", "mailbox.erased"]
    assert [row["name"] for row in await crm.rows("select name from contacts")] == ["Dana"]
    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1, "the scheduled mail never leaves"


def tomorrow(crm: Crm) -> Any:
    return crm.context.now() + timedelta(days=1)


@pytest.mark.rule("R68")
async def test_what_a_colleague_s_mailbox_holds_is_the_colleague_s(
    crm: Crm, office: Office, owner_url: str
) -> None:
    """Of one conversation Ann's first mail goes; what Ben's mailbox has too stays, and becomes his."""
    erasing, ann = Erasing(crm, owner_url), office.ann
    await crm.add_contact("Dana", DANA)
    ben = await ben_of(crm, office.provider)
    anns, bens = await office.connect(), await office.connect(BEN, user_id=ben)
    await erasing.brought(anns, secret_mail(DANA, ann, cc=[NOOR]))
    await crm.simulator.reply_as(DANA, await in_dana_s_mailbox(crm), "The rest is for both.", cc=[BEN])
    await erasing.brought(anns)
    await erasing.brought(bens)
    assert len(await crm.rows("select 1 from messages")) == 2

    previewed = await erasing.api().data(
        "query ($id: ID!) { previewEraseMailbox(mailboxId: $id) { ... on Erasure { messages messagesKept "
        "threads } } }",
        {"id": str(anns)},
    )
    await erasing.erase_mailbox(anns, ann)
    await crm.work()

    assert previewed["previewEraseMailbox"] == {"messages": 1, "messagesKept": 1, "threads": 0}
    message = await crm.row("select * from messages")
    assert (message["mailbox_id"], message["owner_id"], message["raw_key"]) == (bens, ben, None)
    thread = await crm.row("select * from threads")
    assert (thread["message_count"], thread["last_message_id"]) == (1, message["id"])
    assert NOOR not in thread["participants"], "she was on the mail that went alone"
    assert [row["mailbox_id"] for row in await crm.rows("select mailbox_id from message_copies")] == [bens]
    assert await crm.rows("select 1 from thread_links where mailbox_id = $1", anns) == []
    assert await erasing.kept("flew", f"{WORD}.txt", f"a {WORD} in a file") == []
    assert [one["thread_id"] for one in await erasing.told("Withdrawn")] == [str(thread["id"])]
    assert (await crm.events())[-1] == "ThreadChanged"


async def in_dana_s_mailbox(crm: Crm) -> str:
    """The id that the newest mail has in Dana's own mailbox."""
    return str((await crm.simulator.mailbox(DANA))[0]["id"])


@pytest.mark.rule("R68")
async def test_blind_copies_and_the_sending_are_not_handed_to_who_got_the_mail(
    crm: Crm, erasing: Erasing
) -> None:
    """Ann wrote to Dana and Ben, and to Noor in Bcc: Ben keeps a mail that he got, and learns of nobody."""
    contact_id = await crm.add_contact("Dana", DANA)
    ben = await ben_of(crm)
    anns, bens = await crm.connect(ANN), await crm.connect(BEN, user_id=ben)
    await crm.submit(anns, contact_id, DANA)
    async with crm.db.work(crm.workspace_id) as work:
        await work.execute(
            text("update messages set cc_recipients = :cc, bcc_recipients = :bcc"),
            {"cc": f'[{{"address": "{BEN}", "name": null}}]', "bcc": f'[{{"address": "{NOOR}"}}]'},
        )
    await crm.work()
    await erasing.brought(bens)
    assert len(await crm.rows("select 1 from message_copies")) == 2

    await erasing.erase_mailbox(anns, ANN)
    await crm.work()

    message = await crm.row("select * from messages")
    assert (message["origin"], message["owner_id"], message["direction"]) == ("MAILBOX", ben, "OUTBOUND")
    assert await erasing.kept(NOOR) == []
    assert await crm.rows("select 1 from submissions") == []


async def test_what_auto_bcc_brought_outlives_the_mailbox_and_goes_with_the_user(
    crm: Crm, erasing: Erasing
) -> None:
    mailbox_id = await crm.connect(ANN)
    assert await arrive(crm, ADA, "To: dana@okafor.test", f"Subject: {WORD}") is None

    await erasing.erase_mailbox(mailbox_id, ANN)
    await crm.work()
    assert len(await crm.rows("select 1 from messages")) == 1

    admin = await crm.add_user("Zoe", "zoe@okafor.example")
    await erasing.change("update users set role = 'ADMIN' where id = :id", id=admin)
    asking = erasing.api()
    told = await asking.data(
        "mutation ($id: ID!, $email: String!) { eraseUser(id: $id, email: $email) { __typename } }",
        {"id": str(crm.user_id), "email": ADA},
        viewer=asking.viewer(user_id=admin),
    )
    await crm.work()

    assert told == {"eraseUser": {"__typename": "Erasure"}}
    assert await erasing.kept(WORD, ADA, "ada obi") == []
    assert [row["id"] for row in await crm.rows("select id from users")] == [admin]


@pytest.mark.rule("R68")
async def test_an_erased_user_is_in_no_table_and_no_blob(pushed: Office, owner_url: str) -> None:
    """Mail, uploads, keys, name and addresses go; a colleague's mail no longer names them."""
    crm = pushed.crm
    erasing = Erasing(crm, owner_url)
    await crm.add_contact("Dana", DANA)
    ben = await ben_of(crm, pushed.provider)
    bens, anns = await pushed.connect(BEN, user_id=ben), await pushed.connect()
    await erasing.brought(bens, secret_mail(DANA, BEN))
    await erasing.brought(anns, {"sender": DANA, "to": [pushed.ann, BEN], "subject": "To both", "text": "x"})
    await erasing.brought(bens)
    await his_things(crm, erasing, ben)

    erased = await erasing.erase_user(ben, BEN)
    shut_out = await crm.db.across.ended_users([ben])
    await crm.work()

    assert (erased["messages"], erased["messagesKept"], erased["threads"]) == (1, 1, 1)
    assert shut_out == {ben}
    assert await erasing.kept(WORD, BEN, "ben holm") == []
    named = {one.partition(":")[0] for one in await erasing.kept(str(ben))}
    assert named == {"audit_log", "events"}, "an id that leads to nobody any more"
    assert [row["subject"] for row in await crm.rows("select subject from messages")] == ["To both"]
    thread = await crm.row("select * from threads")
    assert thread["assignee_id"] is None
    assert (await erasing.acts())[-1] == "user.erased"
    assert {row["key"] for row in await crm.rows("select key from commands")} <= {f"pull:{anns}"}
    assert [row["id"] for row in await crm.rows("select id from mailboxes")] == [anns]


async def his_things(crm: Crm, erasing: Erasing, ben: UserId) -> None:
    """A key, an upload, a tracked contact, and the conversation of both is his to answer."""
    upload = await crm.context.blobs.put_stream(key := blob_key(crm), pieces(f"{WORD} upload".encode()))
    names = {"workspace": crm.workspace_id, "ben": ben, "id": new_id(), "key": key}
    await erasing.change(
        "insert into attachments (id, workspace_id, user_id, name, content_type, size_bytes, inline, "
        "position, state, blob_key, created_at) values (:id, :workspace, :ben, 'draft', 'text/plain', "
        f"{upload.size_bytes}, false, 0, 'STORED', :key, now())",
        **names,
    )
    await erasing.change(
        "insert into api_keys (id, workspace_id, user_id, name, prefix, secret_hash, scopes, created_at) "
        "values (:id, :workspace, :ben, 'his', 'p', 'h', '{READ}', now())",
        **{name: names[name] for name in ("id", "workspace", "ben")},
    )
    await erasing.change("update threads set assignee_id = :ben where subject = 'To both'", ben=ben)


def blob_key(crm: Crm) -> str:
    id = new_id()
    return f"{crm.workspace_id}/{id.hex[-2:]}/{id}"


async def pieces(content: bytes) -> Any:
    yield content


@pytest.mark.rule("R68")
async def test_a_private_conversation_is_never_opened_by_erasing_whose_it_was(
    crm: Crm, erasing: Erasing
) -> None:
    """Ben kept it to himself. What Ann has of it in her mailbox is private to her then."""
    await crm.add_contact("Dana", DANA)
    ben = await ben_of(crm)
    bens, anns = await crm.connect(BEN, user_id=ben), await crm.connect(ANN)
    both = {"sender": DANA, "to": [ANN, BEN], "subject": "Ours", "text": "x"}
    await erasing.brought(bens, both, secret_mail(DANA, BEN))
    await erasing.brought(anns)
    await erasing.change("update threads set private_to = :ben", ben=ben)

    await erasing.erase_user(ben, BEN)
    await crm.work()

    thread = await crm.row("select subject, private_to from threads")
    assert (thread["subject"], thread["private_to"]) == ("Ours", crm.user_id)
    assert await erasing.kept(WORD) == []


@pytest.mark.rule("R68")
async def test_a_provider_that_is_away_holds_up_the_row_alone_and_not_for_a_day(
    pushed: Office, owner_url: str
) -> None:
    """The mail is gone at once. The grant cannot be ended: after 23 hours the tokens go unrevoked."""
    crm, ann = pushed.crm, pushed.ann
    erasing = Erasing(crm, owner_url)
    await crm.add_contact("Dana", DANA)
    mailbox_id = await pushed.connect()
    await erasing.brought(mailbox_id, secret_mail(DANA, ann))
    await crm.simulator.add_fault("status", code=503, times=None)

    await erasing.erase_mailbox(mailbox_id, ann)
    await crm.work()
    waits = (await crm.mailbox(mailbox_id))["tokens_sealed"] is not None
    gone, seen = await erasing.kept(WORD), await erasing.api().data("{ mailboxes { id } }")
    crm.context = replace(crm.context, now=lambda: clock() + timedelta(hours=23, minutes=1))
    await erasing.change("update commands set due_at = now()")
    await crm.work()

    assert (waits, gone, seen) == (True, [], {"mailboxes": []})
    assert await erasing.kept(ann) == []


async def test_a_mail_that_is_leaving_is_not_repeated(crm: Crm, erasing: Erasing) -> None:
    """The request is at the provider when the mailbox is erased: it left once, and nobody looks for it."""
    contact_id = await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.submit(mailbox_id, contact_id, DANA)
    kill_at(crm, "send.accepted")
    with suppress(Killed):
        await crm.work()

    await erasing.erase_mailbox(mailbox_id, ANN)
    await until_done(crm, "erase_mailbox")

    assert len(await crm.simulator.deliveries(recipient=DANA)) == 1
    assert await crm.rows("select 1 from submissions union all select 1 from commands") == []


async def test_a_pull_that_is_under_way_stores_nothing_more(crm: Crm, erasing: Erasing) -> None:
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await crm.simulator.deliver(**secret_mail(DANA, ANN))
    await crm.ask(PullMailbox(mailbox_id))
    (command_id, _, _), *_ = await crm.db.across.due_commands(10)
    under_way = await crm.db.claim(command_id, crm.context.settings.lease)
    assert under_way is not None

    await erasing.erase_mailbox(mailbox_id, ANN)
    await carry_out(crm.context, TABLE, under_way)
    await crm.work()

    assert await erasing.kept(WORD) == []


async def test_a_mailbox_that_ended_before_can_still_be_erased(crm: Crm, erasing: Erasing) -> None:
    """And a try that failed before it is not told again because of that."""
    await crm.add_contact("Dana", DANA)
    _, url = await crm.begin()
    await crm.come_back(await crm.simulator.consent(url, ANN, deny=True))
    mailbox_id = await crm.connect(ANN)
    await erasing.brought(mailbox_id, secret_mail(DANA, ANN))
    ending = "mutation ($id: ID!) { disconnectMailbox(mailboxId: $id) { __typename } }"
    await erasing.api().data(ending, {"id": str(mailbox_id)})
    await crm.work()
    assert (await crm.mailbox(mailbox_id))["status"] == MailboxStatus.DISCONNECTED

    erased = await erasing.erase_mailbox(mailbox_id, ANN.upper())
    await crm.work()

    assert erased["messages"] == 1
    assert await erasing.kept(WORD, ANN) == []
    assert await crm.rows("select 1 from mailboxes") == []
    assert await erasing.erase_mailbox(MailboxId(mailbox_id), ANN) == {
        "__typename": "NotFound",
        "message": "There is no such mailbox.",
    }


async def test_a_colleague_s_pull_at_the_same_time_loses_nothing(
    crm: Crm, erasing: Erasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ben's mailbox brings what Ann's had first, while that is being erased: all of it is his afterwards.

    One conversation at a time, so that the two meet often.
    """
    monkeypatch.setattr(erase, "BATCH", 1)
    await crm.add_contact("Dana", DANA)
    ben = await ben_of(crm)
    anns, bens = await crm.connect(ANN), await crm.connect(BEN, user_id=ben)
    both = [secret_mail(DANA, [ANN, BEN], subject=f"Number {n}", attachments=[]) for n in range(10)]
    await erasing.brought(anns, *both)
    await crm.ask(PullMailbox(bens))
    await erasing.erase_mailbox(anns, ANN)

    async def all_is_done() -> bool:
        await crm.work()
        await erasing.change("update commands set due_at = now() where last_error is not null")
        return not await crm.rows("select 1 from commands")

    both_at_once = (wait_until(all_is_done, description="erased and pulled", seconds=25) for _ in range(2))
    await asyncio.gather(*both_at_once)

    held = await crm.rows(
        "select m.subject, c.mailbox_id from messages m join message_copies c on c.message_id = m.id"
    )
    assert sorted(row["subject"] for row in held) == sorted(f"Number {n}" for n in range(10))
    assert {row["mailbox_id"] for row in held} == {bens}
    assert await crm.rows("select 1 from messages where mailbox_id is distinct from $1", bens) == []
    threads = await crm.rows("select sum(message_count)::int as counted, count(*)::int as n from threads")
    assert threads == [{"counted": 10, "n": 10}]
