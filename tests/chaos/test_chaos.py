"""Campaigns in small, and what they cannot see: `make chaos` runs 200 seeds of each."""

import signal
from collections.abc import Callable
from typing import Final

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tests.chaos.campaign import Campaign
from tests.chaos.target_campaign import TargetCampaign
from tests.forkserver import Launcher
from tests.runs import FAST

SEEDS: Final[dict[tuple[type[Campaign | TargetCampaign], str], tuple[int, ...]]] = {
    (Campaign, "fair"): tuple(range(10)),
    (Campaign, "bad"): tuple(range(5)),
    (TargetCampaign, "fair"): (3,),
    (TargetCampaign, "bad"): (8, 0),
}
"""What is tried; only the first seed of the tap in fair weather where it has to be quick."""


@pytest.mark.parametrize(
    ("campaign", "weather", "seed"),
    [
        pytest.param(*campaign, seed, marks=[pytest.mark.slow] if number or campaign != (Campaign, "fair") else [])
        for campaign, seeds in SEEDS.items()
        for number, seed in enumerate(seeds)
    ],
)
def test_whatever_is_done_to_runs_nothing_is_lost_repeated_or_invented(
    campaign: type[Campaign | TargetCampaign], weather: str, seed: int, launcher: Launcher
) -> None:
    """`python -m tests.chaos --subject tap --weather bad --first SEED --seeds 1` repeats one."""
    outcome = campaign(seed, launcher, in_bad_weather=weather == "bad").run()
    print(outcome)  # noqa: T201 - shown when it fails
    assert outcome.violations == []
    assert outcome.faults or weather == "fair"


def test_who_cancels_after_a_killed_run_has_emitted_them_is_missed(
    launcher: Launcher, make_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = make_sandbox(webinars=0, faults=(Fault(kind="slow", path=r"/registrants/\d+$", seconds=0.3),))
    webinar = sandbox.control.add_webinar()
    people = sandbox.control.add_registrants(webinar, 10)
    settings = {**sandbox.settings, **FAST, "max_concurrency": 1}
    launched = launcher.launch(settings, state_interval=0.0)
    # While the details are read, which takes seconds, a STATE comes that knows them.
    launched.wait_for(lambda: b'"STATE"' in launched.received.partition(people[5].encode())[2])
    launched.send(signal.SIGKILL)
    killed = launched.finish()
    sandbox.control.configure(faults=())
    sandbox.control.cancel_registrant(webinar, people[5])
    run = launcher.launch(settings, state=killed.states[-1]).finish()

    assert people[5] in [record["registrantKey"] for record in killed.records("registrants")]
    assert [record["registrantKey"] for record in run.records("registrant_removals")] == [people[5]]
