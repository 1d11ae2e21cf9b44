"""The units of the web app, and the size of its first paint: what `npm run test` runs."""

from pathlib import Path

import pytest

from tests.web.building import WEB, run_npm


@pytest.mark.timeout(300)
async def test_the_units_of_the_web_app_hold(web_app: Path) -> None:
    printed = await run_npm("test")

    assert web_app == WEB / "dist"
    assert "passed" in printed
