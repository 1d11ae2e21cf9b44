"""The bounce of Exchange Online: a report from the tenant's postmaster.

Source: RFC 3464, RFC 6522, RFC 3834; the subject, sender and header names are as Exchange's reports are seen.
"""

from email.utils import format_datetime

from simulator import mime
from simulator.bounce import Failure

TEXT = """Your message to {recipient} couldn't be delivered.

The address wasn't found at {domain}: 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP
address lookup.
"""


def notification(failure: Failure) -> bytes:
    """Write the bounce of one recipient."""
    original = mime.summary_of(failure.raw)
    home, domain = failure.sender.rpartition("@")[2], failure.recipient.rpartition("@")[2]
    boundary = f"=_{failure.token}"
    named = original.internet_message_id
    fields = [
        f"From: Microsoft Outlook <postmaster@{home}>",
        f"To: {failure.sender}",
        f"Date: {format_datetime(failure.failed_at)}",
        f"Message-ID: <{failure.token}@{home}>",
        f"Subject: Undeliverable: {original.subject.encode('ascii', 'replace').decode()}",
        "Auto-Submitted: auto-replied",
        "X-MS-Exchange-Message-Is-Ndr:",
        f"X-Failed-Recipients: {failure.recipient}",
        *([f"In-Reply-To: {named}", f"References: {named}"] if named else []),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; boundary="{boundary}"; report-type=delivery-status',
    ]
    status = [
        f"Reporting-MTA: dns;AM0PR01MB.{home}",
        "",
        f"Final-Recipient: rfc822;{failure.recipient}",
        "Action: failed",
        "Status: 5.1.10",
        "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by lookup",
    ]
    text = TEXT.format(recipient=failure.recipient, domain=domain).replace("\n", "\r\n")
    header = b"".join(field for _name, field in mime.split_fields(failure.raw)[0])
    parts = [
        ('text/plain; charset="UTF-8"', text.encode()),
        ("message/delivery-status", "\r\n".join(status).encode() + b"\r\n"),
        ("message/rfc822", header + b"\r\n"),
    ]
    body = b"".join(
        f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode() + content + b"\r\n"
        for kind, content in parts
    )
    return "\r\n".join([*fields, "", ""]).encode() + body + f"--{boundary}--\r\n".encode()
