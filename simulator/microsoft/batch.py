"""POST /$batch: up to 20 calls in one body, at most four of them at a time.

Source: https://learn.microsoft.com/en-us/graph/json-batching and /throttling-limits (throttled items are 429
inside a 200); preferences count only in the headers of each item.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import parse_qs, unquote

from simulator.exchange import Answer, Json, Request, json_answer
from simulator.microsoft import errors
from simulator.microsoft.call import json_object

MOST_CALLS, AT_ONCE = 20, 4
Inner = Callable[[Request], Awaitable[Answer]]


async def answer(request: Request, inner: Inner, now: datetime) -> Answer:
    """Do every inner call with the outer authorization.

    Raises:
        GraphError: 400 for a body that is no batch, or one that is too long.
    """
    calls = _calls(request)
    running: dict[str, asyncio.Task[Answer]] = {}
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(call: Json) -> Answer:
        for name in _names(call.get("dependsOn")):
            before = await running[name]
            if before.manner != "plain" or before.status >= 400:
                return errors.GraphError(424, "FailedDependency", f"The request {name} failed.").answer(
                    now, ""
                )
        async with slots:
            return await inner(_request(call, request))

    for call in calls:
        running[str(call["id"])] = asyncio.create_task(one(call))
    results = {name: await task for name, task in running.items()}
    for result in results.values():
        if result.manner != "plain":
            return result
    return json_answer({"responses": [_shown(name, result) for name, result in results.items()]})


def _calls(request: Request) -> list[Json]:
    calls = json_object(request.body).get("requests")
    if not isinstance(calls, list) or not calls or not all(isinstance(call, dict) for call in calls):
        raise errors.bad_request("Invalid batch payload format.", "BadRequest")
    if len(calls) > MOST_CALLS:
        raise errors.bad_request(
            f"Number of batch request steps exceeds the maximum of {MOST_CALLS}.", "BadRequest"
        )
    known: set[str] = set()
    for call in calls:
        name, url = call.get("id"), call.get("url")
        if (
            not isinstance(name, str)
            or name in known
            or not isinstance(url, str)
            or not isinstance(call.get("method"), str)
        ):
            raise errors.bad_request(
                "Each request of a batch needs its own id, method and url.", "BadRequest"
            )
        if not set(_names(call.get("dependsOn"))) <= known:
            raise errors.bad_request("dependsOn names a request that does not come before.", "BadRequest")
        headers = call.get("headers") or {}
        kinds = [name.lower() for name in headers] if isinstance(headers, dict) else []
        if call.get("body") is not None and "content-type" not in kinds:
            text = f"Write request id : {name} does not contain Content-Type header or body."
            raise errors.bad_request(text, "BadRequest")
        if "$batch" in url or not url.startswith("/"):
            raise errors.bad_request("The url of a request is relative, and no batch.", "BadRequest")
        known.add(name)
    return calls


def _names(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def _request(call: Json, outer: Request) -> Request:
    target, _, query_text = str(call["url"]).partition("?")
    given = call.get("headers")
    fields = (
        {str(name).lower(): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    )
    headers = {"authorization": outer.headers.get("authorization", ""), **fields}
    body = call.get("body")
    is_json = "json" in fields.get("content-type", "json")
    content = b"" if body is None else json.dumps(body).encode() if is_json else str(body).encode()
    path = "/" + unquote(target).lstrip("/").removeprefix("v1.0/")
    query = parse_qs(query_text, keep_blank_values=True)
    return Request(str(call["method"]).upper(), f"/graph/v1.0{path}", query, headers, content)


def _shown(name: str, result: Answer) -> Json:
    kind = result.headers.get("content-type", "")
    headers = {field.title(): value for field, value in result.headers.items()}
    if result.headers.get("content-type", "").startswith("application/json"):
        headers["Content-Type"] = "application/json"
    shown: Json = {"id": name, "status": result.status, "headers": headers}
    if result.body:
        is_json = kind.startswith("application/json")
        shown["body"] = json.loads(result.body) if is_json else base64.b64encode(result.body).decode()
    return shown
