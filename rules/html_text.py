"""HTML and plain text, made from each other: the text that stands beside an HTML mail, and the reverse.

Not a sanitiser: what comes out of `html_from_text` is safe because everything is escaped; what goes into
`text_from_html` may be anything, and only text comes out. Linear in the input. Source: RFC 2046 5.1.4.
"""

import html
import re
from html.parser import HTMLParser
from typing import Final

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
TEXT_LIMIT: Final = 2 * 1024 * 1024
"""Characters of HTML that are read for their text."""


class _TextReader(HTMLParser):
    """Collects lines of text; knows blocks, lists, quotes, links and what is never shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.unseen: list[str] = []
        self.preformatted = 0
        self.links: list[tuple[str, int]] = []
        self.fresh = True
        """Nothing stands on the current line yet."""

    def _break(self, lines: int) -> None:
        """End the current line, and leave `lines - 1` empty ones."""
        trailing = 0
        for piece in reversed(self.pieces):
            if piece != "\n":
                break
            trailing += 1
        if self.pieces:
            self.pieces.extend("\n" * max(0, lines - trailing))
        self.fresh = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self.unseen.append(tag)
        if self.unseen:
            return
        if tag == "br":
            self.pieces.append("\n")
            self.fresh = True
        elif tag in _BLOCKS:
            self._break(2 if tag in _PARAGRAPHS else 1)
        if tag == "pre":
            self.preformatted += 1
        elif tag == "li":
            self._say("- ")
        elif tag in ("td", "th") and not self.fresh:
            self._say(" ")
        elif tag == "hr":
            self._say("---")
            self._break(1)
        elif tag == "a":
            target = next((value for name, value in attrs if name == "href"), None) or ""
            self.links.append((target, len(self.pieces)))
        elif tag == "img":
            label = next((value for name, value in attrs if name == "alt"), None)
            if label and label.strip():
                self._say(f"[{_WHITE.sub(' ', label.strip())}]")

    def handle_endtag(self, tag: str) -> None:
        if self.unseen:
            if tag == self.unseen[-1]:
                self.unseen.pop()
            return
        if tag == "a" and self.links:
            target, start = self.links.pop()
            shown = "".join(self.pieces[start:]).strip()
            spoken = target.removeprefix("mailto:")
            if target.startswith(("http://", "https://", "mailto:")) and shown and spoken not in shown:
                self._say(f" <{spoken}>")
        if tag == "pre":
            self.preformatted = max(0, self.preformatted - 1)
        if tag in _BLOCKS:
            self._break(2 if tag in _PARAGRAPHS else 1)

    def _say(self, text: str) -> None:
        self.pieces.append(text)
        self.fresh = False

    def handle_data(self, data: str) -> None:
        if self.unseen or not data:
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
    reader = _TextReader()
    reader.feed(markup[:TEXT_LIMIT])
    reader.close()
    lines = [line.replace("\u00a0", " ").rstrip() for line in "".join(reader.pieces).split("\n")]
    return "\n".join(lines).strip("\n")


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
