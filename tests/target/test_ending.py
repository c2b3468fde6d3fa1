"""A run that ends early: calls in progress get their result, nobody else is sent, and the next run sends the rest."""

import io
import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gotowebinar_sandbox import Fault
from tap_gotowebinar.api.errors import GoToWebinarError
from tests.forkserver import Launcher
from tests.target.registering import (
    ADA,
    EXECUTABLE,
    GRACE,
    POST,
    LineSource,
    MakeHarness,
    Message,
    TargetHarness,
    lines,
    person,
    record,
    schema,
    state,
    wait_until,
)
from tests.tiers import slow

UNFIT: Message = schema("shoeSize")
"""What ends a run at once where `strict_fields` is set."""


def ended_early(harness: TargetHarness, people: list[Message], *, calls: int) -> LineSource:
    """Messages, and one that ends the run as soon as so many calls are under way."""

    def source() -> Iterator[str]:
        yield lines([schema(), *people])
        wait_until(lambda: len(harness.posts()) == calls)
        yield lines([UNFIT])

    return LineSource(source())


@pytest.mark.parametrize(("seconds", "is_answered"), [(0.4, True), (30, False)])
def test_calls_in_progress_get_their_result_if_it_comes_in_time_and_nobody_else_is_sent(
    make_harness: MakeHarness,
    seconds: float,
    is_answered: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    harness, output = make_harness(faults=(Fault(kind="slow", seconds=seconds, **POST),)), io.BytesIO()
    target = harness.target(output, strict_fields=True)
    people = [record(ADA), state(1), record(GRACE), state(2), record(person(1))]
    began = time.monotonic()
    with pytest.raises(GoToWebinarError, match="fields that GoTo does not take"):
        target.run(ended_early(harness, people, calls=1))
    assert time.monotonic() - began < seconds + 15
    assert [row["email"] for row in harness.rows()] == [ADA["email"]] * is_answered
    assert list(map(json.loads, output.getvalue().splitlines())) == [1] * is_answered
    assert target.report.unsent == 3 - is_answered


def test_one_bad_response_at_the_end_does_not_cost_the_results_of_others(make_harness: MakeHarness) -> None:
    harness = make_harness(latency=0.2)
    other = harness.control.add_webinar()
    good = Fault(kind="slow", seconds=0.4, method="POST", path=f"{harness.webinar}/registrants")
    bad = Fault(kind="redirect", status=302, value="/elsewhere", method="POST", path=f"{other}/registrants")
    harness.control.configure(faults=(good, bad))
    people = [record(GRACE, webinarKey=other), record(ADA)]
    with pytest.raises(GoToWebinarError):
        harness.target(strict_fields=True).run(ended_early(harness, people, calls=2))
    assert [row["email"] for row in harness.rows()] == [ADA["email"]]


def test_an_internal_error_ends_the_run_and_forwards_no_state(harness: TargetHarness) -> None:
    output = io.BytesIO()
    target = harness.target(output)
    post, mistakes = target.connection.post, iter([ZeroDivisionError()])

    def mistaken(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - those of `post`
        for mistake in mistakes:
            wait_until(lambda: len(target.registrations._pending) == 2)
            raise mistake
        return post(*arguments, **options)

    target.connection.post = mistaken  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        target.run(io.StringIO(lines([schema(), record(ADA), state(1), record(GRACE), state(2)])))
    assert [row["email"] for row in harness.rows()] == [GRACE["email"]]
    assert output.getvalue() == b""


# Processes


def numbered(count: int) -> list[Message]:
    messages = [schema()]
    for number in range(count):
        messages += [record(person(number)), state(number + 1)]
    return messages


@pytest.mark.parametrize("signum", [signal.SIGKILL, *slow(signal.SIGINT, signal.SIGTERM)])
def test_a_run_that_is_ended_is_taken_up_where_it_was(
    make_harness: MakeHarness, launcher: Launcher, signum: signal.Signals
) -> None:
    harness, messages = make_harness(latency=0.01), numbered(120)
    run = launcher.launch(harness.config(), program="target", given=None)
    assert run.inlet is not None
    run.inlet.write(lines(messages).encode())
    assert run.wait_for(lambda: len(harness.rows()) >= 20)
    sent_at = time.monotonic()
    run.send(signum)
    run.wait_for(lambda: False)
    done = run.finish()
    assert time.monotonic() - sent_at < 15  # a shared machine may be busy
    assert done.exit_code == (-signum if signum == signal.SIGKILL else 128 + signum)
    states = [json.loads(line) for line in done.stdout.splitlines()]
    rows = harness.rows()
    if signum != signal.SIGKILL:
        assert "Traceback" not in done.stderr
        # What was answered for is recorded, and the state says exactly that.
        assert states[-1] == len(rows) == len(harness.registered())
    assert states[-1] <= len(rows) <= len(harness.registered()) <= 120
    # What a tap sends that is given the last of these states.
    again = harness.run(messages[0], *messages[1 + 2 * states[-1] :])
    assert again.exit_code == 0
    assert [row["email"] for row in harness.registered()] == [person(number)["email"] for number in range(120)]
    assert {row["email"] for row in harness.rows()} == {row["email"] for row in harness.registered()}
    # The one whose answer was on its way, and the one whose row was written before its state.
    assert again.outcomes.count("already_registered") <= 2


@pytest.mark.process
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_whose_tap_is_silent(
    harness: TargetHarness, tmp_path: Path, signum: signal.Signals
) -> None:
    # The installed command itself: threads that are left behind have crashed an interpreter at its end.
    config = tmp_path / "config.json"
    config.write_text(json.dumps(harness.config()))
    command = [EXECUTABLE, "--config", str(config)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]  # all three are pipes
        process.stdin.write(lines([schema(), record(ADA), state(1)]).encode())
        process.stdin.flush()
        # The state does not wait for the next line.
        assert process.stdout.readline() == b"1\n"
        process.send_signal(signum)
        # While its standard input is still open.
        process.wait(30)
        output, log = process.communicate()
    assert (process.returncode, output) == (128 + signum, b"")
    assert log.splitlines()[-1].endswith(b"stopped by signal %d; the next run goes on from here" % signum)
    assert b"Fatal Python error" not in log


def test_two_targets_at_once_register_each_person_once(make_harness: MakeHarness, launcher: Launcher) -> None:
    harness, given = make_harness(latency=0.005), lines(numbered(60)).encode()
    runs = [launcher.launch(harness.config(), program="target", given=given) for _ in range(2)]
    assert [run.finish().exit_code for run in runs] == [0, 0]
    assert len(harness.registered()) == 60
    assert Counter(row["outcome"] for row in harness.rows()) == {"registered": 60, "already_registered": 60}


def test_a_reader_of_the_state_that_is_gone_ends_the_run(harness: TargetHarness, launcher: Launcher) -> None:
    given = lines([schema(), record(ADA), state(1)]).encode()
    run = launcher.launch(harness.config(), program="target", given=given, reading=False)
    run.hang_up()
    done = run.finish()
    assert done.exit_code == 1
    assert "the reader of the output is gone; stopped" in done.stderr
