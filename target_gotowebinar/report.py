"""Logs the counts of a run, without personal data: outcomes, reasons and calls."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from tap_gotowebinar.api.redaction import mask_names
from tap_gotowebinar.api.stats import StreamStats
from target_gotowebinar.results import Outcome, RegistrationResult
from target_gotowebinar.settings import PROGRAM

logger = logging.getLogger(PROGRAM)

PROGRESS_INTERVAL: Final = 30.0
"""Seconds between two progress lines."""

MAX_REASONS: Final = 100
"""Maximum of reasons that are counted separately; GoTo's may differ for everybody."""

MAX_SHOWN_REASONS: Final = 5
"""Reasons that are logged, the most frequent first."""

OTHER: Final = "other reasons"

MAX_UNKNOWN: Final = 1_000
"""Maximum of omitted fields of a stream that are counted separately: names may be data."""


class Report:
    """The counts of a run.

    Attributes:
        unanswered: Number of people whose result stays unknown.
        unsent: Number of people who were not sent because the run ended early.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = self._last_line = clock()
        self._outcomes: dict[str, Counter[Outcome]] = {}
        self._reasons: Counter[tuple[Outcome, str]] = Counter()
        self._dry_run: Counter[str] = Counter()
        self._dry_run_fields: set[str] = set()
        self._unknown_fields: dict[str, Counter[str]] = {}
        self.stats = StreamStats()
        self.unanswered = 0
        self.unsent = 0

    def note(self, stream: str, result: RegistrationResult) -> None:
        """Count the result of a record."""
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

    def note_dry_run(self, webinar_key: str, fields: Iterable[str]) -> None:
        """Count a person of a dry run, and the fields that would be sent."""
        self._dry_run[webinar_key] += 1
        self._dry_run_fields.update(fields)

    def note_unknown_fields(self, stream: str, names: Iterable[str]) -> None:
        """Count the values of unknown fields, which are not sent."""
        known = self._unknown_fields.setdefault(stream, Counter())
        for name in names:
            known[name if name in known or len(known) < MAX_UNKNOWN else "others"] += 1

    def log_summary(self) -> None:
        """Log the counts of every stream as a table, then the reasons."""
        if self._outcomes:
            logger.info("%s", f"{'stream':<22}" + "".join(f"{outcome.value:>20}" for outcome in Outcome))
        for stream, counts in self._outcomes.items():
            logger.info("%s", f"{stream:<22}" + "".join(f"{counts[outcome]:>20}" for outcome in Outcome))
        for (outcome, reason), count in self._reasons.most_common(MAX_SHOWN_REASONS):
            level = logging.WARNING if outcome is Outcome.REJECTED else logging.INFO
            logger.log(level, "%s: %d: %s", outcome.value, count, reason)
        if len(self._reasons) > MAX_SHOWN_REASONS:
            logger.info("and %d more reasons", len(self._reasons) - MAX_SHOWN_REASONS)
        for stream, names in self._unknown_fields.items():
            if names:
                text = "'%s': values of fields that GoTo does not take were left out: %d (%s)"
                logger.info(text, stream, names.total(), mask_names(sorted(names)))
        for webinar_key, count in self._dry_run.items():
            logger.info("dry run: would be sent to GoTo for webinar %s: %d", webinar_key, count)
        if self._dry_run_fields:
            logger.info("dry run: with these fields: %s", ", ".join(sorted(self._dry_run_fields)))
        if self.unsent:
            logger.warning("not sent, because the run ended early: %d", self.unsent)
        stats, seconds = self.stats, self._clock() - self._started
        calls = f"{stats.calls} calls, {stats.retries} of them repeated, {stats.waited:.1f} s waited for the rate"
        logger.info("%s; finished in %.1f s", calls, seconds)

    def failures(self, *, continue_on_rejection: bool) -> list[str]:
        """Return a line for each reason why the run has failed; rejected people may be none (`on_rejection`)."""
        lines = []
        if self.unanswered:
            lines.append(
                f"no answer from GoTo after several tries: {self.unanswered}; no state was passed on from there, so "
                "that the next run sends them again"
            )
        rejected = sum(counts[Outcome.REJECTED] for counts in self._outcomes.values())
        if rejected and not continue_on_rejection:
            reasons = [reason for (outcome, reason), _ in self._reasons.most_common() if outcome is Outcome.REJECTED]
            most = " most often" if len(reasons) > 1 else ""
            lines.append(
                f"rejected: {rejected},{most} because of: {reasons[0].rstrip('.')}; correct the records (results_path "
                "tells which), or set on_rejection to continue"
            )
        return lines
