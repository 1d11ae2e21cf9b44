"""The program itself: start, stop, state file, control API input."""

import asyncio
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from simulator.__main__ import listening
from tests.loopback import UNENCRYPTED
from tests.simulator.conftest import ANN, DANA
from tests.simulator.google_client import connected, tokens_for
from tests.simulator_process import Simulator, SimulatorRefused, command, running_simulator
from tests.waiting import wait_until

TO_ANN = b"To: ann@example-co.test\n"
CALLBACK = "http://127.0.0.1:9/callback"


async def test_starts_quickly_with_the_demo_s_people_and_ends_on_sigterm() -> None:
    """Start, health, seed, SIGTERM."""
    began = time.monotonic()
    async with running_simulator(seed=True) as simulator:
        health = await simulator.ask("GET", "/health")
        started = time.monotonic() - began
        accounts = (await simulator.ask("GET", "/accounts"))["accounts"]
        threads = {message["thread_id"] for message in await simulator.mailbox(ANN)}
        simulator.process.send_signal(signal.SIGTERM)
        ending = time.monotonic()
        status = await asyncio.wait_for(simulator.process.wait(), 5)

    assert health["status"] == "ok"
    assert [account["kind"] for account in accounts].count("google") == 2
    assert [account["kind"] for account in accounts].count("outside") == 12
    assert len(threads) == 4
    assert started < 10
    assert (status, time.monotonic() - ending < 3) == (0, True)


async def test_sigterm_ends_it_although_a_request_hangs() -> None:
    """A hanging fault does not keep the program alive."""
    async with running_simulator(redirect_uri=CALLBACK) as simulator:
        await simulator.create_account(ANN, "Ann", "google")
        tokens = await tokens_for(simulator, ANN)
        await simulator.add_fault("hang_before", "gmail.users.getProfile")
        async with httpx.AsyncClient(verify=UNENCRYPTED, trust_env=False, timeout=20) as client:
            headers = {"Authorization": f"Bearer {tokens['access_token']}"}
            url = f"{simulator.google_url}gmail/v1/users/me/profile"
            hanging = asyncio.create_task(client.get(url, headers=headers))
            await wait_until(
                lambda: simulator.journal(method="gmail.users.getProfile"), description="the request hangs"
            )
            simulator.process.terminate()
            status = await asyncio.wait_for(simulator.process.wait(), 8)
            with pytest.raises(httpx.HTTPError):
                await hanging

    assert status == 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
async def test_state_file_brings_everything_back(tmp_path: Path, ending: signal.Signals) -> None:
    """Mail, tokens, drafts, history and the signing key survive a stop and a kill."""
    state = tmp_path / "world.sqlite"
    async with running_simulator(state=state, redirect_uri=CALLBACK) as first:
        await first.create_account(ANN, "Ann", "google")
        await first.create_account(DANA, "Dana")
        async with connected(first, ANN) as ann:
            start = await ann.history_id()
            await first.deliver(DANA, ANN, subject="Roof", text="It leaks.")
            draft = await ann.do(
                ann.drafts.create(userId="me", body={"message": {"raw": "VG86IGFAYi50ZXN0Cgp4"}})
            )
            access_token = ann.tokens["access_token"]
        keys = (await first.control.get("/google/oauth2/v3/certs")).json()
        before = await first.mailbox(ANN)
        saved = state.stat().st_mtime_ns
        await first.ask("PATCH", "/dials", {"search_lag_seconds": 7})
        if ending is signal.SIGKILL:
            await wait_until(
                lambda: state.stat().st_mtime_ns > saved, description="the state file was written"
            )
        first.process.send_signal(ending)
        await asyncio.wait_for(first.process.wait(), 8)
    async with running_simulator(state=state, seed=True) as second:
        async with httpx.AsyncClient(
            trust_env=False, headers={"Authorization": f"Bearer {access_token}"}
        ) as client:
            root = f"{second.google_url}gmail/v1/users/me"
            records = (await client.get(f"{root}/history", params={"startHistoryId": start})).json()[
                "history"
            ]
            found = (await client.get(f"{root}/drafts/{draft['id']}")).json()

        assert await second.mailbox(ANN) == before
        assert (await second.control.get("/google/oauth2/v3/certs")).json() == keys
        assert (await second.ask("GET", "/dials"))["search_lag_seconds"] == 7
        assert len((await second.ask("GET", "/accounts"))["accounts"]) == 2
    assert (len(records), found["message"]["id"]) == (2, draft["message"]["id"])


