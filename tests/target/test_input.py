"""Where messages come from: standard input, a file, or a tap that is silent for a while."""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tap_gotowebinar.api.errors import GoToWebinarError
from target_gotowebinar.input import CHUNK, InputError
from target_gotowebinar.messages import MissingKeyError
from tests.target.registering import (
    ADA,
    GRACE,
    MakeHarness,
    TargetHarness,
    lines,
    person,
    record,
    schema,
    state,
)

HEAD = lines([schema(), record(ADA), state(1)])


@pytest.fixture
def standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], object]]:
    """Let standard input hold a text."""
    path = tmp_path / "input"
    path.touch()
    with path.open(encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdin", file)
        yield functools.partial(path.write_text, encoding="utf-8")


# Standard input


@pytest.mark.parametrize("ending", ["", "\n", "\n\n  \n"])
@pytest.mark.parametrize("between", ["\n", "\n\n  \n"])
def test_standard_input_is_read_to_its_end_without_blank_lines(
    harness: TargetHarness, standard_input: Callable[[str], object], between: str, ending: str
) -> None:
    standard_input(HEAD.rstrip("\n").replace("\n", between) + ending)
    done = harness.run_source(None)
    assert (done.exit_code, done.states, done.outcomes) == (0, [1], ["registered"])


def test_a_line_that_comes_in_several_pieces_is_read_whole(
    harness: TargetHarness, standard_input: Callable[[str], object]
) -> None:
    value = {"long": "x y" * CHUNK}
    standard_input(HEAD + lines([state(value), record(GRACE)]))
    done = harness.run_source(None)
    assert (done.states[-1], done.outcomes) == (value, ["registered", "registered"])


def test_a_standard_input_that_is_closed_is_told_with_what_to_do(
    harness: TargetHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(GoToWebinarError) as caught:
        harness.run_source(None)
    assert str(caught.value) == (
        "standard input is closed: send the messages of a tap to it, or name a file with --input"
    )


@pytest.mark.skipif(os.name != "posix", reason="needs /dev/zero")
@pytest.mark.parametrize("option", ["", "--input"])
def test_a_line_without_end_is_given_up(harness: TargetHarness, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    monkeypatch.setattr("target_gotowebinar.input.MAX_LINE", 1024**2)
    with Path("/dev/zero").open(encoding="utf-8") as endless:
        monkeypatch.setattr("sys.stdin", endless)
        with pytest.raises(InputError, match="a line of the input is longer than 1 MiB"):
            harness.run_source(endless if option else None)


# Any input


def test_a_file_is_taken_for_utf_8_wherever_it_is_read(harness: TargetHarness, tmp_path: Path) -> None:
    path = tmp_path / "input.jsonl"
    path.write_text(HEAD.replace("Ada", "Zoë"), encoding="utf-8")
    with path.open(encoding="ascii") as file:
        harness.run_source(file)
    assert harness.registered()[0]["firstName"] == "Zoë"


def test_messages_are_counted_by_their_kind(harness: TargetHarness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    harness.run(record({}), record({}), state(1))
    assert "4 lines of input (1 schemas, 2 records, 0 batch manifests, 1 state messages" in caplog.text


@pytest.mark.parametrize(
    ("last", "error"),
    [
        ("nonsense\n", InputError),
        (lines([{**schema(stream="others"), "key_properties": ["id"]}, record(ADA, stream="others")]), MissingKeyError),
    ],
)
def test_everybody_before_a_wrong_line_is_registered(
    make_harness: MakeHarness, last: str, error: type[InputError]
) -> None:
    harness = make_harness(latency=0.05)
    with pytest.raises(error):
        harness.run_text(lines([schema(), *(record(person(number)) for number in range(5))]) + last)
    assert len(harness.registered()) == 5
