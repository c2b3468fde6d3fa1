"""Runs whole processes and measures each: its cost, its output and its calls."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.output import Output
from benchmarks.scaled_tap import WINDOW_VARIABLE
from benchmarks.server import SandboxProcess

ROOT: Final = Path(__file__).resolve().parents[1]
SELECTED: Final = ("webinars", "registrants", "registrant_details")
TOO_MANY: Final = 429

TAP: Final = (str(Path(sys.executable).with_name("tap-gotowebinar")),)
SCALED_TAP: Final = (sys.executable, "-m", "benchmarks.scaled_tap")
PLAIN: Final = (sys.executable, "-c", "from benchmarks.plain_tap import PlainTap; PlainTap.cli()")
BARE: Final = (sys.executable, "-m", "benchmarks.raw_http")
NOT_AT_HOME: Final = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
"""Variables of container images that are removed: without bytecode files each start takes longer."""

MEASURED: Final = (sys.executable, "-S", str(ROOT / "benchmarks" / "measured.py"))


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The cost of a process: wall time and CPU time in seconds, and peak memory in bytes."""

    exit_code: int
    wall: float
    cpu: float
    peak: int


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run against the sandbox.

    Attributes:
        cost: What the process cost.
        server_cpu: Seconds of processor time that the sandbox spent on it.
        calls: Calls of the API that arrived; those for tokens are not counted.
        repeated: How many of them had been made before in the same run.
        too_many: How many were answered with 429.
        in_flight: Calls in flight on average, from the first one's arrival to the last one's answer.
        output: What it wrote.
    """

    cost: Cost
    server_cpu: float
    calls: int
    repeated: int
    too_many: int
    in_flight: float
    output: Output


@dataclass(frozen=True)
class Contender:
    """A command that is measured.

    Attributes:
        name: What the tables call it.
        command: Its words, without settings.
        settings: Settings beyond those that reach the sandbox.
        environment: Variables beyond ours.
        takes_catalog: Whether it is a tap, with streams to be selected.
    """

    name: str
    command: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    takes_catalog: bool = True


def this_tap(settings: Mapping[str, Any], *, rate_window: float | None = None, name: str = "this tap") -> Contender:
    """Return this tap; another `rate_window` needs a subclass."""
    if rate_window is None:
        return Contender(name, TAP, settings)
    return Contender(name, SCALED_TAP, settings, {WINDOW_VARIABLE: str(rate_window)})


PLAIN_TAP: Final = Contender("plain SDK tap", PLAIN)


def raw_http_reading(workers: int, *, details: bool) -> Contender:
    """Return the minimum work of any tap."""
    options = (f"--workers={workers}", *(["--details"] if details else []))
    return Contender("bare reading", (*BARE, *options), takes_catalog=False)


def measure(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end; `folder` takes its standard output as `out` and its standard error as `log`."""
    ours = {name: value for name, value in os.environ.items() if name not in NOT_AT_HOME}
    variables = {**ours, "PYTHONPATH": str(ROOT), **(environment or {})}
    words = [*MEASURED, str(folder / "out"), str(folder / "log"), *command]
    done = subprocess.run(words, env=variables, stdout=subprocess.PIPE, check=True)  # noqa: S603
    return Cost(**json.loads(done.stdout))


class Session:
    """Runs against one sandbox."""

    def __init__(self, sandbox: SandboxProcess, folder: Path, *, details: bool) -> None:
        """Run against a sandbox.

        Args:
            sandbox: Where everything is read from.
            folder: Takes all files.
            details: Whether the details of registrants are read, too.
        """
        self._sandbox = sandbox
        self._folder = folder
        self._streams = SELECTED if details else SELECTED[:2]
        self._catalogs: dict[tuple[str, ...], Path] = {}

    def run(self, contender: Contender, *, state: Mapping[str, Any] | None = None) -> Run:
        """Run a contender once; its output stays in the folder.

        Raises:
            RuntimeError: it failed.
        """
        words = [*contender.command, "--config", self._config(contender)]
        if contender.takes_catalog:
            words += ["--catalog", str(self._catalog(contender.command))]
        if state is not None:
            words += ["--state", self._file("state.json", state)]
        control = self._sandbox.control
        control.reset_calls()
        server_cpu = self._sandbox.cpu()
        cost = measure(words, self._folder, contender.environment)
        server_cpu = self._sandbox.cpu() - server_cpu
        if cost.exit_code:
            log = (self._folder / "log").read_text(encoding="utf-8")[-2000:]
            message = f"{contender.name} ended with exit code {cost.exit_code}:\n{log}"
            raise RuntimeError(message)
        calls = [call for call in control.calls() if not call["path"].startswith("/oauth/")]
        asked = {(call["path"], *call["query"].items()) for call in calls if call["status"] != TOO_MANY}
        too_many = sum(call["status"] == TOO_MANY for call in calls)
        return Run(
            cost=cost,
            server_cpu=server_cpu,
            calls=len(calls),
            repeated=len(calls) - too_many - len(asked),
            too_many=too_many,
            in_flight=in_flight(calls),
            output=Output.read(self._folder / "out"),
        )

    @property
    def output_file(self) -> Path:
        """The output of the last run."""
        return self._folder / "out"

    def _config(self, contender: Contender) -> str:
        key = self._sandbox.organizer_key
        whose: dict[str, Any] = (
            {"organizer_keys": [key]} if contender.command in {TAP, SCALED_TAP} else {"organizer_key": key}
        )
        tokens = {"token_path": str(self._folder / "tokens.json")}
        return self._file("config.json", {**self._sandbox.settings, **whose, **tokens, **contender.settings})

    def _catalog(self, command: tuple[str, ...]) -> Path:
        if command not in self._catalogs:
            measure([*command, "--discover"], self._folder)
            catalog = json.loads(self.output_file.read_text(encoding="utf-8"))
            for stream in catalog["streams"]:
                root = next(item for item in stream["metadata"] if not item["breadcrumb"])
                root["metadata"]["selected"] = stream["tap_stream_id"] in self._streams
            self._catalogs[command] = Path(self._file(f"catalog{len(self._catalogs)}.json", catalog))
        return self._catalogs[command]

    def _file(self, name: str, content: Mapping[str, Any]) -> str:
        path = self._folder / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)


def in_flight(calls: Sequence[Mapping[str, Any]]) -> float:
    """Return the mean number of calls in progress, from the first arrival to the last response."""
    spans = [(call["at"], call["done"]) for call in calls if call["done"] is not None]
    if not spans:
        return 0.0
    whole = max(done for _, done in spans) - min(at for at, _ in spans)
    return sum(done - at for at, done in spans) / whole if whole else 0.0


def with_settings(contender: Contender, **settings: object) -> Contender:
    """Return a contender with other settings."""
    return dataclasses.replace(contender, settings={**contender.settings, **settings})
