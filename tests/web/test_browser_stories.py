"""Every story of web/tests/browser: a real Chromium on real processes, a simulated provider beside them."""

import pytest

from tests.stories.stack import Stack
from tests.web.building import run_in_browser
from tests.web.conftest import told


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "story", ["inbox.mjs", "pictures.mjs", "settings.mjs", "contacts.mjs", "bothways.mjs", "erasing.mjs"]
)
async def test_a_story_is_told_to_its_end(deployment: Stack, story: str) -> None:
    printed = await run_in_browser(story, told(deployment))

    assert "told to its end" in printed
