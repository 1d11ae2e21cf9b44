"""Mail that leaves the simulated world: one domain whose mail goes out by SMTP to a real server.

Belongs here: handing one mail over, trying again while the server says later. Never: mailboxes. A refusal for
good comes back to the post office, which bounces as for any dead address.
Source: RFC 5321 4.2.1 (4yz: try again, 5yz: give up).
"""

import asyncio
import smtplib
from collections.abc import Callable
from dataclasses import dataclass, field

TRIES = 5
SECONDS_BETWEEN = 0.5


@dataclass
class Relay:
    """Where the mail of one domain goes."""

    domain: str
    host: str
    port: int
    under_way: set["asyncio.Task[None]"] = field(default_factory=set)

    def takes(self, address: str) -> bool:
        """Return whether an address lies outside, at the relay's domain."""
        return address.lower().rpartition("@")[2] == self.domain

    def send(self, return_path: str, recipient: str, raw: bytes, refused: Callable[[], None]) -> None:
        """Hand a mail over in the background; `refused` is called when it never will be taken."""

        async def carry() -> None:
            for _ in range(TRIES):
                try:
                    await asyncio.to_thread(self._hand_over, return_path, recipient, raw)
                except smtplib.SMTPException as trouble:
                    if _for_good(trouble):
                        break
                except OSError:
                    pass
                else:
                    return
                await asyncio.sleep(SECONDS_BETWEEN)
            refused()

        task = asyncio.get_running_loop().create_task(carry())
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)

    def _hand_over(self, return_path: str, recipient: str, raw: bytes) -> None:
        with smtplib.SMTP(self.host, self.port, local_hostname="mx.simulator", timeout=30) as line:
            line.sendmail(return_path, [recipient], raw)


def _for_good(trouble: smtplib.SMTPException) -> bool:
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in trouble.recipients.values())
    return isinstance(trouble, smtplib.SMTPResponseException) and trouble.smtp_code >= 500


def read_relay(domain: str, address: str) -> Relay | None:
    """Return the relay that the command line names, `host:port`; None where it names none."""
    host, _, port = address.rpartition(":")
    return Relay(domain.lower(), host, int(port)) if domain and host else None
