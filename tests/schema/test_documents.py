"""Every document that the guide and the CRM's own operations show is one that the API takes."""

import re
from pathlib import Path
from typing import Final

import pytest

from app.graphql.documents import Document, Documents
from schema.root import schema

_ROOT: Final = Path(__file__).parent.parent.parent
_DOCUMENTS: Final = Documents(schema._schema)


def _shown() -> list[tuple[str, str]]:
    guide = (_ROOT / "docs" / "api.md").read_text()
    shown = re.findall(r"^```graphql\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    operations = sorted((_ROOT / "tests" / "queries").glob("*.graphql"))
    return [(text.split("{")[0].strip(), text) for text in shown] + [
        (path.name, path.read_text()) for path in operations
    ]


@pytest.mark.parametrize("text", [text for _, text in _shown()], ids=[name for name, _ in _shown()])
def test_a_shown_document_is_taken(text: str) -> None:
    read = _DOCUMENTS.get(text)

    assert isinstance(read, Document), read
    assert read.select(None).cost({}) > 0


def test_the_guide_shows_each_kind_of_operation() -> None:
    words = {text.split()[0] for _, text in _shown()}

    assert words == {"query", "mutation", "subscription"}
