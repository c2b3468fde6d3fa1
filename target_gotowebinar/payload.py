"""Records of any stream as people to register: what is sent of them, or why they cannot be sent.

The fields are those of `POST .../registrants` (API reference, section 6.1) and of `schemas/new_registrant.json`.
Problems name fields, never values.
"""

from __future__ import annotations

import contextlib
import importlib.resources
import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from singer_sdk.typing import DEFAULT_JSONSCHEMA_VALIDATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from jsonschema import ValidationError

SCHEMA: Final[dict[str, Any]] = json.loads(
    importlib.resources.files("tap_gotowebinar.schemas").joinpath("new_registrant.json").read_text(encoding="utf-8")
)

FIELDS: Final = frozenset(SCHEMA["properties"])
"""Names of the fields that are taken from a record."""

KEYS: Final = ("webinarKey", "organizerKey")
"""Fields that go into the path."""

SDC_PREFIX: Final = "_sdc_"
"""What names of fields begin with that a tap, not its source, has added."""

MAX_PROBLEMS: Final = 20
"""Problems of a record that are told: a list of megabytes may be wrong in each of its items."""

_VALIDATOR: Final = DEFAULT_JSONSCHEMA_VALIDATOR(SCHEMA)

_TYPES: Final = {"array": "a list", "object": "an object", "string": "a text", "integer": "a whole number"}


@dataclass(frozen=True, slots=True)
class NewRegistrant:
    """Someone to register.

    Attributes:
        email: The address.
        webinar_key: For which webinar; None: the record does not say, nor does a setting.
        organizer_key: Whose webinar it is; None: that of the person the token belongs to.
        content: What is sent.
        problem: Why it cannot be sent; None when it can.
    """

    email: str | None = field(repr=False)
    webinar_key: str | None
    organizer_key: str | None
    content: dict[str, Any] = field(repr=False)
    problem: str | None = None


def parse_registrant(record: Mapping[str, Any], webinar_key: str | None, organizer_key: str | None) -> NewRegistrant:
    """Return the person that a record describes.

    Blanks around texts are left out, and so are fields without a value. A whole number is taken for its digits.

    Args:
        record: A record, after stream maps.
        webinar_key: Of whom the record does not say for which webinar.
        organizer_key: Of whom the record does not say whose webinar.
    """
    given = {name: value for name in SCHEMA["properties"] if (value := _cleaned(name, record.get(name))) is not None}
    email = given.get("email")
    webinar, organizer = (_key(given.get(name)) for name in KEYS)
    problems = list(itertools.islice(_problems(given), MAX_PROBLEMS + 1))
    if len(problems) > MAX_PROBLEMS:
        problems[-1] = "and more"
    if "webinarKey" not in given and webinar_key is None:
        problems.append("webinarKey is missing, and the setting webinar_key, too")
    return NewRegistrant(
        email=email if isinstance(email, str) else None,
        webinar_key=webinar if "webinarKey" in given else webinar_key,
        organizer_key=organizer if "organizerKey" in given else organizer_key,
        content={}
        if problems
        else {name: _to_payload(name, value) for name, value in given.items() if name not in KEYS},
        problem="; ".join(problems) or None,
    )


def unknown_fields(names: Iterable[str]) -> list[str]:
    """Return the names of fields that are not sent."""
    return sorted(name for name in set(names) - FIELDS if not name.startswith(SDC_PREFIX))


def _cleaned(name: str, value: object) -> object:
    """Return a value without blanks around it, None when nothing is left of it."""
    if isinstance(value, str):
        value = value.strip() or None
    if name == "responses":
        if isinstance(value, str):
            # A column of a table, or of a CSV file; what is no JSON is told as of the wrong type.
            with contextlib.suppress(ValueError, RecursionError):
                value = json.loads(value)
        if isinstance(value, list):
            value = [_cleaned_response(item) for item in value]
            value = [item for item in value if item != {}] or None
    return value


def _cleaned_response(item: object) -> object:
    """Return an answer with what is sent of it; nothing of a question that was not answered, or that is none.

    Question 0 is the placeholder of GoTo's own example of a request.
    """
    if not isinstance(item, dict):
        return item
    names = SCHEMA["properties"]["responses"]["items"]["properties"]
    given = {name: value for name in names if (value := _cleaned(name, item.get(name))) is not None}
    is_none = given.keys() == {"questionKey"} or _key(given.get("questionKey")) == "0"
    return {} if is_none else given


def _problems(given: Mapping[str, Any]) -> Iterator[str]:
    for name, value in _leaves(given):
        if isinstance(value, float):
            # A key that came this way has lost digits, and JSON Schema takes 1.0 for a whole number.
            yield f"{name} is a number with a fraction or an exponent: send it as a text"
    # In the order of the fields, whatever the order of the rules.
    names = list(SCHEMA["properties"])
    found = itertools.islice(_VALIDATOR.iter_errors(dict(given)), 10 * MAX_PROBLEMS)
    errors = [(_place(error), error) for error in found]
    errors.sort(key=lambda found: names.index(found[0].partition("[")[0]))
    for place, error in errors:
        if not isinstance(error.instance, float):
            yield f"{place} {_trouble(error)}"


def _leaves(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if not isinstance(value, list):
            yield name, value
            continue
        for number, item in enumerate(value):
            for inner, leaf in item.items() if isinstance(item, dict) else ():
                yield f"{name}[{number}].{inner}", leaf


def _place(error: ValidationError) -> str:
    """Return where the problem is, as in `responses[0].questionKey`."""
    path = list(error.absolute_path)
    if error.validator == "required":
        required: Any = error.validator_value
        path.append(next(name for name in required if f"'{name}'" in error.message))
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _trouble(error: ValidationError) -> str:
    if error.validator == "required":
        return "is missing"
    if error.validator == "type":
        kinds: Any = error.validator_value
        return f"must be {_TYPES[kinds if isinstance(kinds, str) else kinds[0]]}"
    if error.schema is SCHEMA["properties"]["email"]:
        return "is not an e-mail address"
    return "is not a key: keys are whole numbers of up to 19 digits"


def _key(value: object) -> str | None:
    """Return a key without leading zeros; None for anything else."""
    text = str(value)
    return text.lstrip("0") or "0" if text.isascii() and text.isdigit() else None


def _to_payload(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a value of the type that GoTo wants: texts, and in responses keys as numbers."""
    if name == "responses":
        return [{inner: _to_payload(inner, leaf) for inner, leaf in item.items()} for item in value]
    return int(value) if name in {"questionKey", "answerKey"} else str(value)
