"""Compares an answer with the documented fields of an endpoint."""

import re
from collections.abc import Iterator
from typing import Any

INTEGER = (int,)
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": INTEGER,
    "number": (float,),
    "boolean": (bool,),
    "array": (list,),
    "array of string": (list,),
    "object": (dict,),
    "integer|string": (int, str),
}
FORMATS = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    "int64 as digits": r"\d{1,19}",
    "9 digits": r"\d{9}",
    "integer as digits": r"\d+",
    "uri": r"https://\S+",
    "email": r"\S+@\S+",
}
Field = dict[str, Any]


def violations(value: Any, fields: list[Field], *, also: frozenset[str] = frozenset()) -> list[str]:  # noqa: ANN401
    """Return how an object departs from the documented fields.

    Args:
        value: The object, as decoded from JSON.
        fields: Rows of the table: ``name`` with dots into objects, ``[]`` into arrays and ``.*`` into maps.
        also: Undocumented names that are allowed at the top.
    """
    return list(_violations(value, fields, "", also))


def _violations(value: Any, fields: list[Field], prefix: str, also: frozenset[str]) -> Iterator[str]:  # noqa: ANN401
    if not isinstance(value, dict):
        yield f"{prefix or 'body'} is not an object"
        return
    own = {field["name"][len(prefix) :]: field for field in fields if _is_direct(field["name"], prefix)}
    for name, field in own.items():
        if name in value:
            yield from _of_field(value[name], field, fields)
        elif field["required"]:
            yield f"{field['name']} is missing"
    for name in value.keys() - own.keys() - also:
        yield f"{prefix}{name} is not documented"


def _is_direct(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and "." not in name[len(prefix) :]


def _of_field(value: Any, field: Field, fields: list[Field]) -> Iterator[str]:  # noqa: ANN401
    name, wanted = field["name"], field["wire_type"]
    if not isinstance(value, JSON_TYPES[wanted]) or (isinstance(value, bool) and wanted != "boolean"):
        yield f"{name} is {type(value).__name__}, documented as {wanted}"
        return
    if field["enum"] and str(value).upper() not in {str(choice).upper() for choice in field["enum"]}:
        yield f"{name} is none of the documented values"
    pattern = FORMATS.get(field["format"] or "")
    if pattern and isinstance(value, str) and not re.fullmatch(pattern, value):
        yield f"{name} is not a {field['format']}"
    below = f"{name}[]."
    if isinstance(value, list) and any(other["name"].startswith(below) for other in fields):
        for item in value:
            yield from _violations(item, fields, below, frozenset())
    if isinstance(value, dict):
        of_map = f"{name}.*."
        is_map = any(other["name"].startswith(of_map) for other in fields)
        for item in value.values() if is_map else (value,):
            yield from _violations(item, fields, of_map if is_map else f"{name}.", frozenset())
