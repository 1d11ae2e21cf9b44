"""Conformance: sending once, and finding out what became of a sending."""

from datetime import timedelta
from email import message_from_bytes

import pytest

from providers.protocol import Draft
from rules.errors import (
    Gone,
    NeedsReconnect,
    OutcomeUnknown,
    RefusalKind,
    Refused,
    Retryable,
    Scope,
)
from tests.providers.cases import drafted, later, registry, written
from tests.providers.world import Connected, Spoil, Step, World, Written

CASES, case = registry()
MINUTE = timedelta(minutes=1)


@case
async def a_draft_is_sent_once_and_lies_in_sent(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address)
    draft = await drafted(mailbox, message)
    assert await world.deliveries(message.marker) == 0
    sent = await mailbox.provider.send_draft(draft)
    assert await world.held(mailbox.address, "SENT") == [sent.remote_id]
    assert await world.held(mailbox.address, "DRAFT") == []
    assert await world.deliveries(message.marker) == 1
    assert sent.internet_message_id == message.internet_message_id
    assert sent.remote_thread_id == draft.remote_thread_id


@case
async def the_message_id_that_the_provider_really_used_is_told(world: World) -> None:
    mailbox = await world.connect()
    await world.rewrite_message_ids()
    message = written(mailbox.address)
    sent = await mailbox.provider.send_draft(await drafted(mailbox, message))
    [fetched] = await mailbox.provider.envelopes([sent.remote_id])
    assert fetched.envelope is not None
    assert fetched.envelope.marker == message.marker
    assert sent.internet_message_id == fetched.envelope.internet_message_id
    assert sent.internet_message_id not in (None, message.internet_message_id)


@case
async def a_draft_exists_until_it_is_sent(world: World) -> None:
    mailbox = await world.connect()
    draft = await drafted(mailbox, written(mailbox.address))
    assert await mailbox.provider.draft_exists(draft)
    await mailbox.provider.send_draft(draft)
    assert not await mailbox.provider.draft_exists(draft)


@case
async def a_draft_that_was_sent_cannot_be_sent_again(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address)
    draft = await drafted(mailbox, message)
    await mailbox.provider.send_draft(draft)
    with pytest.raises(Gone):
        await mailbox.provider.send_draft(draft)
    assert await world.deliveries(message.marker) == 1


@case
async def a_reply_stays_in_its_thread(world: World) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address, subject="Roof")
    [fetched] = await mailbox.provider.envelopes([arrived])
    assert fetched.envelope is not None
    reply = written(mailbox.address, subject="Re: Roof", in_reply_to=fetched.envelope.internet_message_id)
    draft = await drafted(mailbox, reply, fetched.envelope.remote_thread_id, arrived)
    sent = await mailbox.provider.send_draft(draft)
    assert sent.remote_thread_id == fetched.envelope.remote_thread_id
    bytes_sent = message_from_bytes(await world.original(mailbox.address, sent.remote_id))
    answered = f"<{fetched.envelope.internet_message_id}>"
    assert bytes_sent["In-Reply-To"].strip() == answered
    assert bytes_sent["References"].split()[-1] == answered
    assert bytes_sent["Subject"] == "Re: Roof"
    assert await world.deliveries(reply.marker) == 1


@case
async def a_thread_that_the_mailbox_does_not_have_is_refused_or_does_not_matter(world: World) -> None:
    mailbox = await world.connect()
    for thread in ("19a1f0c2d3e4b501", "no thread at all"):
        message = written(mailbox.address, in_reply_to="nobody@knows.test")
        if mailbox.provider.capabilities.drafts_name_a_thread:
            with pytest.raises(Refused) as refused:
                await drafted(mailbox, message, thread, "19a1f0c2d3e4b501")
            assert refused.value.kind is RefusalKind.BAD_THREAD
        else:
            await mailbox.provider.send_draft(await drafted(mailbox, message, thread, "19a1f0c2d3e4b501"))
            assert await world.deliveries(message.marker) == 1


