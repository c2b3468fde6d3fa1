"""A process that calls a sandbox under a budget that it shares with others; its task is JSON on standard input."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

from tap_gotowebinar.api.shared_rate_limiter import SharedRateLimiter
from tap_gotowebinar.api.stats import StreamStats
from tests.canned_server import ME, in_threads, talk
from tests.sources import ROOT


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a process does: it begins calls for so many seconds, by clocks that are wrong by `clock_shift` seconds."""

    settings: dict[str, str]
    database: str
    name: str
    per_window: int
    per_second: float
    window: float
    seconds: float
    clock_shift: float


def start(task: Task) -> subprocess.Popen[str]:
    """Start a process; its output is how many seconds it waited for the slot of each of its calls."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.api.shared_budget"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        encoding="utf-8",
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(task)))
    process.stdin.close()
    process.stdin = None
    return process


def results(processes: Sequence[subprocess.Popen[str]]) -> list[list[float]]:
    """Wait for processes to end, and return the waits of each that was not killed."""
    outputs = [process.communicate()[0] for process in processes]
    assert {process.returncode for process in processes} <= {0, -9}
    return [json.loads(output) for output in outputs if output]


def main() -> None:
    """Call the sandbox until the time is over."""
    task = Task(**json.load(sys.stdin))
    shift_clocks(task.clock_shift)
    limiter = SharedRateLimiter(
        task.database,
        task.name,
        task.per_window,
        task.per_second,
        longest_call=1.0,
        window=task.window,
    )
    waits: list[float] = []
    until = time.monotonic() + task.seconds
    sandbox: Any = SimpleNamespace(settings=task.settings)
    with talk(sandbox, budget=limiter) as talking:

        def call() -> None:
            while time.monotonic() < until:
                stats = StreamStats()
                talking.client.get(ME, lambda body: body, stats)
                waits.append(stats.waited)

        endings = in_threads(2, call)
    assert endings == [None] * 2, endings
    json.dump(waits, sys.stdout)


def shift_clocks(seconds: float) -> None:
    """Let all clocks of this process be wrong."""
    wall, monotonic = time.time, time.monotonic
    time.time = lambda: wall() + seconds
    time.monotonic = lambda: monotonic() + abs(seconds)


if __name__ == "__main__":
    main()
