"""What is below `/google`: the identity side first, then People, then Gmail."""

from typing import TYPE_CHECKING

from simulator.exchange import Answer, Request
from simulator.google import door, errors, oauth, people_door
from simulator.google.call import error_answer
from simulator.surface import ProviderDoor

if TYPE_CHECKING:
    from simulator.world import World


def google_door(world: "World") -> ProviderDoor:
    """Return the application that answers everything below `/google`."""

    async def respond(request: Request, root_url: str) -> Answer:
        for respond_to in (oauth.respond, people_door.respond):
            answer = await respond_to(world, request)
            if answer is not None:
                return answer
        return await door.respond(world, request, root_url)

    return ProviderDoor(world.clock, respond, _refused)


def _refused(status: int, message: str) -> Answer:
    error = errors.failure(status, message, "uploadTooLarge") if status == 413 else errors.invalid(message)
    return error_answer(error)
