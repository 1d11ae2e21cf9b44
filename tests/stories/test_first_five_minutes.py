"""docs/first-five-minutes.md is run as it stands against a demo of its own, block by block."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.demo.demo_process import ROOT, Demo, demo_in

BLOCKS = re.findall(
    r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```$",
    (ROOT / "docs/first-five-minutes.md").read_text(),
    re.MULTILINE | re.DOTALL,
)
MARK = "---- the next block ----"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    yield from demo_in(tmp_path)


@pytest.mark.timeout(240)
async def test_the_first_five_minutes_go_as_they_are_told(demo: Demo) -> None:
    process = demo.start()
    await demo.told()
    script = f"\necho '{MARK}'\n".join(block for block, _ in BLOCKS)

    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=demo.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    process.send_signal(signal.SIGINT)
    process.wait(30)

    assert done.returncode == 0, done.stdout + done.stderr
    assert len(BLOCKS) == 5
    assert [part.strip() for part in done.stdout.split(MARK)] == [told.strip() for _, told in BLOCKS]


def test_every_block_of_the_document_is_run() -> None:
    document = (ROOT / "docs/first-five-minutes.md").read_text()

    assert document.count("```sh\n") == len(BLOCKS)
