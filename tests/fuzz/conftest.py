"""How long the fuzzing takes: seconds in the tests, minutes with `FUZZ=1000`, the examples of each property."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from gotowebinar_sandbox import Options, Sandbox
from tests.forkserver import Launcher
from tests.fuzz.target_process import TargetRunner
from tests.incremental_runs import NOW
from tests.target.registering import TargetHarness

ORDINARY = "18"

hypothesis.settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("FUZZ", ORDINARY)),
    # The suite tries the same each time; a campaign tries something new.
    derandomize="FUZZ" not in os.environ,
    deadline=None,
    # Examples that failed are kept as `@example`, where everybody has them.
    database=None,
    print_blob=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def share(part: int = 1) -> hypothesis.settings:
    """Return settings with the examples of a property, or with a part of them where each takes long."""
    profile = hypothesis.settings.get_profile("fuzz")
    return hypothesis.settings(profile, max_examples=max(1, profile.max_examples // part))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(seed=11, webinars=2, registrants=2, now=NOW)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def runner(sandbox: Sandbox, launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> TargetRunner:
    return TargetRunner(TargetHarness(sandbox, tmp_path_factory.mktemp("harness")), launcher)
