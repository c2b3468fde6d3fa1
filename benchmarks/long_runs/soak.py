"""A long run against a sandbox that changes and fails, of half an hour: `python -m benchmarks.long_runs.soak`.

A quick run has read everybody before, and everybody has changed since: so all that a run remembers of people is there
from the start, and memory that grows is memory that leaks. Access tokens last a minute, and each renewal rotates the
refresh token. Meanwhile people come, change and go, and one call in thirty fails in some way. The memory and the open
files of the tap are to stay flat, and what it wrote is to be right: after one more run the last row of everybody is
what the sandbox says, and another one writes nothing.
"""

import argparse
import contextlib
import functools
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import psutil
from typing_extensions import override

from benchmarks.runner import TAP
from benchmarks.server import SandboxProcess
from gotowebinar_sandbox import Control, Fault, Options
from tests.forkserver import run_command
from tests.runs import FAST, Run
from tests.selection import selecting

PER_MINUTE: Final = 600
PER_WEBINAR: Final = 20
"""Calls for a webinar: its list, and the details of 19 people."""

API: Final = "^/G2W/"
FAULTS: Final = (
    Fault(kind="status", status=503, probability=0.01),
    Fault(kind="reset", path=API, probability=0.006),
    # A token that is replaced by an answer that never arrives is lost for ever: that is another test's.
    Fault(kind="truncate", path=API, probability=0.006),
    Fault(kind="html", path=API, probability=0.005),
    Fault(kind="hidden", path=API, probability=0.005),
    Fault(kind="status", path=API, status=429, retry_after=1, probability=0.002),
    Fault(kind="slow", seconds=3, probability=0.002),
)
STREAMS: Final = ("registrants", "registrant_details", "registrant_removals")
MEBI: Final = 2**20


@dataclass(frozen=True)
class Sample:
    """The resources of the tap at one time.

    Attributes:
        minute: Since its start.
        memory: Resident, in MiB.
        files: Open files and connections.
        threads: Its threads.
        written: MB of output.
    """

    minute: float
    memory: float
    files: int
    threads: int
    written: float


