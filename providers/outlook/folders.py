"""Which kind of place a folder is: of the well-known ones, and of everything below them.

Belongs here: remembering a mailbox's folders for a while. Ids of folders are constant; a folder that its user
throws away lies below Deleted Items from then on, which is why nothing is remembered for long.
Source: https://learn.microsoft.com/en-us/graph/api/resources/mailfolder
"""

from datetime import datetime, timedelta
from typing import Final, cast

from providers.outlook import batch
from providers.outlook.calls import Calls
from providers.outlook.requests import GraphRequests
from providers.outlook.wire import Folder
from rules.envelope import Place
from rules.errors import Gone, ProviderTrouble

WELL_KNOWN: Final = {
    "msgfolderroot": Place.MAIL,
    "inbox": Place.MAIL,
    "sentitems": Place.MAIL,
    "archive": Place.MAIL,
    "drafts": Place.DRAFT,
    "outbox": Place.DRAFT,
    "scheduled": Place.DRAFT,
    "junkemail": Place.SPAM,
    "deleteditems": Place.TRASH,
    "recoverableitemsdeletions": Place.TRASH,
    "conversationhistory": Place.CHAT,
}
KNOWN_FOR: Final = timedelta(minutes=10)
DEPTH: Final = 30


class Folders:
    """The folders of one mailbox, as far as they were asked for."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}
        self._names: dict[str, str] = {}
        self._until: datetime | None = None

    async def place(self, calls: Calls, requests: GraphRequests, folder_id: str | None) -> Place:
        """Return what kind of place a folder is. Raises ProviderTrouble."""
        await self.learn(calls, requests)
        path: list[str] = []
        place: Place | None = None
        while place is None and folder_id and len(path) < DEPTH:
            place = self._places.get(folder_id)
            if place is None:
                path.append(folder_id)
                folder_id = await self._parent(calls, requests, folder_id)
        place = place or Place.MAIL
        self._places.update(dict.fromkeys(path, place))
        return place

    async def is_named(self, calls: Calls, requests: GraphRequests, folder_id: str | None, name: str) -> bool:
        """Whether a folder is the well-known one of this name. Raises ProviderTrouble."""
        await self.learn(calls, requests)
        return folder_id is not None and self._names.get(name) == folder_id

    async def learn(self, calls: Calls, requests: GraphRequests) -> None:
        """Ask for the well-known folders, unless they are known. Raises ProviderTrouble."""
        now = calls.now()
        if self._until is not None and now < self._until:
            return
        asked = [requests.folder(name) for name in WELL_KNOWN]
        places: dict[str, Place] = {}
        names: dict[str, str] = {}
        for (name, place), outcome in zip(
            WELL_KNOWN.items(), await batch.many(calls, requests, asked), strict=True
        ):
            if isinstance(outcome, Gone):
                continue  # Not every mailbox has every well-known folder.
            if isinstance(outcome, ProviderTrouble):
                raise outcome
            folder_id = cast(Folder, outcome).get("id")
            if folder_id:
                places.setdefault(folder_id, place)
                names[name] = folder_id
        self._places, self._names, self._until = places, names, now + KNOWN_FOR

    async def _parent(self, calls: Calls, requests: GraphRequests, folder_id: str) -> str | None:
        try:
            return cast(Folder, await calls.ask(requests.folder(folder_id))).get("parentFolderId")
        except Gone:
            return None
