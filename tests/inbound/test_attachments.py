"""Files come in and go out over HTTP, as a browser and an integrator would do it."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from app.attachments import attachment_routes
from app.bad_credentials import BadCredentials
from app.credentials import Credentials
from database import uploads
from database.blobs import Blobs
from database.clock import now
from database.ids import new_id
from database.pool import Database
from rules.download_links import Holder, signed_path
from rules.words import AttachmentId, Scope, UserId
from tests.app.test_credentials import make_key
from tests.conftest import WorkspaceForTests
from tests.database.rows import stored_conversation

SECRET = bytes(range(32))
LIMIT = 3_000_000


@dataclass(frozen=True, slots=True)
class House:
    """The routes under a client, with a key that may send."""

    client: httpx.AsyncClient
    blobs: Blobs
    headers: dict[str, str]
    folder: Path

    async def upload(self, content: bytes, name: str = "offer.pdf", **headers: str) -> httpx.Response:
        return await self.client.post(
            "/attachments", params={"name": name}, content=content, headers=self.headers | headers
        )


@pytest.fixture
async def house(db: Database, workspace: WorkspaceForTests, tmp_path: Path) -> AsyncIterator[House]:
    blobs = Blobs(f"file://{tmp_path}")
    bad = BadCredentials()
    app = Starlette(routes=[*attachment_routes(db, blobs, Credentials(db, bad), SECRET)])
    async with db.work(workspace.id) as work:
        await work.execute(text("update workspaces set attachment_limit_bytes = :limit"), {"limit": LIMIT})
    key = await make_key(db, workspace, [Scope.READ, Scope.SEND], workspace.user_id)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
        yield House(client, blobs, {"authorization": f"Bearer {key}"}, tmp_path)


def files(house: House) -> list[Path]:
    return [file for file in house.folder.rglob("*") if file.is_file()]


async def rows(db: Database, workspace: WorkspaceForTests) -> list[dict[str, Any]]:
    return [dict(row) for row in await db.fetch(workspace.id, "select * from attachments")]


async def test_a_file_goes_in_and_comes_out(house: House, db: Database, workspace: WorkspaceForTests) -> None:
    content = os.urandom(600_000)
    answer = await house.upload(content, **{"content-type": "application/pdf"})
    assert answer.status_code == 201, answer.text
    said = answer.json()
    assert (said["name"], said["contentType"], said["sizeBytes"]) == ("offer.pdf", "application/pdf", 600_000)
    [row] = await rows(db, workspace)
    assert (str(row["id"]), row["user_id"], row["message_id"]) == (said["id"], workspace.user_id, None)
    download = await house.client.get(said["url"])
    assert download.status_code == 200
    assert download.content == content


async def test_a_form_with_one_file_is_taken(house: House) -> None:
    content = os.urandom(300_000) + b"\r\n--not-the-end\r\n"
    form: dict[str, Any] = {"note": (None, "hello"), "file": ("für Dana.txt", content, "text/plain")}
    answer = await house.client.post("/attachments", files=form, headers=house.headers)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["name"], answer.json()["sizeBytes"]) == ("für Dana.txt", len(content))
    assert (await house.client.get(answer.json()["url"])).content == content


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x--\r\n", "multipart/form-data; boundary=x"),
        (b"garbage", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data"),
        (
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nno file\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name=a; filename="cut.txt"\r\n\r\nhalf of it',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name=a; filename="1"\r\n\r\n1\r\n'
            b'--x\r\nContent-Disposition: form-data; name=b; filename="2"\r\n\r\n2\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nX: " + b"y" * 20_000, "multipart/form-data; boundary=x"),
    ],
)
async def test_a_bad_form_leaves_nothing(
    house: House, db: Database, workspace: WorkspaceForTests, body: bytes, content_type: str
) -> None:
    answer = await house.client.post(
        "/attachments", content=body, headers=house.headers | {"content-type": content_type}
    )
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] == "BAD_FORM"
    assert await rows(db, workspace) == []
    assert files(house) == []


@pytest.mark.rule("R46")
@pytest.mark.parametrize("honest", [True, False])
async def test_more_than_the_limit_is_refused_while_it_comes(
    house: House, db: Database, workspace: WorkspaceForTests, honest: bool
) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 100_000
            yield bytes(100_000)

    size = {"content-length": "50000000"} if honest else {}
    answer = await house.client.post(
        "/attachments?name=big.bin", content=body(), headers=house.headers | size
    )
    assert answer.status_code == 413
    assert answer.json()["error"] == {
        "code": "ATTACHMENT_TOO_LARGE",
        "message": f"The file is larger than this workspace's limit of {LIMIT} bytes.",
        "limitBytes": LIMIT,
    }
    assert sent <= (0 if honest else LIMIT + 1_000_000)
    assert await rows(db, workspace) == []
    assert files(house) == []


async def test_who_may_not_send_may_not_upload(
    house: House, db: Database, workspace: WorkspaceForTests
) -> None:
    reader = await make_key(db, workspace, [Scope.READ])
    for headers, status in (
        ({}, 401),
        ({"authorization": "Bearer nonsense"}, 401),
        ({"authorization": f"Bearer {reader}"}, 403),
    ):
        answer = await house.client.post("/attachments?name=a", content=b"x", headers=headers)
        assert answer.status_code == status
    assert files(house) == []


async def test_types_that_the_workspace_does_not_take_are_refused(
    house: House, db: Database, workspace: WorkspaceForTests
) -> None:
    async with db.work(workspace.id) as work:
        await work.execute(text("update workspaces set attachment_types = '{PDF,PNG}'"))
    assert (await house.upload(b"x", "run.exe")).status_code == 415
    assert (await house.upload(b"x", "offer.pdf")).status_code == 201
    assert (await house.client.post("/attachments", content=b"x", headers=house.headers)).status_code == 400


@pytest.mark.rule("R44")
@pytest.mark.parametrize(
    ("name", "kind", "served"),
    [
        ("page.html", "text/html", "application/octet-stream"),
        ("drawing.svg", "image/svg+xml", "application/octet-stream"),
        ("offer.pdf", "application/pdf", "application/octet-stream"),
        ("photo.png", "image/png", "image/png"),
        ("../../x\r\nSet-Cookie: a=b\u202efdp.exe", "text/plain", "text/plain"),
    ],
)
async def test_a_download_is_saved_and_never_shown(house: House, name: str, kind: str, served: str) -> None:
    said = (await house.upload(b"<script>alert(1)</script>", name, **{"content-type": kind})).json()
    answer = await house.client.get(said["url"])
    assert answer.headers["content-type"].partition(";")[0] == served
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["cache-control"] == "private, no-store"
    assert "set-cookie" not in answer.headers


async def test_ranges_conditions_and_head(house: House) -> None:
    content = bytes(range(256)) * 4
    url = (await house.upload(content, "a.bin")).json()["url"]
    head = await house.client.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "1024")
    etag = head.headers["etag"]
    for asked, part in (
        ("bytes=0-9", (0, 10)),
        ("bytes=1000-", (1000, 1024)),
        ("bytes=-24", (1000, 1024)),
        ("bytes=1000-99999", (1000, 1024)),
        ("bytes=-99999", (0, 1024)),
    ):
        answer = await house.client.get(url, headers={"range": asked})
        assert answer.status_code == 206, asked
        assert answer.content == content[part[0] : part[1]]
        assert answer.headers["content-range"] == f"bytes {part[0]}-{part[1] - 1}/1024"
    for ignored in ("bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b"):
        assert (await house.client.get(url, headers={"range": ignored})).content == content, ignored
    for impossible in ("bytes=1024-", "bytes=-0"):
        answer = await house.client.get(url, headers={"range": impossible})
        assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */1024")
    assert (await house.client.get(url, headers={"if-none-match": etag})).status_code == 304
    changed = await house.client.get(url, headers={"range": "bytes=0-9", "if-range": '"other"'})
    assert changed.content == content


@pytest.mark.rule("R44")
async def test_an_address_ends_with_its_time_its_viewer_and_what_the_viewer_may_see(
    house: House, db: Database, workspace: WorkspaceForTests, other_workspace: WorkspaceForTests
) -> None:
    said = (await house.upload(b"content")).json()
    attachment_id = AttachmentId(UUID(said["id"]))
    url = said["url"]

    async def status(at: str) -> int:
        return (await house.client.get(at)).status_code

    def path_for(user_id: UserId, of: WorkspaceForTests = workspace, minutes: int = 0) -> str:
        holder = Holder(of.id, user_id, None)
        return signed_path(SECRET, attachment_id, holder, now() - timedelta(minutes=minutes))

    ours = path_for(workspace.user_id)
    assert await status(url) == await status(ours) == 200
    assert await status(path_for(workspace.user_id, minutes=6)) == 403
    assert await status(url[:-3] + "AAA") == 403
    assert await status(f"/attachments/{attachment_id}") == 403
    assert await status(path_for(other_workspace.user_id, other_workspace)) == 404
    thread_id, message = await stored_conversation(db, workspace)
    async with db.work(workspace.id) as work:
        await work.execute(text("update attachments set message_id = :id"), {"id": message.id})
    assert await status(ours) == 200
    for hide, show in (
        ("update messages set visibility = 'SUBJECT'", "update messages set visibility = 'EVERYTHING'"),
        (
            f"update threads set private_to = '{await colleague(db, workspace)}'",
            "update threads set private_to = null",
        ),
    ):
        async with db.work(workspace.id) as work:
            await work.execute(text(hide))
        assert await status(ours) == 404, hide
        async with db.work(workspace.id) as work:
            await work.execute(text(show))
        assert await status(ours) == 200, show
    async with db.work(workspace.id) as work:
        await work.execute(text("update api_keys set revoked_at = now()"))
    assert await status(url) == 403
    assert thread_id


@pytest.mark.rule("R44")
async def test_a_file_of_a_mail_is_copied_for_another_by_whom_may_see_it(
    house: House, db: Database, workspace: WorkspaceForTests
) -> None:
    said = (await house.upload(b"the plan", **{"content-type": "application/pdf"})).json()
    _, message = await stored_conversation(db, workspace)
    async with db.work(workspace.id) as work:
        await work.execute(text("update attachments set message_id = :id"), {"id": message.id})

    async def copy(id: str, headers: dict[str, str] = house.headers) -> httpx.Response:
        return await house.client.post("/attachments", params={"copy": id}, headers=headers)

    copied = await copy(said["id"])
    assert copied.status_code == 201, copied.text
    assert {**copied.json(), "id": 0, "url": 0} == {**said, "id": 0, "url": 0}
    assert copied.json()["id"] != said["id"]
    assert (await house.client.get(copied.json()["url"])).content == b"the plan"
    assert len(files(house)) == 2

    reader = await make_key(db, workspace, [Scope.READ], workspace.user_id)
    assert (await copy(said["id"], {"authorization": f"Bearer {reader}"})).status_code == 403
    for nothing in (str(new_id()), "nothing", ""):
        assert (await copy(nothing)).status_code == 404
    async with db.work(workspace.id) as work:
        await work.execute(text("update messages set visibility = 'SUBJECT'"))
    assert (await copy(said["id"])).status_code == 404
    assert len(files(house)) == 2


@pytest.mark.rule("R44")
async def test_a_token_stands_in_for_a_signed_address(
    house: House, db: Database, workspace: WorkspaceForTests
) -> None:
    said = (await house.upload(b"content")).json()
    address = f"/attachments/{said['id']}"
    reader = await make_key(db, workspace, [Scope.READ], await colleague(db, workspace))
    sender = await make_key(db, workspace, [Scope.SEND], workspace.user_id)
    answers = {
        who: (await house.client.get(address, headers={"authorization": given})).status_code
        for who, given in (
            ("uploader", house.headers["authorization"]),
            ("colleague", f"Bearer {reader}"),
            ("who may not read", f"Bearer {sender}"),
            ("nobody", "Bearer nonsense"),
        )
    }
    assert answers == {"uploader": 200, "colleague": 404, "who may not read": 403, "nobody": 401}


async def colleague(db: Database, workspace: WorkspaceForTests) -> UserId:
    user_id = UserId(new_id())
    async with db.work(workspace.id) as work:
        await work.execute(
            text(
                "insert into users (id, workspace_id, name, email, role, created_at) "
                "values (:id, :workspace, 'Ben', 'ben@okafor.example', 'MEMBER', now())"
            ),
            {"id": user_id, "workspace": workspace.id},
        )
    return user_id


async def test_an_upload_that_found_no_message_is_forgotten_after_a_day(
    house: House, db: Database, workspace: WorkspaceForTests
) -> None:
    await house.upload(b"never sent")
    assert await uploads.forget_expired(db, house.blobs, workspace.id, now() + timedelta(hours=23)) == 0
    assert await uploads.forget_expired(db, house.blobs, workspace.id, now() + timedelta(hours=25)) == 1
    assert await rows(db, workspace) == []
    assert files(house) == []


async def test_a_row_whose_blob_is_gone_or_short_is_not_served(house: House) -> None:
    said = (await house.upload(b"content")).json()
    [file] = files(house)
    file.write_bytes(b"cont")
    assert (await house.client.get(said["url"])).status_code == 404
    file.unlink()
    assert (await house.client.get(said["url"])).status_code == 404
