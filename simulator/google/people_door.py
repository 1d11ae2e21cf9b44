"""The People API: `people.connections.list`, full and by sync token.

Source: https://developers.google.com/people/api/rest/v1/people.connections/list; the body of an expired token
as captured live: 400 with the reason EXPIRED_SYNC_TOKEN.
"""

from typing import TYPE_CHECKING

from simulator.exchange import Answer, Json, Request, json_answer
from simulator.google import errors
from simulator.google.address_book import TOKEN_LIFETIME_MS, Book, Person, Token
from simulator.google.call import page
from simulator.google.door import with_faults
from simulator.google.grants import SCOPE, AccessToken

if TYPE_CHECKING:
    from simulator.world import World

PATH = "/people/v1/people/me/connections"
METHOD = "people.people.connections.list"
SCOPES = frozenset({f"{SCOPE}contacts.readonly", f"{SCOPE}contacts"})
FIELDS = frozenset({"names", "emailAddresses", "phoneNumbers", "organizations", "metadata"})


async def respond(world: "World", request: Request) -> Answer | None:
    """Answer what is the People API's; None for everything else."""
    if (request.verb, request.path) != ("GET", PATH):
        return None
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    token = world.grants.bearer(text.strip()) if scheme.lower() == "bearer" else None

    async def act() -> Answer:
        return json_answer(_listed(world, request, token))

    return await with_faults(world, request, METHOD, token.address if token else None, act)


def _listed(world: "World", request: Request, token: AccessToken | None) -> Json:
    if token is None or token.address not in world.post.state.accounts:
        raise errors.bad_token()
    if not SCOPES & set(token.scopes):
        raise errors.insufficient_scope()
    fields = request.first("personFields")
    if not fields or not set(fields.split(",")) <= FIELDS:
        raise errors.invalid("personFields mask is required. Please specify one or more valid paths.")
    book = world.people.of(token.address)
    given = request.first("syncToken")
    known = _known(book, given, fields, world.clock.now_ms()) if given else None
    entries = book.changed(known.version if known else None)
    size = request.first("pageSize") or "100"
    if not size.isdigit() or not 1 <= int(size) <= 1000:
        raise errors.invalid("Page size must be between 1 and 1000.")
    start, end, after = page(request.first("pageToken"), len(entries), int(size))
    answer: Json = {"totalItems": len(entries)}
    if entries[start:end]:
        answer["connections"] = [_shown(name, person) for name, person in entries[start:end]]
    if after:
        answer["nextPageToken"] = after
    elif request.first("requestSyncToken") == "true":
        answer["nextSyncToken"] = book.give(known.full_ms if known else world.clock.now_ms(), fields)
    return answer


def _known(book: Book, given: str, fields: str, now_ms: int) -> Token:
    token = book.tokens.get(given)
    if token is None or now_ms - token.full_ms > TOKEN_LIFETIME_MS:
        detail = {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "EXPIRED_SYNC_TOKEN",
            "domain": "people.googleapis.com",
        }
        sentence = "Sync token is expired. Clear local cache and retry call without the sync token."
        raise errors.failure(400, sentence, "badRequest", details=[detail])
    if token.fields != fields:
        raise errors.invalid("All parameters must be the same as in the call that gave the sync token.")
    return token


def _shown(resource_name: str, person: Person) -> Json:
    if person.deleted:
        return {"resourceName": resource_name, "metadata": {"deleted": True, "objectType": "PERSON"}}
    return {
        "resourceName": resource_name,
        "etag": f"%{person.version}",
        "metadata": {"objectType": "PERSON"},
        "names": [{"metadata": {"primary": True}, "displayName": person.name}],
        "emailAddresses": [
            {"metadata": {"primary": place == 0}, "value": email, "type": "work"}
            for place, email in enumerate(person.emails)
        ],
    }
