"""The address book: its contacts, in the default folder and in those that the user made in it.

Source: https://learn.microsoft.com/en-us/graph/api/resources/contact, /user-list-contacts, /contact-update.
"""

from simulator.exchange import Answer, Json
from simulator.microsoft import errors, odata
from simulator.microsoft.box import Box, Contact, ContactEntry, ContactFolder, folder_id, opaque
from simulator.microsoft.call import Call, Handler, answered, empty, list_of, text_of, texts_of
from simulator.microsoft.push import change_key
from simulator.microsoft.wire import stamp
from simulator.post import Account

TEXTS = (
    "displayName",
    "givenName",
    "surname",
    "middleName",
    "nickName",
    "title",
    "fileAs",
    "companyName",
    "department",
    "jobTitle",
    "mobilePhone",
    "personalNotes",
    "birthday",
)
LISTS = ("emailAddresses", "businessPhones", "homePhones", "imAddresses", "categories")


def contacts_folder(address: str) -> str:
    """Return the id of the default contact folder."""
    return folder_id(address, "contacts")


def shown(call: Call, contact: Contact) -> Json:
    """Return a contact as JSON, with what the request selects."""
    names = odata.selected(call.request.first("$select"))
    body: Json = {
        "createdDateTime": stamp(contact.created_ms),
        "lastModifiedDateTime": stamp(contact.modified_ms),
        "changeKey": change_key(contact.number),
        "parentFolderId": contact.folder or contacts_folder(call.account.address),
        **{name: contact.fields.get(name) for name in TEXTS},
        **{name: contact.fields.get(name, []) for name in LISTS},
    }
    chosen = {name: value for name, value in body.items() if not names or name in names}
    return {"@odata.etag": f'W/"{change_key(contact.number)}"', "id": contact.id, **chosen}


def list_contacts(call: Call) -> Answer:
    """`GET /me/contacts`: the default folder's."""
    found = [one for one in call.box.contacts.values() if one.folder == ""]
    text = call.request.first("$filter")
    if text:
        test = odata.parsed(text).test
        found = [one for one in found if test(_look(one))]
    skip, size = call.whole("$skip", 0, 10**6), call.page_size()
    body: Json = {
        "@odata.context": call.context("contacts"),
        "value": [shown(call, one) for one in found[skip : skip + size]],
    }
    if len(found) > skip + size:
        body["@odata.nextLink"] = call.next_page(skip + size)
    return answered(call, body)


def _look(contact: Contact) -> odata.Look:
    return lambda name: contact.fields.get(name)


def _found(call: Call) -> Contact:
    if call.params["cid"] not in call.box.contacts:
        raise errors.not_found()
    return call.box.contacts[call.params["cid"]]


def _entity(call: Call, contact: Contact, status: int = 200) -> Answer:
    return answered(
        call, {"@odata.context": call.context("contacts/$entity"), **shown(call, contact)}, status
    )


def get_contact(call: Call) -> Answer:
    """`GET /me/contacts/{id}`."""
    return _entity(call, _found(call))


def create_contact(call: Call) -> Answer:
    """`POST /me/contacts`."""
    contact = add(call.box, _fields(call), call.world.post.next_number(), call.world.clock.now_ms())
    _tell(call, "created", contact)
    return _entity(call, contact, 201)


def add(box: Box, fields: Json, number: int, now_ms: int, folder: str = "") -> Contact:
    """Put a person into a folder of the address book."""
    id = opaque("AAkALgAA", f"{box.address} contact {number}")
    contact = Contact(id, fields, number, now_ms, now_ms, folder)
    box.contacts[contact.id] = contact
    box.contact_log.append(ContactEntry(number, contact.id, False, folder))
    return contact


def update_contact(call: Call) -> Answer:
    """`PATCH /me/contacts/{id}`."""
    contact = _found(call)
    change(call.box, contact, _fields(call), call.world.post.next_number(), call.world.clock.now_ms())
    _tell(call, "updated", contact)
    return _entity(call, contact)


