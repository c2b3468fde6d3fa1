"""What the main thread waits for: lines of the input and jobs that are done, whichever comes first.

The input is read by a thread of its own, a bounded number of lines ahead, so that answers are recorded while the tap
is silent, and a signal is heeded at once.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.api.errors import GoToWebinarError
from target_gotowebinar.errors import InputError
from target_gotowebinar.lanes import Job

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

    from tap_gotowebinar.singer.signals import StopSignals

MAX_LINES: Final = 64
"""Lines that are read ahead."""

CHUNK: Final = 64 * 1024
"""Bytes asked for in one piece."""

MAX_LINE: Final = 256 * 1024 * 1024
"""Bytes of a line: more than the largest STATE. A longer one would take memory without end."""

HEED: Final = 0.5
"""Seconds until a signal is heard at the latest."""

Line = str | bytes


class Inbox:
    """Lines and jobs in the order in which they came."""

    def __init__(self, stop_signals: StopSignals) -> None:
        """Read nothing yet.

        Args:
            stop_signals: Lets a signal end a wait.
        """
        self._stop_signals = stop_signals
        self._arrived: queue.SimpleQueue[Line | Job | BaseException | None] = queue.SimpleQueue()
        self._lines: deque[Line | BaseException | None] = deque()
        self._room = threading.Semaphore(MAX_LINES)

    def read(self, source: IO[str] | None) -> None:
        """Begin to read lines, from standard input if there is no other source."""
        lines = _lines_of_standard_input() if source is None else _lines_of(getattr(source, "buffer", source))
        threading.Thread(target=self._read, args=(lines,), daemon=True, name="input").start()

    def job_done(self, job: Job) -> None:
        """Note that a job is done; from any thread."""
        self._arrived.put(job)

    @property
    def has_line(self) -> bool:
        """Whether a line is there, and nothing else that has to be looked at first."""
        return bool(self._lines) and self._arrived.empty()

    def line(self) -> Line | None:
        """Return the next line, which must be there; None at the end.

        Raises:
            Exception: the input cannot be read.
        """
        line = self._lines.popleft()
        self._room.release()
        if isinstance(line, BaseException):
            raise line
        return line

    def wait(self, seconds: float | None = None) -> Job | None:
        """Wait for something to come; return it if it is a job that is done.

        Args:
            seconds: How long to wait, whatever signal comes; None: until something comes or a signal.

        Raises:
            StopRequested: a signal has come.
            queue.Empty: nothing came.
        """
        item = self._next() if seconds is None else self._arrived.get(timeout=seconds)
        if isinstance(item, Job):
            return item
        self._lines.append(item)
        return None

    def _next(self) -> Line | Job | BaseException | None:
        with self._stop_signals.waiting():
            while True:
                with contextlib.suppress(queue.Empty):
                    # In pieces: a signal that comes just before a wait begins is not heard until it ends.
                    return self._arrived.get(timeout=HEED)

    def _read(self, lines: Iterable[Line]) -> None:
        end: BaseException | None = None
        try:
            for line in lines:
                self._put(line)
        except Exception as error:  # noqa: BLE001 - whatever it is, the main thread waits for it
            end = error
        self._put(end)

    def _put(self, item: Line | BaseException | None) -> None:
        self._room.acquire()
        self._arrived.put(item)


def _lines_of(source: IO[Any]) -> Iterator[Line]:
    while line := source.readline(MAX_LINE + 1):
        _check_length(line)
        yield line


def _lines_of_standard_input() -> Iterator[bytes]:
    """Yield lines without a lock of Python's: one that a thread holds at the end of the process would crash it."""
    if sys.stdin is None:
        msg = "standard input is closed: send the messages of a tap to it, or name a file with --input"
        raise GoToWebinarError(msg)
    descriptor, rest = sys.stdin.fileno(), bytearray()
    while chunk := os.read(descriptor, CHUNK):
        first, *others = chunk.split(b"\n")
        rest += first  # In place: a long line is not copied with every chunk.
        for other in others:
            yield bytes(rest) + b"\n"
            rest = bytearray(other)
        _check_length(rest)
    if rest:
        yield bytes(rest)


def _check_length(line: Line | bytearray) -> None:
    """Let no line take memory without end.

    Raises:
        InputError: it is too long.
    """
    if len(line) > MAX_LINE:
        msg = f"a line of the input is longer than {MAX_LINE // 1024**2} MiB; nothing from there on was registered"
        raise InputError(msg)
