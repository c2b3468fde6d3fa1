"""A process that calls a sandbox under a budget that it shares with others; its task is JSON on standard input."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from types import SimpleNamespace
from typing import Any

from tap_gotowebinar.api.shared_rate_limiter import SharedRateLimiter
from tap_gotowebinar.api.stats import StreamStats
from tests.canned_server import ME, in_threads, talk
from tests.sources import ROOT


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a process does.

    Attributes:
        settings: Those of the sandbox.
        database: URL of the database.
        per_window: Calls in any window.
        per_second: Calls in a second.
        window: Seconds.
        longest_call: Seconds of the lease beyond the window.
        seconds: How long calls are begun.
        threads: Calls in flight at the most.
        clock_shift: Seconds by which the clocks of the process are wrong.
        name: The budget's.
    """

    settings: dict[str, str]
    database: str
    per_window: int
    per_second: float = 1e6
    window: float
    longest_call: float = 1.0
    seconds: float
    threads: int = 2
    clock_shift: float = 0.0
    name: str = "shared"


@dataclass
class Done:
    """How long a process waited for the slot of each of its calls, in seconds."""

    waits: list[float] = field(default_factory=list)


def start(task: Task) -> subprocess.Popen[str]:
    """Start a process; its output is a `Done` in JSON."""
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


def results(processes: Sequence[subprocess.Popen[str]]) -> list[Done]:
    """Wait for processes to end, and return what those did that were not killed."""
    outputs = [process.communicate()[0] for process in processes]
    assert {process.returncode for process in processes} <= {0, -9}
    return [Done(**json.loads(output)) for output in outputs if output]


def main() -> None:
    """Call the sandbox until the time is over."""
    task = Task(**json.load(sys.stdin))
    shift_clocks(task.clock_shift)
    limiter = SharedRateLimiter(
        task.database,
        task.name,
        task.per_window,
        task.per_second,
        longest_call=task.longest_call,
        window=task.window,
    )
    done = Done()
    until = time.monotonic() + task.seconds
    sandbox: Any = SimpleNamespace(settings=task.settings)
    with talk(sandbox, budget=limiter) as talking:

        def call() -> None:
            while time.monotonic() < until:
                stats = StreamStats()
                talking.client.get(ME, lambda body: body, stats)
                done.waits.append(stats.waited)

        endings = in_threads(task.threads, call)
    assert endings == [None] * task.threads, endings
    json.dump(asdict(done), sys.stdout)


def shift_clocks(seconds: float) -> None:
    """Let all clocks of this process be wrong."""
    wall, monotonic = time.time, time.monotonic
    time.time = lambda: wall() + seconds
    time.monotonic = lambda: monotonic() + abs(seconds)


if __name__ == "__main__":
    main()
