"""docker-compose.yml, the Dockerfile and app/ say the same: there is no Docker here to ask."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from app.commands import app
from app.settings import variables

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OURS = ("migrate", "api", "worker", "smtp")
COMMANDS = {command.callback.__name__ for command in app.registered_commands if command.callback}


def test_the_services_are_those_of_a_team() -> None:
    assert sorted(COMPOSE["services"]) == [
        "api",
        "migrate",
        "postgres",
        "smtp",
        "valkey",
        "worker",
    ]


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_runs_a_command_that_exists(name: str) -> None:
    assert COMPOSE["services"][name]["command"] == [name]
    assert name in COMMANDS


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_sets_only_variables_that_are_read(name: str) -> None:
    known = {variable for _, variable, _ in variables()} | {"DATABASE_APP_PASSWORD"}

    assert set(COMPOSE["services"][name]["environment"]) - known == set()


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_can_do_as_little_as_possible(name: str) -> None:
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_the_processes_log_in_as_the_role_that_row_level_security_holds() -> None:
    for name in ("api", "worker", "smtp"):
        environment = COMPOSE["services"][name]["environment"]

        assert environment["DATABASE_URL"].startswith("postgresql://bothways_app:")
        assert "DATABASE_OWNER_URL" not in environment


def test_only_mail_is_taken_from_outside_and_the_api_is_reached_from_this_machine() -> None:
    ports = {
        name: service.get("ports") for name, service in COMPOSE["services"].items() if service.get("ports")
    }

    assert ports == {"api": ["127.0.0.1:8000:8000"], "smtp": ["25:2525"]}
    assert COMPOSE["services"]["smtp"]["profiles"] == ["smtp"]


def test_redis_throws_nothing_away_and_asks_for_a_password() -> None:
    words = COMPOSE["services"]["valkey"]["command"]

    assert words[words.index("--maxmemory-policy") + 1] == "noeviction"
    assert "--requirepass" in words


@pytest.mark.parametrize("name", ["api", "worker", "smtp"])
def test_a_process_starts_after_the_tables_are_there(name: str) -> None:
    assert COMPOSE["services"][name]["depends_on"]["migrate"] == {
        "condition": "service_completed_successfully"
    }


def test_no_password_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    assert re.findall(r"(?:PASSWORD|SECRET|KEYS): (?!\$\{)\S+", text) == []
    assert re.findall(r"\$\{(\w+)(?!:\?)[}]", text) == []


def test_every_variable_that_the_file_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+):", (ROOT / "docker-compose.yml").read_text()))

    assert [name for name in asked if f"{name}=" not in (ROOT / ".env.example").read_text()] == []


def test_the_image_holds_every_package_that_the_processes_import() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = set(contracts["root_packages"]) - {"benchmarks", "simulator"}

    assert set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE)) == packages
    assert {line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")} == {
        *packages,
        "requirements/runtime.txt",
        "web",
    }
    assert "COPY --from=web /src/web/dist /srv/bothways/web/dist" in DOCKERFILE


def test_the_image_runs_as_nobody_special_and_tells_how_it_is() -> None:
    assert DOCKERFILE.rindex("USER 10001:10001") > DOCKERFILE.rindex("FROM ")
    assert 'ENTRYPOINT ["python", "-m", "app"]' in DOCKERFILE
    assert '"python", "-m", "app", "healthy"' in DOCKERFILE
    assert "healthy" in COMMANDS
    assert "--require-hashes -r requirements/runtime.txt" in DOCKERFILE
