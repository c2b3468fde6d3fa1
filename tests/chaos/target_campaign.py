"""A campaign against the target: runs over one input, killed and with faults, each from the last STATE; then checks.

What the next run is given is what a tap would send that gets the STATE which the run before has passed on.
"""

import signal
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from gotowebinar_sandbox import Fault, Options, Sandbox
from tests.chaos.concurrent_targets import TargetInput, complete, written
from tests.chaos.faults import LATE, REFUSALS, REQUEST_TIMEOUT, ChangingFaults, faults_of_registering
from tests.chaos.outcome import Outcome
from tests.chaos.target_invariants import campaign_violations, run_violations
from tests.chaos.target_run import Given, Registered, TargetRun
from tests.forkserver import Launched, Launcher
from tests.runs import FAST

SIZE: Final = 150
"""Records of an input, beside those that come twice."""

RUNS: Final = 6
"""Some of them end before the signal comes."""

TIMEOUT: Final = 300.0
"""Seconds in which a run has to end, whatever is done to it."""

ROW: Final = 250
"""Bytes of a row of results, about."""

SMALL: Final = 100 * ROW
"""Bytes of results that are more than those of any log, which must not fill the disk."""

SIGNALS: Final = (
    *((signal.SIGKILL,),) * 3,
    (signal.SIGTERM,),
    (signal.SIGINT,),
    (signal.SIGTERM, signal.SIGTERM),
    (signal.SIGTERM, signal.SIGKILL),
    *((),) * 5,
)
"""Signals that a run gets one after the other."""


