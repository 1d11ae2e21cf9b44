"""Compare what the CRM shows with what the model has: nothing more, nothing less, nothing twice.

Belongs here: reading rows and events of the CRM. Never: a rule, a step.
"""

from collections import Counter
from typing import Any

from tests.jobs.machine.story import Story


async def compare(story: Story) -> None:
    """The CRM shows what the model says: mails, conversations, directions, copies, links, events."""
    rows = await story.crm.rows(
        "select m.id, m.internet_message_id, m.thread_id, t.contact_id, m.direction"
        " from messages m join threads t on t.id = m.thread_id"
    )
    contacts = {one: number for number, one in enumerate(story.contact_ids)}
    threads: dict[Any, dict[str, str]] = {}
    whose = {}
    for one in rows:
        threads.setdefault(one["thread_id"], {})[one["internet_message_id"]] = one["direction"]
        whose[one["thread_id"]] = contacts[one["contact_id"]]
    shown = _talks((whose[one], mails) for one, mails in threads.items())
    _same(story, "conversations", shown, _talks((one.contact, one.mails) for one in story.model.talks))
    await _compare_links(story, threads)
    await _compare_copies(story)
    told = await story.crm.rows(
        "select subject ->> 'message_id' as id from events where kind = 'MessageSynced'"
    )
    twice = {one: times for one, times in Counter(row["id"] for row in told).items() if times > 1}
    assert not twice, "told twice"
    submitted = await story.crm.rows("select message_id::text as id from submissions")
    written = {row["id"] for row in submitted}
    assert {row["id"] for row in told} | written == {str(one["id"]) for one in rows}
    assert len(await story.crm.rows("select 1 from contacts")) == len(story.model.contacts), "C7"


async def _compare_links(story: Story, threads: dict[Any, dict[str, str]]) -> None:
    rows = await story.crm.rows("select thread_id, mailbox_id from thread_links where ended_at is null")
    shown = Counter((min(threads[one["thread_id"]]), one["mailbox_id"]) for one in rows)
    expected = Counter(
        (min(talk.mails), story.ids[box]) for talk in story.model.talks for box, _ in talk.links
    )
    _same(story, "links", shown, expected)


async def _compare_copies(story: Story) -> None:
    rows = await story.crm.rows(
        "select distinct c.mailbox_id, m.internet_message_id as id"
        " from message_copies c join messages m on m.id = c.message_id"
    )
    shown = Counter((one["id"], one["mailbox_id"]) for one in rows)
    expected = Counter((one, mailbox_id) for box, mailbox_id in story.ids.items() for one in box.held)
    _same(story, "copies", shown, expected)


def _same(story: Story, what: str, shown: "Counter[Any]", expected: "Counter[Any]") -> None:
    if shown != expected:
        names = {str(mailbox_id): box.address for box, mailbox_id in story.ids.items()} | story.subjects
        told = "\n".join(
            [
                f"{what} differ; the CRM alone shows {sorted((shown - expected).elements(), key=repr)}",
                f"the model alone has {sorted((expected - shown).elements(), key=repr)}",
                *story.steps,
            ]
        )
        for known, name in names.items():
            told = told.replace(f"UUID('{known}')", name).replace(known, name)
        raise AssertionError(told)


def _talks(talks: Any) -> Counter[tuple[int, tuple[tuple[str, str], ...]]]:
    return Counter((contact, tuple(sorted(mails.items()))) for contact, mails in talks)