@dataclass
class Soak:
    """The result of a soak test.

    Attributes:
        samples: Of the long run.
        changes: What happened to people meanwhile.
        faults: What went wrong.
        calls: Calls of the long run.
        renewals: Requests for a token in it.
        exit_codes: Of the runs.
        records: Records of all but the last run.
        wrong: A line for each who came out otherwise than the sandbox says.
        idle: Records of the last run.
        errors: The error messages of the runs.
    """

    samples: list[Sample] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    renewals: int = 0
    exit_codes: list[int] = field(default_factory=list)
    records: int = 0
    wrong: list[str] = field(default_factory=list)
    idle: int = -1
    errors: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Return the figures as Markdown."""
        rows = [
            f"| {s.minute:.0f} | {s.memory:.0f} | {s.files} | {s.threads} | {s.written:.1f} |" for s in self.samples
        ]
        lines = [
            "| minute | MiB | open files | threads | MB written |",
            "|---:|---:|---:|---:|---:|",
            *rows,
            "",
            f"{self.calls:,} calls, {self.renewals} tokens; {_listed(self.changes)}; {_listed(self.faults)}.",
            f"Exit codes {self.exit_codes}, {self.records:,} records, {len(self.wrong)} people wrong in the end,",
            f"{self.idle} records of a run after that.",
            *self.errors,
            *self.wrong[:20],
        ]
        return "\n".join(lines)

    @property
    def is_flat(self) -> bool:
        """Whether the last third needed at most 10 % more memory and files than the first."""
        third = len(self.samples) // 3
        first, last = self.samples[:third], self.samples[-third:]
        memory = max(sample.memory for sample in last) <= 1.1 * max(sample.memory for sample in first)
        return memory and max(sample.files for sample in last) <= 1.1 * max(sample.files for sample in first)

    @property
    def is_right(self) -> bool:
        """Whether every record was read, and none twice."""
        return self.exit_codes == [0, 0, 0, 0] and not self.wrong and self.idle == 0


class Life(threading.Thread):
    """Adds, changes and cancels registrants, one each second, until stopped."""

    def __init__(self, control: Control, seed: int) -> None:
        """Read the existing registrants."""
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self._control = control
        self._rng = Random(seed)  # noqa: S311 - made-up data
        self._quiet = threading.Event()
        expected = control.expected_records()
        self._webinars = [row["webinarKey"] for row in expected["webinars"]]
        self._people = [(row["webinarKey"], row["registrantKey"]) for row in expected["registrants"]]

    @override
    def run(self) -> None:
        while not self._quiet.wait(1.0):
            what = self._rng.choices(("came", "changed", "went"), (5, 3, 1))[0]
            self.counts[what] += 1
            if what == "came":
                webinar = self._rng.choice(self._webinars)
                self._people += [(webinar, key) for key in self._control.add_registrants(webinar)]
                continue
            person = self._people.pop(self._rng.randrange(len(self._people)))
            if what == "went":
                self._control.cancel_registrant(*person)
            else:
                self._control.change_registrant(*person, firstName=f"Ada {self.counts[what]}")

    def stop(self) -> None:
        """Stop the changes."""
        self._quiet.set()
        self.join()


def soak(minutes: float, *, seed: int = 1) -> Soak:
    """Run the soak test.

    Args:
        minutes: How long the long run takes, about.
        seed: Seed of the data and of the random changes.
    """
    result = Soak()
    webinars = max(2, round(minutes * PER_MINUTE / PER_WEBINAR))
    options = Options(seed=seed, webinars=webinars, registrants=PER_WEBINAR - 1)
    with tempfile.TemporaryDirectory() as name, SandboxProcess(options) as sandbox:
        folder, control = Path(name), sandbox.control
        settings = {
            **sandbox.settings,
            "organizer_keys": [sandbox.organizer_key],
            "token_path": str(folder / "token.json"),
            # As many connections as there may be are open soon.
            "max_concurrency": 4,
            # Every webinar stays alive, so that every change is looked for.
            "settle_days": 36500,
        }
        runs = [_run({**settings, **FAST}, folder, None)]
        _change_everybody(control)
        given = {**settings, "requests_per_minute": PER_MINUTE, "requests_per_second": PER_MINUTE / 60}
        long_run = functools.partial(_watched, given, folder, min(60, 2 * minutes), runs[0].states[-1], result)
        runs.append(_with_faults(control, long_run, seed, result))
        runs.append(_run({**settings, **FAST}, folder, runs[-1]))
        result.records = sum(len(run.of_type("RECORD")) for run in runs)
        result.wrong = list(_wrong(runs, control.expected_records()))
        runs.append(_run({**settings, **FAST}, folder, runs[-1]))
    result.exit_codes = [run.exit_code for run in runs]
    result.errors = [line for run in runs for line in run.errors]
    result.idle = len(runs[-1].of_type("RECORD"))
    return result


def _change_everybody(control: Control) -> None:
    for number, person in enumerate(control.expected_records()["registrants"]):
        control.change_registrant(person["webinarKey"], person["registrantKey"], lastName=f"Berg {number}")


def _with_faults(control: Control, run: Callable[[], Run], seed: int, result: Soak) -> Run:
    control.reset_calls()
    control.configure(token_lifetime=60, rotate_refresh_tokens=True, latency=0.05, jitter=0.1, faults=FAULTS)
    control.expire_access_tokens()
    life = Life(control, seed)
    life.start()
    done = run()
    life.stop()
    control.configure(faults=(), latency=0, jitter=0)
    result.changes = life.counts
    calls = control.calls()
    result.faults = Counter(call["fault"] for call in calls if call["fault"])
    result.renewals = sum(call["path"].startswith("/oauth/") for call in calls)
    result.calls = len(calls) - result.renewals
    return done


def _watched(
    settings: Mapping[str, Any], folder: Path, sample_every: float, state: Mapping[str, Any], result: Soak
) -> Run:
    command = list(TAP)
    for name, content in (("config", settings), ("catalog", selecting(*STREAMS)), ("state", state)):
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        command += [f"--{name}", str(folder / f"{name}.json")]
    out, log = folder / "out", folder / "log"
    with out.open("wb") as output, log.open("wb") as errors:
        process = psutil.Popen(command, stdout=output, stderr=errors)
        began = time.monotonic()
        while process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                result.samples.append(_sample(process, time.monotonic() - began, out))
            with contextlib.suppress(subprocess.TimeoutExpired, psutil.TimeoutExpired):
                process.wait(sample_every)
    return Run(process.returncode, out.read_text(encoding="utf-8"), log.read_text(encoding="utf-8"))


def _sample(process: psutil.Popen, seconds: float, out: Path) -> Sample:
    with process.oneshot():
        memory, files, threads = process.memory_info().rss / MEBI, process.num_fds(), process.num_threads()
    return Sample(seconds / 60, memory, files, threads, out.stat().st_size / 1e6)


def _run(settings: Mapping[str, Any], folder: Path, before: Run | None) -> Run:
    states: list[Any] = [*before.states] if before is not None else [None]
    state = states[-1] if states else json.loads((folder / "state.json").read_text(encoding="utf-8"))
    return run_command(settings, folder, state=state, catalog=selecting(*STREAMS))


def _wrong(runs: Sequence[Run], expected: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Yield a line for each registrant whose last record is wrong, or whose removal is missing."""
    last: dict[tuple[str, str, str], str] = {}
    for run in runs:
        for stream in STREAMS:
            for record in run.records(stream):
                last[stream, record["webinarKey"], record["registrantKey"]] = record.get("firstName", "")
    there = {(row["webinarKey"], row["registrantKey"]): row["firstName"] for row in expected["registrants"]}
    for stream in STREAMS[:2]:
        yield from (f"{stream}: {key} is wrong" for key, name in there.items() if last.get((stream, *key)) != name)
    gone = {key[1:] for key in last} - there.keys()
    yield from (f"{key} is gone, without a removal" for key in gone if (STREAMS[2], *key) not in last)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.most_common()) or "nothing"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak test from the command line; the exit code is 1 if a check fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    result = soak(options.minutes, seed=options.seed)
    sys.stdout.write(result.table() + f"\n\nflat: {result.is_flat}; right: {result.is_right}\n")
    return 0 if result.is_flat and result.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
