"""A campaign: runs that are killed while the data changes, then runs that are left alone, then the checks."""

import datetime as dt
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from gotowebinar_sandbox import Options, Sandbox
from tests.chaos.faults import REQUEST_TIMEOUT, ChangingFaults, faults
from tests.chaos.invariants import violations
from tests.chaos.last_rows import checked_rows
from tests.chaos.mutations import Mutations
from tests.chaos.outcome import Outcome
from tests.chaos.past_run import PastRun, complete_lines
from tests.comparable_rows import truth_of
from tests.forkserver import Launched, Launcher
from tests.runs import FAST
from tests.schema_files import STREAM_SCHEMAS
from tests.selection import selecting

START: Final = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
EVERYTHING: Final = selecting(*STREAM_SCHEMAS)

KILLED_RUNS: Final = 6
"""Some of them end before the signal comes."""

SIGNALS: Final = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)

FINAL_RUNS: Final = 2

TIMEOUT: Final = 300.0
"""Seconds in which a run has to end, whatever is done to it."""


class Campaign:
    """One seed; in bad weather calls fail, tokens die and clocks jump, too."""

    def __init__(self, seed: int, launcher: Launcher, *, in_bad_weather: bool = False) -> None:
        self._rng = Random(f"campaign/{seed}")  # noqa: S311 - made-up data
        self._seed = seed
        self._launcher = launcher
        self._in_bad_weather = in_bad_weather
        self._now = START
        self._state: dict[str, Any] | None = None
        self._recheck_factor = self._rng.choice((0, 0.1))

    def run(self) -> Outcome:
        page = self._rng.choice((3, 200)) if self._in_bad_weather else 200
        options = Options(seed=self._seed, webinars=8, registrants=6, now=START.isoformat(), hal_page_max=page)
        outcome, runs = Outcome(self._seed), list[PastRun]()
        with Sandbox(options) as sandbox:
            settings = {**sandbox.settings, **FAST, "recheck_factor": self._recheck_factor}
            rng = Random(f"life/{self._seed}")  # noqa: S311
            # Runs in bad weather take longer.
            mutations = Mutations(sandbox.control, rng, START, pause=0.04 if self._in_bad_weather else 0.008)
            mutations.start()
            for _ in range(KILLED_RUNS):
                self._now += dt.timedelta(minutes=self._rng.uniform(2, 600))
                jitter = self._rng.choice((0, 0, 0.004))
                sandbox.control.configure(now=self._now.isoformat(), jitter=jitter)
                if self._in_bad_weather:
                    runs.append(self._struck_run(sandbox, settings, mutations))
                else:
                    runs.append(self._killed_run(settings))
            mutations.stop()
            outcome.faults = Counter(call["fault"] for call in sandbox.control.calls() if call["fault"])
            # By then everything is due, whatever the factor.
            self._now += dt.timedelta(days=400)
            sandbox.control.configure(now=self._now.isoformat(), jitter=0)
            runs += [self._run(settings) for _ in range(FINAL_RUNS)]
            truth = truth_of(sandbox.control)
            outcome.happened = Counter(mutations.counts)
            outcome.rows = checked_rows(mutations, truth)
            outcome.violations = list(violations(runs, mutations, truth))
        outcome.exit_codes = [run.exit_code for run in runs]
        outcome.stated = sum(run.exit_code == -signal.SIGKILL and run.state is not None for run in runs)
        outcome.records = sum(message["type"] == "RECORD" for run in runs for message in run.messages)
        return outcome

    def _struck_run(self, sandbox: Sandbox, settings: dict[str, Any], mutations: Mutations) -> PastRun:
        bad = {**settings, "request_timeout": REQUEST_TIMEOUT}
        alive = mutations.alive + mutations.settled
        with ChangingFaults(sandbox.control, self._rng, faults(self._rng), alive) as changing:
            run = self._killed_run(bad) if self._rng.random() < 0.5 else self._run(bad, hurries=True)
        if changing.is_revoked:
            # What the user does then.
            settings |= {"personal_access_token": sandbox.credentials["personal_access_token"]}
        return run

    def _killed_run(self, settings: Mapping[str, Any]) -> PastRun:
        if self._rng.random() < 0.2:
            settings = {**settings, "max_calls": self._rng.randint(20, 60)}
        seconds, received = self._rng.uniform(0.02, 0.4), self._rng.uniform(0, 80_000)
        strikes = self._rng.choice(("by the clock", "by what came out"))

        def is_time(launched: Launched, began: float) -> bool:
            if strikes == "by the clock":
                return time.monotonic() - began >= seconds
            return len(launched.received) >= received

        return self._run(settings, is_time, hurries=self._in_bad_weather)

    def _run(
        self,
        settings: Mapping[str, Any],
        is_time: Callable[[Launched, float], bool] | None = None,
        *,
        hurries: bool = False,
    ) -> PastRun:
        began = time.monotonic()
        launched = self._launcher.launch(
            settings,
            state=self._state,
            catalog=EVERYTHING,
            now=self._clock(hurries).isoformat(),
            state_interval=self._rng.choice((0.0, 0.01, 0.05)) if is_time else None,
            pipe_size=self._rng.choice((4096, 65536)),
            hurries=hurries,
        )
        if self._rng.random() < 0.3:
            launched.pause = lambda: 0.002
        if is_time:
            launched.wait_for(lambda: is_time(launched, began))
            launched.send(self._rng.choice(SIGNALS))
        done = launched.finish(TIMEOUT)
        messages = complete_lines(bytes(launched.received))
        ended, is_limited = time.monotonic(), "max_calls" in settings
        run = PastRun(began, ended, is_time is not None, done.exit_code, messages, hurries, done.stderr, is_limited)
        self._state = run.state or self._state
        return run

    def _clock(self, is_wrong: bool) -> dt.datetime:  # noqa: FBT001 - of one caller
        """Return what the tap's clock shows: with faults, it may jump by hours."""
        if not is_wrong or self._rng.random() < 0.7:
            return self._now
        return self._now + dt.timedelta(hours=self._rng.uniform(-48, 48))
