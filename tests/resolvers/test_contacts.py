"""Contacts: made, changed, deleted, imported, found."""

from typing import Any

import pytest

from tests.resolvers.world import World

CREATE = """mutation ($input: ContactInput!) { createContact(input: $input) { __typename
  ... on InvalidInput { field } ... on Contact { id name emails company createdBy } } }"""
UPDATE = """mutation ($id: ID!, $input: ContactInput!) { updateContact(id: $id, input: $input) { __typename
  ... on InvalidInput { field } ... on Contact { id name emails company } } }"""
DELETE = """mutation ($id: ID!) { deleteContact(id: $id) { __typename
  ... on HasConversations { count } ... on ContactDeleted { contactId } } }"""
IMPORT = """mutation ($rows: [ContactInput!]!) { importContacts(contacts: $rows) { __typename
  ... on InvalidInput { field }
  ... on ImportReport { created updated skipped rows { index outcome contactId reason } } } }"""
FIND = """query ($search: String) { contacts(search: $search) { edges { node { name } } } }"""


async def answer(world: World, text: str, **variables: Any) -> Any:
    data = await world.data(text, variables)
    [only] = data.values()
    return only


async def test_a_contact_is_made_clean_changed_and_deleted(world: World) -> None:
    made = await answer(
        world,
        CREATE,
        input={"name": " Mei Lindqvist ", "emails": ["Mei@Lindqvist.SE", "mei@lindqvist.se"], "company": ""},
    )
    id = made.pop("id")
    changed = await answer(world, UPDATE, id=id, input={"name": "Mei L.", "emails": ["new@x.example"]})
    gone = await answer(world, DELETE, id=id)
    again = await answer(world, DELETE, id=id)

    assert made == {
        "__typename": "Contact",
        "name": "Mei Lindqvist",
        "emails": ["mei@lindqvist.se"],
        "company": None,
        "createdBy": "CRM",
    }
    assert changed == {
        "__typename": "Contact",
        "id": id,
        "name": "Mei L.",
        "emails": ["new@x.example"],
        "company": None,
    }
    assert gone == {"__typename": "ContactDeleted", "contactId": id}
    assert again == {"__typename": "NotFound"}


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({"emails": []}, "input.emails"),
        ({"emails": ["a@b.example"], "name": "a\nb"}, "input.name"),
        ({"emails": ["@@"]}, "input.emails.0"),
        ({"emails": ["a@b.example"], "name": "x" * 201}, "input.name"),
    ],
)
async def test_an_unusable_contact_is_refused_by_field(
    world: World, input: dict[str, Any], field: str
) -> None:
    refused = await answer(world, CREATE, input=input)

    assert (refused["__typename"], refused["field"]) == ("InvalidInput", field)


async def test_a_contact_with_conversations_is_not_deleted(world: World) -> None:
    refused = await answer(world, DELETE, id=str(world.contact_id))

    assert refused == {"__typename": "HasConversations", "count": 3}
    assert await world.data(
        "query ($id: ID!) { contact(id: $id) { name } }", {"id": str(world.contact_id)}
    ) == {"contact": {"name": "Dana Okafor"}}


async def test_an_import_makes_what_is_new_completes_what_is_known_and_overwrites_nothing(
    world: World,
) -> None:
    report = await answer(
        world,
        IMPORT,
        rows=[
            {"name": "Noor Haddad", "emails": ["noor@x.example"]},
            {"name": "Somebody else", "emails": ["DANA@okafor.co", "dana@third.example"]},
            {"name": "Noor H.", "emails": ["noor@x.example"], "company": "Haddad"},
            {"name": "Dana", "emails": ["dana@okafor.co"]},
            {"emails": ["not an address@"]},
        ],
    )

    assert (report["created"], report["updated"], report["skipped"]) == (1, 2, 2)
    assert [row["outcome"] for row in report["rows"]] == [
        "CREATED",
        "UPDATED",
        "UPDATED",
        "SKIPPED",
        "SKIPPED",
    ]
    assert report["rows"][1]["contactId"] == str(world.contact_id)
    assert report["rows"][2]["contactId"] == report["rows"][0]["contactId"]
    assert "contacts.4.emails.0" in report["rows"][4]["reason"]
    dana = await world.data(
        "query ($id: ID!) { contact(id: $id) { name company emails } }", {"id": str(world.contact_id)}
    )
    assert dana["contact"] == {
        "name": "Dana Okafor",
        "company": "Okafor & Sons",
        "emails": ["dana@okafor.co", "dana@home.example", "dana@third.example"],
    }


async def test_an_import_of_a_thousand_and_one_rows_is_refused_whole(world: World) -> None:
    rows = [{"emails": [f"a{number}@b.example"]} for number in range(1001)]

    refused = await answer(world, IMPORT, rows=rows)

    assert refused == {"__typename": "InvalidInput", "field": "contacts"}
    assert len((await answer(world, FIND, search="b.example"))["edges"]) == 0


@pytest.mark.parametrize(
    ("search", "found"),
    [("dan", 1), ("OKAFOR &", 1), ("home.exa", 1), ("%", 0), ("_ana", 0), ("nobody", 0), ("", 1), (None, 1)],
)
async def test_contacts_are_found_by_parts_of_name_company_and_address(
    world: World, search: str | None, found: int
) -> None:
    answered = await answer(world, FIND, search=search)

    assert [edge["node"]["name"] for edge in answered["edges"]] == ["Dana Okafor"] * found
