"""Measures start-up: the import, `--version`, `--discover`, and an idle run with one call."""

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.runner import PLAIN, PLAIN_TAP, ROOT, TAP, Session, measure, this_tap
from benchmarks.server import SandboxProcess
from gotowebinar_sandbox import Options

IMPORTS: Final = {
    "import, this tap": "import tap_gotowebinar.tap",
    "import, plain SDK tap": "import benchmarks.plain_tap",
    "import, singer_sdk": "import singer_sdk",
    "python itself": "pass",
}
EMPTY: Final = Options(seed=7, webinars=0)
BIGGEST: Final = 12


def start_up(runs: int) -> dict[str, tuple[float, float]]:
    """Return the median wall time and CPU time of each action, in seconds."""
    commands: dict[str, tuple[str, ...]] = {name: (sys.executable, "-c", code) for name, code in IMPORTS.items()}
    for option in ("--version", "--discover"):
        commands |= {f"{option}, this tap": (*TAP, option), f"{option}, plain SDK tap": (*PLAIN, option)}
    costs: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder, SandboxProcess(EMPTY) as sandbox:
        session = Session(sandbox, Path(folder), details=True)
        for _ in range(runs):
            for name, command in commands.items():
                cost = measure(command, Path(folder))
                costs.setdefault(name, []).append((cost.wall, cost.cpu))
            for contender in (this_tap({}), PLAIN_TAP):
                run = session.run(contender)
                name = f"idle run with {run.calls} call, {contender.name}"
                costs.setdefault(name, []).append((run.cost.wall, run.cost.cpu))
    return {name: (median(wall for wall, _ in all_), median(cpu for _, cpu in all_)) for name, all_ in costs.items()}


def import_shares(runs: int) -> list[tuple[str, float]]:
    """Return the packages whose own modules take longest to import: the minimum of all runs, in milliseconds."""
    command = [sys.executable, "-X", "importtime", "-c", IMPORTS["import, this tap"]]
    least: Counter[str] = Counter()
    for _ in range(runs):
        done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, check=True, text=True)  # noqa: S603
        least = _by_package(done.stderr) & least if least else _by_package(done.stderr)
    return [(name, share / 1000) for name, share in least.most_common(BIGGEST)]


def _by_package(log: str) -> Counter[str]:
    """Return the microseconds of each package's own modules, as `-X importtime` logs them."""
    shares: Counter[str] = Counter()
    for line in log.splitlines():
        own, _, module = line.removeprefix("import time:").split("|")
        if own.strip().isdecimal():
            shares[module.strip().partition(".")[0]] += int(own)
    return shares


def report(runs: int) -> str:
    """Measure, and return the tables."""
    lines = ["### Start-up", "", "| | wall ms | CPU ms |", "|---|---:|---:|"]
    lines += [f"| {name} | {wall * 1000:.0f} | {cpu * 1000:.0f} |" for name, (wall, cpu) in start_up(runs).items()]
    shares = ", ".join(f"{name} {share:.0f}" for name, share in import_shares(runs))
    return "\n".join([*lines, "", f"Import time by package, ms of its own modules: {shares}.", ""])
