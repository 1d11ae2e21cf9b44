"""Find out whether a sending left, after its answer was lost.

Belongs here: the ways to find a sent copy. Its id may have become another one when it was sent, and
Exchange may replace our Message-ID; our marker stays with it. So the marker is searched for, then the
Message-ID, then what was sent since is listed and looked through, which needs no index. Every hit is
checked, because a search also finds drafts. None means "not seen", never "not sent".
Source: https://learn.microsoft.com/en-us/graph/api/singlevaluelegacyextendedproperty-get
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from providers.outlook import parse
from providers.outlook.calls import Calls
from providers.outlook.requests import Call, GraphRequests, called, marked
from providers.outlook.wire import Message, MessageList
from providers.protocol import SentCopy

MARGIN: Final = timedelta(minutes=1)
PAGES: Final = 5
SENT: Final = "sentitems"


@dataclass(frozen=True, slots=True)
class SentSearch:
    """One search, for one sending."""

    calls: Calls
    requests: GraphRequests
    marker: str
    internet_message_id: str

    async def find(self, since: datetime) -> SentCopy | None:
        """Return the sent copy that one of the ways shows. Raises where a way cannot be gone."""
        found = self._ours(await self._listed(self.requests.copies_with(SENT, marked(self.marker))))
        if found is None and self.internet_message_id:
            condition = called(self.internet_message_id)
            found = self._ours(await self._listed(self.requests.copies_with(SENT, condition)))
        seen = 0
        for _ in range(PAGES):
            if found is not None:
                break
            page = await self._listed(self.requests.latest_copies(SENT, seen))
            found = self._ours(page)
            seen += len(page.messages)
            if not page.more or _before(page.messages[-1], since - MARGIN):
                break
        return found

    async def _listed(self, call: Call) -> parse.Listed:
        return parse.listed(cast(MessageList, await self.calls.ask(call)))

    def _ours(self, page: parse.Listed) -> SentCopy | None:
        for message in page.messages:
            if parse.is_sending(message, marker=self.marker, internet_message_id=self.internet_message_id):
                return parse.sent_copy(message)
        return None


def _before(message: Message, since: datetime) -> bool:
    received_at = parse.instant(message.get("receivedDateTime"))
    return received_at is not None and received_at < since
