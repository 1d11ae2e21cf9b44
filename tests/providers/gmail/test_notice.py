"""A push is believed only with Google's proof, and read however it is written."""

import base64
import json

import pytest

from providers.gmail.notice import GmailNotice, Unreadable, read_notice, verify_push
from providers.openid import KeySet, UnknownKey, Unverified
from tests.providers.gmail.tokens_made import (
    AUDIENCE,
    NOW,
    PUSHER,
    SECONDS,
    Signer,
    key_set,
    signed_with_the_public_key,
    signer,
    unsigned,
)

GOOGLE, STRANGER = signer("g1"), signer("s1")
WRONG_HISTORY_IDS: list[object] = [-1, True, None, "", "1e9", "٣", 1 << 70, 1.5, "9" * 40, []]
KEYS = key_set(GOOGLE)


def verify(
    authorization: str | None, keys: KeySet = KEYS, *, audience: str = AUDIENCE, email: str = PUSHER
) -> None:
    verify_push(authorization, keys, now=NOW, audience=audience, service_account_email=email)


def test_a_push_of_google_is_believed() -> None:
    verify(f"Bearer {GOOGLE.sign()}")
    verify(f"bearer  {GOOGLE.sign(iss='accounts.google.com')} ")


@pytest.mark.rule("R28")
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://crm.test/hooks/other"},
        {"aud": [AUDIENCE]},
        {"aud": None},
        {"iss": "https://accounts.google.com.evil.test"},
        {"iss": None},
        {"email": "push@evil.iam.gserviceaccount.test"},
        {"email": PUSHER.upper()},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"sub": None},
        {"exp": SECONDS - 61},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": SECONDS + 365 * 86_400},
        {"iat": SECONDS + 61},
        {"iat": None},
        {"nbf": SECONDS + 61},
        {"nbf": "later"},
    ],
    ids=str,
)
def test_a_push_that_says_anything_else_is_not(claims: dict[str, object]) -> None:
    with pytest.raises(Unverified):
        verify(f"Bearer {GOOGLE.sign(**claims)}")


def test_a_minute_of_skew_is_forgiven() -> None:
    verify(f"Bearer {GOOGLE.sign(exp=SECONDS - 59, iat=SECONDS - 3600)}")
    verify(f"Bearer {GOOGLE.sign(iat=SECONDS + 59)}")


@pytest.mark.rule("R28")
def test_a_push_that_google_did_not_sign_is_not_believed() -> None:
    good = GOOGLE.sign()
    forged = Signer("g1", STRANGER.key)
    other = signer("g2")
    tokens = [
        forged.sign(),
        unsigned(),
        unsigned(kid="g1"),
        signed_with_the_public_key(GOOGLE),
        good[:-6] + "AAAAAA",
        good.rpartition(".")[0] + ".",
        good.replace(".", "..", 1),
        "x" * 9000,
        "",
        "a.b.c",
        "\u00e9.\u00e9.\u00e9",
        GOOGLE.sign({"crit": ["exp"]}),
        forged.sign({"jku": "https://evil.test/keys", "jwk": STRANGER.jwk()}),
    ]
    for token in tokens:
        with pytest.raises(Unverified):
            verify(f"Bearer {token}")
    for kid in ("g2", "../g1", ""):
        with pytest.raises(UnknownKey):
            verify(f"Bearer {other.sign({'kid': kid})}")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic eA==", GOOGLE.sign()])
def test_no_proof_is_no_proof(header: str | None) -> None:
    with pytest.raises(Unverified):
        verify(header)


def test_a_deployment_that_expects_no_push_believes_none() -> None:
    for audience, email in (("", PUSHER), (AUDIENCE, ""), ("", "")):
        with pytest.raises(Unverified):
            verify(f"Bearer {GOOGLE.sign(aud=audience, email=email)}", audience=audience, email=email)


def push(data: str | bytes | None, **message: object) -> bytes:
    content = {"data": data.decode() if isinstance(data, bytes) else data, **message}
    return json.dumps({"message": content, "subscription": "projects/p/subscriptions/s"}).encode()


def said(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("history_id", [987701, "987701"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=["standard", "url"])
@pytest.mark.parametrize("padded", [True, False])
def test_a_notice_is_read_in_every_form_seen(history_id: object, encode: object, padded: bool) -> None:
    data = said({"emailAddress": "Ann+\u00bf\u00fe@Example.test", "historyId": history_id})
    assert callable(encode)
    text = encode(data).decode()
    notice = read_notice(push(text if padded else text.rstrip("="), messageId="2070", message_id="2070"))
    assert notice.history_id == 987701
    assert notice.publication_id == "2070"
    assert notice.address.endswith("@example.test")


def test_the_guides_own_form_is_read() -> None:
    data = base64.b64encode(said({"emailAddress": "ann@example.test", "historyId": 7}))
    assert read_notice(push(data, message_id="9")) == GmailNotice("ann@example.test", 7, "9")  # type: ignore[arg-type]  # a plain string compares


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"message":[]}',
        b'{"message":{}}',
        push(None),
        push("%%%"),
        push("a" * 9000),
        push(base64.b64encode(b"[]")),
        push(base64.b64encode(b"not json")),
        push(base64.b64encode(said({"historyId": 7}))),
        push(base64.b64encode(said({"emailAddress": "ann@example.test"}))),
        push(base64.b64encode(said({"emailAddress": "ann@x)bob@example.test", "historyId": 7}))),
        *(
            push(base64.b64encode(said({"emailAddress": "ann@example.test", "historyId": wrong})))
            for wrong in WRONG_HISTORY_IDS
        ),
        b'{"message":{"data":"' + b"a" * 70_000 + b'"}}',
    ],
)
def test_what_is_no_notice_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_notice(body)
