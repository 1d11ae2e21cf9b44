"""The doctor sees what is well and what is not, and for each says what mends it; one fault hides no other."""

from pathlib import Path

import pytest

from app.doctor import Finding, examine
from app.settings import read_settings
from database.sealing import write_new_key


def by_subject(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


async def test_a_deployment_that_is_well(configured: pytest.MonkeyPatch) -> None:
    found = by_subject(await examine(read_settings(None)))

    well = ("database", "vault keys", "redis", "blob store", "public address", "google client")
    assert [subject for subject in well if not found[subject].well] == []
    assert "https://mail.example.test/oauth/google/callback" in found["google client"].told


async def test_everything_that_is_wrong_is_said_at_once(
    configured: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    configured.setenv("REDIS_URL", "redis://127.0.0.1:1")
    configured.setenv("BLOB_URL", (tmp_path / "file" / "blobs").as_uri())
    configured.setenv("HTTP_PUBLIC_URL", "http://mail.example.test")
    configured.setenv("VAULT_KEYS", write_new_key("later"))

    found = by_subject(await examine(read_settings(None)))

    sick = {subject for subject, finding in found.items() if not finding.well}
    assert sick == {"redis", "blob store", "public address", "gmail push", "reaching google"}
    assert "TLS" in found["public address"].mend
    assert found["database"].well


async def test_a_database_that_is_away_is_told_in_a_sentence(configured: pytest.MonkeyPatch) -> None:
    configured.setenv("DATABASE_URL", "postgresql://bothways_app:hunter2@127.0.0.1:1/bothways")

    found = by_subject(await examine(read_settings(None)))

    assert not found["database"].well
    assert "hunter2" not in found["database"].told
