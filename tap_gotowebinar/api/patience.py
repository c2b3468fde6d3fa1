"""How long the tries of one call may take together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from tap_gotowebinar.api.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


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
