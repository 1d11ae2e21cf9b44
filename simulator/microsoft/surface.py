"""What is below `/microsoft`: identity under `/login`, Graph under `/graph`, uploads under `/outlook`."""

from typing import TYPE_CHECKING

from simulator.exchange import Answer, Request
from simulator.microsoft import door, errors, oauth
from simulator.surface import ProviderDoor

if TYPE_CHECKING:
    from simulator.world import World


def microsoft_door(world: "World") -> ProviderDoor:
    """Return the application that answers everything below `/microsoft`."""

    async def respond(request: Request, root_url: str) -> Answer:
        return await oauth.respond(world, request, root_url) or await door.respond(world, request, root_url)

    def refused(status: int, message: str) -> Answer:
        error = errors.GraphError(status, "RequestEntityTooLarge" if status == 413 else "BadRequest", message)
        return error.answer(world.clock.now(), "")

    return ProviderDoor(world.clock, respond, refused)
