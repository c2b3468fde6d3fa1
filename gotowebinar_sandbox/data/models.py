"""What a made-up world consists of, and how it tells the time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

NEVER = datetime.max.replace(tzinfo=UTC)


def format_time(at: datetime) -> str:
    """Write a time as the API does: ``2026-03-13T10:00:00Z``."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 time; without an offset it is UTC.

    Raises:
        ValueError: The text is not an ISO 8601 date-time.
    """
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class Clock:
    """The time of the made-up world: the real present, or stopped at a given time."""

    def __init__(self, now: str | None) -> None:
        """Stop the clock at an ISO 8601 time, or let it run with the real one."""
        self.set(now)

    def set(self, now: str | None) -> None:
        """Move the clock; None sets it going with the real one."""
        self._stopped_at = None if now is None else parse_time(now)

    def now(self) -> datetime:
        """Return the present of the made-up world, in UTC."""
        return self._stopped_at or datetime.now(UTC)


class Window(msgspec.Struct, frozen=True, order=True):
    """A stretch of time."""

    start: datetime
    end: datetime


class Organizer(msgspec.Struct, frozen=True):
    """A person of the account who holds webinars."""

    key: int
    first_name: str
    last_name: str
    email: str

    @property
    def name(self) -> str:
        """First and last name, as GoTo shows them."""
        return f"{self.first_name} {self.last_name}"


class Session(msgspec.Struct, kw_only=True, frozen=True):
    """One time a webinar really took place.

    Attributes:
        window: From its real start to its real end.
        practice: Only the organizer was there.
        guests: The registrantKeys of those who attended, where a test decided it; None: it is made up.
    """

    key: int
    webinar_key: int
    window: Window
    practice: bool = False
    guests: frozenset[int] | None = None


class Webinar(msgspec.Struct, kw_only=True):
    """A webinar.

    Attributes:
        times: When it takes place, in order; several for a sequence, none if the organizer has not said yet.
        registration: When people registered for it. Set once: moving a webinar does not change who registered.
        size: How many people registered before the world began.
        recurrence_key: What the webinars of one series have in common.
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
        """When it is over for good."""
        return self.times[-1].end if self.times else NEVER

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Tell whether any of its times touches the window; without times it is in all of them."""
        return not self.times or any(time.start <= end and time.end >= start for time in self.times)

    def in_session(self, now: datetime) -> bool:
        """Tell whether it is running."""
        return any(time.start <= now < time.end for time in self.times)


def covered_seconds(intervals: Sequence[Window]) -> int:
    """Return how many seconds intervals cover together: time on two devices at once counts once."""
    total, until = timedelta(), datetime.min.replace(tzinfo=UTC)
    for interval in sorted(intervals):
        total += max(timedelta(), interval.end - max(interval.start, until))
        until = max(until, interval.end)
    return int(total.total_seconds())
