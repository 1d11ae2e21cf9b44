"""Conformance: reading a mailbox and following its changes."""

import tracemalloc
from datetime import timedelta

import pytest

from rules.envelope import Place
from rules.errors import CursorExpired, Gone, ProviderTrouble, Refused, Retryable
from tests.providers.cases import CUSTOMER, everything, registry, whole, written
from tests.providers.world import File, Spoil, Step, World

CASES, case = registry()


@case
async def the_profile_names_the_mailbox_and_the_addresses_it_may_send_from(world: World) -> None:
    mailbox = await world.connect(aliases=["sales@example-co.test"])
    profile = await mailbox.provider.profile()
    assert profile.address == mailbox.address
    assert profile.send_as == (mailbox.address, "sales@example-co.test")
    assert profile.remote_account_id.startswith("https://")


@case
async def the_cursor_of_the_profile_is_now(world: World) -> None:
    mailbox = await world.connect()
    await world.deliver(mailbox.address)
    profile = await mailbox.provider.profile()
    assert (await everything(mailbox.provider, profile.cursor))[0] == []


@case
async def mail_that_arrives_from_now_on_was_received_after_now_whatever_our_clock_says(world: World) -> None:
    mailbox = await world.connect()
    for ahead in (0, -40, 40):
        await world.clock_differs(ahead)
        profile = await mailbox.provider.profile()
        assert profile.at.microsecond == 0
        arrived = await world.deliver(mailbox.address)
        changes, _ = await everything(mailbox.provider, profile.cursor)
        assert [(change.remote_id, change.arrived) for change in changes] == [(arrived, True)]
        [fetched] = await mailbox.provider.envelopes([arrived])
        assert fetched.envelope is not None
        assert timedelta() <= fetched.envelope.received_at - profile.at < timedelta(seconds=20)


@case
async def mail_that_arrives_is_told_once(world: World) -> None:
    mailbox = await world.connect()
    start = (await mailbox.provider.profile()).cursor
    arrived = await world.deliver(mailbox.address)
    changes, cursor = await everything(mailbox.provider, start)
    assert [(change.remote_id, change.arrived, change.deleted) for change in changes] == [
        (arrived, True, False)
    ]
    assert (await everything(mailbox.provider, cursor))[0] == []


@case
async def the_same_cursor_may_be_read_again(world: World) -> None:
    mailbox = await world.connect()
    start = (await mailbox.provider.profile()).cursor
    await world.deliver(mailbox.address)
    first, _ = await everything(mailbox.provider, start)
    assert len(first) == 1
    assert (await everything(mailbox.provider, start))[0] == first


@case
async def pages_with_nothing_in_them_are_followed(world: World) -> None:
    mailbox = await world.connect()
    start = (await mailbox.provider.profile()).cursor
    arrived = [await world.deliver(mailbox.address) for _ in range(3)]
    await world.empty_pages(3)
    changes, _ = await everything(mailbox.provider, start)
    assert sorted(change.remote_id for change in changes) == sorted(arrived)


@case
async def a_long_feed_is_read_page_by_page_and_each_page_is_a_place_to_go_on_from(world: World) -> None:
    mailbox = await world.connect()
    start = (await mailbox.provider.profile()).cursor
    arrived = await world.deliver_many(mailbox.address, 510)
    first = await mailbox.provider.changes(start)
    told = [change.remote_id for change in first.changes]
    assert first.more and len(told) >= 100
    rest, end = await everything(world.again(mailbox).provider, first.cursor)
    assert sorted(told + [change.remote_id for change in rest]) == sorted(arrived)
    assert (await everything(mailbox.provider, end))[0] == []


@case
async def drafts_are_not_told_and_their_sending_is_one_arrival(world: World) -> None:
    mailbox = await world.connect()
    start = (await mailbox.provider.profile()).cursor
    message = written(mailbox.address)
    draft = await mailbox.provider.create_draft(message.message)
    assert (await everything(mailbox.provider, start))[0] == []
    sent = await mailbox.provider.send_draft(draft)
    changes, _ = await everything(mailbox.provider, start)
    assert [(change.remote_id, change.arrived) for change in changes if not change.deleted] == [
        (sent.remote_id, True)
    ]


@case
async def mail_that_the_owner_reads_is_told_as_read(world: World) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address)
    start = (await mailbox.provider.profile()).cursor
    await world.mark_read(mailbox.address, arrived)
    changes, _ = await everything(mailbox.provider, start)
    assert [(change.remote_id, change.read, change.deleted) for change in changes] == [(arrived, True, False)]


@case
async def mail_that_we_read_is_read_in_the_mailbox_and_back(world: World) -> None:
    mailbox = await world.connect()
    arrived = [await world.deliver(mailbox.address) for _ in range(3)]
    await mailbox.provider.set_read(arrived, True)
    assert [await world.is_unread(mailbox.address, one) for one in arrived] == [False] * 3
    await mailbox.provider.set_read(arrived[:1], False)
    assert [await world.is_unread(mailbox.address, one) for one in arrived] == [True, False, False]


