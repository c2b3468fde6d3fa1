"""A signal ends the run where nothing is half done; each test stops a process of its own."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.singer.signals import StopRequested, StopSignals
from tests.forkserver import Launcher
from tests.runs import FAST, Run

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]

BEGIN = """
import contextlib, sys, time
from tap_gotowebinar.singer import signals as stopping

signals = stopping.StopSignals()
signals.install()

def say(word):
    print(word, flush=True)

def work_until(is_over):
    end = time.monotonic() + 30
    while time.monotonic() < end and not is_over():
        pass
"""


@pytest.fixture(scope="module", autouse=True)
def _heeded() -> Iterator[None]:
    """Let the processes of these tests heed every signal, although the tests may have been started with `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def started(program: str) -> subprocess.Popen[str]:
    """Start a program and wait until it says that it is ready."""
    process = subprocess.Popen([sys.executable, "-c", BEGIN + program], stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def said(process: subprocess.Popen[str]) -> list[str]:
    with process:
        output, _ = process.communicate(timeout=30)
    return output.split()


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_ends_a_wait_at_once(signum: int) -> None:
    process = started("""
try:
    with signals.waiting():
        say("ready")
        time.sleep(60)
except stopping.StopRequested as stopped:
    say("stopped")
    sys.exit(stopped.exit_code)
""")
    sent_at = time.monotonic()
    process.send_signal(signum)

    assert said(process) == ["stopped"]
    assert process.returncode == 128 + signum
    assert time.monotonic() - sent_at < 30


def test_who_does_not_want_to_be_told_that_the_terminal_is_gone_is_not() -> None:
    ignoring = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    program = [sys.executable, "-c", ignoring + BEGIN + "say(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"]
    assert subprocess.run(program, capture_output=True, check=True, timeout=60).stdout == b"True\n"


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_between_waits_is_left_to_the_next_check(signum: int) -> None:
    process = started("""
say("ready")
work_until(lambda: signals._signum)
say("work-done")
try:
    signals.check()
except stopping.StopRequested as stopped:
    sys.exit(stopped.exit_code)
""")
    process.send_signal(signum)

    assert said(process) == ["work-done"]
    assert process.returncode == 128 + signum


def test_no_wait_begins_after_a_signal() -> None:
    process = started("""
say("ready")
work_until(lambda: signals._signum)
try:
    with signals.waiting():
        say("waiting")
except stopping.StopRequested as stopped:
    sys.exit(stopped.exit_code)
""")
    process.send_signal(signal.SIGTERM)

    assert said(process) == []
    assert process.returncode == 128 + signal.SIGTERM


def test_a_signal_after_a_wait_does_not_interrupt_what_follows() -> None:
    process = started("""
with signals.waiting():
    pass
say("ready")
work_until(lambda: signals._signum)
say("work-done")
""")
    process.send_signal(signal.SIGTERM)

    assert said(process) == ["work-done"]
    assert process.returncode == 0


def test_the_same_signal_sent_twice_at_once_counts_once() -> None:
    process = started("""
import signal
seen = []
note = signals._handle
signal.signal(signal.SIGINT, lambda *args: (seen.append(1), note(*args)))
say("ready")
work_until(lambda: signals._signum)
say("first")
work_until(lambda: seen)
say("work-done")
""")
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    process.send_signal(signal.SIGINT)

    assert said(process) == ["work-done"]
    assert process.returncode == 0


def test_who_insists_ends_the_process_on_the_spot() -> None:
    process = started("""
stopping.FORCE_AFTER = 0.01
say("ready")
work_until(lambda: signals._signum)
time.sleep(0.02)
say("first")
work_until(lambda: False)
say("work-done")
""")
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    process.send_signal(signal.SIGINT)

    assert said(process) == []
    assert process.returncode == 128 + signal.SIGINT


def test_handlers_of_errors_do_not_swallow_a_stop() -> None:
    assert not issubclass(StopRequested, Exception)
    assert StopRequested(signal.SIGTERM).exit_code == 143


def test_without_a_signal_nothing_is_stopped() -> None:
    signals = StopSignals()

    with signals.waiting():
        pass
    signals.check()


# The whole tap -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_run_stopped_while_it_waits_for_an_answer_says_what_it_wrote(
    launcher: Launcher, make_sandbox: Callable[..., Sandbox], signum: int
) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="slow", path=r"/registrants/\d+$", skip=5, seconds=60),))
    done = stopped(launcher, sandbox, signum)

    assert done.exit_code == 128 + signum
    assert len(done.records("registrant_details")) == 5
    assert done.messages[-1]["type"] == "STATE"
    assert sandbox.control.state()["peak"] == 1


@pytest.mark.parametrize("waiting", [{"status": 429, "retry_after": 250}, {}], ids=["for the budget", "between tries"])
def test_a_run_stopped_while_it_pauses_ends_at_once(
    launcher: Launcher, make_sandbox: Callable[..., Sandbox], waiting: dict[str, Any]
) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="status", path=r"/registrants/\d+$", skip=5, **waiting),))
    done = stopped(launcher, sandbox, signal.SIGTERM)

    assert done.exit_code == 143
    assert done.messages[-1]["type"] == "STATE"


def stopped(launcher: Launcher, sandbox: Sandbox, signum: int) -> Run:
    """Start the tap, and stop it when the sandbox has struck one of its calls."""
    launched = launcher.launch({**sandbox.settings, **FAST, "max_concurrency": 1})
    assert launched.wait_for(lambda: any(call["fault"] for call in sandbox.control.calls()))
    launched.send(signum)
    return launched.finish(20)
