"""What signals do that `test_stopped_runs.py` cannot see: it stops real runs."""

import datetime as dt
import io
import os
import signal
import threading
from collections.abc import Iterator

import pytest
from singer_sdk.singerlib import RecordMessage

from tap_gotowebinar.api.errors import OutputError
from tap_gotowebinar.singer.signals import StopRequested, StopSignals, signals_held
from tap_gotowebinar.singer.writer import MessageWriter
from tap_gotowebinar.sync.context import SyncContext

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def signals() -> Iterator[StopSignals]:
    """Installed signal handling; the handlers of the test run are restored, SIGHUP heeded even under `nohup`."""
    before = {signum: signal.getsignal(signum) for signum in SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signals = StopSignals()
    signals.install()
    yield signals
    signal.set_wakeup_fd(-1)
    for signum, handler in before.items():
        signal.signal(signum, handler)


def test_a_second_signal_at_once_is_ignored(signals: StopSignals) -> None:
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(StopRequested) as stopped:
        signals.check()
    assert stopped.value.exit_code == 128 + signal.SIGTERM


def test_a_signal_just_before_a_wait_ends_it(signals: StopSignals) -> None:
    noted = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(noted)
    # All that the interpreter does until the main thread runs again.
    os.write(noted, bytes([signal.SIGTERM]))
    with pytest.raises(StopRequested), signals.waiting():
        threading.Event().wait(60)


def test_a_signal_before_a_wait_counts_more_than_a_reader_that_is_gone(signals: StopSignals) -> None:
    class Gone(io.BytesIO):
        def write(self, _data: object) -> int:
            raise BrokenPipeError

    messages = MessageWriter(Gone())
    messages.write_message(RecordMessage(stream="webinars", record={}))
    run = SyncContext(dict, lambda _: pytest.fail("makes no call"), writer=messages, started_at=dt.datetime.now(dt.UTC))
    run.stop_signals = signals
    with pytest.raises(OutputError), run.waiting():
        pytest.fail("the output cannot be written")
    messages.write_message(RecordMessage(stream="webinars", record={}))
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(StopRequested), run.waiting():
        pytest.fail("the signal came before")


def test_a_run_under_nohup_ignores_sighup(signals: StopSignals) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signals.install()
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_handlers_of_errors_do_not_catch_a_stop() -> None:
    assert not issubclass(StopRequested, Exception)


@pytest.mark.usefixtures("signals")
def test_signals_can_be_held_until_a_block_is_done() -> None:
    received = []
    signal.signal(signal.SIGTERM, lambda signum, _frame: received.append(signum))
    with signals_held():
        # Only this thread holds them; those of other tests do not.
        signal.raise_signal(signal.SIGTERM)
        assert received == []
    assert received == [signal.SIGTERM]
