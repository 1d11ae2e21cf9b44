"""Samples of reports, answers with their history, and header fields."""
# ruff: noqa: E501 - lines of mail are as long as mail programs write them

from typing import Any

from tests.samples.mail.parts import SPOKEN, TEXT, Shape, multipart, plain, shape


def reports() -> list[Shape]:
    """Mail that machines wrote."""
    status = (
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; googlemail.com\r\n\r\n"
        "Final-Recipient: rfc822; nobody@okafor.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550-5.1.1 no such user\r\n"
    )
    returned = "Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@crm.example>\r\nX-Bothways-Submission: mark-1\r\nSubject: Offer\r\n\r\nHi"
    top = (
        "Message-ID: <{name}@googlemail.example>\r\nDate: Fri, 20 Nov 2026 10:42:00 +0100\r\nReturn-Path: <>\r\n"
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\r\nTo: ann@crm.example\r\n"
        "Subject: Delivery Status Notification (Failure)\r\nAuto-Submitted: auto-replied\r\n"
    )
    report = multipart("report", "x1", TEXT, status, returned, extra="; report-type=delivery-status")
    bounce = {
        "recipients": [["nobody@okafor.example", "failed", "5.1.1"]],
        "id": "ours@crm.example",
        "marker": "mark-1",
    }
    return [
        shape("bounce", report, top=top, text=SPOKEN, automatic="BOUNCE", bounce=bounce),
        shape(
            "bounce-headers-only",
            report.replace("message/rfc822", "text/rfc822-headers"),
            top=top,
            automatic="BOUNCE",
            bounce=bounce,
        ),
        shape(
            "bounce-old-style",
            "X-Failed-Recipients: nobody@okafor.example\r\n" + TEXT,
            top=top,
            automatic="BOUNCE",
            bounce={"recipients": [["nobody@okafor.example", "failed", ""]], "id": None, "marker": None},
        ),
        shape(
            "out-of-office",
            "Auto-Submitted: auto-replied\r\n" + TEXT,
            text=SPOKEN,
            automatic="AUTO_REPLY",
            bounce=None,
        ),
    ]


def replies() -> list[Shape]:
    """Answers with their history, as programs quote it."""
    new = "Sounds good, when can you start?\n\n"
    old = "> Could you send\n> the offer?\n"
    introductions = {
        "gmail-en": "On Fri, Nov 20, 2026 at 10:42 AM Ann Berg <ann@crm.example> wrote:",
        "gmail-wrapped": "On Fri, Nov 20, 2026 at 10:42 AM Ann Berg from the roofers' office <\nann@crm.example> wrote:",
        "gmail-de": "Am Fr., 20. Nov. 2026 um 10:42 Uhr schrieb Ann Berg <ann@crm.example>:",
        "gmail-fr": "Le ven. 20 nov. 2026 à 10:42, Ann Berg <ann@crm.example> a écrit :",
        "gmail-es": "El vie, 20 nov 2026 a las 10:42, Ann Berg (<ann@crm.example>) escribió:",
        "gmail-it": "Il giorno ven 20 nov 2026 alle ore 10:42 Ann Berg <ann@crm.example> ha scritto:",
        "gmail-pt": "Em sex., 20 de nov. de 2026 às 10:42, Ann Berg <ann@crm.example> escreveu:",
        "gmail-nl": "Op vr 20 nov 2026 om 10:42 schreef Ann Berg <ann@crm.example>:",
        "gmail-sv": "Den fre 20 nov. 2026 kl 10:42 skrev Ann Berg <ann@crm.example>:",
        "gmail-pl": "pt., 20 lis 2026 o 10:42 Ann Berg <ann@crm.example> napisał(a):",
        "gmail-ru": "пт, 20 нояб. 2026 г. в 10:42, Ann Berg <ann@crm.example>:\nAnn Berg пишет:",
        "gmail-ja": "2026年11月20日(金) 10:42 Ann Berg <ann@crm.example>のメール:",
        "gmail-zh": "Ann Berg <ann@crm.example> 于2026年11月20日周五 10:42写道：",
        "apple-en": "On 20 Nov 2026, at 10:42, Ann Berg <ann@crm.example> wrote:",
        "outlook-en": "________________________________\nFrom: Ann Berg <ann@crm.example>\nSent: Friday, November 20, 2026 10:42\nTo: Dana\nSubject: Offer",
        "outlook-de": "Von: Ann Berg <ann@crm.example>\nGesendet: Freitag, 20. November 2026 10:42\nAn: Dana\nBetreff: Angebot",
        "outlook-fr": "De : Ann Berg <ann@crm.example>\nEnvoyé : vendredi 20 novembre 2026 10:42\nÀ : Dana\nObjet : Offre",
        "outlook-classic": "-----Original Message-----\nFrom: Ann Berg\nSent: Friday",
    }
    found = []
    for name, introduction in introductions.items():
        text = f"{new}{introduction}\n\n{old}"
        found.append(plain(f"reply-{name}", text, text=text.strip("\n"), quoted_from=len(new)))
    interleaved = "> Could you send the offer?\nYes, attached.\n> And when?\nOn Monday."
    below = "On Fri, Nov 20, 2026 Ann Berg <ann@crm.example> wrote:\n> Could you send the offer?\n\nYes, attached."
    forward = "FYI\n\n---------- Forwarded message ---------\nFrom: Ann Berg <ann@crm.example>\nDate: Fri\nSubject: Offer\n\nText"
    return [
        *found,
        plain("reply-tail-only", f"{new}{old}", quoted_from=len(new)),
        plain("reply-interleaved", interleaved, quoted_from=None),
        plain("reply-below", below, quoted_from=None),
        plain("forward", forward, quoted_from=None),
        plain("reply-only-quote", old, quoted_from=None),
        plain("no-quote-wrote", "I think that Mei wrote:\nno history here", quoted_from=None),
    ]


