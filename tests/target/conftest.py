"""What the tests of the target share: a webinar to register people for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.registering import Office

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gotowebinar_sandbox import Sandbox


@pytest.fixture
def office(sandbox: Sandbox, tmp_path: Path) -> Office:
    return Office(sandbox, tmp_path)


@pytest.fixture
def make_office(make_sandbox: Callable[..., Sandbox], tmp_path: Path) -> Callable[..., Office]:
    """Open an office at a sandbox with the options given."""
    return lambda webinar=None, **options: Office(make_sandbox(**options), tmp_path, **(webinar or {}))