async def send_under(world: World, spoil: Spoil) -> tuple[Connected, Written, Draft]:
    """Send one message while the sending is spoilt; its outcome must be unknown and its request single."""
    mailbox = await world.connect()
    message = written(mailbox.address)
    draft = await drafted(mailbox, message)
    await world.spoil(spoil, Step.SEND)
    with pytest.raises(OutcomeUnknown):
        await mailbox.provider.send_draft(draft)
    assert await world.requests(mailbox, Step.SEND) == 1
    return mailbox, message, draft


async def reconcile(world: World, mailbox: Connected, message: Written, draft: Draft) -> None:
    """Do what the jobs do with an unknown outcome; afterwards it was delivered exactly once."""
    if await mailbox.provider.draft_exists(draft):
        await mailbox.provider.send_draft(draft)
    found = await mailbox.provider.find_sent(
        marker=message.marker,
        internet_message_id=message.internet_message_id,
        since=world.now() - MINUTE,
        remote_thread_id=None,
    )
    assert found is not None
    assert [found.remote_id] == await world.held(mailbox.address, "SENT")
    assert await world.deliveries(message.marker) == 1


@case
async def a_connection_lost_before_the_sending_leaves_the_outcome_unknown_and_one_request(
    world: World,
) -> None:
    await reconcile(world, *await send_under(world, Spoil.LOST_BEFORE))


@case
async def a_connection_lost_after_the_sending_leaves_the_outcome_unknown_and_one_request(
    world: World,
) -> None:
    await reconcile(world, *await send_under(world, Spoil.LOST_AFTER))


@case
async def silence_before_the_sending_leaves_the_outcome_unknown_and_one_request(world: World) -> None:
    await reconcile(world, *await send_under(world, Spoil.SILENT_BEFORE))


@case
async def silence_after_the_sending_leaves_the_outcome_unknown_and_one_request(world: World) -> None:
    await reconcile(world, *await send_under(world, Spoil.SILENT_AFTER))


@case
async def half_an_answer_to_a_sending_leaves_the_outcome_unknown_and_one_request(world: World) -> None:
    await reconcile(world, *await send_under(world, Spoil.HALF_ANSWER))


@case
async def a_page_instead_of_an_answer_to_a_sending_leaves_the_outcome_unknown(world: World) -> None:
    for spoil in (Spoil.PAGE_INSTEAD, Spoil.PAGE_AFTER):
        await reconcile(world, *await send_under(world, spoil))


@case
async def a_fault_of_the_providers_own_leaves_the_outcome_unknown(world: World) -> None:
    for spoil in (Spoil.FAULT_BEFORE, Spoil.FAULT_AFTER):
        await reconcile(world, *await send_under(world, spoil))


@case
async def an_answer_to_a_sending_that_swells_leaves_the_outcome_unknown(world: World) -> None:
    await reconcile(world, *await send_under(world, Spoil.BOMB))


@case
async def a_token_refused_while_sending_is_one_request_and_may_be_sent_again(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address)
    draft = await drafted(mailbox, message)
    await world.spoil(Spoil.TOKEN_REFUSED, Step.SEND)
    with pytest.raises(Retryable):
        await mailbox.provider.send_draft(draft)
    assert await world.requests(mailbox, Step.SEND) == 1
    await mailbox.provider.send_draft(draft)
    assert await world.deliveries(message.marker) == 1


@case
async def an_answer_that_is_lost_while_reading_back_does_not_undo_a_sending(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address)
    draft = await drafted(mailbox, message)
    await world.spoil(Spoil.LOST_BEFORE, Step.ENVELOPE)
    sent = await mailbox.provider.send_draft(draft)
    assert sent.internet_message_id is None
    assert await world.held(mailbox.address, "SENT") == [sent.remote_id]


