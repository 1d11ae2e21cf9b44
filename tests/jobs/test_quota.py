"""A mailbox whose quota is used up waits by itself: it holds no place, and nothing is read twice for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from database.clock import now
from providers.doors import Doors
from providers.pace import WORTH_COMING_FOR
from providers.protocol import MailProvider
from providers.tokens import TokenKeeper
from providers.transport import Transport
from rules.errors import NoRoom
from rules.happenings import PullMailbox
from rules.pacing import Rate
from rules.words import CommandId, MailboxId, Provider
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm, clock, kill_at
from tests.jobs.test_pull_crashes import pull_through
from tests.providers import gmail_world
from tests.providers.gmail_world import SILENCE

BEN = "ben@example-co.test"
MANY = 30
MAIL_UNITS = 40
SCANTY = Rate(capacity=(WORTH_COMING_FOR + 2) * MAIL_UNITS, per_second=MAIL_UNITS / 4)
"""Room for a third of the mails at once; the next ten are waited for 40 s."""


@asynccontextmanager
async def with_quota(crm: Crm, rate: Rate) -> AsyncIterator[Crm]:
    """The same worker, after a start: with this much quota for each mailbox."""
    google = gmail_world.settings_of(crm.simulator)
    doors = Doors(clock=clock, google=google, transport=Transport(silence=SILENCE), mailbox_rate=rate)
    try:
        yield replace(crm, context=replace(crm.context, doors=doors))
    finally:
        await doors.close()


async def command_of(crm: Crm, mailbox_id: MailboxId) -> dict[str, Any]:
    return await crm.row("select * from commands where key = $1", PullMailbox(mailbox_id).key)


async def test_another_mailboxs_mail_is_stored_while_a_mailbox_waits_for_quota(crm: Crm) -> None:
    """One place: Ann's backlog gives it back when her quota is used up, and Ben's mail is next."""
    await crm.add_contact("Dana", DANA)
    await crm.simulator.create_account(BEN, "Ben Holm", "google")
    ben = await crm.add_user("Ben", BEN)
    anns, bens = await crm.connect(ANN), await crm.connect(BEN, user_id=ben)
    for number in range(MANY):
        await crm.simulator.deliver(DANA, ANN, subject=f"Backlog {number}", text="x")
    await crm.simulator.deliver(DANA, BEN, subject="Fresh", text="x")
    await crm.ask(PullMailbox(anns))

    async with with_quota(crm, SCANTY) as scanty:
        await scanty.carry_out(CommandId((await command_of(crm, anns))["id"]))
        waiting = await command_of(crm, anns)
        read = await crm.bodies_read(ANN)
        await crm.ask(PullMailbox(bens))
        await scanty.carry_out(CommandId((await command_of(crm, bens))["id"]))

    stored = await crm.rows("select mailbox_id from message_copies")
    assert [one["mailbox_id"] for one in stored].count(bens) == 1
    assert 0 < [one["mailbox_id"] for one in stored].count(anns) == read < MANY
    assert now() < waiting["due_at"] < now() + timedelta(minutes=1)
    assert (waiting["attempts"], waiting["last_error"], waiting["lease_until"]) == (0, None, None)
    assert (await crm.mailbox(anns))["retry_at"] is None, "no provider asked for a pause"

    await crm.ask(PullMailbox(anns))
    await crm.work()

    assert len(await crm.rows("select 1 from messages")) == MANY + 1
    assert (await crm.events()).count("MessageSynced") == MANY + 1
    assert await crm.bodies_read(ANN) == MANY, "what was stored is not read again"


async def test_who_asks_while_there_is_no_quota_asks_the_provider_for_nothing(crm: Crm) -> None:
    """A push that comes meanwhile costs no call: the run hears at once that there is no room yet."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    for number in range(MANY):
        await crm.simulator.deliver(DANA, ANN, subject=f"Backlog {number}", text="x")
    async with with_quota(crm, SCANTY) as scanty:
        await crm.ask(PullMailbox(mailbox_id))
        await scanty.work()
        due_at = (await command_of(crm, mailbox_id))["due_at"]
        calls = len(await crm.simulator.journal(account=ANN))
        await crm.ask(PullMailbox(mailbox_id))
        await scanty.work()

    assert len(await crm.simulator.journal(account=ANN)) == calls
    assert (await command_of(crm, mailbox_id))["due_at"] == due_at


