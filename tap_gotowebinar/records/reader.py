"""Records in the form that the schema declares: one spelling of each field, one form of each type.

GoTo sends keys as numbers or strings, beyond 2^53: records have strings. GoTo sends times with or without a fraction or
an offset: records have one form whose text order is their time order.
"""

import contextlib
import math
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from singer_sdk.helpers.types import Record

from tap_gotowebinar.api.errors import InvalidRowError
from tap_gotowebinar.api.responses import are_keys, is_key
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.records.timestamps import canonical_time, canonical_times

FIELD_ALIASES: Final[dict[str, str]] = {"webinarId": "webinarID", "panelistKey": "panelistId"}
"""Names of fields that GoTo spells in two ways, and the one that records have."""

INVALID: Final = object()
"""Stands for a value that cannot be converted to the declared type."""

MAX_INTEGER: Final = 2**63 - 1
"""The largest value of an integer column of a database."""

_INTEGER: Final = re.compile(r"\s*[+-]?[0-9]{1,19}\s*", re.ASCII)


class RecordReader:
    """Turns decoded JSON objects into records of one stream, in place.

    Args:
        keys: Primary keys that a row must hold. The other fields that may not be null are keys of the parent, and are
            taken from the path that was asked for.
        stats: Where unusable values are counted, and the names of fields kept that the schema does not declare.
        text_keys: Those of the keys that are any text, not a number; no path contains them.
        excluded: Documented fields that the schema leaves out on purpose.
    """

    def __init__(
        self,
        schema: Mapping[str, Any],
        keys: tuple[str, ...],
        stats: StreamStats,
        *,
        text_keys: frozenset[str] = frozenset(),
        excluded: frozenset[str] = frozenset(),
    ) -> None:
        fields = schema["properties"].items()
        from_path = {name for name, declared in fields if "null" not in declared["type"] and name not in keys}
        self._objects = _ObjectReader(schema, stats, prefix="", left_out=from_path | excluded)
        self.keys = keys
        self._text_keys = text_keys

    def read(self, row: object) -> Record:
        """Return the record that a row becomes; raises InvalidRowError if it is no object or lacks a usable key."""
        (record,) = self.read_all([row])
        if isinstance(record, InvalidRowError):
            raise record
        return record

    def read_all(self, rows: Sequence[object]) -> list[Record | InvalidRowError]:
        """Return the records that rows become, or what is wrong with a row."""
        records = self._objects(rows)
        try:
            if not self._text_keys and are_keys([record[key] for key in self.keys for record in records]):
                return records
        except (KeyError, TypeError):
            pass
        return [self._checked(record) for record in records]

    def _checked(self, record: Any) -> Record | InvalidRowError:  # noqa: ANN401 - a record, INVALID or None
        if not isinstance(record, dict):
            return InvalidRowError("no fields: it is not an object")
        for key in self.keys:
            if not (record.get(key) if key in self._text_keys else is_key(record.get(key))):
                return InvalidRowError(f"no usable {key}")
        return record


_Convert = Callable[[Sequence[Any]], Sequence[Any]]
"""Converts the values that one field has in several rows: null stays None, what cannot be converted becomes INVALID.

It may return the same object if no value has to change.
"""


