"""Running the tap, and what came out of it."""

import functools
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tap_gotowebinar.singer.writer import MessageWriter
from tap_gotowebinar.tap import TapGoToWebinar

EXECUTABLE = str(Path(sys.executable).with_name("tap-gotowebinar"))

FAST = {"requests_per_minute": 1_000_000, "requests_per_second": 1_000_000}
"""Settings under which the budget never waits."""


@dataclass
class Run:
    """Exit code and output of one run."""

    exit_code: int
    stdout: str
    stderr: str = ""

    @functools.cached_property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["type"] == kind]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [message["record"] for message in self.of_type("RECORD") if message["stream"] == stream]

    def schema(self, stream: str) -> dict[str, Any]:
        return next(message["schema"] for message in self.of_type("SCHEMA") if message["stream"] == stream)

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["value"] for message in self.of_type("STATE")]

    @property
    def errors(self) -> list[str]:
        """What was logged as an error, without time and logger."""
        return self._logged("ERROR")

    @property
    def warnings(self) -> list[str]:
        """The same of warnings."""
        return self._logged("WARNING")

    def _logged(self, level: str) -> list[str]:
        return [line.split("|", 3)[3].strip() for line in self.stderr.splitlines() if f"| {level} " in line]


def run_process(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Run:
    """Run a command as people do, which takes a second longer."""
    done = subprocess.run(
        command, capture_output=True, check=False, env={**os.environ, **(env or {})}, encoding="utf-8", timeout=100
    )
    return Run(done.returncode, done.stdout, done.stderr)


def output_of(command: Sequence[str | Path], **how: Any) -> str:  # noqa: ANN401 - as for `subprocess.run`
    """Run a command that has to succeed; return its standard output."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command, capture_output=True, check=False, encoding="utf-8", **how
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout


def run_here(
    settings: Mapping[str, Any],
    *,
    state: Mapping[str, Any] | None = None,
    catalog: Mapping[str, Any] | None = None,
    tap_class: type[TapGoToWebinar] = TapGoToWebinar,
) -> Run:
    """Run the tap in this process, which is faster; the same code but for the command line."""
    output = io.BytesIO()
    tap = tap_class(
        config=dict(settings),
        state=None if state is None else json.loads(json.dumps(state)),
        catalog=None if catalog is None else json.loads(json.dumps(catalog)),
        message_writer=MessageWriter(output),
    )
    exit_code = tap.run()
    return Run(exit_code, output.getvalue().decode())
