"""`python -m tests.chaos --seeds 200`: the campaigns at length, or again for one seed that failed."""

import argparse
import sys
import time
from typing import Final

from tests.chaos.campaign import Campaign
from tests.chaos.outcome import Outcome, summary
from tests.chaos.target_campaign import TargetCampaign
from tests.forkserver import Launcher

WEATHERS: Final = ("fair", "bad")
CAMPAIGNS: Final[dict[str, type[Campaign | TargetCampaign]]] = {"tap": Campaign, "target": TargetCampaign}


def main() -> int:
    chosen = _chosen()
    until = time.monotonic() + 60 * chosen.minutes
    outcomes: dict[str, list[Outcome]] = {subject: [] for subject in chosen.subject}
    with Launcher() as launcher:
        for seed in range(chosen.first, chosen.first + chosen.seeds):
            for subject in chosen.subject:
                for weather in chosen.weather:
                    if time.monotonic() < until:
                        outcome = CAMPAIGNS[subject](seed, launcher, in_bad_weather=weather == "bad").run()
                        outcomes[subject].append(outcome)
                        _say(f"{subject}, {weather} weather, {outcome}")
    for subject in chosen.subject:
        _say(f"{subject}: {summary(outcomes[subject])}")
    return 1 if any(outcome.violations for of_subject in outcomes.values() for outcome in of_subject) else 0


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kill tap and target, again and again.")
    parser.add_argument("--seeds", type=int, default=200, help="how many campaigns of each (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first one (default: %(default)s)")
    parser.add_argument("--subject", choices=CAMPAIGNS, nargs="+", default=[*CAMPAIGNS], help="what is killed")
    parser.add_argument(
        "--weather", choices=WEATHERS, nargs="+", default=WEATHERS, help="fair: kills; bad: faults, too"
    )
    parser.add_argument("--minutes", type=float, default=120, help="begin no campaign later (default: %(default)s)")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
