"""The change feed of a folder, of the folders, and of the address book."""

import pytest

from tests.simulator.microsoft.conftest import DANA, MEI
from tests.simulator.microsoft.msal_client import Json, MicrosoftConnection
from tests.simulator_process import Simulator
from tests.waiting import wait_until

IMMUTABLE = 'IdType="ImmutableId"'
INBOX = "/me/mailFolders/inbox/messages/delta"


async def round_of(mei: MicrosoftConnection, link: str, **headers: str) -> tuple[list[Json], str]:
    """Follow the pages of one round; return everything told, and the link to the next round."""
    told: list[Json] = []
    for _page in range(30):
        page = await mei.got(link, **headers)
        told += page["value"]
        if "@odata.deltaLink" in page:
            return told, str(page["@odata.deltaLink"])
        link = str(page["@odata.nextLink"])
    raise AssertionError("the round does not end")


async def test_first_round_pages_and_later_rounds_tell_what_changed(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """Nothing is told twice; a mark is an update, a deletion and a move out are removals."""
    for number in range(5):
        await simulator.deliver(DANA, MEI, subject=f"Mail {number}", text="x")
    prefer = f"{IMMUTABLE}, odata.maxpagesize=2"
    first = await mei.got(f"{INBOX}?$select=subject,isRead", Prefer=prefer)
    told, link = await round_of(mei, f"{INBOX}?$select=subject,isRead", Prefer=prefer)
    nothing, link = await round_of(mei, link, Prefer=prefer)
    ids = {one["subject"]: one["id"] for one in told}
    await mei.done("PATCH", f"/me/messages/{ids['Mail 0']}", {"isRead": True})
    await mei.done("POST", f"/me/messages/{ids['Mail 1']}/move", {"destinationId": "archive"})
    await mei.done("DELETE", f"/me/messages/{ids['Mail 2']}")
    await simulator.deliver(DANA, MEI, subject="Mail 5", text="x")
    changed, _link = await round_of(mei, link, Prefer=prefer)
    removed = {one["id"] for one in changed if "@removed" in one}

    assert (len(first["value"]), "@odata.nextLink" in first) == (2, True)
    assert [one["subject"] for one in told] == [f"Mail {number}" for number in range(5)]
    assert set(told[0]) == {"@odata.type", "@odata.etag", "id", "subject", "isRead"}
    assert nothing == []
    assert removed == {ids["Mail 1"], ids["Mail 2"]}
    assert {(one["subject"], one["isRead"]) for one in changed if "@removed" not in one} == {
        ("Mail 0", True),
        ("Mail 5", False),
    }
    assert all(one["@removed"] == {"reason": "deleted"} for one in changed if "@removed" in one)


async def test_mail_that_arrives_between_pages_is_not_lost(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """Neither is one skipped when an earlier one is deleted meanwhile."""
    for number in range(4):
        await simulator.deliver(DANA, MEI, subject=f"Mail {number}", text="x")
    page = await mei.got(f"{INBOX}?$select=subject", Prefer="odata.maxpagesize=2")
    await mei.done("DELETE", f"/me/messages/{page['value'][0]['id']}")
    await simulator.deliver(DANA, MEI, subject="Late", text="x")
    rest, link = await round_of(mei, page["@odata.nextLink"], Prefer="odata.maxpagesize=2")
    later, _link = await round_of(mei, link)

    assert [one["subject"] for one in rest][:2] == ["Mail 2", "Mail 3"]
    assert {one.get("subject") for one in [*rest, *later]} >= {"Late"}
    assert page["value"][0]["id"] in {one["id"] for one in later if "@removed" in one}


async def test_item_that_left_and_came_back(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Under immutable ids it is told as removed only; without them, as the old id removed and a new one."""
    await simulator.deliver(DANA, MEI, subject="Roof", text="x")
    fixed, fixed_link = await round_of(mei, INBOX, Prefer=IMMUTABLE)
    volatile, volatile_link = await round_of(mei, INBOX)
    name = fixed[0]["id"]
    await mei.done("POST", f"/me/messages/{name}/move", {"destinationId": "archive"})
    await mei.done("POST", f"/me/messages/{name}/move", {"destinationId": "inbox"})
    under_fixed, _link = await round_of(mei, fixed_link, Prefer=IMMUTABLE)
    under_volatile, _link = await round_of(mei, volatile_link)
    await simulator.set_dials(microsoft={"delta_forgets_returned": False})
    healed, _link = await round_of(mei, fixed_link, Prefer=IMMUTABLE)

    assert [(one["id"], "@removed" in one) for one in under_fixed] == [(name, True)]
    assert (await mei.got(f"/me/messages/{name}"))["subject"] == "Roof"
    assert {one["id"] for one in under_volatile if "@removed" in one} == {volatile[0]["id"]}
    assert [one["subject"] for one in under_volatile if "@removed" not in one] == ["Roof"]
    assert [(one["id"], "@removed" in one) for one in healed] == [(name, False)]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("SyncStateNotFound", 410),
        ("syncStateInvalid", 404),
        ("resyncRequired", 410),
        ("syncStateNotFound", 400),
    ],
)
async def test_links_that_are_too_old(
    simulator: Simulator, mei: MicrosoftConnection, code: str, status: int
) -> None:
    """410 with the way to begin again, or the other spellings; a fresh round works."""
    await simulator.deliver(DANA, MEI, subject="Roof", text="x")
    _told, link = await round_of(mei, INBOX)
    await simulator.set_dials(microsoft={"delta_reset": code, "delta_reset_status": status})
    await simulator.expire_delta(MEI)
    gone = await mei.ask("GET", link)
    told, fresh = await round_of(mei, INBOX)
    nothing, _link = await round_of(mei, fresh)

    assert (gone.status_code, gone.json()["error"]["code"]) == (status, code)
    assert ("location" in gone.headers) is (status == 410)
    assert status != 410 or gone.headers["location"].endswith("delta?$deltatoken=")
    assert ([one["subject"] for one in told], nothing) == (["Roof"], [])


async def test_filters_types_and_foreign_tokens(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Only receivedDateTime filters; changeType chooses; foreign and forged links are refused."""
    await simulator.deliver(DANA, MEI, subject="Old", text="x")
    later = "2999-01-01T00:00:00Z"
    none, _link = await round_of(mei, f"{INBOX}?$filter=receivedDateTime ge {later}")
    newest, _link = await round_of(mei, f"{INBOX}?$orderby=receivedDateTime desc")
    _told, link = await round_of(mei, f"{INBOX}?changeType=deleted")
    await simulator.deliver(DANA, MEI, subject="New", text="x")
    silent, _link = await round_of(mei, link)
    wrong = await mei.ask("GET", f"{INBOX}?$filter=isRead eq false")
    elsewhere = await mei.ask("GET", link.replace("/inbox/", "/archive/"))
    forged = await mei.ask("GET", f"{INBOX}?$deltatoken=abc-def")
    missing = await mei.ask("GET", f"/me/mailFolders/{'AQMkAG' + 'x' * 40}/messages/delta")

    assert (none, silent, [one["subject"] for one in newest]) == ([], [], ["Old"])
    assert (wrong.status_code, elsewhere.status_code, forged.status_code) == (400, 400, 400)
    assert missing.status_code == 404


async def test_dials_of_the_feed(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Empty pages come first, items repeat, changes show late."""
    await simulator.deliver(DANA, MEI, subject="Roof", text="x")
    await simulator.set_dials(microsoft={"delta_empty_pages": 2, "delta_repeats": True})
    page = await mei.got(INBOX)
    told, link = await round_of(mei, INBOX)
    await simulator.set_dials(microsoft={"delta_lag_seconds": 1})
    await simulator.deliver(DANA, MEI, subject="Late", text="x")
    hidden, link = await round_of(mei, link)

    async def shown() -> list[Json]:
        return (await round_of(mei, link))[0]

    late = await wait_until(shown, description="the change shows")
    assert (page["value"], "@odata.nextLink" in page) == ([], True)
    assert [one["subject"] for one in told] == ["Roof", "Roof"]
    assert (hidden, [one["subject"] for one in late]) == ([], ["Late"])


async def test_folders_and_contacts_have_feeds_too(simulator: Simulator, mei: MicrosoftConnection) -> None:
    """Made, renamed, deleted."""
    folders, folder_link = await round_of(mei, "/me/mailFolders/delta", Prefer="odata.maxpagesize=3")
    await simulator.add_contact(
        MEI, displayName="Bo Berg", emailAddresses=[{"name": "Bo", "address": "bo@x.test"}]
    )
    people, link = await round_of(mei, "/me/contacts/delta?$select=displayName,emailAddresses")
    made = await mei.done(
        "POST", "/me/contacts", {"givenName": "Ada", "displayName": "Ada", "businessPhones": ["1"]}
    )
    await mei.done("PATCH", f"/me/contacts/{people[0]['id']}", {"companyName": "Roofs"})
    changed, link = await round_of(mei, link)
    await mei.done("DELETE", f"/me/contacts/{made['id']}")
    gone, _link = await round_of(mei, link)
    folder = await mei.done("POST", "/me/mailFolders", {"displayName": "New"})
    fresh, folder_link = await round_of(mei, folder_link)
    await mei.ask("DELETE", f"/me/mailFolders/{folder['id']}")
    removed, _link = await round_of(mei, folder_link)

    assert {one["displayName"] for one in folders} >= {"Inbox", "Archive"}
    assert [one["emailAddresses"][0]["address"] for one in people] == ["bo@x.test"]
    assert {one["displayName"] for one in changed} == {"Ada", "Bo Berg"}
    assert gone == [
        {"@odata.type": "#microsoft.graph.contact", "id": made["id"], "@removed": {"reason": "deleted"}}
    ]
    assert [one["displayName"] for one in fresh] == ["New"]
    assert [(one["id"], "@removed" in one) for one in removed] == [(folder["id"], True)]
    assert (await mei.got("/me/contacts?$top=1"))["value"][0]["displayName"] == "Bo Berg"
    assert (await mei.ask("GET", "/me/contactFolders")).status_code == 200
