"""What a run of one connection costs a machine: processor time and memory, first and idle, by program.

python -m tests.orchestration.capacity
"""

import contextlib
import os
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from demo.postgres import Postgres
from tests.orchestration.site import Machine, Site

PROGRAMS: Final = ("meltano", "tap-gotowebinar", "target-postgres")
MIB: Final = 1024**2
SAMPLE: Final = 0.05
"""Seconds between two looks at the memory."""


class Cost(NamedTuple):
    """Of one run: seconds of the clock and of the processor, and MiB at the peak of each program."""

    wall: float
    cpu: float
    peaks: dict[str, float]


def main() -> None:
    """Measure a first run, idle runs, and one that has to compile everything anew."""
    options = {"webinars": 20, "registrants": 50}
    with (
        tempfile.TemporaryDirectory(prefix="capacity-") as folder,
        Postgres() as database,
        Site(Path(folder) / "site", ["academy"], database, **options) as site,
    ):
        warm = site.machine("warm")
        nowhere = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": str(Path(folder) / "nowhere")}
        runs = {"first run, 1,000 registrants": measure(site, warm)}
        runs |= {f"idle run {number}": measure(site, warm) for number in (1, 2, 3)}
        cold = Machine(warm.home, {**warm.variables, **nowhere})
        runs["idle run without compiled bytecode"] = measure(site, cold)
    lines = [
        f"| | wall s | CPU s | {' | '.join(f'{name} MiB' for name in PROGRAMS)} |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, cost in runs.items():
        memory = " | ".join(f"{cost.peaks[program]:.0f}" for program in PROGRAMS)
        lines.append(f"| {name} | {cost.wall:.1f} | {cost.cpu:.1f} | {memory} |")
    sys.stdout.write("\n".join(lines) + "\n")


def measure(site: Site, machine: Machine) -> Cost:
    began, before = time.monotonic(), os.times()
    process = machine.start("academy", site.schema("academy"))
    peaks: defaultdict[str, float] = defaultdict(float)
    family = psutil.Process(process.pid)
    while process.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for member in (family, *family.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    words = " ".join(member.cmdline()[:2])
                    program = next((name for name in PROGRAMS if words.endswith(name)), None)
                    if program:
                        peaks[program] = max(peaks[program], member.memory_info().rss / MIB)
        time.sleep(SAMPLE)
    printed, _ = process.communicate()
    assert process.returncode == 0, printed
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.monotonic() - began, cpu, dict(peaks))


if __name__ == "__main__":
    main()
