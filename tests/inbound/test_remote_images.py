"""Remote images come through us: signed, bounded, raster only, from looked-at addresses, and without a word
of who reads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from app.attachments import image_routes
from database.clock import now
from database.ids import new_id
from database.pool import Database
from inbound import remote_images
from providers.web import WebClient, images_reaching
from rules.download_links import LIFETIME, Holder, signed_image_path
from rules.words import ApiKeyId, Scope, UserId
from tests.app.test_credentials import make_key
from tests.conftest import WorkspaceForTests
from tests.database.rows import stored_conversation
from tests.inbound.test_attachments import colleague
from tests.providers.http_server import Manner, Server, answer, closing, dripping, running_server, silent
from tests.waiting import wait_until

pytestmark = pytest.mark.rule("R42")

SECRET = bytes(range(32))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
GIF = b"GIF89a" + bytes(40)
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(40)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
LOOPBACK = ("127.0.0.0/8",)


@dataclass
class Reader:
    """Somebody who reads a message with images."""

    client: httpx.AsyncClient
    holder: Holder
    message_id: UUID

    def path(self, address: str, minutes: float = 0, holder: Holder | None = None) -> str:
        at = now() + timedelta(minutes=minutes)
        return signed_image_path(SECRET, self.message_id, address, holder or self.holder, at)

    async def get(self, address: str) -> httpx.Response:
        return await self.client.get(self.path(address), headers={"cookie": "a=b", "referer": "http://x/"})


def app_of(db: Database, web: WebClient) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=[*image_routes(db, web, SECRET)]))
    return httpx.AsyncClient(transport=transport, base_url="http://house", timeout=20)


@pytest.fixture
async def reader(db: Database, workspace: WorkspaceForTests) -> AsyncIterator[Reader]:
    _, message = await stored_conversation(db, workspace)
    web = WebClient(images_reaching(LOOPBACK))
    async with app_of(db, web) as client:
        yield Reader(client, Holder(workspace.id, workspace.user_id, None), message.id)
    await web.close()


def head(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


@pytest.mark.parametrize(
    ("body", "type_"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (GIF, "image/gif"), (WEBP, "image/webp")],
)
async def test_an_image_is_what_its_bytes_say_and_could_do_nothing_else(
    reader: Reader, body: bytes, type_: str
) -> None:
    lying = answer(body, headers="Content-Type: text/html\r\nSet-Cookie: id=1\r\n")
    async with running_server(lying) as server:
        got = await reader.get(f"{server.url}a b.png?who=ann")

    assert (got.status_code, got.content, got.headers["content-type"]) == (200, body, type_)
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "private, max-age=300"
    assert "set-cookie" not in got.headers
    [asked] = server.seen
    assert asked.startswith(b"GET /a%20b.png?who=ann HTTP/1.1\r\n")
    assert head(asked).keys() == {"host", "user-agent", "accept"}
    assert head(asked)["user-agent"] == "Mozilla/5.0 (compatible; Bothways-Images/1)"


@pytest.mark.parametrize(
    ("manner", "status", "words"),
    [
        (answer(SVG, headers="Content-Type: image/png\r\n"), 502, "What came is no PNG, JPEG, GIF or WebP."),
        (answer(b"<html>"), 502, "What came is no PNG, JPEG, GIF or WebP."),
        (answer(b""), 502, "What came is no PNG, JPEG, GIF or WebP."),
        (answer(PNG, status="404 Not Found"), 502, "The image's server answered 404."),
        (answer(PNG + bytes(5 * 1024 * 1024)), 502, "The image has more than 5242880 bytes."),
        (closing(), 502, "The connection was closed, or what came back was no HTTP."),
        (answer(PNG, length=10_000), 504, "The image's server took too long."),
        (silent, 504, "The image's server took too long."),
        (dripping(0.01), 504, "The image's server took too long."),
    ],
)
async def test_what_is_no_image_in_time_and_size_is_not_given(
    reader: Reader, manner: Manner, status: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_images, "FETCHED_WITHIN", timedelta(seconds=0.3 if status == 504 else 5))
    async with running_server(manner) as server:
        got = await reader.get(server.url)

    assert got.status_code == status
    assert got.headers["content-type"].startswith("application/json")
    assert words.rstrip(".") in got.text or (status == 504 and "no answer within" in got.text)


@pytest.mark.rule("R32")
async def test_three_redirects_are_followed_and_each_is_looked_at(reader: Reader) -> None:
    def to(location: str) -> Manner:
        return answer(b"", status="302 Found", headers=f"Location: {location}\r\n")

    async with running_server(to("/2"), to("3"), to("?4"), answer(PNG)) as server:
        assert (await reader.get(server.url)).status_code == 200
        assert [one.split()[1] for one in server.seen] == [b"/", b"/2", b"/3", b"/3?4"]
    async with running_server(to("/again")) as server:
        refused = await reader.get(server.url)
        assert (refused.status_code, len(server.seen)) == (502, 4)
    for inside in (
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "file:///x",
    ):
        async with running_server(to(inside)) as server:
            refused = await reader.get(server.url)
            assert refused.status_code == 502
            assert "may be" in refused.text


@pytest.mark.rule("R32")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"]
)
async def test_nothing_inside_is_asked_for(db: Database, reader: Reader, host: str) -> None:
    web = WebClient(images_reaching())
    async with running_server(answer(PNG)) as server, app_of(db, web) as client:
        port = server.url.rstrip("/").rpartition(":")[2]
        got = await client.get(reader.path(f"http://{host}:{port}/"))
        assert (got.status_code, server.connections) == (502, 0)
    await web.close()


async def test_an_address_ends_with_its_time_its_reader_and_what_the_reader_may_see(
    db: Database, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests, reader: Reader
) -> None:
    ben = await colleague(db, workspace)
    async with running_server(answer(PNG)) as server:
        good = reader.path(server.url)

        async def status(path: str) -> int:
            return (await reader.client.get(path)).status_code

        assert await status(good) == 200
        assert timedelta(minutes=5) >= LIFETIME
        assert await status(reader.path(server.url, minutes=-5)) == 403
        assert await status(good.replace(str(reader.message_id), str(new_id()))) == 403
        assert await status(good.replace("address=http", "address=https")) == 403
        assert await status(good.replace(f"u{workspace.user_id.hex}", f"u{ben.hex}")) == 403
        assert await status(good.partition("&signature")[0]) == 403
        bens = Holder(workspace.id, ben, None)
        stranger = Holder(other_workspace.id, other_workspace.user_id, None)
        assert await status(reader.path(server.url, holder=bens)) == 200
        assert await status(reader.path(server.url, holder=stranger)) == 404
        asked = len(server.seen)
        async with db.work(workspace.id) as work:
            await work.execute(text("update messages set visibility = 'SUBJECT'"))
        assert await status(reader.path(server.url, holder=bens)) == 404
        async with db.work(workspace.id) as work:
            await work.execute(
                text("update messages set visibility = 'EVERYTHING'"),
            )
            await work.execute(text("update threads set private_to = :user"), {"user": workspace.user_id})
        assert await status(reader.path(server.url, holder=bens)) == 404
        assert await status(good) == 200
        assert len(server.seen) == asked + 1


async def test_a_revoked_keys_address_is_over(
    db: Database, workspace: WorkspaceForTests, reader: Reader
) -> None:
    await make_key(db, workspace, [Scope.READ], workspace.user_id)
    key_id = ApiKeyId(await db.fetchval(workspace.id, "select id from api_keys"))
    holder = Holder(workspace.id, UserId(workspace.user_id), key_id)
    async with running_server(answer(PNG)) as server:
        path = reader.path(server.url, holder=holder)
        assert (await reader.client.get(path)).status_code == 200
        async with db.work(workspace.id) as work:
            await work.execute(text("update api_keys set revoked_at = now()"))
        assert (await reader.client.get(path)).status_code == 403


async def test_so_many_at_once_and_no_more(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_images, "FETCHED_WITHIN", timedelta(seconds=1))
    async with running_server(silent) as server:
        asked = [asyncio.create_task(reader.get(f"{server.url}{number}")) for number in range(12)]
        await wait_until(_asked(server, remote_images.PLACES_A_WORKSPACE), description="places are taken")
        assert len(server.seen) == remote_images.PLACES_A_WORKSPACE
        answers = await asyncio.gather(*asked)

    assert {one.status_code for one in answers} == {504}
    assert len(server.seen) == 12


def _asked(server: Server, number: int) -> Callable[[], bool]:
    return lambda: len(server.seen) >= number
