"""Prepared bytes that many sockets share, and the bound on what may wait for slow ones.

Belongs here: the counting of memory. A payload is executed and encoded once; a socket that cannot take it
now keeps a reference, never a copy. Two bounds hold: each backlog has its own, and the process has one
over the bytes that wait anywhere, each payload counted once. Overflow is not silent: the socket is
closed, and its client comes back with `after`.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


class Payload:
    """The bytes of one execution result; `waiting_in` counts the backlogs that hold it."""

    __slots__ = ("data", "waiting_in")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.waiting_in = 0


@dataclass(frozen=True, slots=True)
class BacklogLimits:
    """What may wait for one socket, and for all sockets of the process."""

    messages: int = 512
    bytes_: int = 1024 * 1024
    process_bytes: int = 16 * 1024 * 1024


Frame = tuple[bytes, Payload | None]
"""A message to send: its first part, and the shared part that follows, if any."""

_OVERHEAD_BYTES = 64
"""What a waiting frame costs besides its bytes: a tuple and a slot."""


class BacklogBudget:
    """The bytes that wait in all backlogs of the process; over the limit the longest backlogs overflow."""

    def __init__(self, limits: BacklogLimits) -> None:
        self.limits = limits
        self.waiting_bytes = 0
        self._backlogs: set[Backlog] = set()

    def enlist(self, backlog: "Backlog") -> None:
        self._backlogs.add(backlog)

    def dismiss(self, backlog: "Backlog") -> None:
        self._backlogs.discard(backlog)

    def enforce(self) -> None:
        """Overflow the longest backlogs until the rest fits."""
        while self.waiting_bytes > self.limits.process_bytes and self._backlogs:
            max(self._backlogs, key=lambda backlog: backlog.size_bytes).overflow()


class Backlog:
    """What one socket has not taken yet, in order. `on_overflow` is called once; then it stays empty."""

    __slots__ = ("_budget", "_frames", "_on_overflow", "_overflown", "size_bytes")

    def __init__(self, budget: BacklogBudget, on_overflow: Callable[[], None]) -> None:
        self._budget = budget
        self._frames: deque[Frame] | None = None
        self._on_overflow = on_overflow
        self._overflown = False
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._frames) if self._frames else 0

    def append(self, prefix: bytes, payload: Payload | None) -> None:
        """Keep a frame for later, or overflow."""
        if self._overflown:
            return
        if self._frames is None:
            self._frames = deque()
        if not self._frames:
            self._budget.enlist(self)
        self._frames.append((prefix, payload))
        self.size_bytes += len(prefix)
        self._budget.waiting_bytes += _OVERHEAD_BYTES + (len(prefix) if payload is None else 0)
        if payload is not None:
            self.size_bytes += len(payload.data)
            if not payload.waiting_in:
                self._budget.waiting_bytes += len(payload.data)
            payload.waiting_in += 1
        limits = self._budget.limits
        if len(self._frames) > limits.messages or self.size_bytes > limits.bytes_:
            self.overflow()
        else:
            self._budget.enforce()

    def popleft(self) -> Frame:
        """Take the oldest frame."""
        assert self._frames is not None
        prefix, payload = self._frames.popleft()
        self.size_bytes -= len(prefix)
        self._budget.waiting_bytes -= _OVERHEAD_BYTES + (len(prefix) if payload is None else 0)
        if payload is not None:
            self.size_bytes -= len(payload.data)
            payload.waiting_in -= 1
            if not payload.waiting_in:
                self._budget.waiting_bytes -= len(payload.data)
        if not self._frames:
            self._budget.dismiss(self)
        return prefix, payload

    def clear(self) -> None:
        """Forget everything that waits."""
        while self._frames:
            self.popleft()
        self._frames = None

    def overflow(self) -> None:
        """Drop everything for good and say so, once."""
        if self._overflown:
            return
        self._overflown = True
        self.clear()
        self._on_overflow()
