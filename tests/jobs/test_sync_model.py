"""Whatever happens in whatever order, what syncs is what a model of ten lines says; each once, and proved."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from database.ids import new_id
from rules.happenings import PullMailbox, VerifyMailbox
from rules.words import MailboxId
from tests.jobs.crm import Crm

PEOPLE = ("dana", "noor", "shop")
people = st.sampled_from(PEOPLE)
STEP = st.one_of(
    st.tuples(st.just("write"), people),
    st.tuples(st.just("answer"), st.integers(0, 9)),
    st.tuples(st.just("befriend"), people),
    st.tuples(st.just("block"), people),
    st.tuples(st.sampled_from(["pull", "rewind", "expire", "verify"]), st.none()),
)
PROGRAMS = st.lists(STEP, min_size=3, max_size=14)


@dataclass
class Model:
    """The rules under CONTACTS, as somebody would explain them; a mail is (subject, person, thread)."""

    contacts: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    linked: set[str] = field(default_factory=set)
    waiting: list[tuple[str, str, str]] = field(default_factory=list)
    synced: set[str] = field(default_factory=set)

    def read(self) -> None:
        """The mailbox is read: what waits is decided, in the order it came."""
        for subject, person, thread in self.waiting:
            if person not in self.blocked and (person in self.contacts or thread in self.linked):
                self.synced.add(subject)
                self.linked.add(thread)
        self.waiting.clear()


class Story:
    """One mailbox with its own people, which nobody else of the workspace knows."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.model = Model()
        self.name = new_id().hex[-12:]
        self.mails: list[tuple[str, str, str]] = []
        self.mailbox_id: MailboxId
        self.first_cursor = ""

    def address(self, person: str) -> str:
        return f"{person}@{self.name}.test"

    async def begin(self) -> None:
        for person in PEOPLE:
            await self.crm.simulator.create_account(self.address(person))
        ann = self.address("ann")
        await self.crm.simulator.create_account(ann, "Ann", "google")
        self.user_id = await self.crm.add_user("Ann", ann)
        self.mailbox_id = await self.crm.connect(ann, user_id=self.user_id)
        self.first_cursor = (await self.crm.mailbox(self.mailbox_id))["cursor"]

    async def change(self, sql: str, **values: Any) -> None:
        async with self.crm.db.work(self.crm.workspace_id) as work:
            await work.execute(text(sql), {"id": self.mailbox_id, **values})

    async def write(self, person: str) -> None:
        subject = f"mail {len(self.mails)}"
        await self.crm.simulator.deliver(self.address(person), self.address("ann"), subject=subject, text="x")
        self._note(subject, person, subject)

    async def answer(self, number: int) -> None:
        """Ann answers one of the mails that she got."""
        inbox = await self.crm.simulator.mailbox(self.address("ann"), "INBOX")
        if inbox:
            answered = inbox[number % len(inbox)]
            _, person, thread = next(one for one in self.mails if one[0] == answered["subject"])
            subject = f"mail {len(self.mails)}"
            await self.crm.simulator.reply_as(self.address("ann"), answered["id"], "y", subject=subject)
            self._note(subject, person, thread)

    def _note(self, *mail: str) -> None:
        subject, person, thread = mail
        self.mails.append((subject, person, thread))
        self.model.waiting.append((subject, person, thread))

    async def befriend(self, person: str) -> None:
        await self.crm.add_contact(person, self.address(person))
        self.model.contacts.add(person)

    async def block(self, person: str) -> None:
        await self.change(
            "update users set blocklist = blocklist || cast(:address as text) where id = :user",
            address=self.address(person),
            user=self.user_id,
        )
        self.model.blocked.add(person)

    async def pull(self, _: None) -> None:
        await self.crm.ask(PullMailbox(self.mailbox_id))
        await self.crm.work()
        self.model.read()

    async def rewind(self, _: None) -> None:
        """The cursor is where it was in the beginning: everything is told again."""
        await self.change("update mailboxes set cursor = :cursor where id = :id", cursor=self.first_cursor)

    async def expire(self, _: None) -> None:
        await self.crm.simulator.ask("POST", f"/accounts/{self.address('ann')}/expire-history", {})

    async def verify(self, _: None) -> None:
        before = (await self.crm.mailbox(self.mailbox_id))["verified_at"]
        await self.crm.ask(VerifyMailbox(self.mailbox_id))
        command = await self.crm.row("select id from commands where key = $1", f"verify:{self.mailbox_id}")
        while (await self.crm.mailbox(self.mailbox_id))["verified_at"] == before:
            assert await self.crm.carry_out(command["id"])
        self.model.read()

    async def stored(self) -> list[str]:
        rows = await self.crm.rows(
            "select m.subject from message_copies c join messages m on m.id = c.message_id"
            " where c.mailbox_id = $1",
            self.mailbox_id,
        )
        return sorted(one["subject"] for one in rows)


@pytest.fixture
async def impatient(crm: Crm) -> AsyncIterator[Crm]:
    """What a verification finds unknown was missed: the feed gets no time of its own."""
    crm.context = replace(crm.context, settings=replace(crm.context.settings, verify_patience=timedelta()))
    yield crm


async def follows_the_model(crm: Crm, program: list[tuple[str, Any]]) -> None:
    """Do the steps, read once more, and compare; then let the mailbox prove itself complete."""
    story = Story(crm)
    await story.begin()
    for step, argument in program:
        await getattr(story, step)(argument)
    await story.pull(None)

    assert await story.stored() == sorted(story.model.synced)
    told = await crm.rows(
        "select subject from events where kind = 'MessageSynced' and subject ->> 'mailbox_id' = $1",
        str(story.mailbox_id),
    )
    assert len(told) == len(story.model.synced)
    await story.verify(None)
    mailbox = await crm.mailbox(story.mailbox_id)
    assert (mailbox["verified_expected"], mailbox["verified_present"]) == (len(story.mails),) * 2
    assert await story.stored() == sorted(story.model.synced)


SUPPRESSED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@given(program=PROGRAMS)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=SUPPRESSED,
    # Shrinking takes minutes here: the soak does it.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
async def test_what_syncs_is_what_the_model_says(impatient: Crm, program: list[tuple[str, Any]]) -> None:
    await follows_the_model(impatient, program)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(program=PROGRAMS)
@settings(max_examples=200, deadline=None, suppress_health_check=SUPPRESSED)
async def test_two_hundred_programs_follow_the_model(impatient: Crm, program: list[tuple[str, Any]]) -> None:
    await follows_the_model(impatient, program)
