"""How fast strangers' mail is read, and in how much memory: `python -m benchmarks.ingest`.

A mix like the one in the design measurements: 60 % of 8 KB, 30 % of 60 KB (HTML with an inline image), 9 % of
1 MB (a PDF), 1 % of 20 MB. Floors: the interpreter's parser with its modern policy, as most programs use it,
and fast-mail-parser alone, which gives parts and nothing else. Ours is the whole reading: headers by our own
parsers, charsets, safe HTML, text, quotation, attachments; and the same through the sandbox.
Processor time of one process, medians; the sandbox in wall time. Peak memory is of a fresh process each.
"""

import asyncio
import base64
import email
import email.message
import email.policy
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import fast_mail_parser
from rich.console import Console
from rich.table import Table

from jobs.sandbox import Sandbox
from rules.mime_in import parse

ROUNDS = 5
MIX = {"8 KB": 60, "60 KB": 30, "1 MB": 9, "20 MB": 1}
PARAGRAPH = (
    '<table width="600" style="border:1px solid #ccc;font-family:Arial"><tr><td align="center" '
    'style="padding:4px;color:#333">Dear Ann, '
    '<a href="https://okafor.example/offer?id=1&amp;x=2">the offer</a> is attached; '
    " we could begin on Monday, if the weather holds.</td></tr></table>\r\n"
)


def mail(html_bytes: int, file_bytes: int, kind: str = "application/pdf") -> bytes:
    """A mail with text, HTML of a size, and a file of a size."""
    html = PARAGRAPH * (html_bytes // len(PARAGRAPH) + 1)
    text = "Dear Ann, the offer is attached; we could begin on Monday.\r\n"
    text *= html_bytes // 400 + 1
    file = base64.encodebytes(os.urandom(file_bytes)).replace(b"\n", b"\r\n")
    received = "".join(
        f"Received: from mx{hop}.example by mx{hop + 1}.example; Fri, 20 Nov 2026 10:42:0{hop} +0000\r\n"
        for hop in range(6)
    )
    head = (
        f"{received}From: =?utf-8?q?Dana_=C3=96kafor?= <dana@okafor.example>\r\n"
        "To: Ann Berg <ann@crm.example>, b@crm.example\r\nSubject: =?utf-8?b?R3LDvMOfZSBhdXMgS8O2bG4=?=\r\n"
        "Message-ID: <1@okafor.example>\r\nDate: Fri, 20 Nov 2026 10:42:00 +0100\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="m"\r\n\r\n'
        '--m\r\nContent-Type: multipart/alternative; boundary="a"\r\n\r\n'
        f"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--a--\r\n"
        f'--m\r\nContent-Type: {kind}; name="a.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    return head.encode() + file + b"--m--\r\n"


SIZES: dict[str, tuple[int, int, str]] = {
    "8 KB": (4_000, 2_000, "application/pdf"),
    "60 KB": (28_000, 20_000, "image/png"),
    "1 MB": (8_000, 700_000, "application/pdf"),
    "20 MB": (8_000, 14_500_000, "application/pdf"),
}


def by_the_interpreter(raw: bytes) -> int:
    """The reading that most Python programs do: headers, texts and files, decoded."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    size = len(str(message["from"])) + len(str(message["to"])) + len(str(message["subject"]))
    for part in message.walk():
        if not part.is_multipart():
            assert isinstance(part, email.message.EmailMessage)
            size += len(part.get_content())
    return size


def by_the_fast_parser(raw: bytes) -> int:
    """The floor: parts, decoded, nothing else."""
    read = fast_mail_parser.parse_email(raw)
    return sum(len(one.content) for one in read.attachments) + sum(map(len, read.text_html))


def by_us(raw: bytes) -> int:
    """The whole reading."""
    return len(parse(raw).message.text)


READERS: dict[str, Callable[[bytes], int]] = {
    "interpreter (policy.default)": by_the_interpreter,
    "fast-mail-parser alone": by_the_fast_parser,
    "ours, everything": by_us,
}


def seconds_per_mail(reader: Callable[[bytes], int], raw: bytes) -> float:
    """Return the median processor time of one reading."""
    repeats = max(1, min(200, 400_000 // len(raw)))
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(repeats):
            reader(raw)
        found.append((time.process_time() - started) / repeats)
    return statistics.median(found)


async def sandboxed_seconds_per_mail(raw: bytes) -> float:
    """Return the median wall time of one reading in a child, its attachments written as files."""
    with tempfile.TemporaryDirectory() as folder:
        path, into = Path(folder) / "mail.eml", Path(folder) / "into"
        path.write_bytes(raw)
        into.mkdir()
        async with Sandbox(children=1) as sandbox:
            await sandbox.parse(path, into)
            found = []
            for _ in range(ROUNDS * 3):
                started = time.perf_counter()
                await sandbox.parse(path, into)
                found.append(time.perf_counter() - started)
    return statistics.median(found)


def peak_bytes(reader: str) -> int:
    """Return how far memory rises above its base while a 25 MB attachment is read, in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mail.eml"
        path.write_bytes(mail(8_000, 25 * 1024 * 1024))
        asked = subprocess.run(
            [sys.executable, "-m", "benchmarks.ingest", reader, str(path)],
            capture_output=True,
            check=True,
            text=True,
        )
    return int(asked.stdout)


def measure_peak(reader: str, path: Path) -> None:
    """Print the rise of this process's peak memory over what it held before, the mail itself included."""
    READERS[reader](mail(1_000, 1_000))
    base = memory_bytes("VmRSS")
    READERS[reader](path.read_bytes())
    sys.stdout.write(str(memory_bytes("VmHWM") - base))


def memory_bytes(kind: str) -> int:
    """Return this process's present (VmRSS) or highest (VmHWM) memory; getrusage would count the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(kind)).split()[1]) * 1024


def main() -> None:
    """Measure, and print a table."""
    samples = {size: mail(*parts) for size, parts in SIZES.items()}
    table = Table(title="Mails per second of one core (sandbox: wall time); memory for a 25 MB attachment")
    for column in ("reader", *samples, "mix 60/30/9/1", "x interpreter", "peak for 25 MB"):
        table.add_column(column, justify="left" if column == "reader" else "right")
    floor = 0.0
    for name, reader in READERS.items():
        times = {size: seconds_per_mail(reader, raw) for size, raw in samples.items()}
        mix = 100 / sum(times[size] * share for size, share in MIX.items())
        floor = floor or mix
        rates = [f"{1 / times[size]:,.1f}" for size in samples]
        table.add_row(
            name, *rates, f"{mix:,.0f}", f"{mix / floor:.1f}", f"{peak_bytes(name) / 2**20:,.0f} MB"
        )
    times = {size: asyncio.run(sandboxed_seconds_per_mail(raw)) for size, raw in samples.items()}
    mix = 100 / sum(times[size] * share for size, share in MIX.items())
    rates = [f"{1 / times[size]:,.1f}" for size in samples]
    table.add_row("ours, in the sandbox", *rates, f"{mix:,.0f}", f"{mix / floor:.1f}", "in the child")
    Console(width=150).print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure_peak(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
