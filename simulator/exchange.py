"""One HTTP request to a provider and its answer, as every surface's handlers see them."""

import json
from dataclasses import dataclass, field
from typing import Literal

Json = dict[str, object]
Manner = Literal["plain", "hang", "drop", "half"]


@dataclass(frozen=True)
class Request:
    """An HTTP request below the provider's root; header names are lower case, query values repeat."""

    verb: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes = b""

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return self.query.get(name, [default])[0]


@dataclass
class Answer:
    """An HTTP answer; `manner` says whether the connection is to be spoilt instead."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    manner: Manner = "plain"


def json_answer(content: Json, status: int = 200) -> Answer:
    """Return JSON."""
    return Answer(status, json.dumps(content).encode(), {"content-type": "application/json; charset=UTF-8"})
