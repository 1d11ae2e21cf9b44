"""Every JSON answer fits the discovery document that the real client library carries."""

import base64
from typing import Any

import httpx
import pytest

from simulator.google.methods import METHODS
from tests.simulator.conftest import ANN, DANA
from tests.simulator.discovery_schema import methods, problems
from tests.simulator.google_client import SCOPE, Connection, base64url, connected, mail
from tests.simulator_process import Simulator

ALL_SCOPES = ["https://mail.google.com/", f"{SCOPE}gmail.settings.basic"]
Json = dict[str, Any]


def test_every_method_is_google_s() -> None:
    """Verb, path and accepted scopes of each method are those of the document; no scope is invented."""
    known = methods()
    for method in METHODS:
        theirs = known[method.id]
        path = str(theirs.get("flatPath", theirs["path"])).removeprefix("gmail/v1/users/{userId}/")

        assert (method.verb, method.path) == (theirs["httpMethod"], path), method.id
        assert method.scopes <= set(theirs["scopes"]), method.id
        assert method.media == bool(theirs.get("supportsMediaUpload")), method.id


def test_the_schema_refuses_an_invented_key() -> None:
    """The validator itself can fail: a key too many and a number where a string belongs are both seen."""
    assert problems("gmail.users.getProfile", {"emailAddress": "a@b.test", "mood": "good"})
    assert problems("gmail.users.getProfile", {"historyId": 5})
    assert problems("gmail.users.messages.list", {"messages": []})


class Caller:
    """Calls methods over plain HTTP and validates each answer."""

    def __init__(self, client: httpx.AsyncClient, root: str) -> None:
        self.client = client
        self.root = root
        self.seen: set[str] = set()

    async def call(self, method_id: str, path: str, body: Json | None = None, **query: Any) -> Json:
        """Call, check status and schema, and return the JSON."""
        method = methods()[method_id]
        url = f"{self.root}gmail/v1/users/me/{path}"
        answer = await self.client.request(method["httpMethod"], url, json=body, params=query)
        self.seen.add(method_id)
        assert answer.status_code in (200, 204), f"{method_id}: {answer.status_code} {answer.text}"
        if "response" not in method:
            assert answer.content == b""
            return {}
        assert problems(method_id, answer.json()) == [], method_id
        return dict(answer.json())


async def test_every_answer_fits_the_document(simulator: Simulator) -> None:
    """A tour through every method, with attachments, aliases, drafts and labels in the mailbox."""
    content = base64.b64encode(b"%PDF-1.7 " + bytes(range(256))).decode()
    files = [{"filename": "Angebot Größe.pdf", "content_type": "application/pdf", "content_base64": content}]
    await simulator.deliver(
        DANA, ANN, subject="Grüße", text="Hi", html="<p>Hi <b>Ann</b></p>", attachments=files
    )
    await simulator.ask(
        "POST", f"/accounts/{ANN}/aliases", {"address": "sales@example-co.test", "name": "Sales"}
    )
    async with (
        connected(simulator, ANN, ALL_SCOPES) as ann,
        httpx.AsyncClient(headers=ann.headers, trust_env=False) as client,
    ):
        tour = Caller(client, ann.google_url)
        await _read_everything(tour)
        await _change_everything(tour)
        await _write_everything(tour)

    assert tour.seen == {method.id for method in METHODS}


async def _read_everything(tour: Caller) -> None:
    start = (await tour.call("gmail.users.getProfile", "profile"))["historyId"]
    message = (await tour.call("gmail.users.messages.list", "messages", q="in:inbox"))["messages"][0]
    for form in ("minimal", "metadata", "full", "raw"):
        whole = await tour.call("gmail.users.messages.get", f"messages/{message['id']}", format=form)
        if form == "full":
            part = whole["payload"]["parts"][1]
            path = f"messages/{message['id']}/attachments/{part['body']['attachmentId']}"
            await tour.call("gmail.users.messages.attachments.get", path)
    assert (await tour.call("gmail.users.messages.list", "messages", q="nothing-like-this")) == {
        "resultSizeEstimate": 0
    }
    await tour.call("gmail.users.threads.list", "threads", maxResults=1)
    await tour.call("gmail.users.threads.get", f"threads/{message['threadId']}")
    await tour.call("gmail.users.settings.sendAs.list", "settings/sendAs")
    await tour.call("gmail.users.settings.sendAs.get", f"settings/sendAs/{ANN}")
    assert await tour.call("gmail.users.history.list", "history", startHistoryId=start) == {
        "historyId": start
    }


