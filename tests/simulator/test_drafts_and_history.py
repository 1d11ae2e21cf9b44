"""Drafts and the change feed, through Google's client library."""

import pytest

from tests.simulator.conftest import ANN, DANA
from tests.simulator.google_client import Connection, base64url, mail
from tests.simulator_process import Simulator


def draft_body(raw: bytes, **more: str) -> dict[str, object]:
    """Return the JSON of a draft."""
    return {"message": {"raw": base64url(raw), **more}}


async def test_saving_a_draft_again_replaces_its_message(ann: Connection) -> None:
    """The draft id stays, the message id does not, and the feed shows both."""
    start = await ann.history_id()
    first = await ann.do(ann.drafts.create(userId="me", body=draft_body(mail(DANA, "One"))))
    second = await ann.do(ann.drafts.update(userId="me", id=first["id"], body=draft_body(mail(DANA, "Two"))))
    old_id, new_id = first["message"]["id"], second["message"]["id"]
    records = await ann.history_since(start)
    added = [one["message"] for record in records for one in record.get("messagesAdded", [])]
    deleted = [one["message"]["id"] for record in records for one in record.get("messagesDeleted", [])]

    assert first["id"] == second["id"]
    assert first["message"]["threadId"] == second["message"]["threadId"]
    assert [one["id"] for one in added] == [old_id, new_id]
    assert [one["labelIds"] for one in added] == [["DRAFT"], ["DRAFT"]]
    assert deleted == [old_id]
    assert (await ann.error_of(ann.messages.get(userId="me", id=old_id)))[0] == 404


async def test_sending_a_draft_ends_it_and_adds_a_new_message(simulator: Simulator, ann: Connection) -> None:
    """In the draft's thread, with another id; drafts.get is 404 afterwards, a second sending too."""
    await simulator.deliver(DANA, ANN, subject="Roof", text="It leaks.", message_id="<one@dana.test>")
    thread_id = (await simulator.mailbox(ANN))[0]["thread_id"]
    start = await ann.history_id()
    raw = mail(DANA, "Re: Roof", "We come.", In_Reply_To="<one@dana.test>", X_Outbox="o1")
    draft = await ann.do(ann.drafts.create(userId="me", body=draft_body(raw, threadId=thread_id)))
    sent = await ann.do(ann.drafts.send(userId="me", body={"id": draft["id"]}))
    gone = await ann.error_of(ann.drafts.get(userId="me", id=draft["id"]))
    again = await ann.error_of(ann.drafts.send(userId="me", body={"id": draft["id"]}))
    records = await ann.history_since(start)

    assert draft["message"]["threadId"] == sent["threadId"] == thread_id
    assert sent["id"] != draft["message"]["id"]
    assert sent["labelIds"] == ["SENT"]
    assert (gone[0], again[0]) == (404, 404)
    assert [one["message"]["id"] for record in records for one in record.get("messagesDeleted", [])] == [
        draft["message"]["id"]
    ]
    assert len(await simulator.deliveries(header="X-Outbox", value="o1")) == 1


async def test_draft_that_began_a_thread_keeps_its_thread_id(ann: Connection) -> None:
    """The thread keeps the id of the first draft's message, through saving and sending."""
    draft = await ann.do(ann.drafts.create(userId="me", body=draft_body(mail(DANA, "One"))))
    saved = await ann.do(ann.drafts.update(userId="me", id=draft["id"], body=draft_body(mail(DANA, "Two"))))
    sent = await ann.do(ann.drafts.send(userId="me", body={"id": draft["id"]}))
    first = draft["message"]

    assert first["threadId"] == first["id"]
    assert saved["message"]["threadId"] == sent["threadId"] == first["threadId"]


async def test_deleted_draft_is_gone_and_never_sent(simulator: Simulator, ann: Connection) -> None:
    """Not in the trash either."""
    draft = await ann.do(ann.drafts.create(userId="me", body=draft_body(mail(DANA))))
    await ann.do(ann.drafts.delete(userId="me", id=draft["id"]))

    assert (await ann.error_of(ann.drafts.send(userId="me", body={"id": draft["id"]})))[0] == 404
    assert await simulator.mailbox(ANN) == []
    assert await simulator.deliveries() == []


async def test_draft_that_cannot_be_sent_stays(simulator: Simulator, ann: Connection) -> None:
    """Without a recipient the sending is refused and the draft can be completed."""
    draft = await ann.do(ann.drafts.create(userId="me", body=draft_body(b"Subject: To whom?\n\nx\n")))
    refused = await ann.error_of(ann.drafts.send(userId="me", body={"id": draft["id"]}))
    kept = await ann.do(ann.drafts.get(userId="me", id=draft["id"]))
    await ann.do(ann.drafts.update(userId="me", id=draft["id"], body=draft_body(mail(DANA))))
    await ann.do(ann.drafts.send(userId="me", body={"id": draft["id"]}))

    assert (refused[0], refused[1]["message"]) == (400, "Recipient address required")
    assert kept["message"]["id"] == draft["message"]["id"]
    assert len(await simulator.mailbox(DANA, "INBOX")) == 1