class _ObjectReader:
    """Converts the declared fields of objects in place, and counts what is unusable.

    All other fields are removed; those that nobody expects are named. Objects with the same fields are converted
    together, field by field: most rows of a list have. No object may be among them twice.
    """

    def __init__(
        self, schema: Mapping[str, Any], stats: StreamStats, *, prefix: str, left_out: Collection[str] = ()
    ) -> None:
        self._stats = stats
        self._left_out = set(left_out)
        self._prefix = prefix
        self._fields: dict[str, tuple[str, _Convert]] = {
            name: (name, self._converter(declared, prefix + name))
            for name, declared in schema["properties"].items()
            if name not in left_out
        }
        self._fields |= {wire: self._fields[name] for wire, name in FIELD_ALIASES.items() if name in self._fields}

    def __call__(self, values: Sequence[Any], /) -> list[Any]:
        rows_by_fields: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for value in values:
            if isinstance(value, dict):
                rows_by_fields.setdefault(tuple(value), []).append(value)
        for wire_names, rows in rows_by_fields.items():
            self._convert(wire_names, rows)
        return [value if value is None or isinstance(value, dict) else INVALID for value in values]

    def _convert(self, wire_names: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
        read = dict(zip(wire_names, zip(*map(dict.values, rows), strict=True), strict=True))
        columns = self._columns(read)
        if list(columns) != [wire_name for wire_name in read if wire_name in self._fields]:
            # A field in its other spelling keeps its place: the hashes of bookmarks depend on the order inside objects.
            for row, values in zip(rows, zip(*columns.values(), strict=True), strict=True):
                row.clear()
                row.update(zip(columns, values, strict=True))
            return
        for name, column in columns.items():
            if column is not read[name]:
                for row, value in zip(rows, column, strict=True):
                    row[name] = value
        for wire_name in read.keys() - columns.keys():
            for row in rows:
                del row[wire_name]

    def _columns(self, read: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
        """Return the converted values of all rows by declared field."""
        columns: dict[str, Sequence[Any]] = {}
        for wire_name, values in read.items():
            if wire_name in self._fields:
                name, convert = self._fields[wire_name]
                converted = convert(values)
                column = values if converted is values else self._usable(name, converted)
                if name in columns:
                    # Both spellings of a name: the later one counts where it says something.
                    column = [old if new is None else new for old, new in zip(columns[name], column, strict=True)]
                columns[name] = column
            elif wire_name not in self._left_out:
                self._left_out.add(wire_name)
                self._stats.unknown.add(self._prefix + wire_name)
        return columns

    def _usable(self, name: str, column: Sequence[Any]) -> Sequence[Any]:
        unusable = sum(1 for value in column if value is INVALID)
        if not unusable:
            return column
        self._stats.count_unusable(self._prefix + name, unusable)
        return [None if value is INVALID else value for value in column]

    def _converter(self, declared: Mapping[str, Any], path: str) -> _Convert:
        types = declared["type"]
        kind = next(name for name in ([types] if isinstance(types, str) else types) if name != "null")
        if kind == "string":
            if declared.get("format") == "date-time":
                return _times
            return _each(_time_or_text) if path.endswith("Time") else _strings
        if kind == "object":
            return _ObjectReader(declared, self._stats, prefix=f"{path}.")
        if kind == "array":
            return _ArrayReader(self._converter(declared["items"], f"{path}[]"), self._stats, f"{path}[]")
        return _each(_count if kind == "number" and path.endswith("Count") else _SCALARS[kind])


class _ArrayReader:
    """Converts the items of arrays; an unusable item is left out and counted."""

    def __init__(self, convert: _Convert, stats: StreamStats, path: str) -> None:
        self._convert = convert
        self._stats = stats
        self._path = path

    def __call__(self, values: Sequence[Any], /) -> list[Any]:
        return [None if value is None else self._items(value) for value in values]

    def _items(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        if not isinstance(value, list):
            return INVALID
        usable = [item for item in self._convert(value) if item is not None and item is not INVALID]
        if len(usable) < len(value):
            self._stats.count_unusable(self._path, len(value) - len(usable))
        return usable


def _each(convert: Callable[[Any], Any]) -> _Convert:
    return lambda values: [None if value is None else convert(value) for value in values]


def _strings(values: Sequence[Any], /) -> Sequence[Any]:
    with contextlib.suppress(TypeError):  # not all are strings
        if _is_clean("".join(values)):
            return values
    if set(map(type, values)) == {int} and max(map(abs, values)) < _LONGEST:
        return list(map(str, values))
    return [None if value is None else _string(value) for value in values]


def _is_clean(text: str) -> bool:
    """Whether a text is without NUL and halves of characters, which no database takes."""
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_LONGEST: Final = 10**1000


def _string(value: Any, /) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        # A name without NUL or half a character, which no database takes, is worth more than no name.
        return value if _is_clean(value) else value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # Beyond some 4,300 digits Python refuses to write a number out.
        return str(value) if abs(value) < _LONGEST else INVALID
    return repr(value) if isinstance(value, float) and math.isfinite(value) else INVALID


def _times(values: Sequence[Any], /) -> list[Any]:
    times = iter(canonical_times([value for value in values if value is not None]))
    return [None if value is None else next(times) or INVALID for value in values]


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
