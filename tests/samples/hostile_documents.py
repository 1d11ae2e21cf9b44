"""GraphQL documents that try to make a server work hard, each named for what it abuses.

They are written for the schema of tests/app/graphql/http_world.py, so that most of them would be valid
if they were not hostile. Source: OWASP GraphQL cheat sheet; security requirement R17.
"""

from collections.abc import Iterator


def _nested(times: int, field: str = "child") -> str:
    return "{ item { " + f"{field} {{ " * times + "id" + " }" * times + " } }"


def _chain(times: int) -> str:
    """Return fragments that double what is selected at each step."""
    steps = [
        f"fragment F{n} on Item {{ a: child {{ ...F{n + 1} }} b: child {{ ...F{n + 1} }} }}"
        for n in range(times)
    ]
    return "{ item { ...F0 } } " + " ".join(steps) + f" fragment F{times} on Item {{ id }}"


def _overlapping(fragments: int, fields: int) -> str:
    """Return fragments full of the same fields, to be compared pairwise."""
    body = " ".join("child { id name }" for _ in range(fields))
    named = " ".join(f"fragment O{n} on Item {{ {body} }}" for n in range(fragments))
    spread = " ".join(f"...O{n}" for n in range(fragments))
    return f"{{ item {{ {spread} }} }} {named}"


def _different_arguments(times: int) -> str:
    """Return one response name with ever different arguments, nested so that all pairs are compared."""
    return "{ item { " + " ".join(f"children(first: {n}) {{ id }}" for n in range(times)) + " } }"


def _circle(length: int) -> str:
    parts = " ".join(f"fragment C{n} on Item {{ ...C{(n + 1) % length} }}" for n in range(length))
    return f"{{ item {{ ...C0 }} }} {parts}"


def _deep_overlap(depth: int, width: int) -> str:
    """Return nested selections of which each repeats its field: pairs of pairs of pairs."""
    inner = "id"
    for _ in range(depth):
        inner = " ".join(f"child {{ {inner} }}" for _ in range(width))
    return f"{{ item {{ {inner} }} }}"


_INTROSPECTION = "{ __schema { types { " + "fields { type { " * 12 + "name" + " } }" * 12 + " } } }"
_TYPES = "{ __schema { types { " + "ofType { " * 200 + "name" + " }" * 200 + " } } }"

_DOCUMENTS: dict[str, str] = {
    "depth by nesting": _nested(200),
    "depth beyond the interpreter": _nested(20_000),
    "depth by lists": _nested(30, "children"),
    "depth by inline fragments": "{ item { " + "... { " * 1_500 + "id" + " }" * 1_500 + " } }",
    "depth by a chain of fragments": "{ item { ...F0 } } "
    + " ".join(f"fragment F{n} on Item {{ child {{ ...F{n + 1} }} }}" for n in range(50))
    + " fragment F50 on Item { id }",
    "open brackets only": "{" * 50_000,
    "a list in lists in lists": "{ item(id: " + "[" * 10_000 + "]" * 10_000 + ") { id } }",
    "an object in objects": "{ item(id: " + "{a: " * 5_000 + "1" + "}" * 5_000 + ") { id } }",
    "aliases": "{ " + " ".join(f"a{n}: item {{ id }}" for n in range(2_000)) + " }",
    "aliases of leaves": "{ item { " + " ".join(f"a{n}: id" for n in range(3_000)) + " } }",
    "aliases of the type name": "{ " + " ".join(f"a{n}: __typename" for n in range(1_000)) + " }",
    "one field many times": "{ item { " + "id " * 3_500 + "} }",
    "one object many times": "{ " + "item { id } " * 800 + "}",
    "one field in many fragments": _overlapping(60, 16),
    "one field with different arguments": _different_arguments(400),
    "pairs of pairs": _deep_overlap(6, 3),
    "fragments that double": _chain(30),
    "fragments that double, longer": _chain(60),
    "a fragment in itself": "{ item { ...A } } fragment A on Item { ...A }",
    "a fragment in itself, deeper": "{ item { ...A } } fragment A on Item { child { ...A } }",
    "a circle of fragments": _circle(2),
    "a large circle of fragments": _circle(60),
    "many fragments": "{ item { id } } " + " ".join(f"fragment F{n} on Item {{ id }}" for n in range(500)),
    "many operations": " ".join(f"query Q{n} {{ item {{ id }} }}" for n in range(500)),
    "many spreads": "{ item { " + "...A " * 1_900 + "} } fragment A on Item { id }",
    "many directives": "{ item " + "@skip(if: false) " * 700 + "{ id } }",
    "many unknown directives": "{ item " + "@no " * 1_900 + "{ id } }",
    "many directives of an operation": "query Q " + "@no " * 1_900 + "{ item { id } }",
    "a literal of a million items": "{ item(id: [" + "1," * 500_000 + "]) { id } }",
    "a long literal": "{ item(name: [" + "1 " * 3_900 + "]) { id } }",
    "a long string": '{ item(name: "' + "x" * 900_000 + '") { id } }',
    "a long comment": "#" + "x" * 900_000 + "\n{ item { id } }",
    "many comments": "#x\n" * 20_000 + "{ item { id } }",
    "commas only": "," * 900_000 + "{ item { id } }",
    "a long name": "{ " + "x" * 60_000 + " }",
    "many unknown fields": "{ " + " ".join(f"x{n}" for n in range(900)) + " }",
    "many variables": "query(" + " ".join(f"$v{n}: Int" for n in range(700)) + ") { item { id } }",
    "many uses of a variable": "query($v: Int) { item { "
    + " ".join(f"a{n}: children(first: $v) {{ id }}" for n in range(300))
    + " } }",
    "introspection in depth": _INTROSPECTION,
    "introspection of types in types": _TYPES,
    "a page too large": "{ items(first: 101) { id } }",
    "a page beyond all numbers": "{ items(first: " + "9" * 5_000 + ") { id } }",
    "pages in pages": "{ items(first: 100) { children(first: 100) { children(first: 100) { id } } } }",
    "pages times aliases": "{ "
    + " ".join(f"a{n}: items(first: 100) {{ children(first: 50) {{ id }} }}" for n in range(10))
    + " }",
    "NUL by escape": '{ item(name: "a\\u0000b") { id } }',
    "NUL by the other escape": '{ item(name: "a\\u{0}b") { id } }',
    "half a surrogate pair": '{ item(name: "\\ud800") { id } }',
    "a byte order mark in the middle": "{ item \ufeff\ufeff { nothing } }",
    "NUL as it is": '{ item(name: "a\x00b") { id } }',
}


def hostile_documents() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each document."""
    yield from _DOCUMENTS.items()
