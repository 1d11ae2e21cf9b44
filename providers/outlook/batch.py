"""Many repeatable requests as one: twenty at a time, and what became of each.

A batch answers 200 while every item of it may be a 401 or a 429: an item that met a refused token, or a pause
without a named time, is asked for once more, and everything else is told per item. Where a whole answer is
too large it is asked for in halves: twenty messages with swollen headers must not stop a mailbox for good.
Source: https://learn.microsoft.com/en-us/graph/json-batching
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

import orjson

from providers.exchange import Answer
from providers.outlook.calls import Calls
from providers.outlook.decipher import StaleAccessToken
from providers.outlook.requests import BATCH_LIMIT, Call, GraphRequests
from providers.outlook.wire import JsonObject
from rules.errors import ProviderTrouble, RefusalKind, Refused, Retryable

BREATH: Final = timedelta(seconds=1)
"""Before asking again for items that were put off without a time."""
DEADLINE: Final = timedelta(seconds=60)

Outcome = JsonObject | ProviderTrouble


async def many(calls: Calls, requests: GraphRequests, asked: Sequence[Call]) -> list[Outcome]:
    """Return one outcome per request, in the order asked.

    Raises:
        ProviderTrouble: where a batch as a whole was refused.
    """
    outcomes: list[Outcome] = []
    for start in range(0, len(asked), BATCH_LIMIT):
        outcomes += await _run(calls, requests, asked[start : start + BATCH_LIMIT])
    return outcomes


async def _run(calls: Calls, requests: GraphRequests, asked: Sequence[Call]) -> list[Outcome]:
    """One batch, and one more for those of it that may be asked again at once."""
    token = await calls.tokens.access_token()
    outcomes = await _batch(calls, requests, asked)
    again = [position for position, outcome in enumerate(outcomes) if _may_repeat(outcome)]
    if not again:
        return outcomes
    stale = [one for one in (outcomes[position] for position in again) if isinstance(one, StaleAccessToken)]
    if stale:
        await calls.tokens.replaced(token, stale[0].claims)
    else:
        await asyncio.sleep(BREATH.total_seconds())
    try:
        repeated = await _batch(calls, requests, [asked[position] for position in again])
    except Retryable:
        return outcomes
    for position, outcome in zip(again, repeated, strict=True):
        outcomes[position] = outcome
    return outcomes


def _may_repeat(outcome: Outcome) -> bool:
    return isinstance(outcome, Retryable) and outcome.at is None


async def _batch(calls: Calls, requests: GraphRequests, asked: Sequence[Call]) -> list[Outcome]:
    try:
        return await _whole_batch(calls, requests, asked)
    except Refused as refused:
        if refused.kind is not RefusalKind.TOO_LARGE:
            raise
        if len(asked) == 1:
            return [refused]
    middle = len(asked) // 2
    first = await _batch(calls, requests, asked[:middle])
    return first + await _batch(calls, requests, asked[middle:])


async def _whole_batch(calls: Calls, requests: GraphRequests, asked: Sequence[Call]) -> list[Outcome]:
    said = await calls.ask(requests.batch(asked), deadline=DEADLINE)
    listed = said.get("responses")
    answers = dict(_members(listed if isinstance(listed, list) else []))
    return [_read(calls, call, answers.get(str(number))) for number, call in enumerate(asked)]


def _members(listed: Iterable[object]) -> Iterable[tuple[str, Answer]]:
    """The answers by the ids of their requests; their order says nothing."""
    for one in listed:
        if not isinstance(one, dict):
            continue
        name, status, headers = one.get("id"), one.get("status"), one.get("headers")
        if not isinstance(name, str) or not isinstance(status, int):
            continue
        said = (
            {str(key).lower(): str(value) for key, value in headers.items()}
            if isinstance(headers, dict)
            else {}
        )
        body = one.get("body")
        yield name, Answer(status, said, b"" if body is None else orjson.dumps(body))


def _read(calls: Calls, call: Call, answer: Answer | None) -> Outcome:
    if answer is None:
        return Retryable("Microsoft's batch answer lacks an item.")
    try:
        return calls.read(call, answer)
    except ProviderTrouble as trouble:
        return trouble
