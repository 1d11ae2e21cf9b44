"""Fetch many envelopes at a time.

Belongs here: batches of reads and what became of each. A batch may answer 200 while every item of it is a
401 or a 429: an item that met a refused token or a throttle without a named time is asked for once more (it
is a read), and everything else is told per item.
Source: https://developers.google.com/workspace/gmail/api/guides/batch
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, TypeVar, cast

from providers.exchange import Answer
from providers.gmail import batch, parse
from providers.gmail.calls import Calls
from providers.gmail.decipher import StaleAccessToken
from providers.gmail.requests import BATCH_LIMIT, Call, GmailRequests, chunked
from providers.gmail.wire import JsonObject, Message
from providers.protocol import FetchedEnvelope
from rules.errors import ProviderTrouble, RefusalKind, Refused, Retryable

BREATH: Final = timedelta(seconds=1)
"""Before asking again for throttled items: Google's smallest backoff."""
BATCH_DEADLINE: Final = timedelta(seconds=60)

Outcome = JsonObject | ProviderTrouble
Item = TypeVar("Item")


async def fetched(calls: Calls, requests: GmailRequests, remote_ids: Sequence[str]) -> list[FetchedEnvelope]:
    """Return one outcome per id, in the order asked.

    Raises:
        ProviderTrouble: where the batch as a whole was refused.
    """
    outcomes = await many(calls, requests, remote_ids, requests.envelope)
    return [_envelope(remote_id, outcome) for remote_id, outcome in zip(remote_ids, outcomes, strict=True)]


async def many(
    calls: Calls, requests: GmailRequests, remote_ids: Sequence[str], write: Callable[[str], Call]
) -> list[Outcome]:
    """Ask for each id with the read that `write` writes, fifty at a time."""
    outcomes: list[Outcome] = []
    for run in chunked(remote_ids, BATCH_LIMIT):
        outcomes += await _run(calls, requests, [write(remote_id) for remote_id in run])
    return outcomes


async def _run(calls: Calls, requests: GmailRequests, reads: Sequence[Call]) -> list[Outcome]:
    """One batch, and one more for those of it that may be asked again at once."""
    token = await calls.tokens.access_token()
    outcomes = await _batch(calls, requests, reads)
    again = [position for position, outcome in enumerate(outcomes) if _may_repeat(outcome)]
    if not again:
        return outcomes
    if any(isinstance(outcomes[position], StaleAccessToken) for position in again):
        await calls.tokens.replaced(token)
    else:
        await asyncio.sleep(BREATH.total_seconds())
    try:
        repeated = await _batch(calls, requests, [reads[position] for position in again])
    except Retryable:
        return outcomes
    for position, outcome in zip(again, repeated, strict=True):
        outcomes[position] = outcome
    return outcomes


def _may_repeat(outcome: Outcome) -> bool:
    return isinstance(outcome, Retryable) and outcome.at is None


async def _batch(calls: Calls, requests: GmailRequests, reads: Sequence[Call]) -> list[Outcome]:
    """One batch; where its answer is too large, in halves, down to the one item that must be told alone.

    Otherwise fifty messages with swollen headers would stop a mailbox for good.
    """
    try:
        return await _whole_batch(calls, requests, reads)
    except Refused as refused:
        if refused.kind is not RefusalKind.TOO_LARGE:
            raise
        if len(reads) == 1:
            return [refused]
    middle = len(reads) // 2
    first = await _batch(calls, requests, reads[:middle])
    return first + await _batch(calls, requests, reads[middle:])


async def _whole_batch(calls: Calls, requests: GmailRequests, reads: Sequence[Call]) -> list[Outcome]:
    content_type, body = batch.write([read.outgoing for read in reads], requests.host)
    answer = await calls.answer(requests.batch(reads, content_type, body), deadline=BATCH_DEADLINE)
    inner = batch.read(answer.headers.get("content-type", ""), answer.body, len(reads))
    return [_read(calls, read, one) for read, one in zip(reads, inner, strict=True)]


def _read(calls: Calls, call: Call, inner: batch.InnerAnswer | None) -> Outcome:
    if inner is None:
        return Retryable("Gmail's batch answer lacks an item.")
    try:
        return calls.read(call, Answer(inner.status, inner.headers, inner.body))
    except ProviderTrouble as trouble:
        return trouble


def _envelope(remote_id: str, outcome: Outcome) -> FetchedEnvelope:
    if isinstance(outcome, ProviderTrouble):
        return FetchedEnvelope(remote_id, None, outcome)
    try:
        return FetchedEnvelope(remote_id, parse.envelope(cast(Message, outcome)), None)
    except ProviderTrouble as trouble:
        return FetchedEnvelope(remote_id, None, trouble)
