"""Pieces of HTML that every page uses; every text from outside goes through `escape`."""

import zlib
from datetime import datetime
from html import escape
from urllib.parse import quote, urlencode

from simulator.clock import from_ms
from simulator.post import Account

KINDS = {
    "google": "Google",
    "microsoft": "Microsoft",
    "microsoft-personal": "Outlook.com",
    "outside": "Outside",
    "unknown": "Unknown sender",
}
MARK = """<svg viewBox="0 0 26 26" fill="none" aria-hidden="true">
<rect x="1.5" y="4.5" width="23" height="17" rx="4"
stroke="currentColor" stroke-width="2"/><path d="m3 8 10 7 10-7" stroke="currentColor" stroke-width="2"/>
</svg>"""


def document(title: str, body: str, *, version: int, here: str = "") -> str:
    """Return a whole page; `here` names the navigation entry that is current."""
    entries = (("/", "People"), ("/faults", "Dials"))
    links = "".join(
        f'<a href="{path}"{" aria-current=page" if path == here else ""}>{name}</a>' for path, name in entries
    )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - simulated mail</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/page/app.css"><link rel="icon" href="data:,">
</head><body data-version="{version}">
<header class="top"><a class="brand" href="/">{MARK}<span>Simulated mail</span></a><nav>{links}</nav></header>
{body}
<script src="/page/live.js"></script></body></html>"""


def face(name: str, address: str) -> str:
    """Return a round mark with initials, in a colour of its own."""
    words = (name or address).replace("@", " ").replace(".", " ").split()
    initials = "".join(word[0] for word in words[:2]).upper() or "?"
    hue = zlib.crc32(address.encode()) % 360
    return f'<i class="face" style="--hue:{hue}" aria-hidden="true">{escape(initials)}</i>'


def badge(account: Account) -> str:
    """Return the mark of an account's kind."""
    return f'<span class="badge {account.kind}">{KINDS[account.kind]}</span>'


def person_url(address: str, path: str = "", **query: str) -> str:
    """Return the URL of a person's page."""
    tail = f"?{urlencode(query)}" if query else ""
    return f"/people/{quote(address)}{path}{tail}"


def shown_time(arrived_ms: int, now: datetime) -> str:
    """Return a time element: the hour for today, else the day."""
    instant = from_ms(arrived_ms)
    text = instant.strftime("%H:%M") if instant.date() == now.date() else instant.strftime("%-d %b")
    return f'<time datetime="{instant.isoformat()}" title="{instant:%Y-%m-%d %H:%M:%S} UTC">{text}</time>'


def shown_size(size_bytes: int) -> str:
    """Return a size for people."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    return f"{size_bytes / 1024:.0f} KB" if size_bytes < 1 << 20 else f"{size_bytes / (1 << 20):.1f} MB"


def note(text: str, *, bad: bool = False) -> str:
    """Return a message to the person, or nothing."""
    return f'<p class="note{" bad" if bad else ""}" role="status">{escape(text)}</p>' if text else ""


def field(label: str, name: str, value: str = "", *, more: str = "") -> str:
    """Return a labelled input."""
    return f'<label>{escape(label)}<input name="{name}" value="{escape(value)}" {more}></label>'


def button(action: str, label: str, *, style: str = "", **hidden: str) -> str:
    """Return a form that is one button."""
    fields = "".join(
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items()
    )
    press = f'<button class="{style}">{escape(label)}</button>'
    return f'<form method="post" action="{action}">{fields}{press}</form>'
