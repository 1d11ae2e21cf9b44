"""GraphiQL is served from here alone, and its files are what they say they are."""

import gzip
import hashlib
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

import app.graphiql as graphiql

ASSETS = Path(graphiql.__file__).parent / "assets"
ROWS = re.findall(r"^\| (\S+) \|.* ([0-9a-f]{64}) \|$", (ASSETS / "README.md").read_text(), re.MULTILINE)


@pytest.fixture
def client() -> httpx.AsyncClient:
    server = Starlette(routes=graphiql.routes("https://mail.crm.example"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="https://mail.crm.example")


@pytest.mark.parametrize(("name", "digest"), ROWS)
def test_a_file_of_another_project_is_what_its_package_holds(name: str, digest: str) -> None:
    assert hashlib.sha256(gzip.decompress((ASSETS / f"{name}.gz").read_bytes())).hexdigest() == digest


def test_every_file_is_listed_with_its_licence() -> None:
    licences = (ASSETS / "LICENSES.txt").read_text()

    assert sorted(f"{name}.gz" for name, _ in ROWS) == sorted(path.name for path in ASSETS.glob("*.gz"))
    assert all(package in licences for package in ("graphiql 3.9.0", "react 18.3.1", "graphql-ws 5.16.2"))


async def test_the_page_names_no_other_host_and_its_files_are_all_served(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphiql")
    files = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    answers = [await client.get(file) for file in files]

    assert "//" not in page.text.replace("<!doctype html>", "")
    assert len(files) == 7
    assert [answer.status_code for answer in answers] == [200] * 7


async def test_the_page_allows_no_inline_script_and_no_other_host(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/graphiql")).headers["content-security-policy"]

    assert "default-src 'none'; script-src 'self';" in policy
    assert "connect-src 'self' wss://mail.crm.example;" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "name", ["README.md", "..%2f__init__.py", "page.html", "nothing.js", "graphiql.min.js.gz"]
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/graphiql/{name}")).status_code == 404


async def test_a_client_without_gzip_gets_the_plain_file(client: httpx.AsyncClient) -> None:
    answer = await client.get("/graphiql/start.js", headers={"accept-encoding": "identity"})

    assert "content-encoding" not in answer.headers
    assert answer.text == (ASSETS.parent / "start.js").read_text()
