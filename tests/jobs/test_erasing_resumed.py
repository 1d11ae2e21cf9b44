"""An erasing that is killed at every step is completed; an operator begins one, and sees when it is done."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from app.commands import app
from database.ids import new_id
from jobs.sweep import tidy
from tests.jobs.conftest import ANN, DANA
from tests.jobs.crm import Crm, Killed
from tests.jobs.erasing_world import WORD, Erasing, ben_of, secret_mail, until_done
from tests.jobs.office import BEN
from tests.jobs.test_auto_bcc import ADA

MAILBOX_POINTS = ["erase.mail-uncommitted", "erase.mail", "erase.row-uncommitted", "erase.row"]
USER_POINTS = ["erase.mentions-uncommitted", "erase.mentions", "erase.assigned-uncommitted", "erase.assigned"]
USER_POINTS += ["erase.husk", *MAILBOX_POINTS]


def kill_at_each(crm: Crm, points: list[str]) -> list[str]:
    """End the job the first time it passes each point; those that it has not come to yet."""
    ahead = list(points)

    def passing(passed: str) -> None:
        if passed in ahead:
            ahead.remove(passed)
            raise Killed(passed)

    crm.passing(passing)
    return ahead


@pytest.mark.rule("R68")
async def test_an_erasing_of_a_mailbox_that_is_killed_at_every_step_is_completed(
    crm: Crm, erasing: Erasing
) -> None:
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await erasing.brought(mailbox_id, secret_mail(DANA, ANN), secret_mail(DANA, ANN, subject="Again"))
    await erasing.erase_mailbox(mailbox_id, ANN)
    ahead = kill_at_each(crm, MAILBOX_POINTS)

    await until_done(crm, "erase_mailbox")
    await a_day_later(crm, tidy)

    assert ahead == []
    assert await erasing.kept(WORD, ANN) == []
    assert (await erasing.acts()).count("mailbox.erased") == 1


@pytest.mark.rule("R68")
async def test_an_erasing_of_a_user_that_is_killed_at_every_step_is_completed(
    crm: Crm, erasing: Erasing
) -> None:
    await crm.add_contact("Dana", DANA)
    ben = await ben_of(crm)
    bens, anns = await crm.connect(BEN, user_id=ben), await crm.connect(ANN)
    await erasing.brought(bens, secret_mail(DANA, BEN))
    await erasing.brought(anns, {"sender": DANA, "to": [ANN, BEN], "subject": "To both", "text": "x"})
    await erasing.change("update threads set assignee_id = :ben", ben=ben)
    await erasing.erase_user(ben, BEN)
    ahead = kill_at_each(crm, USER_POINTS)

    await until_done(crm, "erase_user")
    await a_day_later(crm, tidy)

    assert ahead == []
    assert await erasing.kept(WORD, BEN, "ben holm") == []
    assert (await erasing.acts()).count("user.erased") == 1


async def a_day_later(crm: Crm, sweep: Callable[..., Any]) -> None:
    """What the sweep removes within a day of the erasing; nothing is deleted for being old otherwise."""
    later = replace(crm.context, now=lambda: crm.context.now() + timedelta(hours=23))
    await sweep(later, crm.workspace_id)


async def test_an_operator_erases_by_naming_the_address_and_sees_when_it_is_done(
    crm: Crm, erasing: Erasing, database_url: str
) -> None:
    await crm.add_contact("Dana", DANA)
    mailbox_id = await crm.connect(ANN)
    await erasing.brought(mailbox_id, secret_mail(DANA, ANN))
    keys = f"tests:{base64.b64encode(bytes(range(32))).decode()}"
    settings = {"DATABASE_URL": database_url, "VAULT_KEYS": keys, "COLUMNS": "400", "TERM": "dumb"}

    async def typed(what: str, id: Any, address: str) -> tuple[int, str]:
        words = [what, "erase", str(id), address, "--workspace", str(crm.workspace_id)]
        done = await asyncio.to_thread(CliRunner().invoke, app, words, env=settings)
        return done.exit_code, done.output

    wrong = await typed("mailbox", mailbox_id, "anna@example-co.test")
    begun = await typed("mailbox", mailbox_id, ANN)
    under_way = await typed("mailbox", mailbox_id, ANN)
    await crm.work()
    done = await typed("mailbox", mailbox_id, ANN)
    user = await typed("user", crm.user_id, ADA)
    await crm.work()
    user_done = await typed("user", crm.user_id, ADA)

    assert (wrong[0], f"is '{ANN}'. Give it" in wrong[1]) == (1, True)
    assert (begun[0], "now erases 1 messages in 1 conversations" in begun[1]) == (0, True)
    assert "1 messages are left" in under_way[1]
    assert done == (0, "The mailbox is erased.\n")
    assert (user[0], user_done) == (0, (0, "The user is erased.\n"))
    assert (await typed("user", new_id(), ADA))[0] == 1
    assert await erasing.kept(WORD, ADA) == []
    assert {
        row["actor"] for row in await crm.rows("select actor from audit_log where action ~ 'erasing'")
    } == {"operator"}
