"""Measures this tap beside a plain SDK tap, against the sandbox, and prints markdown tables of medians and ratios."""

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from typing import Final

from benchmarks import startup
from benchmarks.scenarios import MIB, QUICK, SCENARIOS, Result

NAMES: Final = (*SCENARIOS, "startup")
HEAD: Final = (
    "| | runs | wall s | (range) | CPU s | server CPU s | records/s | calls | 429s | in flight | peak MiB | output MB "
    "| STATE | wall ratio | CPU ratio |"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the scenarios of the command line; the exit code is 1 if a check fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default: %(default)s)")
    parser.add_argument("--scenario", nargs="+", choices=NAMES, default=NAMES, help="default: all")
    parser.add_argument("--quick", action="store_true", help="a small part of each: shows that it works, not how fast")
    chosen = parser.parse_args(arguments)
    _print(f"Python {platform.python_version()}, {os.cpu_count()} cores, medians of up to {chosen.runs} runs.\n")
    is_met = True
    for name in chosen.scenario:
        if name == "startup":
            _print(startup.report(chosen.runs))
            continue
        for scenario in (QUICK if chosen.quick else SCENARIOS)[name]:
            result = scenario.measure(chosen.runs)
            if chosen.quick:
                result.checks = [check for check in result.checks if not check.is_figure]
            is_met = is_met and all(check.met for check in result.checks)
            _print(report(result))
    return 0 if is_met else 1


def report(result: Result) -> str:
    """Return the results of a scenario as a table, and its checks as a list."""
    lines = [f"### {result.title}", "", HEAD, "|---" + "|---:" * (HEAD.count("|") - 2) + "|"]
    lines += [_row(result, name) for name in result.runs]
    lines += ["", *(f"- {'met' if check.met else '**not met**'}: {check.text}" for check in result.checks), ""]
    return "\n".join(lines)


def _row(result: Result, name: str) -> str:
    runs = result.runs[name]
    walls = sorted(run.cost.wall for run in runs)
    wall, cpu = result.wall(name), result.median(name, lambda run: run.cost.cpu)
    records = result.median(name, lambda run: run.output.records.total())
    last = runs[-1]
    cells = [
        name,
        f"{len(runs)}",
        f"{wall:.2f}",
        f"{walls[0]:.2f} to {walls[-1]:.2f}",
        f"{cpu:.2f}",
        f"{result.median(name, lambda run: run.server_cpu):.2f}",
        f"{records / wall:,.0f}",
        f"{last.calls:,}",
        f"{max(run.too_many for run in runs)}",
        f"{result.median(name, lambda run: run.in_flight):.2f}",
        f"{max(run.cost.peak for run in runs) / MIB:.0f}",
        f"{last.output.size / 1e6:.1f}",
        f"{last.output.states}, {last.output.state_bytes / 1e6:.2f} MB",
        f"{wall / result.wall('this tap'):.2f}",
        f"{cpu / result.median('this tap', lambda run: run.cost.cpu):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
