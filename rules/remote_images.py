"""Remote images of mail: which addresses may be asked for, and what counts as an image.

Only raster images are shown, by what their first bytes are and whatever their server calls them: a drawing
(SVG) is a document that runs and loads. Pure. Source: security R42; PNG 5.2, RFC 2083; JFIF; GIF89a; RFC 9649
(WebP).
"""

from typing import Final

from rules.web_addresses import BadWebAddress, WebAddress, joined, read_web_address

LARGEST_BYTES: Final = 5 * 1024 * 1024
MOST_REDIRECTS: Final = 3
LONGEST_ADDRESS: Final = 4_096
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
AGENT: Final = "Mozilla/5.0 (compatible; Bothways-Images/1)"
"""The same for everybody: it tells nothing of who reads, or with what."""
HEADERS: Final = {"user-agent": AGENT, "accept": "image/png, image/jpeg, image/gif, image/webp"}

_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def image_address(written: str) -> WebAddress | None:
    """Return where a mail's image lies; None where that is no address on the web. Mail has blanks in them."""
    try:
        return read_web_address(written.strip().replace(" ", "%20"), LONGEST_ADDRESS)
    except BadWebAddress:
        return None


def redirected(from_: WebAddress, location: str) -> WebAddress | None:
    """Return where a redirect leads; None where that is nowhere on the web."""
    try:
        return joined(from_, location.strip().replace(" ", "%20"))
    except BadWebAddress:
        return None


def raster_type(content: bytes) -> str | None:
    """Return the media type of a raster image by its first bytes; None for anything else."""
    for beginning, type_ in _BEGINNINGS:
        if content.startswith(beginning):
            return type_
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return None
