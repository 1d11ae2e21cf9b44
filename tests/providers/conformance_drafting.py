"""Conformance: storing a draft, however large, once."""

import tracemalloc
from email import message_from_bytes
from functools import partial

import pytest

from rules.errors import OurBug, ProviderTrouble, RefusalKind, Refused, Retryable
from tests.providers.cases import attachment, composed_of, drafted, registry, written
from tests.providers.world import Spoil, Step, World

CASES, case = registry()


@case
async def a_draft_that_an_earlier_attempt_left_is_taken_up(world: World) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address, subject="Roof")
    [fetched] = await mailbox.provider.envelopes([arrived])
    assert fetched.envelope is not None
    thread, answered = fetched.envelope.remote_thread_id, fetched.envelope.internet_message_id
    new = mailbox.provider.create_draft
    reply = partial(new, remote_thread_id=thread, answers=arrived)
    await world.search_lags(3600)
    for size_bytes, in_reply_to, create in ((0, None, new), (2_000_000, None, new), (0, answered, reply)):
        message = written(mailbox.address, size_bytes=size_bytes, in_reply_to=in_reply_to).message
        other = await new(written(mailbox.address).message)
        left = await create(message)
        before = await world.held(mailbox.address, "DRAFT")
        assert await create(message, again=True) == left != other
        assert await world.held(mailbox.address, "DRAFT") == before


@case
async def where_an_earlier_attempt_left_nothing_the_draft_is_stored(world: World) -> None:
    mailbox = await world.connect()
    await mailbox.provider.create_draft(written(mailbox.address).message)
    await mailbox.provider.create_draft(written(mailbox.address).message, again=True)
    assert len(await world.held(mailbox.address, "DRAFT")) == 2


@case
async def a_draft_whose_answer_was_lost_is_one_draft_after_the_next_attempt(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address)
    await world.spoil(Spoil.LOST_AFTER, Step.DRAFT)
    with pytest.raises(ProviderTrouble):
        await mailbox.provider.create_draft(message.message)
    draft = await mailbox.provider.create_draft(message.message, again=True)
    assert len(await world.held(mailbox.address, "DRAFT")) == 1
    await mailbox.provider.send_draft(draft)
    assert await world.deliveries(message.marker) == 1


@case
async def a_draft_of_twenty_megabytes_is_stored_without_being_held(world: World) -> None:
    mailbox = await world.connect()
    await mailbox.provider.profile()
    size_bytes = 20 * 1024 * 1024
    large = written(mailbox.address, size_bytes=size_bytes)
    tracemalloc.start()
    try:
        draft = await drafted(mailbox, large)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 3 * 1024 * 1024
    stored = message_from_bytes(await world.original(mailbox.address, draft.remote_message_id))
    [kept] = [part.get_payload(decode=True) for part in stored.walk() if part.get_filename() == "roof.bin"]
    assert isinstance(kept, bytes) and kept == bytes(range(256)) * (size_bytes // 256)


@case
async def a_message_over_the_providers_limit_is_refused_before_it_is_sent(world: World) -> None:
    mailbox = await world.connect()
    before = await world.requests(mailbox, Step.ANY)
    limit = mailbox.provider.capabilities.upload_limit_bytes
    with pytest.raises(Refused) as refused:
        await drafted(mailbox, composed_of(mailbox.address, (attachment(1, announced=limit),)))
    assert refused.value.kind is RefusalKind.TOO_LARGE
    assert await world.requests(mailbox, Step.ANY) == before


@case
async def a_message_of_another_length_than_announced_becomes_no_draft(world: World) -> None:
    mailbox = await world.connect()
    for size_bytes in (1000, 3_000_000, 4_000_000):
        for wrong in (-1, 1):
            file = attachment(size_bytes, announced=size_bytes + wrong)
            with pytest.raises(OurBug):
                await drafted(mailbox, composed_of(mailbox.address, (file,)))
    assert await world.held(mailbox.address, "DRAFT") == []


@case
async def a_large_draft_whose_upload_is_lost_may_be_stored_again(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address, size_bytes=4_000_000)
    for spoil in (Spoil.LOST_BEFORE, Spoil.FAULT_BEFORE, Spoil.PAGE_INSTEAD, Spoil.TOKEN_REFUSED):
        await world.spoil(spoil, Step.DRAFT)
        try:
            await drafted(mailbox, message)
        except Retryable:
            await drafted(mailbox, message)
    draft = await drafted(mailbox, message)
    sent = await mailbox.provider.send_draft(draft)
    assert await world.held(mailbox.address, "SENT") == [sent.remote_id]
    assert await world.deliveries(message.marker) == 1
