"""Records in the form that the schema declares: one spelling of each field, one form of each type.

GoTo sends keys as numbers or strings, beyond 2^53: records have strings. GoTo sends times with or without a fraction or
an offset: records have one form whose text order is their time order.
"""

from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING, Any, Final, Protocol

from tap_gotowebinar.api.errors import InvalidRowError
from tap_gotowebinar.api.keys import is_key
from tap_gotowebinar.records.timestamps import canonical_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_gotowebinar.api.stats import StreamStats

FIELD_ALIASES: Final[dict[str, str]] = {"webinarId": "webinarID", "panelistKey": "panelistId"}
"""Names of fields that GoTo spells in two ways, and the one that records have."""

INVALID: Final = object()
"""Stands for a value that cannot be converted to the declared type."""

MAX_INTEGER: Final = 2**63 - 1
"""The largest value of an integer column of a database."""

_INTEGER: Final = re.compile(r"\s*[+-]?[0-9]{1,19}\s*", re.ASCII)


class RecordReader:
    """Makes records of one stream out of decoded JSON objects.

    Args:
        schema: The stream's JSON schema.
        keys: Primary keys that a row must hold. The other fields that may not be null are keys of the parent, and are
            taken from the path that was asked for.
        stats: Where unusable values are counted.
        on_unknown: Called with the names of fields that the schema does not declare.
        text_keys: Those of the keys that are any text, not a number; no path contains them.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        keys: tuple[str, ...],
        stats: StreamStats,
        on_unknown: Callable[[set[str]], None],
        *,
        text_keys: frozenset[str] = frozenset(),
    ) -> None:
        """Prepare one converter for each declared field."""
        self._object = _ObjectReader(schema, stats, on_unknown, prefix="")
        self.keys = keys
        self._text_keys = text_keys
        self._parent_keys = [
            name
            for name, declared in schema["properties"].items()
            if "null" not in declared["type"] and name not in keys
        ]

    def read(self, row: object) -> dict[str, Any]:
        """Return the record of one decoded row.

        Raises:
            InvalidRowError: the row is no object, or a key is missing or unusable.
        """
        if not isinstance(row, dict):
            msg = "no fields: it is not an object"
            raise InvalidRowError(msg)
        record: dict[str, Any] = self._object(row)
        for key in self._parent_keys:
            record.pop(key, None)
        for key in self.keys:
            if not (record.get(key) if key in self._text_keys else is_key(record.get(key))):
                msg = f"no usable {key}"
                raise InvalidRowError(msg)
        return record


class _Convert(Protocol):
    def __call__(self, value: Any, /) -> Any: ...  # noqa: ANN401 - JSON


class _ObjectReader:
    """Converts the declared fields of an object, counts what is unusable and names what is unknown."""

    def __init__(
        self, schema: Mapping[str, Any], stats: StreamStats, on_unknown: Callable[[set[str]], None], *, prefix: str
    ) -> None:
        self._stats = stats
        self._on_unknown = on_unknown
        self._unknown: set[str] = set()
        self._prefix = prefix
        self._fields: dict[str, tuple[str, _Convert]] = {
            name: (name, self._converter(declared, stats, prefix + name))
            for name, declared in schema["properties"].items()
        }
        self._fields |= {wire: self._fields[name] for wire, name in FIELD_ALIASES.items() if name in self._fields}

    def __call__(self, value: Any, /) -> Any:  # noqa: ANN401 - JSON
        if not isinstance(value, dict):
            return INVALID
        record: dict[str, Any] = {}
        for wire_name, raw in value.items():
            field = self._fields.get(wire_name)
            if field is None:
                if wire_name not in self._unknown:
                    self._unknown.add(wire_name)
                    self._on_unknown({self._prefix + wire_name})
                continue
            name, convert = field
            if raw is None:
                record.setdefault(name, None)
            else:
                converted = convert(raw)
                if converted is INVALID:
                    self._stats.count_unusable(self._prefix + name)
                    record.setdefault(name, None)
                else:
                    record[name] = converted
        return record

    def _converter(self, declared: Mapping[str, Any], stats: StreamStats, path: str) -> _Convert:
        types = declared["type"]
        kind = next(name for name in ([types] if isinstance(types, str) else types) if name != "null")
        if kind == "string":
            if declared.get("format") == "date-time":
                return _time
            return _time_or_text if path.endswith("Time") else _string
        if kind == "object":
            return _ObjectReader(declared, stats, self._on_unknown, prefix=f"{path}.")
        if kind == "array":
            return _ArrayReader(self._converter(declared["items"], stats, f"{path}[]"), stats, f"{path}[]")
        return _count if kind == "number" and path.endswith("Count") else _SCALARS[kind]


class _ArrayReader:
    """Converts the items of an array; an unusable item is left out and counted."""

    def __init__(self, item: _Convert, stats: StreamStats, path: str) -> None:
        self._item = item
        self._stats = stats
        self._path = path

    def __call__(self, value: Any, /) -> Any:  # noqa: ANN401 - JSON
        if not isinstance(value, list):
            return INVALID
        items = [INVALID if item is None else self._item(item) for item in value]
        usable = [item for item in items if item is not INVALID]
        if len(usable) < len(items):
            self._stats.count_unusable(self._path, len(items) - len(usable))
        return usable


_LONGEST: Final = 10**1000


def _string(value: Any, /) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        if value.isascii() and "\x00" not in value:
            return value
        # No database takes NUL or half a character; a name without it is worth more than no name.
        return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # Beyond some 4,300 digits Python refuses to write a number out.
        return str(value) if abs(value) < _LONGEST else INVALID
    return repr(value) if isinstance(value, float) and math.isfinite(value) else INVALID


def _time(value: Any, /) -> Any:  # noqa: ANN401 - JSON
    return canonical_time(value) or INVALID


def _time_or_text(value: Any, /) -> Any:  # noqa: ANN401 - JSON
    """Convert a field that is a time by its name and text by GoTo's specification; digits alone may be a key."""
    is_time = isinstance(value, str) and not value.isdecimal()
    return (canonical_time(value) if is_time else None) or _string(value)


def _integer(value: Any, /) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        value = int(value) if _INTEGER.fullmatch(value) else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    if isinstance(value, bool) or not isinstance(value, int):
        return INVALID
    return value if abs(value) <= MAX_INTEGER else INVALID


def _number(value: Any, /) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return INVALID
    if isinstance(value, bool) or not isinstance(value, int | float):
        return INVALID
    # A comparison, because isfinite fails on whole numbers that no float holds; false for NaN.
    return value if abs(value) <= sys.float_info.max else INVALID


def _count(value: Any, /) -> Any:  # noqa: ANN401 - JSON
    """Convert a count that GoTo specifies as a number with a fraction to an integer, unless it has a fraction."""
    number = _number(value)
    return int(number) if isinstance(number, float) and number.is_integer() and abs(number) < MAX_INTEGER else number


def _boolean(value: Any, /) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.casefold(), INVALID)
    return value if isinstance(value, bool) else INVALID


_SCALARS: Final[dict[str, _Convert]] = {"integer": _integer, "number": _number, "boolean": _boolean}
