"""What needs the SMTP process, told in a real browser: Auto BCC, mail to many, an Outlook mailbox's life."""

from collections.abc import AsyncIterator

import pytest

from tests.stories.stack import Stack
from tests.web.building import run_in_browser
from tests.web.conftest import told


@pytest.fixture(scope="module")
async def smtp(house: Stack) -> AsyncIterator[None]:
    """The SMTP process."""
    process = await house.start("smtp")
    yield
    await house.kill(process)


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("smtp")
@pytest.mark.parametrize("story", ["sending.mjs", "outlook.mjs"])
async def test_a_story_with_mail_to_ourselves_is_told_to_its_end(deployment: Stack, story: str) -> None:
    printed = await run_in_browser(story, told(deployment))

    assert "told to its end" in printed
