"""The human page, driven by its forms."""

import base64
import re
from typing import Any

import httpx
import pytest

from tests.simulator.conftest import ANN, BEN, DANA
from tests.simulator.google_client import mail, tokens_for
from tests.simulator_process import Simulator


async def get(simulator: Simulator, path: str) -> httpx.Response:
    """Show a page."""
    return await simulator.control.get(path)


async def post(simulator: Simulator, path: str, data: dict[str, str], files: Any = None) -> httpx.Response:
    """Send a form as a browser does."""
    return await simulator.control.post(path, data=data, files=files)


async def test_everybody_is_on_the_first_page(simulator: Simulator) -> None:
    """Names, addresses, and what is unread; a person can be added."""
    await simulator.deliver(DANA, ANN, subject="Roof", text="x")
    page = await get(simulator, "/")
    added = await post(
        simulator, "/people", {"name": "New <b>One</b>", "address": "new@x.test", "kind": "outside"}
    )
    again = await post(simulator, "/people", {"name": "Twice", "address": "new@x.test", "kind": "outside"})
    after = await get(simulator, "/")

    assert page.status_code == 200
    assert all(address in page.text for address in (ANN, BEN, DANA))
    assert '1<span class="hidden"> unread</span>' in page.text
    assert (added.status_code, added.headers["location"]) == (303, "/people/new%40x.test")
    assert (again.status_code, "no free address" in again.text) == (400, True)
    assert ("New &lt;b&gt;One&lt;/b&gt;" in after.text, "<b>One</b>" in after.text) == (True, False)


async def test_customer_writes_and_user_answers_with_a_file(simulator: Simulator) -> None:
    """New mail, reply to all, and forward go through the forms and arrive."""
    written = await post(
        simulator,
        f"/people/{DANA}/send",
        {
            "write": "new",
            "to": f"Ann Berg <{ANN}>",
            "cc": BEN,
            "subject": "Roof",
            "text": "It leaks.",
        },
    )
    received = (await simulator.mailbox(ANN))[0]
    form = await get(simulator, f"/people/{ANN}?thread={received['thread_id']}&write=all&id={received['id']}")
    answered = await post(
        simulator,
        f"/people/{ANN}/send",
        {
            "write": "all",
            "id": received["id"],
            "to": DANA,
            "cc": BEN,
            "subject": "Re: Roof",
            "text": "We come.",
        },
        files=[("files", ("plan ü.txt", b"north", "text/plain"))],
    )
    forwarded = await post(
        simulator,
        f"/people/{ANN}/send",
        {
            "write": "forward",
            "id": received["id"],
            "to": "boss@example-co.test",
            "text": "FYI",
        },
    )
    at_dana = await simulator.message(DANA, (await simulator.mailbox(DANA, "INBOX"))[0]["id"])

    assert (written.status_code, answered.status_code, forwarded.status_code) == (303, 303, 303)
    assert 'value="Re: Roof"' in form.text
    assert re.search(rf'name="cc" value="[^"]*{BEN}', form.text)
    assert at_dana["text"].strip() == "We come."
    assert [(one["filename"], one["size_bytes"]) for one in at_dana["attachments"]] == [("plan ü.txt", 5)]
    assert at_dana["thread_id"] == (await simulator.mailbox(DANA, "SENT"))[0]["thread_id"]
    assert (await simulator.mailbox("boss@example-co.test"))[0]["subject"] == "Fwd: Roof"
    assert len(await simulator.mailbox(BEN)) == 2


@pytest.mark.parametrize("to", ["", "nonsense", "<>"])
async def test_form_that_cannot_be_sent_comes_back_as_typed(simulator: Simulator, to: str) -> None:
    """400, the mistake, and the text that was typed; nothing goes out."""
    typed = {"write": "new", "to": to, "subject": "Kept <subject>", "text": "Kept text"}
    answer = await post(simulator, f"/people/{DANA}/send", typed)

    assert answer.status_code == 400
    assert 'role="status"' in answer.text
    assert ("Kept &lt;subject&gt;" in answer.text, "Kept text" in answer.text) == (True, True)
    assert await simulator.deliveries() == []


