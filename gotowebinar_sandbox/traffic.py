"""The log of calls, and the limits they are counted against."""

import math
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec


class Call(msgspec.Struct):
    """One call, from its arrival on.

    Attributes:
        n: Running number, from 0.
        at: Arrival, in seconds of the machine's monotonic clock.
        status: Status sent; None while none was.
        fault: Kind of the fault that struck.
        done: When the answer was finished, on the same clock; None while it is not.
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
    """All calls to anything but the control interface, in order of arrival.

    Attributes:
        open: How many are being answered.
        peak: The most that were at once.
        refused: How many were answered 429.
    """

    def __init__(self) -> None:
        """Begin with an empty log."""
        self.open = 0
        self.reset()

    def reset(self) -> None:
        """Forget the calls, not those still open."""
        self._calls: list[Call] = []
        self.peak = self.open
        self.refused = 0

    def arrive(self, at: float, method: str, path: str, query: str) -> Call:
        """Note that a call came in."""
        call = Call(len(self._calls), at, method, path, query)
        self._calls.append(call)
        self.open += 1
        self.peak = max(self.peak, self.open)
        return call

    def leave(self, call: Call, at: float) -> None:
        """Note that a call was answered, or its connection closed."""
        call.done = at
        self.open -= 1

    def plain(self) -> list[dict[str, Any]]:
        """Return all calls as plain data, the query of each as a mapping."""
        return [
            {**msgspec.to_builtins(call), "query": dict(parse_qsl(call.query, keep_blank_values=True))}
            for call in self._calls
        ]


class SlidingWindow:
    """A strict limit: never more than so many accepted calls in any stretch of so many seconds.

    Calls count from the moment they arrive; a refused call does not count towards the limit.

    Attributes:
        most: The most calls, refused ones too, that arrived within any one window.
    """

    def __init__(self) -> None:
        """Begin with no calls."""
        self.reset()

    def reset(self) -> None:
        """Forget all calls."""
        self._accepted: deque[float] = deque()
        self._arrived: deque[float] = deque()
        self.most = 0

    def arrive(self, at: float, length: float) -> None:
        """Note that a call arrived, in seconds of a monotonic clock; the window is so many seconds long."""
        for calls in (self._accepted, self._arrived):
            while calls and calls[0] <= at - length:
                calls.popleft()
        self._arrived.append(at)
        self.most = max(self.most, len(self._arrived))

    def full(self, limit: int) -> bool:
        """Tell whether the call that just arrived is one too many; a limit of 0 is none."""
        return 0 < limit <= len(self._accepted)

    def accept(self, at: float) -> None:
        """Count a call towards the limit."""
        self._accepted.append(at)

    def wait(self, at: float, length: float) -> float:
        """Return the seconds until the oldest accepted call leaves the window."""
        return self._accepted[0] + length - at if self._accepted else 0.0


def retry_after(wanted: float | str | None, wait: float) -> dict[str, str]:
    """Return the Retry-After header: seconds or a text as wanted, ``"date"`` for that of ``wait`` seconds from now."""
    if wanted is None:
        return {}
    if wanted == "date":
        at = datetime.now(UTC) + timedelta(seconds=math.ceil(wait))
        return {"Retry-After": format_datetime(at, usegmt=True)}
    return {"Retry-After": f"{wanted:g}" if isinstance(wanted, float) else str(wanted)}
