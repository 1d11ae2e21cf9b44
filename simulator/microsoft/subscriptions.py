"""Subscriptions: create with a handshake, renew, reauthorize, delete.

Source: https://learn.microsoft.com/en-us/graph/api/resources/subscription and
/change-notifications-delivery-webhooks (the handshake within 10 seconds, while the
creation waits), /outlook-change-notifications-overview.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import httpx

from simulator.calling import caller
from simulator.clock import from_ms
from simulator.exchange import Answer, Json
from simulator.microsoft import errors
from simulator.microsoft.box import NoFolder
from simulator.microsoft.call import Call, Handler, answered, empty, text_of
from simulator.microsoft.identity import object_id
from simulator.microsoft.push import CONTACTS, Subscription

SHORTEST_MS = 45 * 60_000
HANDSHAKE_SECONDS = 10
MOST_FOR_A_MAILBOX = 1000
LONGEST_STATE = 128
KINDS = ("created", "updated", "deleted")
RESOURCE = re.compile(
    r"/?(?:me|users/(?P<user>[^/]+))/(?:(?P<contacts>contacts)|(?:mailFolders/(?P<folder>[^/]+)/)?messages)",
    re.IGNORECASE,
)
BRACKETED = re.compile(r"\('([^']*)'\)")
AsyncHandler = Callable[[Call], Awaitable[Answer]]


def shown(subscription: Subscription, account_id: str) -> Json:
    """Return a subscription as JSON; its state is told to nobody but the endpoint and its maker."""
    return {
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.client_id,
        "changeType": ",".join(subscription.change_types),
        "clientState": subscription.client_state or None,
        "notificationUrl": subscription.notification_url,
        "notificationQueryOptions": None,
        "lifecycleNotificationUrl": subscription.lifecycle_url or None,
        "expirationDateTime": from_ms(subscription.expires_ms).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "creatorId": account_id,
        "includeResourceData": None,
        "latestSupportedTlsVersion": "v1_2",
        "encryptionCertificate": None,
        "encryptionCertificateId": None,
        "notificationUrlAppId": None,
    }


def _entity(call: Call, subscription: Subscription, status: int = 200) -> Answer:
    context = f"{call.root_url}/graph/v1.0/$metadata#subscriptions/$entity"
    return answered(call, {"@odata.context": context, **shown(subscription, object_id(call.account))}, status)


async def create(call: Call) -> Answer:
    """`POST /subscriptions`: both endpoints must echo a token while this call is open.

    Raises:
        GraphError: 400 for what does not fit or an endpoint that does not answer, 403, 409.
    """
    body = call.json
    resource, folder_id = _resource(call, text_of(body, "resource"))
    kinds = [kind.strip() for kind in text_of(body, "changeType").split(",")]
    if not kinds or not set(kinds) <= set(KINDS):
        raise _invalid("The changeType is missing or unknown.")
    state = text_of(body, "clientState")
    if len(state) > LONGEST_STATE:
        raise _invalid(f"clientState is longer than {LONGEST_STATE} characters.")
    fresh = Subscription(
        call.world.microsoft.new_guid(),
        call.account.address,
        call.token.client_id,
        sorted(set(kinds), key=KINDS.index),
        resource,
        folder_id,
        _url(body, "notificationUrl", required=True),
        _url(body, "lifecycleNotificationUrl", required=False),
        state,
        _expiry(call, body),
        call.immutable,
    )
    _check_room(call, fresh)
    for url in dict.fromkeys(filter(None, (fresh.notification_url, fresh.lifecycle_url))):
        await _handshake(call, url)
    _check_room(call, fresh)
    call.world.microsoft.push.state.subscriptions[fresh.id] = fresh
    call.world.microsoft.push.wake.set()
    return _entity(call, fresh, 201)


def _invalid(message: str) -> errors.GraphError:
    return errors.GraphError(400, "InvalidRequest", message)


def _resource(call: Call, text: str) -> tuple[str, str]:
    plain = BRACKETED.sub(r"/\1", text)
    found = RESOURCE.fullmatch(plain)
    if found is None:
        raise _invalid(f"Resource '{text[:100]}' is not supported.")
    if found["user"] and found["user"].lower() not in (call.account.address, object_id(call.account)):
        raise errors.known("ErrorAccessDenied")
    if found["contacts"]:
        return text, CONTACTS
    if not found["folder"]:
        return text, ""
    try:
        return text, call.box.place(found["folder"]).id
    except NoFolder as missing:
        raise errors.known("ErrorItemNotFound") from missing


def _url(body: Json, name: str, *, required: bool) -> str:
    text = text_of(body, name)
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if (text or required) and not usable:
        raise _invalid(f"{name} is missing or no URL.")
    return text


def _expiry(call: Call, body: Json) -> int:
    try:
        expires = datetime.fromisoformat(text_of(body, "expirationDateTime"))
    except ValueError as error:
        raise _invalid("expirationDateTime is missing or no date.") from error
    expires_ms = int((expires if expires.tzinfo else expires.replace(tzinfo=UTC)).timestamp() * 1000)
    now_ms = call.world.clock.now_ms()
    longest_ms = call.world.dials.now.microsoft.subscription_hours * 3_600_000
    if expires_ms <= now_ms or expires_ms > now_ms + longest_ms:
        minutes = longest_ms // 60_000
        raise _invalid(f"Subscription expiration can only be {minutes} minutes in the future.")
    return max(expires_ms, now_ms + SHORTEST_MS)


def _check_room(call: Call, fresh: Subscription) -> None:
    push = call.world.microsoft.push
    alive = [
        one
        for one in push.state.subscriptions.values()
        if push.alive(one.id) and one.address == fresh.address
    ]
    for one in alive:
        same = (one.client_id, one.folder_id, one.change_types) == (
            fresh.client_id,
            fresh.folder_id,
            fresh.change_types,
        )
        if same:
            text = f"Subscription Id {one.id} already exists for the requested combination"
            raise errors.GraphError(409, "Conflict", text)
    if len(alive) >= MOST_FOR_A_MAILBOX:
        raise errors.GraphError(403, "Forbidden", "The mailbox has reached its limit of subscriptions.")


async def _handshake(call: Call, url: str) -> None:
    """Post a token to an endpoint, which must come back as plain text."""
    guid = call.world.microsoft.new_guid()
    token = f"Validation: Testing client application reachability for subscription Request-Id: {guid}"
    joined = "&" if urlsplit(url).query else "?"
    try:
        async with caller() as client:
            answer = await client.post(
                f"{url}{joined}validationToken={quote(token, safe='').replace('%20', '+')}",
                headers={"Content-Type": "text/plain; charset=utf-8"},
                timeout=HANDSHAKE_SECONDS,
            )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unreachable("Notification endpoint must respond with 200 OK to validation request.") from error
    if answer.status_code != 200:
        raise _unreachable("Notification endpoint must respond with 200 OK to validation request.")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/plain" or answer.text != token:
        raise _unreachable("Validation token was not returned as plain text.")


def _unreachable(text: str) -> errors.GraphError:
    return errors.GraphError(400, "ValidationError", f"Subscription validation request failed. {text}")


def _found(call: Call) -> Subscription:
    found = call.world.microsoft.push.alive(call.params["sid"])
    own = (call.account.address, call.token.client_id)
    if found is None or (found.address, found.client_id) != own:
        raise errors.known("ResourceNotFound")
    return found


def list_subscriptions(call: Call) -> Answer:
    """`GET /subscriptions`."""
    push, own = call.world.microsoft.push, (call.account.address, call.token.client_id)
    value = [
        shown(one, object_id(call.account))
        for one in push.state.subscriptions.values()
        if push.alive(one.id) and (one.address, one.client_id) == own
    ]
    return answered(
        call, {"@odata.context": f"{call.root_url}/graph/v1.0/$metadata#subscriptions", "value": value}
    )


def get(call: Call) -> Answer:
    """`GET /subscriptions/{id}`."""
    return _entity(call, _found(call))


async def update(call: Call) -> Answer:
    """`PATCH /subscriptions/{id}`: renews and reauthorizes; another notification URL must shake hands.

    Raises:
        GraphError: 400 for any other property, 404 for a subscription that is gone.
    """
    found, body = _found(call), call.json
    extra = [
        name
        for name in body
        if name not in ("expirationDateTime", "notificationUrl") and "@odata" not in name
    ]
    if extra:
        raise _invalid(f"The property '{extra[0][:80]}' cannot be updated.")
    url = _url(body, "notificationUrl", required=False)
    expires_ms = _expiry(call, body) if "expirationDateTime" in body else found.expires_ms
    if url and url != found.notification_url:
        await _handshake(call, url)
        found.notification_url = url
    found.expires_ms = expires_ms
    found.paused = found.reminded = False
    return _entity(call, found)


def reauthorize(call: Call) -> Answer:
    """`POST /subscriptions/{id}/reauthorize`: goes on where it paused, does not renew."""
    _found(call).paused = False
    return empty(204)


def delete(call: Call) -> Answer:
    """`DELETE /subscriptions/{id}`."""
    del call.world.microsoft.push.state.subscriptions[_found(call).id]
    return empty(204)


HANDLERS: dict[str, Handler] = {
    "graph.subscriptions.list": list_subscriptions,
    "graph.subscriptions.get": get,
    "graph.subscriptions.reauthorize": reauthorize,
    "graph.subscriptions.delete": delete,
}
WAITING_HANDLERS: dict[str, AsyncHandler] = {
    "graph.subscriptions.create": create,
    "graph.subscriptions.update": update,
}
