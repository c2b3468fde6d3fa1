"""The rate limiter of one process: never more calls in any window than allowed, whatever the network does.

The documented limit is 100 calls in 60 seconds per connection; GoTo itself publishes 10 a second. The server counts
a call when it arrives, some time between the request and the response. So a slot is free again one window after the
*response*: two calls in the same slot are then at least a window apart on the server, too.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

WINDOW: Final = 60.0
"""Seconds of the documented window."""

CLOCK_MARGIN: Final = 0.0025
"""Share added to the window, because the server's clock may be slower: NTP slews each clock by up to 0.05 %."""


class RateLimiter:
    """Gives out slots for calls, first come, first served. Thread-safe.

    Args:
        per_window: Calls that may arrive in any window.
        per_second: Calls that may be sent in a second, evenly spaced.
        window: Length of the window in seconds.
        clock: Monotonic seconds.
        wait: Waits on a condition for so many of the clock's seconds, or without limit.
    """

    def __init__(
        self,
        per_window: int,
        per_second: float,
        *,
        window: float = WINDOW,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Condition, float | None], object] = threading.Condition.wait,
    ) -> None:
        self._per_window = per_window
        self._spacing = 1 / per_second
        self._window = window * (1 + CLOCK_MARGIN)
        self._clock = clock
        self._wait = wait
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._in_flight = 0
        self._free_at: deque[float] = deque()
        self._next_send = 0.0
        self._paused_until = 0.0

    @contextlib.contextmanager
    def slot(self) -> Iterator[float]:
        """Hold a slot for one call, from before its request until its response.

        Yields:
            Seconds that the call was held back while it was the next. The sum over all calls is the time that the
            rate has cost the run, however many threads wait.
        """
        waited = self._acquire()
        try:
            yield waited
        finally:
            self._release()

    def pause(self, seconds: float) -> None:
        """Hold back all calls for `seconds`, as a 429 asks."""
        with self._changed:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    def _acquire(self) -> float:
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            try:
                while self._queue[0] is not ticket:
                    self._wait(self._changed, None)
                its_turn = due = self._clock()
                while (delay := self._delay()) is None or delay > 0:
                    due = self._clock() + (delay or 0)
                    self._wait(self._changed, None if delay is None else min(delay, threading.TIMEOUT_MAX))
                self._in_flight += 1
                # Not from when this thread woke up: the delays of all calls would add up.
                self._next_send = due + self._spacing
                return self._clock() - its_turn
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _delay(self) -> float | None:
        """Return the seconds until the next call may be sent; None: until something changes."""
        now = self._clock()
        while self._free_at and self._free_at[0] <= now:
            self._free_at.popleft()
        earliest = max(self._next_send, self._paused_until)
        if self._in_flight + len(self._free_at) >= self._per_window:
            if not self._free_at:
                return None
            earliest = max(earliest, self._free_at[0])
        return earliest - now

    def _release(self) -> None:
        with self._changed:
            self._in_flight -= 1
            self._free_at.append(self._clock() + self._window)
            self._changed.notify_all()