@case
async def a_sending_is_found_though_its_message_id_was_replaced(world: World) -> None:
    mailbox = await world.connect()
    await world.rewrite_message_ids()
    message = written(mailbox.address)
    sent = await mailbox.provider.send_draft(await drafted(mailbox, message))
    await mailbox.provider.send_draft(await drafted(mailbox, written(mailbox.address)))
    found = await mailbox.provider.find_sent(
        marker=message.marker,
        internet_message_id=message.internet_message_id,
        since=world.now() - MINUTE,
        remote_thread_id=None,
    )
    assert found is not None and found.remote_id == sent.remote_id


@case
async def a_sending_that_the_index_does_not_know_yet_is_found_by_its_thread(world: World) -> None:
    mailbox = await world.connect()
    arrived = await world.deliver(mailbox.address, subject="Roof")
    [fetched] = await mailbox.provider.envelopes([arrived])
    assert fetched.envelope is not None
    thread = fetched.envelope.remote_thread_id
    message = written(mailbox.address, subject="Re: Roof", in_reply_to=fetched.envelope.internet_message_id)
    await world.search_lags(3600)
    sent = await mailbox.provider.send_draft(await drafted(mailbox, message, thread, arrived))
    found = await mailbox.provider.find_sent(
        marker=message.marker,
        internet_message_id=message.internet_message_id,
        since=world.now() - MINUTE,
        remote_thread_id=thread,
    )
    assert found is not None and found.remote_id == sent.remote_id


@case
async def a_sending_without_a_thread_is_found_once_the_index_knows_it_at_the_latest(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address)
    await world.search_lags(3600)
    sent = await mailbox.provider.send_draft(await drafted(mailbox, message))
    found = []
    for lag in (3600, 0):
        await world.search_lags(lag)
        copy = await mailbox.provider.find_sent(
            marker=message.marker,
            internet_message_id=message.internet_message_id,
            since=world.now() - MINUTE,
            remote_thread_id=None,
        )
        found.append(copy.remote_id if copy else None)
    assert found in ([None, sent.remote_id], [sent.remote_id] * 2)


@case
async def a_draft_is_never_taken_for_a_sending(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address)
    draft = await drafted(mailbox, message)
    found = await mailbox.provider.find_sent(
        marker=message.marker,
        internet_message_id=message.internet_message_id,
        since=world.now() - MINUTE,
        remote_thread_id=draft.remote_thread_id,
    )
    assert found is None


@case
async def a_sending_of_somebody_else_is_never_taken_for_ours(world: World) -> None:
    mailbox = await world.connect()
    await mailbox.provider.send_draft(await drafted(mailbox, written(mailbox.address)))
    other = written(mailbox.address)
    found = await mailbox.provider.find_sent(
        marker=other.marker,
        internet_message_id=other.internet_message_id,
        since=world.now() - MINUTE,
        remote_thread_id=None,
    )
    assert found is None


@case
async def the_sending_limit_stops_sendings_until_the_named_time_and_nothing_else(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address)
    draft = await drafted(mailbox, message)
    await world.spoil(Spoil.SENDING_LIMIT, Step.SEND)
    for _ in range(2):
        with pytest.raises(Retryable) as told:
            await mailbox.provider.send_draft(draft)
        assert told.value.concerns is Scope.SENDING
        assert later(told.value.at) - world.now() > timedelta(hours=1)
    assert await world.requests(mailbox, Step.SEND) == 1
    assert await mailbox.provider.draft_exists(draft)
    assert (await mailbox.provider.profile()).address == mailbox.address


@case
async def a_sending_by_a_mailbox_that_was_withdrawn_needs_its_user(world: World) -> None:
    mailbox = await world.connect()
    message = written(mailbox.address)
    draft = await drafted(mailbox, message)
    await world.withdraw(mailbox.address)
    with pytest.raises((NeedsReconnect, Retryable)):
        await mailbox.provider.send_draft(draft)
    with pytest.raises(NeedsReconnect):
        await mailbox.provider.send_draft(draft)
    assert await world.deliveries(message.marker) == 0
