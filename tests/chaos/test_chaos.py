from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from gotowebinar_sandbox import Fault
from tests.chaos.campaign import Campaign
from tests.runs import FAST

if TYPE_CHECKING:
    from collections.abc import Callable

    from gotowebinar_sandbox import Sandbox
    from tests.launcher import Launcher


@pytest.mark.parametrize("seed", range(10))
def test_killed_runs_lose_repeat_and_invent_nothing(seed: int, launcher: Launcher) -> None:
    """`make chaos` does the same for 200 seeds; `python -m tests.chaos --first SEED --seeds 1` repeats one."""
    outcome = Campaign(seed, launcher).run()
    print(outcome)  # noqa: T201 - shown when it fails
    assert outcome.violations == []


@pytest.mark.parametrize("seed", range(5))
def test_faults_kills_and_clocks_that_jump_lose_repeat_and_invent_nothing(seed: int, launcher: Launcher) -> None:
    """`python -m tests.chaos --weather bad --first SEED --seeds 1` repeats one."""
    outcome = Campaign(seed, launcher, in_bad_weather=True).run()
    print(outcome)  # noqa: T201 - shown when it fails
    assert outcome.violations == []
    assert outcome.faults


def test_who_cancels_after_a_killed_run_has_emitted_them_is_missed(
    launcher: Launcher, make_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = make_sandbox(webinars=0, faults=(Fault(kind="slow", path=r"/registrants/\d+$", skip=3, seconds=60),))
    webinar = sandbox.control.add_webinar()
    people = sandbox.control.add_registrants(webinar, 10)
    settings = {**sandbox.settings, **FAST, "max_concurrency": 1}
    launched = launcher.launch(settings, state_interval=0.0)
    launched.wait_for(lambda: any(call["fault"] for call in sandbox.control.calls()))
    launched.send(signal.SIGKILL)
    killed = launched.finish()
    sandbox.control.configure(faults=())
    sandbox.control.cancel_registrant(webinar, people[5])
    run = launcher.launch(settings, state=killed.states[-1]).finish()

    assert people[5] in [record["registrantKey"] for record in killed.records("registrants")]
    assert [record["registrantKey"] for record in run.records("registrant_removals")] == [people[5]]
