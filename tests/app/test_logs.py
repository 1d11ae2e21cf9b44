"""What must never stand in a log line (security R12)."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from app.logs import STRUCK_OUT, start_logs, strike_out
from database.pool import Database
from tests.conftest import WorkspaceForTests
from tests.database.rows import conversation

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


@contextmanager
def logging_into(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch, *, json_lines: bool
) -> Iterator[None]:
    """Let a process's log be written there, and everything be as before afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", written)
    try:
        start_logs("info", json_lines=json_lines, process="test")
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()


@pytest.mark.rule("R12")
def test_a_traceback_and_a_library_s_line_go_through_the_same_sieve(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    with logging_into(written, monkeypatch, json_lines=True):
        try:
            raise ValueError(f"Bearer {SECRETS[0]}")
        except ValueError:
            structlog.get_logger("ours").exception("it failed", api_key="k")
        logging.getLogger("theirs").warning("got %s", SECRETS[2])
    lines = [json.loads(line) for line in written.getvalue().splitlines()]

    assert [line["event"] for line in lines] == ["it failed", f"got {STRUCK_OUT}"]
    assert lines[0]["api_key"] == STRUCK_OUT
    assert "ValueError" in lines[0]["exception"]
    assert not any(secret in written.getvalue() for secret in SECRETS)


@pytest.mark.rule("R12")
@pytest.mark.rule("R68")
@pytest.mark.parametrize("json_lines", [True, False])
async def test_a_statement_that_fails_carries_no_mail_into_the_log(
    db: Database, workspace: WorkspaceForTests, monkeypatch: pytest.MonkeyPatch, json_lines: bool
) -> None:
    """SQLAlchemy would name the parameters, PostgreSQL the whole row, or the key that is there already."""
    written = io.StringIO()
    with logging_into(written, monkeypatch, json_lines=json_lines):
        for direction in ("SIDEWAYS", "INBOUND"):
            try:
                async with db.work(workspace.id) as work:
                    for contact, thread, message in (conversation(work, workspace) for _ in range(2)):
                        message.subject, message.text = "a magpie", "It\nflew, magpie."
                        message.internet_message_id = message.from_address = "magpie@nest.example"
                        message.direction = direction
                        for row in (contact, thread, message):
                            work.add(row)
                    await work.flush()
            except IntegrityError:
                structlog.get_logger("ours").exception("it failed")

    said = written.getvalue()
    assert "messages_direction_known" in said and "messages_internet_message_id_once" in said
    assert "magpie" not in said
