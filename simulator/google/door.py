"""Where every Gmail request comes in: token, scope, quota, faults and journal, then the method's handler.

Source: the error order follows the handle-errors page: 401 before 403 before quota.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from simulator.dials import Fault
from simulator.exchange import Answer, Request, json_answer
from simulator.faults import Act, noted
from simulator.google import batch, drafts, errors, history, messages, outgoing, watch
from simulator.google.call import Call, Handler, error_answer, json_body
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
GMAIL, UPLOAD = "/gmail/v1/users/", "/upload/gmail/v1/users/"


async def respond(world: "World", request: Request, root_url: str) -> Answer:
    """Answer one HTTP request below the provider's root, with its fault, and write it in the journal."""
    if request.path in ("/batch", "/batch/gmail/v1") and request.verb == "POST":
        return await with_faults(world, request, "batch", None, lambda: _batch(world, request, root_url))
    return await _call(world, request, root_url, batched=False)


async def with_faults(
    world: "World", request: Request, method_id: str, account: str | None, act: Act, *, batched: bool = False
) -> Answer:
    """Do one call under the dials and note it; `act` may raise GoogleError."""

    async def acted() -> Answer:
        try:
            return await act()
        except errors.GoogleError as error:
            return error_answer(error)

    def wrong(fault: Fault) -> Answer:
        return _wrong_answer(world, fault, method_id)

    return await noted(world, request, method_id, account, acted, wrong, batched=batched)


def _wrong_answer(world: "World", fault: Fault, method_id: str) -> Answer:
    wait = timedelta(seconds=fault.retry_after_seconds or 30)
    if method_id in ("oauth.token", "oauth.revoke"):
        return error_answer(errors.of_token_endpoint(fault.body, fault.code))
    if fault.body == "backendError":
        return error_answer(errors.failure(fault.code, "Backend Error", "backendError"))
    return error_answer(errors.named(fault.body, world.clock.now(), fault.code, wait))


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
