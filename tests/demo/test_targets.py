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


def test_a_target_that_keeps_every_row_is_right(runs: tuple[Run, Run]) -> None:
    found = compared(runs, list(rows(*runs)))
    assert (found.lost, found.replaced, found.changed.total()) == (set(), set(), 0)
    assert found.kept > 0


def test_a_target_that_replaces_files_is_noticed(runs: tuple[Run, Run]) -> None:
    found = compared(runs, list(rows(runs[1])))
    assert found.replaced == found.lost != set()


def test_a_lost_row_is_noticed(runs: tuple[Run, Run]) -> None:
    (stream, _), *rest = reversed(list(rows(*runs)))
    found = compared(runs, rest)
    assert [where[0] for where in found.lost] == [stream]
    assert found.replaced == set()


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
    ("one", "other"),
    [
        (None, ""),
        (True, "True"),
        (7.0, Decimal("7.00")),
        ("2026-03-10T12:00:00.000000Z", dt.datetime(2026, 3, 10, 12)),  # noqa: DTZ001 - as databases without zones say
        ({"a": [1, None], "b": True}, '{"b": true, "a": [1, null]}'),
    ],
)
def test_spellings_of_one_value_are_equal(one: object, other: object) -> None:
    assert text(one) == text(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a\nb", "a\\nb"), (["No"], "['No']"), ("9007199254740993", 9007199254740992)]
)
def test_other_values_are_not(one: object, other: object) -> None:
    assert text(one) != text(other)
