"""The batch's wire format: what we write, google's own library could read, and the other way round."""

from email import message_from_bytes

import pytest

from providers.exchange import Outgoing
from providers.gmail import batch
from providers.gmail.requests import GmailRequests

REQUESTS = GmailRequests("https://gmail.googleapis.com/")
ANSWER_TYPE = "multipart/mixed; boundary=batch_Fq-x7"


def part(position: int, body: bytes, status: str = "200 OK", *, length: int | None = None) -> bytes:
    said = len(body) if length is None else length
    return (
        b"--batch_Fq-x7\r\nContent-Type: application/http\r\n"
        + f"Content-ID: <response-bothways + {position}>\r\n\r\nHTTP/1.1 {status}\r\n".encode()
        + f"Content-Type: application/json; charset=UTF-8\r\nContent-Length: {said}\r\n\r\n".encode()
        + body
        + b"\r\n"
    )


END = b"--batch_Fq-x7--\r\n"


def test_each_request_is_a_part_with_its_own_head() -> None:
    calls = [REQUESTS.headers(one, ("Message-ID", "X-Bothways-Submission")) for one in ("a1", "b/2")]
    content_type, body = batch.write([call.outgoing for call in calls], REQUESTS.host)
    parts = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body).get_payload()
    assert isinstance(parts, list)
    texts = [str(one.get_payload()) for one in parts]  # type: ignore[union-attr]  # a list of parts, as asserted
    assert [text.splitlines()[0] for text in texts] == [
        "GET /gmail/v1/users/me/messages/a1?format=metadata&metadataHeaders=Message-ID"
        "&metadataHeaders=X-Bothways-Submission&alt=json HTTP/1.1",
        "GET /gmail/v1/users/me/messages/b%2F2?format=metadata&metadataHeaders=Message-ID"
        "&metadataHeaders=X-Bothways-Submission&alt=json HTTP/1.1",
    ]
    assert all("Host: gmail.googleapis.com" in text and "uthorization" not in text for text in texts)
    assert b"\r\n\r\n\r\n--" in body or b"\r\n\r\n--" in body


def test_a_path_prefix_is_kept_for_batches_and_uploads() -> None:
    requests = GmailRequests("http://127.0.0.1:9000/google/")
    read = requests.headers("a1", ("Message-ID",))
    _, body = batch.write([read.outgoing], requests.host)
    assert b"GET /google/gmail/v1/users/me/messages/a1?" in body
    assert requests.batch([read], "x", b"").outgoing.url == "http://127.0.0.1:9000/google/batch"
    upload = requests.new_draft(5, None).outgoing.url
    assert upload.startswith("http://127.0.0.1:9000/google/upload/gmail/v1/users/me/drafts?")


def test_only_reads_are_batched() -> None:
    for outgoing in (REQUESTS.send_draft("r1").outgoing, Outgoing("x", "GET", "https://x.test/", body=b"x")):
        with pytest.raises(ValueError, match="only reads"):
            batch.write([outgoing], "x")


def test_answers_are_told_apart_by_their_id_in_whatever_order() -> None:
    body = part(2, b'{"id":"c"}') + part(0, b'{"id":"a"}') + part(1, b"{}", "404 Not Found") + END
    answers = batch.read(ANSWER_TYPE, body, 3)
    assert [(one.status, one.body) for one in answers if one] == [
        (200, b'{"id":"a"}'),
        (404, b"{}"),
        (200, b'{"id":"c"}'),
    ]


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_either_line_end_and_a_body_with_empty_lines_are_read(line_end: bytes) -> None:
    inner = b'{\r\n\r\n "a": "--batch"\r\n\r\n}'.replace(b"\r\n", line_end)
    body = (part(0, b"BODY", length=len(inner)) + END).replace(b"\r\n", line_end).replace(b"BODY", inner)
    [answer] = batch.read(ANSWER_TYPE, body, 1)
    assert answer is not None and answer.body == inner


def test_headers_of_an_item_are_told() -> None:
    body = part(0, b"{}", "429 Too Many Requests").replace(
        b"Content-Length", b"Retry-After: 7\r\nContent-Length"
    )
    [answer] = batch.read(ANSWER_TYPE, body + END, 1)
    assert answer is not None and (answer.status, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", b"<html>"),
        ("multipart/mixed", part(0, b"{}") + END),
        (ANSWER_TYPE, b""),
        (ANSWER_TYPE, END),
        (ANSWER_TYPE, part(7, b"{}") + END),
        (ANSWER_TYPE, part(0, b"{}", length=500) + END),
        (ANSWER_TYPE, part(0, b"{}", "OK") + END),
        (ANSWER_TYPE, part(0, b"{}").replace(b"response-bothways", b"response-other") + END),
        (ANSWER_TYPE, part(0, b"{}")[:90]),
    ],
)
def test_what_is_missing_or_unreadable_is_nothing(content_type: str, body: bytes) -> None:
    assert batch.read(content_type, body, 1) == [None]
