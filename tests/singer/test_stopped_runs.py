"""A run that is told to stop, or that nobody reads any more, ends at once and in good order."""

import io
import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typing_extensions import Buffer

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.singer.signals import FORCE_AFTER
from tap_gotowebinar.singer.writer import MessageWriter
from tap_gotowebinar.tap import TapGoToWebinar
from target_gotowebinar.target import TargetGoToWebinar
from tests.forkserver import Launched, Launcher
from tests.incremental_runs import BOTH, assert_in_step
from tests.runs import EXECUTABLE, FAST, Run
from tests.tiers import slow

SIGNALS = [signal.SIGINT, signal.SIGTERM]
PROMPT = 2.0
"""Seconds in which a run has to end; most take a hundredth of it, on a machine that is not busy."""

NOW = "2026-03-01T12:00:00Z"


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return make_sandbox(webinars=8, registrants=8, now=NOW)


@pytest.fixture
def settings(sandbox: Sandbox) -> dict[str, Any]:
    return {**sandbox.settings, **FAST}


def calls(sandbox: Sandbox, path: str = "") -> int:
    return sum(path in call["path"] for call in sandbox.control.calls())


def assert_state_says_what_was_written(run: Run) -> None:
    """The last line that matters is a STATE that is neither ahead of the records before it nor behind them."""
    assert run.stdout.endswith("\n") or not run.stdout
    remembered = ("webinar_details", *BOTH, "registrant_removals")
    words = [message["type"] for message in run.messages if message.get("stream", remembered[0]) in remembered]
    words = [word for word in words if word != "SCHEMA"]
    # What comes after it changes nothing.
    assert words[-1:] in ([], ["STATE"])
    assert_in_step(run)


def stop(launched: Launched, signum: int) -> Run:
    sent_at = time.monotonic()
    launched.send(signum)
    run = launched.finish()
    assert time.monotonic() - sent_at < PROMPT
    return run


def wait_until_blocked(launched: Launched, sandbox: Sandbox) -> None:
    """Wait until the run makes no calls any more, because nobody takes what it writes."""
    assert launched.wait_for(lambda: calls(sandbox, "/registrants/") > 0)
    before = -1
    while (now := calls(sandbox)) != before:
        before = now
        time.sleep(0.5)
    assert launched.is_running


@pytest.mark.slow
@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_at_any_moment_leaves_a_last_state_that_says_what_was_written(
    signum: int, launcher: Launcher, sandbox: Sandbox, settings: dict[str, Any]
) -> None:
    rng = Random(signum)  # noqa: S311 - made-up data
    codes = []
    for _ in range(20):
        sandbox.control.reset_calls()
        number = rng.randrange(1, 80)
        launched = launcher.launch(settings, now=NOW, state_interval=rng.choice((0.0, 0.02, None)))
        launched.wait_for(lambda number=number: calls(sandbox) >= number)  # type: ignore[misc]
        launched.send(signum)
        run = launched.finish()
        codes.append(run.exit_code)
        assert_state_says_what_was_written(run)
        assert "Traceback" not in run.stderr
        assert (f"stopped by signal {signum}; the next" in run.stderr.splitlines()[-1]) is bool(run.exit_code)

    # One or the other may have been done by then.
    assert set(codes) <= {0, 128 + signum}
    assert codes.count(128 + signum) > 10


