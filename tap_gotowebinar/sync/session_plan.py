"""The sessions that a run has to do with, each once, in the order in which they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_gotowebinar.records.moments import parse_time

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable


@dataclass(frozen=True)
class PlannedSession:
    """A listed session.

    Attributes:
        record: As it comes out.
        now: Start of the run.
        settle: How long a session has to be over until it counts as settled.
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
        """The keys that its children are asked for with."""
        return {name: self.record[name] for name in ("organizerKey", "webinarKey", "sessionKey")}

    @property
    def end(self) -> str | None:
        """When it ended, in the form of all times; when it started, where GoTo gives no end."""
        return self.record.get("endTime") or self.record.get("startTime")

    @property
    def ended_at(self) -> dt.datetime | None:
        """The moment of `end`."""
        return parse_time(self.end)

    def counts_none(self, name: str) -> bool:
        """Whether GoTo counts none of something in this session."""
        return self.record.get(name) == 0


def in_order(sessions: Iterable[PlannedSession]) -> list[PlannedSession]:
    """Return sessions by their end; those without one come first."""
    return sorted(sessions, key=lambda session: (session.end or "", session.key))
