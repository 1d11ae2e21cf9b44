"""Auto BCC, the workspace's mail server, bulk mail and webhooks in the web app, told in a real browser."""

import pytest

from tests.stories.stack import Stack
from tests.web.building import run_in_browser
from tests.web.conftest import told


@pytest.mark.timeout(300)
async def test_mail_to_many_and_from_anywhere_in_the_browser(deployment: Stack) -> None:
    await deployment.start("smtp")

    printed = await run_in_browser("sending.mjs", told(deployment))

    assert "told to its end" in printed
