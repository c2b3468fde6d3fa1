"""Running the target on messages, and what came of it."""

import functools
import io
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from typing_extensions import override

from gotowebinar_sandbox import Control, Sandbox
from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.singer.writer import MessageWriter
from target_gotowebinar.target import TargetGoToWebinar
from tests.canned_server import quick_client
from tests.forkserver import SHARED
from tests.runs import FAST

EXECUTABLE: Final = str(Path(sys.executable).with_name("target-gotowebinar"))

ADA: Final = {"email": "ada.berg@example.com", "firstName": "Ada", "lastName": "Berg"}
GRACE: Final = {"email": "grace.moe@example.com", "firstName": "Grace", "lastName": "Moe"}

POST: Final[dict[str, Any]] = {"method": "POST", "path": "registrants"}
"""Calls that register somebody, for a fault."""

FIELDS: Final = ("email", "firstName", "lastName", "webinarKey", "organizerKey", "city", "responses")

Message = dict[str, Any]
MakeHarness = Callable[..., "TargetHarness"]
"""Opens a harness; the arguments are options of its sandbox, and `webinar`, the fields of its webinar."""


def schema(*fields: str, stream: str = "people") -> Message:
    properties: dict[str, Any] = {name: {} for name in fields or FIELDS}
    return {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}, "key_properties": []}


def record(person: Mapping[str, Any], *, stream: str = "people", **more: object) -> Message:
    return {"type": "RECORD", "stream": stream, "record": {**person, **more}}


def state(value: object) -> Message:
    return {"type": "STATE", "value": value}


def person(number: int) -> dict[str, Any]:
    """Return one of many people."""
    return {"email": f"person.{number}@example.com", "firstName": f"P{number}", "lastName": "Person"}


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def lines(messages: Iterable[Message]) -> str:
    return "".join(json.dumps(message) + "\n" for message in messages)


@dataclass
class RunResult:
    """How a run ended, the states it passed on and its rows."""

    exit_code: int
    states: list[Any]
    rows: list[dict[str, Any]]
    stderr: str = ""

    @property
    def outcomes(self) -> list[str]:
        return [row["outcome"] for row in self.rows]

    @property
    def row(self) -> dict[str, Any]:
        """The only row."""
        (row,) = self.rows
        return row

    @property
    def error_lines(self) -> list[str]:
        """What was logged as an error, without time and logger."""
        return [line.split("|", 3)[3].strip() for line in self.stderr.splitlines() if "| ERROR " in line]


class LineSource(io.StringIO):
    """A file whose lines come one by one, when they are there."""

    def __init__(self, source: Iterable[str]) -> None:
        super().__init__()
        self._lines = iter(source)

    def read(self, _size: int | None = -1, /) -> str:
        return next(self._lines, "")


class QuickTarget(TargetGoToWebinar):
    """The target, which waits a hundredth of what it should, between tries and when GoTo asks for a pause."""

    @functools.cached_property
    @override
    def connection(self) -> ApiClient:
        return quick_client(self.settings.connection)


class TargetHarness:
    """A sandbox with a new webinar, and a folder for results."""

    def __init__(self, sandbox: Sandbox, folder: Path, **webinar: object) -> None:
        self.sandbox = sandbox
        self.control: Control = sandbox.control
        self.webinar = self.control.add_webinar(**webinar)
        self.results = folder / "results.jsonl"
        self.settings: dict[str, Any] = {**sandbox.settings, **FAST, "webinar_key": self.webinar}

    @property
    def organizer(self) -> str:
        return str(self.control.expected_records()["organizers"][0]["organizerKey"])

    def config(self, **settings: object) -> dict[str, Any]:
        return {**self.settings, "results_path": str(self.results), **settings}

    def run(self, *messages: Message, **settings: object) -> RunResult:
        """Run the target in this process, on these messages after the usual SCHEMA if there is none."""
        given = messages if messages and messages[0]["type"] == "SCHEMA" else (schema(), *messages)
        return self.run_text(lines(given), **settings)

    def run_text(self, text: str, **settings: object) -> RunResult:
        return self.run_source(io.StringIO(text), **settings)

    def run_source(self, source: IO[str] | None, **settings: object) -> RunResult:
        """Run the target on a file; None: on standard input."""
        output, before = io.BytesIO(), len(self.rows())
        code = self.target(output, **settings).run(source)
        return RunResult(code, [json.loads(line) for line in output.getvalue().splitlines()], self.rows()[before:])

    def target(self, output: io.BytesIO | None = None, **settings: object) -> TargetGoToWebinar:
        return QuickTarget(config=self.config(**settings), message_writer=MessageWriter(output or io.BytesIO()))

    def run_command(self, text: str, folder: Path, *arguments: str, **settings: object) -> RunResult:
        """Run the command line in a process of its own, which has everything imported already."""
        before = len(self.rows())
        config = folder / "config.json"
        config.write_text(json.dumps(self.config(**settings)), encoding="utf-8")
        words = ("--config", str(config), *arguments)
        given = text.encode(errors="surrogatepass")
        done = SHARED.launch(None, *words, program="target", folder=Path.cwd(), given=given).finish()
        return RunResult(
            done.exit_code, list(map(json.loads, done.stdout.splitlines())), self.rows()[before:], done.stderr
        )

    def rows(self) -> list[dict[str, Any]]:
        if not self.results.exists():
            return []
        # A line that is being written is none yet.
        return [json.loads(line) for line in self.results.read_bytes().rpartition(b"\n")[0].splitlines()]

    def registered(self, webinar: str | None = None) -> list[dict[str, Any]]:
        """Who is registered, in the order of registration."""
        rows = self.control.expected_records()["registrants"]
        return [row for row in rows if row["webinarKey"] == (webinar or self.webinar)]

    def posts(self) -> list[dict[str, Any]]:
        """The calls that register somebody."""
        return [call for call in self.control.calls() if call["method"] == "POST" and "registrants" in call["path"]]
