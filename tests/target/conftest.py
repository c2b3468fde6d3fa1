"""What the tests of the target share: a webinar to register people for."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gotowebinar_sandbox import Options, Sandbox
from tests.target.registering import Office


@pytest.fixture
def office(sandbox: Sandbox, tmp_path: Path) -> Office:
    return Office(sandbox, tmp_path)


@pytest.fixture
def make_office(make_sandbox: Callable[..., Sandbox], tmp_path: Path) -> Callable[..., Office]:
    """Open an office at a sandbox with the options given."""
    return lambda webinar=None, **options: Office(make_sandbox(**options), tmp_path, **(webinar or {}))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office for tests that look at their own rows only."""
    with Sandbox(Options(seed=7, webinars=1, registrants=1)) as sandbox:
        yield Office(sandbox, tmp_path_factory.mktemp("office"))
