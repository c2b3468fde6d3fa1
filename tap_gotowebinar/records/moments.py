"""Times as the rules use them: what a run knows about a webinar, and since when it has been quiet.

Nothing here asks for the time; it is always passed in.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from tap_gotowebinar.records.reader import canonical_time


class WebinarTiming(NamedTuple):
    """What is known about a webinar at the start of a run.

    Attributes:
        now: Start of the run.
        ends_at: End of the webinar's last occurrence; None when GoTo gives no usable times.
        settle: How long a webinar has to be quiet until it counts as settled.
    """

    now: dt.datetime
    ends_at: dt.datetime | None
    settle: dt.timedelta

    def is_settled(self, newest: str | None) -> bool:
        """Whether the webinar has been quiet for long enough.

        Args:
            newest: Latest registration known.
        """
        since = quiet_since(self.ends_at, newest)
        return since is not None and self.now - since >= self.settle


def quiet_since(ends_at: dt.datetime | None, newest: str | None) -> dt.datetime | None:
    """Return since when nothing is known to have happened: the end or the last registration, whichever is later."""
    moments = [moment for moment in (ends_at, parse_time(newest)) if moment is not None]
    return max(moments, default=None)


def parse_time(text: str | None) -> dt.datetime | None:
    """Return the moment of a time of any ISO 8601 form."""
    canonical = canonical_time(text)
    return dt.datetime.fromisoformat(canonical) if canonical else None


def canonical(moment: dt.datetime) -> str:
    """Return a moment as text in the form of all times that come out."""
    return canonical_time(moment.isoformat()) or ""


def seconds(moment: dt.datetime) -> str:
    """Return a moment as text, to the second."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
