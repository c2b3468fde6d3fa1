"""Measures the calls of an hourly schedule; `python -m benchmarks.long_runs.month_of_runs` prints a table.

10,000 webinars over five years, 20 of them alive, a run each hour for 30 days. The first days are the real tap against
the sandbox, with a clock that moves an hour between two runs; the rest is the rule that decides what is due, which
has to agree with the tap in each hour that both know.
"""

import argparse
import datetime as dt
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar, Final

from typing_extensions import override

from gotowebinar_sandbox import Control, Options, Sandbox
from tap_gotowebinar.settings.tap import DEFAULT_RECHECK_FACTOR, DEFAULT_SETTLE_DAYS
from tap_gotowebinar.sync.schedule import DueReason, DueRule, WebinarTiming
from tap_gotowebinar.tap import TapGoToWebinar
from tests.runs import FAST, run_here
from tests.selection import selecting

START: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
HOUR: Final = dt.timedelta(hours=1)
FIVE_YEARS: Final = dt.timedelta(days=5 * 365)
PEOPLE: Final = 3
"""Registrants of each webinar at the start."""

PAGE: Final = 200
"""Webinars on a page of the listing."""

STREAMS: Final = (
    "organizers",
    "webinars",
    "webinar_details",
    "registrants",
    "registrant_details",
    "registrant_removals",
)

PER_WEBINAR: Final = 2
"""Calls for a due webinar without details of registrants: by key, and its list."""


class MovingTap(TapGoToWebinar):
    """The tap with a clock that is set.

    Attributes:
        at: That time.
    """

    at: ClassVar[dt.datetime] = START

    @staticmethod
    @override
    def now() -> dt.datetime:
        return MovingTap.at


@dataclass(frozen=True)
class Figures:
    """Calls per run.

    Attributes:
        webinars: Webinars in the account.
        calls: Calls of each run, the first one, which reads everything, included.
        real: How many of the runs were made by the tap; the others are counted by the rule.
    """

    webinars: int
    calls: list[int]
    real: int

    @property
    def everything(self) -> int:
        """Calls of a run that reads everything again, without details of registrants."""
        return pages(self.webinars) + 1 + PER_WEBINAR * self.webinars

    def table(self) -> str:
        """Return the figures as Markdown."""
        later = self.calls[1:]
        total, again = sum(later), self.everything * len(later)
        cells = [
            ("runs after the first", f"{len(later):,} ({self.real - 1} by the tap, the rest by its rule)"),
            ("calls of the first run", f"{self.calls[0]:,}"),
            ("calls per run, median", f"{statistics.median(later):,.0f}"),
            ("calls per run, most", f"{max(later):,}"),
            ("calls in all", f"{total:,}"),
            ("reading everything again, per run", f"{self.everything:,} and details"),
            ("reading everything again, in all", f"{again:,} and details: {again / total:,.0f} times as many"),
        ]
        return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in cells)])


@dataclass
class Webinar:
    """A webinar in the form that the due rule reads."""

    ends_at: dt.datetime
    newest: str | None
    read_at: str | None = None


def pages(webinars: int) -> int:
    """Return the calls that list this many webinars."""
    return max(1, -(-webinars // PAGE))


def measure(*, webinars: int, alive: int, runs: int, real: int) -> Figures:
    """Run the schedule.

    Args:
        webinars: Webinars in the account.
        alive: How many of them are still to come.
        runs: Runs after the first one.
        real: How many runs the tap makes, the first one included.
    """
    rng = Random(1)  # noqa: S311 - made-up data
    selected = selecting(*STREAMS)
    with Sandbox(Options(webinars=0, now=START.isoformat())) as sandbox:
        control = sandbox.control
        known = dict(_webinars(control, rng, webinars, alive))
        coming = [key for key, webinar in known.items() if webinar.ends_at > START]
        calls: list[int] = []
        state = None
        for number in range(real):
            MovingTap.at = START + number * HOUR
            control.configure(now=MovingTap.at.isoformat())
            control.reset_calls()
            news = _register(control, rng, coming) if number else 0
            run = run_here({**sandbox.settings, **FAST}, state=state, catalog=selected, tap_class=MovingTap)
            state = run.states[-1] if run.states else state
            made = [call for call in control.calls() if not call["path"].startswith("/oauth")]
            calls.append(len(made))
            ruled = _ruled(known.values(), MovingTap.at)
            if number:
                _agree(len(made), pages(webinars) + 1 + PER_WEBINAR * ruled + news, number)
        # From here on the rule alone; one person an hour goes on registering.
        for number in range(real, runs + 1):
            ruled = _ruled(known.values(), START + number * HOUR)
            calls.append(pages(webinars) + 1 + PER_WEBINAR * ruled + 1)
    return Figures(webinars, calls, real)


def _webinars(control: Control, rng: Random, count: int, alive: int) -> Iterator[tuple[str, Webinar]]:
    for number in range(count):
        if number < alive:
            start = START + dt.timedelta(days=rng.uniform(40, 120))
        else:
            # The youngest has been quiet for three weeks.
            start = START - dt.timedelta(days=21) - rng.random() * (FIVE_YEARS - dt.timedelta(days=21))
        times = [{"startTime": _text(start), "endTime": _text(start + HOUR)}]
        registered = _text(min(start, START) - dt.timedelta(days=rng.uniform(1, 20)))
        key = control.add_webinar(times=times)
        control.add_registrants(key, people=[{"registrationDate": registered} for _ in range(PEOPLE)])
        yield key, Webinar(start.replace(microsecond=0) + HOUR, registered)


def _register(control: Control, rng: Random, coming: Sequence[str]) -> int:
    control.add_registrants(rng.choice(coming))
    return 1


def _ruled(webinars: Any, now: dt.datetime) -> int:  # noqa: ANN401 - a view of a dictionary
    """Return the number of due webinars, and mark the settled ones as read."""
    rule, settle = DueRule(DEFAULT_RECHECK_FACTOR), dt.timedelta(days=DEFAULT_SETTLE_DAYS)
    due = 0
    for webinar in webinars:
        moment = WebinarTiming(now, webinar.ends_at, settle)
        reason = rule.reason(moment, webinar.newest, webinar.read_at)
        due += reason is not None
        if reason is DueReason.RECHECK or (reason and moment.is_settled(webinar.newest)):
            webinar.read_at = _text(now)
    return due


def _agree(made: int, expected: int, number: int) -> None:
    if made != expected:
        message = f"run {number} made {made} calls, the rule says {expected}"
        raise AssertionError(message)


def _text(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.long_runs.month_of_runs", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--webinars", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--alive", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--days", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--real", type=int, default=49, help="runs made by the tap itself (default: %(default)s)")
    chosen = parser.parse_args()
    figures = measure(webinars=chosen.webinars, alive=chosen.alive, runs=24 * chosen.days, real=chosen.real)
    sys.stdout.write(f"{figures.table()}\n")


if __name__ == "__main__":
    main()