async def test_feed_tells_reading_labelling_and_deleting(simulator: Simulator, ann: Connection) -> None:
    """Each change is one record, in order, with rising ids."""
    start = await ann.history_id()
    await simulator.deliver(DANA, ANN, subject="Roof", text="x")
    message_id = (await simulator.mailbox(ANN))[0]["id"]
    await simulator.relabel(ANN, message_id, remove=["UNREAD"])
    await simulator.relabel(ANN, message_id, add=["TRASH"], remove=["INBOX"])
    await simulator.ask("DELETE", f"/accounts/{ANN}/messages/{message_id}")
    records = await ann.history_since(start)
    kinds = [next(key for key in record if key not in ("id", "messages")) for record in records]
    numbers = [int(record["id"]) for record in records]

    assert kinds == ["messagesAdded", "labelsRemoved", "labelsRemoved", "labelsAdded", "messagesDeleted"]
    assert [records[1]["labelsRemoved"][0]["labelIds"], records[3]["labelsAdded"][0]["labelIds"]] == [
        ["UNREAD"],
        ["TRASH"],
    ]
    assert numbers == sorted(set(numbers))
    assert await ann.history_since(str(numbers[-1])) == []


async def test_feed_filters_by_type_and_label(simulator: Simulator, ann: Connection) -> None:
    """historyTypes and labelId."""
    start = await ann.history_id()
    await simulator.deliver(DANA, ANN, subject="Roof", text="x")
    await ann.send(mail(DANA))
    message_id = (await simulator.mailbox(ANN, "INBOX"))[0]["id"]
    await simulator.relabel(ANN, message_id, remove=["UNREAD"])
    listing = ann.service.users().history().list
    added = await ann.do(listing(userId="me", startHistoryId=start, historyTypes=["messageAdded"]))
    sent = await ann.do(listing(userId="me", startHistoryId=start, labelId="SENT"))

    assert ["messagesAdded" in record for record in added["history"]] == [True, True]
    assert [record["messagesAdded"][0]["message"]["labelIds"] for record in sent["history"]] == [["SENT"]]


async def test_feed_pages_and_empty_pages(simulator: Simulator, ann: Connection) -> None:
    """Every record comes once over several pages, also behind pages that have none."""
    start = await ann.history_id()
    for number in range(5):
        await simulator.deliver(DANA, ANN, subject=f"Mail {number}", text="x")
    await simulator.set_dials(history_empty_pages=2)
    listing = ann.service.users().history()
    request, sizes, seen = listing.list(userId="me", startHistoryId=start, maxResults=2), [], []
    while request is not None:
        answer = await ann.do(request)
        sizes.append(len(answer.get("history", [])))
        seen += [record["messages"][0]["id"] for record in answer.get("history", [])]
        request = listing.list_next(request, answer)

    assert sizes == [0, 0, 2, 2, 1]
    assert seen == [message["id"] for message in reversed(await simulator.mailbox(ANN))]


async def test_expired_cursor_is_404(simulator: Simulator, ann: Connection) -> None:
    """After the mailbox has forgotten, by the dial, and for a number of the future."""
    start = await ann.history_id()
    await simulator.deliver(DANA, ANN, subject="Roof", text="x")
    newest = await ann.history_id()
    listing = ann.service.users().history().list
    future = await ann.error_of(listing(userId="me", startHistoryId=str(int(newest) + 1000)))
    await simulator.set_dials(history_expired_before=int(newest))
    by_dial = await ann.error_of(listing(userId="me", startHistoryId=start))
    await simulator.set_dials()
    await simulator.ask("POST", f"/accounts/{ANN}/expire-history")
    forgotten = await ann.error_of(listing(userId="me", startHistoryId=newest))

    assert [found[0] for found in (future, by_dial, forgotten)] == [404, 404, 404]
    assert forgotten[1]["errors"][0]["reason"] == "notFound"
    assert await ann.history_since(await ann.history_id()) == []


@pytest.mark.parametrize("start", ["", "abc", "-1"])
async def test_missing_or_garbage_cursor_is_400(ann: Connection, start: str) -> None:
    """With the text that live traffic shows."""
    status, error = await ann.error_of(ann.service.users().history().list(userId="me", startHistoryId=start))

    assert (status, error["message"]) == (400, "Missing/invalid parameter: startHistoryId")


async def test_labels_that_only_google_sets_are_refused(simulator: Simulator, ann: Connection) -> None:
    """SENT and DRAFT cannot be set by hand, unknown labels do not exist."""
    await simulator.deliver(DANA, ANN, subject="Roof", text="x")
    message_id = (await simulator.mailbox(ANN))[0]["id"]
    answers = [
        await ann.error_of(ann.messages.modify(userId="me", id=message_id, body={"addLabelIds": [label]}))
        for label in ("SENT", "DRAFT", "Label_77")
    ]

    assert [status for status, _error in answers] == [400, 400, 400]
    assert (await simulator.mailbox(ANN))[0]["labels"] == ["INBOX", "UNREAD"]


async def test_raw_survives_as_it_was_written(simulator: Simulator, ann: Connection) -> None:
    """What was sent comes out byte for byte below the header."""
    body = bytes(range(32, 127)).decode() + "\r\n" + "ü" * 50
    raw = f"To: {DANA}\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n".encode()
    await ann.send(raw)
    message_id = (await simulator.mailbox(DANA))[0]["id"]
    found = (await simulator.control.get(f"/accounts/{DANA}/messages/{message_id}/raw")).content

    assert found.partition(b"\r\n\r\n")[2] == f"{body}\r\n".encode()
