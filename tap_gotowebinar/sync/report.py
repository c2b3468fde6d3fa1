"""What a run logs about itself: plan, progress, counts, what was left out, and whether it is complete."""

import logging
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from tap_gotowebinar.api.redaction import mask_names
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.records.record_list import RecordList

logger = logging.getLogger("tap-gotowebinar")

WRONG_KEY: Final = (
    "a key in organizer_keys or account_key may be wrong (nine digits are a webinar ID, not a key): correct it"
)

LISTS: Final = frozenset({"webinars", "sessions"})
"""Streams that are lists of an organizer or an account: a refused path holds a configured key."""


class PlannedCalls(NamedTuple):
    """The calls for so many webinars or sessions that are due.

    Attributes:
        bound: Whether `calls` are `at least` or `up to` those without retries.
        each: What further calls are made for, by stream; only the answers show how many.
    """

    due: int
    bound: str
    calls: int
    each: Sequence[str]


class Report:
    """The counts of a run by stream, its progress, and why it is not complete."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = self._last_line = clock()
        self._stats: defaultdict[str, StreamStats] = defaultdict(StreamStats)
        self._bar: _Bar | None = None
        self._plans: list[str] = []
        self.label = "webinars"
        self.total = 0
        self.done = 0
        self._calls_begun = 0
        self._differences: defaultdict[str, list[str]] = defaultdict(list)
        self._requests_per_minute = 1
        self.warnings: list[str] = []

    def stats(self, stream: str) -> StreamStats:
        """Return the counts of a stream; the main thread calls this first."""
        return self._stats[stream]

    def note_list(self, stream: str, path: str, found: RecordList) -> None:
        """Log what was left out of a list."""
        if found.invalid:
            reasons = ", ".join(f"{count} with {reason}" for reason, count in found.invalid.items())
            self.warn(f"'{stream}': {found.invalid.total()} row(s) of {path} were left out: {reasons}")
        if found.repeated:
            what = "merged into one each" if found.is_merged else "the last one of each counts"
            logger.info("'%s': %d row(s) of %s have the same key as another: %s", stream, found.repeated, path, what)
        if found.total is not None and found.total != found.received:
            text = "%s says it holds %d rows and gave %d different ones, read twice"
            logger.info(text, path, found.total, found.received)

    def warn(self, text: str) -> None:
        """Log a warning now and count it in the summary."""
        self.warnings.append(text)
        logger.warning("%s", text)

    @property
    def calls(self) -> int:
        """Calls made so far by all streams."""
        return sum(stats.calls for stats in self._stats.values())

    def plan(self, label: str, summary: str, cost: PlannedCalls, requests_per_minute: int) -> None:
        """Log how many webinars or sessions are due, and how many calls that takes; progress is counted from here."""
        self.label, self.total, self.done, self._calls_begun = label, cost.due, 0, self.calls
        self._requests_per_minute = requests_per_minute
        # The first minute's budget may be spent at once.
        minutes = max(0, cost.calls - requests_per_minute) / requests_per_minute
        each = Counter(cost.each if cost.due else ())
        more = "".join(f", and {count} for each {what}" for what, count in each.items())
        self._plans.append(f"{cost.bound} {cost.calls} for {label}{more}")
        logger.info(
            "plan: %s: %s %d calls (%s at %d calls a minute)%s",
            *(summary, cost.bound, cost.calls, about(minutes), requests_per_minute, more),
        )

    def check_count(self, stream: str, key: str, counted: int | None, least: int, most: int) -> None:
        """Note where GoTo counts more or fewer of a webinar or session than it lists.

        `least` of those listed are surely in the count, and `most` may be.
        """
        if counted is not None and not least <= counted <= most:
            listed = str(most) if least == most else f"{least} to {most}"
            self._differences[stream].append(f"{key}: {counted} counted, {listed} listed")

    def log_progress(self) -> None:
        """Log how far the run is every 30 s, or show it in the bar; called after each batch."""
        now = self._clock()
        if now - self._last_line < (30.0 if self._bar is None else 0.1):
            return
        self._last_line = now
        if self._bar is None:
            logger.info("%s", self._progress())
        else:
            self._bar.show(self.done, self.total, self._progress())

    def start_bar(self) -> None:
        """Show a progress bar instead of lines if standard error is a terminal."""
        # Closed from the start, it is None.
        if sys.stderr is not None and sys.stderr.isatty():
            self._bar = _Bar()

    def _progress(self) -> str:
        calls, records = self.calls, sum(stats.records for stats in self._stats.values())
        calls_each = (calls - self._calls_begun) / max(self.done, 1)
        left = (self.total - self.done) * calls_each / self._requests_per_minute
        return (
            f"{self.done} of {self.total} {self.label}, {calls} calls, {records} records, "
            f"{about(left)} left at {self._requests_per_minute} calls a minute"
        )

    def failures(self, *, skip_forbidden: bool, is_test: bool = False, read_before: Collection[str] = ()) -> list[str]:
        """Return a line for each reason why the run is not complete.

        Args:
            skip_forbidden: Whether refused paths are accepted (`on_forbidden: skip`), unless a stream was refused every
                time.
            is_test: Whether it was a test, which accepts no refused list of an organizer or account.
            read_before: Streams that earlier runs have read, so that few calls of this one may all be refused.
        """
        refused, given_up = [], []
        for stream, stats in self._stats.items():
            is_list = stream in LISTS
            skips = skip_forbidden and not (is_list and is_test)
            if stats.forbidden and not (skips and (stream in read_before or self._read_something(stats))):
                remedy = _remedy(is_list=is_list, skips=skip_forbidden)
                refused.append(f"'{stream}': {len(stats.forbidden)} refused ({_named(stats.forbidden)}); {remedy}")
            if is_list and stats.gone:
                refused.append(f"'{stream}': GoTo does not know {_named(stats.gone)}; {WRONG_KEY}")
            if stats.given_up:
                given_up.append(
                    f"'{stream}': {len(stats.given_up)} not read after several tries ({_named(stats.given_up)}); "
                    "they are read again next time"
                )
        return refused + given_up

    def _read_something(self, stats: StreamStats) -> bool:
        """Return whether a call of the stream, or one that it shares with another stream, was answered."""
        if stats.calls:
            return stats.answered > 0 or stats.records > 0
        sharing = (other for other in self._stats.values() if not set(stats.forbidden).isdisjoint(other.forbidden))
        return stats.records > 0 or any(other.answered for other in sharing)

    def log_summary(self, *, not_selected: Sequence[str] = ()) -> None:
        """Log the counts of every stream as a table, and what was left out; name the streams not selected."""
        if self._bar is not None:
            self._bar.close()
        if not self._stats:
            return
        header = f"{'stream':<22}{'records':>9}{'calls':>8}{'refused':>9}{'gone':>7}{'retries':>9}{'waited s':>10}"
        logger.info("%s", header)
        active = {stream: stats for stream, stats in self._stats.items() if stats.is_active}
        for stream, stats in active.items():
            logger.info(
                "%s",
                f"{stream:<22}{stats.records:>9}{stats.calls:>8}{len(stats.forbidden):>9}{len(stats.gone):>7}"
                f"{stats.retries:>9}{stats.waited:>10.1f}",
            )
        others = {
            "nothing in": [stream for stream in self._stats if stream not in active and stream not in not_selected],
            "not selected": [stream for stream in not_selected if stream not in active],
        }
        if rest := [f"{what}: {', '.join(names)}" for what, names in others.items() if names]:
            logger.info("%s", "; ".join(rest))
        for stream, stats in self._stats.items():
            self._log_left_out(stream, stats)
        for stream, found in self._differences.items():
            logger.info("'%s': GoTo's counts and lists differ: %d (%s)", stream, len(found), _named(found))
        planned = f" (planned: {'; '.join(self._plans)})" if self._plans else ""
        warned = f"; {len(self.warnings)} warning(s) above" if self.warnings else ""
        waited = sum(stats.waited for stats in self._stats.values())
        seconds = self._clock() - self._started
        logger.info(
            "used %d calls%s, waited %.1f s for the rate, finished in %.1f s%s",
            *(self.calls, planned, waited, seconds, warned),
        )

    @staticmethod
    def _log_left_out(stream: str, stats: StreamStats) -> None:
        if stats.forbidden:
            logger.info("'%s': refused, left out: %d (%s)", stream, len(stats.forbidden), _named(stats.forbidden))
        if stats.gone:
            logger.info("'%s': no longer there: %d (%s)", stream, len(stats.gone), _named(stats.gone))
        for name, count in sorted(stats.unusable.items()):
            logger.info("'%s': %d unusable value(s) of '%s' became null", stream, count, name)
        if names := sorted(stats.unknown):
            shown = mask_names(names)
            logger.info("'%s': %d field(s) not in the schema were left out: %s", stream, len(names), shown)


def _remedy(*, is_list: bool, skips: bool) -> str:
    """Return what to do about a refusal."""
    remedy = "check the permissions of the user"
    if is_list:
        remedy = f"{WRONG_KEY}, or {remedy}"
    elif skips:
        remedy = f"every call of this stream was refused: deselect it, or {remedy}"
    return remedy if skips else f"{remedy}, or set on_forbidden to skip"


def _named(paths: list[str]) -> str:
    """Return the first five paths, and how many more there are."""
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")  # noqa: PLR2004


def about(minutes: float) -> str:
    """Return a duration in words."""
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes:.0f} min" if minutes < 120 else f"about {minutes / 60:.1f} h"  # noqa: PLR2004


class _Bar:
    """A progress bar on the last line of a terminal, below the log lines."""

    def __init__(self) -> None:
        from tqdm import tqdm  # noqa: PLC0415 - only with a terminal
        from tqdm.contrib.logging import logging_redirect_tqdm  # noqa: PLC0415

        self._redirect = logging_redirect_tqdm()
        self._redirect.__enter__()
        self._bar = tqdm(file=sys.stderr, unit="webinar", bar_format="{l_bar}{bar:20} {postfix}", leave=False)

    def show(self, done: int, total: int, text: str) -> None:
        self._bar.total, self._bar.n = total, done
        self._bar.set_postfix_str(text)

    def close(self) -> None:
        self._bar.close()
        self._redirect.__exit__(None, None, None)
