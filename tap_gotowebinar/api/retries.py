"""How long a call may be tried and waited for: what a server asks for with 429, and the time that all tries share."""

from __future__ import annotations

import datetime as dt
import email.utils
import time
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tap_gotowebinar.api.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

LONGEST_PAUSE: Final = 300.0
"""Seconds a run sits through when GoTo answers 429; after more it ends and is to be started again later."""

MIN_ASKED_PAUSE: Final = 0.5
"""Seconds; a shorter `Retry-After` (or a date gone by) is replaced by our own growing waits."""


def parse_retry_after(retry_after: str) -> float | None:
    """Return the seconds a `Retry-After` header asks for, in either of its forms; None when it makes no sense."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            date = email.utils.parsedate_to_datetime(retry_after)
            # Without a zone it is GMT, as every date in HTTP; a naive one would be taken for local time.
            seconds = (date if date.tzinfo else date.replace(tzinfo=dt.UTC)).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return seconds if MIN_ASKED_PAUSE <= seconds < float("inf") else None


def resume_time(pause: float) -> str:
    """Return the time after a pause, in UTC, for people to read."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(time.time() + min(pause, 366 * 86400)))


class TimeBudget:
    """The time for one call.

    Only what the other end takes counts: waiting for the rate budget may take hours and is nobody's fault.

    Attributes:
        spent: Seconds spent so far.
    """

    def __init__(self, seconds: float) -> None:
        """Start with all of it."""
        self.spent = 0.0
        self._seconds = seconds

    @property
    def is_over(self) -> bool:
        """Whether nothing is left for another try."""
        return self.spent >= self._seconds

    def of(self, send: Callable[..., T]) -> Callable[..., T]:
        """Return a `send` that spends of this time; it raises TransientError once nothing is left."""

        def timed(**options: Any) -> T:  # noqa: ANN401 - those of `send`
            if self.is_over:
                msg = "it takes too long"
                raise TransientError(msg)
            began = time.monotonic()
            try:
                return send(**options)
            finally:
                self.spent += time.monotonic() - began

        return timed
