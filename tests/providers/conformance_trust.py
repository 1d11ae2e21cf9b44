"""Conformance: tokens, permissions, quota, push and parting."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from providers.tokens import Tokens
from rules.errors import NeedsReconnect, OperatorMustAct, ReconnectReason, Retryable, Scope
from rules.pacing import Rate
from tests.providers.cases import everything, later, registry
from tests.providers.world import Connected, Spoil, Step, World

CASES, case = registry()
SECRET = "what a push must carry"


def kept(mailbox: Connected) -> Tokens:
    assert mailbox.keeper.tokens is not None
    return mailbox.keeper.tokens


def expire(world: World, mailbox: Connected) -> None:
    """The access token that is kept has just ended."""
    mailbox.keeper.tokens = replace(kept(mailbox), access_token="ended", access_expires_at=world.now())


@case
async def an_ended_access_token_is_refreshed_before_it_is_used(world: World) -> None:
    mailbox = await world.connect()
    expire(world, mailbox)
    await mailbox.provider.profile()
    assert await world.refusals(mailbox) == 0
    assert len(mailbox.keeper.saved) == 1
    assert kept(mailbox).access_token != "ended"
    assert kept(mailbox).refresh_token


@case
async def fifty_calls_with_an_ended_access_token_refresh_it_once(world: World) -> None:
    mailbox = await world.connect(rate=Rate(capacity=100_000, per_second=1_000))
    expire(world, mailbox)
    before = await world.requests(mailbox, Step.TOKEN)
    openings = [world.again(mailbox).provider for _ in range(50)]
    profiles = await asyncio.gather(*(provider.profile() for provider in openings))
    assert {profile.address for profile in profiles} == {mailbox.address}
    assert await world.requests(mailbox, Step.TOKEN) == before + 1
    assert len(mailbox.keeper.saved) == 1


@case
async def a_refresh_token_that_is_replaced_is_kept_before_it_is_needed(world: World) -> None:
    mailbox = await world.connect()
    await world.replace_refresh_tokens()
    seen = {kept(mailbox).refresh_token}
    for _ in range(3):
        expire(world, mailbox)
        await world.again(mailbox).provider.profile()
        seen.add(kept(mailbox).refresh_token)
    assert len(seen) == 4


@case
async def an_access_token_that_ends_in_the_middle_is_replaced(world: World) -> None:
    mailbox = await world.connect()
    start = (await mailbox.provider.profile()).cursor
    arrived = await world.deliver(mailbox.address)
    await world.spoil(Spoil.TOKEN_REFUSED, Step.CHANGES)
    changes, _ = await everything(mailbox.provider, start)
    assert [change.remote_id for change in changes] == [arrived]
    assert len(mailbox.keeper.saved) == 1


@case
async def a_token_that_stays_refused_is_not_asked_with_for_ever(world: World) -> None:
    mailbox = await world.connect()
    await world.spoil(Spoil.TOKEN_REFUSED, Step.PROFILE, times=10)
    before = await world.requests(mailbox, Step.PROFILE)
    with pytest.raises(Retryable):
        await mailbox.provider.profile()
    assert await world.requests(mailbox, Step.PROFILE) - before <= 2


@case
async def a_withdrawn_consent_needs_the_user(world: World) -> None:
    mailbox = await world.connect()
    await world.withdraw(mailbox.address)
    with pytest.raises(NeedsReconnect) as told:
        await mailbox.provider.profile()
    assert told.value.reason is ReconnectReason.REVOKED_OR_EXPIRED


@case
async def a_changed_password_needs_the_user(world: World) -> None:
    mailbox = await world.connect()
    await world.change_password(mailbox.address)
    expire(world, mailbox)
    with pytest.raises(NeedsReconnect):
        await mailbox.provider.profile()


@case
async def a_token_endpoint_in_trouble_disconnects_nobody(world: World) -> None:
    mailbox = await world.connect()
    wrongs = (
        Spoil.LOST_BEFORE,
        Spoil.SILENT_BEFORE,
        Spoil.HALF_ANSWER,
        Spoil.PAGE_INSTEAD,
        Spoil.FAULT_BEFORE,
    )
    for spoil in wrongs:
        expire(world, mailbox)
        await world.spoil(spoil, Step.TOKEN)
        with pytest.raises(Retryable):
            await world.again(mailbox).provider.profile()
    assert (await world.again(mailbox).provider.profile()).address == mailbox.address


@case
async def an_unticked_permission_needs_the_user(world: World) -> None:
    mailbox = await world.connect(without_permission=True)
    with pytest.raises(NeedsReconnect) as told:
        await mailbox.provider.profile()
    assert told.value.reason is ReconnectReason.MISSING_PERMISSION


@case
async def what_an_administrator_forbids_or_an_account_lacks_needs_the_user(world: World) -> None:
    mailbox = await world.connect()
    wanted = {
        Spoil.ADMIN_BLOCKED: ReconnectReason.ADMIN_BLOCKED,
        Spoil.NO_MAILBOX: ReconnectReason.NO_MAILBOX,
    }
    for spoil, reason in wanted.items():
        await world.spoil(spoil, Step.PROFILE)
        with pytest.raises(NeedsReconnect) as told:
            await mailbox.provider.profile()
        assert told.value.reason is reason


@case
async def a_pause_with_a_named_time_is_kept(world: World) -> None:
    mailbox, other = await world.connect(), await world.connect()
    await world.spoil(Spoil.THROTTLED, Step.PROFILE)
    with pytest.raises(Retryable) as told:
        await mailbox.provider.profile()
    assert told.value.concerns is Scope.MAILBOX
    assert timedelta(seconds=60) < later(told.value.at) - world.now() < timedelta(seconds=120)
    before = await world.requests(mailbox, Step.ANY)
    with pytest.raises(Retryable) as again:
        await world.again(mailbox).provider.profile()
    assert again.value.at == told.value.at
    assert await world.requests(mailbox, Step.ANY) == before
    assert (await other.provider.profile()).address == other.address


@case
async def the_quota_is_kept_without_a_refusal(world: World) -> None:
    mailbox = await world.connect(rate=Rate(capacity=100, per_second=60))
    arrived = [await world.deliver(mailbox.address) for _ in range(5)]
    await world.short_quota(400)
    began_at = world.now()
    for _ in range(2):
        fetched = await mailbox.provider.envelopes(arrived)
        assert [one.trouble for one in fetched] == [None] * 5
    assert await world.refusals(mailbox) == 0
    assert world.now() - began_at > timedelta(seconds=1)


@case
async def a_quota_used_up_for_long_is_told_instead_of_waited_for(world: World) -> None:
    mailbox = await world.connect(rate=Rate(capacity=100, per_second=0.1))
    await mailbox.provider.envelopes([await world.deliver(mailbox.address) for _ in range(5)])
    with pytest.raises(Retryable) as told:
        await mailbox.provider.envelopes(["19a1f0c2d3e4b501"] * 5)
    assert later(told.value.at) > world.now() + timedelta(minutes=10)


@case
async def push_is_registered_and_renewed_where_it_is_set_up(world: World) -> None:
    mailbox = await world.connect(pushes_to="projects/bothways-demo/topics/gmail")
    first = await mailbox.provider.watch(None, SECRET)
    assert first is not None
    second = await mailbox.provider.watch(first.remote_id, SECRET)
    assert second is not None and second.remote_id == first.remote_id
    assert await world.is_watched(mailbox.address)
    assert timedelta(days=6) < first.expires_at - world.now() <= timedelta(days=7, minutes=1)
    assert second.expires_at >= first.expires_at


@case
async def without_push_nothing_is_registered(world: World) -> None:
    mailbox = await world.connect()
    assert await mailbox.provider.watch(None, SECRET) is None
    assert await world.requests(mailbox, Step.WATCH) == 0


@case
async def push_that_is_set_up_wrongly_is_the_operators_affair(world: World) -> None:
    mailbox = await world.connect(pushes_to="projects/bothways-demo/topics/gmail")
    await world.spoil(Spoil.OPERATORS_FAULT, Step.WATCH)
    with pytest.raises(OperatorMustAct):
        await mailbox.provider.watch(None, SECRET)


@case
async def parting_ends_our_access_and_may_be_repeated(world: World) -> None:
    mailbox = await world.connect(pushes_to="projects/bothways-demo/topics/gmail")
    watch = await mailbox.provider.watch(None, SECRET)
    assert watch is not None and await world.is_watched(mailbox.address)
    await mailbox.provider.release(watch.remote_id)
    assert not await world.is_watched(mailbox.address)
    await world.again(mailbox).provider.release(watch.remote_id)
    if mailbox.provider.capabilities.revokes_tokens:
        expire(world, mailbox)
        with pytest.raises(NeedsReconnect):
            await world.again(mailbox).provider.profile()


@case
async def no_trouble_and_no_token_shows_a_secret(world: World) -> None:
    mailbox = await world.connect()
    tokens = kept(mailbox)
    await world.withdraw(mailbox.address)
    with pytest.raises(NeedsReconnect) as told:
        await mailbox.provider.profile()
    seen = f"{told.value!r} {told.value} {told.value.__cause__!r} {tokens!r} {mailbox.keeper!r}"
    assert tokens.access_token not in seen and tokens.refresh_token not in seen
