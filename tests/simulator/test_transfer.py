"""Batch and the three kinds of upload, as Google's client library speaks them."""

import asyncio
import io
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest, MediaInMemoryUpload, MediaIoBaseUpload

from tests.simulator.conftest import ANN, DANA
from tests.simulator.google_client import Connection, base64url, mail
from tests.simulator_process import Simulator

CHUNK = 256 * 1024


async def test_batch_answers_each_call_in_its_place(simulator: Simulator, ann: Connection) -> None:
    """Good and bad calls mixed; every callback gets its own answer, and each is in the journal."""
    for number in range(3):
        await simulator.deliver(DANA, ANN, subject=f"Mail {number}", text="x")
    ids = [message["id"] for message in await simulator.mailbox(ANN)]
    answers: dict[str, Any] = {}
    batch = BatchHttpRequest(
        callback=lambda key, answer, error: answers.update({key: answer or (error and error.resp.status)}),
        batch_uri=f"{ann.google_url}batch",
    )
    for one in [*ids, "1111111111111111"]:
        batch.add(ann.messages.get(userId="me", id=one, format="minimal"), request_id=one)
    body = {"removeLabelIds": ["UNREAD"]}
    batch.add(ann.messages.modify(userId="me", id=ids[0], body=body), request_id="modify")
    await asyncio.to_thread(batch.execute, http=ann.http)

    assert [answers[one]["id"] for one in ids] == ids
    assert answers["1111111111111111"] == 404
    assert answers["modify"]["labelIds"] == ["INBOX"]
    gets = await simulator.journal(method="gmail.users.messages.get")
    assert [(entry["batched"], entry["status"]) for entry in gets] == [(True, 200)] * 3 + [(True, 404)]
    assert len(await simulator.journal(method="batch")) == 1


async def test_service_s_own_batch_address_works(ann: Connection) -> None:
    """`new_batch_http_request` takes its address from the document's rootUrl."""
    answers: list[Any] = []
    batch = ann.service.new_batch_http_request(callback=lambda _key, answer, _error: answers.append(answer))
    batch.add(ann.service.users().getProfile(userId="me"))
    await asyncio.to_thread(batch.execute, http=ann.http)

    assert answers[0]["emailAddress"] == ANN


async def test_batch_of_more_than_a_hundred_is_refused(ann: Connection) -> None:
    """As documented."""
    batch = BatchHttpRequest(batch_uri=f"{ann.google_url}batch", callback=lambda *_: None)
    for _ in range(101):
        batch.add(ann.service.users().getProfile(userId="me"))

    with pytest.raises(HttpError) as refused:
        await asyncio.to_thread(batch.execute, http=ann.http)
    assert refused.value.resp.status == 400


@pytest.mark.parametrize("resumable", [False, True])
@pytest.mark.parametrize("with_thread", [False, True])
async def test_upload_sends_large_mail(
    simulator: Simulator, ann: Connection, resumable: bool, with_thread: bool
) -> None:
    """media, multipart and resumable uploads all arrive byte for byte, in the thread that was named."""
    await simulator.deliver(DANA, ANN, subject="Roof", text="x", message_id="<one@dana.test>")
    thread_id = (await simulator.mailbox(ANN))[0]["thread_id"]
    text = "0123456789abcdef\r\n" * 40_000
    raw = (
        mail(DANA, "Re: Roof", text, In_Reply_To="<one@dana.test>")
        .replace(b"\r\n", b"\n")
        .replace(b"\n", b"\r\n")
    )
    media = MediaInMemoryUpload(raw, mimetype="message/rfc822", resumable=resumable)
    more = {"body": {"threadId": thread_id}} if with_thread else {}
    sent = await ann.do(ann.messages.send(userId="me", media_body=media, **more))
    at_dana = (await simulator.mailbox(DANA, "INBOX"))[0]
    found = (await simulator.control.get(f"/accounts/{DANA}/messages/{at_dana['id']}/raw")).content

    assert (sent["threadId"] == thread_id) is with_thread
    assert found.partition(b"\r\n\r\n")[2] == raw.partition(b"\r\n\r\n")[2]
    assert len(await simulator.deliveries(recipient=DANA)) == 1


async def test_resumable_upload_goes_chunk_by_chunk(simulator: Simulator, ann: Connection) -> None:
    """Several chunks with 308 between them; progress is what the server has."""
    raw = mail(DANA, "Large", "x" * 76 + "\r\n" * 2 + ("0123456789abcdef\r\n" * 40_000))
    media = MediaIoBaseUpload(io.BytesIO(raw), "message/rfc822", chunksize=CHUNK, resumable=True)
    request = ann.messages.send(userId="me", media_body=media)
    progress: list[int] = []
    answer = None
    while answer is None:
        status, answer = await asyncio.to_thread(request.next_chunk, http=ann.http)
        if status is not None:
            progress.append(status.resumable_progress)

    assert progress == [CHUNK, 2 * CHUNK]
    assert answer["labelIds"] == ["SENT"]
    assert len(await simulator.mailbox(DANA, "INBOX")) == 1


async def test_draft_can_be_uploaded_and_replaced(simulator: Simulator, ann: Connection) -> None:
    """drafts.create and drafts.update take uploads too."""
    first = MediaInMemoryUpload(mail(DANA, "One"), mimetype="message/rfc822")
    second = MediaInMemoryUpload(mail(DANA, "Two"), mimetype="message/rfc822", resumable=True)
    draft = await ann.do(ann.drafts.create(userId="me", media_body=first, body={"message": {}}))
    await ann.do(ann.drafts.update(userId="me", id=draft["id"], media_body=second))
    await ann.do(ann.drafts.send(userId="me", body={"id": draft["id"]}))

    assert [message["subject"] for message in await simulator.mailbox(DANA)] == ["Two"]


async def test_mail_above_the_limit_is_refused(simulator: Simulator, ann: Connection) -> None:
    """413 above 36 700 160 bytes, and nothing is sent."""
    raw = mail(DANA, "Too large") + b"x" * 36_700_160
    status, error = await ann.error_of(ann.messages.send(userId="me", body={"raw": base64url(raw)}))

    assert (status, error["code"]) == (413, 413)
    assert await simulator.deliveries() == []
