"""The comparison of targets notices what a target can do wrong; the targets themselves are tried by hand."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.targets.__main__ import read_twice
from benchmarks.targets.stored_rows import Comparison, text
from tests.runs import Run

Row = dict[str, Any]


@pytest.fixture(scope="module")
def runs() -> tuple[Run, Run]:
    return read_twice()


def rows(*runs: Run) -> Iterator[tuple[str, Row]]:
    for message in (message for run in runs for message in run.of_type("RECORD")):
        yield message["stream"], dict(message["record"])


def compared(runs: Sequence[Run], second: list[tuple[str, Row]]) -> Comparison:
    """Compare a target that stored the first run rightly, and has this after the second."""
    comparison = Comparison()
    comparison.add_run(rows(runs[0]), runs[:1])
    comparison.add_run(second, runs)
    return comparison


def test_right_lost_and_replaced_rows_are_told_apart(runs: tuple[Run, Run]) -> None:
    right = compared(runs, list(rows(*runs)))
    assert (right.lost, right.replaced, right.changed.total()) == (set(), set(), 0)
    assert right.kept > 0
    replaced = compared(runs, list(rows(runs[1])))
    assert replaced.replaced == replaced.lost != set()
    (stream, _), *rest = reversed(list(rows(*runs)))
    lost = compared(runs, rest)
    assert [where[0] for where in lost.lost] == [stream]
    assert lost.replaced == set()


def test_a_changed_value_and_a_missing_column_are_noticed(runs: tuple[Run, Run]) -> None:
    stored = list(rows(*runs))
    organizer = next(row for stream, row in stored[::-1] if stream == "organizers")
    organizer["email"] = "else@example.com"
    del organizer["firstName"]
    assert set(compared(runs, stored).changed) == {"organizers.email", "organizers.firstName"}


def test_every_stream_takes_part_and_rows_are_updated(runs: tuple[Run, Run]) -> None:
    first, second = ({stream for stream, _ in rows(run)} for run in runs)
    assert {"registrant_removals", "webinar_removals"} <= second - first
    assert {"webinars", "registrants", "sessions", "attendees", "polls"} <= first


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        (None, "", True),
        (True, "True", True),
        (7.0, Decimal("7.00"), True),
        ("2026-03-10T12:00:00.000000Z", dt.datetime(2026, 3, 10, 12), True),  # noqa: DTZ001 - as databases without zones
        ({"a": [1, None], "b": True}, '{"b": true, "a": [1, null]}', True),
        ("a\nb", "a\\nb", False),
        (["No"], "['No']", False),
        ("9007199254740993", 9007199254740992, False),
    ],
)
def test_spellings_of_one_value_are_equal_and_other_values_not(one: object, other: object, *, are_one: bool) -> None:
    assert (text(one) == text(other)) is are_one