class TargetCampaign:
    """One seed; in bad weather calls fail and tokens die, too."""

    def __init__(self, seed: int, launcher: Launcher, *, in_bad_weather: bool = False) -> None:
        self._rng = Random(f"target/{seed}")  # noqa: S311 - made-up data
        self._seed = seed
        self._launcher = launcher
        self._in_bad_weather = in_bad_weather
        self._place = 0
        self._runs: list[TargetRun] = []

    def run(self) -> Outcome:
        rotates, lifetime = self._in_bad_weather and self._rng.random() < 0.3, self._rng.choice((3600.0, 3600.0, 1.5))
        options = Options(
            seed=self._seed, webinars=0, organizers=2, rotate_refresh_tokens=rotates, token_lifetime=lifetime
        )
        with Sandbox(options) as self._sandbox, tempfile.TemporaryDirectory() as folder:
            self._input = TargetInput(self._sandbox.control, self._rng, SIZE)
            self._results = Path(folder) / "results.jsonl"
            self._settings = self._common_settings()
            for _ in range(RUNS):
                # Who has everything starts anew.
                self._place %= len(self._input.items)
                self._struck_run() if self._in_bad_weather else self._run(is_last=False)
            if rotates:
                # A run that is killed may lose the token that replaces another one.
                self._renew_credentials()
            self._run(is_last=True)
            self._place = 0
            self._run(is_last=True)
            return self._outcome()

    def _common_settings(self) -> dict[str, Any]:
        settings = {**self._sandbox.settings, **FAST, "webinar_key": self._input.webinar_key}
        if self._rng.random() < 0.5:
            settings["organizer_key"] = self._input.owner
        return {**settings, "results_path": str(self._results)}

    def _renew_credentials(self) -> None:
        self._settings["personal_access_token"] = self._sandbox.credentials["personal_access_token"]

    def _struck_run(self) -> None:
        rules = faults_of_registering(self._rng)
        with ChangingFaults(self._sandbox.control, self._rng, rules, self._input.all_webinars) as changing:
            self._run(rules, changing, is_last=False)
        if changing.is_revoked or (self._sandbox.options.rotate_refresh_tokens and "used up" in self._runs[-1].said):
            self._renew_credentials()

    def _run(self, rules: Sequence[Fault] = (), changing: ChangingFaults | None = None, *, is_last: bool) -> None:
        before, start = self._registered(), self._size
        given = self._given(is_last=is_last, is_timely=not any(rule.kind in LATE for rule in rules))
        self._sandbox.control.reset_calls()
        launched = self._launch(given)
        signals = () if is_last else self._struck_down(launched, len(given.items))
        done = launched.finish(TIMEOUT)
        self._wait_for_the_last_call()
        calls = self._sandbox.control.calls()
        run = TargetRun(
            given=given,
            signals=signals,
            is_struck=changing is not None,
            is_full=self._size == given.room,
            lines=self._written(start),
            output=bytes(launched.received),
            exit_code=done.exit_code,
            said=done.stderr,
            calls=calls,
            refusing=frozenset((changing.refused if changing else set()) | _refusing(calls)),
            before=before,
            after=self._registered(),
        )
        self._runs.append(run)
        self._place += run.length

    def _given(self, *, is_last: bool, is_timely: bool) -> Given:
        settings = {
            **self._settings,
            "max_concurrency": self._rng.choice((1, 2, 5, 10)),
            "on_rejection": self._rng.choice(("fail", "continue")),
            "resend_confirmation": self._rng.random() < 0.25,
            "dry_run": not is_last and self._rng.random() < 0.1,
            **({} if is_timely else {"request_timeout": REQUEST_TIMEOUT}),
        }
        items = self._input.items[self._place :]
        data = written(items)
        if not is_last and self._rng.random() < 0.2:
            data = data[: self._rng.randrange(len(data))]
        is_short = not is_last and self._size > SMALL and self._rng.random() < 0.2
        room = self._size + self._rng.randrange(20 * ROW) if is_short else None
        return Given(settings, data, *complete(items, len(data)), is_timely, room)

    def _launch(self, given: Given) -> Launched:
        launched = self._launcher.launch(
            given.settings,
            program="target",
            given=given.data,
            given_pause=self._rng.choice((0, 0, 0.01)),
            pipe_size=self._rng.choice((4096, 65536)),
            file_size=given.room,
            hurries=True,
        )
        if self._rng.random() < 0.3:
            launched.pause = lambda: 0.002
        return launched

    def _struck_down(self, launched: Launched, count: int) -> tuple[int, ...]:
        """Send signals at some moment, if it still runs then; return which."""
        signals, sent = self._rng.choice(SIGNALS), []
        seconds, size = self._rng.uniform(0.02, 0.8), self._size + self._rng.randint(1, count * ROW // 3 + 1)
        until = time.monotonic() + seconds
        if signals == (signal.SIGKILL,) and self._rng.random() < 0.5:
            launched.wait_for(lambda: time.monotonic() > until)
        elif signals:
            # Before its first row it may not have got so far as to listen to signals that can be listened to.
            launched.wait_for(lambda: self._size >= size)
        for signum in signals:
            if launched.is_running:
                launched.send(signum)
                sent.append(signum)
            time.sleep(seconds / 8 if len(signals) > 1 else 0)
        return tuple(sent)

    @property
    def _size(self) -> int:
        """Bytes of results."""
        return self._results.stat().st_size if self._results.exists() else 0

    def _written(self, start: int) -> list[bytes]:
        return self._results.read_bytes()[start:].split(b"\n") if self._results.exists() else [b""]

    def _registered(self) -> Registered:
        control = self._sandbox.control
        return Registered.of({**control.expected_records(), **control.expected_records("confirmations")})

    def _wait_for_the_last_call(self) -> None:
        """A call that is on its way takes effect after the end of who made it."""
        while self._sandbox.control.state()["open"]:
            time.sleep(0.005)

    def _outcome(self) -> Outcome:
        runs = self._runs
        killed = [run for run in runs if run.exit_code == -signal.SIGKILL]
        outcome = Outcome(self._seed, [run.exit_code for run in runs], sum(bool(run.passed) for run in killed))
        outcome.records = sum(len(run.lines) - 1 for run in runs)
        outcome.happened["registered"] = len(runs[-1].after.people) - len(runs[0].before.people)
        outcome.faults = Counter(call["fault"] for run in runs for call in run.calls if call["fault"])
        for number, run in enumerate(runs):
            outcome.violations += [f"run {number} ({run}): {line}" for line in run_violations(run)]
        outcome.violations += campaign_violations(runs, self._input)
        return outcome


def _refusing(calls: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the webinars for which somebody was refused by a fault."""
    posts = (call for call in calls if call["method"] == "POST")
    said_no = (call for call in posts if {"kind": call["fault"], "status": call["status"]} in REFUSALS)
    return {call["path"].split("/")[-2] for call in said_no}
