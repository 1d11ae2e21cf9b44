"""Every answer has a request id and safe headers; a failure has neither a trace nor a secret (R21, R22)."""

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from app import health
from app.http_guards import Guards, application
from app.metrics import Metrics


async def fails(_: Request) -> Response:
    raise RuntimeError("canary-91ab")


async def page(_: Request) -> Response:
    return HTMLResponse("<p>ours</p>", headers={"content-security-policy": "default-src 'self'"})


async def text(request: Request) -> Response:
    return PlainTextResponse(request.state.request_id)


async def up() -> bool:
    return True


async def down() -> bool:
    return False


def client(
    *, https: bool = False, database: bool = True, redis: bool = True, token: str | None = None
) -> httpx.AsyncClient:
    metrics = Metrics()
    checks = {"database": up if database else down, "redis": up if redis else down}
    routes = [Route("/fails", fails), Route("/page", page), Route("/graphql", text)]
    app = application([*routes, *health.routes(checks, metrics, token)])
    guarded = Guards(app, new_request_id=lambda: "request-7", metrics=metrics, https=https)
    transport = httpx.ASGITransport(guarded, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://api.test")


@pytest.mark.rule("R21")
async def test_a_failure_tells_its_request_id_and_nothing_else() -> None:
    answer = await client().get("/fails")

    assert answer.status_code == 500
    assert answer.json() == {
        "errors": [
            {
                "message": "Something went wrong on our side.",
                "extensions": {"code": "INTERNAL", "requestId": "request-7"},
            }
        ]
    }
    assert answer.headers["x-request-id"] == "request-7"


async def test_every_answer_carries_safe_headers_and_a_page_its_own_policy() -> None:
    plain, own = await client().get("/graphql"), await client().get("/page")

    assert plain.text == plain.headers["x-request-id"] == "request-7"
    assert plain.headers["x-content-type-options"] == "nosniff"
    assert plain.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert own.headers["content-security-policy"] == "default-src 'self'"
    assert "strict-transport-security" not in plain.headers


async def test_transport_security_is_promised_only_where_there_is_some() -> None:
    answer = await client(https=True).get("/graphql")

    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.rule("R59")
@pytest.mark.parametrize(
    ("database", "redis", "status", "state"),
    [(True, True, 200, "ready"), (True, False, 200, "degraded"), (False, True, 503, "not ready")],
)
async def test_without_redis_a_process_is_degraded_without_a_database_not_ready(
    database: bool, redis: bool, status: int, state: str
) -> None:
    answer = await client(database=database, redis=redis).get("/ready")

    assert (answer.status_code, answer.json()["state"]) == (status, state)


async def test_figures_need_their_token_and_have_closed_labels() -> None:
    server = client(token="figures-please")
    await server.get("/graphql")
    await server.get("/x/canary-91ab")

    refused = await server.get("/metrics", headers={"authorization": "Bearer wrong"})
    figures = await server.get("/metrics", headers={"authorization": "Bearer figures-please"})

    assert refused.status_code == 401
    assert (await client().get("/metrics")).status_code == 404
    assert 'bothways_http_request_seconds_count{route="/graphql",status="200"} 1.0' in figures.text
    assert 'bothways_http_request_seconds_count{route="other",status="404"} 1.0' in figures.text
    assert "canary" not in figures.text
