"""The world outside the CRM: people with mailboxes at both providers and elsewhere, who write to each other.

Belongs here: what somebody does in their own mail program, one method a step. Never: the CRM (story.py).
"""

from datetime import UTC, datetime
from typing import Any

from tests.jobs.crm import Crm
from tests.jobs.machine.model import Mail

USERS = {"ann": ("ann@house.test", "ann@home.test"), "ben": ("ben@house.test", "ben@home.test")}
"""Each user's first mailbox, and the one they may move to."""
KINDS = {
    "ann@house.test": "google",
    "ann@home.test": "microsoft",
    "ben@house.test": "microsoft",
    "ben@home.test": "google",
}
CUSTOMERS = ("dana@roofing.test", "noor@law.test", "shop@goods.test")
EVERYBODY = (*KINDS, *CUSTOMERS)
AWAY = {"SPAM", "TRASH", "DRAFT"}


class Outside:
    """Everybody's mailboxes."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.subjects: dict[str, str] = {}
        """By Message-ID, for what a failure tells."""
        self.grew_at: dict[str, datetime] = {}
        """When something was last added to a conversation, by the Message-ID that began it."""

    async def open(self) -> None:
        """Everybody has an empty mailbox, and nothing goes wrong."""
        await self.crm.simulator.reset()
        await self.crm.simulator.ask("DELETE", "/dials")
        for address in EVERYBODY:
            await self.crm.simulator.create_account(
                address, address.partition("@")[0].title(), KINDS.get(address, "outside")
            )

    async def write(self, author: str, to: str, cc: tuple[str, ...] = (), bcc: tuple[str, ...] = ()) -> None:
        """Somebody begins something new."""
        cc = tuple(one for one in cc if one not in (author, to))
        bcc = tuple(one for one in bcc if one not in (author, to, *cc))
        if author == to:
            return
        begun = await self.crm.simulator.deliver(
            author, to, cc=cc, bcc=bcc, subject=f"Matter {len(self.grew_at)}", text="x"
        )
        self.grew_at[begun["internet_message_id"]] = datetime.now(UTC)

    async def answer(self, author: str, number: int, to_all: bool, subject: str | None) -> None:
        """Somebody answers a mail of theirs."""
        mail = await self._picked(author, number)
        if mail is not None:
            await self.before_growing(mail)
            more = {"reply_all": to_all} | ({"subject": subject} if subject else {})
            await self.crm.simulator.reply_as(author, mail["id"], "y", **more)

    async def forward(self, author: str, number: int, to: str) -> None:
        mail = await self._picked(author, number)
        if mail is not None and to != author:
            await self.before_growing(mail)
            await self.crm.simulator.deliver(author, to, forward=mail["id"], text="look")

    async def move(self, owner: str, number: int, place: str) -> None:
        """A mail goes to INBOX, TRASH, SPAM, or is gone for good."""
        mail = await self._picked(owner, number, everywhere=True)
        if mail is None:
            return
        here, path = set(mail["labels"]), f"/accounts/{owner}/messages/{mail['id']}"
        if place == "GONE":
            await self.crm.simulator.ask("DELETE", path)
        elif place not in here and "SENT" not in here:
            await self.crm.simulator.relabel(
                owner, mail["id"], add=[place], remove=sorted(here & {"INBOX", "TRASH", "SPAM"})
            )

    async def mark_read(self, owner: str, number: int) -> None:
        mail = await self._picked(owner, number)
        if mail is not None and "UNREAD" in mail["labels"]:
            await self.crm.simulator.relabel(owner, mail["id"], remove=["UNREAD"])

    async def before_growing(self, mail: dict[str, Any]) -> None:
        """Something is about to be added to the conversation of a mail."""

    async def _picked(self, owner: str, number: int, *, everywhere: bool = False) -> dict[str, Any] | None:
        mails = [
            one
            for one in await self.crm.simulator.mailbox(owner)
            if (everywhere or not AWAY & set(one["labels"])) and "DRAFT" not in one["labels"]
        ]
        return mails[number % len(mails)] if mails else None

    async def listing(self, address: str) -> list[Mail]:
        """The mails of a mailbox, oldest first, without spam, trash and drafts."""
        rows = reversed(await self.crm.simulator.mailbox(address))
        mails = []
        for one in rows:
            if not AWAY & set(one["labels"]):
                mails.append(_as_mail(one))
                self.subjects[mails[-1].id] = f"{{{one['subject']}}}"
        return mails


def _as_mail(row: dict[str, Any]) -> Mail:
    """What the outside world shows of one copy."""
    people = {name: tuple(_address(one) for one in row[name]) for name in ("from", "to", "cc", "bcc")}
    return Mail(
        copy=row["id"],
        place=row["thread_id"],
        id=row["internet_message_id"].strip("<>"),
        sender=people["from"][0],
        to=people["to"],
        cc=people["cc"],
        bcc=people["bcc"],
        parents=tuple(one.strip("<>") for one in reversed(row["references"])),
    )


def _address(shown: str) -> str:
    return shown.rpartition("<")[2].rstrip(">").lower()
