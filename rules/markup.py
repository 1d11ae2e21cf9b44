"""Walk over HTML as a flat row of tags and texts, in one pass, whatever the HTML is.

Not a parser of documents and not a sanitiser: it serves to look (how deep, how many attributes, which text),
never to produce HTML. The interpreter's html.parser is not used: in 3.11 it is quadratic on unclosed
declarations (CVE-2025-6069). Source: HTML Living Standard 13.2.5, in outline.
"""

import html
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

RAW_TEXT: Final = frozenset(("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"))
VOID: Final = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    )
)

_OPENING: Final = re.compile(r"<(?=[a-zA-Z!?]|/[a-zA-Z])")
_ATTRIBUTE_TEXT: Final = r"""=?[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'>][^\s>]*+|(?=>)))?+"""
_TAG: Final = re.compile(rf"<(/?)([a-zA-Z][^\s/>]*+)((?:[\s/]++|{_ATTRIBUTE_TEXT}|=)*+)>")
"""As the standard's states 13.2.5.32 to 42 read it. Possessive throughout: nothing is read twice, except that
the last quote, if it is never closed, is looked for once more."""
_COMMENT_END: Final = re.compile(r"--!?>")
_END: Final = re.compile(">")
_RAW_ENDS: Final = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in RAW_TEXT}
_HUGE_REFERENCE: Final = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{8,});?")
ATTRIBUTE: Final = re.compile(_ATTRIBUTE_TEXT)
"""One attribute in a tag's text."""
_ATTRIBUTE_VALUE: Final = r"""\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))"""


class Tag(NamedTuple):
    """A tag as it stands: `text` is everything between its name and `>`."""

    name: str
    closing: bool
    text: str


def unescape(text: str) -> str:
    """Return text with its character references resolved; absurdly long ones become U+FFFD.

    The interpreter refuses integers of more than 4300 digits, which a reference may well have.
    """
    if "&" not in text:
        return text
    return html.unescape(_HUGE_REFERENCE.sub("\ufffd", text))


def attribute(tag: Tag, name: str) -> str | None:
    """Return the value of an attribute, or None where the tag has none of that name."""
    found = re.search(rf"(?:^|[\s\"'/]){name}{_ATTRIBUTE_VALUE}", tag.text, re.IGNORECASE)
    return unescape(found[1] or found[2] or found[3] or "") if found else None


def tokens(markup: str, *, texts: bool = True) -> Iterator[str | Tag]:
    """Yield texts (references resolved; only if wanted) and tags, in order.

    Comments, declarations and raw text such as scripts are left out, and what follows something unclosed.
    """
    position, foreign = 0, False
    while opening := _OPENING.search(markup, position):
        start = opening.start()
        if texts and start > position:
            yield unescape(markup[position:start])
        if markup[start + 1] in "!?":
            comment = markup.startswith("<!--", start)
            close = _COMMENT_END.search(markup, start + 2) if comment else _END.search(markup, start + 2)
            if close is None:
                return
            position = close.end()
            continue
        found = _TAG.match(markup, start)
        if found is None:
            return
        tag = Tag(found[2].lower(), bool(found[1]), found[3])
        yield tag
        position = found.end()
        # Inside SVG and MathML a <title> or <style> holds markup, not raw text.
        foreign = foreign or tag.name in ("svg", "math")
        if not tag.closing and not foreign and tag.name in RAW_TEXT:
            last = _RAW_ENDS[tag.name].search(markup, position)
            if last is None:
                return
            position = last.start()
    if texts and position < len(markup):
        yield unescape(markup[position:])
