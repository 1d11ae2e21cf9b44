"""What machines write: reports of failed delivery in many dialects, automatic answers in many languages, lists."""
# ruff: noqa: E501 - lines of mail are as long as mail programs write them

from tests.samples.mail.parts import Shape, multipart

LOST = "nobody@okafor.example"
RETURNED = "Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@crm.example>\r\nFrom: ann@crm.example\r\nSubject: Offer\r\n\r\nHi\r\n"
REPORTS: dict[str, tuple[str, str]] = {
    "postfix": (
        f"Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822; {LOST}\r\nOriginal-Recipient: rfc822;{LOST}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\r\n",
        "5.1.1",
    ),
    "exchange": (
        f"Reporting-MTA: dns;EX01.example\r\nReceived-From-MTA: dns;x\r\nArrival-Date: Fri, 20 Nov 2026 09:42:00 +0000\r\n\r\nOriginal-Recipient: rfc822;{LOST}\r\nFinal-Recipient: rfc822;{LOST}\r\nAction: failed\r\nStatus: 5.1.10\r\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound\r\n",
        "5.1.10",
    ),
    "gmail": (
        f"Reporting-MTA: dns; googlemail.com\r\nX-Original-Message-ID: <ours@crm.example>\r\n\r\nFinal-Recipient: rfc822; {LOST}\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.example\r\n",
        "5.1.1",
    ),
    "sendmail": (
        f"Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: RFC822; {LOST}\r\nX-Actual-Recipient: RFC822; {LOST}\r\nAction: FAILED\r\nStatus: 5.1.1\r\n",
        "5.1.1",
    ),
    "full": (
        f"Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822; {LOST}\r\nAction: failed\r\nStatus: 5.2.2 (mailbox full)\r\n",
        "5.2.2",
    ),
    "brackets": (
        f"Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822;<{LOST}>\r\nAction: failed\r\nStatus: 5.0.0\r\n",
        "5.0.0",
    ),
    "upper": (
        f"REPORTING-MTA: dns; mail.example\r\n\r\nFINAL-RECIPIENT: rfc822; {LOST.upper()}\r\nACTION: failed\r\nSTATUS: 5.4.4\r\n",
        "5.4.4",
    ),
    "folded": (
        f"Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822;\r\n {LOST}\r\nAction: failed\r\nStatus: 5.7.1\r\nDiagnostic-Code: smtp;\r\n 550 5.7.1\r\n refused\r\n",
        "5.7.1",
    ),
    "utf-8": (
        f"Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: utf-8; {LOST}\r\nAction: failed\r\nStatus: 5.6.7\r\n",
        "5.6.7",
    ),
    "delayed": (
        f"Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822; {LOST}\r\nAction: delayed\r\nStatus: 4.4.1\r\nWill-Retry-Until: Sat, 21 Nov 2026 10:42:00 +0100\r\n",
        "4.4.1",
    ),
}
"""A dialect's machine-readable part, and the status in it."""
ANSWERS: dict[str, tuple[str, str]] = {
    "rfc": ("Auto-Submitted: auto-replied", "AUTO_REPLY"),
    "rfc-vacation": ("Auto-Submitted: auto-replied (vacation)", "AUTO_REPLY"),
    "rfc-parameter": ('Auto-Submitted: auto-replied; owner-email="x@y.example"', "AUTO_REPLY"),
    "upper": ("AUTO-SUBMITTED: AUTO-REPLIED", "AUTO_REPLY"),
    "x-autoreply": ("X-Autoreply: yes", "AUTO_REPLY"),
    "x-autorespond": ("X-Autorespond: Out of office", "AUTO_REPLY"),
    "precedence": ("Precedence: auto_reply", "AUTO_REPLY"),
    "generated": ("Auto-Submitted: auto-generated", "GENERATED"),
    "nobody": ("Return-Path: <>", "GENERATED"),
    "no": ("Auto-Submitted: no", "NO"),
    "list-id": ("List-Id: Roofers <roofers.lists.example>", "LIST"),
    "list-unsubscribe": ("List-Unsubscribe: <https://news.example/u>", "LIST"),
    "bulk": ("Precedence: bulk", "LIST"),
    "junk": ("Precedence: junk", "LIST"),
}
"""The header by which a program says so, and what is read from it."""
AWAY = {
    "en": ("Automatic reply: Offer", "I am out of the office until Monday."),
    "de": ("Automatische Antwort: Angebot", "Ich bin bis Montag nicht im Büro."),
    "fr": ("Réponse automatique : devis", "Je suis absente jusqu'à lundi."),
    "es": ("Respuesta automática: oferta", "Estoy fuera de la oficina."),
    "it": ("Risposta automatica: offerta", "Sono fuori ufficio."),
    "nl": ("Automatisch antwoord: offerte", "Ik ben afwezig."),
    "pl": ("Odpowiedź automatyczna: oferta", "Jestem poza biurem."),
    "sv": ("Autosvar: offert", "Jag är borta."),
    "pt": ("Resposta automática: oferta", "Estou fora do escritório."),
    "ru": ("Автоматический ответ: смета", "Меня нет в офисе."),
    "tr": ("Otomatik Yanıt: teklif", "Ofis dışındayım."),
    "ja": ("自動応答: 見積もり", "不在にしております。"),
    "zh": ("自动答复: 报价", "我不在办公室。"),
    "ko": ("자동 회신: 견적", "부재중입니다."),
}


