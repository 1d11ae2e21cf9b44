"""Each import contract of pyproject.toml is broken once on purpose: a wall that cannot fail holds nothing."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
BREACHES = {
    "house": ("rules/words.py", "import database.pool"),
    "graphql-never-waits": ("resolvers/threads.py", "import providers.protocol"),
    "only-graphql-knows-graphql": ("jobs/pull.py", "import strawberry"),
    "rules-do-no-io": ("rules/pacing.py", "import random"),
    "parsers-do-no-io": ("providers/gmail/wire.py", "import httpx"),
    "simulator-apart": ("simulator/post.py", "import rules.words"),
    "nobody-imports-benchmarks": ("jobs/pull.py", "import benchmarks"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, to break."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in SETTINGS["root_packages"]:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "assets")
        )
    return folder


def broken(folder: Path) -> set[str]:
    """The names of the contracts that do not hold."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False
    )
    words = " ".join(done.stdout.split())
    return {one["id"] for one in SETTINGS["contracts"] if f"{one['name']} BROKEN" in words}


def test_every_contract_has_a_breach_of_its_own() -> None:
    assert sorted(BREACHES) == sorted(one["id"] for one in SETTINGS["contracts"])


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_is_found(copy: Path, contract: str) -> None:
    name, breach = BREACHES[contract]
    whole = (copy / name).read_text()
    (copy / name).write_text(f"{whole}\n{breach}\n")

    found = broken(copy)
    (copy / name).write_text(whole)

    assert contract in found
