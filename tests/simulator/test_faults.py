"""Faults: what the client sees, and whether the effect happened."""

import zlib

import httpx
import pytest

from tests.loopback import UNENCRYPTED
from tests.simulator.conftest import ANN, BEN, DANA
from tests.simulator.google_client import Connection, base64url, connected, mail, token_request
from tests.simulator_process import Simulator, SimulatorRefused
from tests.waiting import wait_until

SEND = "gmail.users.messages.send"


async def post_send(connection: Connection, timeout: float = 10.0) -> httpx.Response:
    """Send a mail without the library, so that broken connections are seen as they are."""
    async with httpx.AsyncClient(verify=UNENCRYPTED, trust_env=False, timeout=timeout) as client:
        return await client.post(
            f"{connection.google_url}gmail/v1/users/me/messages/send",
            headers=connection.headers,
            json={"raw": base64url(mail(DANA))},
        )


@pytest.mark.parametrize(
    ("fault", "error", "sent"),
    [
        ("drop_before", httpx.RemoteProtocolError | httpx.ReadError, 0),
        ("drop_after", httpx.RemoteProtocolError | httpx.ReadError, 1),
        ("half_answer", httpx.RemoteProtocolError | httpx.ReadError, 1),
        ("hang_before", httpx.ReadTimeout, 0),
        ("hang_after", httpx.ReadTimeout, 1),
    ],
)
async def test_broken_connections(
    simulator: Simulator, ann: Connection, fault: str, error: type[Exception], sent: int
) -> None:
    """No answer, and exactly as much effect as the fault's name says; the next call is healthy."""
    await simulator.add_fault(fault, SEND)
    broken: list[httpx.HTTPError] = []
    try:
        await post_send(ann, timeout=0.5)
    except httpx.HTTPError as found:
        broken.append(found)

    assert len(broken) == 1
    assert isinstance(broken[0], error)
    assert len(await simulator.deliveries()) == sent
    seen = await simulator.journal(method=SEND)
    assert [(entry["fault"], entry["status"]) for entry in seen] == [
        (fault, 200 if fault == "half_answer" else None)
    ]
    assert (await post_send(ann)).status_code == 200


@pytest.mark.parametrize(
    ("body", "code", "status", "reason"),
    [
        ("backendError", 503, 503, "backendError"),
        ("backendError", 500, 500, "backendError"),
        ("rateLimitExceeded", 403, 403, "rateLimitExceeded"),
        ("rateLimitExceeded", 429, 429, "rateLimitExceeded"),
        ("userRateLimitExceeded", 403, 403, "userRateLimitExceeded"),
        ("queriesPerMinute", 403, 403, "rateLimitExceeded"),
        ("resourceExhausted", 429, 429, "rateLimitExceeded"),
        ("concurrent", 429, 429, "rateLimitExceeded"),
        ("mailSending", 429, 429, "rateLimitExceeded"),
        ("dailyLimitExceeded", 403, 403, "dailyLimitExceeded"),
        ("quotaExceeded", 403, 403, "quotaExceeded"),
        ("domainPolicy", 403, 403, "domainPolicy"),
        ("insufficientPermissions", 403, 403, "insufficientPermissions"),
        ("authError", 401, 401, "authError"),
        ("failedPrecondition", 400, 400, "failedPrecondition"),
        ("tooLarge", 413, 413, "uploadTooLarge"),
    ],
)
async def test_named_errors(
    simulator: Simulator, ann: Connection, body: str, code: int, status: int, reason: str
) -> None:
    """Each has its documented status and reason, and nothing is sent."""
    await simulator.add_fault("status", SEND, code=code, body=body, retry_after_seconds=40)
    answer = await post_send(ann)

    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (status, reason)
    assert answer.json()["error"]["code"] == status
    assert answer.headers["retry-after"] == "40"
    assert await simulator.deliveries() == []


async def test_error_after_the_effect_and_effect_after_the_error(
    simulator: Simulator, ann: Connection
) -> None:
    """504 although it was sent, and 504 before it is sent."""
    await simulator.add_fault("status", SEND, code=504, effect="before_answer")
    first = await post_send(ann)
    after_first = len(await simulator.deliveries())
    await simulator.add_fault("status", SEND, code=504, effect="late", seconds=0.2)
    second = await post_send(ann)
    at_once = len(await simulator.deliveries())

    async def both_sent() -> bool:
        return len(await simulator.deliveries()) == 2

    await wait_until(both_sent, description="the late effect happened")
    assert (first.status_code, second.status_code) == (504, 504)
    assert (after_first, at_once) == (1, 1)


