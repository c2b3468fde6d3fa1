"""The records of one list, what was left out of it, and how rows of one attendee are merged."""

import datetime as dt
import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from singer_sdk.helpers.types import Record

from tap_gotowebinar.api.errors import InvalidRowError
from tap_gotowebinar.records.reader import RecordReader

Merge = Callable[[list[Record]], Record]
"""Makes one record of those that share a key."""


@dataclass
class RecordList:
    """Records from one or several answers.

    Attributes:
        records: The usable rows, one for each key.
        received: How many rows came.
        total: How many rows there are, as the list itself says; None when it does not.
        invalid: Rows that were left out, by the reason.
        repeated: Rows that share the key of another one.
        is_merged: Whether rows that share a key were merged; else the last of them counts.
        is_cut: Whether it is known to be only a part.
    """

    records: list[Record] = field(default_factory=list)
    received: int = 0
    total: int | None = None
    invalid: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    is_merged: bool = False
    is_cut: bool = False

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self.records)

    @property
    def is_complete(self) -> bool:
        """Whether the records stand for all rows of the list."""
        return not self.is_cut and not self.invalid and self.total in {None, self.received}


def read_rows(
    reader: RecordReader, rows: Sequence[Any], *, total: int | None = None, merge: Merge | None = None
) -> RecordList:
    """Return the records of decoded rows, of which the list says that there are `total`.

    An invalid row is counted and left out. Of records that share a key the last one counts, unless `merge` makes one of
    them.
    """
    result = RecordList(received=len(rows), total=total, is_merged=merge is not None)
    read = reader.read_all(rows)
    records = [record for record in read if not isinstance(record, InvalidRowError)]
    result.invalid.update(str(record) for record in read if isinstance(record, InvalidRowError))
    keys = list(map(operator.itemgetter(*reader.keys), records)) if reader.keys else range(len(records))
    by_key = dict(zip(keys, records, strict=True))
    result.repeated = len(records) - len(by_key)
    if merge and result.repeated:
        alike: defaultdict[Any, list[Record]] = defaultdict(list)
        for key, record in zip(keys, records, strict=True):
            alike[key].append(record)
        by_key |= {key: merge(found) for key, found in alike.items() if len(found) > 1}
    result.records = list(by_key.values())
    return result


def merge_attendance(rows: list[Record]) -> Record:
    """Return one record for several rows of an attendee, who rejoined or used two devices.

    It has the intervals of all rows, each once, in the order of time. Its seconds are what the intervals cover together
    if every row has intervals with both ends, else the sum of the rows' seconds. Every other value is that of the last
    row that has it.
    """
    merged = dict(rows[0])
    for row in rows[1:]:
        merged |= {name: value for name, value in row.items() if value is not None}
    intervals = [interval for row in rows for interval in row.get("attendance") or ()]
    unique = {(interval.get("joinTime"), interval.get("leaveTime")): interval for interval in intervals}
    if unique:
        ordered = sorted(unique, key=lambda ends: (ends[0] or "", ends[1] or ""))
        merged["attendance"] = [unique[ends] for ends in ordered]
    if all(row.get("attendance") for row in rows) and all(all(ends) for ends in unique):
        merged["attendanceTimeInSeconds"] = covered_seconds(list(unique))
    else:
        seconds = [row["attendanceTimeInSeconds"] for row in rows if row.get("attendanceTimeInSeconds") is not None]
        merged["attendanceTimeInSeconds"] = sum(seconds) if seconds else None
    return merged


def covered_seconds(intervals: list[tuple[str, str]]) -> int:
    """Return how many seconds intervals cover together; each is a canonical start and end."""
    covered, until = dt.timedelta(), None
    for start, end in sorted(tuple(map(dt.datetime.fromisoformat, ends)) for ends in intervals):
        begin = start if until is None else max(start, until)
        covered += max(end - begin, dt.timedelta())
        until = end if until is None else max(until, end)
    return round(covered.total_seconds())
