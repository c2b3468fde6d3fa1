"""`python -m tests.chaos --seeds 200`: the campaigns at length, or again for one seed that failed."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.chaos.campaign import Campaign
from tests.launcher import Launcher

if TYPE_CHECKING:
    from tests.chaos.campaign import Outcome

WEATHERS = ("fair", "bad")


def main() -> int:
    """Run the campaigns, say how each went, and what it comes to."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kill the tap, again and again.")
    parser.add_argument("--seeds", type=int, default=200, help="how many campaigns (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first one (default: %(default)s)")
    parser.add_argument(
        "--weather", choices=WEATHERS, nargs="+", default=WEATHERS, help="fair: kills; bad: faults, too"
    )
    parser.add_argument("--minutes", type=float, default=120, help="begin no campaign later (default: %(default)s)")
    chosen = parser.parse_args()
    until = time.monotonic() + 60 * chosen.minutes
    outcomes: list[Outcome] = []
    with Launcher() as launcher:
        for seed in range(chosen.first, chosen.first + chosen.seeds):
            for weather in chosen.weather:
                if time.monotonic() < until:
                    outcomes.append(Campaign(seed, launcher, in_bad_weather=weather == "bad").run())
                    _say(f"{weather} weather, {outcomes[-1]}")
    _say(_summary(outcomes))
    return 1 if any(outcome.violations for outcome in outcomes) else 0


def _summary(outcomes: list[Outcome]) -> str:
    runs = [run for outcome in outcomes for run in outcome.runs]
    killed = sum(run.exit_code == -signal.SIGKILL for run in runs)
    ended = sum(run.exit_code == 1 for run in runs)
    changes = sum(sum(outcome.happened.values()) for outcome in outcomes)
    faults = sum((outcome.faults for outcome in outcomes), Counter[str]())
    failed = [outcome.seed for outcome in outcomes if outcome.violations]
    lines = (
        f"{len(outcomes)} campaigns, {len(runs)} runs, {killed} killed, {ended} ended with an error",
        f"{changes} changes of the data, {sum(outcome.records for outcome in outcomes)} records came out",
        f"{sum(outcome.rows for outcome in outcomes)} rows compared with the truth in the end",
        f"{faults.total()} faults: {', '.join(f'{kind} {count}' for kind, count in faults.most_common())}",
        f"{len(failed)} campaigns failed{f', seeds {failed}' if failed else ''}",
    )
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
