"""Turns a record of any stream into the payload that registers a person, or says why it cannot be sent.

The fields are those of `POST .../registrants` (API reference, section 6.1), declared in `schemas/new_registrant.json`.
Problems name fields, never values.
"""

import contextlib
import importlib.resources
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

SCHEMA: Final[dict[str, Any]] = json.loads(
    importlib.resources.files("tap_gotowebinar.schemas").joinpath("new_registrant.json").read_text(encoding="utf-8")
)

FIELDS: Final = frozenset(SCHEMA["properties"])
"""Names of the fields that a record may have."""

KEYS: Final = ("webinarKey", "organizerKey")
"""Fields of the path."""

SDC_PREFIX: Final = "_sdc_"
"""Prefix of the fields that a tap adds."""

MAX_PROBLEMS: Final = 20
"""Maximum of problems that are named for a record: each item of a long list may have one."""

_TYPES: Final = {"array": list, "object": dict, "string": str, "integer": int, "null": type(None)}
_NOUNS: Final = {"array": "a list", "object": "an object", "string": "text"}


@dataclass(frozen=True, slots=True)
class NewRegistrant:
    """A person to register.

    Attributes:
        webinar_key: The webinar; None if neither the record nor a setting names it.
        organizer_key: The organizer of the webinar; None: the one the token belongs to.
        problem: Why it cannot be sent; None if it can.
    """

    email: str | None = field(repr=False)
    webinar_key: str | None
    organizer_key: str | None
    content: dict[str, Any] = field(repr=False)
    problem: str | None = None


def parse_registrant(record: Mapping[str, Any], webinar_key: str | None, organizer_key: str | None) -> NewRegistrant:
    """Return the person in a record, without blanks around texts and without empty fields.

    The keys are for records that have none of their own.
    """
    given = {name: value for name in SCHEMA["properties"] if (value := _cleaned(name, record.get(name))) is not None}
    problems = list(itertools.islice(_problems(given, SCHEMA), MAX_PROBLEMS + 1))
    if len(problems) > MAX_PROBLEMS:
        problems[-1] = "and more"
    if "webinarKey" not in given and webinar_key is None:
        problems.append("webinarKey is missing, and so is the setting webinar_key")
    email = given.get("email")
    return NewRegistrant(
        email=email if isinstance(email, str) else None,
        webinar_key=_key(given["webinarKey"]) if "webinarKey" in given else webinar_key,
        organizer_key=_key(given["organizerKey"]) if "organizerKey" in given else organizer_key,
        content={} if problems else _to_payload({name: given[name] for name in given if name not in KEYS}),
        problem="; ".join(problems) or None,
    )


def unknown_fields(names: Iterable[str]) -> list[str]:
    """Return the names of fields that are not sent."""
    return sorted(name for name in set(names) - FIELDS if not name.startswith(SDC_PREFIX))


def _cleaned(name: str, value: object) -> object:
    """Return a value without blanks around it; None if nothing is left."""
    if isinstance(value, str):
        value = value.strip() or None
    if name == "responses":
        if isinstance(value, str):
            # JSON in a column of a table or a CSV file. Other text is reported as a value of the wrong type.
            with contextlib.suppress(ValueError, RecursionError):
                value = json.loads(value)
        if isinstance(value, list):
            value = [cleaned for item in value if (cleaned := _cleaned_response(item)) != {}] or None
    return value


def _cleaned_response(item: object) -> object:
    """Return a response to a question; empty if it has no answer, or is GoTo's placeholder, question 0."""
    if not isinstance(item, dict):
        return item
    names = SCHEMA["properties"]["responses"]["items"]["properties"]
    given = {name: value for name in names if (value := _cleaned(name, item.get(name))) is not None}
    is_empty = given.keys() == {"questionKey"} or _key(given.get("questionKey")) == "0"
    return {} if is_empty else given


def _problems(given: Mapping[str, Any], schema: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Yield what is wrong with an object, in the order of the fields in its schema."""
    for name, declared in schema["properties"].items():
        value = given.get(name)
        if value is None:
            if name in schema["required"]:
                yield f"{place}{name} is missing"
        elif (problem := _problem(value, declared)) is not None:
            yield f"{place}{name} {problem}"
        elif isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _problems(item, declared["items"], f"{place}{name}[{number}].")
                else:
                    yield f"{place}{name}[{number}] must be an object"


def _problem(value: object, declared: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a value; None if nothing is."""
    types = [declared["type"]] if isinstance(declared["type"], str) else declared["type"]
    if isinstance(value, float):
        # As a float a key has lost digits.
        return "is a number with a fraction or an exponent: send it as text"
    if isinstance(value, bool) or not isinstance(value, tuple(_TYPES[name] for name in types)):
        return f"must be {_NOUNS[types[0]]}"
    if "pattern" in declared and not re.search(declared["pattern"], str(value)):
        is_key = "integer" in types
        return "is not a key: keys are whole numbers of up to 19 digits" if is_key else "is not an e-mail address"
    return None


def _key(value: object) -> str | None:
    """Return a key without leading zeros; None for anything else."""
    text = str(value)
    return text.lstrip("0") or "0" if text.isascii() and text.isdigit() else None


def _to_payload(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of the types that GoTo wants: text, and keys in responses as numbers."""
    payload: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, list):
            payload[name] = [_to_payload(item) for item in value]
        else:
            payload[name] = int(value) if name in {"questionKey", "answerKey"} else str(value)
    return payload
