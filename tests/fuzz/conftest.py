"""How long the fuzzing takes: seconds in the tests, minutes with `FUZZ=1000`, the examples of each property."""

import json
import os
from collections.abc import Iterator

import hypothesis
import pytest

from gotowebinar_sandbox import Options, Sandbox
from tests.forkserver import SHARED
from tests.incremental_runs import NOW
from tests.target.registering import RunResult, TargetHarness

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


class ProcessHarness(TargetHarness):
    """A harness at which the target runs as a process of its own."""

    def clear(self) -> None:
        for row in self.control.expected_records()["registrants"]:
            self.control.cancel_registrant(row["webinarKey"], row["registrantKey"])

    def run_process(self, given: bytes, *, hurries: bool = False, **settings: object) -> RunResult:
        """Run it on these bytes, with an empty file of results."""
        self.results.unlink(missing_ok=True)
        self.control.reset_calls()
        done = SHARED.launch(self.config(**settings), program="target", given=given, hurries=hurries).finish()
        states = [json.loads(line) for line in done.stdout.splitlines()]
        return RunResult(done.exit_code, states, self.rows(), done.stderr)


@pytest.fixture(scope="module")
def harness(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> ProcessHarness:
    return ProcessHarness(sandbox, tmp_path_factory.mktemp("harness"))
