"""Mails in every charset that mail is written in, and under labels that mean nothing, or something else."""

import base64
import quopri

from tests.samples.mail.parts import Shape

SPOKEN = {
    "Zażółć gęślą jaźń, dach gotowy.": ("iso-8859-2", "windows-1250", "cp852", "iso-8859-16", "utf-8"),
    "Größe des Daches: 40 m, schöne Grüße": ("iso-8859-1", "latin1", "windows-1252", "cp850", "macintosh"),
    "Le devis est prêt, à bientôt, l'été": ("iso-8859-15", "ISO_8859-1", "CP1252", "UTF8", "iso-8859-14"),
    "Крыша готова, приезжайте": ("koi8-r", "windows-1251", "iso-8859-5", "cp866", "x-cp1251", "utf-16"),
    "Дах готовий, їдьте": ("koi8-u", "windows-1251", "UTF-8", "utf-16le", "utf-16be"),
    "Η στέγη είναι έτοιμη": ("iso-8859-7", "windows-1253", "greek"),
    "הגג מוכן, תודה": ("windows-1255", "iso-8859-8-i", "iso-8859-8", "iso-8859-8-e"),
    "السقف جاهز شكرا": ("windows-1256", "iso-8859-6"),
    "Çatı hazır, teşekkürler İğne": ("iso-8859-9", "windows-1254", "latin5"),
    "Jumts ir gatavs, paldies": ("iso-8859-13", "windows-1257", "iso-8859-4", "iso-8859-10"),
    "Mái nhà": ("windows-1258",),
    "屋根の見積もりです。": ("iso-2022-jp", "shift_jis", "euc-jp", "windows-31j", "x-sjis", "cp932"),
    "屋顶的报价,谢谢": ("gb2312", "gbk", "gb18030", "hz-gb-2312", "x-gbk", "cp936"),
    "屋頂的報價,謝謝": ("big5", "big5-hkscs", "cn-big5"),
    "지붕 견적입니다": ("euc-kr", "ks_c_5601-1987", "cp949", "iso-2022-kr"),
    "หลังคาพร้อมแล้ว": ("tis-620", "windows-874", "iso-8859-11"),
}
"""What is said, and under which labels."""
CODECS = {
    "x-cp1251": "cp1251",
    "greek": "iso8859-7",
    "windows-31j": "cp932",
    "x-sjis": "cp932",
    "x-gbk": "gbk",
    "cn-big5": "big5",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "hz-gb-2312": "hz",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-11": "cp874",
    "macintosh": "mac-roman",
    "big5-hkscs": "big5hkscs",
}
"""The codec that a label means, where the interpreter knows the label by another name, or not at all."""
MEANINGLESS = (
    *(
        "rot13",
        "rot_13",
        "idna",
        "punycode",
        "undefined",
        "unknown",
        "unknown-8bit",
        "x-unknown",
        "hex",
        "zlib",
    ),
    *(
        "base64",
        "bz2",
        "uu",
        "quopri",
        "unicode_escape",
        "raw_unicode_escape",
        "mbcs",
        "oem",
        "utf-7",
        "utf8mb4",
    ),
    *(
        "none",
        "null",
        "default",
        "charset",
        "_autodetect",
        "utf-8; format=flowed",
        "UTF-8\\",
        "ü",
        "a" * 300,
        "?",
    ),
)
"""Labels that say nothing of the bytes, or ask for a decoder that no mail is written in."""


def charsets() -> list[Shape]:
    """Each label with each encoding of the body; the subject, the sender and a file are named in it too."""
    found = []
    for said, labels in SPOKEN.items():
        for label in labels:
            for encoding in ("8bit", "base64", "quoted-printable"):
                found.append(_mail(said, label, encoding))
    said = "Grüße, 屋根"
    for number, label in enumerate(MEANINGLESS):
        raw = _head(f"meaningless-{number}", "Offer", "Dana", label, "8bit") + said.encode()
        found.append(Shape(f"meaningless-{number}", raw, {"has": said, "subject": "Offer"}))
    return found


def _mail(said: str, label: str, encoding: str) -> Shape:
    name = f"charset-{label}-{encoding}-{len(said)}"
    codec = CODECS.get(label, label)
    if label.lower().startswith("utf-16"):
        encoding = "base64"  # Its line ends are no line ends.
    content = (said + "\r\n").encode(codec)
    body = {
        "8bit": lambda: content,
        "base64": lambda: base64.encodebytes(content).replace(b"\n", b"\r\n"),
        "quoted-printable": lambda: (
            quopri.encodestring(content).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        ),
    }[encoding]()
    word = base64.b64encode(said.encode(codec)).decode()
    raw = _head(name, f"=?{label}?B?{word}?=", f"=?{label}?B?{word}?=", label, encoding) + body
    return Shape(
        name, raw, {"has": said, "subject": said, "sender": "dana@okafor.example", "sender_name": said}
    )


def _head(name: str, subject: str, sender: str, label: str, encoding: str) -> bytes:
    return (
        f"Message-ID: <{name[:60]}@mail.okafor.example>\r\nDate: Fri, 20 Nov 2026 10:42:00 +0100\r\n"
        f"From: {sender} <dana@okafor.example>\r\nTo: ann@crm.example\r\nSubject: {subject}\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: text/plain; charset="{label}"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode()
