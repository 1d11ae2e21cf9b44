"""The human page of an Outlook mailbox: folders, moving, rules, what an administrator does."""

from tests.simulator.microsoft.conftest import DANA, MEI, NOOR
from tests.simulator.microsoft.msal_client import MicrosoftConnection, connect
from tests.simulator_process import Simulator


async def test_folders_are_outlooks_and_mail_moves_between_them(
    simulator: Simulator, mei: MicrosoftConnection
) -> None:
    """A person makes a folder and moves a mail; Graph shows it there."""
    await simulator.deliver(DANA, MEI, subject="Roof", text="It leaks.")
    url = f"/people/{MEI}"
    made = await simulator.control.post(f"{url}/settings", data={"do": "folder", "name": "Roofs <b>"})
    mine = (await simulator.mailbox(MEI))[0]
    page = await simulator.control.get(f"{url}?thread={mine['thread_id']}")
    folders = (await simulator.microsoft_account(MEI))["folders"]
    target = next(folder for folder in folders if folder["name"] == "Roofs <b>")
    moved = await simulator.control.post(
        f"{url}/mark", data={"do": "move", "id": mine["id"], "place": target["id"]}
    )
    inbox = await simulator.control.get(url)
    there = await simulator.control.get(f"{url}?folder={target['label']}")
    lost = await simulator.control.post(
        f"{url}/mark", data={"do": "move", "id": mine["id"], "place": "nowhere"}
    )
    listed = await mei.got(f"/me/mailFolders/{target['id']}/messages?$select=subject")

    assert (made.status_code, moved.status_code, lost.status_code) == (200, 303, 404)
    assert all(
        name in page.text for name in ("Deleted Items", "Junk Email", "Archive", "Roofs &lt;b&gt;", ">Move<")
    )
    assert "Roofs <b>" not in page.text
    assert ("Nothing in Inbox." in inbox.text, "It leaks." in there.text) == (True, True)
    assert [one["subject"] for one in listed["value"]] == ["Roof"]


async def test_rules_and_the_administrator(simulator: Simulator) -> None:
    """A rule works on the next mail; signing out everywhere ends the tokens; the access can be revoked."""
    url = f"/people/{MEI}/settings"
    await connect(simulator, MEI)
    folders = (await simulator.microsoft_account(MEI))["folders"]
    archive = next(folder for folder in folders if folder["well_known"] == "archive")
    ruled = await simulator.control.post(
        url, data={"do": "rule", "sender": "okafor", "folder": archive["id"]}
    )
    empty = await simulator.control.post(url, data={"do": "rule", "folder": archive["id"]})
    nowhere = await simulator.control.post(url, data={"do": "rule", "sender": "x", "folder": "nowhere"})
    await simulator.deliver(DANA, MEI, subject="Roof", text="x")
    items = (await simulator.microsoft_account(MEI))["items"]
    signed_out = await simulator.control.post(url, data={"do": "end-sessions"})
    shown = await simulator.control.get(url)
    await simulator.control.post(url, data={"do": "revoke", "client_id": ""})
    after = (await simulator.ask("GET", f"/accounts/{MEI}"))["allowed_clients"]
    cleared = await simulator.control.post(url, data={"do": "clear-rules"})

    assert "Such mail goes to Archive from now on." in ruled.text
    assert (empty.status_code, nowhere.status_code) == (400, 400)
    assert [item["folder_id"] for item in items] == [archive["id"]]
    assert "has to ask this person again" in signed_out.text
    assert ("from “okafor”" in shown.text, "1 refresh token" in shown.text) == (True, True)
    assert (len(after), "None: mail arrives in the inbox." in cleared.text) == (1, True)


async def test_people_of_both_kinds_are_on_the_first_page(simulator: Simulator) -> None:
    """In groups of their own; the form makes another."""
    added = await simulator.control.post(
        "/people", data={"name": "Ole", "address": "ole@lindqvist-co.test", "kind": "microsoft"}
    )
    page = await simulator.control.get("/")
    account = await simulator.microsoft_account("ole@lindqvist-co.test")

    assert added.status_code == 303
    assert all(
        text in page.text for text in ("Microsoft users at work", "Personal Microsoft users", MEI, NOOR)
    )
    assert account["tenant_id"] == (await simulator.microsoft_account(MEI))["tenant_id"]
