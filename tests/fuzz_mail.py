"""Read a million broken mails: `python -m tests.fuzz_mail [--cases N] [--seed N]`, or `make fuzz` (R38).

Each case takes a mail of the corpus or of the samples and breaks it a few times, as disks, gateways and
attackers do: bytes changed, lines repeated or swapped, parts of two mails joined, tokens put in that parsers
choke on. The same seed gives the same cases. A case fails where reading raises, takes longer than a person
waits, or gives text that no database takes; its bytes are then written down, to become a sample.
"""

import argparse
import random
import secrets
import sys
import time
from pathlib import Path
from typing import Final

from rules.mime_in import parse
from tests.samples.mail.families import corpus
from tests.samples.mail.shapes import SHAPES

SLOW_SECONDS: Final = 1.0
TOKENS: Final = (
    *(b"a@[::1", b'"', b"<", b">", b"=?", b"?=", b"=?rot13?q?", b"=?idna?b?", b"=?undefined?q?x?=", b"\x00"),
    *(
        b"charset=unknown",
        b"charset=rot13",
        b'boundary="b"',
        b"boundary=",
        b"--b--\r\n",
        b"--b\r\n",
        b"\r\n\r\n",
    ),
    *(
        b"\r",
        b"\n",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"filename*0*=utf-8''%",
        b"filename*99999999=x",
        b"; ",
        b"=3D",
    ),
    *(
        b"Content-Type: multipart/mixed\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b"begin 644 x\r\n",
        b"=\r\n",
    ),
    *(
        b"Content-Type: message/rfc822\r\n",
        b"Content-Type: text/html\r\n",
        b"<table>" * 50,
        b"<!--",
        b"cid:",
        b"%00",
    ),
    *(
        b"Message-ID: <\r\n",
        b"Date: Mon, 99 Foo 99999 99:99:99 +99999999\r\n",
        b"Subject: " + b"a" * 5_000,
        b"&#x110000;",
    ),
)
"""What is put in: the seeds that R38 names, and what parsers of mail have choked on elsewhere."""


def broken(dice: random.Random, seeds: list[bytes]) -> bytes:
    """One case."""
    raw = bytearray(dice.choice(seeds))
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(raw) + 1)
        end = min(len(raw), at + dice.choice((1, 2, 8, 40, 400)))
        match dice.randrange(8):
            case 0:
                raw[at:at] = dice.choice(TOKENS)
            case 1:
                raw[at:end] = dice.choice(TOKENS)
            case 2:
                del raw[at:end]
            case 3:
                raw[at:at] = raw[at:end] * dice.choice((1, 2, 30))
            case 4:
                raw[at:end] = dice.randbytes(end - at)
            case 5:
                other = dice.choice(seeds)
                raw[at:] = other[dice.randrange(len(other) + 1) :]
            case 6:
                lines = raw.split(b"\r\n")
                dice.shuffle(lines)
                raw = bytearray(b"\r\n".join(lines))
            case _:
                del raw[at:]
    return bytes(raw)


def trouble(raw: bytes) -> str | None:
    """What is wrong with the reading of a mail, or None."""
    begun = time.perf_counter()
    try:
        read = parse(raw)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    taken = time.perf_counter() - begun
    message = read.message
    said = (
        message.text,
        message.html or "",
        message.subject,
        *(one.outline.name for one in message.attachments),
    )
    if taken > SLOW_SECONDS:
        return f"took {taken:.1f} s"
    if any("\x00" in one for one in said):
        return "holds a NUL"
    try:
        "".join(said).encode()
    except UnicodeError:
        return "holds half a letter"
    return None if len(read.contents) == len(message.attachments) else "lost a content"


def main() -> int:
    """Run the cases; the number of those that failed."""
    arguments = argparse.ArgumentParser(
        prog="python -m tests.fuzz_mail", description="Break mails and read them."
    )
    arguments.add_argument("--cases", type=int, default=1_000_000)
    arguments.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    arguments.add_argument(
        "--found", type=Path, default=Path("fuzz-found"), help="where failing mails are written"
    )
    asked = arguments.parse_args()
    seeds = [shape.raw for shape in (*SHAPES, *corpus()) if shape.raw and len(shape.raw) < 50_000]
    print(f"seed {asked.seed}, {len(seeds)} mails to begin with", flush=True)
    dice, failed = random.Random(asked.seed), 0
    for number in range(asked.cases):
        raw = broken(dice, seeds)
        if (what := trouble(raw)) is not None:
            failed += 1
            asked.found.mkdir(exist_ok=True)
            (asked.found / f"{asked.seed}-{number}.eml").write_bytes(raw)
            print(f"case {number}: {what}", flush=True)
        if number % 50_000 == 49_999:
            print(f"{number + 1} cases, {failed} failed", flush=True)
    print(f"{asked.cases} cases, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
