"""A run of the target that is over: what it was given, what came of it, and which row is whose."""

import functools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from tests.chaos.concurrent_targets import Entry, Item, Person, State

UNANSWERED: Final = "not answered, the next run sends it again: "
"""What a row says of whom the next run sends again."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Registered:
    """Who is registered, in the order of registration within a webinar, and how many mails they have got.

    Attributes:
        people: Who.
        rows: How many there are of them, which is as many if nobody is registered twice.
        mails: Confirmations.
    """

    people: dict[Person, Row]
    rows: int
    mails: Counter[Person]

    @classmethod
    def of(cls, truth: Mapping[str, Sequence[Row]]) -> Self:
        rows = truth["registrants"]
        return cls({_person(row): row for row in rows}, len(rows), Counter(map(_person, truth["confirmations"])))


@dataclass(frozen=True)
class Pair:
    """A record, its place in the input, and the row about it."""

    place: int
    entry: Entry
    row: Row

    @property
    def outcome(self) -> str:
        return str(self.row["outcome"])

    @property
    def is_answer(self) -> bool:
        """Whether the next run does not send it again."""
        return not (self.row["description"] or "").startswith(UNANSWERED)


@dataclass(frozen=True)
class Given:
    """The settings and the input of a run.

    Attributes:
        items: The messages that are whole in the input.
        is_torn: Whether the input breaks off inside a message.
        is_timely: Whether no answer comes after the timeout.
        room: Bytes of results at which the disk is full; None: never.
    """

    settings: Mapping[str, Any]
    data: bytes
    items: list[Item]
    is_torn: bool
    is_timely: bool
    room: int | None


@dataclass(frozen=True)
class TargetRun:
    """A run that is over: its input, the signals it got, its output, its calls, and who was registered.

    Attributes:
        is_struck: Whether there were faults.
        is_full: Whether the disk was full in the end.
        lines: What it appended to the file of results, by lines; the last one is the incomplete rest.
        exit_code: Negative: killed by that signal.
        said: What it logged.
        refusing: Webinars for which a fault refused somebody.
    """

    given: Given
    signals: tuple[int, ...]
    is_struck: bool
    is_full: bool
    lines: list[bytes]
    output: bytes
    exit_code: int
    said: str
    calls: list[dict[str, Any]]
    refusing: frozenset[str]
    before: Registered
    after: Registered

    def __str__(self) -> str:
        of_run = [name for name in ("is_dry", "is_struck", "is_full") if getattr(self, name)]
        conditions = of_run + [name for name in ("is_timely", "is_torn") if getattr(self.given, name)]
        return f"ended with {self.exit_code}, signals {list(map(int, self.signals))}, {', '.join(conditions)}"

    @property
    def is_dry(self) -> bool:
        return bool(self.given.settings["dry_run"])

    @functools.cached_property
    def passed(self) -> list[bytes]:
        """The STATE values that it passed on, up to the last complete line."""
        return self.output.split(b"\n")[:-1]

    @property
    def length(self) -> int:
        """How many messages come before the place where the next run begins."""
        places = {item.value: place for place, item in enumerate(self.given.items) if isinstance(item, State)}
        return places.get(self.passed[-1], -1) + 1 if self.passed else 0

    @functools.cached_property
    def rows(self) -> list[Row]:
        """The rows that it wrote whole."""
        return [json.loads(line) for line in self.lines[:-1] if line]

    @functools.cached_property
    def sequences(self) -> dict[str, list[tuple[int, Entry]]]:
        """The records that it was given by what they wait for: those of one sequence are answered in their order.

        Who is sent waits for those of the same webinar, all others for nobody.
        """
        sequences: dict[str, list[tuple[int, Entry]]] = {}
        for place, item in enumerate(self.given.items):
            if isinstance(item, Entry):
                sequences.setdefault(self._sequence(item), []).append((place, item))
        return sequences

    @functools.cached_property
    def pairs(self) -> list[Pair]:
        """Its records and rows, as far as they fit."""
        return [
            pair for sequence, given in self.sequences.items() for pair in _paired(given, self.fetch_rows(sequence))
        ]

    def fetch_rows(self, sequence: str) -> list[Row]:
        return [row for row in self.rows if self._sequence_of.get((row["email"], row["webinarKey"])) == sequence]

    def strangers(self) -> Iterator[Row]:
        """Yield rows of nobody whom it was given."""
        for row in self.rows:
            if (row["email"], row["webinarKey"]) not in self._sequence_of:
                yield row

    @functools.cached_property
    def answered(self) -> set[int]:
        """Places of the records that need not be sent again."""
        return {pair.place for pair in self.pairs if pair.is_answer}

    @property
    def is_answered(self) -> bool:
        return len(self.answered) == sum(isinstance(item, Entry) for item in self.given.items)

    @functools.cached_property
    def _sequence_of(self) -> dict[tuple[str | None, str | None], str]:
        sequences = self.sequences.items()
        return {(entry.email, entry.webinar): sequence for sequence, given in sequences for _, entry in given}

    def _sequence(self, entry: Entry) -> str:
        return entry.webinar or "" if entry.fate.is_sent and not self.is_dry else "at once"


def _person(row: Row) -> Person:
    return row["webinarKey"], row["email"].casefold()


def _paired(given: Sequence[tuple[int, Entry]], rows: Sequence[Row]) -> Iterator[Pair]:
    for (place, entry), row in zip(given, rows, strict=False):
        if (entry.email, entry.webinar) != (row["email"], row["webinarKey"]):
            return
        yield Pair(place, entry, row)
