"""How often and for how long a call is repeated: attempts, the time they share, and pauses that GoTo asks for."""

import datetime as dt
import email.utils
import functools
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import backoff

from tap_gotowebinar.api.errors import TransientError

T = TypeVar("T")

TRIES: Final = 6
"""Attempts of a call that fails in a transient way: about 15 seconds of waiting in all, plus time-outs."""

WAITS: Final = functools.partial(backoff.expo, factor=0.5, max_value=30)
"""Longest waits between these attempts, in seconds; each is drawn at random below."""

LONGEST_PAUSE: Final = 300.0
"""Seconds that a run pauses when GoTo answers 429; a longer pause ends the run."""


def parse_retry_after(retry_after: str) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, in either of its forms; None below half a second."""
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            date = email.utils.parsedate_to_datetime(retry_after)
            # Dates in HTTP are GMT; one without a zone would be taken for local time.
            seconds = (date if date.tzinfo else date.replace(tzinfo=dt.UTC)).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return seconds if 0.5 <= seconds < float("inf") else None  # noqa: PLR2004


def resume_time(pause: float) -> str:
    """Return the time after a pause in UTC, at most a year ahead, for people to read."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(time.time() + min(pause, 366 * 86400)))


@dataclass
class TimeBudget:
    """The seconds that all attempts of one call may take; waiting for the rate limiter does not count."""

    seconds: float
    spent: float = 0.0

    @property
    def is_spent(self) -> bool:
        """Whether no time is left for another attempt."""
        return self.spent >= self.seconds

    def wrap(self, send: Callable[..., T]) -> Callable[..., T]:
        """Return a `send` that counts its time; it raises TransientError once the budget is spent."""

        def timed(**options: Any) -> T:  # noqa: ANN401 - those of `send`
            if self.is_spent:
                msg = "it takes too long"
                raise TransientError(msg)
            began = time.monotonic()
            try:
                return send(**options)
            finally:
                self.spent += time.monotonic() - began

        return timed


def call_with_retries(
    attempt: Callable[[], T],
    budget: TimeBudget,
    waits: Callable[[], Generator[Any, None, None]],
    *,
    on_retry: Callable[[], object] = lambda: None,
    sleep: Callable[[float], object] = time.sleep,
) -> T:
    """Return the result of the first attempt that does not raise TransientError.

    Between two attempts it waits for a random part of the next of `waits`, in seconds, or for the `retry_after` of the
    error. `on_retry` is called before each wait; `sleep` may raise to end the attempts.

    Raises:
        TransientError: that of the last attempt, after `TRIES` of them or once the budget is spent.
    """
    growing, tries = waits(), 1
    next(growing)
    while True:
        try:
            return attempt()
        except TransientError as error:
            if tries >= TRIES or budget.is_spent:
                raise
            asked = error.retry_after
        tries += 1
        on_retry()
        sleep(asked or backoff.full_jitter(next(growing)))
