"""Where every Gmail request comes in: token, scope, quota, faults and journal, then the method's handler.

Source: the error order follows the handle-errors page: 401 before 403 before quota.
"""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from simulator.dials import Fault
from simulator.google import batch, drafts, errors, history, messages, outgoing, watch
from simulator.google.call import Answer, Call, Handler, Request, error_answer, json_answer, json_body
from simulator.google.grants import AccessToken
from simulator.google.methods import Method, method_for

if TYPE_CHECKING:
    from simulator.world import World

HANDLERS: dict[str, Handler] = {
    **messages.HANDLERS,
    **outgoing.HANDLERS,
    **drafts.HANDLERS,
    **history.HANDLERS,
    **watch.HANDLERS,
}
HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry...</h1></body></html>"
GMAIL, UPLOAD = "/gmail/v1/users/", "/upload/gmail/v1/users/"
BOMB_PIECE = 1 << 20
Act = Callable[[], Awaitable[Answer]]


async def respond(world: "World", request: Request, root_url: str) -> Answer:
    """Answer one HTTP request below the provider's root, with its fault, and write it in the journal."""
    if request.path in ("/batch", "/batch/gmail/v1") and request.verb == "POST":
        return await with_faults(world, request, "batch", None, lambda: _batch(world, request, root_url))
    return await _call(world, request, root_url, batched=False)


async def with_faults(
    world: "World", request: Request, method_id: str, account: str | None, act: Act, *, batched: bool = False
) -> Answer:
    """Do one call under the dials and note it; `act` may raise GoogleError."""
    fault = world.dials.fault_for(method_id, request.path, account)
    entry = world.journal.note(world.clock.now_ms(), method_id, request, account, batched)
    entry.fault = fault.fault if fault else None

    async def acted() -> Answer:
        try:
            return await act()
        except errors.GoogleError as error:
            return error_answer(error)

    answer = await acted() if fault is None else await _spoilt(world, fault, acted, method_id)
    entry.status = answer.status if answer.manner in ("plain", "half") else None
    return answer


async def _spoilt(world: "World", fault: Fault, act: Act, method_id: str) -> Answer:
    match fault.fault:
        case "hang_before":
            return Answer(0, manner="hang")
        case "drop_before":
            return Answer(0, manner="drop")
        case "hang_after":
            await act()
            return Answer(0, manner="hang")
        case "drop_after":
            await act()
            return Answer(0, manner="drop")
        case "half_answer":
            answer = await act()
            answer.manner = "half"
            return answer
        case "slow":
            await asyncio.sleep(fault.seconds)
            return await act()
        case "gzip_bomb":
            return Answer(
                200,
                _bomb(fault.size_bytes),
                {"content-type": "application/json; charset=UTF-8", "content-encoding": "gzip"},
            )
        case "html_body" | "status":
            await _effect(world, fault, act)
            return _wrong_answer(world, fault, method_id)


async def _effect(world: "World", fault: Fault, act: Act) -> None:
    if fault.effect == "before_answer":
        await act()
    elif fault.effect == "late":
        world.later(fault.seconds, act)


def _wrong_answer(world: "World", fault: Fault, method_id: str) -> Answer:
    if fault.fault == "html_body":
        return Answer(200, HTML, {"content-type": "text/html; charset=UTF-8"})
    wait = timedelta(seconds=fault.retry_after_seconds or 30)
    if method_id in ("oauth.token", "oauth.revoke"):
        error = errors.of_token_endpoint(fault.body, fault.code)
    elif fault.body == "backendError":
        error = errors.failure(fault.code, "Backend Error", "backendError")
    else:
        error = errors.named(fault.body, world.clock.now(), fault.code, wait)
    answer = error_answer(error)
    if fault.retry_after_seconds is not None:
        answer.headers["retry-after"] = str(int(fault.retry_after_seconds))
    return answer


def _bomb(size_bytes: int) -> bytes:
    packer = gzip.compress(b" " * BOMB_PIECE, 9)
    return packer * max(1, size_bytes // BOMB_PIECE)


async def _batch(world: "World", request: Request, root_url: str) -> Answer:
    return await batch.answer(request, lambda inner: _call(world, inner, root_url, batched=True))


async def _call(world: "World", request: Request, root_url: str, *, batched: bool) -> Answer:
    upload = request.path.startswith(UPLOAD)
    opener = world.uploads.opener(request) if upload else None
    asked = opener or request
    below = asked.path.removeprefix(UPLOAD if upload else GMAIL)
    user_id, _, path = below.partition("/")
    known = method_for(asked.verb, path) if below != asked.path else None
    if known is None or (upload and (batched or not known[0].media)):
        return error_answer(errors.failure(404, "Method not found.", "notFound"))
    method, params = known
    token = _token(world, request, opener)

    async def act() -> Answer:
        return _perform(world, request, root_url, method, params, user_id, token, upload=upload)

    account = token.address if token else None
    with world.meter.under_way(account) as too_many:
        return await with_faults(
            world, request, method.id, account, _refusal(too_many) if too_many else act, batched=batched
        )


def _refusal(error: errors.GoogleError) -> Act:
    async def refuse() -> Answer:
        raise error

    return refuse


def _token(world: "World", request: Request, opener: Request | None) -> AccessToken | None:
    for source in (request, opener):
        scheme, _, text = (source.headers.get("authorization", "") if source else "").partition(" ")
        if scheme.lower() == "bearer" and text:
            return world.grants.bearer(text.strip())
    return None


def _perform(
    world: "World",
    request: Request,
    root_url: str,
    method: Method,
    params: dict[str, str],
    user_id: str,
    token: AccessToken | None,
    *,
    upload: bool,
) -> Answer:
    account = world.post.state.accounts.get(token.address) if token else None
    client = world.grants.state.clients.get(token.client_id) if token else None
    if token is None or account is None or client is None:
        raise errors.bad_token()
    if user_id != "me" and user_id.lower() != account.address:
        raise errors.failure(403, f"Delegation denied for {account.address}", "forbidden")
    if not method.scopes & set(token.scopes):
        raise errors.insufficient_scope()
    media: bytes | None = None
    body = request.body
    if upload:
        received = world.uploads.receive(request, root_url)
        if isinstance(received, Answer):
            return received
        json, media = received.json, received.media
    else:
        json = json_body(body)
    world.meter.spend(account.address, client.project, method.units)
    call = Call(world, account, world.post.mailbox(account), token, client, params, request, json, media)
    result = HANDLERS[method.id](call)
    world.touched()
    return Answer(HTTPStatus.NO_CONTENT) if result is None else json_answer(result)
