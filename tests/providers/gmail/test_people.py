"""What Google's contacts answer, and what it means: entries, or who must act."""

import orjson
import pytest

from providers.exchange import Answer
from providers.gmail.people import read_page
from rules.errors import CursorExpired, OperatorMustAct, OurBug, ProviderTrouble, Refused, Retryable


def answer(status: int, body: object) -> Answer:
    return Answer(status, {}, orjson.dumps(body))


def error(status: int, *reasons: str) -> Answer:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": one} for one in reasons]
    return answer(status, {"error": {"code": status, "details": details}})


def test_a_page_holds_entries_with_the_addresses_that_are_addresses() -> None:
    page = read_page(
        answer(
            200,
            {
                "connections": [
                    {
                        "resourceName": "people/c1",
                        "emailAddresses": [
                            {"value": "Dana@Okafor.example"},
                            {"value": "dana@okafor.example"},
                            {"value": "call her"},
                            {},
                        ],
                    },
                    {"resourceName": "people/c2", "metadata": {"deleted": True}},
                    {"resourceName": ""},
                    "nonsense",
                ],
                "nextSyncToken": "s1",
            },
        )
    )

    assert [(one.external_id, one.addresses, one.deleted) for one in page.entries] == [
        ("people/c1", ("dana@okafor.example",), False),
        ("people/c2", (), True),
    ]
    assert (page.next_page, page.sync_token) == (None, "s1")


def test_an_empty_page_may_lack_every_field() -> None:
    assert read_page(answer(200, {"nextPageToken": "2"})).entries == ()


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (error(400, "EXPIRED_SYNC_TOKEN"), CursorExpired),
        (error(410), CursorExpired),
        (error(403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"), Refused),
        (error(403, "SERVICE_DISABLED"), OperatorMustAct),
        (error(403, "rateLimitExceeded"), Retryable),
        (error(429), Retryable),
        (error(503), Retryable),
        (error(400, "badRequest"), OurBug),
        (Answer(502, {}, b"<html>"), Retryable),
        (answer(200, ["no object"]), Retryable),
    ],
)
def test_an_error_says_who_must_act(said: Answer, means: type[ProviderTrouble]) -> None:
    with pytest.raises(means):
        read_page(said)
