"""What becomes of a message's attachments: stored, a stub because too large, or a stub because of its type.

Pure; sizes are decoded bytes. Source: sync-rules D8, S8 and "Settings that decide".
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from rules.envelope import AttachmentOutline
from rules.words import AttachmentState

LIMIT_CEILING_BYTES: Final = 25 * 1024 * 1024
"""No workspace may set its attachment limit higher."""

LEADCONNECTOR_TYPES: Final = frozenset(
    ("JPG", "JPEG", "PNG", "MP4", "MPEG", "ZIP", "RAR", "PDF", "DOC", "DOCX", "TXT")
)

_ALIASES: Final = {"JPE": "JPEG", "JPG": "JPEG", "MPG": "MPEG", "MPE": "MPEG"}
_BY_CONTENT_TYPE: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "video/mp4": "MP4",
    "video/mpeg": "MPEG",
    "application/zip": "ZIP",
    "application/vnd.rar": "RAR",
    "application/x-rar-compressed": "RAR",
    "application/pdf": "PDF",
    "application/msword": "DOC",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
    "text/plain": "TXT",
}


def _canonical(kind: str) -> str:
    upper = kind.strip().lstrip(".").upper()
    return _ALIASES.get(upper, upper)


def kind_of(outline: AttachmentOutline) -> str:
    """Return the attachment's type as the workspace's list spells it: by its name, else its content type.

    The name decides where there is one, since it decides what opens the file.
    """
    stem, dot, ending = outline.name.rpartition(".")
    if dot and stem and ending:
        return _canonical(ending)
    return _BY_CONTENT_TYPE.get(outline.content_type.lower(), "")


def total_bytes(sizes: Iterable[int]) -> int:
    """Return the sum of decoded sizes."""
    return sum(sizes)


def states_of(
    attachments: Sequence[AttachmentOutline], *, allowed: Collection[str] | None, too_large: bool
) -> tuple[AttachmentState, ...]:
    """Return what each attachment becomes, in order. `allowed` None: any type.

    `too_large`: together they passed the limit, and the workspace keeps the message without them.
    """
    if too_large:
        return (AttachmentState.TOO_LARGE,) * len(attachments)
    if allowed is None:
        return (AttachmentState.STORED,) * len(attachments)
    kinds = {_canonical(kind) for kind in allowed}
    return tuple(
        AttachmentState.STORED if kind_of(outline) in kinds else AttachmentState.BLOCKED_TYPE
        for outline in attachments
    )
