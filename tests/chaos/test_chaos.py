from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.campaign import Campaign
from tests.launcher import Launcher

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


@pytest.mark.parametrize("seed", range(10))
def test_killed_runs_lose_repeat_and_invent_nothing(seed: int, launcher: Launcher) -> None:
    """`make chaos` does the same for 200 seeds; `python -m tests.chaos --first SEED --seeds 1` repeats one."""
    outcome = Campaign(seed, launcher).run()
    print(outcome)  # noqa: T201 - shown when it fails
    assert outcome.violations == []
