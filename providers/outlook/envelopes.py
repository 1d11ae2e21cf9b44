"""Fetch many envelopes at a time, each with the place that its folder means."""

from collections.abc import Sequence
from typing import cast

from providers.outlook import batch, parse
from providers.outlook.batch import Outcome
from providers.outlook.calls import Calls
from providers.outlook.folders import Folders
from providers.outlook.requests import GraphRequests
from providers.outlook.wire import Message
from providers.protocol import FetchedEnvelope
from rules.errors import ProviderTrouble


async def fetched(
    calls: Calls, requests: GraphRequests, folders: Folders, remote_ids: Sequence[str]
) -> list[FetchedEnvelope]:
    """Return one outcome per id, in the order asked.

    Raises:
        ProviderTrouble: where a batch as a whole was refused.
    """
    if not remote_ids:
        return []
    await folders.learn(calls, requests)  # Before a pause that one of the messages may meet.
    outcomes = await batch.many(calls, requests, [requests.envelope(one) for one in remote_ids])
    return [
        await _envelope(calls, requests, folders, remote_id, outcome)
        for remote_id, outcome in zip(remote_ids, outcomes, strict=True)
    ]


async def _envelope(
    calls: Calls, requests: GraphRequests, folders: Folders, remote_id: str, outcome: Outcome
) -> FetchedEnvelope:
    if isinstance(outcome, ProviderTrouble):
        return FetchedEnvelope(remote_id, None, outcome)
    message = cast(Message, outcome)
    try:
        place = await folders.place(calls, requests, message.get("parentFolderId"))
        return FetchedEnvelope(remote_id, parse.envelope(message, place), None)
    except ProviderTrouble as trouble:
        return FetchedEnvelope(remote_id, None, trouble)
