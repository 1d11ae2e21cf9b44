"""The discovery document's schemas as strict JSON Schema: a key that Google does not have is an error."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.simulator.google_client import discovery_document

Json = dict[str, Any]
PATTERNS = {
    "int64": r"^-?[0-9]{1,19}$",
    "uint64": r"^[0-9]{1,20}$",
    "byte": r"^[A-Za-z0-9_-]*={0,2}$",
}
WHOLE = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}


def strict(schema: Json) -> Json:
    """Turn one discovery schema into JSON Schema that refuses unknown properties."""
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema.get("type")
    found: Json = {} if kind in (None, "any") else {"type": kind}
    if kind == "object":
        found["properties"] = {name: strict(inner) for name, inner in schema.get("properties", {}).items()}
        inner = schema.get("additionalProperties")
        found["additionalProperties"] = strict(inner) if inner else False
    if kind == "array":
        found["items"] = strict(schema["items"])
        found["minItems"] = 1
    if kind == "string" and schema.get("format") in PATTERNS:
        found["pattern"] = PATTERNS[schema["format"]]
    if kind == "integer" and schema.get("format") in WHOLE:
        found["minimum"], found["maximum"] = WHOLE[schema["format"]]
    if "enum" in schema:
        found["enum"] = schema["enum"]
    return found


@cache
def definitions() -> Json:
    """All schemas, converted."""
    return {name: strict(schema) for name, schema in discovery_document()["schemas"].items()}


@cache
def methods() -> dict[str, Json]:
    """Every method of the document by its id."""

    def walk(holder: Json) -> dict[str, Json]:
        found = {method["id"]: method for method in holder.get("methods", {}).values()}
        for inner in holder.get("resources", {}).values():
            found |= walk(inner)
        return found

    return walk(discovery_document())


@cache
def validator(schema_name: str) -> Draft202012Validator:
    """Return a validator of one schema."""
    return Draft202012Validator({"$ref": f"#/$defs/{schema_name}", "$defs": definitions()})


def problems(method_id: str, body: Json) -> list[str]:
    """Return what is wrong with a method's answer, by the document."""
    schema_name = methods()[method_id]["response"]["$ref"]
    return [f"{error.json_path}: {error.message}" for error in validator(schema_name).iter_errors(body)]
