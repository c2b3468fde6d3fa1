"""What a run did, logged while it runs and at its end: how many people became what, and why. Nothing about who."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from tap_gotowebinar.api.redaction import mask_names
from tap_gotowebinar.api.stats import StreamStats
from target_gotowebinar.results import Outcome
from target_gotowebinar.settings import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from target_gotowebinar.results import RegistrationResult

logger = logging.getLogger(PROGRAM)

PROGRESS_INTERVAL: Final = 30.0
"""Seconds between two progress lines."""

MAX_REASONS: Final = 100
"""Different reasons that are counted one by one; GoTo's may be different for everybody."""

MAX_SHOWN_REASONS: Final = 5
"""Reasons that are logged, the most frequent first."""

OTHER: Final = "other reasons"


class Report:
    """The counts of a run.

    Attributes:
        stats: Counts of calls.
        unanswered: People whose outcome GoTo did not tell.
        unsent: People who were not sent because the run ended early.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing done."""
        self._clock = clock
        self._started = self._last_line = clock()
        self._outcomes: dict[str, Counter[Outcome]] = {}
        self._reasons: Counter[tuple[Outcome, str]] = Counter()
        self._would_be_sent: Counter[str] = Counter()
        self._fields_to_send: set[str] = set()
        self._unknown: dict[str, Counter[str]] = {}
        self.stats = StreamStats()
        self.unanswered = 0
        self.unsent = 0

    def note(self, stream: str, result: RegistrationResult) -> None:
        """Count what became of a record."""
        self._outcomes.setdefault(stream, Counter())[result.outcome] += 1
        if result.outcome in {Outcome.REJECTED, Outcome.SKIPPED}:
            reason = (result.outcome, result.description or "")
            is_counted = reason in self._reasons or len(self._reasons) < MAX_REASONS
            self._reasons[reason if is_counted else (result.outcome, OTHER)] += 1
        now = self._clock()
        if now - self._last_line >= PROGRESS_INTERVAL:
            self._last_line = now
            totals: Counter[Outcome] = sum(self._outcomes.values(), Counter())
            counts = ", ".join(f"{totals[outcome]} {outcome.value}" for outcome in Outcome)
            logger.info("%s; %d calls", counts, self.stats.calls)

    def note_would_be_sent(self, webinar_key: str, fields: Iterable[str]) -> None:
        """Count a person whom a run that is not dry would register, and the fields it would send."""
        self._would_be_sent[webinar_key] += 1
        self._fields_to_send.update(fields)

    def note_unknown(self, stream: str, names: Iterable[str]) -> None:
        """Count the values of fields that are not sent."""
        self._unknown.setdefault(stream, Counter()).update(names)

    def log_summary(self) -> None:
        """Log the counts of every stream as a table, and why people were not registered."""
        if self._outcomes:
            logger.info("%s", f"{'stream':<22}" + "".join(f"{outcome.value:>20}" for outcome in Outcome))
        for stream, counts in self._outcomes.items():
            logger.info("%s", f"{stream:<22}" + "".join(f"{counts[outcome]:>20}" for outcome in Outcome))
        for (outcome, reason), count in self._reasons.most_common(MAX_SHOWN_REASONS):
            level = logging.WARNING if outcome is Outcome.REJECTED else logging.INFO
            logger.log(level, "%s: %d: %s", outcome.value, count, reason)
        if len(self._reasons) > MAX_SHOWN_REASONS:
            logger.info("and %d more reasons", len(self._reasons) - MAX_SHOWN_REASONS)
        for stream, names in self._unknown.items():
            if names:
                text = "'%s': values of fields that GoTo does not take were left out: %d (%s)"
                logger.info(text, stream, names.total(), mask_names(sorted(names)))
        for webinar_key, count in self._would_be_sent.items():
            logger.info("dry run: would be sent to GoTo for webinar %s: %d", webinar_key, count)
        if self._fields_to_send:
            logger.info("dry run: with these fields: %s", ", ".join(sorted(self._fields_to_send)))
        if self.unsent:
            logger.warning("not sent, because the run ended early: %d", self.unsent)
        stats, seconds = self.stats, self._clock() - self._started
        calls = f"{stats.calls} calls, {stats.retries} of them repeated, {stats.waited:.1f} s waited for the rate"
        logger.info("%s; finished in %.1f s", calls, seconds)

    def failures(self, *, forgive_rejections: bool) -> list[str]:
        """Return a line for each reason why the run has not done what was asked for.

        Args:
            forgive_rejections: Whether rejected people are accepted (`on_rejection: continue`).
        """
        lines = []
        rejected = sum(counts[Outcome.REJECTED] for counts in self._outcomes.values())
        if rejected and not forgive_rejections:
            lines.append(
                f"rejected: {rejected}, for the reasons above (results_path names them); correct the records, or set "
                "on_rejection to continue"
            )
        if self.unanswered:
            lines.append(
                f"no answer from GoTo after several tries: {self.unanswered}; no state was passed on from there, so "
                "the next run sends them again"
            )
        return lines
