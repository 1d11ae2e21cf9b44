"""Messages, drafts, sending, answering, folders, and what arrives at the others."""

import base64
from typing import Any

import pytest

from tests.simulator.microsoft.conftest import ANN, DANA, MEI, NOOR, connected
from tests.simulator.microsoft.msal_client import Json, MicrosoftConnection
from tests.simulator_process import Simulator
from tests.waiting import wait_until

IMMUTABLE = 'IdType="ImmutableId"'
PROPERTY = "String {66f5a359-4659-4830-9070-000000000001} Name CrmOutboxId"
ALL_KEYS = {
    "id",
    "subject",
    "body",
    "from",
    "toRecipients",
    "isRead",
    "isDraft",
    "conversationId",
    "changeKey",
}


def to(*addresses: str) -> list[Json]:
    """Write recipients as Graph takes them."""
    return [{"emailAddress": {"address": address}} for address in addresses]


def draft(*recipients: str, subject: str = "Offer", **more: Any) -> Json:
    """Write a message's JSON."""
    body = {"contentType": "HTML", "content": "<p>Hi &amp; bye</p>"}
    return {"subject": subject, "body": body, "toRecipients": to(*recipients), **more}


async def test_mail_from_outside_is_listed_read_and_marked(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """List, get, text instead of HTML, headers only when selected, mark as read."""
    await simulator.deliver(DANA, MEI, subject="Roof", text="It leaks.", headers={"X-Roof": "north"})
    listed = await mei.got("/me/messages")
    one = listed["value"][0]
    text = await mei.got(f"/me/messages/{one['id']}", Prefer='outlook.body-content-type="text"')
    headers = await mei.got(f"/me/messages/{one['id']}?$select=internetMessageHeaders")
    marked = await mei.done("PATCH", f"/me/messages/{one['id']}", {"isRead": True, "categories": ["CRM"]})
    owned = (await simulator.mailbox(MEI))[0]

    assert set(one) >= ALL_KEYS
    assert "internetMessageHeaders" not in one
    assert (one["subject"], one["isRead"], one["body"]["contentType"]) == ("Roof", False, "html")
    assert (text["body"]["contentType"], text["body"]["content"].strip()) == ("text", "It leaks.")
    assert {"name": "X-Roof", "value": "north"} in headers["internetMessageHeaders"]
    assert (marked["isRead"], marked["categories"]) == (True, ["CRM"])
    assert marked["changeKey"] != one["changeKey"]
    assert "UNREAD" not in owned["labels"]


async def test_draft_keeps_id_and_message_id_when_it_is_sent(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """An immutable id names the sent item; the other id is gone; a second send is refused."""
    more: Json = {
        "internetMessageHeaders": [{"name": "x-crm-outbox-id", "value": "0b7e"}],
        "singleValueExtendedProperties": [{"id": PROPERTY, "value": "0b7e"}],
    }
    made = await mei.done("POST", "/me/messages", draft(ANN, **more), Prefer=IMMUTABLE)
    volatile = (await mei.got("/me/mailFolders/drafts/messages"))["value"][0]["id"]
    sent = await mei.ask("POST", f"/me/messages/{made['id']}/send")
    after = await mei.got(f"/me/messages/{made['id']}?$select=isDraft,parentFolderId", Prefer=IMMUTABLE)
    gone = await mei.ask("GET", f"/me/messages/{volatile}")
    again = await mei.ask("POST", f"/me/messages/{made['id']}/send")
    sent_folder = await mei.got("/me/mailFolders/sentitems")
    test = f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '0b7e')"
    expand = f"singleValueExtendedProperties($filter=id eq '{PROPERTY}')"
    by_property = await mei.got(f"/me/mailFolders/sentitems/messages?$filter={test}&$expand={expand}")
    delivered = await simulator.deliveries(header="x-crm-outbox-id", value="0b7e")

    assert (sent.status_code, sent.content) == (202, b"")
    assert (after["isDraft"], after["parentFolderId"]) == (False, sent_folder["id"])
    assert (gone.status_code, again.status_code) == (404, 404)
    assert again.json()["error"]["code"] == "ErrorItemNotFound"
    assert [one["internetMessageId"] for one in by_property["value"]] == [made["internetMessageId"]]
    assert by_property["value"][0]["singleValueExtendedProperties"] == [{"id": PROPERTY, "value": "0b7e"}]
    assert [(one["recipient"], one["internet_message_id"]) for one in delivered] == [
        (ANN, made["internetMessageId"])
    ]


@pytest.mark.parametrize(("mode", "same"), [("kept", True), ("rewritten", False)])
async def test_message_id_on_sending_is_kept_or_rewritten(
    simulator: Simulator, mei: MicrosoftConnection, mode: str, same: bool
) -> None:
    """The dial decides, for the recipient as for the sent item."""
    await simulator.set_dials(message_id_mode=mode)
    made = await mei.done("POST", "/me/messages", draft(ANN), Prefer=IMMUTABLE)
    await mei.done("POST", f"/me/messages/{made['id']}/send")
    after = await mei.got(f"/me/messages/{made['id']}", Prefer=IMMUTABLE)
    received = (await simulator.mailbox(ANN))[0]

    assert (after["internetMessageId"] == made["internetMessageId"]) is same
    assert received["internet_message_id"] == after["internetMessageId"]


async def test_dial_gives_the_sent_item_another_id(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Then only Message-ID and extended property find it."""
    await simulator.set_dials(microsoft={"sent_item_id": "new"})
    more: Json = {"singleValueExtendedProperties": [{"id": PROPERTY, "value": "1"}]}
    made = await mei.done("POST", "/me/messages", draft(ANN, **more), Prefer=IMMUTABLE)
    await mei.done("POST", f"/me/messages/{made['id']}/send")
    gone = await mei.ask("GET", f"/me/messages/{made['id']}")
    named = made["internetMessageId"].replace("'", "''")
    found = await mei.got(
        f"/me/mailFolders/sentitems/messages?$filter=internetMessageId eq '{named}'", Prefer=IMMUTABLE
    )

    assert gone.status_code == 404
    assert len(found["value"]) == 1
    assert found["value"][0]["id"] != made["id"]
    assert found["value"][0]["conversationId"] == made["conversationId"]


async def test_transport_takes_its_time(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """The draft stays a draft until the transport has it, and cannot be sent again meanwhile."""
    await simulator.set_dials(microsoft={"transport_lag_seconds": 0.6})
    made = await mei.done("POST", "/me/messages", draft(ANN), Prefer=IMMUTABLE)
    await mei.done("POST", f"/me/messages/{made['id']}/send")
    meanwhile = await mei.got(f"/me/messages/{made['id']}?$select=isDraft")
    again = await mei.ask("POST", f"/me/messages/{made['id']}/send")

    async def sent() -> bool:
        return not (await mei.got(f"/me/messages/{made['id']}?$select=isDraft"))["isDraft"]

    await wait_until(sent, description="the draft is sent")
    assert (meanwhile["isDraft"], again.status_code) == (True, 404)
    assert len(await simulator.deliveries(recipient=ANN)) == 1


async def test_answer_threads_at_both_ends(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """createReply names the mail, keeps the conversation; Google shows the answer in its thread."""
    await simulator.deliver(ANN, MEI, subject="Tiles", text="When?")
    asked = (await mei.got("/me/messages"))["value"][0]
    made = await mei.done(
        "POST", f"/me/messages/{asked['id']}/createReply", {"comment": "On Monday."}, Prefer=IMMUTABLE
    )
    content = {"contentType": "html", "content": "<p>On <b>Tuesday</b>.</p>"}
    written = await mei.done("PATCH", f"/me/messages/{made['id']}", {"body": content}, Prefer=IMMUTABLE)
    await mei.done("POST", f"/me/messages/{made['id']}/send")
    at_ann = await simulator.mailbox(ANN)

    assert (made["subject"], made["conversationId"]) == ("Re: Tiles", asked["conversationId"])
    assert [one["emailAddress"]["address"] for one in made["toRecipients"]] == [ANN]
    assert "On Monday." in made["body"]["content"]
    assert "Tuesday" in written["body"]["content"]
    assert len({mail["thread_id"] for mail in at_ann}) == 1
    assert at_ann[0]["references"] == [asked["internetMessageId"]]


async def test_reply_all_and_forward(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Everybody but oneself is answered; a forward carries the file on."""
    file = {"filename": "plan.txt", "content_type": "text/plain", "content_base64": "bm9ydGg="}
    await simulator.deliver(DANA, [MEI, NOOR], cc=[ANN], subject="Plan", text="See.", attachments=[file])
    asked = (await mei.got("/me/messages"))["value"][0]
    everybody = await mei.done("POST", f"/me/messages/{asked['id']}/createReplyAll")
    onward = await mei.done("POST", f"/me/messages/{asked['id']}/createForward", {"toRecipients": to(ANN)})
    both = await mei.ask(
        "POST", f"/me/messages/{asked['id']}/reply", {"comment": "x", "message": {"body": {"content": "y"}}}
    )
    await mei.done("POST", f"/me/messages/{asked['id']}/reply", {"comment": "Thanks."})

    people = [*everybody["toRecipients"], *everybody["ccRecipients"]]
    assert {one["emailAddress"]["address"] for one in people} == {DANA, NOOR, ANN}
    assert (onward["subject"], onward["hasAttachments"]) == ("Fwd: Plan", True)
    assert both.status_code == 400
    assert (await simulator.mailbox(DANA))[0]["subject"] == "Re: Plan"


async def test_send_mail_from_json_and_mime(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """sendMail answers nothing; MIME keeps its Message-ID; saveToSentItems false leaves no copy."""
    await mei.done("POST", "/me/sendMail", {"message": draft(ANN, subject="One"), "saveToSentItems": False})
    raw = f"To: {ANN}\r\nSubject: Two\r\nMessage-ID: <own@crm.test>\r\n\r\nHello\r\n".encode()
    mime = await mei.graph.post(
        "/me/sendMail", content=base64.b64encode(raw), headers={"Content-Type": "text/plain"}
    )
    broken = await mei.graph.post("/me/sendMail", content=b"!!", headers={"Content-Type": "text/plain"})
    nobody = await mei.ask("POST", "/me/sendMail", {"message": draft()})
    foreign = await mei.ask("POST", "/me/sendMail", {"message": {**draft(ANN), "from": to(DANA)[0]}})
    sent = await mei.got("/me/mailFolders/sentitems/messages?$select=subject,internetMessageId")

    assert mime.status_code == 202
    assert [one["subject"] for one in await simulator.mailbox(ANN)] == ["Two", "One"]
    assert [(one["subject"], one["internetMessageId"]) for one in sent["value"]] == [
        ("Two", "<own@crm.test>")
    ]
    assert broken.json()["error"]["code"] == "ErrorMimeContentInvalidBase64String"
    assert nobody.json()["error"]["code"] == "ErrorInvalidRecipients"
    assert (foreign.status_code, foreign.json()["error"]["code"]) == (403, "ErrorSendAsDenied")
    assert (await mei.got("/me/mailFolders/drafts"))["totalItemCount"] == 0


async def test_headers_that_may_not_be_set(mei: MicrosoftConnection) -> None:
    """Only five, and only those that begin with x-; unknown properties are refused."""
    standard = draft(ANN, internetMessageHeaders=[{"name": "In-Reply-To", "value": "<a@b>"}])
    many = draft(ANN, internetMessageHeaders=[{"name": f"x-{number}", "value": "1"} for number in range(6)])
    answers = [
        await mei.ask("POST", "/me/messages", body) for body in (standard, many, draft(ANN, colour="red"))
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
    assert [answer.json()["error"]["code"] for answer in answers] == [
        "InvalidInternetMessageHeader",
        "InvalidInternetMessageHeaderCollection",
        "RequestBodyRead",
    ]


async def test_mail_to_nobody_comes_back_from_the_postmaster(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """202 first, a report afterwards, which names the mail."""
    made = await mei.done("POST", "/me/messages", draft("nobody@void.test"), Prefer=IMMUTABLE)
    await mei.done("POST", f"/me/messages/{made['id']}/send")
    report = (await mei.got("/me/mailFolders/inbox/messages?$select=subject,from,internetMessageHeaders"))[
        "value"
    ][0]
    headers = {one["name"]: one["value"] for one in report["internetMessageHeaders"]}

    assert report["subject"] == "Undeliverable: Offer"
    assert report["from"]["emailAddress"]["address"] == "postmaster@lindqvist-co.test"
    assert headers["Auto-Submitted"] == "auto-replied"
    assert headers["In-Reply-To"] == made["internetMessageId"]


async def test_ids_change_with_the_folder_unless_they_are_immutable(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """A move makes another id of the one format; the other stays; each item of a batch asks for itself."""
    await simulator.deliver(DANA, MEI, subject="Roof", text="x")
    volatile = (await mei.got("/me/messages?$select=id"))["value"][0]["id"]
    fixed = (await mei.got("/me/messages?$select=id", Prefer=IMMUTABLE))["value"][0]["id"]
    moved = await mei.done("POST", f"/me/messages/{volatile}/move", {"destinationId": "archive"})
    still = await mei.got(f"/me/messages/{fixed}?$select=parentFolderId", Prefer=IMMUTABLE)
    gone = await mei.ask("GET", f"/me/messages/{volatile}")
    item = {"method": "GET", "url": "/me/messages?$select=id"}
    batch = await mei.done(
        "POST",
        "/$batch",
        {"requests": [{**item, "id": "a", "headers": {"Prefer": IMMUTABLE}}, {**item, "id": "b"}]},
        Prefer=IMMUTABLE,
    )
    inner = {one["id"]: one["body"]["value"][0]["id"] for one in batch["responses"]}
    translated = await mei.done(
        "POST",
        "/me/translateExchangeIds",
        {"inputIds": [moved["id"]], "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"},
    )

    assert moved["id"] != volatile
    assert (still["id"], gone.status_code) == (fixed, 404)
    assert still["parentFolderId"] == (await mei.got("/me/mailFolders/archive"))["id"]
    assert inner == {"a": fixed, "b": moved["id"]}
    assert translated["value"] == [{"sourceId": moved["id"], "targetId": fixed}]
    assert (await mei.ask("GET", "/me/messages/nonsense")).json()["error"][
        "code"
    ] == "ErrorInvalidIdMalformed"


async def test_filter_order_search_and_paging(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Orders must be in the filter first; pages go on; search and filter exclude each other."""
    for subject in ("One", "Two", "Three"):
        await simulator.deliver(DANA, MEI, subject=subject, text=f"about {subject}")
    early = "receivedDateTime ge 1990-01-01T00:00:00Z"
    ordered = await mei.got(
        f"/me/messages?$filter={early} and isRead eq false&$orderby=receivedDateTime&$top=2"
    )
    rest = await mei.got(ordered["@odata.nextLink"])
    wrong = await mei.ask("GET", "/me/messages?$filter=isRead eq false&$orderby=receivedDateTime")
    searched = await mei.got('/me/messages?$search="three"&$select=subject')
    both = await mei.ask("GET", "/me/messages?$search=x&$filter=isRead eq false")
    from_dana = await mei.got(
        f"/me/messages?$filter=from/emailAddress/address eq '{DANA}' and startswith(subject,'T')"
    )
    broken = await mei.ask("GET", "/me/messages?$filter=subject eq 'open")

    assert [one["subject"] for one in [*ordered["value"], *rest["value"]]] == ["One", "Two", "Three"]
    assert wrong.json()["error"]["code"] == "InefficientFilter"
    assert [one["subject"] for one in searched["value"]] == ["Three"]
    assert both.json()["error"]["code"] == "SearchWithFilter"
    assert {one["subject"] for one in from_dana["value"]} == {"Two", "Three"}
    assert broken.status_code == 400


async def test_folders_rules_and_copies(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Folders are made, listed and deleted; a rule moves arriving mail; a copy is another message."""
    made = await mei.done("POST", "/me/mailFolders", {"displayName": "Customers"})
    child = await mei.done("POST", f"/me/mailFolders/{made['id']}/childFolders", {"displayName": "Roofs"})
    twice = await mei.ask("POST", "/me/mailFolders", {"displayName": "customers"})
    await simulator.add_rule(MEI, "Roofs", sender=[DANA])
    await simulator.deliver(DANA, MEI, subject="Roof", text="x")
    there = (await mei.got(f"/me/mailFolders/{child['id']}/messages"))["value"]
    copied = await mei.done("POST", f"/me/messages/{there[0]['id']}/copy", {"destinationId": "inbox"})
    names = {one["displayName"] for one in (await mei.got("/me/mailFolders?$top=50"))["value"]}
    rules = await mei.got("/me/mailFolders/inbox/messageRules")
    renamed = await mei.done("PATCH", f"/me/mailFolders/{made['id']}", {"displayName": "Clients"})
    removed = await mei.ask("DELETE", f"/me/mailFolders/{made['id']}")
    protected = await mei.ask("DELETE", "/me/mailFolders/inbox")

    assert twice.status_code == 409
    assert [one["subject"] for one in there] == ["Roof"]
    assert (copied["id"] != there[0]["id"], copied["internetMessageId"]) == (
        True,
        there[0]["internetMessageId"],
    )
    assert names >= {
        "Inbox",
        "Sent Items",
        "Drafts",
        "Deleted Items",
        "Junk Email",
        "Archive",
        "Outbox",
        "Customers",
    }
    assert rules["value"][0]["actions"]["moveToFolder"] == child["id"]
    assert renamed["displayName"] == "Clients"
    assert (removed.status_code, protected.status_code) == (204, 400)
    assert len((await mei.got("/me/messages"))["value"]) == 1


async def test_mail_between_two_mailboxes_at_microsoft(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """Each sees the conversation under an id of its own; a mail to oneself lies in two folders."""
    await mei.done("POST", "/me/sendMail", {"message": draft(NOOR, subject="Poster")})
    await mei.done("POST", "/me/sendMail", {"message": draft(MEI, subject="Note")})
    async with connected(simulator, NOOR) as noor:
        there = (await noor.got("/me/messages"))["value"]
        who = await noor.got("/me")
    here = (await mei.got("/me/messages?$select=subject,conversationId"))["value"]

    assert [one["subject"] for one in there] == ["Poster"]
    assert there[0]["conversationId"] not in {one["conversationId"] for one in here}
    assert sorted(one["subject"] for one in here) == ["Note", "Note", "Poster"]
    assert (who["mail"], who["userPrincipalName"]) == (None, NOOR)


async def test_raw_mail_settings_and_categories(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """$value is the mail as text; settings and categories have their shapes."""
    await simulator.deliver(DANA, MEI, subject="Roof", text="It leaks.")
    one = (await mei.got("/me/messages"))["value"][0]
    raw = await mei.graph.get(f"/me/messages/{one['id']}/$value")
    await mei.done(
        "PATCH", f"/me/messages/{one['id']}", {"categories": ["Red"], "flag": {"flagStatus": "flagged"}}
    )
    settings = await mei.got("/me/mailboxSettings")
    categories = await mei.got("/me/outlook/masterCategories")
    deleted = await mei.ask("DELETE", f"/me/messages/{one['id']}")

    assert b"\r\nIt leaks." in raw.content
    assert settings["timeZone"] == "UTC"
    assert [known["displayName"] for known in categories["value"]] == ["Red"]
    assert deleted.status_code == 204
    assert (await mei.got("/me/messages"))["value"] == []