@pytest.mark.parametrize("signum", [signal.SIGINT, *slow(signal.SIGTERM)])
def test_the_last_state_arrives_when_the_reader_has_not_read_for_a_while(
    signum: int, launcher: Launcher, make_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = make_sandbox(webinars=4, registrants=100)
    launched = launcher.launch({**sandbox.settings, **FAST}, reading=False, pipe_size=65536)
    wait_until_blocked(launched, sandbox)
    launched.send(signum)
    launched.send(signum)

    assert not launched.wait_for(lambda: not launched.is_running, seconds=0.3)
    run = launched.finish()

    assert run.exit_code == 128 + signum
    assert_state_says_what_was_written(run)


@pytest.mark.slow
def test_a_second_signal_after_a_while_ends_a_run_that_is_stuck(
    launcher: Launcher, make_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = make_sandbox(webinars=4, registrants=100)
    launched = launcher.launch({**sandbox.settings, **FAST}, reading=False, pipe_size=65536)
    wait_until_blocked(launched, sandbox)
    launched.send(signal.SIGTERM)
    time.sleep(FORCE_AFTER + 0.1)
    launched.send(signal.SIGTERM)

    assert launched.wait_for(lambda: not launched.is_running, seconds=PROMPT)
    assert launched.finish().exit_code == 143


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_ends_the_wait_for_the_rate_limit(
    signum: int, launcher: Launcher, sandbox: Sandbox, settings: dict[str, Any]
) -> None:
    launched = launcher.launch({**settings, "requests_per_minute": 2})
    launched.wait_for(lambda: calls(sandbox) > 2)

    assert stop(launched, signum).exit_code == 128 + signum


WAITS: dict[str, dict[str, Any]] = {
    **{
        f"for a response of {path}": {"kind": "slow", "path": path, "seconds": 60}
        for path in ("/oauth/token", "/webinars$", "/registrants$", r"/registrants/\d+$")
    },
    "for the time of Retry-After": {"kind": "status", "path": "/webinars$", "status": 429, "retry_after": 200},
    "between two tries": {"kind": "status", "path": r"/registrants/\d+$", "skip": 5},
}


@pytest.mark.parametrize("fault", WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_any_wait(
    fault: dict[str, Any], signum: int, launcher: Launcher, sandbox: Sandbox, settings: dict[str, Any]
) -> None:
    sandbox.control.configure(faults=[fault])
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under `nohup`
    try:
        launched = launcher.launch({**settings, "max_concurrency": 1})
        launched.wait_for(lambda: any(call["fault"] for call in sandbox.control.calls()))
        run = stop(launched, signum)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert run.exit_code == 128 + signum
    assert len(run.records("registrant_details")) == fault.get("skip", 0)
    assert_state_says_what_was_written(run)


def test_a_reader_that_is_gone_ends_the_run_with_a_line(
    launcher: Launcher, make_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = make_sandbox(webinars=4, registrants=100)
    launched = launcher.launch({**sandbox.settings, **FAST}, reading=False, pipe_size=65536)
    wait_until_blocked(launched, sandbox)
    launched.hang_up()

    assert launched.wait_for(lambda: not launched.is_running, seconds=PROMPT)
    run = launched.finish()
    assert run.exit_code == 1
    assert run.errors == ["the reader of the output is gone; stopped"]
    assert "Traceback" not in run.stderr


def test_a_signal_counts_also_when_it_has_ended_the_reader_too(
    launcher: Launcher, make_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="slow", path=r"/registrants/\d+$", seconds=60),))
    launched = launcher.launch({**sandbox.settings, **FAST}, reading=False)
    launched.wait_for(lambda: any(call["fault"] for call in sandbox.control.calls()))
    launched.hang_up()
    run = stop(launched, signal.SIGINT)

    assert run.exit_code == 130
    assert run.errors == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "arguments", [["--config", "config.json"], *slow(["--discover"], ["--about", "--format=json"])]
)
def test_a_full_disk_ends_the_run_with_a_line(arguments: list[str], tmp_path: Path, settings: dict[str, Any]) -> None:
    (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [EXECUTABLE, *arguments], stdout=full, stderr=subprocess.PIPE, encoding="utf-8", cwd=tmp_path, check=False
        )

    assert done.returncode == 1
    assert Run(1, "", done.stderr).errors == ["the output cannot be written (No space left on device); stopped"]
    assert done.stderr.splitlines()[-1].endswith("stopped")
    assert "Traceback" not in done.stderr


def test_an_output_that_takes_less_than_it_is_given_gets_the_rest() -> None:
    """An unbuffered standard output does so when a signal comes while the pipe is full."""
    taken = bytearray()

    class Narrow(io.RawIOBase):
        def write(self, data: Buffer) -> int:
            taken.extend(memoryview(data)[:7])
            return min(7, len(memoryview(data)))

    writer = MessageWriter(Narrow())  # type: ignore[arg-type]
    line = writer.encode_state({"bookmarks": {}})
    writer.write_line(line)

    assert bytes(taken) == line + b"\n"


@pytest.mark.parametrize("plugin", [TapGoToWebinar, TargetGoToWebinar])
@pytest.mark.parametrize("signum", SIGNALS)
def test_a_plugin_that_is_made_leaves_signals_alone(
    plugin: type[TapGoToWebinar | TargetGoToWebinar], signum: int
) -> None:
    before = signal.getsignal(signum)
    try:
        plugin(config={}, validate_config=False)
        assert signal.getsignal(signum) is before
    finally:
        signal.signal(signum, before)


def test_a_discovery_that_is_stopped_is_not_complete() -> None:
    process = subprocess.Popen([EXECUTABLE, "--discover"], stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    with process, process.stdout:
        # It has begun to write, and cannot end.
        assert process.stdout.read(1)
        process.terminate()
        process.stdout.read()
        assert process.wait(60) != 0
