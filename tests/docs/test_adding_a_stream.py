"""The tutorial followed to the letter on a copy: the stream is there, and the tests that look at it pass."""

import json
import os
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from tests.pages import DOCS, Block
from tests.runs import output_of
from tests.sources import ROOT, needs_sources

PAGE = DOCS["adding-a-stream"]
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "output")
(TESTS,) = re.findall(r"^\.venv/bin/python (-m pytest .*)$", PAGE.text, re.MULTILINE)
"""The line of the page that runs the tests."""
TAP = ["-c", "from tap_gotowebinar.tap import TapGoToWebinar; TapGoToWebinar.cli()"]

pytestmark = [needs_sources, pytest.mark.slow, pytest.mark.timeout(900)]


def do(block: Block, clone: Path) -> None:
    what, _, name = block.marker.partition(": ")
    path = clone / name
    match what:
        case "file":
            path.write_text(block.text, encoding="utf-8")
        case "append to":
            path.write_text(path.read_text(encoding="utf-8") + block.text, encoding="utf-8")
        case "change":
            lines = block.text.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if line[0] != "+")
            after = "".join(line[1:] for line in lines if line[0] != "-")
            text = path.read_text(encoding="utf-8")
            assert text.count(before) == 1, f"{name} has changed: correct the page\n{before}"
            path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tutorial") / "clone"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    for block in PAGE.blocks:
        do(block, folder)
    # An editable installation finds the schemas by another way, which leads to the original.
    (folder / "tap_gotowebinar" / "schemas").symlink_to("../schemas")
    (folder / "tests" / "fixtures" / "catalog.json").write_text(run(folder, *TAP, "--discover"), encoding="utf-8")
    for program in ("docs.data_dictionary", "transform.staging"):
        run(folder, "-m", program)
    return folder


def run(clone: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return output_of([sys.executable, *arguments], cwd=clone, env=environment | {"PYTHONPATH": str(clone)})


def test_every_step_of_the_page_is_done_by_this_test() -> None:
    done = {block.marker.partition(": ")[0] for block in PAGE.blocks if block.language != "sh"}
    assert done == {"append to", "change", "file"}


def test_the_new_stream_brings_records(clone: Path) -> None:
    sandbox = ["-m", "gotowebinar_sandbox.cli", "exec", "--webinars=3", "--"]
    lines = run(clone, *sandbox, sys.executable, *TAP, "--config=ENV").splitlines()
    printed = [json.loads(line) for line in lines]
    new = [message for message in printed if message.get("stream") == "meeting_times"]
    assert new[0]["type"] == "SCHEMA"
    assert len({(m["record"]["webinarKey"], m["record"]["startTime"]) for m in new[1:]}) == len(new) - 1 >= 3


def test_the_tests_that_the_page_runs_pass(clone: Path) -> None:
    assert " passed" in run(clone, *shlex.split(TESTS))
