"""The bytes of every mail, stored once under their hash; copies in mailboxes name them."""

import hashlib
from email.message import Message
from functools import lru_cache

from simulator import mime

PARSED_MAILS_KEPT = 512


class Contents:
    """Immutable mail bytes by SHA-256, with what was read from them kept for the next reader."""

    def __init__(self) -> None:
        """Start empty."""
        self.raw: dict[str, bytes] = {}
        self.summary = lru_cache(maxsize=PARSED_MAILS_KEPT * 8)(self._summary)
        self.parsed = lru_cache(maxsize=PARSED_MAILS_KEPT)(self._parsed)
        self.snippet = lru_cache(maxsize=PARSED_MAILS_KEPT * 8)(self._snippet)
        self.text = lru_cache(maxsize=PARSED_MAILS_KEPT)(self._text)

    def put(self, raw: bytes) -> str:
        """Keep the bytes and return their key."""
        key = hashlib.sha256(raw).hexdigest()
        self.raw.setdefault(key, raw)
        return key

    def clear(self) -> None:
        """Forget everything."""
        self.raw.clear()
        for cache in (self.summary, self.parsed, self.snippet, self.text):
            cache.cache_clear()

    def _summary(self, key: str) -> mime.Summary:
        return mime.summary_of(self.raw[key])

    def _parsed(self, key: str) -> Message:
        return mime.parsed(self.raw[key])

    def _snippet(self, key: str) -> str:
        return mime.snippet_of(self.parsed(key))

    def _text(self, key: str) -> str:
        plain, markup = mime.text_bodies(self.parsed(key))
        return f"{plain}\n{markup}".lower()
