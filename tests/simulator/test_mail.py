"""Mail between mailboxes: threads, copies, headers, bounces, automatic answers, searching, attachments."""

import base64
from email import message_from_bytes, policy
from email.message import Message
from typing import Any

import pytest

from tests.simulator.conftest import ANN, BEN, DANA
from tests.simulator.google_client import Connection, connected, header, mail, opened
from tests.simulator_process import Simulator, SimulatorRefused
from tests.waiting import wait_until


async def whole(connection: Connection, message_id: str, form: str = "full") -> dict[str, Any]:
    """Return one message."""
    return await connection.do(connection.messages.get(userId="me", id=message_id, format=form))


async def test_a_conversation_stays_one_thread_on_both_sides(simulator: Simulator, ann: Connection) -> None:
    """Dana writes, Ann answers with threadId and References, Dana answers back."""
    await simulator.deliver(DANA, ANN, subject="Roof", text="It leaks.")
    first = (await ann.do(ann.messages.list(userId="me")))["messages"][0]
    received = await whole(ann, first["id"])
    original_id = header(received, "Message-ID")[0]
    answer = mail(DANA, "Re: Roof", "We come.", In_Reply_To=original_id, References=original_id)
    sent = await ann.send(answer, threadId=first["threadId"])
    at_dana = (await simulator.mailbox(DANA, "INBOX"))[0]
    await simulator.reply_as(DANA, at_dana["id"], "Thanks.")
    thread = await ann.do(ann.service.users().threads().get(userId="me", id=first["threadId"]))

    assert first["id"] == first["threadId"]
    assert (sent["threadId"], sent["labelIds"]) == (first["threadId"], ["SENT"])
    assert [message["labelIds"] for message in thread["messages"]] == [
        ["INBOX", "UNREAD"],
        ["SENT"],
        ["INBOX", "UNREAD"],
    ]
    assert len({message["thread_id"] for message in await simulator.mailbox(DANA)}) == 1


@pytest.mark.parametrize(
    ("subject", "with_thread", "with_references", "same"),
    [
        ("Re: Roof", True, True, True),
        ("Fwd: roof", True, True, True),
        ("Something else", True, True, False),
        ("Re: Roof", True, False, False),
        ("Re: Roof", False, True, False),
    ],
)
async def test_thread_needs_id_references_and_subject(
    simulator: Simulator, ann: Connection, subject: str, with_thread: bool, with_references: bool, same: bool
) -> None:
    """Gmail's three conditions for joining a thread."""
    await simulator.deliver(DANA, ANN, subject="Roof", text="It leaks.", message_id="<one@dana.test>")
    first = (await ann.do(ann.messages.list(userId="me")))["messages"][0]
    references = "<one@dana.test>" if with_references else ""
    more = {"threadId": first["threadId"]} if with_thread else {}
    sent = await ann.send(mail(DANA, subject, References=references), **more)

    assert (sent["threadId"] == first["threadId"]) is same


async def test_thread_ids_that_are_wrong_are_refused(simulator: Simulator, ann: Connection) -> None:
    """Malformed is 400, another mailbox's is 404, and nothing is sent."""
    await simulator.deliver(DANA, BEN, subject="Roof", text="It leaks.")
    of_ben = (await simulator.mailbox(BEN))[0]["thread_id"]
    send = ann.messages.send
    raw = base64.urlsafe_b64encode(mail(DANA)).decode()
    malformed = await ann.error_of(send(userId="me", body={"raw": raw, "threadId": "nonsense"}))
    foreign = await ann.error_of(send(userId="me", body={"raw": raw, "threadId": of_ben}))

    assert (malformed[0], malformed[1]["message"]) == (400, "Invalid thread_id value")
    assert foreign[0] == 404
    assert await simulator.deliveries(recipient=DANA) == []


