"""The records of one list, and what was left out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_gotowebinar.api.errors import InvalidRowError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_gotowebinar.records.reader import RecordReader

Record = dict[str, Any]

Merge = Callable[[list[Record]], Record]
"""Makes one record of those that share a key."""


@dataclass
class RecordList:
    """Records that came in one or several answers.

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
        """Whether the records stand for all rows that the list holds."""
        return not self.is_cut and not self.invalid and self.total in {None, self.received}


def read_rows(
    reader: RecordReader, rows: Sequence[Any], *, total: int | None = None, merge: Merge | None = None
) -> RecordList:
    """Return the records of the rows of a list; a row that cannot become one costs no other row.

    Args:
        reader: Makes a record of a row.
        rows: Decoded JSON values.
        total: How many there are, as the list says.
        merge: Makes one record of those that share a key; if not given, the last one counts.
    """
    result = RecordList(received=len(rows), total=total, is_merged=merge is not None)
    by_key: dict[tuple[Any, ...], list[Record]] = {}
    for place, record in enumerate(reader.read_all(rows)):
        if isinstance(record, InvalidRowError):
            result.invalid[str(record)] += 1
        else:
            key = tuple(record[name] for name in reader.keys) or (place,)
            by_key.setdefault(key, []).append(record)
    result.repeated = sum(len(alike) - 1 for alike in by_key.values())
    result.records = [merge(alike) if merge and len(alike) > 1 else alike[-1] for alike in by_key.values()]
    return result
