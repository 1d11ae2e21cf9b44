"""The child that reads strangers' mail: one request a line on stdin, one answer on stdout, then the next.

It bounds itself before it reads anything: memory, processor time per mail, file size, no core, no new
process, and it dies with its parent. Its environment holds nothing worth stealing.
Started as `python -m jobs.sandbox_child MEMORY_BYTES CPU_SECONDS`.
"""

import ctypes
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import Final

import orjson

from jobs.parsed_json import encode
from rules.mime_in import ReadMail, parse

PR_SET_PDEATHSIG: Final = 1
FILE_BYTES_LIMIT: Final = 128 * 1024 * 1024
LENGTH: Final = struct.Struct(">I")


def bound(memory_bytes: int) -> None:
    """Give up what reading a mail does not need. Source: prctl(2), setrlimit(2)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES_LIMIT, FILE_BYTES_LIMIT))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def allow_processor(seconds: int) -> None:
    """Let the next mail use so much processor time; past it the kernel ends the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds + 1, hard))


def answer(request: bytes) -> bytes:
    """Read one mail, write its attachments as numbered files, and return what it says as JSON."""
    asked = orjson.loads(request)
    raw, into = Path(asked["raw"]), Path(asked["into"])
    read: ReadMail = parse(raw.read_bytes())
    for position, content in enumerate(read.contents):
        (into / str(position)).write_bytes(content)
    return encode(read.message)


def main(memory_bytes: int, cpu_seconds: int) -> None:
    """Serve until stdin ends."""
    bound(memory_bytes)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while request := requests.readline():
        allow_processor(cpu_seconds)
        content = answer(request)
        answers.write(LENGTH.pack(len(content)) + content)
        answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
