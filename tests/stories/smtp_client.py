"""Mail handed to the SMTP process by a real client, with the bytes of its reply."""

import asyncio
import smtplib

from tests.stories.stack import Stack


def _talk(port: int, sender: str, to: str, raw: bytes, helo: str) -> tuple[int, str]:
    with smtplib.SMTP("127.0.0.1", port, local_hostname=helo, timeout=30) as line:
        line.ehlo()
        line.mail(sender)
        code, said = line.rcpt(to)
        if code == 250:
            code, said = line.data(raw)
        return code, said.decode()


async def hand_in(
    stack: Stack, to: str, raw: bytes, sender: str = "dana@okafor-roofing.test", helo: str = "mx.okafor.test"
) -> tuple[int, str]:
    """Hand a mail in; the last reply. Raises: smtplib.SMTPServerDisconnected: the server died."""
    return await asyncio.to_thread(_talk, int(stack.environment["SMTP_PORT"]), sender, to, raw, helo)


def letter(sender: str, to: str, message_id: str, *fields: str, says: str = "Gladly.") -> bytes:
    """A mail as a simple client writes it."""
    head = (f"From: {sender}", f"To: {to}", "Subject: Re: News", f"Message-ID: <{message_id}>", *fields)
    return "\r\n".join([*head, "", says, ""]).encode()
