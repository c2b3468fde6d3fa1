"""Compares marts with the truth, whatever database they are in."""

import math
from collections.abc import Callable, Hashable
from typing import Any

import pytest

from tests.answers.truth import Row, Truth, registrant_keys


def assert_true(rows: Callable[[str], list[Row]], truth: Truth) -> None:
    """Every mart says what the sandbox knows."""
    assert_webinars(rows("webinars"), truth)
    assert_registrations(rows("registrations"), truth)
    assert table(rows("attendance_curve"), ("session_key", "minute"), "present") == truth.present()
    assert table(rows("registration_pace"), ("webinar_key", "days_ahead"), "registrations_so_far") == truth.pace()
    sources = rows("sources")
    assert table(sources, ("webinar_key", "source"), "registrants", "expected_attended") == truth.sources()
    people = rows("people")
    found = {row["email"]: (row["webinars_registered"], row["webinars_attended"]) for row in people}
    assert found == truth.regulars()


def assert_webinars(rows: list[Row], truth: Truth) -> None:
    expected = truth.figures()
    assert {row["webinar_key"] for row in rows} == expected.keys()
    wrong = {
        (row["title"], name): (row[name], value)
        for row in rows
        for name, value in expected[row["webinar_key"]].items()
        if not close(row[name], value)
    }
    assert wrong == {}


def assert_registrations(rows: list[Row], truth: Truth) -> None:
    people = {registrant_keys(row): row for row in truth.people()}
    assert {(row["webinar_key"], row["registrant_key"]) for row in rows} == people.keys()
    same = {
        "is_cancelled": "cancelled",
        "is_late": "late",
        "is_expected": "expected",
        "days_ahead": "days_ahead",
        "stayed_to_the_end": "stayed",
    }
    for row in rows:
        person = people[row["webinar_key"], row["registrant_key"]]
        assert {name: row[name] for name in same} == {name: person[known] for name, known in same.items()}
        assert math.isclose(row["minutes_attended"], person["seconds"] / 60, abs_tol=0.001)


def close(found: Any, expected: Any) -> bool:  # noqa: ANN401 - a value of any column
    """Whether two values are the same, but for what percentages of two digits lose."""
    return bool(found == (pytest.approx(expected, abs=0.02) if isinstance(expected, float) else expected))


def table(rows: list[Row], keys: tuple[str, str], *names: str) -> dict[tuple[Hashable, Hashable], Any]:
    """Columns by the two columns that identify a row."""
    one, two = keys
    values = [tuple(row[name] for name in names) for row in rows]
    return {
        (row[one], row[two]): value if len(names) > 1 else value[0] for row, value in zip(rows, values, strict=True)
    }
