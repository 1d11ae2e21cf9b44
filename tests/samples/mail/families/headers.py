"""Header fields as programs write them, right and wrong: encoded words, file names, addresses, dates."""

from tests.samples.mail.parts import Shape

WORDS: list[tuple[bytes, str]] = [
    (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    (b"=?UTF-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    (b"=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
    (b"=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
    (b"=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    (b"=?utf-8?q?a_b?= =?utf-8?q?_c?=", "a b c"),
    (b"=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"),
    (b"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
    (b"=?utf-8?B?5bGL5qA=?= =?utf-8?B?ueOBrg==?=", "屋根の"),
    (b"=?iso-8859-1?q?Stra=DFe?= =?utf-8?q?_Gr=C3=BC=C3=9Fe?=", "Straße Grüße"),
    (b"Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Re: Grüße"),
    (b'"=?utf-8?q?Gr=C3=BC=C3=9Fe?="', '"Grüße"'),
    (b"=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
    (b"=?utf-8?q?abc", "=?utf-8?q?abc"),
    (b"=??q?abc?=", "=??q?abc?="),
    (b"=?rot13?q?uryyb?=", "uryyb"),
    (b"=?utf-8?q??=", ""),
    (b"Gr\xc3\xbc\xc3\x9fe", "Grüße"),
    (b"Gr\xfc\xdfe", "Grüße"),
    (b"=?us-ascii?q?offer?=", "offer"),
    (b"=?utf-8?q?one=0D=0ABcc:_x@y.example?=", "one Bcc: x@y.example"),
    (b"  spaced   out  ", "spaced out"),
    (b"a\r\n folded\r\n\tline", "a folded line"),
    (b"=?utf-8?b?8J+YgA==?= roof", "😀 roof"),
    (b"=?gb18030?B?1tC5+g==?=", "中国"),
    (b"=?ISO-2022-JP?B?GyRCMDBGYhsoQg==?=", "旭内"),
]
"""A Subject as it is written, and what is read."""
FILES: list[tuple[str, str]] = [
    ('filename="offer.pdf"', "offer.pdf"),
    ("filename=offer.pdf", "offer.pdf"),
    ("filename='offer.pdf'", "'offer.pdf'"),
    ("filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
    ("filename*=UTF-8'de'Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
    ("filename*=iso-8859-1''Gr%FC%DFe.pdf", "Grüße.pdf"),
    ("filename*0*=utf-8''Gr%C3%BC;\r\n filename*1*=%C3%9Fe;\r\n filename*2=.pdf", "Grüße.pdf"),
    ('filename*1="er.pdf"; filename*0="off"', "offer.pdf"),
    ("filename=\"x.pdf\"; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
    ('filename="=?utf-8?q?Gr=C3=BC=C3=9Fe.pdf?="', "Grüße.pdf"),
    ('filename="=?utf-8?B?R3LDvMOfZS5wZGY=?="', "Grüße.pdf"),
    ('filename="Grüße.pdf"', "Grüße.pdf"),
    ('filename="of\\"fer\\".pdf"', "of_fer_.pdf"),
    ('filename="../../etc/passwd"', "passwd"),
    ('filename="C:\\\\docs\\\\offer.pdf"', "offer.pdf"),
    ('filename="/etc/cron.d/x"', "x"),
    ('FileName="offer.pdf"', "offer.pdf"),
    ('filename = "offer.pdf"', "offer.pdf"),
    ('filename="offer.pdf";', "offer.pdf"),
    ('filename="a;b.pdf"', "a;b.pdf"),
    ('size=20; filename="offer.pdf"; creation-date="x"', "offer.pdf"),
]
"""A Content-Disposition's parameters, and the name that is shown."""
SENDERS: list[tuple[bytes, str | None]] = [
    (b"dana@okafor.example", "dana@okafor.example"),
    (b"<dana@okafor.example>", "dana@okafor.example"),
    (b"Dana <dana@okafor.example>", "dana@okafor.example"),
    (b'"Okafor, Dana" <dana@okafor.example>', "dana@okafor.example"),
    (b"Okafor\\, Dana <dana@okafor.example>", "dana@okafor.example"),
    (b"dana@okafor.example (Dana Okafor)", "dana@okafor.example"),
    (b"DANA@OKAFOR.EXAMPLE", "dana@okafor.example"),
    (b"Dana Okafor (roofs) <dana@okafor.example>", "dana@okafor.example"),
    (b"=?utf-8?q?D=C3=A4na?= <dana@okafor.example>", "dana@okafor.example"),
    (b'"dana@okafor.example" <dana@okafor.example>', "dana@okafor.example"),
    (b'"=?utf-8?q?Okafor=2C_Dana?=" <dana@okafor.example>', "dana@okafor.example"),
    (b"Dana\r\n <dana@okafor.example>", "dana@okafor.example"),
    (b"D\xe4na <dana@okafor.example>", "dana@okafor.example"),
    (b"Dana <dana@m\xc3\xbcller.example>", "dana@xn--mller-kva.example"),
    (b"Dana <dana+roof@okafor.example>", "dana+roof@okafor.example"),
    (b"Dana <o'dana@okafor.example>", "o'dana@okafor.example"),
    (b"Roofers: dana@okafor.example;", "dana@okafor.example"),
    (b"a@[::1", None),
    (b'"', None),
    (b"Dana", None),
    (b"<>", None),
    (b"undisclosed-recipients:;", None),
    (b"@", None),
    (b"dana@", None),
    (b"@okafor.example", None),
    (b"dana@@okafor.example", None),
    (b"\x00", None),
    (b"", None),
]
"""A From field, and who is read from it."""
DATES: list[tuple[str, str | None]] = [
    ("Fri, 20 Nov 2026 10:42:00 +0100", "2026-11-20T09:42:00+00:00"),
    ("20 Nov 2026 10:42:00 +0100", "2026-11-20T09:42:00+00:00"),
    ("Fri, 20 Nov 2026 10:42 +0100", "2026-11-20T09:42:00+00:00"),
    ("Fri, 20 Nov 2026 10:42:00 GMT", "2026-11-20T10:42:00+00:00"),
    ("Fri, 20 Nov 2026 10:42:00 EST", "2026-11-20T15:42:00+00:00"),
    ("Fri, 20 Nov 2026 10:42:00 -0000", "2026-11-20T10:42:00+00:00"),
    ("Fri, 20 Nov 2026 10:42:00 +0100 (CET)", "2026-11-20T09:42:00+00:00"),
    ("Fri, 20 Nov 26 10:42:00 +0100", "2026-11-20T09:42:00+00:00"),
    ("Fri, 20 Nov 2026 10:42:00", "2026-11-20T10:42:00+00:00"),
    ("2026-11-20T10:42:00Z", None),
    ("Freitag, 20. November 2026", None),
    ("Fri, 99 Nov 2026 10:42:00 +0100", None),
    ("Fri, 20 Nov 2026 25:61:00 +0100", None),
    ("Fri, 20 Nov 2026 10:42:00 +9999", None),
    ("Fri, 20 Nov 99999 10:42:00 +0100", None),
    ("Thu, 01 Jan 0001 00:00:00 +2359", "2000-12-31T00:01:00+00:00"),
    ("now", None),
    ("", None),
]
"""A Date field, and what is read from it."""


def headers() -> list[Shape]:
    """One mail a row."""
    return [
        *(_mail(f"subject-{at}", {"Subject": raw}, subject=said) for at, (raw, said) in enumerate(WORDS)),
        *(_mail(f"from-{at}", {"From": raw}, sender=said) for at, (raw, said) in enumerate(SENDERS)),
        *(_mail(f"date-{at}", {"Date": raw.encode()}, sent_at=said) for at, (raw, said) in enumerate(DATES)),
        *(_file(f"file-{at}", written, name) for at, (written, name) in enumerate(FILES)),
    ]


def _mail(name: str, changed: dict[str, bytes], **expected: object) -> Shape:
    fields = {
        "Message-ID": f"<{name}@mail.okafor.example>".encode(),
        "Date": b"Fri, 20 Nov 2026 10:42:00 +0100",
        "From": b"Dana <dana@okafor.example>",
        "To": b"ann@crm.example",
        "Subject": b"Offer",
        "Content-Type": b"text/plain; charset=utf-8",
        **changed,
    }
    head = b"".join(field.encode() + b": " + value + b"\r\n" for field, value in fields.items())
    return Shape(name, head + b"\r\nHello Ann\r\n", {"has": "Hello Ann", **expected})


def _file(name: str, written: str, shown: str) -> Shape:
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nHello Ann\r\n--b\r\nContent-Type: application/pdf\r\n"
        f"Content-Disposition: attachment; {written}\r\n\r\n%PDF\r\n--b--\r\n"
    )
    head = (
        f"Message-ID: <{name}@mail.okafor.example>\r\nFrom: dana@okafor.example\r\nTo: ann@crm.example\r\n"
        'Subject: Offer\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    )
    return Shape(name, (head + body).encode(), {"has": "Hello Ann", "names": [shown]})
