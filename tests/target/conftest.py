"""What the tests of the target share: a webinar to register people for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gotowebinar_sandbox import Options, Sandbox
from tests.target.registering import MakeHarness, TargetHarness


@pytest.fixture
def harness(sandbox: Sandbox, tmp_path: Path) -> TargetHarness:
    return TargetHarness(sandbox, tmp_path)


@pytest.fixture
def make_harness(make_sandbox: Callable[..., Sandbox], tmp_path: Path) -> MakeHarness:
    return lambda webinar=None, **options: TargetHarness(make_sandbox(**options), tmp_path, **(webinar or {}))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TargetHarness]:
    """A harness for tests that look at their own rows only."""
    with Sandbox(Options(seed=7, webinars=1, registrants=1)) as sandbox:
        yield TargetHarness(sandbox, tmp_path_factory.mktemp("harness"))