async def _change_everything(tour: Caller) -> None:
    start = (await tour.call("gmail.users.getProfile", "profile"))["historyId"]
    message = (await tour.call("gmail.users.messages.list", "messages"))["messages"][0]
    one, thread = f"messages/{message['id']}", f"threads/{message['threadId']}"
    label = await tour.call("gmail.users.labels.create", "labels", {"name": "Customers"})
    await tour.call("gmail.users.labels.list", "labels")
    await tour.call("gmail.users.labels.get", f"labels/{label['id']}")
    await tour.call("gmail.users.messages.modify", f"{one}/modify", {"addLabelIds": [label["id"]]})
    await tour.call("gmail.users.labels.delete", f"labels/{label['id']}")
    await tour.call("gmail.users.threads.modify", f"{thread}/modify", {"removeLabelIds": ["UNREAD"]})
    ids = {"ids": [message["id"], "1111111111111111"]}
    await tour.call(
        "gmail.users.messages.batchModify", "messages/batchModify", {**ids, "addLabelIds": ["STARRED"]}
    )
    await tour.call("gmail.users.messages.trash", f"{one}/trash")
    await tour.call("gmail.users.messages.untrash", f"{one}/untrash")
    await tour.call("gmail.users.threads.trash", f"{thread}/trash")
    await tour.call("gmail.users.threads.untrash", f"{thread}/untrash")
    await tour.call("gmail.users.watch", "watch", {"topicName": "projects/bothways/topics/gmail"})
    await tour.call("gmail.users.stop", "stop")
    found = await tour.call("gmail.users.history.list", "history", startHistoryId=start)
    kinds = {key for record in found["history"] for key in record} - {"id", "messages"}
    assert kinds == {"labelsAdded", "labelsRemoved"}


async def _write_everything(tour: Caller) -> None:
    raw = base64url(mail(DANA))
    start = (await tour.call("gmail.users.getProfile", "profile"))["historyId"]
    sent = await tour.call("gmail.users.messages.send", "messages/send", {"raw": raw})
    draft = await tour.call("gmail.users.drafts.create", "drafts", {"message": {"raw": raw}})
    await tour.call("gmail.users.drafts.list", "drafts")
    await tour.call("gmail.users.drafts.get", f"drafts/{draft['id']}")
    await tour.call("gmail.users.drafts.update", f"drafts/{draft['id']}", {"message": {"raw": raw}})
    await tour.call("gmail.users.drafts.send", "drafts/send", {"id": draft["id"]})
    other = await tour.call("gmail.users.drafts.create", "drafts", {"message": {"raw": raw}})
    await tour.call("gmail.users.drafts.delete", f"drafts/{other['id']}")
    inserted = await tour.call("gmail.users.messages.insert", "messages", {"raw": raw, "labelIds": ["INBOX"]})
    imported = await tour.call("gmail.users.messages.import", "messages/import", {"raw": raw})
    await tour.call("gmail.users.messages.batchDelete", "messages/batchDelete", {"ids": [inserted["id"]]})
    await tour.call("gmail.users.messages.delete", f"messages/{imported['id']}")
    await tour.call("gmail.users.threads.delete", f"threads/{sent['threadId']}")
    found = await tour.call("gmail.users.history.list", "history", startHistoryId=start)
    kinds = {key for record in found["history"] for key in record} - {"id", "messages"}
    assert kinds == {"messagesAdded", "messagesDeleted"}


@pytest.mark.parametrize("path", ["messages/nothing", "threads/nothing", "drafts/nothing", "labels/nothing"])
async def test_what_is_not_there_is_google_s_404(ann: Connection, path: str) -> None:
    """Every missing entity has the same error body."""
    async with httpx.AsyncClient(trust_env=False, headers=ann.headers) as client:
        answer = await client.get(f"{ann.google_url}gmail/v1/users/me/{path}")

    message = "Requested entity was not found."
    assert (answer.status_code, answer.json()) == (
        404,
        {
            "error": {
                "code": 404,
                "message": message,
                "status": "NOT_FOUND",
                "errors": [{"message": message, "domain": "global", "reason": "notFound"}],
            }
        },
    )
