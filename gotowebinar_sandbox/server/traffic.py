"""The log of calls: who knocked, when, and what they were told."""

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

    def plain(self) -> dict[str, Any]:
        """Return the call as plain data, its query as a mapping."""
        data: dict[str, Any] = msgspec.to_builtins(self)
        return {**data, "query": dict(parse_qsl(self.query, keep_blank_values=True))}


class CallLog:
    """All calls to anything but the control endpoints, in order of arrival."""

    def __init__(self) -> None:
        """Begin with an empty log."""
        self._calls: list[Call] = []
        self.open = 0
        self.peak = 0
        self.refused = 0

    def arrive(self, at: float, method: str, path: str, query: str) -> Call:
        """Note that a call came in."""
        call = Call(len(self._calls), at, method, path, query)
        self._calls.append(call)
        self.open += 1
        self.peak = max(self.peak, self.open)
        return call

    def leave(self, call: Call, at: float) -> None:
        """Note that a call was dealt with."""
        call.done = at
        self.open -= 1

    def plain(self) -> list[dict[str, Any]]:
        """Return all calls as plain data."""
        return [call.plain() for call in self._calls]

    def reset(self) -> None:
        """Forget the calls, not those still open."""
        self._calls = []
        self.peak = self.open
        self.refused = 0
