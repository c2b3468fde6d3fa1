"""Several rows of one attendee of a session: somebody who left and came back, or who joined with two devices."""

from __future__ import annotations

import datetime as dt
from typing import Any

Record = dict[str, Any]


def merge_attendance(rows: list[Record]) -> Record:
    """Return one record for the rows of one attendee, in the order of the answer.

    It has the intervals of all, exact repetitions once, in the order of time. Its seconds are what the intervals cover
    together if every row has intervals with both ends, else the sum of the rows' seconds. Everything else is as in the
    last row that says it.
    """
    merged = dict(rows[0])
    for row in rows[1:]:
        merged |= {name: value for name, value in row.items() if value is not None}
    intervals = [interval for row in rows for interval in row.get("attendance") or ()]
    unique = {(interval.get("joinTime"), interval.get("leaveTime")): interval for interval in intervals}
    if unique:
        merged["attendance"] = [
            unique[ends] for ends in sorted(unique, key=lambda ends: (ends[0] or "", ends[1] or ""))
        ]
    if all(row.get("attendance") for row in rows) and all(all(ends) for ends in unique):
        merged["attendanceTimeInSeconds"] = covered_seconds(list(unique))
    else:
        seconds = [row["attendanceTimeInSeconds"] for row in rows if row.get("attendanceTimeInSeconds") is not None]
        merged["attendanceTimeInSeconds"] = sum(seconds) if seconds else None
    return merged


def covered_seconds(intervals: list[tuple[str, str]]) -> int:
    """Return how many seconds intervals cover together; each is a start and an end in the form of all times."""
    covered, until = dt.timedelta(), None
    for start, end in sorted(
        (dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end)) for start, end in intervals
    ):
        begin = start if until is None else max(start, until)
        covered += max(end - begin, dt.timedelta())
        until = end if until is None else max(until, end)
    return round(covered.total_seconds())
