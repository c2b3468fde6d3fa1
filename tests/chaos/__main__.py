"""`python -m tests.chaos --seeds 200`: the kill campaign at length, or again for one seed that failed."""

from __future__ import annotations

import argparse
import sys

from tests.chaos.campaign import Campaign
from tests.launcher import Launcher


def main() -> int:
    """Run the campaigns, and say how each went."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Kill the tap, again and again.")
    parser.add_argument("--seeds", type=int, default=200, help="how many campaigns (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first one (default: %(default)s)")
    chosen = parser.parse_args()
    failed = []
    with Launcher() as launcher:
        for seed in range(chosen.first, chosen.first + chosen.seeds):
            outcome = Campaign(seed, launcher).run()
            sys.stdout.write(f"{outcome}\n")
            sys.stdout.flush()
            failed += [seed] if outcome.violations else []
    sys.stdout.write(f"{chosen.seeds} seeds, {len(failed)} failed{': ' if failed else ''}{failed or ''}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
