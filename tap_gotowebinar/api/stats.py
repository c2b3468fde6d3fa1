"""What is counted of the calls and records of one stream."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class StreamStats:
    """Counts of one stream in one run.

    Attributes:
        records: RECORD messages.
        calls: Requests sent to the API, repeated ones too.
        answered: Calls that brought what was asked for, or that it is gone.
        retries: Requests sent again after a transient failure, a 429 or for an expired token.
        waited: Seconds in which the run's next call was one of these and was held back to stay within the rate.
        refused: Paths GoTo did not allow to be read.
        gone: Paths of things that no longer exist.
        given_up: Paths that failed each time they were tried.
        unusable: Values that were replaced by null because they are not of the declared type, per field.
        unknown: Names of fields that the schema does not declare, and that were left out.
    """

    records: int = 0
    calls: int = 0
    answered: int = 0
    retries: int = 0
    waited: float = 0.0
    refused: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    unusable: Counter[str] = field(default_factory=Counter)
    unknown: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def is_active(self) -> bool:
        """Whether there is anything to say of the stream."""
        return bool(self.records or self.calls or self.refused or self.gone or self.given_up)

    def count(self, *, calls: int = 0, answered: int = 0, retries: int = 0, waited: float = 0.0) -> None:
        """Add to the counts of calls; from any thread."""
        with self._lock:
            self.calls += calls
            self.answered += answered
            self.retries += retries
            self.waited += waited

    def count_unusable(self, name: str, values: int = 1) -> None:
        """Count values of a field that became null; from any thread."""
        with self._lock:
            self.unusable[name] += values