@case
async def read_state_of_mail_that_is_gone_is_passed_over(world: World) -> None:
    mailbox = await world.connect()
    gone, there = [await world.deliver(mailbox.address) for _ in range(2)]
    await world.delete(mailbox.address, gone)
    await mailbox.provider.set_read([gone], True)
    await mailbox.provider.set_read([gone, there], True)
    assert not await world.is_unread(mailbox.address, there)


@case
async def deleted_mail_is_told_and_its_envelope_and_bytes_are_gone(world: World) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address)
    start = (await mailbox.provider.profile()).cursor
    await world.delete(mailbox.address, arrived)
    changes, _ = await everything(mailbox.provider, start)
    assert [(change.remote_id, change.deleted) for change in changes] == [(arrived, True)]
    [fetched] = await mailbox.provider.envelopes([arrived])
    assert fetched.envelope is None and isinstance(fetched.trouble, Gone)
    with pytest.raises(Gone):
        await whole(mailbox.provider, arrived)


@case
async def spam_and_trash_are_told_by_their_place(world: World) -> None:
    mailbox = await world.connect()
    spam, trash, mail = [await world.deliver(mailbox.address) for _ in range(3)]
    await world.move(mailbox.address, spam, "SPAM")
    await world.move(mailbox.address, trash, "TRASH")
    fetched = await mailbox.provider.envelopes([spam, trash, mail])
    places = [one.envelope.place for one in fetched if one.envelope]
    assert places == [Place.SPAM, Place.TRASH, Place.MAIL]


@case
async def a_cursor_that_is_no_longer_known_is_told_where_cursors_end(world: World) -> None:
    mailbox = await world.connect()
    start = (await mailbox.provider.profile()).cursor
    await world.deliver(mailbox.address)
    await world.forget_changes(mailbox.address)
    if mailbox.provider.capabilities.cursor_ends:
        with pytest.raises(CursorExpired):
            await mailbox.provider.changes(start)
    else:
        assert len((await mailbox.provider.changes(start)).changes) == 1
    fresh = (await mailbox.provider.profile()).cursor
    assert (await mailbox.provider.changes(fresh)).changes == ()


@case
async def a_cursor_that_we_did_not_make_is_told(world: World) -> None:
    mailbox = await world.connect()
    for foreign in ("", "0", "12345", "AAAA", "é", "e30=", "9" * 9000, "https://evil.test/"):
        with pytest.raises(CursorExpired):
            await mailbox.provider.changes(foreign)


@case
async def an_envelope_holds_what_the_rules_look_at_and_no_body(world: World) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(
        mailbox.address,
        subject="Grüße aus Köln",
        text="A secret that no envelope holds.",
        files=[File("Angebot ü.pdf", "application/pdf", b"x" * 1000), File("a.png", "image/png", b"y" * 7)],
        headers={"Auto-Submitted": "auto-replied"},
    )
    [fetched] = await mailbox.provider.envelopes([arrived])
    envelope = fetched.envelope
    assert envelope is not None and fetched.trouble is None
    assert envelope.subject == "Grüße aus Köln"
    assert envelope.sender is not None and envelope.sender.address == CUSTOMER
    assert envelope.sender.name == "Dana Okafor"
    assert [person.address for person in envelope.to] == [mailbox.address]
    assert envelope.internet_message_id and "@" in envelope.internet_message_id
    assert [(one.name, one.content_type) for one in envelope.attachments] == [
        ("Angebot ü.pdf", "application/pdf"),
        ("a.png", "image/png"),
    ]
    more = 0 if mailbox.provider.capabilities.tells_exact_sizes else 500
    assert all(
        size <= one.size_bytes <= size + more
        for one, size in zip(envelope.attachments, (1000, 7), strict=True)
    )
    assert envelope.unread and envelope.automatic
    assert abs(envelope.received_at - world.now()) < timedelta(minutes=1)
    assert "secret" not in repr(envelope)


@case
async def envelopes_come_in_the_order_asked_with_one_outcome_each(world: World) -> None:
    mailbox = await world.connect()
    arrived = [await world.deliver(mailbox.address, subject=f"Number {number}") for number in range(4)]
    await world.delete(mailbox.address, arrived[1])
    asked = [arrived[3], arrived[1], arrived[0], arrived[2]]
    fetched = await mailbox.provider.envelopes(asked)
    assert [one.remote_id for one in fetched] == asked
    subjects = [one.envelope.subject if one.envelope else type(one.trouble) for one in fetched]
    assert subjects == ["Number 3", Gone, "Number 0", "Number 2"]
    assert await mailbox.provider.envelopes([]) == []


@case
async def a_batch_that_is_throttled_in_part_is_asked_again_in_part(world: World) -> None:
    mailbox = await world.connect()
    arrived = [await world.deliver(mailbox.address) for _ in range(4)]
    before = await world.requests(mailbox, Step.ENVELOPE)
    await world.spoil(Spoil.THROTTLED_SHORTLY, Step.ENVELOPE, times=2)
    fetched = await mailbox.provider.envelopes(arrived)
    assert [one.trouble for one in fetched] == [None] * 4
    assert await world.requests(mailbox, Step.ENVELOPE) == before + 6


