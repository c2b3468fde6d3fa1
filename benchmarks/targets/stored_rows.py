"""Rows that a target has stored, compared value by value with the tap's records."""

import contextlib
import datetime as dt
import functools
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from tests.runs import Run

Row = dict[str, Any]
Where = tuple[str, str]
"""A stream, and the values of its key."""

TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d.*")
FRACTION: Final = re.compile(r"-?\d+\.\d+")


@dataclass
class Comparison:
    """What a target has stored after each run.

    Attributes:
        lost: Keys whose row is not there after the last run.
        replaced: Those of them that were there after the run before.
        kept: Rows beside the last one of each key.
        changed: Values that are not those of the last record, by stream and field.
        example: One of them: as it was, and as it is stored.
    """

    lost: set[Where] = field(default_factory=set)
    replaced: set[Where] = field(default_factory=set)
    kept: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    example: tuple[str, str] = ("", "")

    def __post_init__(self) -> None:
        """Nothing was stored before the first run."""
        self._found: dict[Where, Row] = {}

    def add_run(self, stored: Iterable[tuple[str, Row]], runs: Sequence[Run]) -> None:
        """Compare what is stored after these runs with the last record of each key."""
        before, self._found, self.kept, self.changed = self._found, {}, 0, Counter()
        keys = keys_of(runs)
        for stream, stored_row in stored:
            row = {name.lower(): text(value) for name, value in stored_row.items()}
            where = stream, text([row.get(key.lower()) for key in keys[stream]])
            self.kept += where in self._found
            self._found[where] = row
        expected = last_records(runs)
        self.lost = expected.keys() - self._found.keys()
        self.replaced = self.lost & before.keys()
        for where in expected.keys() - self.lost:
            self._compare_values(where, expected[where])

    def _compare_values(self, where: Where, record: Mapping[str, Any]) -> None:
        for name, value in record.items():
            if (was := text(value)) != (now := self._found[where].get(name.lower(), "")):
                self.changed[f"{where[0]}.{name}"] += 1
                self.example = min(filter(any, (self.example, (was, now))), key=lambda pair: len("".join(pair)))


def last_records(runs: Iterable[Run]) -> dict[Where, Row]:
    """Return the last record of each key."""
    runs = list(runs)
    last, keys = {}, keys_of(runs)
    for message in (message for run in runs for message in run.of_type("RECORD")):
        stream, record = message["stream"], message["record"]
        last[stream, text([record[key] for key in keys[stream]])] = record
    return last


def keys_of(runs: Iterable[Run]) -> dict[str, list[str]]:
    """Return the keys of each stream."""
    return {message["stream"]: message["key_properties"] for run in runs for message in run.of_type("SCHEMA")}


@functools.singledispatch
def text(value: Any) -> str:  # noqa: ANN401 - whatever a database or a file holds
    """Return a value as the same text for all spellings of it; null and empty text are not told apart."""
    return str(value)


@text.register
def _(_value: None) -> str:
    return ""


@text.register
def _(value: bool) -> str:  # noqa: FBT001 - a value, not a switch
    return str(value).lower()


@text.register(float)
@text.register(Decimal)
def _(value: float | Decimal) -> str:
    return f"{Decimal(str(value)).normalize():f}"


@text.register
def _(value: dt.datetime) -> str:
    return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).isoformat()


@text.register(dict)
def _(value: Row) -> str:
    return json.dumps({name: text(item) for name, item in value.items()}, sort_keys=True)


@text.register(list)
def _(value: list[Any]) -> str:
    return json.dumps([text(item) for item in value])


@text.register
def _(value: str) -> str:
    with contextlib.suppress(ValueError):
        if TIME.fullmatch(value):
            return text(dt.datetime.fromisoformat(value))
        if FRACTION.fullmatch(value):
            return text(Decimal(value))
        if value.startswith(("[", "{")):
            return text(json.loads(value))
    return value.lower() if value in {"True", "False"} else value
