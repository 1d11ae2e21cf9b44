"""An address for a download holds for one file, one viewer and five minutes."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from rules.download_links import LIFETIME, Holder, read, signed_path
from rules.words import ApiKeyId, UserId, WorkspaceId

SECRET = b"s" * 32
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILE, OTHER = UUID(int=7), UUID(int=8)
HOLDERS = [
    Holder(WorkspaceId(UUID(int=1)), UserId(UUID(int=2)), None),
    Holder(WorkspaceId(UUID(int=1)), None, ApiKeyId(UUID(int=3))),
    Holder(WorkspaceId(UUID(int=1)), UserId(UUID(int=2)), ApiKeyId(UUID(int=3))),
]


def query_of(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))


@pytest.mark.rule("R44")
@pytest.mark.parametrize("holder", HOLDERS)
def test_it_names_its_holder_until_it_is_over(holder: Holder) -> None:
    path = signed_path(SECRET, FILE, holder, NOW)
    assert urlsplit(path).path == f"/attachments/{FILE}"
    query = query_of(path)
    assert read(SECRET, str(FILE), query, NOW) == holder
    assert read(SECRET, str(FILE), query, NOW + LIFETIME - timedelta(seconds=1)) == holder
    assert read(SECRET, str(FILE), query, NOW + LIFETIME) is None
    assert timedelta(minutes=5) >= LIFETIME


@pytest.mark.rule("R44")
@pytest.mark.parametrize("holder", HOLDERS)
def test_nothing_in_it_can_be_changed(holder: Holder) -> None:
    query = query_of(signed_path(SECRET, FILE, holder, NOW))
    assert read(SECRET, str(OTHER), query, NOW) is None
    assert read(b"t" * 32, str(FILE), query, NOW) is None
    assert read(SECRET, "no id", query, NOW) is None
    for name, values in {
        "workspace": [str(OTHER), "", "'"],
        "holder": ["u" + OTHER.hex, "k" + OTHER.hex, "", "u", query["holder"] + "x"],
        "until": [str(int(query["until"]) + 1), "9" * 40, "", "-1", "²"],
        "signature": ["", query["signature"][:-1], "é"],
    }.items():
        for value in values:
            assert read(SECRET, str(FILE), query | {name: value}, NOW) is None, (name, value)
        assert read(SECRET, str(FILE), {key: query[key] for key in query if key != name}, NOW) is None, name
