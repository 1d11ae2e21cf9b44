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


async def test_what_is_handed_in_is_delivered_or_comes_back_to_its_sender() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
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