def heads() -> list[Shape]:
    """Header fields of every kind."""

    def head(name: str, fields: str, **expected: Any) -> Shape:
        return Shape(
            name,
            f"{fields}\r\n\r\nHello".replace("\n", "\r\n").replace("\r\r", "\r").encode("utf-8"),
            expected,
        )

    return [
        head(
            "head-encoded-subject",
            "From: a@x.example\nSubject: =?utf-8?b?R3LDvMOfZQ==?= =?utf-8?q?_aus_K=C3=B6ln?=",
            subject="Grüße aus Köln",
        ),
        head("head-utf8-subject", "From: a@x.example\nSubject: Grüße", subject="Grüße"),
        head(
            "head-subject-injection",
            "From: a@x.example\nSubject: =?utf-8?q?hi=0d=0aBcc:_x?=",
            subject="hi Bcc: x",
            bcc=[],
        ),
        head("head-folded", "From: a@x.example\nSubject: a\n  long\n\tsubject", subject="a long subject"),
        head(
            "head-threading",
            "From: a@x.example\nMessage-ID: <m@x>\nIn-Reply-To: <p@x>\nReferences: <a@x>\n <p@x>",
            references=["a@x", "p@x"],
            in_reply_to="p@x",
            internet_message_id="m@x",
        ),
        head(
            "head-many",
            "From: A <a@x.example>\nTo: B <b@x.example>, c@x.example\nCc: Team: d@x.example;\nBcc: e@x.example\nReply-To: r@x.example",
            to=["b@x.example", "c@x.example"],
            cc=["d@x.example"],
            bcc=["e@x.example"],
            reply_to=["r@x.example"],
        ),
        head("head-no-from", "Subject: x", sender=None),
        head(
            "head-two-from",
            "From: a@x.example\nFrom: b@x.example",
            sender="a@x.example",
            warned="more than one sender",
        ),
        head(
            "head-spoof",
            'From: "boss@bank.example" <a@x.example>',
            sender="a@x.example",
            warned="another email address",
        ),
        head("head-bad-date", "From: a@x.example\nDate: yesterday", sent_at=None),
        head(
            "head-date-1970",
            "From: a@x.example\nDate: Thu, 1 Jan 1970 00:00:00 -0000",
            sent_at="1970-01-01T00:00:00+00:00",
        ),
        head("head-date-9999", "From: a@x.example\nDate: Fri, 1 Jan 9999 00:00:00 +0000", sent_at=None),
        head(
            "head-date-zone",
            "From: a@x.example\nDate: Fri, 20 Nov 2026 10:42:00 +0530 (IST)",
            sent_at="2026-11-20T05:12:00+00:00",
        ),
        head(
            "head-two-content-types",
            "From: a@x.example\nContent-Type: text/plain\nContent-Type: text/html",
            warned="other programs",
        ),
        head("head-marker", "From: a@x.example\nX-Bothways-Submission: mark-1", marker="mark-1"),
    ]
