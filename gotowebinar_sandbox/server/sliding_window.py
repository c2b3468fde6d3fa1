"""A strict sliding window: never more than so many calls in any stretch of so many seconds."""

from collections import deque


class SlidingWindow:
    """Counts calls by the moment they arrive; a refused call does not count towards the limit.

    Attributes:
        most: The most calls, refused ones too, that arrived within any one window.
    """

    def __init__(self) -> None:
        """Begin with no calls."""
        self._accepted: deque[float] = deque()
        self._arrived: deque[float] = deque()
        self.most = 0

    def arrive(self, at: float, length: float) -> None:
        """Note that a call arrived.

        Args:
            at: Arrival, in seconds of a monotonic clock.
            length: Length of the window in seconds.
        """
        _forget(self._accepted, at - length)
        _forget(self._arrived, at - length)
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

    def reset(self) -> None:
        """Forget all calls."""
        self._accepted.clear()
        self._arrived.clear()
        self.most = 0


def _forget(calls: deque[float], until: float) -> None:
    while calls and calls[0] <= until:
        calls.popleft()
