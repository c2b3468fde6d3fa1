"""Counts of one stream: calls, records and what was left out."""

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class StreamStats:
    """Counts of one stream in one run.

    Attributes:
        records: RECORD messages.
        calls: Requests sent to the API, repeated ones too.
        answered: Calls that succeeded, or whose resource is gone.
        retries: Requests sent again after a transient failure, a 429 or an expired token.
        waited: Seconds that the rate limiter held back a call of this stream while it was the next of the run.
        forbidden: Paths that GoTo does not allow to be read.
        gone: Paths of resources that no longer exist.
        given_up: Paths whose attempts all failed.
        unusable: Values per field that became null because they are not of the declared type.
        unknown: Fields that were left out because the schema does not declare them.
    """

    records: int = 0
    calls: int = 0
    answered: int = 0
    retries: int = 0
    waited: float = 0.0
    forbidden: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    unusable: Counter[str] = field(default_factory=Counter)
    unknown: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def is_active(self) -> bool:
        """Whether the stream has made calls or records."""
        return bool(self.records or self.calls or self.forbidden or self.gone or self.given_up)

    def count(self, *, calls: int = 0, answered: int = 0, retries: int = 0, waited: float = 0.0) -> None:
        """Add to the counts of calls; thread-safe."""
        with self._lock:
            self.calls += calls
            self.answered += answered
            self.retries += retries
            self.waited += waited

    def count_unusable(self, name: str, values: int = 1) -> None:
        """Count values of a field that became null; thread-safe."""
        with self._lock:
            self.unusable[name] += values
