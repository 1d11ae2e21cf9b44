"""Attachments and uploads, batches, throttling, faults, scopes, the state file, the page."""

import asyncio
import base64
import contextlib
from pathlib import Path

import httpx
import pytest

from tests.simulator.microsoft.conftest import ANN, DANA, MEI, NOOR
from tests.simulator.microsoft.graph_schema import problems
from tests.simulator.microsoft.msal_client import REDIRECT_URI, Json, MicrosoftConnection, connect
from tests.simulator.microsoft.test_mail import IMMUTABLE, draft
from tests.simulator_process import Simulator, running_simulator
from tests.waiting import wait_until

CHUNK = 10 * 320 * 1024


async def test_small_attachments_come_and_go(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Added to a draft, listed without bytes, read, deleted, delivered; an inline picture is not counted."""
    made = await mei.done("POST", "/me/messages", draft(ANN), Prefer=IMMUTABLE)
    path = f"/me/messages/{made['id']}"
    kind = "#microsoft.graph.fileAttachment"
    png = {"@odata.type": kind, "name": "dot.png", "contentType": "image/png", "contentBytes": "iVBORw0K"}
    picture = await mei.done("POST", f"{path}/attachments", {**png, "isInline": True, "contentId": "dot"})
    only_inline = await mei.got(f"{path}?$select=hasAttachments,internetMessageId")
    text = {"@odata.type": kind, "name": "plan.txt", "contentType": "text/plain", "contentBytes": "bm9ydGg="}
    file = await mei.done("POST", f"{path}/attachments", text)
    doomed = await mei.done("POST", f"{path}/attachments", {**text, "name": "old.txt"})
    await mei.done("DELETE", f"{path}/attachments/{doomed['id']}")
    listed = (await mei.got(f"{path}/attachments?$select=id,name,size,isInline"))["value"]
    one = await mei.got(f"{path}/attachments/{file['id']}")
    raw = await mei.graph.get(f"{path}/attachments/{file['id']}/$value")
    no_such_property = await mei.ask("GET", f"{path}/attachments?$select=contentId")
    await mei.done("POST", f"{path}/send")
    received = await simulator.message(ANN, (await simulator.mailbox(ANN))[0]["id"])

    assert (picture["contentId"], only_inline["hasAttachments"]) == ("dot", False)
    assert only_inline["internetMessageId"] == made["internetMessageId"]
    assert [(entry["name"], "contentBytes" in entry) for entry in listed] == [
        ("dot.png", False),
        ("plan.txt", False),
    ]
    assert (one["contentBytes"], raw.content, no_such_property.status_code) == ("bm9ydGg=", b"north", 400)
    assert {entry["filename"] for entry in received["attachments"]} == {"dot.png", "plan.txt"}


async def test_large_attachment_goes_up_in_chunks(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """In order, without the bearer token; a chunk out of order is refused; a small file is not for this."""
    content = bytes(range(256)) * 13_000
    made = await mei.done("POST", "/me/messages", draft(ANN), Prefer=IMMUTABLE)
    path = f"/me/messages/{made['id']}/attachments"
    about = {"attachmentType": "file", "name": "big.bin", "size": len(content)}
    small = await mei.ask("POST", f"{path}/createUploadSession", {"AttachmentItem": {**about, "size": 100}})
    session = await mei.done("POST", f"{path}/createUploadSession", {"AttachmentItem": about})
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:

        async def put(first: int, last: int) -> httpx.Response:
            span = f"bytes {first}-{last - 1}/{len(content)}"
            return await client.put(
                session["uploadUrl"], content=content[first:last], headers={"Content-Range": span}
            )

        early = await put(CHUNK, len(content))
        begun = await put(0, CHUNK)
        done = await put(CHUNK, len(content))
        over = await put(CHUNK, len(content))
        forged = await client.put(session["uploadUrl"] + "x", content=b"x")
    listed = (await mei.got(f"{path}?$select=name,size"))["value"]
    value = await mei.graph.get(f"{path}/{listed[0]['id']}/$value")

    assert small.json()["error"]["code"] == "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"
    assert session["nextExpectedRanges"] == ["0-"]
    assert (early.status_code, begun.status_code, done.status_code) == (416, 200, 201)
    assert begun.json()["NextExpectedRanges"] == [str(CHUNK)]
    assert (done.content, listed[0]["id"] in done.headers["location"]) == (b"", True)
    assert (over.is_error, forged.is_error) == (True, True)
    assert value.content == content


async def test_batch_answers_each_item_for_itself(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Twenty at most; a dependent of a failure is 424; a throttled item is 429 inside 200."""
    await simulator.add_fault(
        "status", "graph.me.get", code=429, body="ApplicationThrottled", retry_after_seconds=8
    )
    requests: list[Json] = [
        {"id": "1", "method": "GET", "url": "/me"},
        {"id": "2", "method": "GET", "url": "/me/mailFolders/inbox?$select=displayName"},
        {"id": "3", "method": "GET", "url": "/me", "dependsOn": ["1"]},
        {
            "id": "4",
            "method": "POST",
            "url": "/me/messages",
            "body": draft(ANN),
            "headers": {"Content-Type": "application/json"},
        },
    ]
    answers = {
        one["id"]: one for one in (await mei.done("POST", "/$batch", {"requests": requests}))["responses"]
    }
    many = await mei.ask("POST", "/$batch", {"requests": [{**requests[0], "id": str(n)} for n in range(21)]})
    untyped = await mei.ask("POST", "/$batch", {"requests": [{**requests[3], "headers": {}}]})
    seen = [entry["batched"] for entry in await simulator.journal(method="graph.me.get")]

    assert {name: one["status"] for name, one in answers.items()} == {"1": 429, "2": 200, "3": 424, "4": 201}
    assert answers["1"]["headers"]["Retry-After"] == "8"
    assert answers["1"]["body"]["error"]["code"] == "ApplicationThrottled"
    assert answers["2"]["body"]["displayName"] == "Inbox"
    assert problems("message", answers["4"]["body"]) == []
    assert (many.status_code, untyped.status_code, seen) == (400, 400, [True])


async def test_fifth_request_at_once_is_throttled(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """ApplicationThrottled with Retry-After, for this mailbox only."""
    await simulator.set_dials(microsoft={"latency_seconds": 0.4, "retry_after_seconds": 3})
    answers = await asyncio.gather(*(mei.ask("GET", "/me") for _number in range(5)))
    refused = [answer for answer in answers if answer.status_code == 429]

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 429]
    assert refused[0].json()["error"]["code"] == "ApplicationThrottled"
    assert refused[0].headers["retry-after"] == "3"


async def test_windows_of_requests_and_uploads(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Used up, they answer 429 until time has passed."""
    await simulator.set_dials(microsoft={"requests_per_10_minutes": 2, "retry_after_seconds": 7})
    statuses = [(await mei.ask("GET", "/me")).status_code for _number in range(3)]
    over = await mei.ask("GET", "/me")
    await simulator.set_dials(
        microsoft={"requests_per_10_minutes": 2}, clock_offset_seconds=601, access_token_lifetime_seconds=7200
    )
    later = await mei.ask("GET", "/me")
    await simulator.set_dials(microsoft={"upload_bytes_per_5_minutes": 10}, clock_offset_seconds=601)
    upload = await mei.ask("POST", "/me/messages", draft(ANN))

    assert statuses == [200, 200, 429]
    assert over.headers["retry-after"] == "7"
    assert over.json()["error"]["innerError"]["status"] == "429"
    assert (later.status_code, upload.status_code) == (200, 429)


async def test_tokens_scopes_and_claims_challenges(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """401 without, with a foreign or an expired token; 403 without the scope; a claims challenge."""
    _app, narrow = await connect(simulator, NOOR, ["Mail.Read"])
    bearer = {"Authorization": f"Bearer {narrow['access_token']}"}
    async with httpx.AsyncClient(base_url=simulator.graph_url, trust_env=False) as client:
        none = await client.get("/me/messages")
        foreign = await client.get("/me/messages", headers={"Authorization": "Bearer eyJ"})
        allowed = await client.get("/me/messages", headers=bearer)
        forbidden = await client.post("/me/sendMail", headers=bearer, json={})
        other = await client.get(f"/users/{MEI}/messages", headers=bearer)
        await simulator.set_dials(microsoft={"continuous_access_evaluation": True})
        await simulator.end_sessions(NOOR)
        challenged = await client.get("/me/messages", headers=bearer)
    await simulator.set_dials(clock_offset_seconds=4000)
    expired = await mei.ask("GET", "/me")
    claims = challenged.headers["www-authenticate"].partition('claims="')[2].partition('"')[0]

    assert [answer.status_code for answer in (none, foreign, allowed, forbidden, other)] == [
        401,
        401,
        200,
        403,
        403,
    ]
    assert forbidden.json()["error"]["code"] == "ErrorAccessDenied"
    assert (challenged.status_code, b"access_token" in base64.b64decode(claims)) == (401, True)
    assert 'error="insufficient_claims"' in challenged.headers["www-authenticate"]
    assert (expired.status_code, expired.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(("fault", "sent"), [("drop_before", 0), ("drop_after", 1), ("half_answer", 1)])
async def test_faults_of_sending(
    simulator: Simulator, mei: MicrosoftConnection, fault: str, sent: int
) -> None:
    """The connection breaks before or after the mail is under way; the journal says which."""
    made = await mei.done("POST", "/me/messages", draft(ANN), Prefer=IMMUTABLE)
    await simulator.add_fault(fault, "graph.messages.send", account=MEI)
    with contextlib.suppress(httpx.HTTPError):
        await mei.ask("POST", f"/me/messages/{made['id']}/send")
    entry = (await simulator.journal(method="graph.messages.send"))[0]

    assert len(await simulator.deliveries(recipient=ANN)) == sent
    assert (entry["account"], entry["fault"]) == (MEI, fault)


async def test_gateway_timeout_although_it_was_sent_and_paths_as_globs(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """504 before the answer, 503 by path with Retry-After."""
    made = await mei.done("POST", "/me/messages", draft(ANN), Prefer=IMMUTABLE)
    await simulator.add_fault("status", "graph.messages.send", code=504, effect="before_answer")
    late = await mei.ask("POST", f"/me/messages/{made['id']}/send")
    await simulator.add_fault("status", "/graph/v1.0/me/mail*", body="ErrorServerBusy", retry_after_seconds=4)
    busy = await mei.ask("GET", "/me/mailFolders")
    after = await mei.got(f"/me/messages/{made['id']}?$select=isDraft")

    assert (late.status_code, late.json()["error"]["code"]) == (504, "UnknownError")
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "4")
    assert after["isDraft"] is False


async def test_state_file_brings_microsoft_back(tmp_path: Path) -> None:
    """Tokens, folders, ids, delta links and rules survive a restart."""
    state, port = tmp_path / "world.sqlite", 0
    async with running_simulator(state=state, microsoft_redirect_uri=REDIRECT_URI) as first:
        await first.create_account(MEI, "Mei", "microsoft")
        await first.create_account(DANA, "Dana")
        await first.add_rule(MEI, "Roofs", subject=["roof"])
        await first.deliver(DANA, MEI, subject="Roof", text="x")
        _app, tokens = await connect(first, MEI)
        before = await first.microsoft_account(MEI)
        saved = state.stat().st_mtime_ns
        await first.ask("PATCH", "/dials", {"microsoft": {"sent_item_id": "new"}})
        await wait_until(lambda: state.stat().st_mtime_ns > saved, description="the state is written")
    async with running_simulator(state=state, port=port) as second:
        after = await second.microsoft_account(MEI)
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        listed = await second.control.get(f"{second.graph_url}/me/messages", headers=headers)
        dials = await second.ask("GET", "/dials")

    assert after == before
    assert [one["subject"] for one in listed.json()["value"]] == ["Roof"]
    assert dials["microsoft"]["sent_item_id"] == "new"


async def test_control_api_refuses_what_does_not_fit(simulator: Simulator) -> None:
    """404 for accounts elsewhere, folders and subscriptions that are not there; 400 for empty rules."""
    asks = [
        ("GET", f"/accounts/{ANN}/microsoft", None),
        ("POST", f"/accounts/{MEI}/microsoft/lifecycle", {"event": "missed"}),
        ("POST", f"/accounts/{MEI}/microsoft/rules", {"folder": "x"}),
        ("POST", f"/accounts/{MEI}/microsoft/folders", {"name": "x", "parent": "nowhere"}),
        ("POST", f"/accounts/{MEI}/microsoft/lifecycle", {"event": "exploded"}),
        ("DELETE", f"/accounts/{MEI}/microsoft/contacts/none", None),
        (
            "POST",
            "/microsoft-consent",
            {"authorize_url": "http://x/login/common/oauth2/v2.0/authorize", "account": ANN},
        ),
    ]
    answers = [await simulator.control.request(verb, path, json=body) for verb, path, body in asks]

    assert [answer.status_code for answer in answers] == [404, 404, 400, 404, 400, 404, 404]
    assert all(answer.json()["error"] for answer in answers)
