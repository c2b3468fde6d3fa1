"""What these tests share: the command of the tap, run with settings for the small sandbox."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.forkserver import run_command
from tests.runs import Run

Command = Callable[..., Run]
"""Runs the command with arguments, `changes` of the settings, and the options of `Launcher.launch`."""


@pytest.fixture
def command(settings: dict[str, Any], tmp_path: Path) -> Command:
    def run(*arguments: str, changes: Mapping[str, Any] | None = None, **how: Any) -> Run:  # noqa: ANN401
        return run_command({**settings, **(changes or {})}, tmp_path, *arguments, **how)

    return run
