"""One subscription to a mailbox's changes: made, renewed, made anew when it is gone, taken away.

Belongs here: subscriptions. It covers every folder, asks for immutable ids, and lives a little under a week,
the longest that Graph gives one without content; it is renewed at half its life by the job that asks here.
While it is being made Graph asks the address that pushes go to, so the API has to be up.
Source: https://learn.microsoft.com/en-us/graph/api/resources/subscription,
https://learn.microsoft.com/en-us/graph/change-notifications-lifecycle-events
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, cast

from providers.outlook import parse
from providers.outlook.calls import Calls
from providers.outlook.decipher import AlreadyRegistered
from providers.outlook.requests import GraphRequests
from providers.outlook.wire import Subscription
from providers.protocol import Watch
from rules.errors import Gone, Retryable

RESOURCE: Final = "me/messages"
LIFETIME: Final = timedelta(minutes=10_070)
"""Under the most that is given, 10 080 minutes, by what clocks may differ."""
DEADLINE: Final = timedelta(seconds=45)
"""Graph waits up to ten seconds for each of our two addresses before it answers."""


async def registered(
    calls: Calls, requests: GraphRequests, *, push_url: str, subscription_id: str | None, secret: str
) -> Watch:
    """Renew the subscription, or make one where there is none any more.

    Raises:
        OperatorMustAct: Graph cannot reach us.
    """
    ends_at = calls.now() + LIFETIME
    if subscription_id is not None:
        with suppress(Gone):
            return await _renewed(calls, requests, subscription_id, ends_at)
    content = {
        "changeType": "created,updated,deleted",
        "notificationUrl": push_url,
        "lifecycleNotificationUrl": f"{push_url}/lifecycle",
        "resource": RESOURCE,
        "expirationDateTime": _written(ends_at),
        "clientState": secret,
    }
    try:
        said = await calls.ask(requests.subscribe(content), deadline=DEADLINE)
    except AlreadyRegistered:
        # It was made by a job that ended before it could remember it; what it carries is the same.
        return await _adopted(calls, requests, push_url, ends_at)
    return _watch(cast(Subscription, said))


async def _renewed(calls: Calls, requests: GraphRequests, subscription_id: str, ends_at: datetime) -> Watch:
    said = await calls.ask(requests.renew(subscription_id, {"expirationDateTime": _written(ends_at)}))
    return _watch(cast(Subscription, said))


async def _adopted(calls: Calls, requests: GraphRequests, push_url: str, ends_at: datetime) -> Watch:
    listed = (await calls.ask(requests.subscriptions())).get("value")
    for one in listed if isinstance(listed, list) else ():
        ours = isinstance(one, dict) and one.get("notificationUrl") == push_url
        if ours and str(one.get("resource", "")).lstrip("/") == RESOURCE:
            return await _renewed(calls, requests, str(one.get("id", "")), ends_at)
    raise Retryable("Microsoft has a subscription of ours and does not show it.")


def _watch(said: Subscription) -> Watch:
    if not said.get("id"):
        raise Retryable("Microsoft did not say what the subscription is called.")
    return Watch(parse.expiration(said), said["id"])


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