async def test_header_injection_through_the_form_fails(simulator: Simulator) -> None:
    """A line break in an address or a subject adds no recipient."""
    for name in ("to", "subject"):
        typed = {"write": "new", "to": ANN, "subject": "x", "text": "x", name: f"{ANN}\r\nBcc: c@d.test"}
        await post(simulator, f"/people/{DANA}/send", typed)

    assert await simulator.deliveries(recipient="c@d.test") == []


async def test_marking_moving_and_deleting(simulator: Simulator) -> None:
    """Each button does what it says, and goes back to a page of ours only."""
    await simulator.deliver(DANA, ANN, subject="Roof", text="x")
    one = (await simulator.mailbox(ANN))[0]["id"]
    seen = []
    for act in ("read", "unread", "archive", "trash", "untrash"):
        answer = await post(
            simulator, f"/people/{ANN}/mark", {"do": act, "id": one, "back": "https://evil.test/"}
        )
        assert answer.headers["location"] == "/people/ann%40example-co.test"
        seen.append((await simulator.mailbox(ANN))[0]["labels"])
    deleted = await post(simulator, f"/people/{ANN}/mark", {"do": "delete", "id": one})
    twice = await post(simulator, f"/people/{ANN}/mark", {"do": "delete", "id": one})

    assert seen == [["INBOX"], ["INBOX", "UNREAD"], ["UNREAD"], ["TRASH", "UNREAD"], ["INBOX", "UNREAD"]]
    assert (deleted.status_code, twice.status_code) == (303, 404)
    assert await simulator.mailbox(ANN) == []


