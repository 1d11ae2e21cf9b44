"""Reading and writing in the web app, told in a real browser, and the units of its sources."""

import pytest

from tests.stories.stack import Stack
from tests.web.building import WEB, run_in_browser
from tests.web.conftest import told


@pytest.mark.timeout(300)
async def test_the_inbox_is_read_and_answered_by_keyboard(deployment: Stack) -> None:
    printed = await run_in_browser("inbox.mjs", told(deployment))

    assert "told to its end" in printed
    assert (WEB / "dist" / "index.html").is_file()
