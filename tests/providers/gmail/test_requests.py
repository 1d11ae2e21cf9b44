"""Requests as google-api-python-client writes them, with its traps walked around."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from providers.exchange import Effect
from providers.gmail.requests import Call, GmailRequests

ROOTS = ["https://gmail.googleapis.com/", "http://127.0.0.1:9000/", "http://127.0.0.1:9000/google/"]


def every_call(requests: GmailRequests) -> list[Call]:
    return [
        requests.profile(),
        requests.send_as(),
        requests.history("5", None),
        requests.envelope("a"),
        requests.headers("a", ["Message-ID"]),
        requests.raw("a"),
        requests.messages(query="after:5", labels=["SENT"], size=500, page="p"),
        requests.thread("t", ["Message-ID"]),
        requests.small_draft("eA==", "t"),
        requests.new_draft(7, "t"),
        requests.draft("r1"),
        requests.send_draft("r1"),
        requests.mark(["a"], read=True),
        requests.mark(["a", "b"], read=False),
        requests.watch("projects/p/topics/t"),
        requests.stop(),
    ]


@pytest.mark.parametrize("root", ROOTS)
def test_every_request_goes_to_the_root_with_its_scheme_and_prefix(root: str) -> None:
    for call in every_call(GmailRequests(root)):
        below = call.outgoing.url.removeprefix(root)
        assert below != call.outgoing.url
        assert below.startswith(("gmail/v1/users/me/", "upload/gmail/v1/users/me/drafts"))


def test_only_the_sending_may_not_be_repeated() -> None:
    calls = every_call(GmailRequests(ROOTS[0]))
    once = [call.outgoing.name for call in calls if call.outgoing.effect is Effect.ONCE]
    assert once == ["gmail.users.drafts.send"]


def test_no_request_brings_credentials_or_is_longer_than_a_url_should_be() -> None:
    for call in every_call(GmailRequests(ROOTS[0])):
        assert "authorization" not in call.outgoing.headers
        assert len(call.outgoing.url) < 2048
        assert call.units > 0


def test_the_service_cannot_send_by_itself() -> None:
    requests = GmailRequests(ROOTS[0])
    with pytest.raises(AssertionError, match="never sent"):
        requests._users.getProfile(userId="me").execute()


def test_an_id_cannot_reach_another_method() -> None:
    url = GmailRequests(ROOTS[0]).raw("../../other?x=1#/y z").outgoing.url
    assert urlsplit(url).path == "/gmail/v1/users/me/messages/..%2F..%2Fother%3Fx%3D1%23%2Fy%20z"


def test_an_envelope_asks_for_every_header_and_no_body() -> None:
    query = parse_qs(urlsplit(GmailRequests(ROOTS[0]).envelope("a").outgoing.url).query)
    assert query["format"] == ["full"]
    [fields] = query["fields"]
    assert fields.startswith("id,threadId,labelIds,internalDate,sizeEstimate,payload(")
    assert "body/size" in fields and "data" not in fields and "snippet" not in fields
    assert fields.count("(") == fields.count(")") == 5


def test_history_asks_for_every_kind_of_change() -> None:
    query = parse_qs(urlsplit(GmailRequests(ROOTS[0]).history("987650", "p2").outgoing.url).query)
    assert query["startHistoryId"] == ["987650"]
    assert query["historyTypes"] == ["messageAdded", "messageDeleted", "labelAdded", "labelRemoved"]
    assert (query["maxResults"], query["pageToken"], "labelId" in query) == (["500"], ["p2"], False)


def test_an_upload_is_announced_and_not_read() -> None:
    outgoing = GmailRequests(ROOTS[0]).new_draft(26_000_000, "t1").outgoing
    assert parse_qs(urlsplit(outgoing.url).query)["uploadType"] == ["resumable"]
    assert outgoing.headers["x-upload-content-length"] == "26000000"
    assert outgoing.headers["x-upload-content-type"] == "message/rfc822"
    assert isinstance(outgoing.body, bytes)
    assert json.loads(outgoing.body) == {"message": {"threadId": "t1"}}


def test_read_state_of_many_is_one_request() -> None:
    outgoing = GmailRequests(ROOTS[0]).mark([str(number) for number in range(1000)], read=False).outgoing
    assert isinstance(outgoing.body, bytes)
    said = json.loads(outgoing.body)
    assert (len(said["ids"]), said["addLabelIds"]) == (1000, ["UNREAD"])
