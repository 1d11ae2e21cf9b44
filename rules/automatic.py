"""Whether somebody wrote a mail, or a machine: from header fields alone, so that envelopes can be judged too.

Source: RFC 3834 2 and 5, RFC 2369, RFC 2919, RFC 3464; Precedence and X- fields by common practice.
"""

import re

from rules.header_block import Fields, first
from rules.parsed import Automatic

ENVELOPE_FIELDS = (
    *("Auto-Submitted", "Precedence", "List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond"),
    *("X-Failed-Recipients", "Return-Path", "Content-Type"),
)
"""The fields that must be fetched for `automatic` to judge an envelope."""


def automatic(fields: Fields) -> Automatic:
    """Return why nobody wrote the mail by hand, or NO."""
    words = re.split(r"[;(\s]", (first(fields, "auto-submitted") or "no").strip().lower(), maxsplit=1)
    submitted = words[0] or "no"
    precedence = (first(fields, "precedence") or "").strip().lower()
    content_type = (first(fields, "content-type") or "").lower()
    if "x-failed-recipients" in fields or (
        content_type.startswith("multipart/report") and "delivery-status" in content_type
    ):
        return Automatic.BOUNCE
    if (
        submitted == "auto-replied"
        or precedence == "auto_reply"
        or fields.keys() & {"x-autoreply", "x-autorespond"}
    ):
        return Automatic.AUTO_REPLY
    if fields.keys() & {"list-id", "list-unsubscribe"} or precedence in ("bulk", "list", "junk"):
        return Automatic.LIST
    if submitted != "no" or first(fields, "return-path") == "<>":
        return Automatic.GENERATED
    return Automatic.NO
