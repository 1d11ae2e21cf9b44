"""Where every Graph request comes in: token, scope, throttling, faults and journal, then its handler."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from simulator.dials import Fault
from simulator.exchange import Answer, Request
from simulator.faults import noted
from simulator.microsoft import (
    attachments,
    batch,
    contacts,
    delta,
    errors,
    folders,
    messages,
    sending,
    subscriptions,
)
from simulator.microsoft.call import MOST_BODY_BYTES, Call, Handler
from simulator.microsoft.grants import AccessToken
from simulator.microsoft.identity import object_id
from simulator.microsoft.operations import Found, operation_for
from simulator.microsoft.uploads import UploadSession
from simulator.post import Account

if TYPE_CHECKING:
    from simulator.world import World

HANDLERS: dict[str, Handler] = {
    **messages.HANDLERS,
    **sending.HANDLERS,
    **attachments.HANDLERS,
    **folders.HANDLERS,
    **delta.HANDLERS,
    **contacts.HANDLERS,
    **subscriptions.HANDLERS,
}
ROOT = "/graph/v1.0"
Act = Callable[[], Awaitable[Answer]]


async def respond(world: "World", request: Request, root_url: str) -> Answer:
    """Answer one request, with its fault, and write it in the journal."""
    if request.path == f"{ROOT}/$batch" and request.verb == "POST":

        async def inner(call: Request) -> Answer:
            return await _call(world, call, root_url, batched=True)

        async def act() -> Answer:
            return await batch.answer(request, inner, world.clock.now())

        return await _noted(world, request, "graph.batch", _account_of(world, request), act)
    session = attachments.session_of(world.microsoft.uploads, request)
    if session is not None and request.verb in ("PUT", "DELETE"):
        return await _upload(world, request, root_url, session)
    return await _call(world, request, root_url, batched=False)


async def _noted(
    world: "World", request: Request, method_id: str, account: str | None, act: Act, *, batched: bool = False
) -> Answer:
    """Do one call under the dials and note it; `act` may raise GraphError."""
    now, given = world.clock.now(), request.headers.get("client-request-id", "")

    async def acted() -> Answer:
        try:
            return await act()
        except errors.GraphError as error:
            return error.answer(now, given)

    def wrong(fault: Fault) -> Answer:
        return errors.of_fault(fault.body, fault.code).answer(now, given)

    answer = await noted(world, request, method_id, account, acted, wrong, batched=batched)
    answer.headers.setdefault("request-id", world.microsoft.new_guid())
    answer.headers.setdefault("client-request-id", given or answer.headers["request-id"])
    return answer


def _token(world: "World", request: Request) -> AccessToken | None:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return world.microsoft.grants.bearer(text.strip()) if scheme.lower() == "bearer" and text else None


def _account_of(world: "World", request: Request) -> str | None:
    token = _token(world, request)
    return token.address if token else None


async def _call(world: "World", request: Request, root_url: str, *, batched: bool) -> Answer:
    below = request.path.removeprefix(ROOT)
    found = operation_for(request.verb, below) if below != request.path else None
    if found is None:
        error = errors.bad_request(f"Resource not found for the segment '{below[:100]}'.", "BadRequest")
        return error.answer(world.clock.now(), request.headers.get("client-request-id", ""))
    token = _token(world, request)
    key = f"{token.client_id} {token.address}" if token else ""
    with world.microsoft.throttle.under_way(key) as too_many:

        async def act() -> Answer:
            if too_many is not None:
                raise too_many
            return await _perform(world, request, root_url, found, token)

        return await _noted(
            world, request, found.operation.id, token.address if token else None, act, batched=batched
        )


async def _perform(
    world: "World", request: Request, root_url: str, found: Found, token: AccessToken | None
) -> Answer:
    account = _checked(world, token, found)
    assert token is not None
    upload_bytes = len(request.body) if request.verb in ("POST", "PATCH", "PUT") else 0
    world.microsoft.throttle.spend(f"{token.client_id} {token.address}", upload_bytes)
    if len(request.body) > MOST_BODY_BYTES:
        raise errors.known("RequestEntityTooLarge")
    if world.dials.now.microsoft.latency_seconds:
        await asyncio.sleep(world.dials.now.microsoft.latency_seconds)
    box = world.microsoft.box(account)
    call = Call(world, account, world.post.mailbox(account), box, token, found.params, request, root_url)
    waiting = subscriptions.WAITING_HANDLERS.get(found.operation.id)
    answer = await waiting(call) if waiting else HANDLERS[found.operation.id](call)
    if request.verb != "GET":
        world.microsoft.settle()
        world.touched()
    return answer


def _checked(world: "World", token: AccessToken | None, found: Found) -> Account:
    """Return whose token it is.

    Raises:
        GraphError: 401 without a living token, 403 for a missing scope or a foreign mailbox.
    """
    account = world.post.state.accounts.get(token.address) if token else None
    if token is None or account is None:
        raise errors.bad_token(
            "Access token is empty." if token is None else "Access token validation failure."
        )
    if token.challenged or (
        token.address in world.microsoft.grants.state.stepping_up and not token.stepped_up
    ):
        raise errors.claims_challenge()
    if token.expires_ms <= world.clock.now_ms():
        raise errors.bad_token("Lifetime validation failed, the token is expired.")
    if found.user and found.user.lower() not in (account.address, object_id(account)):
        raise errors.known("ErrorAccessDenied")
    if not found.operation.scopes & set(token.scopes):
        raise errors.known("ErrorAccessDenied")
    return account


async def _upload(world: "World", request: Request, root_url: str, session: UploadSession) -> Answer:
    """Take a chunk of an upload session, whose URL is its authorization."""
    account = world.post.state.accounts[session.address]

    async def act() -> Answer:
        world.microsoft.throttle.spend(f"upload {session.address}", len(request.body))
        token = AccessToken("", "", session.address, [], 0)
        box, mailbox = world.microsoft.box(account), world.post.mailbox(account)
        answer = attachments.upload(Call(world, account, mailbox, box, token, {}, request, root_url), session)
        world.microsoft.settle()
        world.touched()
        return answer

    return await _noted(world, request, "graph.upload", session.address, act)
