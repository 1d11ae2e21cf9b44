"""One call of a Graph operation: the request as the handlers see it, and how they answer."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from simulator.exchange import Answer, Json, Request, json_answer
from simulator.mailbox import Copy, Mailbox
from simulator.microsoft import errors
from simulator.microsoft.box import Box, Folder, Item, NoFolder
from simulator.microsoft.grants import AccessToken
from simulator.microsoft.identity import object_id
from simulator.post import Account

if TYPE_CHECKING:
    from simulator.world import World

ITEM_ID = re.compile(r"AA[kM]k?A[A-Za-z0-9_\-]{6,}={0,2}")
MOST_BODY_BYTES = 4 * 1024 * 1024
HIGHEST_TOP = 1000


@dataclass
class Call:
    """What a handler needs to do its work."""

    world: "World"
    account: Account
    mailbox: Mailbox
    box: Box
    token: AccessToken
    params: dict[str, str]
    request: Request
    root_url: str

    @property
    def preferences(self) -> dict[str, str]:
        """The Prefer header's names (lower case) and values."""
        pairs = (one.partition("=") for one in self.request.headers.get("prefer", "").split(","))
        return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs if name.strip()}

    @property
    def immutable(self) -> bool:
        """Whether ids are to be those that survive a move."""
        return self.preferences.get("idtype", "").lower() == "immutableid"

    @property
    def json(self) -> Json:
        """The JSON body; no bytes mean an empty object.

        Raises:
            GraphError: 400 for anything else.
        """
        return json_object(self.request.body)

    @property
    def is_mime(self) -> bool:
        """Whether the body is a mail in base64 instead of JSON."""
        return self.request.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/plain"

    def mime(self) -> bytes:
        """Return the mail that a text/plain body holds in base64.

        Raises:
            GraphError: 400 for anything else.
        """
        try:
            raw = base64.b64decode(b"".join(self.request.body.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise errors.known("ErrorMimeContentInvalidBase64String") from error
        if not raw:
            raise errors.known("ErrorMimeContentInvalidBase64String")
        return raw

    def item(self, name: str = "id") -> tuple[Copy, Item]:
        """Return the message that a path parameter names.

        Raises:
            GraphError: 400 for what is no id, 404 where it is gone or has moved.
        """
        return self.item_named(self.params[name])

    def item_named(self, graph_id: str) -> tuple[Copy, Item]:
        """Return the message of an id, in either format; GraphError 400 or 404 as for `item`."""
        if not ITEM_ID.fullmatch(graph_id):
            raise errors.known("ErrorInvalidIdMalformed")
        found = self.box.item_of(graph_id)
        if found is None:
            raise errors.not_found()
        return self.mailbox.copy(found.copy_id), found

    def folder(self, name_or_id: str) -> Folder:
        """Return a folder; GraphError 404 where there is none, 400 for what is no id."""
        try:
            return self.box.place(name_or_id)
        except NoFolder as missing:
            if len(name_or_id) < 20:
                raise errors.known("ErrorInvalidIdMalformed") from missing
            raise errors.not_found() from missing

    def shown_id(self, item: Item) -> str:
        """Return the id of an item in the format that was asked for."""
        return item.immutable_id if self.immutable else item.rest_id

    def context(self, tail: str) -> str:
        """Return `@odata.context` of the user's own things."""
        return f"{self.root_url}/graph/v1.0/$metadata#users('{object_id(self.account)}')/{tail}"

    def whole(self, name: str, default: int, highest: int) -> int:
        """Return a whole-number query parameter.

        Raises:
            GraphError: 400 for text that is no number within the bounds.
        """
        text = self.request.first(name)
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) > highest:
            raise errors.bad_request(f"Invalid value for '{name}': {text[:50]!r}", "ErrorInvalidUrlQuery")
        return int(text)

    def page_size(self, default: int = 10) -> int:
        """Return how many entries a page may have: `$top`, else the preferred page size."""
        top = self.whole("$top", 0, HIGHEST_TOP)
        preferred = self.preferences.get("odata.maxpagesize", "")
        said = int(preferred) if preferred.isascii() and preferred.isdigit() and len(preferred) < 5 else 0
        wanted = min((one for one in (top, said) if one), default=default)
        return min(wanted, HIGHEST_TOP, self.world.dials.now.microsoft.most_per_page)

    def link(self, **query: str) -> str:
        """Return this request's URL with other query parameters; underscores stand for `$`."""
        fields = {name.replace("_", "$", 1): value for name, value in query.items()}
        return f"{self.root_url}{self.request.path}?{urlencode(fields, safe='$')}"

    def next_page(self, skip: int) -> str:
        """Return the link to the page that begins after `skip` entries."""
        kept = {name: values[0] for name, values in self.request.query.items() if name != "$skip"}
        return f"{self.root_url}{self.request.path}?{urlencode({**kept, '$skip': str(skip)}, safe='$')}"


Handler = Callable[[Call], Answer]


def answered(call: Call, body: Json, status: int = 200) -> Answer:
    """Return JSON, and say which preferences were applied."""
    answer = json_answer(body, status)
    answer.headers["content-type"] = (
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    )
    applied = [
        text.strip()
        for text in call.request.headers.get("prefer", "").split(",")
        if text.strip().lower().startswith(("idtype", "odata.maxpagesize", "outlook.body-content-type"))
    ]
    if applied:
        answer.headers["preference-applied"] = ", ".join(applied)
    return answer


def empty(status: int) -> Answer:
    """Return an answer without a body."""
    return Answer(status)


def json_object(content: bytes) -> Json:
    """Read a JSON object; no bytes mean an empty one.

    Raises:
        GraphError: 400 for anything else, and for text that is no Unicode or numbers that are none.
    """
    if not content.strip():
        return {}
    try:
        found = json.loads(content, parse_constant=_no_number)
        # An unpaired surrogate can be written in JSON, but nowhere be kept.
        if b"\\ud" in content.lower():
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        text = "Unable to read JSON request payload. Please ensure payload is of valid JSON format."
        raise errors.bad_request(text, "BadRequest") from error
    if not isinstance(found, dict):
        raise errors.bad_request("The JSON payload is no object.", "BadRequest")
    return found


def _no_number(name: str) -> object:
    raise ValueError(name)


def text_of(body: Json, name: str, default: str = "") -> str:
    """Return a text of a JSON object, the default where missing or null; GraphError 400 for another type."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise errors.invalid(f"The property '{name}' must be a string.")
    return value


def object_of(body: Json, name: str) -> Json:
    """Return an object of a JSON object, empty where missing or null; GraphError 400 for another type."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.invalid(f"The property '{name}' must be an object.")
    return value


def list_of(body: Json, name: str) -> list[Json]:
    """Return a list of objects, empty where missing or null; GraphError 400 for another type."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise errors.invalid(f"The property '{name}' must be a collection.")
    return value


def texts_of(body: Json, name: str) -> list[str]:
    """Return a list of texts, empty where missing or null; GraphError 400 for another type."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise errors.invalid(f"The property '{name}' must be a collection of strings.")
    return value


def flag_of(body: Json, name: str, default: bool) -> bool:
    """Return a yes-or-no of a JSON object; GraphError 400 for another type."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise errors.invalid(f"The property '{name}' must be a boolean.")
    return value
