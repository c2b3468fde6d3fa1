"""The documented fields of an endpoint as a JSON Schema, how an answer departs from it, and the records in it."""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

JSON_TYPES: dict[str, Any] = {"array of string": "array", "integer|string": ["integer", "string"]}
FORMATS = {
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
    "int64 as digits": r"\d{1,19}",
    "9 digits": r"\d{9}",
    "integer as digits": r"\d+",
    "uri": r"https://\S+",
    "email": r"\S+@\S+",
}
STRICT = {
    "integer": lambda _checker, value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda _checker, value: isinstance(value, float),
}
Validator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine_many(STRICT)
)
Field = dict[str, Any]


def violations(value: Any, fields: list[Field], *, also: frozenset[str] = frozenset()) -> list[str]:  # noqa: ANN401
    """Return how an object departs from the documented fields.

    Args:
        value: The object, as decoded from JSON.
        fields: Rows of the table: ``name`` with dots into objects, ``[]`` into arrays and ``.*`` into maps.
        also: Undocumented names that are allowed at the top.
    """
    schema = _object(fields, "")
    schema["properties"] |= dict.fromkeys(also, True)
    return [f"{error.json_path}: {error.message}" for error in Validator(schema).iter_errors(value)]


def _object(fields: list[Field], prefix: str) -> dict[str, Any]:
    below = {field["name"][len(prefix) :]: field for field in fields if field["name"].startswith(prefix)}
    own = {name: field for name, field in below.items() if "." not in name}
    return {
        "type": "object",
        "properties": {name: _property(field, fields) for name, field in own.items()},
        "required": [name for name, field in own.items() if field["required"]],
        "additionalProperties": False,
    }


def _property(field: Field, fields: list[Field]) -> dict[str, Any]:
    name, wanted = field["name"], field["wire_type"]
    schema: dict[str, Any] = {"type": JSON_TYPES.get(wanted, wanted)}
    patterns = [f"(?i:{'|'.join(field['enum'])})"] if field["enum"] else []
    patterns += [FORMATS[field["format"]]] if field["format"] in FORMATS else []
    schema["allOf"] = [{"pattern": rf"^{pattern}\Z"} for pattern in patterns]
    if wanted == "array" and any(other["name"].startswith(f"{name}[].") for other in fields):
        schema["items"] = _object(fields, f"{name}[].")
    elif any(other["name"].startswith(f"{name}.*.") for other in fields):
        schema["additionalProperties"] = _object(fields, f"{name}.*.")
    elif wanted == "object":
        schema |= _object(fields, f"{name}.")
    return schema


def unwrap(body: Any, items_key: str | None) -> list[Field]:  # noqa: ANN401
    """Return the records of an answer; of a map its values."""
    if items_key == "*":
        return list(body.values())
    for name in items_key.split(".") if items_key else ():
        if name not in body:
            return []
        body = body[name]
    return body if isinstance(body, list) else [body]


def as_text(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with every key as text."""
    if isinstance(value, list):
        return [as_text(item) for item in value]
    if isinstance(value, dict):
        return {
            name: str(item) if name.endswith(("Key", "panelistId")) else as_text(item) for name, item in value.items()
        }
    return value