async def test_bcc_stays_with_the_sender_and_is_hidden_from_everyone_else(
    simulator: Simulator, ann: Connection
) -> None:
    """Everybody gets the mail once; only the SENT copy shows Bcc."""
    sent = await ann.send(mail(DANA, Cc="cc@outside.test", Bcc=f"secret@outside.test, {BEN}", X_Mark="m1"))
    mine = await whole(ann, sent["id"])
    seen = {}
    for address in (DANA, "cc@outside.test", "secret@outside.test", BEN):
        inbox = await simulator.mailbox(address, "INBOX")
        headers = (await simulator.message(address, inbox[0]["id"]))["headers"]
        seen[address] = (len(inbox), [value for name, value in headers if name.lower() == "bcc"])

    assert header(mine, "Bcc") == [f"secret@outside.test, {BEN}"]
    assert seen == dict.fromkeys(seen, (1, []))
    delivered = await simulator.deliveries(header="X-Mark", value="m1")
    assert sorted(one["recipient"] for one in delivered) == sorted(seen)


async def test_mail_to_oneself_lies_once_with_sent_and_inbox(simulator: Simulator, ann: Connection) -> None:
    """One id carries both labels."""
    sent = await ann.send(mail(ANN))
    listed = await ann.do(ann.messages.list(userId="me"))

    assert sent["labelIds"] == ["INBOX", "SENT", "UNREAD"]
    assert [message["id"] for message in listed["messages"]] == [sent["id"]]


async def test_delivery_leaves_its_trace(simulator: Simulator, ann: Connection) -> None:
    """Received and Return-Path are on top of what arrives."""
    await simulator.deliver(DANA, ANN, subject="Roof", text="It leaks.")
    received = await whole(ann, (await ann.do(ann.messages.list(userId="me")))["messages"][0]["id"])

    assert header(received, "Return-Path") == [f"<{DANA}>"]
    assert len(header(received, "Received")) == 1


async def test_unknown_recipient_bounces_into_the_thread(simulator: Simulator, ann: Connection) -> None:
    """The notification is a real multipart/report with the failed address and the original's Message-ID."""
    sent = await ann.send(mail("nobody@gone.test, someone@bounce.test", Message_ID="<ours@example-co.test>"))
    inbox = (await ann.do(ann.messages.list(userId="me", labelIds=["INBOX"])))["messages"]
    raw = opened((await whole(ann, inbox[1]["id"], "raw"))["raw"])
    report = message_from_bytes(raw, policy=policy.default)
    parts = [part.get_content_type() for part in report.iter_parts()]
    status = list(report.iter_parts())[1].get_payload()
    assert isinstance(status, list)

    assert {message["threadId"] for message in inbox} == {sent["threadId"]}
    assert len(inbox) == 2
    assert parts == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert report.get_content_type() == "multipart/report"
    assert (report["X-Failed-Recipients"], report["Auto-Submitted"]) == ("nobody@gone.test", "auto-replied")
    about = status[1]
    assert isinstance(about, Message)
    assert (about["Action"], about["Status"]) == ("failed", "5.1.1")
    assert "<ours@example-co.test>" in list(report.iter_parts())[2].get_content()
    outcomes = [one["outcome"] for one in await simulator.deliveries(message_id="<ours@example-co.test>")]
    assert outcomes == ["bounced", "bounced"]


async def test_unknown_address_gets_a_mailbox_unless_the_dial_is_off(
    simulator: Simulator, ann: Connection
) -> None:
    """Outside mailboxes appear by themselves; with the dial off the same mail bounces."""
    await ann.send(mail("first@new.test"))
    await simulator.set_dials(auto_create_mailboxes=False)
    await ann.send(mail("second@new.test"))

    assert len(await simulator.mailbox("first@new.test", "INBOX")) == 1
    with pytest.raises(SimulatorRefused, match="no such account"):
        await simulator.mailbox("second@new.test")


async def test_automatic_answer_and_spam_follow_their_dials(simulator: Simulator, ann: Connection) -> None:
    """An auto-reply is marked as one and is not answered again; a spammer lands in SPAM."""
    await simulator.set_dials(auto_replies={DANA: "I am away.", ANN: "Me too."}, spam_from=["*@junk.test"])
    await ann.send(mail(DANA, "Roof"))
    await simulator.create_account("win@junk.test")
    await simulator.deliver("win@junk.test", ANN, subject="Win", text="Now")
    answer = (await simulator.mailbox(ANN, "INBOX"))[0]
    headers = dict((await simulator.message(ANN, answer["id"]))["headers"])

    assert (answer["subject"], headers["Auto-Submitted"], headers["Return-Path"]) == (
        "Re: Roof",
        "auto-replied",
        "<>",
    )
    assert len(await simulator.mailbox(DANA)) == 1
    assert [message["subject"] for message in await simulator.mailbox(ANN, "SPAM")] == ["Win"]


