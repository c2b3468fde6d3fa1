"""What a run reads and in what order: alive webinars in every run, settled ones ever more rarely.

Nothing here reads the clock.
"""

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from tap_gotowebinar.records.timestamps import parse_time


class WebinarTiming(NamedTuple):
    """When a webinar ends, as seen from a run.

    Attributes:
        now: Start of the run.
        ends_at: End of the last occurrence; None without usable times.
        settle: How long a webinar has to be quiet until it is settled.
    """

    now: dt.datetime
    ends_at: dt.datetime | None
    settle: dt.timedelta

    def is_settled(self, newest: str | None) -> bool:
        """Return whether the webinar has been quiet for long enough since its end and its latest registration."""
        since = quiet_since(self.ends_at, newest)
        return since is not None and self.now - since >= self.settle


def quiet_since(ends_at: dt.datetime | None, newest: str | None) -> dt.datetime | None:
    """Return the end or the latest registration, whichever is later."""
    moments = [moment for moment in (ends_at, parse_time(newest)) if moment is not None]
    return max(moments, default=None)


class DueReason(enum.Enum):
    """Why a webinar is read, the most urgent reason first."""

    NEW = "new"
    ALIVE = "alive"
    RECHECK = "recheck"


def most_urgent(reasons: Iterable[DueReason]) -> DueReason | None:
    """Return the most urgent of some reasons."""
    return min(reasons, key=list(DueReason).index, default=None)


@dataclass(frozen=True)
class DueRule:
    """When a webinar is read again: a settled one when `recheck_factor` of its quiet time has passed since it was read.

    So its readings grow with the logarithm of its age.
    """

    recheck_factor: float

    def reason(self, timing: WebinarTiming, newest: str | None, read_at: str | None) -> DueReason | None:
        """Return why a webinar is due that was read before, as settled at `read_at`; None when it is not due.

        `newest` is its latest registration, if known.
        """
        read = parse_time(read_at)
        if not timing.is_settled(newest) or read is None or read > timing.now:
            return DueReason.ALIVE
        since = quiet_since(timing.ends_at, newest)
        return DueReason.RECHECK if self.is_stale(timing.now, since, read_at) else None

    def is_stale(self, now: dt.datetime, since: dt.datetime | None, read_at: str | None) -> bool:
        """Return whether something is due that changes around a time, and ever more rarely before and after it.

        That time is `since`, if it is known; `read_at` is when it was last read to its end, alive or settled.
        """
        read = parse_time(read_at)
        # A reading in the future shows that a clock was wrong.
        if since is None or read is None or read > now:
            return True
        return now - read >= self.recheck_factor * abs(now - since)


@dataclass(frozen=True)
class Planned:
    """A listed webinar or session: its record as it is emitted, and the names of the keys in it, its own last."""

    record: dict[str, Any]
    key_names: ClassVar[tuple[str, ...]]

    @property
    def key(self) -> str:
        """Its own key."""
        return str(self.record[self.key_names[-1]])

    @property
    def context(self) -> dict[str, str]:
        """The keys in the paths of its children."""
        return {name: self.record[name] for name in self.key_names}


@dataclass(frozen=True)
class PlannedWebinar(Planned):
    """A listed webinar, the most urgent reason to read it, and the names of the streams that do."""

    key_names = ("organizerKey", "webinarKey")

    timing: WebinarTiming
    reason: DueReason | None
    settled: bool
    readers: frozenset[str] = frozenset()


def alive_first(webinars: Iterable[PlannedWebinar]) -> list[PlannedWebinar]:
    """Return webinars in the order in which they are read: alive ones, then newest to oldest."""
    return sorted(webinars, key=_order)


def _order(webinar: PlannedWebinar) -> tuple[bool, float, str]:
    ends_at = webinar.timing.ends_at
    return webinar.settled, -ends_at.timestamp() if ends_at else 0.0, webinar.key


def last_end(record: Mapping[str, Any]) -> dt.datetime | None:
    """Return the end of a webinar's last occurrence, None without usable times."""
    occurrences = [item for item in record.get("times") or () if item]
    ends = [parse_time(item.get("endTime") or item.get("startTime")) for item in occurrences]
    return max((end for end in ends if end is not None), default=None)


@dataclass(frozen=True)
class PlannedSession(Planned):
    """A listed session; `settle` is how long it has to be over, at the start of the run, until it is settled."""

    key_names = ("organizerKey", "webinarKey", "sessionKey")

    now: dt.datetime
    settle: dt.timedelta

    @property
    def webinar_key(self) -> str:
        """The key of its webinar."""
        return str(self.record["webinarKey"])

    @property
    def organizer_key(self) -> str:
        """The key of the organizer under whom it was listed."""
        return str(self.record["organizerKey"])

    @property
    def end(self) -> str | None:
        """When it ended, or started where GoTo gives no end, in canonical form."""
        return self.record.get("endTime") or self.record.get("startTime")

    @property
    def ended_at(self) -> dt.datetime | None:
        """The time of `end`."""
        return parse_time(self.end)


def in_order(sessions: Iterable[PlannedSession]) -> list[PlannedSession]:
    """Return sessions by their end; those without one come first."""
    return sorted(sessions, key=lambda session: (session.end or "", session.key))
