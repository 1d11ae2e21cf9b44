"""The API process as wired: which path leads where, who is let in, and what a proxy may claim."""

import base64
from collections.abc import AsyncIterator

import httpx
import pytest

from app import accounts
from app.api import open_application
from app.settings import BadSettings, read_settings
from database.clock import now
from database.pool import Database
from database.sealing import KeyRing, VaultTrouble, read_keys, write_new_key
from database.vault import Vault
from rules.words import Role, Scope
from tests.app.conftest import KEYS, ORIGIN


@pytest.fixture
async def client(configured: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        open_application(read_settings(None)) as application,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(application), base_url="https://mail.example.test"
        ) as asking,
    ):
        yield asking


@pytest.fixture
async def token(db: Database) -> str:
    vault = Vault(KeyRing(read_keys(KEYS)), db)
    workspace_id = await accounts.make_workspace(db, vault, "Example & Co.", now())
    user = await accounts.make_user(db, workspace_id, "Ann", "ann@example.test", Role.ADMIN, now())
    return await accounts.make_key(db, workspace_id, "tests", frozenset({Scope.READ}), user.id, now())


async def test_a_key_made_on_the_command_line_is_let_in(client: httpx.AsyncClient, token: str) -> None:
    query = {"query": "{ viewer { user { email } workspace { name } } }"}

    answer = await client.post("/graphql", json=query, headers={"authorization": f"Bearer {token}"})

    assert answer.json() == {
        "data": {"viewer": {"user": {"email": "ann@example.test"}, "workspace": {"name": "Example & Co."}}}
    }


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("POST", "/graphql", 401),
        ("POST", "/attachments", 401),
        ("POST", "/hooks/gmail", 401),
        ("GET", "/oauth/google/callback?state=x&code=y", 400),
        ("GET", "/graphiql", 404),
        ("GET", "/metrics", 404),
        ("GET", "/nothing", 404),
        ("GET", "/live", 200),
        ("GET", "/ready", 200),
    ],
)
async def test_a_stranger_gets_no_further(
    client: httpx.AsyncClient, verb: str, path: str, status: int
) -> None:
    answer = await client.request(verb, path, json={"query": "{ viewer { scopes } }"})

    assert answer.status_code == status
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.rule("R22")
async def test_another_host_is_refused_but_health_is_asked_by_address(client: httpx.AsyncClient) -> None:
    elsewhere = {"host": "evil.example"}

    assert (await client.get("/graphql", headers=elsewhere)).status_code == 400
    assert (await client.get("/live", headers={"host": "10.0.0.7:8000"})).status_code == 200


async def test_only_the_configured_origins_may_ask_from_a_page(client: httpx.AsyncClient) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}

    ours = await client.options("/graphql", headers=asked | {"origin": ORIGIN})
    foreign = await client.options("/graphql", headers=asked | {"origin": "https://crm.example.test.evil"})

    assert ours.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-credentials" not in ours.headers
    assert foreign.status_code == 400
    assert "access-control-allow-origin" not in foreign.headers


@pytest.mark.rule("R13")
async def test_a_process_with_another_vault_key_does_not_start(
    configured: pytest.MonkeyPatch, token: str
) -> None:
    configured.setenv("VAULT_KEYS", write_new_key("another"))

    with pytest.raises(VaultTrouble, match="wrapped by the vault key tests, which is not set"):
        async with open_application(read_settings(None)):
            pass


async def test_a_short_secret_is_refused_at_the_start(configured: pytest.MonkeyPatch) -> None:
    configured.setenv("HTTP_SECRET", base64.b64encode(b"short").decode())

    with pytest.raises(BadSettings, match="shorter than 32 bytes"):
        async with open_application(read_settings(None)):
            pass
