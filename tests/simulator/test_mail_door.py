"""Mail that a server outside hands in by SMTP: delivered, or back to its envelope's sender."""

import asyncio
import smtplib
import socket

from tests.simulator_process import running_simulator
from tests.waiting import wait_until


def _hand_in(port: int, sender: str, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as line:
        raw = f"From: Shop <shop@crm.test>\r\nTo: {recipients[0]}\r\nSubject: News\r\n\r\n.\r\nHello.\r\n"
        line.sendmail(sender, recipients, raw)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_what_is_handed_in_is_delivered_or_comes_back_to_its_sender() -> None:
    port = _free_port()
    async with running_simulator(smtp_port=port) as simulator:
        for address in ("dana@okafor.test", "returns@crm.test"):
            await simulator.create_account(address)
        await simulator.set_dials(auto_replies={"dana@okafor.test": "Away."})
        people = ("dana@okafor.test", "nobody@bounce.test")
        await asyncio.to_thread(_hand_in, port, "returns@crm.test", *people)

        [came] = await simulator.mailbox("dana@okafor.test")
        whole = await simulator.message("dana@okafor.test", came["id"])
        assert whole["text"].splitlines() == [".", "Hello."]
        assert ["Return-Path", "<returns@crm.test>"] in whole["headers"]

        async def both() -> bool:
            return len(await simulator.mailbox("returns@crm.test")) == 2

        await wait_until(both, description="a bounce and an automatic answer came to the return path")


async def test_a_sender_is_kept_waiting_until_the_dial_lets_it_begin() -> None:
    port = _free_port()
    async with running_simulator(smtp_port=port) as simulator:
        await simulator.create_account("dana@okafor.test")
        await simulator.set_dials(mail_from_outside_waits=True)
        sending = asyncio.create_task(
            asyncio.to_thread(_hand_in, port, "returns@crm.test", "dana@okafor.test")
        )
        _, waiting = await asyncio.wait({sending}, timeout=0.3)
        assert waiting
        assert await simulator.mailbox("dana@okafor.test") == []

        await simulator.set_dials(mail_from_outside_waits=False)
        await sending
        assert len(await simulator.mailbox("dana@okafor.test")) == 1
