"""The child that reads strangers' mail: one request a line on stdin, one answer on stdout, then the next.

It bounds itself before it reads anything: memory, processor time per mail, file size, no core, no new
process, and it dies with its parent. Its environment holds nothing worth stealing.
Started as `python -m jobs.sandbox_child MEMORY_BYTES CPU_SECONDS`.
"""

import ctypes
import errno
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
from rules.shortage import ERRNOS

PR_SET_PDEATHSIG: Final = 1
FILE_BYTES_LIMIT: Final = 128 * 1024 * 1024
LENGTH: Final = struct.Struct(">I")
READY: Final = b"ready\n"
NOTHING: Final = LENGTH.pack(0)
"""Comes in place of an answer, and the number of an error of the machine after it."""
MACHINES: Final = ERRNOS - {errno.ENOMEM}
"""What is not the mail's doing. It may use up the memory that is allowed here."""


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


def answered(request: bytes) -> bytes:
    """Answer one request, or say which of the machine's troubles kept us from it: that is not the mail's."""
    try:
        content = answer(request)
    except OSError as trouble:
        if trouble.errno not in MACHINES:
            raise
        return NOTHING + LENGTH.pack(trouble.errno)
    return LENGTH.pack(len(content)) + content


def main(memory_bytes: int, cpu_seconds: int) -> None:
    """Serve until stdin ends."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answers.write(READY)
    answers.flush()
    bound(memory_bytes)
    while request := requests.readline():
        allow_processor(cpu_seconds)
        answers.write(answered(request))
        answers.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