@case
async def a_batch_whose_answer_is_too_large_is_asked_for_in_halves(world: World) -> None:
    mailbox = await world.connect()
    arrived = [await world.deliver(mailbox.address) for _ in range(4)]
    await world.spoil(Spoil.BOMB, Step.BATCH, times=2)
    fetched = await mailbox.provider.envelopes(arrived)
    assert [(one.remote_id, one.trouble) for one in fetched] == [(one, None) for one in arrived]
    await world.spoil(Spoil.BOMB, Step.BATCH, times=3)
    fetched = await mailbox.provider.envelopes(arrived)
    assert isinstance(fetched[0].trouble, Refused)
    assert [one.trouble for one in fetched[1:]] == [None] * 3


@case
async def an_item_that_stays_throttled_is_told_alone(world: World) -> None:
    mailbox = await world.connect()
    arrived = [await world.deliver(mailbox.address) for _ in range(3)]
    await world.spoil(Spoil.THROTTLED, Step.ENVELOPE, times=1)
    fetched = await mailbox.provider.envelopes(arrived)
    assert isinstance(fetched[0].trouble, Retryable) and fetched[0].trouble.at is not None
    assert [one.trouble for one in fetched[1:]] == [None, None]


@case
async def a_batch_whose_token_is_refused_is_asked_again_with_a_fresh_one(world: World) -> None:
    mailbox = await world.connect()
    arrived = [await world.deliver(mailbox.address) for _ in range(3)]
    await world.spoil(Spoil.TOKEN_REFUSED, Step.ENVELOPE, times=3)
    fetched = await mailbox.provider.envelopes(arrived)
    assert [one.trouble for one in fetched] == [None] * 3
    assert len(mailbox.keeper.saved) == 1


@case
async def the_bytes_of_a_message_are_the_original_ones(world: World) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(
        mailbox.address,
        text='{"raw":"bm90IHRoaXM="}\r\n"raw": "nor this"',
        files=[File("all.bin", "application/octet-stream", bytes(range(256)) * 41)],
    )
    assert await whole(mailbox.provider, arrived) == await world.original(mailbox.address, arrived)


@case
async def a_large_message_is_read_without_being_held(world: World) -> None:
    mailbox = await world.connect()
    await mailbox.provider.profile()
    size_bytes = 20 * 1024 * 1024
    arrived = await world.deliver(
        mailbox.address, files=[File("film.mp4", "video/mp4", b"\x00\xff" * (size_bytes // 2))]
    )
    seen_bytes = 0
    tracemalloc.start()
    try:
        async for chunk in mailbox.provider.raw(arrived):
            seen_bytes += len(chunk)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seen_bytes > size_bytes
    assert peak_bytes < 4 * 1024 * 1024


@case
async def a_message_cut_short_is_never_taken_for_a_whole_one(world: World) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address, text="word " * 20_000)
    for spoil in (Spoil.HALF_ANSWER, Spoil.PAGE_INSTEAD, Spoil.LOST_BEFORE, Spoil.SILENT_BEFORE):
        await world.spoil(spoil, Step.RAW)
        with pytest.raises(Retryable):
            await whole(mailbox.provider, arrived)


@case
async def a_read_that_went_wrong_may_be_made_again(world: World) -> None:
    mailbox = await world.connect()
    start = (await mailbox.provider.profile()).cursor
    arrived = await world.deliver(mailbox.address)
    wrongs = (
        Spoil.LOST_BEFORE,
        Spoil.LOST_AFTER,
        Spoil.SILENT_AFTER,
        Spoil.HALF_ANSWER,
        Spoil.PAGE_INSTEAD,
        Spoil.FAULT_BEFORE,
    )
    for spoil in wrongs:
        await world.spoil(spoil, Step.CHANGES)
        with pytest.raises(Retryable):
            await mailbox.provider.changes(start)
    assert [change.remote_id for change in (await mailbox.provider.changes(start)).changes] == [arrived]


@case
async def an_answer_that_swells_is_refused_within_bounded_memory(world: World) -> None:
    mailbox = await world.connect()
    start = (await mailbox.provider.profile()).cursor
    await world.spoil(Spoil.BOMB, Step.CHANGES)
    tracemalloc.start()
    try:
        with pytest.raises(ProviderTrouble):
            await mailbox.provider.changes(start)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 64 * 1024 * 1024


@case
async def what_the_mailbox_holds_since_a_time_is_listed(world: World) -> None:
    mailbox = await world.connect()
    start = world.now()
    mail, spam = [await world.deliver(mailbox.address) for _ in range(2)]
    await world.move(mailbox.address, spam, "SPAM")
    listed = await mailbox.provider.listed(start, None)
    assert (listed.remote_ids, listed.next_page) == ((mail,), None)
    later = await mailbox.provider.listed(start + timedelta(hours=1), None)
    assert later.remote_ids == ()
