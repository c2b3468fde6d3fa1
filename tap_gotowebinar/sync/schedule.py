"""What a run reads and in what order: alive webinars in every run, settled ones ever more rarely.

Nothing here reads the clock.
"""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from tap_gotowebinar.records.timestamps import parse_time

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence


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
    """When a webinar is read again.

    Attributes:
        recheck_factor: A settled webinar is read when the time since the last reading reaches this share of the time
            it has been quiet, so that its readings grow with the logarithm of its age.
    """

    recheck_factor: float

    def reason(self, timing: WebinarTiming, newest: str | None, read_at: str | None) -> DueReason | None:
        """Return why a webinar that was read before is due, None when it is not.

        Args:
            timing: When it ends.
            newest: Its latest registration, if known.
            read_at: When it was last read to its end as settled; None: never.
        """
        since, read = quiet_since(timing.ends_at, newest), parse_time(read_at)
        # A reading in the future shows that a clock was wrong.
        if since is None or read is None or read > timing.now or not timing.is_settled(newest):
            return DueReason.ALIVE
        return DueReason.RECHECK if timing.now - read >= self.recheck_factor * (timing.now - since) else None

    def is_stale(self, now: dt.datetime, since: dt.datetime | None, read_at: str | None) -> bool:
        """Return whether something is due that changes around a time, and ever more rarely before and after it.

        Args:
            now: Start of the run.
            since: That time, if known.
            read_at: When it was last read to its end, alive or settled.
        """
        read = parse_time(read_at)
        if since is None or read is None or read > now:
            return True
        return now - read >= self.recheck_factor * abs(now - since)


@dataclass(frozen=True)
class PlannedWebinar:
    """A listed webinar, the most urgent reason to read it, and the names of the streams that do."""

    record: dict[str, Any]
    timing: WebinarTiming
    reason: DueReason | None
    settled: bool
    readers: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """Its webinarKey."""
        return str(self.record["webinarKey"])

    @property
    def context(self) -> dict[str, str]:
        """The keys in the paths of its children."""
        return {name: self.record[name] for name in ("webinarKey", "organizerKey")}


class SyncSchedule:
    """The listed webinars in the order in which they are read: alive ones, then newest to oldest."""

    def __init__(self, webinars: Iterable[PlannedWebinar]) -> None:
        """Sort the webinars."""
        self.webinars = sorted(webinars, key=_order)
        self._by_key = {webinar.key: webinar for webinar in self.webinars}
        self.reasons = Counter(webinar.reason for webinar in self.webinars if webinar.reason)

    def __getitem__(self, webinar_key: str) -> PlannedWebinar:
        """Return a webinar by its key."""
        return self._by_key[webinar_key]

    @property
    def due(self) -> int:
        """How many webinars are read."""
        return self.reasons.total()

    @property
    def alive(self) -> int:
        """How many of them every run reads, before all others."""
        return sum(1 for webinar in self.webinars if webinar.reason and not webinar.settled)

    def summary(self) -> str:
        """Return how many webinars are read, and why."""
        reasons = ", ".join(f"{self.reasons[reason]} {reason.value}" for reason in DueReason)
        return f"{len(self.webinars)} webinars listed, {self.due} due ({reasons})"


class WebinarReader(Protocol):
    """A stream that reads what belongs to webinars; with a schedule of its own, or the one that all others share."""

    name: str
    has_own_schedule: ClassVar[bool]

    def reason(self, rule: DueRule, timing: WebinarTiming, newest: str | None, webinar_key: str) -> DueReason | None:
        """Return why the stream has to read a webinar, None when it need not."""


def plan_webinar(
    record: dict[str, Any],
    timing: WebinarTiming,
    newest: str | None,
    readers: Sequence[WebinarReader],
    rule: DueRule,
) -> PlannedWebinar:
    """Return a listed webinar with those of the `readers` that have to read it; `newest` is its latest registration."""
    found = {reader: reader.reason(rule, timing, newest, record["webinarKey"]) for reader in readers}
    reasons = {reader.name: reason for reader, reason in found.items() if reason}
    together = [reader.name for reader in readers if not reader.has_own_schedule]
    if shared := most_urgent(reasons[name] for name in together if name in reasons):
        reasons |= dict.fromkeys(together, shared)
    is_settled = timing.is_settled(newest)
    return PlannedWebinar(record, timing, most_urgent(reasons.values()), is_settled, frozenset(reasons))


def last_end(record: Mapping[str, Any]) -> dt.datetime | None:
    """Return the end of a webinar's last occurrence, None without usable times."""
    occurrences = [item for item in record.get("times") or () if item]
    ends = [parse_time(item.get("endTime") or item.get("startTime")) for item in occurrences]
    return max((end for end in ends if end is not None), default=None)


def _order(webinar: PlannedWebinar) -> tuple[bool, float, str]:
    ends_at = webinar.timing.ends_at
    return webinar.settled, -ends_at.timestamp() if ends_at else 0.0, webinar.key


@dataclass(frozen=True)
class PlannedSession:
    """A listed session.

    Attributes:
        record: As it is emitted.
        now: Start of the run.
        settle: How long a session has to be over until it is settled.
    """

    record: dict[str, Any]
    now: dt.datetime
    settle: dt.timedelta

    @property
    def key(self) -> str:
        """Its sessionKey."""
        return str(self.record["sessionKey"])

    @property
    def webinar_key(self) -> str:
        """The key of its webinar."""
        return str(self.record["webinarKey"])

    @property
    def organizer_key(self) -> str:
        """The key of the organizer under whom it was listed."""
        return str(self.record["organizerKey"])

    @property
    def context(self) -> dict[str, str]:
        """The keys in the paths of its children."""
        return {name: self.record[name] for name in ("organizerKey", "webinarKey", "sessionKey")}

    @property
    def end(self) -> str | None:
        """When it ended, or started where GoTo gives no end, in canonical form."""
        return self.record.get("endTime") or self.record.get("startTime")

    @property
    def ended_at(self) -> dt.datetime | None:
        """The time of `end`."""
        return parse_time(self.end)

    def counts_none(self, name: str) -> bool:
        """Return whether GoTo counts none of something in this session."""
        return self.record.get(name) == 0


def in_order(sessions: Iterable[PlannedSession]) -> list[PlannedSession]:
    """Return sessions by their end; those without one come first."""
    return sorted(sessions, key=lambda session: (session.end or "", session.key))
