"""What must never stand in a log line (security R12)."""

import io
import json
import logging
import sys

import pytest
import structlog

from app.logs import STRUCK_OUT, start_logs, strike_out

SECRETS = [
    "bw_ab12cd_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl",
    "ya29.a0AfH6SMBcanarycanarycanary",
    "1//0gcanarycanarycanarycanary-canary",
    "4/0AeaYSHCcanarycanarycanarycanary",
]


@pytest.mark.rule("R12")
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_struck_out_wherever_it_stands_in_a_text(secret: str) -> None:
    assert strike_out(f"asked with {secret}, refused") == f"asked with {STRUCK_OUT}, refused"


@pytest.mark.rule("R12")
def test_passwords_in_addresses_and_query_strings_are_struck_out() -> None:
    assert strike_out("postgresql://app:hunter2@db:5432/x") == f"postgresql://{STRUCK_OUT}@db:5432/x"
    assert (
        strike_out("/oauth/google/callback?code=abc&scope=x")
        == f"/oauth/google/callback?{STRUCK_OUT}&scope=x"
    )


@pytest.mark.rule("R12")
def test_fields_are_struck_out_by_name_however_deep() -> None:
    told = {"headers": {"Authorization": "abc", "accept": "text/html"}, "tokens": ["a"], "token_count": 3}

    assert strike_out(told) == {
        "headers": {"Authorization": STRUCK_OUT, "accept": "text/html"},
        "tokens": STRUCK_OUT,
        "token_count": 3,
    }


def test_text_without_secrets_stays_as_it_is() -> None:
    words = (
        "mailbox 0190c3f5-1111-7aaa-8bbb-000000000000 pulled 3 of 3, see https://crm.example/threads?page=2"
    )

    assert strike_out(words) == words


@pytest.mark.rule("R12")
def test_a_traceback_and_a_library_s_line_go_through_the_same_sieve(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", written)
    try:
        start_logs("info", json_lines=True, process="test")
        try:
            raise ValueError(f"Bearer {SECRETS[0]}")
        except ValueError:
            structlog.get_logger("ours").exception("it failed", api_key="k")
        logging.getLogger("theirs").warning("got %s", SECRETS[2])
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
    lines = [json.loads(line) for line in written.getvalue().splitlines()]

    assert [line["event"] for line in lines] == ["it failed", f"got {STRUCK_OUT}"]
    assert lines[0]["api_key"] == STRUCK_OUT
    assert "ValueError" in lines[0]["exception"]
    assert not any(secret in written.getvalue() for secret in SECRETS)
