"""Bodies of many parts: nested, related, signed, encrypted, with files of every kind, HTML alone and text alone."""
# ruff: noqa: E501 - lines of mail are as long as mail programs write them

import itertools

from tests.samples.mail.parts import HTML, IMAGE_PART, PDF_PART, TEXT, Shape, multipart, shape

HTML_IMAGE = 'Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hello Ann,<br>see the offer.</p><img src="cid:logo@okafor">'
ICS = (
    "Content-Type: text/calendar; charset=utf-8; method={method}\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:{method}\r\n"
    "BEGIN:VEVENT\r\nSUMMARY:Roof\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
KINDS: list[tuple[str, str, str]] = [
    ("application/ms-tnef", "winmail.dat", "winmail.dat"),
    ("application/vnd.ms-tnef", "winmail.dat", "winmail.dat"),
    ("application/pkcs7-signature", "smime.p7s", "smime.p7s"),
    ("application/pgp-keys", "key.asc", "key.asc"),
    ("application/pdf", "offer.pdf", "offer.pdf"),
    ("application/octet-stream", "offer.docx", "offer.docx"),
    ("application/zip", "plans.zip", "plans.zip"),
    ("application/x-zip-compressed", "plans.zip", "plans.zip"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "a.docx", "a.docx"),
    ("image/jpeg", "IMG_0001.JPG", "IMG_0001.JPG"),
    ("image/heic", "IMG_0002.HEIC", "IMG_0002.HEIC"),
    ("image/svg+xml", "logo.svg", "logo.svg"),
    ("video/quicktime", "roof.mov", "roof.mov"),
    ("audio/amr", "memo.amr", "memo.amr"),
    ("text/csv", "prices.csv", "prices.csv"),
    ("text/html", "page.html", "page.html"),
    ("text/plain", "notes.txt", "notes.txt"),
    ("text/vcard", "dana.vcf", "dana.vcf"),
    ("text/x-vcard", "dana.vcf", "dana.vcf"),
    ("text/calendar", "invite.ics", "invite.ics"),
    ("application/ics", "invite.ics", "invite.ics"),
    ("message/rfc822", "mail.eml", "mail.eml"),
    ("application/vnd.ms-outlook", "mail.msg", "mail.msg"),
    ("APPLICATION/PDF", "UPPER.PDF", "UPPER.PDF"),
    ("pdf", "broken-type.pdf", "broken-type.pdf"),
    ("application/", "half-type.bin", "half-type.bin"),
    ("", "no-type.bin", "no-type.bin"),
]
"""What a file's part says it is, its name there, and the name shown."""
NESTINGS = ("mixed", "alternative", "related", "signed", "parallel", "x-unknown", "digested", "appledouble")


def trees() -> list[Shape]:
    """Every tree."""
    return [*_nested(), *_files(), *_invitations(), *_sealed(), *_one_form()]


def _nested() -> list[Shape]:
    """The same text and file, wrapped in one or two more multiparts of every kind."""
    found = []
    for at, (outer, inner) in enumerate(itertools.product(NESTINGS, NESTINGS)):
        tree = multipart(outer, "o", _part(inner, "i", TEXT, HTML))
        found.append(shape(f"nested-{at}-{outer}-{inner}", tree, has="see the offer."))
    for depth in (3, 8, 20, 50):
        part = TEXT
        for level in range(depth):
            part = multipart("mixed", f"b{level}", part)
        found.append(shape(f"deep-{depth}", part, has="see the offer."))
    body = _part("alternative", "a", TEXT, _part("related", "r", HTML_IMAGE, IMAGE_PART))
    for outer in ("mixed", "x-unknown"):
        tree = multipart(outer, "m", body, PDF_PART)
        found.append(shape(f"usual-{outer}", tree, has="see the offer.", names=["logo.png", "offer.pdf"]))
    return found


def _part(subtype: str, boundary: str, *parts: str) -> str:
    return multipart(subtype, boundary, *parts)


def _files() -> list[Shape]:
    found = []
    for at, (kind, name, shown) in enumerate(KINDS):
        for disposition in ("attachment", "inline"):
            part = (
                (f"Content-Type: {kind}\r\n" if kind else "")
                + f'Content-Disposition: {disposition}; filename="{name}"\r\n'
                "Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8sIHRoZXJlIQ=="
            )
            tree = multipart("mixed", "m", TEXT, part)
            found.append(shape(f"kind-{at}-{disposition}", tree, has="see the offer.", names=[shown]))
    return found


def _invitations() -> list[Shape]:
    found = []
    for method in ("REQUEST", "CANCEL", "REPLY", "PUBLISH", "COUNTER"):
        part = ICS.format(method=method)
        found.append(
            shape(
                f"invitation-{method}", multipart("alternative", "a", TEXT, HTML, part), has="see the offer."
            )
        )
        found.append(shape(f"invitation-only-{method}", part, names=["attachment-1.ics"]))
    return found


def _sealed() -> list[Shape]:
    """Signed and encrypted mail, left as it is."""
    opened = (
        'Content-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n'
    )
    control = "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    signature = 'Content-Type: application/{kind}; name="{name}"\r\n\r\nMIIB'
    pgp = signature.format(kind="pgp-signature", name="signature.asc")
    smime = signature.format(kind="pkcs7-signature", name="smime.p7s")
    enveloped = 'application/pkcs7-mime; smime-type={kind}; name="smime.p7m"\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB'
    return [
        shape(
            "pgp-mime",
            multipart("encrypted", "e", control, opened),
            warned="encrypted",
            names=["attachment-1.bin", "encrypted.asc"],
        ),
        shape(
            "pgp-signed", multipart("signed", "s", TEXT, pgp), has="see the offer.", names=["signature.asc"]
        ),
        shape(
            "smime-signed", multipart("signed", "s", TEXT, smime), has="see the offer.", names=["smime.p7s"]
        ),
        shape("smime-opaque", "Content-Type: " + enveloped.format(kind="signed-data"), names=["smime.p7m"]),
        shape(
            "smime-sealed",
            "Content-Type: " + enveloped.format(kind="enveloped-data"),
            warned="encrypted",
            names=["smime.p7m"],
        ),
        shape(
            "smime-x",
            "Content-Type: " + enveloped.format(kind="enveloped-data").replace("pkcs7", "x-pkcs7", 1),
            warned="encrypted",
            names=["smime.p7m"],
        ),
        shape(
            "pgp-inline",
            "Content-Type: text/plain\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA\r\n-----END PGP MESSAGE-----\r\n",
            has="BEGIN PGP MESSAGE",
        ),
    ]


PAGES: list[tuple[str, str]] = [
    ("<p>one</p><p>two</p>", "one\n\ntwo"),
    ("one<br>two", "one\ntwo"),
    ("<div>one</div><div>two</div>", "one\ntwo"),
    ("<ul><li>one</li><li>two</li></ul>", "two"),
    ("<table><tr><td>one</td><td>two</td></tr></table>", "one"),
    ('<a href="https://roof.example/x">the offer</a>', "the offer"),
    ("<style>p{color:red}</style><p>one</p>", "one"),
    ("<script>alert(1)</script><p>one</p>", "one"),
    ("<head><title>no</title></head><body>one</body>", "one"),
    ("&lt;one&gt; &amp; &euro;&nbsp;&#8364;", "<one> & €"),
    ("<h1>one</h1>two", "one"),
    ("<blockquote>one</blockquote>", "one"),
    ("<pre>one\n  two</pre>", "one\n  two"),
    ("<p>one", "one"),
    ("<b><i>one</b></i>", "one"),
    ("<!-- no --><p>one</p>", "one"),
    ("<o:p>one</o:p>", "one"),
    ("<center><font size=7>one</font></center>", "one"),
]
"""HTML, and what its text must hold."""


def _one_form() -> list[Shape]:
    """HTML without text has a text, and text stays text."""
    found = []
    for at, (page, said) in enumerate(PAGES):
        found.append(
            shape(f"html-{at}", f"Content-Type: text/html; charset=utf-8\r\n\r\n{page}\r\n", has=said)
        )
    return found
