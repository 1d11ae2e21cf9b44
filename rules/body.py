"""Which parts of a mail are its body, in what order, and which are attachments.

Alternatives are one thing in several forms; what stands beside them is not. A text with a file name is a
file.
Source: RFC 2046 5.1, RFC 2387, RFC 1847, RFC 3462; draft-levine for AMP parts, which are left out.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from rules.charsets import decode_text
from rules.flowed import unflow
from rules.html_text import html_from_text, text_from_html
from rules.mime_parts import Part, Unreadable

_META_CHARSET: Final = re.compile(
    rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([a-zA-Z0-9_\-]{1,40})", re.IGNORECASE
)
_LEFT_OUT: Final = frozenset(("text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"))


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the body, in one or both forms."""

    text: str | None = None
    html: str | None = None

    def as_text(self) -> str:
        """Return the text form, made from the HTML where there is none."""
        if self.text is not None and (self.text.strip() or self.html is None):
            return self.text
        return text_from_html(self.html or "")

    def as_html(self) -> str:
        """Return the HTML form, made from the text where there is none."""
        return self.html if self.html is not None else html_from_text(self.text or "")


@dataclass(slots=True)
class Body:
    """What was found on the way through the parts."""

    lenient: bool
    blocks: list[Block] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)
    guessed: bool = False
    lost: bool = False
    encrypted: bool = False

    def read(self, part: Part, *, alone: bool = False) -> list[Block]:
        """Return the blocks of a part; what is no body goes to the attachments."""
        if not part.is_multipart:
            return self._leaf(part, alone)
        if not part.children:
            text = self._text(part)  # Its boundary is nowhere: what is there is read as text (RFC 2045 5.2).
            return [Block(text=text)] if text.strip() else []
        match part.content_type.partition("/")[2]:
            case "alternative":
                return self._alternative(part)
            case "related" | "signed" | "report":
                return self._headed(part)
            case "encrypted":
                self.encrypted = True
                self._attach_all(part.children)
                return []
            case _:
                return [block for child in part.children for block in self.read(child)]

    def _leaf(self, part: Part, alone: bool) -> list[Block]:
        shown = part.content_type in ("text/plain", "text/html") and part.disposition != "attachment"
        if not shown or (part.filename and not alone):
            if part.content_type in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
                self.encrypted = self.encrypted or part.parameter("smime-type") != "signed-data"
            if part.content_type not in _LEFT_OUT or part.disposition == "attachment":
                self.attachments.append(part)
            return []
        text = self._text(part)
        return [Block(html=text) if part.content_type == "text/html" else Block(text=text)]

    def _alternative(self, part: Part) -> list[Block]:
        """Return the alternatives as one block: its texts and its HTML each joined."""
        blocks = [block for child in part.children for block in self.read(child)]
        if not blocks:
            return []
        texts = [block.text for block in blocks if block.text is not None]
        pages = [block.html for block in blocks if block.html is not None]
        return [Block("\n".join(texts) if texts else None, "\n".join(pages) if pages else None)]

    def _headed(self, part: Part) -> list[Block]:
        """Return the body of a part whose first child (or the one that `start` names) is what is read."""
        if not part.children:
            return []
        start = (part.parameter("start") or "").strip("<>")
        head = next(
            (child for child in part.children if start and child.content_id == start), part.children[0]
        )
        blocks = self.read(head)
        self._attach_all([child for child in part.children if child is not head])
        return blocks

    def _attach_all(self, parts: list[Part]) -> None:
        waiting = list(reversed(parts))
        while waiting:
            part = waiting.pop()
            if part.is_multipart:
                waiting.extend(reversed(part.children))
            else:
                self.attachments.append(part)

    def _text(self, part: Part) -> str:
        try:
            content = part.content()
        except Unreadable:
            if not self.lenient:
                raise
            self.lost = True
            return ""
        label = part.parameter("charset")
        if label is None and part.content_type == "text/html":
            named = _META_CHARSET.search(content, 0, 2048)
            label = named[1].decode("ascii") if named else None
        text, guessed = decode_text(content, label)
        self.guessed = self.guessed or guessed
        if (part.parameter("format") or "").lower() == "flowed" and part.content_type == "text/plain":
            delete_space = (part.parameter("delsp") or "").lower() == "yes"
            return unflow(text.replace("\r\n", "\n"), delete_space=delete_space)
        return text.replace("\r\n", "\n")


def body_of(root: Part, *, lenient: bool) -> Body:
    """Return a mail's body and attachments.

    Raises:
        Unreadable: a text could not be decoded, unless `lenient`.
    """
    body = Body(lenient)
    body.blocks = body.read(root, alone=True)
    return body
