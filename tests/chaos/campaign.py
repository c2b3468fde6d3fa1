"""A campaign: runs that are killed while the data changes, then runs that are left alone, then the reckoning."""

from __future__ import annotations

import datetime as dt
import signal
import time
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.sandbox import Options, Sandbox
from tests.chaos.invariants import KEYS_OF_SESSIONS, PastRun, complete_lines, violations
from tests.chaos.life import Life
from tests.runs import FAST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.launcher import Launched, Launcher

START: Final = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
KILLED_RUNS: Final = 6
"""Some of them end before the blow comes."""

FINAL_RUNS: Final = 2


@dataclass
class Outcome:
    """What came of a campaign."""

    seed: int
    runs: list[PastRun] = field(default_factory=list)
    happened: dict[str, int] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        killed = sum(run.exit_code == -signal.SIGKILL for run in self.runs)
        stated = sum(run.exit_code == -signal.SIGKILL and run.state is not None for run in self.runs)
        summary = (
            f"seed {self.seed}: {len(self.runs)} runs, {killed} killed ({stated} after a STATE), "
            f"{sum(self.happened.values())} changes, {len(self.violations)} violations"
        )
        return "\n  ".join([summary, *self.violations[:20]])


class Campaign:
    """One seed."""

    def __init__(self, seed: int, launcher: Launcher) -> None:
        """Throw the dice for what stays the same in all runs."""
        self._rng = Random(f"campaign/{seed}")  # noqa: S311 - made-up data
        self._seed = seed
        self._launcher = launcher
        self._now = START
        self._state: dict[str, Any] | None = None
        self._recheck_factor = self._rng.choice((0, 0.1))

    def run(self) -> Outcome:
        """Run it."""
        options = Options(seed=self._seed, webinars=8, registrants=6, now=START.isoformat())
        outcome = Outcome(self._seed)
        with Sandbox(options) as sandbox:
            settings = {**sandbox.settings, **FAST, "recheck_factor": self._recheck_factor}
            life = Life(sandbox.control, Random(f"life/{self._seed}"), START)  # noqa: S311
            life.start()
            for _ in range(KILLED_RUNS):
                self._now += dt.timedelta(minutes=self._rng.uniform(2, 600))
                jitter = self._rng.choice((0, 0, 0.004))
                sandbox.control.configure(now=self._now.isoformat(), jitter=jitter)
                outcome.runs.append(self._killed_run(settings))
            life.stop()
            # By then everything is due, whatever the factor.
            self._now += dt.timedelta(days=400)
            sandbox.control.configure(now=self._now.isoformat(), jitter=0)
            outcome.runs += [self._run(settings) for _ in range(FINAL_RUNS)]
            outcome.happened = dict(life.counts)
            outcome.violations = list(violations(outcome.runs, life, _truth(sandbox)))
        return outcome

    def _killed_run(self, settings: Mapping[str, Any]) -> PastRun:
        if self._rng.random() < 0.2:
            settings = {**settings, "max_calls": self._rng.randint(20, 60)}
        seconds, received = self._rng.uniform(0.02, 0.4), self._rng.uniform(0, 80_000)
        strikes = self._rng.choice(("by the clock", "by what came out"))

        def is_time(launched: Launched, began: float) -> bool:
            if strikes == "by the clock":
                return time.monotonic() - began >= seconds
            return len(launched.received) >= received

        return self._run(settings, is_time)

    def _run(self, settings: Mapping[str, Any], is_time: Callable[[Launched, float], bool] | None = None) -> PastRun:
        began = time.monotonic()
        launched = self._launcher.launch(
            settings,
            state=self._state,
            now=self._now.isoformat(),
            state_interval=self._rng.choice((0.0, 0.01, 0.05)) if is_time else None,
            pipe_size=self._rng.choice((4096, 65536)),
        )
        if self._rng.random() < 0.3:
            launched.pause = lambda: 0.002
        if is_time:
            launched.wait_for(lambda: is_time(launched, began))
            launched.send(signal.SIGKILL)
        code = launched.finish().exit_code
        run = PastRun(began, time.monotonic(), is_time is not None, code, complete_lines(bytes(launched.received)))
        self._state = run.state or self._state
        return run


def _truth(sandbox: Sandbox) -> dict[str, list[dict[str, Any]]]:
    return sandbox.control.truth() | sandbox.control.truth(*KEYS_OF_SESSIONS)
