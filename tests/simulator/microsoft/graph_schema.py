"""Microsoft's own schemas: every answer must fit them; a key that Graph does not have is an error."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
from jsonschema import Draft202012Validator

DOCUMENT = Path(__file__).parents[2] / "samples" / "graph" / "graph-mail.openapi.json"
BRACKETED = re.compile(r"\('([^']*)'\)")
# Operations that the document leaves out, and the schema of what they answer (None: any JSON).
BEYOND: dict[str, str | None] = {
    "/subscriptions/{id}/reauthorize": None,
    "/me/translateExchangeIds": None,
    "/me/contactFolders": None,
    "/me/contactFolders/{id}/childFolders": None,
    "/me/contactFolders/{id}/contacts/delta": "contactDelta",
    "/me/mailFolders/inbox/messageRules": None,
    "/me/mailFolders/inbox/messageRules/{id}": "messageRule",
}
Json = dict[str, Any]


@cache
def document() -> Json:
    """The document."""
    return dict(json.loads(DOCUMENT.read_text("utf-8")))


@cache
def validator(name: str) -> Draft202012Validator:
    """Return a validator of one schema."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}
    return Draft202012Validator(schema)


def problems(name: str, body: object) -> list[str]:
    """Return what is wrong with a body, by one schema."""
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(body)]


@cache
def patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Every path of the document as a pattern, the most literal first."""
    paths = [*document()["paths"], *BEYOND]
    paths.sort(key=lambda path: (path.count("{"), -len(path)))
    return [(path, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))) for path in paths]


def documented(path: str) -> str:
    """Return the document's path of a request's."""
    plain = BRACKETED.sub(r"/\1", unquote(path).partition("/graph/v1.0")[2])
    for template, pattern in patterns():
        if pattern.fullmatch(plain):
            return template
    raise AssertionError(f"the document has no path for {plain}")


def wrong(answer: httpx.Response) -> list[str]:
    """Return what is wrong with an answer: its status, its keys, the shape of its error."""
    if answer.is_error:
        return problems("odataError", answer.json())
    template = documented(answer.request.url.path)
    if template in BEYOND:
        name = BEYOND[template]
        return problems(name, answer.json()) if name and answer.content else []
    responses = document()["paths"][template][answer.request.method.lower()]["responses"]
    expected = responses.get(str(answer.status_code))
    if expected is None:
        return [f"{answer.request.method} {template} never answers {answer.status_code}"]
    schema = expected.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return []
    return problems(schema["$ref"].rpartition("/")[2], answer.json())


async def check(answer: httpx.Response) -> None:
    """Fail on an answer that does not fit; for httpx's event hooks."""
    await answer.aread()
    found = wrong(answer)
    assert not found, f"{answer.request.method} {answer.request.url}: {found[:5]}"
