"""The names of files, as they may be shown, stored and put into a header: without anything that acts.

A name says what a person called the file, never where it lies. Control characters, path parts and the
characters that turn the reading direction (which make `exe.pdf` of `fdp.exe`) go; the ending stays when a
long name is cut. Source: security requirement R44; Unicode TR 36, section 3.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

LONGEST: Final = 200
"""Characters of a stored name."""

_NAMELESS: Final = "attachment"
_FORBIDDEN: Final = re.compile(r'[<>:"|?*\\/]')
_DROPPED: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_DEVICES: Final = re.compile(r"(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$")
_CONTENT_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


def cleaned(name: str | None) -> str:
    """Return the name as it may be kept: one path part, visible characters, at most LONGEST of them."""
    last = re.split(r"[\\/]", name or "")[-1]
    normal = unicodedata.normalize("NFC", last)
    visible = "".join(each for each in normal if unicodedata.category(each) not in _DROPPED)
    plain = _FORBIDDEN.sub("_", " ".join(visible.split())).strip(". ")
    if not plain:
        return _NAMELESS
    if _DEVICES.match(plain):
        plain = f"_{plain}"
    if len(plain) <= LONGEST:
        return plain
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 20:
        return plain[:LONGEST]
    return f"{stem[: LONGEST - len(ending) - 1].rstrip('. ')}.{ending}"


def content_type(presented: str | None) -> str:
    """Return the media type without parameters; what is none becomes application/octet-stream."""
    bare = (presented or "").partition(";")[0].strip().lower()
    return bare if _CONTENT_TYPE.fullmatch(bare) else "application/octet-stream"


def disposition(name: str) -> str:
    """Return the Content-Disposition of a download, with the name twice. Source: RFC 6266, RFC 8187."""
    safe = cleaned(name)
    plain = "".join(each if " " <= each <= "~" and each not in '"\\%;' else "_" for each in safe)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
