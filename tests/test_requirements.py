"""What is installed: pinned, hashed, without an address, and no older than the last known hole (R66).

The floors are those of the last known holes; an advisory service is not always reachable from a build.
"""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
LISTS = ("runtime", "embedded", "dev", "node")
FLOORS = {
    "strawberry-graphql": ((0, 316), "CVE-2026-35523, CVE-2026-35526, contexts shared between requests"),
    "starlette": ((1, 3, 1), "CVE-2026-48710, CVE-2026-54282, CVE-2026-54283"),
    "python-multipart": ((0, 0, 27), "CVE-2026-40347, CVE-2026-42561"),
    "h11": ((0, 16, 0), "CVE-2025-43859"),
    "redis": ((4, 5, 4), "CVE-2023-28858, CVE-2023-28859"),
    "pyjwt": ((2, 12, 0), "CVE-2026-32597"),
    "cryptography": ((46, 0, 5), "CVE-2026-26007"),
}


def pins(name: str) -> dict[str, str]:
    """Each package of a list and its version."""
    text = (FOLDER / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9][a-z0-9.-]*)==([0-9][^ ;\\\n]*)", text, re.MULTILINE))


def entries(name: str) -> list[str]:
    """Each entry of a list, with its hashes, as one line."""
    text = re.sub(r"\\\n\s*", " ", (FOLDER / f"{name}.txt").read_text())
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.rule("R66")
@pytest.mark.parametrize("name", LISTS)
def test_every_package_is_pinned_and_hashed(name: str) -> None:
    loose = [line[:60] for line in entries(name) if "==" not in line or "--hash=sha256:" not in line]

    assert len(entries(name)) > 1
    assert loose == []


@pytest.mark.parametrize("name", LISTS)
def test_no_list_names_an_address(name: str) -> None:
    assert re.findall(r"https?://|file:|--index|--find-links", (FOLDER / f"{name}.txt").read_text()) == []


@pytest.mark.rule("R66")
@pytest.mark.parametrize("package", FLOORS)
def test_no_package_is_older_than_its_last_known_hole(package: str) -> None:
    floor, holes = FLOORS[package]
    found = tuple(int(part) for part in re.findall(r"\d+", pins("runtime")[package]))

    assert found >= floor, holes


@pytest.mark.parametrize("shorter", ["runtime", "embedded"])
def test_the_longer_lists_hold_the_shorter_at_the_same_pins(shorter: str) -> None:
    every = pins("dev")

    assert {name: version for name, version in pins(shorter).items() if every.get(name) != version} == {}
