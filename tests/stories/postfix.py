"""A real Postfix for one test: configuration, queues, log of its own; .ci/run installs it, root runs it."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.waiting import wait_until

_MAIN: Final = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mail.example-co.test
mydestination =
relayhost = [127.0.0.1]:{port}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
alias_maps =
alias_database =
"""
_MASTER: Final = """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A mail server that relays everything to one port."""

    folder: Path

    @property
    def log(self) -> str:
        """What it has written so far."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    async def run(self, *words: str, told: str = "") -> None:
        """Run one of Postfix's programs to its end."""
        process = await asyncio.create_subprocess_exec(
            *words,
            env=os.environ | {"MAIL_CONFIG": str(self.folder)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate(told.encode())
        assert process.returncode == 0, f"{words}: {said.decode()}\n{self.log}"

    async def send(self, sender: str, recipient: str, mail: str) -> None:
        """Hand a mail in, as a program on this machine does."""
        await self.run("sendmail", "-i", "-f", sender, recipient, told=mail)

    async def flush(self) -> None:
        """Let it try everything that waits now."""
        await self.run("postqueue", "-f")

    async def says(self, words: str) -> None:
        """Wait until its log holds the words."""
        await wait_until(lambda: words in self.log, description=f"Postfix says {words}: {self.log[-800:]}")

    async def flush_until(self, words: str) -> None:
        """Let it try again and again until its log holds the words."""

        async def flushed() -> bool:
            await self.flush()
            return words in self.log

        await wait_until(flushed, description=f"Postfix says {words}")


@asynccontextmanager
async def running_postfix(port: int) -> AsyncIterator[Postfix]:
    """Start a Postfix that relays to a port of this machine, and stop it afterwards."""
    assert os.geteuid() == 0, "Postfix runs as root only; so does CI"
    folder = Path(tempfile.mkdtemp(prefix="bothways-postfix-"))
    folder.chmod(0o755)
    for name in ("queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    (folder / "main.cf").write_text(_MAIN.format(folder=folder, port=port))
    (folder / "master.cf").write_text(_MASTER)
    server = Postfix(folder)
    await server.run("postfix", "-c", str(folder), "start")
    try:
        yield server
    finally:
        await server.run("postfix", "-c", str(folder), "stop")
        shutil.rmtree(folder, ignore_errors=True)
