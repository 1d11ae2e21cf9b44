"""Fetch many envelopes at a time, each with the place that its folder means and what is attached.

Attachments are asked for apart, of those messages that have any: whether an expanded message leaves their
content out is not documented, and an envelope never holds content.
"""

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
    with_files = [
        number
        for number, outcome in enumerate(outcomes)
        if not isinstance(outcome, ProviderTrouble) and outcome.get("hasAttachments") is True
    ]
    files = [requests.attachments(remote_ids[number]) for number in with_files]
    for number, told in zip(with_files, await batch.many(calls, requests, files), strict=True):
        outcomes[number] = _with_files(outcomes[number], told)
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


def _with_files(message: Outcome, files: Outcome) -> Outcome:
    if isinstance(message, ProviderTrouble) or isinstance(files, ProviderTrouble):
        return files
    return {**message, "attachments": files.get("value") or []}
