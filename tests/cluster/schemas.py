"""Objects drawn from the schema of a CRD, with the strategies of hypothesis.

What a structural schema says is kept to: types, formats, bounds, patterns, enums, required members, list maps. Rules in
CEL are not, and objects without listed members are empty.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from hypothesis import strategies as st

Schema: TypeAlias = Mapping[str, Any]

MOMENTS = st.sampled_from(["1970-01-01T00:00:00Z", "2026-01-01T12:30:45Z", "2026-12-31T23:59:59Z"])
FORMATS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**53), 2**53)}
"""Bounds of numbers; those of int64 are where JSON numbers are still exact in every client."""

FEW = 3
"""Members of a list that has no upper bound of its own."""

TEXT = st.characters(codec="utf-8", exclude_characters="\x00")


def drawn_from(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that the schema accepts."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            return _mappings(schema)
        case "array":
            return _lists(schema)
        case "boolean":
            return st.booleans()
        case "integer":
            least, most = FORMATS[schema.get("format", "int64")]
            return st.integers(schema.get("minimum", least), schema.get("maximum", most))
        case "string":
            return _texts(schema)
        case other:
            raise ValueError(f"no strategy for schemas of type {other}")


def _mappings(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    members = {name: drawn_from(each) for name, each in schema.get("properties", {}).items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: each for name, each in members.items() if name in required},
        optional={name: each for name, each in members.items() if name not in required},
    )


def _lists(schema: Schema) -> st.SearchStrategy[list[Any]]:
    least = schema.get("minItems", 0)
    most = min(schema.get("maxItems", least + FEW), least + FEW)
    keys = schema.get("x-kubernetes-list-map-keys", ())
    return st.lists(
        drawn_from(schema["items"]),
        min_size=least,
        max_size=most,
        unique_by=(lambda item: tuple(item.get(key) for key in keys)) if keys else None,
    )


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return MOMENTS
    least, most = schema.get("minLength", 0), schema.get("maxLength", 300)
    if "pattern" not in schema:
        return st.text(TEXT, min_size=least, max_size=min(most, least + 20))
    # In Go's expressions a final $ is the end of the text, in Python's also before a line break.
    pattern = re.compile(
        schema["pattern"].removesuffix("$") + r"\Z" if schema["pattern"].endswith("$") else schema["pattern"]
    )
    return st.from_regex(pattern, alphabet=TEXT).filter(lambda text: least <= len(text) <= most)


def without(schema: Schema, *paths: str) -> dict[str, Any]:
    """The schema without members; each path is dotted (``spec.rules.filters``), lists are passed through."""
    found = dict(schema)
    for path in paths:
        found = _without(found, path.split("."))
    return found


def _without(schema: Schema, path: list[str]) -> dict[str, Any]:
    if schema["type"] == "array":
        return {**schema, "items": _without(schema["items"], path)}
    members = dict(schema["properties"])
    if len(path) == 1:
        members.pop(path[0])
    else:
        members[path[0]] = _without(members[path[0]], path[1:])
    return {**schema, "properties": members}


def defaults(schema: Schema, path: str = "") -> dict[str, Any]:
    """Every default of a schema by its path."""
    found = {path: schema["default"]} if "default" in schema else {}
    for name, each in schema.get("properties", {}).items():
        found |= defaults(each, f"{path}.{name}")
    return {**found, **(defaults(schema["items"], f"{path}[]") if "items" in schema else {})}
