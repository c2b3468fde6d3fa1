"""What Singer targets make of this tap: `python -m benchmarks.targets` prints a table, after some minutes.

The tap reads a sandbox twice; meanwhile people register, cancel, are approved and attend. Each target gets the output
of both runs, one after the other, in an environment of its own that is made from the package index. What it has stored
is compared value by value with the tap's records, and these with the sandbox before that.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.targets.stored_rows import Comparison, last_records
from benchmarks.targets.target_list import TARGETS, Place, Target, printed
from demo.postgres import Postgres
from gotowebinar_sandbox import Control, Options, Sandbox
from gotowebinar_sandbox.cli import main as sandbox_command
from tests.comparable_rows import SOURCES, comparable, truth_of
from tests.incremental_runs import NOW, Runs
from tests.runs import Run
from tests.schema_files import STREAM_SCHEMAS

WORLD: Final = Options(seed=7, webinars=8, registrants=12, now=NOW)
CHANGES: Final = (
    "approve {waiting}",
    "cancel {leaver}",
    "register {webinar}",
    "cancel-webinar {other}",
    "attend",
    "add-webinar",
)
"""What `gotowebinar-sandbox do` lets happen between the runs."""

HOSTILE: Final = {"firstName": "Back\\slash", "jobTitle": "NULL", "questionsAndComments": "tab\t, quote\"\r\n\\n; 'x'"}
"""Somebody whose answers hold what files and databases give a meaning to."""
HEADER: Final = """\
| Target | Version | Lost rows | Changed values | A second run | Verdict |
|---|---|---:|---:|---|---|"""


@dataclass
class Outcome:
    """What became of a target.

    Attributes:
        version: Of its package.
        failure: The last error it printed, if it did not run.
        rows: What it has stored.
        has_state: Whether the last line of its output is the tap's last state.
    """

    version: str = ""
    failure: str = ""
    rows: Comparison = field(default_factory=Comparison)
    has_state: bool = False

    @property
    def cells(self) -> tuple[str, ...]:
        """Version, lost rows, changed values, what a second run does, and whether all is right."""
        if self.failure:
            return (self.version, "", "", "", "does not run" if self.version else "does not install")
        rows = self.rows
        second = "**replaces** rows" if rows.replaced else "adds rows" if rows.kept else "updates rows"
        right = "right" if self.has_state and not (rows.lost or rows.changed) else "**wrong**"
        return (self.version, f"{len(rows.lost):,}", f"{rows.changed.total():,}", second, right)

    @property
    def remarks(self) -> Iterator[str]:
        """What was wrong, in lines."""
        if self.failure:
            yield self.failure
        if self.rows.changed:
            was, now = self.rows.example
            yield f"{', '.join(self.rows.changed)}; for example {was!r} is stored as {now!r}"
        if not (self.failure or self.has_state):
            yield "the last state is not passed on"


def read_twice() -> tuple[Run, Run]:
    """Let the tap read a sandbox, change it, and let the tap read it again.

    Raises:
        RuntimeError: The tap itself failed, or its rows are not those of the sandbox.
    """
    with Sandbox(WORLD) as sandbox:
        tap = Runs(sandbox)
        webinar = sandbox.control.add_webinar(approvalType="MANUAL")
        waiting, leaver = sandbox.control.add_registrants(webinar, people=[HOSTILE, {}])
        keys = {"webinar": webinar, "waiting": waiting, "leaver": leaver, "other": sandbox.control.add_webinar()}
        first = tap.run(*STREAM_SCHEMAS)
        wrong = untrue([first], sandbox.control)
        tap.passes(hours=1, milliseconds=250)
        for change in CHANGES:
            sandbox_command(["do", "--url", sandbox.url, *change.format(**keys).split()])
        second = tap.run(*STREAM_SCHEMAS)
        wrong += untrue([first, second], sandbox.control)
    if first.exit_code or second.exit_code or wrong:
        message = f"the tap's own rows are wrong: {wrong}"
        raise RuntimeError(message)
    return first, second


def untrue(runs: Sequence[Run], control: Control) -> list[str]:
    """Return the rows of the sandbox that are not the last ones of their keys."""
    truth, last = truth_of(control), last_records(runs)
    wrong = []
    for stream, kind in SOURCES.items():
        records = [row for (its_stream, _), row in last.items() if its_stream == stream]
        wrong += [f"{stream}: {row}" for row in comparable(stream, truth[kind]) - comparable(stream, records)]
    return wrong


def try_target(target: Target, place: Place, runs: Sequence[Run]) -> Outcome:
    """Install a target, give it one run after the other, and look at what it has stored."""
    outcome = Outcome()
    try:
        outcome.version = install(place.environment, target)
        config = place.folder / "config.json"
        config.write_text(json.dumps(target.settings(place)), encoding="utf-8")
        program = [str(place.environment / "bin" / target.program), "--config", str(config)]
        for number, run in enumerate(runs, 1):
            states = printed(program, run.stdout).splitlines()
            outcome.rows.add_run(target.rows(place), runs[:number])
        outcome.has_state = bool(states) and json.loads(states[-1]) == run.states[-1]
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines()
        outcome.failure = [line for line in lines if "rror: " in line or line is lines[0]][-1]
    return outcome


def install(environment: Path, target: Target) -> str:
    """Make an environment with a target, if there is none yet, and return its version."""
    python = str(environment / "bin" / "python")
    if not environment.exists():
        venv.create(environment, with_pip=True)
    printed([python, "-m", "pip", "install", "--quiet", target.package, *target.needs])
    return printed([python, "-c", f"import importlib.metadata as m; print(m.version({target.package!r}))"]).strip()


def report(outcomes: Mapping[Target, Outcome]) -> str:
    """Return the outcomes as Markdown, and below the table what was wrong."""
    rows = [(target.name, *outcome.cells) for target, outcome in outcomes.items()]
    remarks = [f"{target.name}: {line}" for target, outcome in outcomes.items() for line in outcome.remarks]
    return "\n".join([HEADER, *(f"| {' | '.join(row)} |" for row in rows), "", *remarks])


def main() -> None:
    """Try the targets and print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--environments", type=Path, help="folder in which the targets stay installed (default: none)")
    parser.add_argument("--only", default="", help="a part of the names of the targets to try")
    chosen = parser.parse_args()
    runs, outcomes = read_twice(), {}
    with tempfile.TemporaryDirectory(prefix="targets-") as name, Postgres() as database:
        for number, target in enumerate(target for target in TARGETS if chosen.only in target.name):
            folder = Path(name) / f"target_{number}"
            folder.mkdir()
            environments = chosen.environments or Path(name) / "environments"
            place = Place(folder, database, environments / "-".join([target.package, *target.needs]))
            outcomes[target] = try_target(target, place, runs)
    sys.stdout.write(f"{len(last_records(runs))} rows of {len(STREAM_SCHEMAS)} streams\n\n{report(outcomes)}\n")


if __name__ == "__main__":
    main()
