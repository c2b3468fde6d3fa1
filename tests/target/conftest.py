"""What the tests of the target share: a webinar to register people for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gotowebinar_sandbox import Options, Sandbox
from tests.target.registering import Harness, MakeHarness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def harness(sandbox: Sandbox, tmp_path: Path) -> Harness:
    return Harness(sandbox, tmp_path)


@pytest.fixture
def make_harness(make_sandbox: Callable[..., Sandbox], tmp_path: Path) -> MakeHarness:
    """Start a sandbox with the options given."""
    return lambda webinar=None, **options: Harness(make_sandbox(**options), tmp_path, **(webinar or {}))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """A harness for tests that look at their own rows only."""
    with Sandbox(Options(seed=7, webinars=1, registrants=1)) as sandbox:
        yield Harness(sandbox, tmp_path_factory.mktemp("harness"))