async def test_folders_show_their_own(simulator: Simulator) -> None:
    """A mail in the trash is in Trash and nowhere else."""
    await simulator.deliver(DANA, ANN, subject="Seen subject", text="x")
    one = (await simulator.mailbox(ANN))[0]["id"]
    await simulator.relabel(ANN, one, add=["TRASH"], remove=["INBOX"])
    shown = {
        folder: "Seen subject" in (await get(simulator, f"/people/{ANN}?folder={folder}")).text
        for folder in ("INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "ALL", "NONSENSE")
    }

    assert [folder for folder, found in shown.items() if found] == ["TRASH"]


async def test_html_mail_is_caged(simulator: Simulator) -> None:
    """It is shown in a sandboxed frame whose document may load and run nothing."""
    markup = "<p>Hi<script>alert(1)</script><img src=http://evil.test/x></p>"
    await simulator.deliver(DANA, ANN, subject="<i>x</i>", text="Hi", html=markup)
    one = (await simulator.mailbox(ANN))[0]
    page = await get(simulator, f"/people/{ANN}?thread={one['thread_id']}")
    body = await get(simulator, f"/people/{ANN}/body/{one['id']}")

    assert ("<script>alert" in page.text, "<i>x</i>" in page.text) == (False, False)
    assert re.search(r"<iframe sandbox\s", page.text)
    assert markup in body.text
    policy = body.headers["content-security-policy"]
    assert ("default-src 'none'" in policy, "sandbox" in policy) == (True, True)


async def test_attachment_is_only_ever_saved(simulator: Simulator) -> None:
    """An HTML attachment is not shown as a page of ours."""
    file = {"filename": 'x"é.html', "content_type": "text/html", "content_base64": "PGI+"}
    await simulator.deliver(DANA, ANN, subject="x", text="x", attachments=[file])
    one = (await simulator.mailbox(ANN))[0]["id"]
    answer = await get(simulator, f"/people/{ANN}/file/{one}/0")

    assert answer.content == b"<b>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''x%22%C3%A9.html"
    assert (await get(simulator, f"/people/{ANN}/file/{one}/7")).status_code == 404


async def test_settings_change_password_revoke_and_add_addresses(simulator: Simulator) -> None:
    """The person ends the CRM's access in two ways."""
    await tokens_for(simulator, ANN)
    url = f"/people/{ANN}/settings"
    page = await get(simulator, url)
    revoked = await post(simulator, url, {"do": "revoke", "client_id": "bothways-demo.apps.simulator"})
    changed = await post(simulator, url, {"do": "password", "password": "new one"})
    added = await post(simulator, url, {"do": "alias", "address": "sales@example-co.test", "name": "Sales"})
    taken = await post(simulator, url, {"do": "alias", "address": BEN})
    nothing = await post(simulator, url, {"do": "password", "password": ""})
    account = await simulator.ask("GET", f"/accounts/{ANN}")

    assert "1 refresh token<" in page.text
    assert [answer.status_code for answer in (revoked, changed, added, taken, nothing)] == [
        200,
        200,
        200,
        400,
        400,
    ]
    assert (account["allowed_clients"], account["password"]) == ([], "new one")
    assert [alias["address"] for alias in account["aliases"]] == ["sales@example-co.test"]


async def test_dials_are_turned_by_forms(simulator: Simulator) -> None:
    """A fault is added, shown and removed; habits are set as JSON; mistakes are named."""
    fault = {"do": "add", "method": "gmail.users.watch", "fault": "slow", "seconds": "3", "times": "2"}
    added = await post(simulator, "/faults", fault)
    page = await get(simulator, "/faults")
    wrong = await post(simulator, "/faults", {**fault, "times": "-1"})
    lasting = await post(simulator, "/faults", {"do": "lasting", "dials": '{"push_lag_seconds": 4}'})
    broken = await post(simulator, "/faults", {"do": "lasting", "dials": "{"})
    dials = await simulator.ask("GET", "/dials")
    cleared = await post(simulator, "/faults", {"do": "clear"})

    assert [answer.status_code for answer in (added, wrong, lasting, broken, cleared)] == [
        303,
        400,
        303,
        400,
        303,
    ]
    assert ("gmail.users.watch" in page.text, "answer late" in page.text) == (True, True)
    assert "times:" in wrong.text
    assert (dials["push_lag_seconds"], len(dials["faults"]), dials["faults"][0]["seconds"]) == (4, 1, 3)
    assert (await simulator.ask("GET", "/dials"))["faults"] == []


async def test_version_rises_with_every_change(simulator: Simulator) -> None:
    """By which an open page knows that it is old."""
    before = (await get(simulator, "/page/version")).json()["version"]
    await simulator.deliver(DANA, ANN, subject="Roof", text="x")

    assert (await get(simulator, "/page/version")).json()["version"] > before


@pytest.mark.parametrize(
    "path",
    [
        "/people/nobody@here.test",
        "/people/nobody@here.test/settings",
        f"/people/{ANN}/body/none",
        f"/people/{ANN}/file/none/0",
        "/page/secret.css",
        "/people/%00",
    ],
)
async def test_what_is_not_there_is_404(simulator: Simulator, path: str) -> None:
    """Never a 500."""
    assert (await get(simulator, path)).status_code == 404


async def test_hostile_mail_is_shown(simulator: Simulator) -> None:
    """A mail without any sensible header has a row and a page."""
    await simulator.ask(
        "POST",
        f"/accounts/{DANA}/messages",
        {
            "raw_base64": base64.b64encode(mail(ANN, "=?x?Q?=FF?= \x01<script>")).decode(),
        },
    )
    one = (await simulator.mailbox(ANN))[0]
    page = await get(simulator, f"/people/{ANN}?thread={one['thread_id']}")

    assert page.status_code == 200
    assert "<script>\n" not in page.text
    assert "&lt;script&gt;" in page.text
