"""Times in one canonical form, whose text order is their time order."""

from __future__ import annotations

import datetime as dt
from typing import Final

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_MILLISECONDS: Final = range(10**11, 10**13)
"""Since 1970, for 1973 to 2286: 12 or 13 digits. Shorter numbers may be anything, longer ones are keys."""

_WIRE_MARKS: Final = "2026-01-01T00:00:00Z"[7::3]
"""The marks between month, day, hour, minute and second of a time in the usual form, and its Z."""


def canonical_time(value: object) -> str | None:
    """Return an ISO 8601 time, or milliseconds since 1970, as `YYYY-MM-DDThh:mm:ss.ffffffZ`; None if it is no time.

    A time without offset is UTC. The fraction is always there: `30.120Z` would otherwise sort before `30Z`.
    """
    if not isinstance(value, str):
        return _from_milliseconds(value)
    if len(value) in {12, 13} and value.isascii() and value.isdecimal():
        return _from_milliseconds(int(value))
    try:
        moment = dt.datetime.fromisoformat(value)
        if len(value) == len("2026-01-01T00:00:00Z") and value[7::3] == _WIRE_MARKS and value[11:13] != "24":
            # The form that GoTo documents needs only its fraction.
            return f"{value[:-1]}.000000Z"
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")[:-6] + "Z"
    except (ValueError, OverflowError):
        return None


def _from_milliseconds(value: object) -> str | None:
    if not isinstance(value, int | float) or not _MILLISECONDS.start <= value < _MILLISECONDS.stop:
        return None
    return canonical_time((_EPOCH + dt.timedelta(milliseconds=value)).isoformat())


def parse_time(text: str | None) -> dt.datetime | None:
    """Return a time in any ISO 8601 form as a datetime; None if it is no time."""
    canonical = canonical_time(text)
    return dt.datetime.fromisoformat(canonical) if canonical else None


def to_iso(time: dt.datetime) -> str:
    """Return a time in canonical form."""
    return canonical_time(time.isoformat()) or ""


def to_iso_seconds(time: dt.datetime) -> str:
    """Return a time as ISO 8601 text in UTC, to the second."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
