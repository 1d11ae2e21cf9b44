"""The operator's commands, as typed: what they make, and what they say when it cannot be done."""

import uuid

import pytest
from typer.testing import CliRunner, Result

from app.commands import app
from database.sealing import write_new_key


@pytest.fixture
def settings(database_url: str) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "VAULT_KEYS": write_new_key("tests")}


def typed(settings: dict[str, str], *words: str) -> Result:
    # As wide as a screen can be, so that no message is broken into lines.
    return CliRunner().invoke(app, list(words), env={**settings, "COLUMNS": "400", "TERM": "dumb"})


def made(settings: dict[str, str], *words: str) -> str:
    """What a command that succeeds prints."""
    done = typed(settings, *words)
    assert done.exit_code == 0, done.output
    return done.output.strip()


def test_an_operator_makes_a_workspace_a_user_and_a_key_and_ends_the_key(settings: dict[str, str]) -> None:
    workspace = made(settings, "workspace", "create", "Example & Co.")
    assert f"{workspace}  Example & Co." in made(settings, "workspace", "list")
    user = made(settings, "user", "create", "Ann Berg", "Ann@Example-Co.test", "--workspace", workspace)
    key = made(
        settings, *("key", "create", "crm", "--workspace", workspace, "--user", user, "--scope", "read")
    )
    assert key.startswith("bw_")
    assert "no longer holds" in made(settings, "key", "revoke", key[:11], "--workspace", workspace)
    again = typed(settings, "key", "revoke", key[:11], "--workspace", workspace)
    assert (again.exit_code, "no such key" in again.output) == (1, True)


def test_what_cannot_be_done_is_said_in_a_sentence(settings: dict[str, str]) -> None:
    workspace = made(settings, "workspace", "create", "Example & Co.")
    made(settings, "user", "create", "Ann Berg", "ann@example-co.test", "--workspace", workspace)
    nobody = str(uuid.UUID(int=7))
    of = ("--workspace", workspace)
    for words, code, said in (
        (("user", "create", "B", "b@b.test", "--workspace", "nonsense"), 2, "should be a valid UUID"),
        (("user", "create", "B", "b@b.test", "--workspace", nobody), 1, "There is no such workspace"),
        (("user", "create", "B", "no address", *of), 1, "there is no @"),
        (("user", "create", "B", "ANN@example-co.test", *of), 1, "already has the address"),
        (("key", "create", "k", *of, "--scope", "rule"), 1, "Scopes are"),
        (("key", "create", "k", *of, "--scope", "READ", "--user", nobody), 1, "no such user"),
    ):
        done = typed(settings, *words)
        assert done.exit_code == code, done.output
        assert said in done.output
        assert "Traceback" not in done.output


def test_a_missing_setting_is_named(settings: dict[str, str]) -> None:
    done = typed({**settings, "VAULT_KEYS": ""}, "workspace", "list")
    assert done.exit_code == 1
    assert "VAULT_KEYS" in done.output
