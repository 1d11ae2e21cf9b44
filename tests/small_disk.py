"""A disk of a few megabytes that a test may fill: a tmpfs, which only root may mount; so for the soak."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A mounted folder that every user may pass through."""

    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self, *, leave_kilobytes: int) -> None:
        """Take all room but so much."""
        status = os.statvfs(self.folder)
        left = status.f_bavail * status.f_frsize - leave_kilobytes * 1024
        with self._ballast.open("ab") as file, suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, file.seek(0, os.SEEK_END) + max(left, 1))

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk at a folder, and take it away again with what lies on it."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in folder.parents[:3]:
        each.chmod(each.stat().st_mode | 0o011)  # PostgreSQL runs as another user
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", folder], check=True
    )
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
