"""Primary keys: UUIDv7, increasing within a process, so that rows of one time lie together in an index.

Source: RFC 9562, section 5.7 and section 6.2, method 2 (the random part counts up within a millisecond).
"""

import secrets
import threading
import time
from uuid import UUID

_RANDOM_BITS = 74
_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)
_LOW = (1 << 62) - 1

_lock = threading.Lock()
_last_at = 0
_last_random = 0


def new_id() -> UUID:
    """A new key, greater than every key that this process made before it."""
    global _last_at, _last_random
    with _lock:
        at = time.time_ns() // 1_000_000
        if at > _last_at:
            _last_at, _last_random = at, secrets.randbits(_RANDOM_BITS - 1)
        else:
            _last_random += 1 + secrets.randbits(32)
            if _last_random >> _RANDOM_BITS:
                _last_at, _last_random = _last_at + 1, secrets.randbits(_RANDOM_BITS - 1)
        high, low = _last_random >> 62, _last_random & _LOW
        return UUID(int=(_last_at << 80) | _VERSION_AND_VARIANT | (high << 64) | low)
