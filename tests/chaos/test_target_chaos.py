from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.target_campaign import TargetCampaign

if TYPE_CHECKING:
    from tests.launcher import Launcher


@pytest.mark.parametrize("seed", [3])
def test_killed_targets_lose_nobody_and_register_nobody_twice(seed: int, launcher: Launcher) -> None:
    """`python -m tests.chaos --subject target --weather fair --first SEED --seeds 1` repeats one."""
    outcome = TargetCampaign(seed, launcher).run()
    print(outcome)  # noqa: T201 - shown when it fails
    assert outcome.violations == []


@pytest.mark.parametrize("seed", [0, 8])
def test_whatever_happens_to_calls_people_are_registered_once_and_every_row_is_true(
    seed: int, launcher: Launcher
) -> None:
    """`python -m tests.chaos --subject target --weather bad --first SEED --seeds 1` repeats one."""
    outcome = TargetCampaign(seed, launcher, in_bad_weather=True).run()
    print(outcome)  # noqa: T201 - shown when it fails
    assert outcome.violations == []
    assert outcome.faults
