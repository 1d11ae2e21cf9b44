"""What a mailbox's owner is told about a decision: one sentence per row and outcome, no address, no subject.

Source: sync-rules, "The decision"; failures, "What none of them has": whyNotSynced.
"""

from collections.abc import Mapping
from typing import Final

from rules.words import SkipReason

EXPLANATIONS: Final[Mapping[str, Mapping[SkipReason | None, str]]] = {
    "D1": {
        SkipReason.NOT_CONNECTED: "The mailbox was not connected; mail is read again once it is connected."
    },
    "D2": {
        SkipReason.BEFORE_CONNECTION: "The message is older than the connection of this mailbox, and nothing "
        "is synced retroactively."
    },
    "D3": {SkipReason.NOT_MAIL: "It is a draft, spam, in the trash, a chat or only a calendar item."},
    "D4": {
        SkipReason.ALREADY_SYNCED: "The same message is already in the conversation; it was not logged twice."
    },
    "D5": {SkipReason.INTERNAL_ONLY: "Nobody outside your team takes part in it, so it stays private."},
    "D6": {SkipReason.BLOCKED: "Everybody outside your team who takes part in it is on a blocklist."},
    "D7": {SkipReason.FROM_ANOTHER_USER: "A colleague wrote it, and that syncs from their own mailbox only."},
    "D8": {SkipReason.ATTACHMENT_TOO_LARGE: "Its attachments add up to more than your workspace's limit."},
    "D9": {None: "It belongs to a conversation that syncs through this mailbox."},
    "D10": {None: "It was written by a contact that you track with your Auto BCC address."},
    "D11": {None: "It was exchanged with one of your contacts."},
    "D12": {None: "You sent it to one of your contacts."},
    "D13": {
        SkipReason.NOT_ACTIVATED: "This mailbox syncs conversations that begin in the CRM, and nothing was "
        "sent from the CRM through it yet."
    },
    "D14": {
        SkipReason.NOT_CRM_THREAD: "This mailbox syncs what begins in the CRM, and this did not.",
        SkipReason.NOT_A_CONTACT: "None of the people who decide it is one of your contacts.",
    },
}