async def test_message_id_is_kept_or_rewritten_by_dial(simulator: Simulator, ann: Connection) -> None:
    """In the rewriting mode sender and recipient see Google's id, and no trace of ours."""
    kept = await ann.send(mail(DANA, Message_ID="<ours@example-co.test>"))
    await simulator.set_dials(message_id_mode="rewritten")
    rewritten = await ann.send(mail(DANA, Message_ID="<ours2@example-co.test>"))
    ids = [header(await whole(ann, sent["id"], "metadata"), "Message-ID")[0] for sent in (kept, rewritten)]
    at_dana = (await simulator.mailbox(DANA))[0]["internet_message_id"]

    assert ids[0] == "<ours@example-co.test>"
    assert ids[1].endswith("@mail.gmail.com>")
    assert at_dana == ids[1]


async def test_unknown_from_becomes_the_account_and_an_accepted_alias_stays(
    simulator: Simulator, ann: Connection
) -> None:
    """Pending aliases count as unknown."""
    for address, status in (("sales@example-co.test", "accepted"), ("later@example-co.test", "pending")):
        body = {"address": address, "name": "Sales", "verification_status": status}
        await simulator.ask("POST", f"/accounts/{ANN}/aliases", body)
    senders = []
    for address in ("boss@example-co.test", "later@example-co.test", "Sales <sales@example-co.test>"):
        sent = await ann.send(mail(DANA, From=address))
        senders.append(header(await whole(ann, sent["id"], "metadata"), "From")[0])

    assert senders == [f"Ann Berg <{ANN}>", f"Ann Berg <{ANN}>", "Sales <sales@example-co.test>"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "'raw' RFC822 payload message string or uploading message via /upload/* URL required"),
        (b"Subject: Nobody\n\nx\n", "Recipient address required"),
        (b"To: not an address\n\nx\n", "Invalid To header"),
    ],
)
async def test_unsendable_mail_is_refused(ann: Connection, raw: bytes, message: str) -> None:
    """400 with Gmail's text."""
    body = {"raw": base64.urlsafe_b64encode(raw).decode()}
    status, error = await ann.error_of(ann.messages.send(userId="me", body=body))

    assert (status, error["message"], error["errors"][0]["reason"]) == (400, message, "invalidArgument")


async def test_attachment_ids_change_and_their_bytes_do_not(simulator: Simulator, ann: Connection) -> None:
    """Each get gives a fresh id; an old one works for an hour and then no more."""
    content = bytes(range(256)) * 40
    file = {
        "filename": "Größe.bin",
        "content_type": "application/octet-stream",
        "content_base64": base64.b64encode(content).decode(),
    }
    await simulator.deliver(DANA, ANN, subject="Files", text="Here", attachments=[file])
    message_id = (await ann.do(ann.messages.list(userId="me")))["messages"][0]["id"]
    parts = [(await whole(ann, message_id))["payload"]["parts"][1] for _ in range(2)]
    ids = [part["body"]["attachmentId"] for part in parts]
    get = ann.messages.attachments().get
    found = [opened((await ann.do(get(userId="me", messageId=message_id, id=one)))["data"]) for one in ids]
    await simulator.set_dials(clock_offset_seconds=3500)
    later = await ann.do(get(userId="me", messageId=message_id, id=ids[0]))
    await simulator.set_dials(clock_offset_seconds=3700)
    too_late = await ann.error_of(get(userId="me", messageId=message_id, id=ids[0]))

    assert ids[0] != ids[1]
    assert (parts[0]["filename"], parts[0]["partId"], parts[0]["body"]["size"]) == (
        "Größe.bin",
        "1",
        len(content),
    )
    assert found == [content, content]
    assert later["size"] == len(content)
    assert too_late[0] == 400


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("rfc822msgid:one@dana.test", ["Storm damage"]),
        ("rfc822msgid:<one@dana.test>", ["Storm damage"]),
        ("from:dana", ["Storm damage"]),
        ("subject:storm is:unread", ["Storm damage"]),
        ("from:ben OR from:dana", ["Tables", "Storm damage"]),
        ("{from:ben from:dana}", ["Tables", "Storm damage"]),
        ("-from:dana in:inbox", ["Tables"]),
        ('"six tables"', ["Tables"]),
        ("to:ann@example-co.test after:1000000000", ["Tables", "Storm damage"]),
        ("before:1000000000", []),
        ("has:attachment", []),
        ("in:spam", []),
        ("label:unread from:nobody-like-this", []),
    ],
)
async def test_search(simulator: Simulator, ann: Connection, query: str, subjects: list[str]) -> None:
    """The operators a program uses."""
    await simulator.deliver(DANA, ANN, subject="Storm damage", text="shingles", message_id="<one@dana.test>")
    await simulator.deliver(BEN, ANN, subject="Tables", text="They want six tables in March")
    found = (await ann.do(ann.messages.list(userId="me", q=query))).get("messages", [])
    shown = [header(await whole(ann, one["id"], "metadata"), "Subject")[0] for one in found]

    assert shown == subjects


