"""What Gmail's JSON means: envelopes, changes, places, and nothing guessed."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.gmail import parse
from providers.gmail.wire import HistoryList, Message, Part
from providers.protocol import Change
from rules.cursors import GmailCursor
from rules.envelope import Place
from rules.errors import CursorExpired, OurBug, Retryable


def message(headers: dict[str, str] | None = None, **more: object) -> Message:
    made: Message = {
        "id": "19a1f0c2d3e4b501",
        "threadId": "19a1f0c2d3e4b500",
        "labelIds": ["INBOX"],
        "internalDate": "1763716435000",
        "sizeEstimate": 48213,
        "payload": {
            "mimeType": "text/plain",
            "headers": [{"name": name, "value": value} for name, value in (headers or {}).items()],
        },
    }
    made.update(more)  # type: ignore[typeddict-item]  # members by name, as each test needs them
    return made


def test_headers_are_read_whatever_their_case_and_encoding() -> None:
    read = parse.envelope(
        message(
            {
                "FROM": "=?utf-8?q?B=C3=B6_Berg?= <Bo@Customer.test>",
                "to": "ann@example.test, Sales <sales@example.test>",
                "Cc": "undisclosed-recipients:;",
                "SUBJECT": "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=",
                "Date": "Fri, 21 Nov 2025 10:13:55 +0100",
                "Message-Id": "<abc@customer.test>",
                "In-Reply-To": "<one@example.test>",
                "References": "<zero@example.test>\r\n <one@example.test>",
                "x-bothways-submission": " 0193 ",
            }
        )
    )
    assert read.sender is not None
    assert (read.sender.name, read.sender.address) == ("Bö Berg", "bo@customer.test")
    assert [person.address for person in read.to] == ["ann@example.test", "sales@example.test"]
    assert read.cc == ()
    assert read.subject == "Grüße"
    assert read.sent_at == datetime(2025, 11, 21, 9, 13, 55, tzinfo=UTC)
    assert read.received_at == datetime(2025, 11, 21, 9, 13, 55, tzinfo=UTC)
    assert read.internet_message_id == "abc@customer.test"
    assert read.in_reply_to == "one@example.test"
    assert read.references == ("zero@example.test", "one@example.test")
    assert read.marker == "0193"


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Fri, 99 Nov 2025 10:13:55 +0100", "Fri, 21 Nov 99999 10:13:55", "0", "\ud800"]
)
def test_a_date_that_is_none_gives_way_to_the_time_of_acceptance(date: str) -> None:
    read = parse.envelope(message({"Date": date}))
    assert read.sent_at == read.received_at


def test_a_date_without_a_zone_is_utc() -> None:
    read = parse.envelope(message({"Date": "Fri, 21 Nov 2025 10:13:55 -0000"}))
    assert read.sent_at == datetime(2025, 11, 21, 10, 13, 55, tzinfo=UTC)


def test_mail_to_oneself_is_mail_and_says_no_direction() -> None:
    read = parse.envelope(message(labelIds=["SENT", "INBOX", "UNREAD"]))
    assert (read.place, read.unread) == (Place.MAIL, True)
    assert read.labels == {"SENT", "INBOX", "UNREAD"}


@pytest.mark.parametrize(
    ("labels", "place"),
    [
        (["DRAFT"], Place.DRAFT),
        (["DRAFT", "TRASH"], Place.DRAFT),
        (["TRASH", "SENT"], Place.TRASH),
        (["SPAM"], Place.SPAM),
        (["CHAT"], Place.CHAT),
        (["SENT"], Place.MAIL),
        ([], Place.MAIL),
    ],
)
def test_the_place_is_read_from_the_labels(labels: list[str], place: Place) -> None:
    assert parse.envelope(message(labelIds=labels)).place is place


@pytest.mark.parametrize("missing", ["id", "threadId", "internalDate"])
def test_half_a_message_is_asked_for_again(missing: str) -> None:
    half = message()
    del half[missing]  # type: ignore[misc]  # a member by name
    with pytest.raises(Retryable):
        parse.envelope(half)


@pytest.mark.parametrize("date", ["-1", "soon", "1e9", "9" * 20, "٣"])
def test_a_time_of_acceptance_that_is_none_is_half_a_message(date: str) -> None:
    with pytest.raises(Retryable):
        parse.envelope(message(internalDate=date))


def test_attachments_are_found_wherever_they_are_nested() -> None:
    inner: Part = {
        "mimeType": "image/PNG",
        "filename": "=?utf-8?q?gr=C3=BCn.png?=",
        "headers": [
            {"name": "Content-Disposition", "value": 'inline; filename="x"'},
            {"name": "Content-ID", "value": "<logo>"},
        ],
        "body": {"attachmentId": "a", "size": 7},
    }
    offer: Part = {"mimeType": "application/pdf", "filename": "offer.pdf", "body": {"size": 31000}}
    payload: Part = {
        "mimeType": "multipart/mixed",
        "parts": [
            {"mimeType": "multipart/related", "parts": [{"mimeType": "text/html", "filename": ""}, inner]},
            offer,
        ],
    }
    found = parse.envelope(message(payload=payload)).attachments
    assert [(one.name, one.content_type, one.size_bytes, one.inline) for one in found] == [
        ("grün.png", "image/png", 7, True),
        ("offer.pdf", "application/pdf", 31000, False),
    ]


def test_a_message_of_ten_thousand_parts_is_read_in_bounded_time() -> None:
    part: Part = {"mimeType": "text/plain", "filename": "a", "body": {"size": 1}}
    payload: Part = {"mimeType": "multipart/mixed", "parts": [part] * 10_000}
    assert len(parse.envelope(message(payload=payload)).attachments) < parse.PARTS_LIMIT


def note(remote_id: str, *touched: str, labels: tuple[str, ...] = ("INBOX",)) -> dict[str, object]:
    made: dict[str, object] = {"message": {"id": remote_id, "threadId": "t", "labelIds": list(labels)}}
    return {**made, "labelIds": list(touched)} if touched else made


def page(*records: dict[str, object], **more: object) -> HistoryList:
    numbered = [{"id": str(number), **record} for number, record in enumerate(records, 100)]
    made: HistoryList = {"history": numbered, **more}  # type: ignore[typeddict-item]  # as the wire has it
    return made


def change(
    remote_id: str, *, arrived: bool = False, read: bool | None = None, deleted: bool = False
) -> Change:
    return Change(remote_id, "t", arrived, read, deleted)


def test_one_message_is_one_change_and_the_last_read_state_counts() -> None:
    told = page(
        {"messages": [{"id": "a"}], "messagesAdded": [note("a", labels=("UNREAD", "INBOX"))]},
        {"labelsRemoved": [note("a", "UNREAD"), note("b", "UNREAD", "INBOX")]},
        {"labelsAdded": [note("a", "UNREAD")]},
        {"messagesAdded": [note("c")]},
        {"messagesDeleted": [note("c")]},
    )
    assert parse.changes(told) == (
        change("a", arrived=True, read=False),
        change("b", read=True),
        change("c", arrived=True, deleted=True),
    )


def test_drafts_and_gmails_own_sorting_are_passed_over() -> None:
    told = page(
        {"messagesAdded": [note("d", labels=("DRAFT",))]},
        {"messagesDeleted": [note("d", labels=("DRAFT",))]},
        {"labelsAdded": [note("a", "CATEGORY_PROMOTIONS"), note("a", "IMPORTANT")]},
        {"labelsAdded": [note("b", "IMPORTANT", "TRASH")]},
        {"messages": [{"id": "only here"}]},
        {"messagesAdded": [{"message": {}}, {}]},
    )
    assert parse.changes(told) == (change("b"),)


def test_nothing_new_is_nothing() -> None:
    assert parse.changes({"historyId": "987701"}) == ()


BEFORE, NOW = datetime(2026, 11, 21, 9, tzinfo=UTC), datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "history_id", "synced_until"),
    [
        ({"historyId": "987701"}, 987701, NOW),
        ({"historyId": "987701", "nextPageToken": "p"}, 50, BEFORE),
        (page({}, {}, historyId="987701", nextPageToken="p"), 101, BEFORE),
        (page({}, {}, historyId="987701"), 987701, NOW),
        ({"historyId": "7"}, 50, NOW),
        ({"historyId": "garbage"}, 50, NOW),
        ({"historyId": "9" * 20}, 50, NOW),
        ({}, 50, NOW),
    ],
)
def test_the_feed_is_taken_up_after_what_was_told_and_never_before(
    told: HistoryList, history_id: int, synced_until: datetime
) -> None:
    assert parse.end_of(told, GmailCursor(50, BEFORE), NOW) == GmailCursor(history_id, synced_until)


def test_a_cursor_comes_back_as_it_went() -> None:
    cursor = parse.profile_cursor({"historyId": "987701"}, NOW)
    assert parse.start_of(cursor) == GmailCursor(987701, NOW)
    for odd in ("garbage", "", "0"):
        with pytest.raises(Retryable):
            parse.profile_cursor({"historyId": odd}, NOW)
    for foreign in ("987701", "", "AAAA", cursor[:-4]):
        with pytest.raises(CursorExpired):
            parse.start_of(foreign)


def labelled(*labels: str, marker: str | None = None, message_id: str = "<ours@x.test>") -> Message:
    headers = {"Message-ID": message_id} | ({"X-Bothways-Submission": marker} if marker else {})
    return message(headers, labelIds=list(labels))


@pytest.mark.parametrize(
    ("found", "ours"),
    [
        (labelled("SENT", marker="m1"), True),
        (labelled("SENT", marker="m1", message_id="<replaced@mail.test>"), True),
        (labelled("SENT"), True),
        (labelled("SENT", marker="m2"), False),
        (labelled("SENT", message_id="<another@x.test>"), False),
        (labelled("DRAFT", marker="m1"), False),
        (labelled("SENT", "DRAFT", marker="m1"), False),
        (labelled("INBOX", marker="m1"), False),
    ],
)
def test_only_our_own_sent_copy_proves_a_sending(found: Message, ours: bool) -> None:
    assert parse.is_sending(found, marker="m1", internet_message_id="ours@x.test") is ours


def test_only_verified_aliases_may_be_sent_from() -> None:
    own = parse.own_address("Ann@Example.test")
    listed = parse.send_as(
        {
            "sendAs": [
                {"sendAsEmail": "ann@example.test", "isPrimary": True},
                {"sendAsEmail": "Sales@example.test", "verificationStatus": "accepted"},
                {"sendAsEmail": "ceo@example.test", "verificationStatus": "pending"},
                {"sendAsEmail": "nobody@example.test"},
                {"sendAsEmail": "not an address", "verificationStatus": "accepted"},
            ]
        },
        own,
    )
    assert listed == ("ann@example.test", "sales@example.test")


def test_half_answers_are_asked_for_again() -> None:
    for half in ({}, {"id": "r1"}, {"message": {"id": "m"}}):
        with pytest.raises(Retryable):
            parse.draft(half)  # type: ignore[arg-type]  # dictionaries as the wire may have them
    assert parse.sent_copy({"id": "m"}) is None
    for odd in (None, "", "soon"):
        with pytest.raises(Retryable):
            parse.expiration(odd)
    with pytest.raises(OurBug):
        parse.own_address(None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = ["id", "threadId", "labelIds", "internalDate", "sizeEstimate", "payload"]


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON, min_size=1))
def test_a_message_in_an_undocumented_shape_is_one_clear_error(odd: dict[str, object]) -> None:
    with suppress(OurBug, Retryable):
        parse.envelope(message(None, **odd))


@given(st.dictionaries(st.sampled_from(["mimeType", "filename", "headers", "body", "parts"]), JSON))
def test_a_part_in_an_undocumented_shape_is_one_clear_error(odd: dict[str, object]) -> None:
    with suppress(OurBug, Retryable):
        parse.envelope(message(payload={"mimeType": "multipart/mixed", "parts": [odd]}))


KINDS = ["messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved", "id"]


@given(st.dictionaries(st.sampled_from(KINDS), JSON | st.lists(st.dictionaries(st.just("message"), JSON))))
def test_a_record_in_an_undocumented_shape_is_one_clear_error(odd: dict[str, object]) -> None:
    with suppress(OurBug):
        parse.changes(page(odd))
    with suppress(OurBug):
        parse.end_of(page(odd), GmailCursor(50, BEFORE), NOW)


@given(st.dictionaries(st.sampled_from(["id", "threadId", "message", "payload"]), JSON))
def test_an_answer_to_a_sending_in_an_undocumented_shape_is_no_sent_copy(odd: dict[str, object]) -> None:
    if isinstance(odd.get("id"), str) and isinstance(odd.get("threadId"), str):
        odd["id"] = 7
    assert parse.sent_copy(odd) is None  # type: ignore[arg-type]  # whatever the wire brings
    whole = {**odd, "id": "m", "threadId": "t"}
    sent = parse.sent_copy(whole)  # type: ignore[arg-type]  # whatever the wire brings
    assert sent is not None and sent.remote_id == "m"
    with suppress(OurBug, Retryable):
        parse.draft(odd)  # type: ignore[arg-type]  # whatever the wire brings


@given(JSON)
def test_a_list_in_an_undocumented_shape_is_one_clear_error(odd: object) -> None:
    with suppress(OurBug):
        parse.listed_ids({"messages": odd})  # type: ignore[typeddict-item]  # whatever the wire brings
