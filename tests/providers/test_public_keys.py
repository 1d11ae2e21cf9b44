"""Public keys: asked for seldom, and still there when their provider is not."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest

from providers.openid import KeySet, UnknownKey, Unverified, read_key_set
from providers.public_keys import PublicKeys
from providers.transport import Transport
from rules.errors import Retryable
from tests.providers.gmail.tokens_made import NOW, Signer, signer
from tests.providers.http_server import Manner, Server, answer, closing, running_server

OLD, NEW = signer("old"), signer("new")


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


def published(*signers: Signer, max_age: int = 3600) -> Manner:
    body = json.dumps({"keys": [one.jwk() for one in signers]}).encode()
    return answer(body, headers=f"Cache-Control: public, max-age={max_age}, must-revalidate\r\n")


def knows(kid: str) -> Callable[[KeySet], str]:
    """A check that wants one key."""

    def check(keys: KeySet) -> str:
        if kid not in keys.keys:
            raise UnknownKey("no such key")
        return kid

    return check


@asynccontextmanager
async def keys_from(*manners: Manner) -> AsyncIterator[tuple[PublicKeys, Clock, Server]]:
    clock, transport = Clock(), Transport(silence=timedelta(seconds=1))
    async with running_server(*manners) as server:
        yield PublicKeys(transport, server.url, clock), clock, server
        await transport.close()


async def test_keys_are_fetched_once_for_as_long_as_google_says() -> None:
    async with keys_from(published(OLD)) as (keys, clock, server):
        found = await asyncio.gather(*(keys.verify(knows("old")) for _ in range(20)))
        assert (set(found), len(server.seen)) == ({"old"}, 1)
        clock.at += timedelta(minutes=59)
        await keys.verify(knows("old"))
        assert len(server.seen) == 1
        clock.at += timedelta(minutes=2)
        await keys.verify(knows("old"))
        assert len(server.seen) == 2


async def test_a_new_key_is_learnt_at_once() -> None:
    async with keys_from(published(OLD), published(OLD, NEW)) as (keys, clock, server):
        assert await keys.verify(knows("old")) == "old"
        clock.at += timedelta(minutes=2)
        assert await keys.verify(knows("new")) == "new"
        assert len(server.seen) == 2


async def test_forged_key_names_cannot_make_us_ask_more_than_once_a_minute() -> None:
    async with keys_from(published(OLD)) as (keys, clock, server):
        await keys.verify(knows("old"))
        clock.at += timedelta(minutes=2)
        for number in range(50):
            with pytest.raises(UnknownKey):
                await keys.verify(knows(f"forged {number}"))
        assert len(server.seen) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        closing(),
        answer(b"<html>"),
        answer(b"{}", status="503 Busy"),
        answer(b'{"keys":[]}'),
        answer(b"x" * 300_000),
    ],
)
async def test_stale_keys_serve_while_google_is_away(wrong: Manner) -> None:
    async with keys_from(published(OLD), wrong) as (keys, clock, server):
        await keys.verify(knows("old"))
        clock.at += timedelta(days=2)
        assert await keys.verify(knows("old")) == "old"
        with pytest.raises(UnknownKey):
            await keys.verify(knows("new"))
        assert len(server.seen) == 2


async def test_without_any_keys_the_push_may_come_again() -> None:
    async with keys_from(closing(), published(OLD)) as (keys, _, server):
        with pytest.raises(Retryable):
            await keys.verify(knows("old"))
        assert await keys.verify(knows("old")) == "old"
        assert len(server.seen) == 2


@pytest.mark.parametrize("max_age", [0, 1, 99_999_999])
async def test_an_odd_max_age_is_kept_within_reason(max_age: int) -> None:
    async with keys_from(published(OLD, max_age=max_age)) as (keys, clock, server):
        await keys.verify(knows("old"))
        clock.at += timedelta(minutes=4)
        await keys.verify(knows("old"))
        assert len(server.seen) == 1
        clock.at += timedelta(days=2)
        await keys.verify(knows("old"))
        assert len(server.seen) == 2


def test_only_keys_that_may_sign_are_kept() -> None:
    good = OLD.jwk()
    entries: list[object] = [
        good,
        {**good, "kid": "encryption", "use": "enc"},
        {**good, "kid": "other", "alg": "RS512"},
        {**good, "kid": 7},
        {**good, "kid": "elliptic", "kty": "EC"},
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": "AQAB"},
        {
            "kty": "RSA",
            "kid": "short",
            "n": "w7Zdfmece8iaB0kiTY8pCtiBtzbptJmP28nSWwtdjRu0f2GFpajvWE4VhfJA"
            "jEsOcwYzay7XGN0b-X84BfC8hmCTOj2b2eHT7NsZegFPKRUQzJ9wW8ipn_aDJWMGDuB1XyqT1E7DYqjUCEOD1b4FLpy_xPn6oV_TYOfQ"
            "9fZdbE5HGxJUzekuGcOKqOQ8M7wfYHhHHLxGpQVgL0apWuP2gDDOdTtpuld4D2LK1MZK99s9gaSjRHE8JDb1Z4IGhEcEyzkxswVdPndU"
            "WzfvWBBWXWxtSUvQGBRkuy1BHOa4sP6FKjWEeeF7gm7UMs2Nm2QUgNZw6xvEDGaLk4KASdIxRQ"[:120],
            "e": "AQAB",
        },
        "not an object",
    ]
    assert list(read_key_set(json.dumps({"keys": entries}).encode()).keys) == ["old"]
    for body in (b"", b"[]", b"{}", b'{"keys":{}}'):
        with pytest.raises(Unverified):
            read_key_set(body)