def machines() -> list[Shape]:
    """Every one."""
    return [*_bounces(), *_automatic()]


def _head(name: str, subject: str, extra: str, sender: str = "dana@okafor.example") -> str:
    return (
        f"{extra}\r\nMessage-ID: <{name}@mail.okafor.example>\r\nDate: Fri, 20 Nov 2026 10:42:00 +0100\r\n"
        f"From: {sender}\r\nTo: ann@crm.example\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"
    )


def _bounces() -> list[Shape]:
    found: list[Shape] = []
    for dialect, (fields, status) in REPORTS.items():
        for returned in (RETURNED, RETURNED.replace("message/rfc822", "text/rfc822-headers"), ""):
            name = f"bounce-{dialect}-{len(found)}"
            said = "Content-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n"
            report = f"Content-Type: message/delivery-status\r\n\r\n{fields}"
            parts = (said, report, returned) if returned else (said, report)
            body = multipart("report", "r", *parts, extra="; report-type=delivery-status")
            raw = _head(
                name, "Undelivered Mail Returned to Sender", "Return-Path: <>", "mailer-daemon@mail.example"
            )
            found.append(
                Shape(
                    name,
                    (raw + body).encode(),
                    {"automatic": "BOUNCE", "bounced": [[LOST, status]], "has": "could not be delivered"},
                )
            )
    for at, extra in enumerate(
        (f"X-Failed-Recipients: {LOST}", f"X-Failed-Recipients: {LOST}\r\nAuto-Submitted: auto-replied")
    ):
        raw = _head(f"exim-{at}", "Mail delivery failed: returning message to sender", extra)
        found.append(
            Shape(
                f"exim-{at}",
                (raw + "\r\nThis message was created automatically.\r\n").encode(),
                {"automatic": "BOUNCE", "bounced": [[LOST, ""]]},
            )
        )
    return found


def _automatic() -> list[Shape]:
    found = []
    for language, (subject, text) in AWAY.items():
        raw = _head(f"away-{language}", subject, "Auto-Submitted: auto-replied") + (
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        )
        found.append(
            Shape(
                f"away-{language}", raw.encode(), {"automatic": "AUTO_REPLY", "subject": subject, "has": text}
            )
        )
    for name, (extra, kind) in ANSWERS.items():
        raw = _head(f"automatic-{name}", "Offer", extra) + "Content-Type: text/plain\r\n\r\nHello\r\n"
        found.append(Shape(f"automatic-{name}", raw.encode(), {"automatic": kind, "has": "Hello"}))
    return found
