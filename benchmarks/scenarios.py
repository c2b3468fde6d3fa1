"""The scenarios: a made-up account, the behaviour of its server, the contenders, and the checks."""

import dataclasses
import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.expected import Check, Needs, earliest_last_send
from benchmarks.runner import PLAIN_TAP, Contender, Run, Session, raw_http_reading, this_tap, with_settings
from benchmarks.server import SandboxProcess
from gotowebinar_sandbox import Options
from tap_gotowebinar.settings.connection import DEFAULT_MAX_CONCURRENCY

UNLIMITED: Final = {"requests_per_minute": 1_000_000, "requests_per_second": 1_000_000}
"""Settings under which the rate limiter never waits."""

PER_MINUTE: Final = 100
PER_SECOND: Final = 8
"""Rate limits of the tap: the documented calls per minute, and a little less than GoTo's 10 calls per second."""

MARGIN: Final = 2
"""Calls per second that the server allows beyond the tap's: they arrive closer together than they were sent."""

LATENCY: Final = {"latency": 0.5, "jitter": 1.0}
"""Latency under a rate limit: 0.5 to 1.5 seconds."""

SPEED_UP: Final = 4
"""Required ratio to the records per second of the plain tap."""

CPU_MEMORY_LIMIT: Final = 70 * 2**20
MEMORY_LIMIT: Final = 200e6
MIB: Final = 2**20


