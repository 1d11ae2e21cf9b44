"""What the HTTP endpoint answers to every kind of request, against a real server."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from structlog.testing import capture_logs

from app.graphql.limits import Limits
from tests.app.graphql.http_world import CANARY, TOKEN, served
from tests.samples.hostile_documents import hostile_documents

RESPONSE = "application/graphql-response+json"
JSON = "application/json"


async def post(
    client: httpx.AsyncClient, query: object, accept: str = RESPONSE, **more: Any
) -> httpx.Response:
    return await client.post("/", json={"query": query, **more}, headers={"accept": accept})


def codes(response: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json()["errors"]]


@pytest.mark.parametrize("accept", [RESPONSE, JSON])
async def test_answers_a_query(accept: str) -> None:
    async with served() as (client, seen):
        response = await post(
            client, "query($n: Int!) { items(first: $n) { id } who }", accept, variables={"n": 2}
        )

    assert response.status_code == 200
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert response.headers["x-request-id"] == "request-1"
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {"data": {"items": [{"id": "0"}, {"id": "1"}], "who": "alice"}}
    assert seen.charged == [2]


@pytest.mark.parametrize("accept", [RESPONSE, JSON])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic dTpw"])
async def test_nobody_known_is_answered_401(accept: str, method: str, authorization: str) -> None:
    """In both media types, whatever the document is, introspection included."""
    async with served() as (client, seen):
        response = await client.request(
            method,
            "/",
            params={"query": "{ __schema { queryType { name } } }"} if method == "GET" else None,
            json=None if method == "GET" else {"query": "{ __schema { queryType { name } } }"},
            headers={"accept": accept, "authorization": authorization},
        )

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert codes(response) == ["UNAUTHENTICATED"]
    assert seen.charged == []


@pytest.mark.rule("R19")
async def test_no_cookie_authenticates() -> None:
    """A cookie never reaches the code that finds out who asks; that code fails here if one does."""
    async with served() as (client, _):
        response = await client.post(
            "/", json={"query": "{ who }"}, headers={"authorization": "", "cookie": f"session={TOKEN}"}
        )

    assert response.status_code == 401


@pytest.mark.rule("R19")
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/json; charset=latin-1",
    ],
)
async def test_what_a_form_can_send_is_refused(content_type: str) -> None:
    async with served() as (client, seen):
        response = await client.post(
            "/", content=b'{"query":"mutation { change }"}', headers={"content-type": content_type}
        )

    assert response.status_code == 415
    assert codes(response) == ["BAD_REQUEST"]
    assert seen.changes == []


@pytest.mark.rule("R19")
async def test_get_answers_queries_only() -> None:
    async with served() as (client, seen):
        query = await client.get(
            "/", params={"query": "query($n: Int) { items(first: $n) { id } }", "variables": '{"n":1}'}
        )
        mutation = await client.get("/", params={"query": "mutation { change }"})
        chosen = await client.get(
            "/", params={"query": "query A { who } mutation B { change }", "operationName": "B"}
        )
        twice = await client.get("/?query={who}&query={who}")
        nothing = await client.get("/")

    assert query.json() == {"data": {"items": [{"id": "0"}]}}
    assert (mutation.status_code, mutation.headers["allow"]) == (405, "POST")
    assert chosen.status_code == 405
    assert twice.status_code == nothing.status_code == 400
    assert seen.changes == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods_are_refused(method: str) -> None:
    async with served() as (client, _):
        response = await client.request(method, "/")

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


async def test_batches_are_refused() -> None:
    async with served() as (client, _):
        response = await client.post("/", json=[{"query": "{ who }"}, {"query": "{ who }"}])

    assert response.status_code == 400
    assert "one operation per request" in response.json()["errors"][0]["message"]


async def test_subscriptions_are_refused() -> None:
    async with served() as (client, _):
        response = await post(client, "subscription { changes }")

    assert response.status_code == 400
    assert "WebSocket" in response.json()["errors"][0]["message"]


async def test_media_types_that_are_not_served_are_refused() -> None:
    async with served() as (client, _):
        refused = await post(client, "{ who }", "text/html")
        weighted = await post(client, "{ who }", f"text/html, {JSON};q=0.1, {RESPONSE};q=0.9")
        never = await post(client, "{ who }", f"{RESPONSE};q=0, {JSON}")

    assert refused.status_code == 406
    assert weighted.headers["content-type"].startswith(RESPONSE)
    assert never.headers["content-type"].startswith(JSON)


@pytest.mark.parametrize(
    ("query", "more", "code"),
    [
        ("{ who", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ whom }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { items(first: $n) { id } }", {"variables": {"n": "x"}}, "BAD_USER_INPUT"),
        ("query A { who } query B { who }", {}, "BAD_USER_INPUT"),
        ("query A { who }", {"operationName": "C"}, "BAD_USER_INPUT"),
        ("query($n: Int!) { items(first: $n) { id } }", {"variables": {"n": 101}}, "TOO_COMPLEX"),
    ],
)
async def test_a_refused_document_has_a_code_and_no_data(query: str, more: dict[str, Any], code: str) -> None:
    """400 in the new media type, 200 in the old one, as its clients expect."""
    async with served() as (client, _):
        new = await post(client, query, RESPONSE, **more)
        old = await post(client, query, JSON, **more)

    assert (new.status_code, old.status_code) == (400, 200)
    assert codes(new) == codes(old) == [code]
    assert "data" not in new.json()


@pytest.mark.rule("R20")
async def test_suggestions_are_off() -> None:
    async with served() as (client, _):
        response = await post(client, "{ whp }")

    assert "Did you mean" not in response.text


@pytest.mark.rule("R21")
@pytest.mark.parametrize("field", ["broken", "unserialisable"])
async def test_unexpected_errors_are_masked_and_logged(field: str) -> None:
    """The client gets a code and a request id; the log gets the trace under the same id, no variables."""
    query = f"query($secret: ID) {{ who item(id: $secret) {{ id }} {field} }}"
    with capture_logs() as logs:
        async with served() as (client, _):
            response = await post(client, query, variables={"secret": "a-variable"})

    assert response.json()["data"][field] is None
    assert response.json()["data"]["who"] == "alice"
    [error] = response.json()["errors"]
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"] == {"code": "INTERNAL", "requestId": response.headers["x-request-id"]}
    assert error["path"] == [field]
    assert CANARY not in response.text
    [entry] = [one for one in logs if one["event"] == "graphql.unexpected_error"]
    assert entry["request_id"] == response.headers["x-request-id"]
    assert entry["exc_info"][1] is not None
    assert "a-variable" not in str(entry)


async def test_faults_stay_readable() -> None:
    async with served() as (client, _):
        response = await post(client, "{ missing }")

    assert response.status_code == 200
    assert response.json() == {
        "data": {"missing": None},
        "errors": [
            {
                "message": "There is no such object.",
                "locations": [{"line": 1, "column": 3}],
                "path": ["missing"],
                "extensions": {"code": "NOT_FOUND"},
            }
        ],
    }


@pytest.mark.rule("R22")
async def test_a_used_up_budget_is_answered_429() -> None:
    """Nothing runs, and the client learns when to come back."""
    async with served() as (client, seen):
        seen.wait = timedelta(seconds=2.2)
        response = await post(client, "mutation { change }")
        limited = await client.post(
            "/", json={"query": "{ who }"}, headers={"authorization": "Bearer limited"}
        )

    assert (response.status_code, response.headers["retry-after"]) == (429, "3")
    assert codes(response) == ["RATE_LIMITED"]
    assert seen.changes == []
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")


@pytest.mark.rule("R22")
async def test_cost_counts_pages_and_aliases() -> None:
    async with served() as (client, seen):
        await post(client, "{ items(first: 10) { children(first: 5) { id } } }")
        await post(client, "{ a: items(first: 10) { id } b: items(first: 10) { id } }")
        await post(client, "query($n: Int = 7) { items(first: $n) { id } }")
        await post(client, "query($n: Int = 7) { items(first: $n) { id } }", variables={"n": 9})

    assert seen.charged == [10 * (1 + 5), 20, 7, 9]


@pytest.mark.rule("R16")
async def test_a_large_body_is_refused_before_it_is_read() -> None:
    """By its declared length, without waiting for it."""
    async with served() as (client, _):
        port = client.base_url.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2000000\r\n\r\n"
        )
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()

    assert head.startswith(b"HTTP/1.1 413")


@pytest.mark.rule("R16")
async def test_a_large_body_in_chunks_is_refused() -> None:
    """When it passes the limit, although it never said how long it would be."""

    async def endless() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    async with served() as (client, _):
        response = await client.post("/", content=endless(), headers={"content-type": JSON})

    assert response.status_code == 413


HOSTILE_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "100 000 arrays": b"[" * 100_000,
    "100 000 objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "arrays in variables": b'{"query":"{ who }","variables":{"a":' + b"[" * 70 + b"]" * 70 + b"}}",
    "an integer of 5 000 digits": b'{"query":"{ who }","variables":{"a":' + b"9" * 5_000 + b"}}",
    "a float beyond floats": b'{"query":"{ who }","variables":{"a":1e999}}',
    "NaN": b'{"query":"{ who }","variables":{"a":NaN}}',
    "Infinity": b'{"query":"{ who }","variables":{"a":-Infinity}}',
    "half a surrogate pair": b'{"query":"{ who }","variables":{"a":"\\ud800"}}',
    "half a pair as a key": b'{"query":"{ who }","variables":{"\\udc00":1}}',
    "NUL": b'{"query":"query($a: ID) { item(id: $a) { id } }","variables":{"a":"\\u0000"}}',
    "NUL as a key": b'{"query":"{ who }","variables":{"\\u0000":1}}',
    "NUL as it is": b'{"query":"{ who }\x00"}',
    "NUL in the document": b'{"query":"{ item(name: \\"\\u0000\\") { id } }"}',
    "bytes that are no UTF-8": b'{"query":"{ who }","a":"\xff\xfe"}',
    "UTF-16": '{"query":"{ who }"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"query":"{ who }"}',
    "a key twice": b'{"query":"{ who }","query":"mutation { change }"}',
    "a variable twice": b'{"query":"{ who }","variables":{"a":1,"a":2}}',
    "an array": b"[]",
    "a number": b"5",
    "null": b"null",
    "a string": b'"{ who }"',
    "a query that is a number": b'{"query":5}',
    "a query that is null": b'{"query":null}',
    "variables that are an array": b'{"query":"{ who }","variables":[]}',
    "a name that is a number": b'{"query":"{ who }","operationName":5}',
    "extensions that are a string": b'{"query":"{ who }","extensions":"x"}',
    "two values": b'{"query":"{ who }"}{}',
    "a comma too many": b'{"query":"{ who }",}',
}


@pytest.mark.rule("R18")
@pytest.mark.parametrize("name", HOSTILE_BODIES)
async def test_hostile_json_is_answered_400(name: str) -> None:
    """Never 500, always JSON with a code, and nothing has run."""
    async with served() as (client, seen):
        response = await client.post(
            "/", content=HOSTILE_BODIES[name], headers={"content-type": JSON, "accept": RESPONSE}
        )

    assert response.status_code == 400
    assert codes(response)[0] in {"BAD_REQUEST", "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED"}
    assert seen.changes == []


async def test_unusual_but_right_json_is_answered() -> None:
    """Escapes, pairs of surrogates and brackets inside strings are no attack."""
    text = "[{" * 200 + "\U0001f600 \\u00e4"
    body = json.dumps({"query": "query($t: String!) { item(name: $t) { name } }", "variables": {"t": text}})
    async with served() as (client, _):
        response = await client.post("/", content=body.encode(), headers={"content-type": JSON})

    assert response.json() == {"data": {"item": {"name": text}}}


@pytest.mark.rule("R17")
async def test_no_hostile_document_makes_a_500() -> None:
    """Through the whole endpoint; those that are larger than a body may be do not count."""
    async with served(Limits(body_bytes=2 * 1024 * 1024)) as (client, seen):
        answers = {name: await post(client, text) for name, text in hostile_documents()}

    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 400} == {}
    assert seen.charged == []


async def test_a_client_that_leaves_is_no_error() -> None:
    with capture_logs() as logs:
        async with served() as (client, _):
            _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
            writer.write(
                f"POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n"
                "content-type: application/json\r\ncontent-length: 100\r\n\r\n{".encode()
            )
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            assert (await post(client, "{ who }")).status_code == 200

    assert [one for one in logs if one["event"] == "graphql.unexpected_error"] == []


async def test_a_browser_is_shown_the_page() -> None:
    """Only where it asks for HTML and for no query; everything else is the endpoint's."""
    async with served(page=PlainTextResponse("the page")) as (client, _):
        page = await client.get("/", headers={"accept": "text/html,*/*;q=0.8"})
        query = await client.get("/", params={"query": "{ who }"}, headers={"accept": "text/html,*/*;q=0.8"})
        json_wanted = await client.get("/", headers={"accept": JSON})

    assert page.text == "the page"
    assert query.json() == {"data": {"who": "alice"}}
    assert json_wanted.status_code == 400
