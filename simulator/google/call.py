"""One call of a Gmail method: the request as the handlers see it, and the answer they give."""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.exchange import Answer, Request, json_answer
from simulator.google import errors
from simulator.google.errors import Json
from simulator.google.grants import AccessToken, Client
from simulator.mailbox import Mailbox
from simulator.post import Account

if TYPE_CHECKING:
    from simulator.world import World

TRUE_WORDS = ("true", "1")


def error_answer(error: errors.GoogleError) -> Answer:
    """Return an error's JSON."""
    return json_answer(error.body, error.status)


@dataclass
class Call:
    """What a handler needs to do its work; `media` is the message of an upload."""

    world: "World"
    account: Account
    mailbox: Mailbox
    token: AccessToken
    client: Client
    params: dict[str, str]
    request: Request
    json: Json
    media: bytes | None = None

    def whole(self, name: str, default: int, highest: int) -> int:
        """Return a whole-number parameter, capped as Google caps it.

        Raises:
            GoogleError: 400 for text that is no positive number.
        """
        text = self.request.first(name)
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 10:
            raise errors.invalid(f"Invalid value at '{name}' (TYPE_UINT32), \"{text[:50]}\"")
        return min(int(text), highest) or default

    def flag(self, name: str) -> bool:
        """Return a yes-or-no parameter."""
        return self.request.first(name).lower() in TRUE_WORDS

    def names(self, name: str) -> list[str]:
        """Return a list of texts in the JSON body.

        Raises:
            GoogleError: 400 where it is no list of texts.
        """
        return text_list(self.json, name)

    def text(self, name: str) -> str:
        """Return a text in the JSON body, empty where it is missing.

        Raises:
            GoogleError: 400 where it is no text.
        """
        return text_value(self.json, name)


Handler = Callable[[Call], Json | None]


def text_value(body: Json, name: str) -> str:
    """Return a text of a JSON object, empty where missing; GoogleError 400 for another type."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise errors.invalid(f"Invalid value at '{name}' (TYPE_STRING)")
    return value


def text_list(body: Json, name: str) -> list[str]:
    """Return a list of texts of a JSON object; GoogleError 400 for another type."""
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise errors.invalid(f"Invalid value at '{name}' (TYPE_STRING)")
    return [entry for entry in value if isinstance(entry, str)]


def object_value(body: Json, name: str) -> Json:
    """Return an object of a JSON object, empty where missing; GoogleError 400 for another type."""
    value = body.get(name, {})
    if not isinstance(value, dict):
        raise errors.invalid(f"Invalid value at '{name}'")
    return value


def json_body(content: bytes) -> Json:
    """Read a JSON object; no bytes mean an empty one.

    Raises:
        GoogleError: 400 for anything else.
    """
    if not content.strip():
        return {}
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise errors.invalid("Invalid JSON payload received.") from error
    if not isinstance(found, dict):
        raise errors.invalid("Invalid JSON payload received. Root element must be a message.")
    return found


def encoded(content: bytes) -> str:
    """Return base64url with padding."""
    return base64.urlsafe_b64encode(content).decode("ascii")


def decoded(text: str, name: str) -> bytes:
    """Read base64url, with or without padding; the standard alphabet is accepted too.

    Raises:
        GoogleError: 400 for anything else.
    """
    plain = text.strip().replace("+", "-").replace("/", "_").rstrip("=")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise errors.invalid(f"Invalid value at '{name}' (TYPE_BYTES), Base64 decoding failed") from error
    return raw


def page(token: str, total: int, size: int) -> tuple[int, int, str]:
    """Return where this page begins and ends, and the token of the next one (empty after the last).

    Raises:
        GoogleError: 400 for a token that we never gave.
    """
    if token and (not token.isascii() or not token.isdigit() or len(token) > 12):
        raise errors.invalid("Invalid pageToken")
    start = int(token) if token else 0
    end = start + size
    return start, end, str(end) if end < total else ""
