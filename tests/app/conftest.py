"""The environment of a process of ours, for tests that start one in this process."""

import base64
from pathlib import Path

import pytest

from app.settings import variables
from database.sealing import write_new_key

KEYS = write_new_key("tests")
ORIGIN = "https://crm.example.test"


@pytest.fixture
def configured(
    monkeypatch: pytest.MonkeyPatch, database_url: str, redis_url: str, tmp_path: Path
) -> pytest.MonkeyPatch:
    """The environment of an API process with a database and a Redis of the test's own."""
    for _, variable, _ in variables():
        monkeypatch.delenv(variable, raising=False)
    chosen = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "VAULT_KEYS": KEYS,
        "BLOB_URL": (tmp_path / "blobs").as_uri(),
        "HTTP_SECRET": base64.b64encode(bytes(32)).decode(),
        "HTTP_PUBLIC_URL": "https://mail.example.test",
        "HTTP_ALLOWED_HOSTS": "mail.example.test",
        "HTTP_ALLOWED_ORIGINS": ORIGIN,
        "GOOGLE_CLIENT_ID": "client",
        "GOOGLE_CLIENT_SECRET": "secret",
        "GOOGLE_PUBSUB_TOPIC": "projects/p/topics/t",
        "GOOGLE_JWKS_URL": "http://127.0.0.1:1/nobody-is-asked",
    }
    for variable, value in chosen.items():
        monkeypatch.setenv(variable, value)
    return monkeypatch
