"""Files of contacts as address books write them."""

import pytest

from rules.contact_files import (
    LONGEST_FILE,
    ContactFileFormat,
    FiledContact,
    UnreadableFile,
    read_contacts,
)

CSV, VCARD = ContactFileFormat.CSV, ContactFileFormat.VCARD
DANA = FiledContact("Dana Okafor", "Okafor Roofing", ("dana@okafor.co", "dana@home.example"))


@pytest.mark.parametrize(
    "text",
    [
        "Name,Company,Email\nDana Okafor,Okafor Roofing,dana@okafor.co;dana@home.example\n",
        "\ufeffFirst Name;Last Name;Organization;E-mail;Email 2\r\n"
        "Dana;Okafor;Okafor Roofing;dana@okafor.co;dana@home.example\r\n",
        "First Name,Last Name,Organization Name,E-mail 1 - Label,E-mail 1 - Value\n"
        'Dana,Okafor,Okafor Roofing,* Work,"dana@okafor.co ::: dana@home.example"\n',
        "E-mail Address\tE-mail 2 Address\tE-mail Display Name\tFull Name\tCompany\n"
        "dana@okafor.co\tdana@home.example\tDana (dana@okafor.co)\tDana Okafor\tOkafor Roofing\n\n",
    ],
    ids=["plain", "semicolons", "google", "tabs"],
)
def test_csv_is_read_as_address_books_export_it(text: str) -> None:
    assert read_contacts(CSV, text) == [DANA]


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Dana Okafor\r\nORG:Okafor Roofing;Sales\r\n"
        "EMAIL;TYPE=work:dana@okafor.co\r\nitem1.EMAIL:dana@home.example\r\nEND:VCARD\r\n",
        "begin:vcard\nversion:3.0\nN:Okafor;Dana;;;\nORG:Okafor\n  Roofing\n"
        "EMAIL:dana@oka\n for.co\nEMAIL:mailto:dana@home.example\nend:vcard\n",
        "BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Dana=20=\nOkafor\n"
        "ORG:Okafor Roofing\nEMAIL;INTERNET:dana@okafor.co\nEMAIL:dana@home.example\nEND:VCARD\n",
    ],
    ids=["4.0", "3.0 folded", "2.1"],
)
def test_vcards_of_every_version_are_read(text: str) -> None:
    assert read_contacts(VCARD, text) == [DANA]


def test_escapes_are_undone() -> None:
    text = "BEGIN:VCARD\nFN:Okafor\\, Dana\\nBoss\nORG:A\\;B\\\\C;Sales\nEMAIL:d@x.example\nEND:VCARD"

    assert read_contacts(VCARD, text) == [FiledContact("Okafor, Dana Boss", "A;B\\C", ("d@x.example",))]


def test_a_contact_without_an_address_is_kept_so_that_it_is_reported() -> None:
    assert read_contacts(CSV, "Name,Email\nNobody,\nDana,d@x.example\n") == [
        FiledContact("Nobody", None, ()),
        FiledContact("Dana", None, ("d@x.example",)),
    ]


@pytest.mark.parametrize(
    ("file_format", "text", "said"),
    [
        (CSV, "", "names the columns"),
        (CSV, "Name,Phone\nDana,1\n", "No column"),
        (CSV, "Email\n" + '"' + "x" * 200_000 + '"\n', "no CSV"),
        (CSV, ",".join(["Email"] * 201), "names the columns"),
        (VCARD, "Name,Email\nDana,d@x.example\n", "no vCard"),
        (VCARD, "BEGIN:VCARD\nFN:Unfinished\n", "no vCard"),
        (CSV, "x" * (LONGEST_FILE + 1), "in parts"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    file_format: ContactFileFormat, text: str, said: str
) -> None:
    with pytest.raises(UnreadableFile, match=said):
        read_contacts(file_format, text)
