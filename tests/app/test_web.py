"""The web app's files are served as they were built, under a policy that lets nothing strange run."""

import gzip
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from app import web

SCRIPT = b"console.log('a built file');" * 40


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<script type="module" src="/assets/index-abc.js"></script>')
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-abc.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    return tmp_path


@pytest.fixture
def client(built: Path) -> httpx.AsyncClient:
    server = Starlette(routes=web.routes("https://mail.crm.example", built))
    return httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="https://mail.crm.example")


def test_a_folder_without_a_build_is_known_as_such(built: Path, tmp_path: Path) -> None:
    assert web.is_built(built)
    assert not web.is_built(tmp_path / "assets")


@pytest.mark.parametrize(
    "path", ["/", "/t/01a2017a", "/settings", "/settings/email", "/contacts/1", "/admin", "/connected"]
)
async def test_every_screen_is_the_page_under_its_policy(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    policy = answer.headers["content-security-policy"]

    assert answer.status_code == 200
    assert "/assets/index-abc.js" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "connect-src 'self' wss://mail.crm.example;" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("identity", None)])
async def test_a_built_file_is_kept_for_ever_and_sent_as_small_as_the_browser_takes_it(
    client: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    answer = await client.get("/assets/index-abc.js", headers={"accept-encoding": accepted})

    assert answer.content == SCRIPT
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("name", ["index-abc.js.gz", "nothing.js", "..%2findex.html", "%2e%2e%2ficon.svg"])
async def test_nothing_else_is_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/assets/{name}")).status_code == 404


@pytest.mark.parametrize(("asked", "remote"), [("", False), ("?images=shown", True), ("?images=yes", False)])
async def test_mail_has_a_frame_in_which_nothing_runs_and_remote_images_load_only_when_asked(
    client: httpx.AsyncClient, asked: str, remote: bool
) -> None:
    answer = await client.get(f"/mail-frame{asked}")
    policy = answer.headers["content-security-policy"]

    assert "script-src 'none'" in policy
    assert "default-src 'none'" in policy
    assert ("img-src 'self' data: blob:;" in policy) is remote
    assert "http" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
