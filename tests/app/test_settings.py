"""Configuration: faults are told all at once and by name, secrets are not shown, .env.example is in step."""

from pathlib import Path

import pytest

from app.environment_file import environment_example
from app.settings import (
    BadSettings,
    HttpSettings,
    child_environment,
    read_group,
    read_settings,
    variables,
)

ROOT = Path(__file__).parents[2]
NEEDED = {
    "DATABASE_URL": "postgresql://bothways_app:hunter2@db/bothways",
    "REDIS_URL": "redis://:hunter2@cache",
    "VAULT_KEYS": "first:hunter2",
    "HTTP_SECRET": "hunter2",
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any variable of ours."""
    for _, variable, _ in variables():
        monkeypatch.delenv(variable, raising=False)
    return monkeypatch


@pytest.fixture
def needed(bare: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment with what must be set, and no more."""
    for variable, value in NEEDED.items():
        bare.setenv(variable, value)
    return bare


def test_everything_that_is_missing_is_told_at_once(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings(None)

    assert [word for word in NEEDED if f"{word} is missing." in str(refused.value)] == list(NEEDED)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("HTTP_PORT", "99999", "HTTP_PORT: Input should be less than or equal to 65535"),
        ("HTTP_PUBLIC_URL", "https://crm.example/", "must begin with http:// or https:// and end without"),
        ("HTTP_ALLOWED_ORIGINS", "https://a.example,*", "must list exact names; * is not allowed"),
        ("JWT_ALGORITHM", "none", "JWT_ALGORITHM: must be RS256, ES256, EdDSA or HS256"),
        ("MAIL_MESSAGE_ID_DOMAIN", "a b", "MAIL_MESSAGE_ID_DOMAIN: String should match pattern"),
    ],
)
def test_a_value_that_makes_no_sense_is_told_with_its_variable(
    needed: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    needed.setenv(variable, value)

    with pytest.raises(BadSettings) as refused:
        read_settings(None)

    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.rule("R12")
def test_settings_show_no_secret(needed: pytest.MonkeyPatch) -> None:
    assert "hunter2" not in repr(read_settings(None))


def test_lists_are_written_with_commas_and_empty_means_left_out(needed: pytest.MonkeyPatch) -> None:
    needed.setenv("HTTP_ALLOWED_ORIGINS", "https://a.example, https://b.example")
    needed.setenv("GOOGLE_CLIENT_ID", "")

    settings = read_settings(None)

    assert settings.http.allowed_origins == ("https://a.example", "https://b.example")
    assert settings.google.client_id is None


def test_the_environment_wins_over_the_file(needed: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("HTTP_PORT=9001\nHTTP_SECRET=of-the-file\nHTTP_STOP_SECONDS=3\n")
    needed.setenv("HTTP_PORT", "9002")

    group = read_group(HttpSettings, file)

    assert (group.port, group.stop_seconds) == (9002, 3)


def test_a_child_gets_our_variables_from_us_alone(needed: pytest.MonkeyPatch) -> None:
    needed.setenv("LANG", "C.UTF-8")

    inherited = child_environment({"HTTP_PORT": "9003"})

    assert inherited["LANG"] == "C.UTF-8"
    assert inherited["HTTP_PORT"] == "9003"
    assert "VAULT_KEYS" not in inherited


def test_the_example_file_is_in_step_and_names_every_variable() -> None:
    example = (ROOT / ".env.example").read_text()

    assert example == environment_example()
    assert all(f"{variable}=" in example for _, variable, _ in variables())


def test_every_variable_is_described_in_a_sentence() -> None:
    silent = [
        name for _, name, field in variables() if not (field.description or "").strip().endswith((".", "`."))
    ]

    assert silent == []
