"""What Graph answers about contacts, and which of the links it names are followed."""

import json
from typing import Any

import pytest

from providers.outlook.contacts import MOST_FOLDERS, MicrosoftAddressBook, read_entry
from providers.outlook.requests import Call, GraphRequests
from rules.errors import CursorExpired, ProviderTrouble, Retryable

ROOT = "https://graph.microsoft.com/v1.0/"
NEXT = f"{ROOT}me/contacts/delta?$skiptoken=a"
CHANGES = f"{ROOT}me/contactFolders('AAMk')/contacts/delta?$deltatoken=b"
ELSEWHERE = [
    "https://graph.example/v1.0/me/contacts/delta?$skiptoken=a",
    "http://graph.microsoft.com/v1.0/me/contacts/delta?$skiptoken=a",
    "https://graph.microsoft.com.example/v1.0/me/contacts/delta",
    "https://graph.microsoft.com@other.example/v1.0/me/contacts/delta",
    "https://graph.microsoft.com:444/v1.0/me/contacts/delta",
    "https://graph.microsoft.com/beta/me/contacts/delta",
    "https://graph.microsoft.com/v1.0/../beta/me",
    "//graph.microsoft.com/v1.0/me",
    "https://[graph/v1.0/",
    "",
]


class Answering:
    """Stands where the calls are made, and says one thing; of folders that there is none but the default."""

    def __init__(self, said: object, folders: object = None) -> None:
        self.said = said
        self.folders = folders
        self.asked: list[str] = []

    async def ask(self, call: Call) -> Any:
        if self.folders is None and "/contactFolders?" in call.outgoing.url:
            return {"value": []}
        self.asked.append(call.outgoing.url)
        return self.said if self.folders is None else self.folders


def book(said: object, folders: object = None) -> tuple[MicrosoftAddressBook, Answering]:
    answering = Answering(said, folders)
    calls: Any = answering
    return MicrosoftAddressBook(GraphRequests(ROOT), calls, asked_for=True), answering


def test_an_entry_has_the_addresses_that_are_addresses() -> None:
    emails = [
        {"address": "Dana@Okafor.example"},
        {"address": "dana@okafor.example"},
        {"address": "/o=Exchange/cn=dana"},
        {"name": "Dana"},
        "nonsense",
    ]
    entry = read_entry({"id": "k1", "emailAddresses": emails})
    gone = read_entry({"id": "k2", "@removed": {"reason": "deleted"}})

    assert entry is not None
    assert (entry.external_id, entry.addresses, entry.deleted) == ("k1", ("dana@okafor.example",), False)
    assert gone is not None
    assert (gone.external_id, gone.addresses, gone.deleted) == ("k2", (), True)
    assert read_entry({"emailAddresses": emails}) is None


async def test_graphs_own_links_are_followed_as_they_are() -> None:
    """The folder's address may come where the account's was asked for."""
    more, _ = book({"value": [], "@odata.nextLink": NEXT})
    last, answering = book({"value": [], "@odata.deltaLink": CHANGES})

    first = await more.page(None, None)
    page = await last.page(None, first.next_page)
    await last.page(page.sync_token, None)

    assert first.sync_token is None and page.next_page is None
    assert answering.asked == [NEXT, CHANGES]


@pytest.mark.parametrize("link", ELSEWHERE)
async def test_a_link_that_leads_elsewhere_is_not_followed(link: str) -> None:
    """Neither told by an answer nor kept by us may it get the access token."""
    told, _ = book({"value": [], "@odata.nextLink": link})
    kept, answering = book({"value": [], "@odata.deltaLink": CHANGES})

    with pytest.raises(Retryable):
        await told.page(None, None)
    if link:
        with pytest.raises(CursorExpired):
            await kept.page(json.dumps({"folders": {"": link}}), None)
        assert answering.asked == []


@pytest.mark.parametrize("token", [CHANGES, "{}", '{"folders": {"": 1}}', '{"folders": {"gone": "x"}}'])
async def test_what_is_no_token_of_this_version_or_names_a_folder_that_is_gone_begins_anew(
    token: str,
) -> None:
    with pytest.raises(CursorExpired):
        await book({"value": [], "@odata.deltaLink": CHANGES})[0].page(token, None)


async def test_a_list_of_folders_that_never_ends_is_cut_off() -> None:
    """However often Graph names one more page of it."""
    more = {"value": [{"id": "AAMk"}], "@odata.nextLink": NEXT, "@odata.deltaLink": CHANGES}
    made, answering = book(more, folders=more)

    assert (await made.page(None, None)).next_page is not None
    assert len(answering.asked) <= 2 * MOST_FOLDERS + 2


@pytest.mark.parametrize("said", [{}, {"value": {}}, {"value": []}, {"value": [], "@odata.deltaLink": 7}])
async def test_an_answer_without_its_end_is_none(said: object) -> None:
    with pytest.raises(ProviderTrouble):
        await book(said)[0].page(None, None)