async def test_file_that_is_no_state_file_is_refused(tmp_path: Path) -> None:
    """Exit status 2 and one sentence, and the file is left as it is."""
    other = tmp_path / "letter.txt"
    other.write_bytes(b"not a database at all, " * 100)
    process = await asyncio.create_subprocess_exec(
        *command(state=other),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _out, err = await asyncio.wait_for(process.communicate(), 15)

    assert process.returncode == 2
    assert "is no state file" in err.decode()
    assert other.read_bytes() == b"not a database at all, " * 100


@pytest.mark.parametrize(
    ("verb", "path", "body", "message"),
    [
        ("POST", "/accounts", {"address": "no address"}, "400.*no free address"),
        ("POST", "/accounts", {"address": ANN}, "400.*no free address"),
        ("POST", "/accounts", {"address": "a@b.test", "kind": "robot"}, "400.*kind"),
        ("GET", "/accounts/who@b.test", None, "404.*no such account"),
        ("GET", f"/accounts/{ANN}/messages/nothing", None, "404.*no such message"),
        ("POST", f"/accounts/{DANA}/messages", {"text": "x"}, "400.*nobody to send it to"),
        ("POST", f"/accounts/{DANA}/messages", {"to": ["not an address"]}, "400.*not an address"),
        ("POST", f"/accounts/{DANA}/messages", {"to": [ANN], "subject": "a\r\nBcc: x@y.test"}, "400"),
        ("POST", f"/accounts/{DANA}/messages", {"to": [ANN], "headers": {"X-A": "a\nb"}}, "400"),
        ("POST", f"/accounts/{DANA}/messages", {"raw_base64": "%%%"}, "400.*base64"),
        ("POST", f"/accounts/{DANA}/messages", {"reply_to": "nothing"}, "404.*no such message"),
        ("PUT", "/push", {"url": "file:///etc/passwd"}, "400.*url"),
        ("PUT", "/clients", {"clients": [{"id": "x"}]}, "400.*secret"),
        (
            "POST",
            "/consent",
            {"authorize_url": "http://x/?client_id=y", "account": ANN},
            "400.*invalid_client",
        ),
    ],
)
async def test_bad_control_input_is_answered_with_a_sentence(
    simulator: Simulator, verb: str, path: str, body: object, message: str
) -> None:
    """Never a 500."""
    with pytest.raises(SimulatorRefused, match=message):
        await simulator.ask(verb, path, body)


@pytest.mark.parametrize(
    ("verb", "path", "content"),
    [
        ("POST", "gmail/v1/users/me/messages/send", b"\xff\xfe{"),
        ("POST", "gmail/v1/users/me/messages/send", b"[" * 100_000),
        ("POST", "gmail/v1/users/me/messages/send", b'{"raw": 5}'),
        ("POST", "gmail/v1/users/me/messages/send", b'{"raw": "***"}'),
        ("POST", "gmail/v1/users/me/messages/send?maxResults=x", b'{"raw": null}'),
        ("POST", "gmail/v1/users/me/drafts", b'{"message": []}'),
        ("POST", "gmail/v1/users/me/messages/batchModify", b'{"ids": "x"}'),
        ("GET", "gmail/v1/users/me/messages?maxResults=-5", b""),
        ("GET", "gmail/v1/users/me/messages?pageToken=%00", b""),
        ("POST", "upload/gmail/v1/users/me/messages/send?uploadType=odd", b"x"),
        ("POST", "upload/gmail/v1/users/me/messages/send?uploadType=multipart", b"x"),
        ("POST", "batch", b"nonsense"),
        ("PUT", "upload/gmail/v1/users/me/messages/send?upload_id=none&uploadType=resumable", b"x"),
        ("POST", "nowhere", b""),
    ],
)
async def test_bad_provider_input_is_a_google_error(
    simulator: Simulator, verb: str, path: str, content: bytes
) -> None:
    """4xx with an error body, whatever comes."""
    tokens = await tokens_for(simulator, ANN)
    async with httpx.AsyncClient(verify=UNENCRYPTED, trust_env=False) as client:
        answer = await client.request(
            verb,
            f"{simulator.google_url}{path}",
            content=content,
            headers={"Authorization": f"Bearer {tokens['access_token']}", "Content-Type": "application/json"},
        )

    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["code"] == answer.status_code


def nested(depth: int) -> bytes:
    """Return a mail whose multiparts lie in one another."""
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)
    )
    return TO_ANN + opening + b"Content-Type: text/plain\n\ninnermost\n"


@pytest.mark.parametrize(
    "mail_bytes",
    [
        TO_ANN + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 500,
        TO_ANN + b"Subject: =?nonsense?Q?=FF?=\nContent-Type: text/plain; charset=klingon\n\n\xff\xfe",
        TO_ANN + b"Content-Transfer-Encoding: base64\nContent-Type: image/png; name*=x''%FF\n\n%%%",
        TO_ANN + b"Message-ID: no brackets\nDate: yesterday\nSubject: \x00\xff\n\nx",
        nested(100),
        nested(3_000),
        TO_ANN + b"X-A: " + b"a" * 100_000 + b"\n\n",
    ],
)
async def test_hostile_mail_can_be_read_in_every_format(simulator: Simulator, mail_bytes: bytes) -> None:
    """A mail that is badly made is delivered and shown."""
    async with connected(simulator, ANN) as ann:
        sent = await ann.send(mail_bytes)
        shown = [
            await ann.do(ann.messages.get(userId="me", id=sent["id"], format=form))
            for form in ("minimal", "metadata", "full", "raw")
        ]
    whole = await simulator.message(ANN, sent["id"])
    page = await simulator.control.get(f"/people/{ANN}?thread={sent['threadId']}")

    assert {message["id"] for message in shown} == {sent["id"]} == {whole["id"]}
    assert page.status_code == 200


def test_listening_socket_says_tcp() -> None:
    """asyncio turns Nagle's algorithm off only for such sockets; otherwise every answer takes 40 ms."""
    with listening("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockname()[1] > 0
