"""The control API of Google address books: who is in them, and when their sync tokens end."""

from collections.abc import Awaitable, Callable

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.control_body import Refused, taken
from simulator.dials import Strict
from simulator.post import Account
from simulator.world import World

Endpoint = Callable[[Request], Awaitable[Response]]


class NewPerson(Strict):
    """An entry of an address book."""

    name: str = Field(default="", max_length=2_000)
    emails: list[str] = Field(default_factory=list, max_length=200)


class PeopleControl:
    """The routes, bound to one world and to the control API's way to find accounts."""

    def __init__(self, world: World, found: Callable[[Request], Account]) -> None:
        """Keep them."""
        self.world, self._found = world, found

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Return verb, path and endpoint of every route."""
        one = "/accounts/{address}/people"
        return [
            ("GET", one, self.show),
            ("PUT", one + "/{id}", self.put),
            ("DELETE", one + "/{id}", self.remove),
            ("POST", one + "/expire", self.expire),
        ]

    async def show(self, request: Request) -> Response:
        """List an address book."""
        people = self.world.people.of(self._found(request).address).changed(None)
        shown = [{"id": name, "name": one.name, "emails": one.emails} for name, one in people]
        return JSONResponse({"people": shown})

    async def put(self, request: Request) -> Response:
        """Add an entry, or change it."""
        book, wanted = self.world.people.of(self._found(request).address), await taken(request, NewPerson)
        book.put(_name(request), wanted.name, wanted.emails)
        self.world.touched()
        return JSONResponse({"id": _name(request)})

    async def remove(self, request: Request) -> Response:
        """Delete an entry."""
        if not self.world.people.of(self._found(request).address).remove(_name(request)):
            raise Refused(404, "no such person")
        self.world.touched()
        return Response(status_code=204)

    async def expire(self, request: Request) -> Response:
        """End every sync token, as seven days do."""
        self.world.people.of(self._found(request).address).tokens.clear()
        self.world.touched()
        return Response(status_code=204)


def _name(request: Request) -> str:
    return f"people/{request.path_params['id']}"
