"""Samples of bodies and attachments, in the spellings that real programs use."""
# ruff: noqa: E501 - lines of mail are as long as mail programs write them

import base64
import quopri

from tests.samples.mail.parts import (
    BOLD,
    HTML,
    IMAGE_PART,
    PDF,
    PDF64,
    PDF_FOUND,
    PDF_PART,
    PNG,
    SPOKEN,
    TEXT,
    Shape,
    multipart,
    plain,
    shape,
)


def simple_texts() -> list[Shape]:
    """One part, in every encoding."""
    greeting = "Grüße aus Köln – schöne Woche!"
    latin = "Grüße aus Köln"
    return [
        plain("text-utf8", "Hello Ann,\nsee the offer.\n", text="Hello Ann,\nsee the offer.", html=None),
        shape("text-no-type", "\r\nHello Ann,\r\nsee the offer.", text=SPOKEN),
        shape("text-bare-lf", TEXT.replace("\r\n", "\n"), text=SPOKEN),
        shape(
            "text-quoted-printable",
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            + quopri.encodestring(greeting.encode()),
            text=greeting,
        ),
        shape(
            "text-base64",
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(greeting.encode()).decode(),
            text=greeting,
        ),
        shape(
            "text-latin1",
            b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n" + latin.encode("latin-1"),
            text=latin,
        ),
        shape(
            "text-mislabelled-ascii",
            b"Content-Type: text/plain; charset=us-ascii\r\n\r\n" + latin.encode("utf-8"),
            text=latin,
            warned="Some characters",
        ),
        shape(
            "text-mislabelled-utf8",
            b"Content-Type: text/plain; charset=utf-8\r\n\r\ncaf\xe9",
            text="café",
            warned="Some characters",
        ),
        shape(
            "text-windows-1252",
            b"Content-Type: text/plain; charset=windows-1252\r\n\r\n\x93offer\x94",
            text="“offer”",
        ),
        shape(
            "text-koi8",
            b"Content-Type: text/plain; charset=koi8-r\r\n\r\n" + "Привет, Анна".encode("koi8-r"),
            text="Привет, Анна",
        ),
        shape(
            "text-shift-jis",
            b"Content-Type: text/plain; charset=Shift_JIS\r\n\r\n" + "見積もりです".encode("shift_jis"),
            text="見積もりです",
        ),
        shape(
            "text-iso-2022-jp",
            b"Content-Type: text/plain; charset=ISO-2022-JP\r\n\r\n" + "見積もりです".encode("iso2022_jp"),
            text="見積もりです",
        ),
        shape(
            "text-gb2312",
            b"Content-Type: text/plain; charset=gb2312\r\n\r\n" + "报价".encode("gb2312"),
            text="报价",
        ),
        shape(
            "text-rot13",
            "Content-Type: text/plain; charset=rot13\r\n\r\nuryyb",
            text="uryyb",
            warned="Some characters",
        ),
        shape(
            "text-flowed",
            "Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\nThis is one \r\nlong line.\r\n> and \r\n> quoted\r\n-- \r\nDana",
            text="This is one long line.\n> and quoted\n-- \nDana",
        ),
        shape(
            "text-flowed-delsp",
            "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n\r\n見積 \r\nもり",
            text="見積もり",
        ),
        shape("text-empty", "Content-Type: text/plain\r\n\r\n", text="", snippet=""),
        shape("text-nul", b"Content-Type: text/plain\r\n\r\na\x00b\x07c", text="abc"),
    ]


def html_mails() -> list[Shape]:
    """HTML alone, beside text, with images inside."""
    related = multipart("related", "r1", HTML.replace("see", '<img src="cid:logo@okafor">see'), IMAGE_PART)
    return [
        shape("html-only", HTML, text=SPOKEN, html=BOLD),
        shape(
            "html-meta-charset",
            b"Content-Type: text/html\r\n\r\n<meta charset=iso-8859-1><p>Gr\xfc\xdfe</p>",
            text="Grüße",
        ),
        shape("alternative", multipart("alternative", "a1", TEXT, HTML), text=SPOKEN, html=BOLD),
        shape(
            "alternative-empty-text",
            multipart("alternative", "a1", TEXT.split("Hello")[0], HTML),
            text=SPOKEN,
            html=BOLD,
        ),
        shape(
            "related-inline-image",
            related,
            html='<p>Hello <b>Ann</b>,<br><img src="cid:logo@okafor">see the offer.</p>',
            attachments=[["logo.png", "image/png", len(PNG)]],
            inline=[True],
        ),
        shape(
            "alternative-related",
            multipart("alternative", "a1", TEXT, related),
            text=SPOKEN,
            attachments=[["logo.png", "image/png", len(PNG)]],
            inline=[True],
        ),
        shape(
            "mixed-alternative-related-pdf",
            multipart("mixed", "m1", multipart("alternative", "a1", TEXT, related), PDF_PART),
            text=SPOKEN,
            attachments=[["logo.png", "image/png", len(PNG)], *PDF_FOUND],
            inline=[True, False],
        ),
        shape(
            "related-start-parameter",
            multipart(
                "related",
                "r1",
                IMAGE_PART,
                HTML.replace("charset=utf-8", "charset=utf-8\r\nContent-ID: <root@x>"),
                extra='; start="<root@x>"',
            ),
            text=SPOKEN,
            attachments=[["logo.png", "image/png", len(PNG)]],
            inline=[False],
        ),
        shape(
            "newsletter-remote-images",
            "List-Unsubscribe: <https://news.example/u>\r\n"
            + HTML.replace(
                "see",
                '<img src="https://track.example/o.gif?u=1" width="1"><a href="https://news.example/">see</a>',
            ),
            html='<p>Hello <b>Ann</b>,<br><img width="1" data-remote-src="https://track.example/o.gif?u=1">'
            '<a href="https://news.example/" target="_blank" rel="noopener noreferrer nofollow">see</a> the offer.</p>',
            remote_images=["https://track.example/o.gif?u=1"],
            automatic="LIST",
        ),
        shape(
            "alternative-calendar-amp",
            multipart(
                "alternative",
                "a1",
                TEXT,
                "Content-Type: text/x-amp-html\r\n\r\n<html amp4email></html>",
                HTML,
                "Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR",
            ),
            text=SPOKEN,
            html=BOLD,
            attachments=[["attachment-1.ics", "text/calendar", 15]],
        ),
        shape("html-script", HTML.replace("see", "<script>steal()</script>see"), html=BOLD, text=SPOKEN),
    ]