@dataclass(kw_only=True)
class Result:
    """The result of a scenario: the runs of each contender, and the checks."""

    title: str
    needs: Needs
    runs: dict[str, list[Run]]
    checks: list[Check] = field(default_factory=list)

    def median(self, name: str, of: Callable[[Run], float]) -> float:
        """Return the median of a figure over the runs of a contender."""
        return median(of(run) for run in self.runs[name])

    def wall(self, name: str) -> float:
        """Return the median of the seconds that a contender took."""
        return self.median(name, lambda run: run.cost.wall)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One measurement.

    Attributes:
        title: What the report calls it.
        world: What the account holds.
        behaviour: How the server behaves in measured runs; in the others it answers at once.
        details: Whether the details of registrants are read.
        settings: Of this tap.
        plain: Whether the plain tap runs, too: never, once (where it does nothing but wait for one answer after the
            other, which takes the same time every time), or as often as this one.
        is_idle: Whether what is measured is a run right after another one.
        rate_window: Seconds of the rate window, if not this tap's own.
        most_runs: Runs at the most.
        check: Adds the checks of this scenario alone.
    """

    title: str
    world: Options
    behaviour: Mapping[str, Any] = field(default_factory=dict)
    details: bool = False
    settings: Mapping[str, Any] = field(default_factory=lambda: UNLIMITED)
    plain: str = "always"
    is_idle: bool = False
    rate_window: float | None = None
    most_runs: int | None = None
    check: Callable[[Result], list[Check]] = lambda _result: []

    def measure(self, runs: int) -> Result:
        """Run the contenders in turn, and compare their results."""
        with tempfile.TemporaryDirectory() as folder, SandboxProcess(self.world) as sandbox:
            session = Session(sandbox, Path(folder), details=self.details)
            # The first reading also makes the sandbox make up everyone, which it does only once.
            baseline = session.run(raw_http_reading(DEFAULT_MAX_CONCURRENCY, details=self.details))
            result = Result(title=self.title, needs=Needs.of(session.output_file), runs={})
            one_by_one = session.run(this_tap({**UNLIMITED, "max_concurrency": 1}, name="one at a time"))
            states = self._states(session) if self.is_idle else {}
            sandbox.control.configure(**self.behaviour)
            for number in range(min(runs, self.most_runs or runs)):
                for contender in self._contenders(number):
                    run = session.run(contender, state=states.get(contender.name))
                    result.runs.setdefault(contender.name, []).append(run)
        result.checks = [*self._common_checks(result, baseline, one_by_one), *self.check(result)]
        return result

    def _contenders(self, number: int) -> list[Contender]:
        contenders = [this_tap(self.settings, rate_window=self.rate_window)]
        if self.plain == "always" or (self.plain == "once" and number == 0):
            contenders.append(PLAIN_TAP)
        if not self.is_idle and self.rate_window is None and "rate_limit" not in self.behaviour:
            contenders.append(raw_http_reading(DEFAULT_MAX_CONCURRENCY if self.details else 1, details=self.details))
        return contenders

    def _states(self, session: Session) -> dict[str, Any]:
        contenders = [with_settings(contender, **UNLIMITED) for contender in self._contenders(0)[:1]]
        contenders += self._contenders(0)[1:]
        return {contender.name: session.run(contender).output.state for contender in contenders}

    def _common_checks(self, result: Result, baseline: Run, one_by_one: Run) -> list[Check]:
        ours = result.runs["this tap"]
        now = dt.datetime.now(dt.UTC)
        wanted = result.needs.idle_calls(now) if self.is_idle else result.needs.first_calls(details=self.details)
        checks = [
            Check(
                f"calls exactly those the data require: {wanted:,}, none twice",
                all(run.calls == wanted and not run.repeated for run in ours),
            ),
            Check("no 429", not any(run.too_many for run in ours)),
        ]
        if self.is_idle:
            return [
                *checks,
                Check("no registrant came out again", not any(set(run.output.records) - {"webinars"} for run in ours)),
            ]
        everyone = [run for runs in result.runs.values() for run in runs]
        return [
            *checks,
            Check(
                f"same {len(baseline.output.keys):,} keys from everyone, none twice",
                all(
                    run.output.keys == baseline.output.keys and run.output.records.total() == len(baseline.output.keys)
                    for run in everyone
                ),
            ),
            Check(
                "same records in the same order as one call at a time",
                all(run.output.order == one_by_one.output.order for run in ours),
            ),
        ]


def _cpu_checks(result: Result) -> list[Check]:
    by_clock = result.wall("plain SDK tap") / result.wall("this tap")
    plain, ours = (result.median(name, lambda run: run.cost.cpu) for name in ("plain SDK tap", "this tap"))
    text = (
        f"at least {SPEED_UP} times the records per second of the plain SDK tap: {by_clock:.2f} "
        f"(by processor time {plain / ours:.2f}; the ambition is 6)"
    )
    return [Check(text, by_clock >= SPEED_UP, is_figure=True), *_memory_checks(result, CPU_MEMORY_LIMIT)]


def _rate_checks(behaviour: Mapping[str, float], per_second: int) -> Callable[[Result], list[Check]]:
    def check(result: Result) -> list[Check]:
        last = earliest_last_send(
            result.needs.first_calls(details=True),
            per_window=int(behaviour["rate_limit"]),
            window=behaviour["rate_window"],
            per_second=per_second,
        )
        ideal = last + behaviour["latency"] + behaviour["jitter"] / 2
        allowed, wall = 1.05 * ideal + 2, result.wall("this tap")
        return [
            Check(
                f"at most {allowed:.1f} s, 1.05 of the ideal {ideal:.1f} s and 2 s more: {wall:.1f} s "
                f"({wall / ideal:.3f} of the ideal)",
                wall <= allowed,
                is_figure=True,
            )
        ]

    return check


def _memory_checks(result: Result, limit: float = MEMORY_LIMIT) -> list[Check]:
    peak = max(run.cost.peak for run in result.runs["this tap"])
    return [Check(f"less than {limit / 1e6:.0f} MB: {peak / 1e6:.0f} MB", peak < limit)]


def _rate_limited(  # noqa: PLR0913 - what a server does
    title: str,
    world: Options,
    *,
    per_minute: int,
    per_second: int,
    window: float | None = None,
    answers: Mapping[str, float],
) -> Scenario:
    limits = {"rate_limit": per_minute, "rate_window": window or 60.0, "per_second": per_second + MARGIN}
    behaviour = {**limits, **answers}
    return Scenario(
        title=title,
        world=world,
        behaviour=behaviour,
        settings={"requests_per_minute": per_minute, "requests_per_second": per_second},
        details=True,
        plain="once",
        rate_window=window,
        check=_rate_checks(behaviour, per_second),
    )


CPU: Final = Scenario(
    title="CPU-bound: 100,000 registrants of 200 webinars, lists only",
    world=Options(seed=7, webinars=200, registrants=500),
    check=_cpu_checks,
)
RATES: Final = [
    _rate_limited(
        f"Rate-limited: 50 webinars, 300 registrants with details, {per_minute} calls in 60 s, {PER_SECOND} in 1 s, "
        "0.5 to 1.5 s per call",
        Options(seed=7, webinars=50, registrants=6),
        per_minute=per_minute,
        per_second=PER_SECOND,
        answers=LATENCY,
    )
    for per_minute in (PER_MINUTE, 60 * PER_SECOND)
]
IDLE: Final = Scenario(
    title="Idle incremental: 100 webinars, 2,000 registrants with details, nothing new, 100 ms per call",
    world=Options(seed=7, webinars=100, registrants=20),
    behaviour={"latency": 0.1},
    settings={},
    details=True,
    is_idle=True,
)
BIG_WEBINAR: Final = Scenario(
    title="Memory: one webinar with 25,000 registrants, list only",
    world=Options(seed=7, webinars=1, registrants=25_000),
    check=_memory_checks,
)
BIG_WEBINAR_DETAILS: Final = dataclasses.replace(
    BIG_WEBINAR,
    title="Memory: one webinar with 25,000 registrants, with details",
    details=True,
    plain="never",
    most_runs=1,
)
BIG_ACCOUNT: Final = Scenario(
    title="Memory: 10,000 webinars, 40,000 registrants, lists only",
    world=Options(seed=7, webinars=10_000, registrants=4),
    plain="never",
    most_runs=1,
    check=_memory_checks,
)
BIG_ACCOUNT_DETAILS: Final = dataclasses.replace(
    BIG_ACCOUNT,
    title="Memory: 10,000 webinars, 20,000 registrants, with details",
    world=Options(seed=7, webinars=10_000, registrants=2),
    details=True,
)

SCENARIOS: Final = {
    "cpu": [CPU],
    "rate": RATES,
    "idle": [IDLE],
    "memory": [BIG_WEBINAR, BIG_WEBINAR_DETAILS, BIG_ACCOUNT, BIG_ACCOUNT_DETAILS],
}


def _smaller(scenario: Scenario, webinars: int, registrants: int, **changes: Any) -> Scenario:  # noqa: ANN401
    world = dataclasses.replace(scenario.world, webinars=webinars, registrants=registrants)
    return dataclasses.replace(scenario, title=f"{scenario.title} (quick: a small part of it)", world=world, **changes)


QUICK: Final = {
    "cpu": [_smaller(CPU, 10, 50)],
    "rate": [
        _rate_limited(
            "Rate-limited (quick: a small part of it)",
            Options(seed=7, webinars=10, registrants=24),
            per_minute=PER_MINUTE,
            per_second=200,
            window=1.5,
            answers={"latency": 0.0, "jitter": 0.05},
        )
    ],
    "idle": [_smaller(IDLE, 8, 5, behaviour={"latency": 0.01}, settings=UNLIMITED)],
    "memory": [
        _smaller(BIG_WEBINAR, 1, 300),
        _smaller(BIG_WEBINAR_DETAILS, 1, 30),
        _smaller(BIG_ACCOUNT, 30, 2),
        _smaller(BIG_ACCOUNT_DETAILS, 20, 2),
    ],
}
