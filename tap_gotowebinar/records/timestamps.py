"""Times in one canonical form, whose text order is their time order."""

import contextlib
import datetime as dt
import re
from collections.abc import Sequence
from typing import Final

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_MILLISECONDS: Final = range(10**11, 10**13)
"""Since 1970, for 1973 to 2286: 12 or 13 digits. Shorter numbers may be anything, longer ones are keys."""

_USUAL_TIMES: Final = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T(?!24)[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?Z)+")
"""Times in the forms that GoTo sends. Some Pythons read the hour 24 as the next day."""

_ENDS: Final = {len("2026-01-01T00:00:00Z"): ".000000Z", len("2026-01-01T00:00:00.000Z"): "000Z"}
"""What these forms end with in canonical form, instead of their Z, by their length."""


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
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=dt.UTC)
        return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")[:-6] + "Z"
    except (ValueError, OverflowError):
        return None


def canonical_times(values: Sequence[object]) -> list[str | None]:
    """Return `canonical_time` of each value; faster if all are in the forms that GoTo sends."""
    with contextlib.suppress(KeyError, TypeError, ValueError):
        texts: Sequence[str] = values  # type: ignore[assignment]  # what is no text raises
        # Reading them checks days, hours and minutes.
        list(map(dt.datetime.fromisoformat, texts))
        if _USUAL_TIMES.fullmatch("".join(texts)):
            return [text[:-1] + _ENDS[len(text)] for text in texts]
    return list(map(canonical_time, values))


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