@dataclass
class Miser:
    """A mailbox with room for two mails at a time, and none at every other asking for more than one."""

    provider: MailProvider
    asked: int = 0

    async def room(self, mails: int) -> int:
        if mails > 1:
            self.asked += 1
            if self.asked % 2:
                raise NoRoom(now())
        return min(mails, 2)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.provider, name)


@dataclass
class MiserlyDoors:
    doors: Doors
    opened: dict[str, Miser]

    def mailbox(self, provider: Provider, keeper: TokenKeeper) -> Miser:
        miser = self.opened.setdefault(keeper.mailbox_key, Miser(self.doors.mailbox(provider, keeper)))
        miser.provider = self.doors.mailbox(provider, keeper)
        return miser


@pytest.mark.rule("R53")
@pytest.mark.parametrize("known", [True, False], ids=["mail that syncs", "mail that does not"])
async def test_however_little_room_there_is_each_run_gets_further(crm: Crm, known: bool) -> None:
    """Runs that give their place back again and again end; every mail is decided, and told once."""
    if known:
        await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    for number in range(9):
        await crm.simulator.deliver(DANA, ANN, subject=f"Mail {number}", text="x")
    doors = MiserlyDoors(crm.context_doors, {})
    miserly = replace(crm, context=replace(crm.context, doors=cast(Doors, doors)))
    await crm.ask(PullMailbox(mailbox_id))
    await miserly.work()

    assert await crm.rows("select 1 from commands where kind = 'pull_mailbox'") == []
    assert len(await crm.rows("select 1 from sync_decisions")) == 9
    assert (await crm.events()).count("MessageSynced") == (9 if known else 0)
    assert sum(miser.asked for miser in doors.opened.values()) > 5


@pytest.mark.rule("R53")
async def test_killed_between_two_parts_of_a_page_everything_is_stored_once(crm: Crm) -> None:
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    for number in range(5):
        await crm.simulator.deliver(DANA, ANN, subject=f"Mail {number}", text="x")
    doors = MiserlyDoors(crm.context_doors, {})
    miserly = replace(crm, context=replace(crm.context, doors=cast(Doors, doors)))
    kill_at(miserly, "pull.part")

    await pull_through(miserly, mailbox_id)

    assert sorted(one["subject"] for one in await crm.rows("select subject from messages")) == [
        f"Mail {number}" for number in range(5)
    ]
    assert (await crm.events()).count("MessageSynced") == 5
    assert await crm.bodies_read(ANN) == 5


async def test_spam_is_waited_for_with_the_place_held(crm: Crm) -> None:
    """What is no mail is looked at each time it is told: a run that saw nothing else would follow itself."""
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    for number in range(5):
        await crm.simulator.deliver(DANA, ANN, subject=f"Spam {number}", text="x")
    for one in await crm.simulator.mailbox(ANN):
        await crm.simulator.relabel(ANN, one["id"], add=["SPAM"], remove=["INBOX"])
    doors = MiserlyDoors(crm.context_doors, {})
    miserly = replace(crm, context=replace(crm.context, doors=cast(Doors, doors)))
    await crm.ask(PullMailbox(mailbox_id))
    await miserly.work()

    assert await crm.rows("select 1 from commands where kind = 'pull_mailbox'") == []
    reasons = [one["reason"] for one in await crm.rows("select reason from sync_decisions")]
    assert reasons == ["NOT_MAIL"] * 5
