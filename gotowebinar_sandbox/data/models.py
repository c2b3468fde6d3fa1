"""The objects of a made-up world, and its clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

NEVER = datetime.max.replace(tzinfo=UTC)


def format_time(at: datetime) -> str:
    """Return a time in the format of the API: ``2026-03-13T10:00:00Z``."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def parse_time(text: str) -> datetime:
    """Return the time in an ISO 8601 text; without an offset it is UTC.

    Raises:
        ValueError: The text is not an ISO 8601 date-time.
    """
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class Clock:
    """The clock of the made-up world: the current time, or a fixed one."""

    def __init__(self, now: str | None) -> None:
        """Stop the clock at an ISO 8601 time, or use the current time."""
        self.set(now)

    def set(self, now: str | None) -> None:
        """Stop the clock at another time; None: use the current time."""
        self._stopped_at = None if now is None else parse_time(now)

    def now(self) -> datetime:
        """Return the time in the made-up world, in UTC."""
        return self._stopped_at or datetime.now(UTC)


class Window(msgspec.Struct, frozen=True, order=True):
    """A time interval."""

    start: datetime
    end: datetime


class Organizer(msgspec.Struct, frozen=True):
    """An organizer of the account."""

    key: int
    first_name: str
    last_name: str
    email: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


class Session(msgspec.Struct, kw_only=True, frozen=True):
    """One time at which a webinar took place.

    Attributes:
        window: From its actual start to its actual end.
        practice: Only the organizer was present.
        guests: The registrantKeys of the attendees that a test named; None: they are made up.
    """

    key: int
    webinar_key: int
    window: Window
    practice: bool = False
    guests: frozenset[int] | None = None


class Webinar(msgspec.Struct, kw_only=True):
    """A webinar.

    Attributes:
        times: When it takes place, in order; several for a sequence, none if it is not scheduled yet.
        registration: When people registered for it; moving a webinar does not change that.
        size: How many registrants it has when the world is made.
        recurrence_key: Key of its series.
        status: NEW, or UPDATED once it was changed.
    """

    key: int
    webinar_id: str
    organizer_key: int
    omid: str
    subject: str
    description: str
    times: list[Window]
    registration: Window
    size: int
    time_zone: str = "Europe/Oslo"
    locale: str = "en_US"
    approval_type: str = "AUTOMATIC"
    recurrence_type: str = "single_session"
    recurrence_key: int | None = None
    status: str = "NEW"
    experience_type: str = "CLASSIC"
    impromptu: bool = False
    is_password_protected: bool = False
    is_ondemand: bool = False
    registration_limit: int = 1000
    registration_closed: bool = False

    @property
    def ends_at(self) -> datetime:
        """The end of its last time."""
        return self.times[-1].end if self.times else NEVER

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Return whether one of its times overlaps the window; without times it is in every window."""
        return not self.times or any(time.start <= end and time.end >= start for time in self.times)

    def in_session(self, now: datetime) -> bool:
        """Return whether it is running."""
        return any(time.start <= now < time.end for time in self.times)


def covered_seconds(intervals: Sequence[Window]) -> int:
    """Return how many seconds the union of intervals covers."""
    total, until = timedelta(), datetime.min.replace(tzinfo=UTC)
    for interval in sorted(intervals):
        total += max(timedelta(), interval.end - max(interval.start, until))
        until = max(until, interval.end)
    return int(total.total_seconds())