async def test_answers_that_are_no_gmail_answer(simulator: Simulator, ann: Connection) -> None:
    """HTML with status 200, and a small body that unpacks to a large one."""
    await simulator.add_fault("html_body", SEND)
    html = await post_send(ann)
    await simulator.add_fault("gzip_bomb", "gmail.users.getProfile", size_bytes=50_000_000)
    async with (
        httpx.AsyncClient(verify=UNENCRYPTED, trust_env=False) as client,
        client.stream("GET", f"{ann.google_url}gmail/v1/users/me/profile", headers=ann.headers) as answer,
    ):
        packed = b"".join([piece async for piece in answer.aiter_raw()])
    size, rest = 0, packed
    while rest:
        unpacker = zlib.decompressobj(wbits=31)
        size += len(unpacker.decompress(rest))
        rest = unpacker.unused_data

    assert (html.status_code, html.headers["content-type"]) == (200, "text/html; charset=UTF-8")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(packed) < 100_000
    assert 49_000_000 < size <= 50_000_000 + 1_100_000


async def test_slow_answers_in_its_time(simulator: Simulator, ann: Connection) -> None:
    """A client that waits less gives up, and the call is done nevertheless."""
    await simulator.add_fault("slow", SEND, seconds=0.4)
    with pytest.raises(httpx.ReadTimeout):
        await post_send(ann, timeout=0.1)

    await wait_until(lambda: simulator.deliveries(), description="the slow call was done")
    assert len(await simulator.deliveries()) == 1


async def test_fault_hits_its_account_and_path_as_often_as_said(
    simulator: Simulator, ann: Connection
) -> None:
    """Two failures for Ann only, then health; a path glob works as well as a method id."""
    match = {"method": "/gmail/*/profile", "account": ANN}
    await simulator.set_dials(faults=[{"match": match, "fault": "status", "code": 500, "times": 2}])
    statuses = []
    async with (
        connected(simulator, BEN) as ben,
        httpx.AsyncClient(verify=UNENCRYPTED, trust_env=False) as client,
    ):
        for connection in (ben, ann, ann, ann):
            url = f"{ann.google_url}gmail/v1/users/me/profile"
            statuses.append((await client.get(url, headers=connection.headers)).status_code)
    left = (await simulator.ask("GET", "/dials"))["faults"][0]["times"]

    assert statuses == [200, 500, 500, 200]
    assert left == 0


async def test_token_endpoint_can_fail_too(simulator: Simulator) -> None:
    """Faults reach every provider request."""
    await simulator.add_fault("status", "oauth.token", code=503)
    first = await token_request(simulator, grant_type="refresh_token", refresh_token="x")
    second = await token_request(simulator, grant_type="refresh_token", refresh_token="x")

    assert (first.status_code, second.status_code) == (503, 400)


@pytest.mark.parametrize(
    ("body", "code", "status", "answer"),
    [
        ("backendError", 503, 503, {"error": "internal_failure", "error_description": "Backend Error"}),
        (
            "invalid_grant",
            503,
            400,
            {"error": "invalid_grant", "error_description": "Token has been expired or revoked."},
        ),
        (
            "invalid_rapt",
            503,
            400,
            {
                "error": "invalid_grant",
                "error_subtype": "invalid_rapt",
                "error_description": "reauth related error (invalid_rapt)",
            },
        ),
        (
            "unauthorized_client",
            400,
            401,
            {"error": "unauthorized_client", "error_description": "Unauthorized"},
        ),
        ("slow_down", 400, 400, {"error": "slow_down", "error_description": "slow_down"}),
    ],
)
async def test_token_endpoint_s_errors_have_its_own_shape(
    simulator: Simulator, body: str, code: int, status: int, answer: object
) -> None:
    """As RFC 6749 and Google word them, not as Gmail's."""
    await simulator.add_fault("status", "oauth.token", code=code, body=body)
    found = await token_request(simulator, grant_type="refresh_token", refresh_token="x")

    assert (found.status_code, found.json()) == (status, answer)


@pytest.mark.parametrize(
    ("dials", "where"),
    [
        ({"faults": [{"fault": "explode"}]}, "faults.0.fault"),
        ({"faults": [{"fault": "slow", "probability": 2}]}, "faults.0.probability"),
        ({"faults": [{"fault": "status", "code": 99}]}, "faults.0.code"),
        ({"no_such_dial": 1}, "no_such_dial"),
        ({"push_loss": -1}, "push_loss"),
        ({"message_id_mode": "lost"}, "message_id_mode"),
        ({"clock_offset_seconds": 1e300}, "clock_offset_seconds"),
    ],
)
async def test_bad_dials_are_refused_by_name(
    simulator: Simulator, dials: dict[str, object], where: str
) -> None:
    """400 with the place of the mistake; the dials stay as they were."""
    before = await simulator.ask("GET", "/dials")
    with pytest.raises(SimulatorRefused, match=f"400.*{where}"):
        await simulator.set_dials(**dials)

    assert await simulator.ask("GET", "/dials") == before


async def test_patch_turns_one_dial_and_delete_resets_all(simulator: Simulator) -> None:
    """PATCH keeps the others."""
    await simulator.set_dials(push_lag_seconds=3, message_id_mode="rewritten")
    patched = await simulator.ask("PATCH", "/dials", {"push_lag_seconds": 4})
    fresh = await simulator.ask("DELETE", "/dials")

    assert (patched["push_lag_seconds"], patched["message_id_mode"]) == (4, "rewritten")
    assert (fresh["push_lag_seconds"], fresh["message_id_mode"]) == (0, "kept")
