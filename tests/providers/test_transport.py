"""One request is one request, and what its failure means is said honestly."""

import asyncio
import gzip
import socket
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from providers.exchange import Effect, Outgoing
from providers.transport import Transport
from rules.errors import OurBug, OutcomeUnknown, ProviderTrouble, RefusalKind, Refused, Retryable
from tests.providers.http_server import Manner, answer, closing, dripping, running_server, silent

SILENCE = timedelta(milliseconds=300)


async def fetch(
    manners: list[Manner],
    effect: Effect = Effect.REPEATABLE,
    *,
    limit_bytes: int = 1 << 20,
    **more: timedelta,
) -> tuple[bytes | ProviderTrouble, int]:
    """What came of one request, and how many the server saw."""
    transport = Transport(silence=SILENCE)
    async with running_server(*manners) as server:
        outgoing = Outgoing("a test", "POST", server.url, {"x-own": "1"}, b"body", effect)
        try:
            return (await transport.fetch(outgoing, limit_bytes=limit_bytes, **more)).body, len(server.seen)
        except ProviderTrouble as trouble:
            return trouble, len(server.seen)
        finally:
            await transport.close()


GZIP = "Content-Encoding: gzip\r\n"
FAULTS = {
    "closed without an answer": closing(),
    "closed within the head": closing(b"HTTP/1.1 200 O"),
    "not HTTP": closing(b"SSH-2.0-OpenSSH\r\n"),
    "silence": silent,
    "half a body": closing(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    "half a chunk": closing(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf"),
    "half a gzip": answer(gzip.compress(b"x" * 9000)[:-9], headers=GZIP),
    "broken gzip": answer(b"not gzip at all", headers=GZIP),
    "unasked encoding": answer(b"x", headers="Content-Encoding: br\r\n"),
    "swollen": answer(gzip.compress(bytes(20_000_000)), headers=GZIP),
    "too long": answer(bytes(2 << 20)),
}


@pytest.mark.rule("R49")
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_request_that_must_not_be_repeated_is_made_once_and_its_outcome_is_unknown(
    fault: str,
) -> None:
    outcome, seen = await fetch([FAULTS[fault]], Effect.ONCE)
    assert isinstance(outcome, OutcomeUnknown)
    assert seen == 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_request_that_may_be_repeated_is_made_once_too(fault: str) -> None:
    outcome, seen = await fetch([FAULTS[fault]])
    assert isinstance(outcome, Refused if fault in ("swollen", "too long") else Retryable)
    assert seen == 1


async def test_a_whole_answer_is_given_whatever_its_status() -> None:
    assert await fetch([answer(b"no", status="503 Busy")], Effect.ONCE) == (b"no", 1)
    assert await fetch([answer(gzip.compress(b"a" * 99), headers=GZIP)]) == (b"a" * 99, 1)
    members = gzip.compress(b"one ") + gzip.compress(b"two")
    assert await fetch([answer(members, headers=GZIP)]) == (b"one two", 1)
    assert await fetch([answer(b"", status="200 OK", headers=GZIP)]) == (b"", 1)


async def test_a_redirect_is_not_followed() -> None:
    assert await fetch([answer(b"", status="307 There", headers="Location: /else\r\n")]) == (b"", 1)


@pytest.mark.parametrize("effect", list(Effect))
async def test_a_server_that_is_not_there_was_certainly_not_asked(effect: Effect) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        transport = Transport(silence=SILENCE)
        with pytest.raises(Retryable):
            await transport.fetch(Outgoing("a test", "POST", url, effect=effect))
        await transport.close()


async def test_a_connection_that_idled_away_does_not_make_a_second_request() -> None:
    """The server closes the kept connection right after an answer; the next request needs a new one."""

    async def answer_and_close(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
        await writer.drain()
        writer.close()

    transport = Transport(silence=SILENCE)
    async with running_server(answer_and_close) as server:
        for _ in range(3):
            outgoing = Outgoing("a test", "POST", server.url, body=b"x", effect=Effect.ONCE)
            assert (await transport.fetch(outgoing)).body == b"a"
        assert (len(server.seen), server.connections) == (3, 3)
    await transport.close()


async def test_connections_are_used_again() -> None:
    transport = Transport(silence=SILENCE)
    async with running_server(answer(b"a")) as server:
        for _ in range(5):
            await transport.fetch(Outgoing("a test", "GET", server.url))
        assert (len(server.seen), server.connections) == (5, 1)
        await transport.close()


@pytest.mark.parametrize(("effect", "kind"), [(Effect.ONCE, OutcomeUnknown), (Effect.REPEATABLE, Retryable)])
async def test_a_drip_of_bytes_ends_at_the_deadline(effect: Effect, kind: type[ProviderTrouble]) -> None:
    outcome, _ = await fetch([dripping(0.02)], effect, deadline=timedelta(milliseconds=400))
    assert isinstance(outcome, kind)


async def test_a_stream_is_given_while_it_arrives_and_its_drip_ends_at_the_deadline() -> None:
    transport = Transport(silence=SILENCE)
    seen = b""
    async with running_server(dripping(0.02)) as server:
        with pytest.raises(Retryable):
            async with transport.stream(
                Outgoing("a test", "GET", server.url), limit_bytes=99, deadline=timedelta(milliseconds=300)
            ) as streamed:
                async for chunk in streamed.chunks:
                    seen += chunk
    assert set(seen) == {ord("x")}
    await transport.close()


async def test_the_callers_own_errors_pass_unchanged() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"begun"
        raise LookupError("the caller's own")

    transport = Transport(silence=SILENCE)
    async with running_server(answer(b"a")) as server:
        outgoing = Outgoing("a test", "PUT", server.url, {"content-length": "99"}, body())
        with pytest.raises(LookupError):
            await transport.fetch(outgoing)

        async def timed_out() -> AsyncIterator[bytes]:
            yield b"begun"
            raise TimeoutError("the caller's own")

        outgoing = Outgoing("a test", "PUT", server.url, {"content-length": "99"}, timed_out())
        with pytest.raises(TimeoutError):
            await transport.fetch(outgoing)
    await transport.close()


async def test_a_body_that_is_too_short_is_our_bug() -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"short"

    transport = Transport(silence=SILENCE)
    async with running_server(answer(b"a")) as server:
        outgoing = Outgoing("a test", "PUT", server.url, {"content-length": "99"}, body())
        with pytest.raises(OurBug):
            await transport.fetch(outgoing)
    for url in ("gopher://x.test/", "http://[::1", "not a url"):
        with pytest.raises(OurBug):
            await transport.fetch(Outgoing("a test", "GET", url))
    await transport.close()


async def test_a_bomb_is_refused_without_being_unpacked() -> None:
    bomb = gzip.compress(bytes(100_000_000))
    tracemalloc.start()
    try:
        outcome, _ = await fetch([answer(bomb, headers=GZIP)])
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, Refused) and outcome.kind is RefusalKind.TOO_LARGE
    assert peak_bytes < 8 << 20


@pytest.mark.rule("R12")
async def test_neither_errors_nor_requests_show_headers_bodies_or_addresses() -> None:
    outgoing = Outgoing(
        "a test", "POST", "http://127.0.0.1:1/?q=from:canary", {"authorization": "Bearer canary"}, b"canary"
    )
    assert "Bearer" not in repr(outgoing)
    transport = Transport(silence=SILENCE)
    with pytest.raises(Retryable) as raised:
        await transport.fetch(outgoing)
    assert "canary" not in f"{raised.value!r}{raised.value}"
    await transport.close()
