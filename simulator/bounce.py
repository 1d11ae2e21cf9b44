"""The mail that comes back when there is nobody to deliver to: a delivery status notification.

Source: RFC 3464 (message/delivery-status), RFC 6522 (multipart/report), RFC 3834 (Auto-Submitted), and
the shape in which Gmail's bounces are seen (From mailer-daemon@googlemail.com, X-Failed-Recipients).
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from simulator import mime

TEXT = """
** Address not found **

Your message wasn't delivered to {recipient} because the address couldn't be found,
or is unable to receive mail.

The response from the remote server was:
550 5.1.1 The email account that you tried to reach does not exist.
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be delivered: the mail, whom it came from, whom it was for, and when."""

    raw: bytes
    sender: str
    recipient: str
    failed_at: datetime
    token: str


def notification(failure: Failure) -> bytes:
    """Write the bounce of one recipient."""
    original = mime.summary_of(failure.raw)
    domain = failure.recipient.rpartition("@")[2]
    date = format_datetime(failure.failed_at)
    boundary = f"=_{failure.token}"
    fields = [
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        f"To: {failure.sender}",
        "Auto-Submitted: auto-replied",
        "Subject: Delivery Status Notification (Failure)",
        f"Date: {date}",
        f"Message-ID: <{failure.token}@mx.google.com>",
        f"X-Failed-Recipients: {failure.recipient}",
        *([f"In-Reply-To: {original.internet_message_id}"] if original.internet_message_id else []),
        *([f"References: {original.internet_message_id}"] if original.internet_message_id else []),
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; boundary="{boundary}"; report-type=delivery-status',
    ]
    status = [
        "Reporting-MTA: dns; googlemail.com",
        f"Arrival-Date: {date}",
        *([f"X-Original-Message-ID: {original.internet_message_id}"] if original.internet_message_id else []),
        "",
        f"Final-Recipient: rfc822; {failure.recipient}",
        "Action: failed",
        "Status: 5.1.1",
        f"Remote-MTA: dns; mx.{domain}",
        "Diagnostic-Code: smtp; 550 5.1.1 The email account that you tried to reach does not exist.",
        f"Last-Attempt-Date: {date}",
    ]
    header = b"".join(field for _name, field in mime.split_fields(failure.raw)[0])
    parts = [
        (
            'text/plain; charset="UTF-8"',
            TEXT.format(recipient=failure.recipient).replace("\n", "\r\n").encode(),
        ),
        ("message/delivery-status", "\r\n".join(status).encode() + b"\r\n"),
        ("text/rfc822-headers", header),
    ]
    body = b"".join(
        f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode() + content + b"\r\n"
        for kind, content in parts
    )
    return "\r\n".join([*fields, "", ""]).encode() + body + f"--{boundary}--\r\n".encode()
