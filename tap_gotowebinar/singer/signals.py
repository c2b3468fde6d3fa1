"""SIGINT, SIGTERM and SIGHUP end a run between two records.

A handler that prints while the main thread is blocked in a write loses its output. So the handler only stores the
signal; the main thread acts on it between two records, or at once while it waits.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a run; SIGHUP comes from a terminal that is closed."""

FORCE_AFTER: Final = 2.0
"""Seconds after which a second signal ends the process at once; a terminal and Meltano may both send the first."""

REPEAT_AFTER: Final = 0.1
"""Seconds until a signal that has not been noticed is sent again."""


class StopRequested(BaseException):
    """A signal ends the run; not an `Exception`, so that error handlers do not catch it."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.exit_code = 128 + signum


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Hold the signals that end a run until the block is done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class StopSignals:
    """Stores a received signal, and knows whether the main thread may be interrupted."""

    def __init__(self) -> None:
        """Start without a signal; `install` sets the handlers."""
        self._signum = 0
        self._received_at = 0.0
        self._waiting = False

    def install(self) -> None:
        """Handle the signals that end a run."""
        for signum in STOPPING:
            # `nohup` ignores SIGHUP on purpose.
            if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:
                signal.signal(signum, self._handle)
        received, sent = os.pipe()
        os.set_blocking(sent, False)
        signal.set_wakeup_fd(sent, warn_on_full_buffer=False)
        threading.Thread(target=self._repeat, args=(received,), daemon=True, name="signals").start()

    def _repeat(self, received: int) -> None:
        """Send each signal to the main thread again until it notices one: just before a wait it misses a signal."""
        main = threading.main_thread().ident or 0
        while signums := os.read(received, 1):
            time.sleep(REPEAT_AFTER)
            while not self._signum and signal.getsignal(signums[0]) == self._handle:
                signal.pthread_kill(main, signums[0])
                time.sleep(REPEAT_AFTER)

    def check(self) -> None:
        """Raise `StopRequested` if a signal has come."""
        if self._signum:
            raise StopRequested(self._signum)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal interrupt the block: for waits and the network, not for output or state."""
        self._waiting = True
        try:
            self.check()
            yield
        finally:
            self._waiting = False

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        if self._signum and time.monotonic() - self._received_at > FORCE_AFTER:
            os._exit(128 + signum)  # pragma: no cover - coverage is lost; tested from outside
        if not self._signum:
            self._signum, self._received_at = signum, time.monotonic()
        if self._waiting:
            self._waiting = False
            raise StopRequested(self._signum)