def attachments() -> list[Shape]:
    """Names in every spelling, text between files, mails in mails."""

    def named(disposition: str, kind: str = "application/pdf") -> str:
        part = f"Content-Type: {kind}\r\nContent-Disposition: {disposition}\r\nContent-Transfer-Encoding: base64\r\n\r\n{PDF64}"
        return multipart("mixed", "m1", TEXT, part)

    def found(name: str, kind: str = "application/pdf") -> list[list[object]]:
        return [[name, kind, len(PDF)]]

    inner = "From: mei@lindqvist.example\r\nSubject: =?utf-8?q?Inner_=C3=BC?=\r\nContent-Type: text/plain\r\n\r\nInner text"
    return [
        shape("attachment-pdf", multipart("mixed", "m1", TEXT, PDF_PART), text=SPOKEN, attachments=PDF_FOUND),
        shape(
            "attachment-rfc2231",
            named("attachment; filename*=utf-8''%C3%9Cbersicht%20A.pdf"),
            attachments=found("Übersicht A.pdf"),
        ),
        shape(
            "attachment-rfc2231-sections",
            named("attachment; filename*0*=utf-8''%C3%9Cber; filename*1=sicht; filename*2=.pdf"),
            attachments=found("Übersicht.pdf"),
        ),
        shape(
            "attachment-rfc2047",
            named('attachment; filename="=?utf-8?b?w5xiZXIucGRm?="'),
            attachments=found("Über.pdf"),
        ),
        shape(
            "attachment-path", named('attachment; filename="../../etc/passwd"'), attachments=found("passwd")
        ),
        shape(
            "attachment-windows-path",
            named('attachment; filename="C:\\\\temp\\\\offer.pdf"'),
            attachments=found("offer.pdf"),
        ),
        shape(
            "attachment-bidi",
            named("attachment; filename*=utf-8''exe%E2%80%AEfdp.scr"),
            attachments=found("exefdp.scr"),
        ),
        shape("attachment-nameless", named("attachment"), attachments=found("attachment-1.pdf")),
        shape(
            "attachment-odd-type",
            named("attachment; filename=a.bin", "nonsense"),
            attachments=[["a.bin", "application/octet-stream", len(PDF)]],
        ),
        shape(
            "attachment-only",
            "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + PDF64,
            text="",
            attachments=found("a.pdf"),
        ),
        shape(
            "text-attachment-inline",
            multipart(
                "mixed",
                "m1",
                TEXT,
                'Content-Type: text/plain; name="notes.txt"\r\nContent-Disposition: inline; filename="notes.txt"\r\n\r\nnotes',
            ),
            text=SPOKEN,
            attachments=[["notes.txt", "text/plain", 5]],
        ),
        shape(
            "apple-text-image-text",
            multipart("mixed", "m1", TEXT, IMAGE_PART, "Content-Type: text/plain\r\n\r\nBest, Dana"),
            text=SPOKEN + "\n\nBest, Dana",
            attachments=[["logo.png", "image/png", len(PNG)]],
            inline=[False],
        ),
        shape(
            "forwarded-as-attachment",
            multipart("mixed", "m1", TEXT, f"Content-Type: message/rfc822\r\n\r\n{inner}"),
            text=SPOKEN,
            attachments=[["Inner ü.eml", "message/rfc822", len(inner)]],
        ),
        shape(
            "digest",
            multipart(
                "digest",
                "d1",
                f"Content-Type: message/rfc822\r\n\r\n{inner}",
                f"Content-Type: message/rfc822\r\n\r\n{inner}",
            ),
            text="",
            attachments=[["Inner ü.eml", "message/rfc822", len(inner)]] * 2,
        ),
        shape(
            "tnef",
            multipart(
                "mixed",
                "m1",
                TEXT,
                "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+Ig==",
            ),
            attachments=[["winmail.dat", "application/ms-tnef", 4]],
        ),
        shape(
            "signed-smime",
            multipart(
                "signed",
                "s1",
                TEXT,
                "Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB",
                extra='; protocol="application/pkcs7-signature"',
            ),
            text=SPOKEN,
            attachments=[["smime.p7s", "application/pkcs7-signature", 3]],
        ),
        shape(
            "encrypted-pgp",
            multipart(
                "encrypted",
                "e1",
                "Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
                "Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n-----BEGIN PGP MESSAGE-----",
                extra='; protocol="application/pgp-encrypted"',
            ),
            text="",
            warned="encrypted",
            attachments=[
                ["attachment-1.bin", "application/pgp-encrypted", 10],
                ["encrypted.asc", "application/octet-stream", 27],
            ],
        ),
        shape(
            "encrypted-smime",
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB",
            warned="encrypted",
            attachments=[["smime.p7m", "application/pkcs7-mime", 3]],
        ),
    ]
