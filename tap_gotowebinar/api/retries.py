"""What a server asks for when it answers 429: the pause, and what to say when it is too long."""

from __future__ import annotations

import datetime as dt
import email.utils
import time
from typing import Final

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
