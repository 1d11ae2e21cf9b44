"""What a machine can lack, so that work cannot be done on it now: disk, memory, file handles, processor time.

The law: such a failure is the deployment's and nobody else's. It counts against no command and no mail:
nothing is parked, set aside or called unreadable for it, and the work is done when there is room again. Pure.
Source: errno(3).
"""

import errno
from typing import Final

ERRNOS: Final = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EAGAIN,
        errno.EIO,
        errno.EROFS,
    }
)


class Shortage(OSError):
    """The machine, or what stores for it, lacks something now. The same may be done later."""


def is_shortage(trouble: BaseException) -> bool:
    """Whether a failure says only that the machine lacks something now."""
    return isinstance(trouble, Shortage) or (isinstance(trouble, OSError) and trouble.errno in ERRNOS)
