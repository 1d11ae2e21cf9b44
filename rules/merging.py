"""Merge fields: what a bulk mail says to each contact, in a small and bounded part of Liquid.

Only `{{ field | filter }}` and if, unless and case are known: no loops, no assignments, no includes, so that
rendering costs no more than the template is long. A field that a contact lacks is never passed over in
silence: it is reported before anything is sent, unless the template says `| default: "..."`. Values put into
HTML are escaped. Pure. Source: https://jg-rp.github.io/liquid/ (undefined variables, resource limits).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from liquid import BoundTemplate, Environment, FalsyStrictUndefined, Mode
from liquid.exceptions import LiquidError, UndefinedError

TEMPLATE_LIMIT: Final = 200_000
OUTPUT_LIMIT: Final = 1_000_000
_TAGS: Final = frozenset(("if", "unless", "case", "comment", "content", "output", "illegal", "#"))
_FILTERS: Final = frozenset(
    (
        *("capitalize", "default", "downcase", "upcase", "strip", "lstrip", "rstrip", "squish"),
        *("truncate", "truncatewords", "append", "prepend", "remove", "escape", "escape_once"),
    )
)
"""None that multiplies: a few chained `replace` would make gigabytes of a line."""
_UNDEFINED: Final = re.compile(r"'([^']{1,100})' is undefined")
Fields = Mapping[str, str]


class BadTemplate(ValueError):
    """A template cannot be used; the message names the fault and the line, for its author."""


class MissingField(ValueError):
    """A contact lacks a field that the template needs; the message names the field."""


class _Small(Environment):
    output_stream_limit = OUTPUT_LIMIT
    block_nesting_limit = 20

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        for name in [name for name in self.tags if name not in _TAGS]:
            del self.tags[name]
        for name in [name for name in self.filters if name not in _FILTERS]:
            del self.filters[name]


_TEXT: Final = _Small(tolerance=Mode.STRICT, undefined=FalsyStrictUndefined, autoescape=False)
_HTML: Final = _Small(tolerance=Mode.STRICT, undefined=FalsyStrictUndefined, autoescape=True)


@dataclass(frozen=True, slots=True)
class Templates:
    """What a bulk mail says, before it is anybody's."""

    subject: str
    text: str | None
    html: str | None


@dataclass(frozen=True, slots=True)
class Merged:
    """What it says to one contact."""

    subject: str
    text: str | None
    html: str | None


def fields_of(name: str | None, email: str, company: str | None) -> dict[str, str]:
    """Return a contact's merge fields; what is not known of it is not there.

    `name`, `first_name`, `last_name`, `email`, `company`.
    """
    fields = {"email": email}
    words = (name or "").split()
    if words:
        fields |= {"name": " ".join(words), "first_name": words[0]}
    if len(words) > 1:
        fields["last_name"] = words[-1]
    if company and company.strip():
        fields["company"] = company.strip()
    return fields


class Merger:
    """Parses the templates of one bulk send once, and fills them in for each contact."""

    def __init__(self, templates: Templates) -> None:
        """Raises: BadTemplate."""
        self._parts = {
            name: _parsed(name, source, _HTML if name == "html" else _TEXT)
            for name, source in (
                ("subject", templates.subject),
                ("text", templates.text),
                ("html", templates.html),
            )
            if source is not None
        }

    def fill(self, fields: Fields) -> Merged:
        """Return what one contact is told.

        Raises:
            MissingField: the contact lacks a field.
            BadTemplate: the template cannot be carried out, or what comes of it is too long.
        """
        said = {name: self._rendered(part, fields) for name, part in self._parts.items()}
        subject = " ".join(said["subject"].split())
        return Merged(subject, said.get("text"), said.get("html"))

    def _rendered(self, part: "_Part", fields: Fields) -> str:
        try:
            return str(part.template.render(**fields))
        except UndefinedError as undefined:
            raise MissingField(_field_of(undefined)) from None
        except LiquidError as fault:
            raise BadTemplate(f"{part.name}: {_told(fault)}") from None


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    template: BoundTemplate


def _parsed(name: str, source: str, environment: Environment) -> _Part:
    if len(source) > TEMPLATE_LIMIT:
        raise BadTemplate(f"{name}: a template has {TEMPLATE_LIMIT} characters at most")
    try:
        return _Part(name, environment.from_string(source))
    except LiquidError as fault:
        raise BadTemplate(f"{name}: {_told(fault)}") from None


def _told(fault: LiquidError) -> str:
    """Return what is wrong, in one line, without the excerpt of the template."""
    return " ".join(str(fault.args[0] if fault.args else fault).splitlines()[:1])[:200]


def _field_of(undefined: UndefinedError) -> str:
    found = _UNDEFINED.search(str(undefined))
    return found[1] if found else "a field"
