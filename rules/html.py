"""Make a stranger's HTML safe to show: an allow-list, no remote loads, no way out of the frame.

The law: what is not on the lists is not there afterwards; nothing in the result makes a request or runs.
Remote images keep their address in `data-remote-src`, for a reader who asks to see them; CSS keeps colours,
type and boxes, and loses every function but colours. HTML that would be costly to clean is not cleaned at all
(R43): the caller falls back to text.
Source: R41 to R43; nh3 (ammonia), https://docs.rs/ammonia.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import islice
from typing import Final

import nh3

from rules.markup import ATTRIBUTE, RAW_TEXT, VOID, Tag, tokens, unescape

SIZE_LIMIT: Final = 2 * 1024 * 1024
"""Characters. Past any of these limits HTML is shown as text."""
DEPTH_LIMIT: Final = 500
ATTRIBUTE_LIMIT: Final = 200
TAG_LIMIT: Final = 60_000
FORMATTING_LIMIT: Final = 100
"""Open <b>, <font>... at one place: a parser repeats all of them in every following paragraph."""
STYLE_LIMIT: Final = 4096
REMOTE_IMAGE_LIMIT: Final = 500

_TAGS: Final = frozenset(
    (
        *(
            "a",
            "abbr",
            "address",
            "article",
            "aside",
            "b",
            "bdi",
            "bdo",
            "big",
            "blockquote",
            "br",
            "caption",
        ),
        *(
            "center",
            "cite",
            "code",
            "col",
            "colgroup",
            "dd",
            "del",
            "details",
            "dfn",
            "div",
            "dl",
            "dt",
            "em",
        ),
        *(
            "figcaption",
            "figure",
            "font",
            "footer",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "i",
            "img",
        ),
        *(
            "ins",
            "kbd",
            "li",
            "main",
            "mark",
            "ol",
            "p",
            "pre",
            "q",
            "rp",
            "rt",
            "ruby",
            "s",
            "samp",
            "section",
        ),
        *(
            "small",
            "span",
            "strike",
            "strong",
            "sub",
            "summary",
            "sup",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
        ),
        *("thead", "time", "tr", "tt", "u", "ul", "var", "wbr"),
    )
)
_CONTENT_GOES_TOO: Final = {
    *(
        "script",
        "style",
        "title",
        "noscript",
        "template",
        "svg",
        "math",
        "object",
        "iframe",
        "textarea",
        "select",
    ),
    *("noembed", "noframes", "xmp", "plaintext", "audio", "video", "canvas", "applet", "frameset"),
}
_BOX: Final = {"align", "valign", "width", "height", "bgcolor"}
_ATTRIBUTES: Final[Mapping[str, set[str]]] = {
    "*": {"style", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "align", "border", "hspace", "vspace"},
    "font": {"color", "face", "size"},
    "table": {*_BOX, "border", "cellpadding", "cellspacing"},
    "tr": _BOX,
    "td": {*_BOX, "colspan", "rowspan", "nowrap"},
    "th": {*_BOX, "colspan", "rowspan", "nowrap", "scope"},
    "tbody": {"align", "valign"},
    "thead": {"align", "valign"},
    "tfoot": {"align", "valign"},
    "col": {"span", "width", "align", "valign"},
    "colgroup": {"span", "width", "align", "valign"},
    "div": {"align"},
    "p": {"align"},
    "hr": {"align", "width", "size", "color", "noshade"},
    "h1": {"align"},
    "h2": {"align"},
    "h3": {"align"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "time": {"datetime"},
}
_STYLES: Final = frozenset(
    (
        *("background", "background-color", "border", "border-bottom", "border-bottom-color"),
        *("border-bottom-style", "border-bottom-width", "border-collapse", "border-color", "border-left"),
        *("border-left-color", "border-left-style", "border-left-width", "border-radius", "border-right"),
        *("border-right-color", "border-right-style", "border-right-width", "border-spacing", "border-style"),
        *(
            "border-top",
            "border-top-color",
            "border-top-style",
            "border-top-width",
            "border-width",
            "box-sizing",
        ),
        *(
            "caption-side",
            "clear",
            "color",
            "direction",
            "display",
            "empty-cells",
            "float",
            "font",
            "font-family",
        ),
        *(
            "font-size",
            "font-style",
            "font-variant",
            "font-weight",
            "height",
            "letter-spacing",
            "line-height",
        ),
        *(
            "list-style-type",
            "margin",
            "margin-bottom",
            "margin-left",
            "margin-right",
            "margin-top",
            "max-height",
        ),
        *("max-width", "min-height", "min-width", "opacity", "overflow", "padding", "padding-bottom"),
        *("padding-left", "padding-right", "padding-top", "table-layout", "text-align", "text-decoration"),
        *(
            "text-indent",
            "text-transform",
            "unicode-bidi",
            "vertical-align",
            "visibility",
            "white-space",
            "width",
        ),
        *("word-break", "word-spacing", "word-wrap", "overflow-wrap"),
    )
)
_COLOUR: Final = re.compile(r"(?:rgb|rgba|hsl|hsla)\([0-9.,%/\s]{0,60}\)", re.IGNORECASE)
_SAFE_VALUE: Final = re.compile(r"[\w\s#%.,'\"+!\-/*]{1,300}")
_IMAGE: Final = re.compile(r'<img((?: [a-zA-Z\-]+="[^"]*")*)>')
_SOURCE: Final = re.compile(r' src="([^"]*)"')
_AUTO_CLOSED: Final = frozenset(
    ("p", "li", "td", "th", "tr", "dt", "dd", "option", "tbody", "thead", "tfoot", "colgroup", "rt", "rp")
)
_FORMATTING: Final = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)


@dataclass(frozen=True, slots=True)
class CleanHtml:
    """Safe HTML, and the addresses of the images that it would load if the reader asks."""

    html: str
    remote_images: tuple[str, ...] = ()


@lru_cache(maxsize=2048)
def _clean_style(style: str) -> str | None:
    if len(style) > STYLE_LIMIT or "\\" in style or "/*" in style:
        return None
    kept = []
    for declaration in style.split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon or name not in _STYLES:
            continue
        if not _SAFE_VALUE.fullmatch(_COLOUR.sub("", value) or "x"):
            continue
        if name.startswith("margin") and "-" in value:
            continue
        kept.append(f"{name}:{value}")
    return ";".join(kept) or None


def _filter(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return _clean_style(value)
    if name in ("href", "src") and len(value) > 4096:
        return None
    return value


_CLEANER: Final = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=_CONTENT_GOES_TOO,
    attributes=dict(_ATTRIBUTES),
    attribute_filter=_filter,
    strip_comments=True,
    link_rel="noopener noreferrer nofollow",
    set_tag_attribute_values={"a": {"target": "_blank"}},
    generic_attribute_prefixes=set(),
    url_schemes={"http", "https", "mailto", "cid"},
    url_relative="deny",
)


def _attribute_count(text: str) -> int:
    return sum(1 for _ in islice(ATTRIBUTE.finditer(text), ATTRIBUTE_LIMIT + 1))


def too_costly(markup: str) -> str | None:
    """Return why the HTML is not cleaned, in a word, or None. One pass; what follows is then bounded too."""
    if len(markup) > SIZE_LIMIT:
        return "size"
    depth = formatting = tags = 0
    for token in tokens(markup, texts=False):
        if not isinstance(token, Tag):
            continue
        tags += 1
        if tags > TAG_LIMIT:
            return "tags"
        if token.closing:
            depth = max(0, depth - (token.name not in _AUTO_CLOSED))
            formatting = max(0, formatting - (token.name in _FORMATTING))
            continue
        if len(token.text) > ATTRIBUTE_LIMIT and _attribute_count(token.text) > ATTRIBUTE_LIMIT:
            return "attributes"
        if token.name in VOID or token.name in RAW_TEXT:
            continue
        depth += token.name not in _AUTO_CLOSED
        formatting += token.name in _FORMATTING
        if depth > DEPTH_LIMIT or formatting > FORMATTING_LIMIT:
            return "depth"
    return None


_SET_ASIDE: Final = re.compile(r'<img([^<>]*) data-remote-src="([^"<>]*)">')


def sanitise(markup: str) -> CleanHtml | None:
    """Return the HTML made safe, or None where it is too large or too tangled to be cleaned (R43).

    Never raises, whatever the HTML is.
    """
    if too_costly(markup) is not None:
        return None
    remote: dict[str, None] = {}

    def image(found: re.Match[str]) -> str:
        """Move a remote source aside. The cleaner's output is canonical: every value is in double quotes."""
        source = _SOURCE.search(found[1])
        if source is None or source[1].lower().startswith("cid:"):
            return found[0]
        attributes = found[1].replace(source[0], "", 1)
        if not source[1].lower().startswith(("http://", "https://")) or len(remote) >= REMOTE_IMAGE_LIMIT:
            return f"<img{attributes}>"
        remote[unescape(source[1])] = None
        return f'<img{attributes} data-remote-src="{source[1]}">'

    cleaned = _IMAGE.sub(image, _CLEANER.clean(markup.replace("\x00", "")))
    return CleanHtml(cleaned, tuple(remote))


_SHOWN: Final = re.compile(r'<img[^<>]* src="cid:([^"<>]{1,500})"')


def shown_inside(cleaned: str) -> frozenset[str]:
    """Return the names of the mail's own files that what `sanitise` gave shows as images (RFC 2392)."""
    return frozenset(unescape(found[1]) for found in _SHOWN.finditer(cleaned))


def with_remote_images(cleaned: str) -> str:
    """Return what `sanitise` gave with its remote images in place again: a user's own mail, as it goes out.

    Never for mail that is shown: loading an image tells its sender who reads (R42).
    """
    return _SET_ASIDE.sub(r'<img\1 src="\2">', cleaned)


def with_images_through(cleaned: str, path_of: Callable[[str], str | None]) -> str:
    """Return what `sanitise` gave with its remote images at the paths that `path_of` gives for theirs.

    An image without a path stays aside: what is shown names no remote host as a source.
    """

    def image(found: re.Match[str]) -> str:
        path = path_of(unescape(found[2]))
        return found[0] if path is None else f'<img{found[1]} src="{escape(path)}">'

    return _SET_ASIDE.sub(image, cleaned)