def change(box: Box, contact: Contact, fields: Json, number: int, now_ms: int) -> None:
    """Write fields of a person anew."""
    contact.fields.update(fields)
    contact.number, contact.modified_ms = number, now_ms
    box.contact_log.append(ContactEntry(number, contact.id, False, contact.folder))


def delete_contact(call: Call) -> Answer:
    """`DELETE /me/contacts/{id}`."""
    contact = _found(call)
    remove(call.box, contact, call.world.post.next_number())
    _tell(call, "deleted", contact)
    return empty(204)


def remove(box: Box, contact: Contact, number: int) -> None:
    """Take a person out of the address book."""
    del box.contacts[contact.id]
    box.contact_log.append(ContactEntry(number, contact.id, True, contact.folder))


def move(box: Box, contact: Contact, folder: str, number: int) -> None:
    """Put a person into another folder, under the same immutable id."""
    box.contact_log.append(ContactEntry(number, contact.id, True, contact.folder))
    contact.folder, contact.number = folder, number
    box.contact_log.append(ContactEntry(number, contact.id, False, folder))


def add_folder(box: Box, name: str, parent: str, number: int) -> ContactFolder:
    """Make a folder in the default one, or in another."""
    folder = ContactFolder(opaque("AAMkAGcf", f"{box.address} contact folder {number}"), name, parent)
    box.contact_folders[folder.id] = folder
    return folder


def remove_folder(box: Box, folder: ContactFolder) -> None:
    """Take a folder away with everybody and every folder in it."""
    for inner in [one for one in box.contact_folders.values() if one.parent == folder.id]:
        remove_folder(box, inner)
    box.contacts = {id: one for id, one in box.contacts.items() if one.folder != folder.id}
    del box.contact_folders[folder.id]


def named_folder(call: Call) -> str:
    """Return the folder that a path names, empty for the default one. Raises: GraphError: there is none."""
    named = call.params.get("cfid", "contacts")
    if named.lower() == "contacts" or named == contacts_folder(call.account.address):
        return ""
    if named not in call.box.contact_folders:
        raise errors.not_found()
    return named


def _tell(call: Call, kind: str, contact: Contact) -> None:
    account: Account = call.account
    call.world.microsoft.push.tell_contact(account, kind, contact.id, contact.number)


def _fields(call: Call) -> Json:
    body = call.json
    unknown = [name for name in body if name not in (*TEXTS, *LISTS) and "@odata" not in name]
    if unknown:
        text = f"The property '{unknown[0][:80]}' does not exist on type 'microsoft.graph.contact'."
        raise errors.bad_request(text, "RequestBodyRead")
    for name in LISTS:
        if name == "emailAddresses":
            for email in list_of(body, name):
                text_of(email, "name"), text_of(email, "address")
        else:
            texts_of(body, name)
    for name in TEXTS:
        if not isinstance(body.get(name), str | None):
            raise errors.invalid(f"The property '{name}' must be a string.")
    return {name: value for name, value in body.items() if "@odata" not in name}


def list_contact_folders(call: Call) -> Answer:
    """`GET /me/contactFolders`, `/me/contactFolders/{id}/childFolders`: those in the default one, or in it.

    The default one is not among them.
    """
    parent = named_folder(call)
    default = contacts_folder(call.account.address)
    found = [one for one in call.box.contact_folders.values() if one.parent == parent]
    skip, size = call.whole("$skip", 0, 10**6), call.page_size()
    value = [
        {"id": one.id, "displayName": one.name, "parentFolderId": one.parent or default}
        for one in found[skip : skip + size]
    ]
    body: Json = {"@odata.context": call.context("contactFolders"), "value": value}
    if len(found) > skip + size:
        body["@odata.nextLink"] = call.next_page(skip + size)
    return answered(call, body)


HANDLERS: dict[str, Handler] = {
    "graph.contacts.list": list_contacts,
    "graph.contacts.get": get_contact,
    "graph.contacts.create": create_contact,
    "graph.contacts.update": update_contact,
    "graph.contacts.delete": delete_contact,
    "graph.contactFolders.list": list_contact_folders,
    "graph.contactFolders.childFolders.list": list_contact_folders,
}