async def test_paging_visits_every_message_once(simulator: Simulator, ann: Connection) -> None:
    """With maxResults and pageToken, through the library's own list_next."""
    for number in range(5):
        await simulator.deliver(DANA, ANN, subject=f"Mail {number}", text="x")
    request, seen = ann.messages.list(userId="me", maxResults=2), []
    while request is not None:
        answer = await ann.do(request)
        seen += [message["id"] for message in answer["messages"]]
        request = ann.messages.list_next(request, answer)

    assert seen == [message["id"] for message in await simulator.mailbox(ANN)]
    assert len(seen) == 5


async def test_delivery_search_and_sent_lag(simulator: Simulator, ann: Connection) -> None:
    """What was sent arrives later; what arrived is found later; SENT shows later."""
    await simulator.set_dials(delivery_lag_seconds=0.3, search_lag_seconds=300, sent_lag_seconds=300)
    sent = await ann.send(mail(DANA, "Late", Message_ID="<late@example-co.test>"))
    before = await simulator.mailbox(DANA)
    by_id = await ann.do(ann.messages.list(userId="me", q="rfc822msgid:late@example-co.test"))
    listed = await ann.do(ann.messages.list(userId="me", labelIds=["SENT"]))
    got = await whole(ann, sent["id"], "minimal")
    await wait_until(lambda: simulator.mailbox(DANA, "INBOX"), description="the mail has arrived")

    assert before == []
    assert (by_id, listed) == ({"resultSizeEstimate": 0}, {"resultSizeEstimate": 0})
    assert got["labelIds"] == ["SENT"]
    await simulator.set_dials()
    assert len((await ann.do(ann.messages.list(userId="me", labelIds=["SENT"])))["messages"]) == 1


async def test_forward_carries_text_and_files(simulator: Simulator) -> None:
    """The forwarded mail holds the attachment and the original's text."""
    file = {"filename": "plan.txt", "content_base64": base64.b64encode(b"north 14.2").decode()}
    await simulator.deliver(DANA, ANN, subject="Plan", text="See the plan.", attachments=[file])
    received = (await simulator.mailbox(ANN))[0]
    await simulator.deliver(ANN, BEN, forward=received["id"], text="FYI")
    at_ben = await simulator.message(BEN, (await simulator.mailbox(BEN))[0]["id"])

    assert at_ben["subject"] == "Fwd: Plan"
    assert "See the plan." in at_ben["text"]
    assert [(one["filename"], one["size_bytes"]) for one in at_ben["attachments"]] == [("plan.txt", 10)]


async def test_another_user_s_mailbox_is_closed(simulator: Simulator, ann: Connection) -> None:
    """A token is good for its own mailbox only."""
    await simulator.deliver(DANA, BEN, subject="Private", text="x")
    of_ben = (await simulator.mailbox(BEN))[0]["id"]
    async with connected(simulator, BEN) as ben:
        mine = await ben.do(ben.messages.get(userId=BEN, id=of_ben))
    by_address = await ann.error_of(ann.messages.get(userId=BEN, id=of_ben))
    by_id = await ann.error_of(ann.messages.get(userId="me", id=of_ben))

    assert mine["id"] == of_ben
    assert (by_address[0], by_id[0]) == (403, 404)
