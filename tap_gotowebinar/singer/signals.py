"""SIGINT, SIGTERM and SIGHUP: the run ends where nothing is half done.

A handler that prints loses what it prints when the main thread is blocked in a write. So the handler only notes the
signal; the main thread acts on it between two records, or at once while it only waits.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SIGHUP: Final = getattr(signal, "SIGHUP", None)
"""What a terminal that is closed sends; Windows does not know it."""

STOPPING: Final[tuple[int, ...]] = (signal.SIGINT, signal.SIGTERM, *([SIGHUP] if SIGHUP else ()))
"""The signals that end a run."""

FORCE_AFTER: Final = 2.0
"""Seconds after which a second signal ends the process on the spot; a terminal and Meltano may both send the first."""


class StopRequested(BaseException):
    """A signal asked for the end of the run. No error: `except Exception` shall not swallow it."""

    def __init__(self, signum: int) -> None:
        """Remember which signal it was."""
        super().__init__(signum)
        self.exit_code = 128 + signum


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Let the signals that end a run wait until the enclosed block is done."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover - Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class StopSignals:
    """Whether a signal has come, and whether the main thread may be interrupted right now."""

    def __init__(self) -> None:
        """No signal yet; signals are left alone until `install`."""
        self._signum = 0
        self._noted_at = 0.0
        self._waiting = False

    def install(self) -> None:
        """Take over the signals that end a run."""
        for signum in STOPPING:
            # Who starts a run with `nohup` wants it to go on.
            if signum != SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:
                signal.signal(signum, self._note)

    def check(self) -> None:
        """End the run here if a signal has come.

        Raises:
            StopRequested: a signal has come.
        """
        if self._signum:
            raise StopRequested(self._signum)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal end the enclosed wait at once: for sleeping and for the network, not for output or state."""
        self._waiting = True
        try:
            self.check()
            yield
        finally:
            self._waiting = False

    def _note(self, signum: int, _frame: FrameType | None) -> None:
        if self._signum and time.monotonic() - self._noted_at > FORCE_AFTER:
            os._exit(128 + signum)  # pragma: no cover - nothing is measured after that; a test sees it from outside
        if not self._signum:
            self._signum, self._noted_at = signum, time.monotonic()
        if self._waiting:
            self._waiting = False
            raise StopRequested(self._signum)
