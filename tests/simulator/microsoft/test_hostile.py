"""Input that fits nothing: always a 400 or 404 with an error's shape, never a failure of the program."""

from typing import Any

import pytest

from tests.simulator.microsoft.conftest import DANA, MEI, NOOR
from tests.simulator.microsoft.msal_client import MicrosoftConnection
from tests.simulator_process import Simulator, running_simulator

DEEP = "(" * 60 + "isRead eq true" + ")" * 60
QUERIES = [
    "$filter=receivedDateTime ge 2026-99-99T00:00:00Z",
    "$filter=size eq " + "9" * 5000,
    f"$filter={DEEP}",
    "$filter=" + " or ".join(["isRead eq true"] * 300),
    "$filter=contains(subject",
    "$filter=categories/any(c:d eq 'x')",
    "$orderby=subject sideways",
    "$top=-1",
    "$skip=99999999999999999999",
    "$expand=attachments(",
]
BODIES: list[bytes] = [
    b"[]",
    b"nonsense",
    b"[" * 100_000,
    b'{"subject": "\\ud800"}',
    b'{"subject": NaN}',
    b'{"subject": 7}',
    b'{"toRecipients": {"emailAddress": 1}}',
    b'{"toRecipients": [{"emailAddress": {"address": "a@b.test\\r\\nBcc: c@d.test"}}]}',
    b'{"subject": "a\\r\\nBcc: c@d.test"}',
    b'{"body": {"contentType": "exe", "content": "x"}}',
    b'{"singleValueExtendedProperties": "x"}',
    b'{"importance": ["high"]}',
    b'{"categories": [1]}',
    b'{"from": {"emailAddress": {"address": "a\\nb@c.test"}}}',
]


@pytest.mark.parametrize("query", QUERIES)
async def test_queries_that_fit_nothing(simulator: Simulator, mei: MicrosoftConnection, query: str) -> None:
    """Refused, although there is mail to look at."""
    await simulator.deliver(DANA, MEI, subject="Roof", text="x")
    answer = await mei.ask("GET", f"/me/messages?{query}")

    assert answer.status_code == 400, answer.text[:300]


@pytest.mark.parametrize("body", BODIES)
async def test_drafts_that_fit_nothing(mei: MicrosoftConnection, body: bytes) -> None:
    """Refused, and no draft is left behind."""
    answer = await mei.graph.post("/me/messages", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400, answer.text[:300]
    assert (await mei.got("/me/mailFolders/drafts"))["totalItemCount"] == 0


async def test_other_doors(mei: MicrosoftConnection) -> None:
    """Batches, subscriptions, contacts and paths."""
    json_type = {"Content-Type": "application/json"}
    asks: list[tuple[str, str, Any]] = [
        ("POST", "/$batch", {"requests": [{"id": "1", "method": "GET", "url": "http://[x"}]}),
        ("POST", "/$batch", {"requests": [{"id": "1", "method": "GET", "url": "/me"}] * 2}),
        ("POST", "/$batch", {"requests": [{"id": "1", "method": "GET", "url": "/$batch"}]}),
        (
            "POST",
            "/subscriptions",
            {"changeType": "created", "resource": "me/messages", "notificationUrl": "http://[x"},
        ),
        ("POST", "/me/contacts", {"emailAddresses": [1]}),
        ("POST", "/me/contacts", {"colour": "red"}),
        ("GET", "/me/mailFolders/../../x", None),
        ("GET", f"/me/messages/{'A' * 3000}", None),
    ]
    statuses = [(await mei.ask(verb, path, body)).status_code for verb, path, body in asks]
    large = await mei.graph.post("/me/messages", content=b" " * 4_200_000 + b"{}", headers=json_type)

    assert set(statuses) <= {400, 404}
    assert (large.status_code, large.json()["error"]["code"]) == (413, "RequestEntityTooLarge")


async def test_seeded_people_at_microsoft() -> None:
    """The demo has a conversation at work and a mail at home."""
    async with running_simulator(seed=True) as simulator:
        work, home = await simulator.mailbox(MEI), await simulator.mailbox(NOOR)
        mei = await simulator.microsoft_account(MEI)

    assert [mail["subject"] for mail in work] == ["Re: Sample tiles", "Sample tiles"]
    assert ([mail["subject"] for mail in home], len({mail["thread_id"] for mail in work})) == (["Poster"], 1)
    assert len(mei["items"]) == 2
