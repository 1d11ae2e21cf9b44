"""HTML and plain text, made from each other: the text that stands beside an HTML mail, and the reverse.

Not a sanitiser: what comes out of `html_from_text` is safe because everything is escaped; what goes into
`text_from_html` may be anything, and only text comes out. Linear in the input. Source: RFC 2046 5.1.4.
"""

import html
import re
from typing import Final

from rules.headers import clean_line
from rules.markup import Tag, attribute, tokens

_BLOCKS: Final = frozenset(
    (
        *("address", "article", "aside", "blockquote", "center", "dd", "div", "dl", "dt", "fieldset"),
        *(
            "figure",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hr",
            "li",
            "main",
            "nav",
        ),
        *("ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul"),
    )
)
_PARAGRAPHS: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote"))
_UNSEEN: Final = frozenset(
    ("script", "style", "head", "title", "template", "noscript", "object", "svg", "math")
)
_WHITE: Final = re.compile(r"[ \t\r\n\f]+")
_LINK: Final = re.compile(r"https?://[^\s<>\"']{1,2000}[^\s<>\"'.,;:!?)\]]")
_GAPS: Final = re.compile(r"\n{3,}")
_TARGET_LIMIT: Final = 2000
TEXT_LIMIT: Final = 2 * 1024 * 1024
"""Characters of HTML that are read for their text."""


class _TextReader:
    """Collects lines of text; knows blocks, lists, links and what is never shown."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.unseen: list[str] = []
        self.preformatted = 0
        self.links: list[tuple[str, int]] = []
        self.fresh = True
        """Nothing stands on the current line yet."""

    def read(self, markup: str) -> str:
        for token in tokens(markup):
            if isinstance(token, str):
                self.text(token)
            elif token.closing:
                self.close(token.name)
            else:
                self.open(token)
        return "".join(self.pieces)

    def _break(self, lines: int) -> None:
        """End the current line, and leave `lines - 1` empty ones."""
        trailing = 0
        for piece in reversed(self.pieces[-lines:]):
            if piece != "\n":
                break
            trailing += 1
        if self.pieces:
            self.pieces.extend("\n" * max(0, lines - trailing))
        self.fresh = True

    def open(self, tag: Tag) -> None:
        if tag.name in _UNSEEN:
            self.unseen.append(tag.name)
        if self.unseen:
            return
        if tag.name == "br":
            self.pieces.append("\n")
            self.fresh = True
        elif tag.name in _BLOCKS:
            self._break(2 if tag.name in _PARAGRAPHS else 1)
        match tag.name:
            case "pre":
                self.preformatted += 1
            case "li":
                self._say("- ")
            case "td" | "th" if not self.fresh:
                self._say(" ")
            case "hr":
                self._say("---")
                self._break(1)
            case "a" if len(self.links) < 100:
                self.links.append((attribute(tag, "href") or "", len(self.pieces)))
            case "img":
                label = _WHITE.sub(" ", attribute(tag, "alt") or "").strip()
                if label:
                    self._say(f"[{label}]")
            case _:
                pass

    def close(self, name: str) -> None:
        if self.unseen:
            if name == self.unseen[-1]:
                self.unseen.pop()
            return
        if name == "a" and self.links:
            target, start = self.links.pop()
            shown = "".join(self.pieces[start : start + 50]).strip()
            spoken = target.strip().removeprefix("mailto:")
            if (
                target.strip().startswith(("http://", "https://", "mailto:"))
                and shown
                and spoken not in shown
            ):
                self._say(f" <{clean_line(spoken)[:_TARGET_LIMIT]}>")
        if name == "pre":
            self.preformatted = max(0, self.preformatted - 1)
        if name in _BLOCKS:
            self._break(2 if name in _PARAGRAPHS else 1)

    def _say(self, text: str) -> None:
        self.pieces.append(text)
        self.fresh = False

    def text(self, data: str) -> None:
        if self.unseen:
            return
        if self.preformatted:
            self._say(data)
            return
        text = _WHITE.sub(" ", data)
        if self.fresh or (self.pieces and self.pieces[-1].endswith((" ", "\n"))):
            text = text.lstrip(" ")
        if text:
            self._say(text)


def text_from_html(markup: str) -> str:
    """Return the text a reader of the HTML would see, in lines; links keep their targets. Never raises."""
    read = _TextReader().read(markup[:TEXT_LIMIT])
    lines = [line.replace("\u00a0", " ").rstrip() for line in read.split("\n")]
    return _GAPS.sub("\n\n", "\n".join(lines)).strip("\n")


def html_from_text(text: str) -> str:
    """Return HTML that shows the text as it was written, its web addresses as links."""

    def line(content: str) -> str:
        pieces, position = [], 0
        for found in _LINK.finditer(content):
            target = html.escape(found[0])
            pieces.append(html.escape(content[position : found.start()]))
            pieces.append(f'<a href="{target}">{target}</a>')
            position = found.end()
        return "".join((*pieces, html.escape(content[position:])))

    return "<div>" + "<br>\n".join(line(one) for one in text.splitlines()) + "</div>"
