"""Which media type a response has, and what it may hold, pure.

Source: https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types; RFC 9110 section 12.5.1.
"""

from enum import StrEnum
from functools import lru_cache
from typing import Final


class MediaType(StrEnum):
    """How a response is written. The older one answers 200 to every well-formed request."""

    RESPONSE = "application/graphql-response+json"
    JSON = "application/json"


_MOST_RANGES: Final = 32
_HTML: Final = "text/html"
_TYPES: Final[frozenset[str]] = frozenset(one.value for one in MediaType)


def _ranges(accept: str) -> list[tuple[str, float]]:
    """Return the media ranges with their weights, the first of equals first."""
    found: list[tuple[str, float]] = []
    for part in accept.split(",")[:_MOST_RANGES]:
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        is_utf8 = True
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(value.strip())
            elif name.strip() == "charset":
                is_utf8 = value.strip(' "') in ("utf-8", "utf8")
        if media and is_utf8:
            found.append((media, weight))
    return sorted(found, key=lambda one: -one[1])


def _weight(value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


@lru_cache(maxsize=256)
def response_type(accept: str | None) -> MediaType | None:
    """Return the media type that the client likes best, or None where it takes neither.

    Without a wish it is `application/json`, which is what clients older than the specification expect.
    """
    if not accept or not accept.strip():
        return MediaType.JSON
    for media, weight in _ranges(accept):
        if weight == 0.0:
            continue
        if media in ("*/*", "application/*"):
            return MediaType.JSON
        if media in _TYPES:
            return MediaType(media)
    return None


def prefers_page(accept: str | None) -> bool:
    """Tell whether a browser asks for a page to look at."""
    return any(media == _HTML and weight > 0.0 for media, weight in _ranges(accept or "")) and not any(
        media in _TYPES for media, _ in _ranges(accept or "")
    )


@lru_cache(maxsize=256)
def is_json_request(content_type: str | None) -> bool:
    """Tell whether a POST body is declared as JSON in UTF-8, which no HTML form can do."""
    media, *parameters = (piece.strip().lower() for piece in (content_type or "").split(";"))
    if media != MediaType.JSON:
        return False
    charsets = [one.partition("=")[2].strip(' "') for one in parameters if one.startswith("charset")]
    return all(charset in ("utf-8", "utf8") for charset in charsets)
