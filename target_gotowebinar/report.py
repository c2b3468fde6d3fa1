"""What a run did, said while it runs and at its end: how many people became what, and why. Nothing about who."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from tap_gotowebinar.api.redaction import mask_names
from tap_gotowebinar.sync.report import MAX_UNKNOWN, NAMED_AT_MOST, PROGRESS_INTERVAL, StreamStats
from target_gotowebinar.results import Outcome
from target_gotowebinar.settings import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from target_gotowebinar.results import RegistrationResult

logger = logging.getLogger(PROGRAM)

MAX_REASONS: Final = 100
"""Different reasons that are counted one by one; GoTo's may be different for everybody."""

OTHER: Final = "other reasons"


class Report:
    """The counts of a run and its verdict.

    Attributes:
        tally: Counts of calls.
        unanswered: People of whom GoTo did not say what became of them.
        unsent: People who were not sent when the run ended before its time.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing done."""
        self._clock = clock
        self._started = self._last_line = clock()
        self._outcomes: dict[str, Counter[Outcome]] = {}
        self._reasons: Counter[tuple[Outcome, str]] = Counter()
        self._would_be_sent: Counter[str] = Counter()
        self._fields_to_send: set[str] = set()
        self._unknown: dict[str, set[str]] = {}
        self._left_out: Counter[str] = Counter()
        self.tally = StreamStats()
        self.unanswered = 0
        self.unsent = 0

    def note(self, stream: str, result: RegistrationResult) -> None:
        """Count what became of a record."""
        self._outcomes.setdefault(stream, Counter())[result.outcome] += 1
        if result.outcome in {Outcome.REJECTED, Outcome.SKIPPED}:
            reason = (result.outcome, result.description or "")
            is_new = reason not in self._reasons and len(self._reasons) >= MAX_REASONS
            self._reasons[(result.outcome, OTHER) if is_new else reason] += 1
        now = self._clock()
        if now - self._last_line >= PROGRESS_INTERVAL:
            self._last_line = now
            logger.info("%s; %d calls", self._counts(), self.tally.calls)

    def note_would_be_sent(self, webinar_key: str, fields: Iterable[str]) -> None:
        """Count somebody whom a run that is not dry would register, and what it would send."""
        self._would_be_sent[webinar_key] += 1
        self._fields_to_send.update(fields)

    def note_unknown(self, stream: str, names: Sequence[str]) -> None:
        """Count values that are not sent, and name their fields once per stream."""
        self._left_out[stream] += len(names)
        known = self._unknown.setdefault(stream, set())
        # An object keyed by data would otherwise fill the log.
        new = [name for name in names if name not in known][: MAX_UNKNOWN - len(known)]
        if new:
            known.update(new)
            logger.info("'%s': fields that GoTo does not take are left out: %s", stream, mask_names(new))

    def log_summary(self) -> None:
        """Log the counts of every stream as a table, and why people were not registered."""
        if self._outcomes:
            logger.info("%s", f"{'stream':<22}" + "".join(f"{outcome.value:>20}" for outcome in Outcome))
        for stream, counts in self._outcomes.items():
            logger.info("%s", f"{stream:<22}" + "".join(f"{counts[outcome]:>20}" for outcome in Outcome))
        for (outcome, reason), count in self._reasons.most_common(NAMED_AT_MOST):
            logger.warning("%s: %d: %s", outcome.value, count, reason)
        if len(self._reasons) > NAMED_AT_MOST:
            logger.warning("and %d more reasons", len(self._reasons) - NAMED_AT_MOST)
        for stream, count in (+self._left_out).items():
            logger.info("'%s': values left out, of fields that GoTo does not take: %d", stream, count)
        for webinar_key, count in self._would_be_sent.items():
            logger.info("dry run: would be sent to GoTo for webinar %s: %d", webinar_key, count)
        if self._fields_to_send:
            logger.info("dry run: with these fields: %s", ", ".join(sorted(self._fields_to_send)))
        if self.unsent:
            logger.warning("not sent, because the run ended before: %d", self.unsent)
        tally, seconds = self.tally, self._clock() - self._started
        calls = f"{tally.calls} calls, {tally.retries} of them repeated, {tally.waited:.1f} s waited for the rate"
        logger.info("%s; finished in %.1f s", calls, seconds)

    def problems(self, *, forgive_rejections: bool) -> list[str]:
        """Return a line for each reason why the run has not done what was asked for.

        Args:
            forgive_rejections: Whether people who were rejected are accepted (`on_rejection: continue`).
        """
        lines = []
        rejected = sum(counts[Outcome.REJECTED] for counts in self._outcomes.values())
        if rejected and not forgive_rejections:
            lines.append(
                f"rejected: {rejected}, for the reasons above (results_path tells whom); correct the records, or set "
                "on_rejection to continue"
            )
        if self.unanswered:
            lines.append(
                f"not answered for after several tries: {self.unanswered}; no state was passed on from there, so that "
                "the next run sends them again"
            )
        return lines

    def _counts(self) -> str:
        totals: Counter[Outcome] = sum(self._outcomes.values(), Counter())
        return ", ".join(f"{totals[outcome]} {outcome.value}" for outcome in Outcome)
