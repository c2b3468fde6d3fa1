"""What the tests of runs share: runs that follow one another, and a STATE wherever there may be one."""

from collections.abc import Callable

import pytest

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.sync.state_writer import StateWriter
from tests.incremental_runs import NOW, Runs

MakeRuns = Callable[..., Runs]
"""Begins runs with these settings, in a sandbox with these options."""


@pytest.fixture
def make_runs(make_sandbox: Callable[..., Sandbox]) -> MakeRuns:
    def start(settings: dict[str, object] | None = None, **options: object) -> Runs:
        return Runs(make_sandbox(now=NOW, **{"webinars": 8, "registrants": 5, **options}), **(settings or {}))

    return start


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print a STATE whenever one may be printed."""
    monkeypatch.setattr(StateWriter, "interval", 0.0)
    monkeypatch.setattr("tap_gotowebinar.sync.state_writer.STATE_SHARE", 0)
    monkeypatch.setattr("tap_gotowebinar.streams.base.MAX_BATCH", 1)
