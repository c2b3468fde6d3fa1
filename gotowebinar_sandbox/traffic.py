"""The log of calls, and the rate limits."""

import math
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec


class Call(msgspec.Struct):
    """A logged call.

    Attributes:
        n: Running number, from 0.
        at: Arrival, in seconds of the machine's monotonic clock.
        status: HTTP status of the response; None until it is sent.
        fault: Kind of the fault that applied.
        done: When the response was complete, on the same clock; None until then.
    """

    n: int
    at: float
    method: str
    path: str
    query: str
    status: int | None = None
    fault: str | None = None
    done: float | None = None


class CallLog:
    """The calls in order of arrival, without those to the control interface.

    Attributes:
        open: How many are in progress.
        peak: The maximum of calls in progress at once.
        refused: How many got a 429.
    """

    def __init__(self) -> None:
        """Start with an empty log."""
        self.open = 0
        self.reset()

    def reset(self) -> None:
        """Forget the calls; those in progress still count as open."""
        self._calls: list[Call] = []
        self.peak = self.open
        self.refused = 0

    def arrive(self, at: float, method: str, path: str, query: str) -> Call:
        """Log a call."""
        call = Call(len(self._calls), at, method, path, query)
        self._calls.append(call)
        self.open += 1
        self.peak = max(self.peak, self.open)
        return call

    def finish(self, call: Call, at: float) -> None:
        """Log that the response is complete or the connection is closed."""
        call.done = at
        self.open -= 1

    def plain(self) -> list[dict[str, Any]]:
        """Return all calls as JSON-compatible values, the query of each as a mapping."""
        return [
            {**msgspec.to_builtins(call), "query": dict(parse_qsl(call.query, keep_blank_values=True))}
            for call in self._calls
        ]


class SlidingWindow:
    """A strict rate limit: any window of the given length holds at most the given number of accepted calls.

    Calls count when they arrive; rejected calls do not count towards the limit.

    Attributes:
        most: The maximum of calls, rejected ones included, that arrived within one window.
    """

    def __init__(self) -> None:
        """Start without calls."""
        self.reset()

    def reset(self) -> None:
        """Forget all calls."""
        self._accepted: deque[float] = deque()
        self._arrived: deque[float] = deque()
        self.most = 0

    def arrive(self, at: float, length: float) -> None:
        """Count the arrival of a call; ``at`` (on a monotonic clock) and ``length`` are in seconds."""
        for calls in (self._accepted, self._arrived):
            while calls and calls[0] <= at - length:
                calls.popleft()
        self._arrived.append(at)
        self.most = max(self.most, len(self._arrived))

    def full(self, limit: int) -> bool:
        """Return whether the call that just arrived exceeds the limit; 0 means no limit."""
        return 0 < limit <= len(self._accepted)

    def accept(self, at: float) -> None:
        """Count a call towards the limit."""
        self._accepted.append(at)

    def wait(self, at: float, length: float) -> float:
        """Return the seconds until the oldest accepted call leaves the window."""
        return self._accepted[0] + length - at if self._accepted else 0.0


def retry_after(wanted: float | str | None, wait: float) -> dict[str, str]:
    """Return a Retry-After header: seconds or text as given; ``"date"``: the date ``wait`` seconds from now."""
    if wanted is None:
        return {}
    if wanted == "date":
        at = datetime.now(UTC) + timedelta(seconds=math.ceil(wait))
        return {"Retry-After": format_datetime(at, usegmt=True)}
    return {"Retry-After": f"{wanted:g}" if isinstance(wanted, float) else str(wanted)}
