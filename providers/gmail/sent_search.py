"""Find out whether a sending left, after its answer was lost.

Belongs here: the three ways to find a sent copy. Gmail may replace our Message-ID, our header cannot be
searched for, and the search index lags: so the thread is read first (no index), then the Message-ID is
searched, then what was sent since is listed and its headers read. Every hit is checked against our marker
or Message-ID and against its labels, because a search also finds the draft. None means "not seen", never
"not sent".
Source: https://developers.google.com/workspace/gmail/api/guides/filtering
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, cast

from providers.gmail import parse
from providers.gmail.calls import Calls
from providers.gmail.envelopes import many
from providers.gmail.requests import GmailRequests
from providers.gmail.wire import Message, MessageList, Thread
from providers.protocol import SentCopy
from rules.errors import Gone, ProviderTrouble, Retryable

MARGIN: Final = timedelta(minutes=1)
LOOKED_AT: Final = 100
"""Copies whose headers are read: those sent first after `since`, where ours must be."""
PAGES: Final = 5
UNSEARCHABLE: Final = frozenset(' \t"(){}<>')


class SentSearch:
    """One search, for one sending."""

    def __init__(
        self, calls: Calls, requests: GmailRequests, *, marker: str, internet_message_id: str
    ) -> None:
        self._calls = calls
        self._requests = requests
        self._marker = marker
        self._internet_message_id = internet_message_id

    async def find(self, since: datetime, remote_thread_id: str | None) -> SentCopy | None:
        """Return the sent copy that one of the ways shows. Raises where a way cannot be gone."""
        if remote_thread_id and (copy := await self._in_thread(remote_thread_id)):
            return copy
        return await self._by_message_id() or await self._among_sent(since)

    async def _in_thread(self, remote_thread_id: str) -> SentCopy | None:
        try:
            said = await self._calls.ask(self._requests.thread(remote_thread_id, parse.SENT_HEADERS))
        except Gone:
            return None
        return self._ours(cast(Thread, said).get("messages", ()))

    async def _by_message_id(self) -> SentCopy | None:
        if not self._internet_message_id or UNSEARCHABLE & set(self._internet_message_id):
            return None
        query = f"rfc822msgid:{self._internet_message_id}"
        ids, _ = await self._listed(query, (), None, size=10)
        return await self._read(ids)

    async def _among_sent(self, since: datetime) -> SentCopy | None:
        query = f"after:{int((since - MARGIN).timestamp())}"
        oldest: list[str] = []
        page: str | None = None
        for _ in range(PAGES):
            ids, page = await self._listed(query, ("SENT",), page, size=500)
            oldest = (oldest + ids)[-LOOKED_AT:]
            if page is None:
                break
        return await self._read(oldest)

    async def _listed(
        self, query: str, labels: Sequence[str], page: str | None, *, size: int
    ) -> tuple[list[str], str | None]:
        said = await self._calls.ask(
            self._requests.messages(query=query, labels=labels, size=size, page=page)
        )
        listed = cast(MessageList, said)
        return parse.listed_ids(listed), listed.get("nextPageToken")

    async def _read(self, remote_ids: Sequence[str]) -> SentCopy | None:
        """Look at the headers of each. A copy that could not be read leaves the question open.

        Raises:
            Retryable: ours is not among those that could be read, and some could not.
        """
        outcomes = await many(
            self._calls,
            self._requests,
            remote_ids,
            lambda remote_id: self._requests.headers(remote_id, parse.SENT_HEADERS),
        )
        found = self._ours([cast(Message, one) for one in outcomes if not isinstance(one, ProviderTrouble)])
        troubles = [one for one in outcomes if isinstance(one, ProviderTrouble) and not isinstance(one, Gone)]
        if found is None and troubles:
            raise Retryable("Not every sent message could be looked at.") from troubles[0]
        return found

    def _ours(self, messages: Sequence[Message]) -> SentCopy | None:
        for message in messages:
            if parse.is_sending(message, marker=self._marker, internet_message_id=self._internet_message_id):
                return parse.sent_copy(message)
        return None
