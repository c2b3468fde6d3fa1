"""The next calls in flight while the present answer is emitted. The only module that knows threads.

Each stream can foresee the calls it will make for a webinar. They are made by worker threads, a bounded number ahead of
the main thread, which takes the results in its own order: the records are the same, in the same order, as if it had
made each call itself. What was not foreseen it does make itself. Workers touch neither output nor state.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tap_gotowebinar.singer.signals import StopSignals

AHEAD: Final = 2
"""Calls that wait or run, per worker: enough that none idles while the main thread is busy."""

MAX_UNREAD: Final = 8
"""Calls on their way and results that wait for the main thread, per worker."""

MAX_UNREAD_TO_OPEN: Final = 4
"""The same, up to which further webinars are opened: those that are open need room for what their lists bring."""

MAX_UNREAD_ROWS: Final = 10_000
"""Rows of lists that wait or are on their way, up to which further webinars are opened."""

ASSUMED_ROWS: Final = 2_000
"""Rows that a list on its way counts for, until the first has come; then the largest so far."""


@dataclass(frozen=True)
class PlannedRequest:
    """A call that is going to be asked for.

    Attributes:
        key: What tells it from others: the path.
        work: Makes the call; returns the result or raises.
        is_pivot: Whether its result decides which calls come next. It is sent back into the generator, and remembered
            until the next pivot, because several streams ask for it.
    """

    key: str
    work: Callable[[], Any]
    is_pivot: bool = False


RequestPlan = Generator[PlannedRequest, Any, None]
"""The calls of one webinar in the order in which they are asked for; ends early when a pivot has failed."""


def chained(foresights: list[RequestPlan]) -> RequestPlan:
    """Yield the calls of one stream after those of the other."""
    for foresight in foresights:
        yield from foresight


class _Job:
    """A call on its way."""

    def __init__(self, foreseen: PlannedRequest) -> None:
        self.key = foreseen.key
        self.is_pivot = foreseen.is_pivot
        self._work = foreseen.work
        self._result: Any = None
        self._error: BaseException | None = None
        self.is_done = False

    def run(self) -> None:
        """Make the call. Whatever happens is kept for the main thread, which meets it at its own place."""
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001
            self._error = error

    @property
    def has_failed(self) -> bool:
        return self._error is not None

    @property
    def rows(self) -> int:
        """How many rows wait with it: those of a list, else one."""
        rows = self._result if isinstance(self._result, list) else getattr(self._result, "rows", ("one",))
        return len(rows)

    def result(self) -> Any:  # noqa: ANN401 - whatever the call returns
        if self._error is not None:
            raise self._error
        return self._result


class _Sight:
    """How far the calls of one webinar have been foreseen."""

    def __init__(self, calls: RequestPlan) -> None:
        self._calls = calls
        self._pivots: dict[str, _Job] = {}
        self._pivot: _Job | None = None
        self.is_over = False

    def next(self) -> _Job | None:
        """Return the next call that was not made yet; None when there is none, or none yet."""
        while not self.is_over:
            sent = None
            if self._pivot is not None:
                if not self._pivot.is_done:
                    return None
                if self._pivot.has_failed:
                    break
                sent, self._pivot = self._pivot.result(), None
            try:
                call = self._calls.send(sent)
            except StopIteration:
                break
            if not call.is_pivot:
                return _Job(call)
            self._pivot = self._pivots.get(call.key)
            if self._pivot is None:
                self._pivot = self._pivots[call.key] = _Job(call)
                return self._pivot
        self.is_over = True
        return None


class Prefetcher:
    """PlannedRequest calls in flight, and their results.

    Args:
        foresights: The calls of each webinar, in the order in which the webinars are read.
        workers: Calls in flight at the most; 0 makes each call when it is asked for.
        may_send: Told how many calls are on their way; says whether one more is allowed. None: as many as one likes.
            Where there is a limit, a webinar is finished before the next one is opened: else the limit is spent on
            lists whose people it does not suffice for.
        before_waiting: Called when nothing is to be done but to wait.
        stop_signals: Lets a signal end a wait.
    """

    def __init__(
        self,
        foresights: Iterator[RequestPlan],
        workers: int,
        *,
        may_send: Callable[[int], bool] | None,
        before_waiting: Callable[[], None],
        stop_signals: StopSignals,
    ) -> None:
        """Start nothing before the first result is asked for."""
        self._foresights = foresights
        self._workers = workers
        self._may_send = may_send
        self._before_waiting = before_waiting
        self._stop_signals = stop_signals
        self._threads: list[threading.Thread] = []
        self._todo: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._finished: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._jobs: dict[str, _Job] = {}
        self._sights: list[_Sight] = []
        self._pivot: _Job | None = None
        self._busy = 0
        self._unread_rows = 0
        self._pivots_on_their_way = 0
        self._largest_list = 0

    def has(self, call: PlannedRequest) -> bool:
        """Whether a call is on its way or has been made."""
        if self._pivot is not None and self._pivot.key == call.key:
            return True
        self._fill()
        # Others may have been sent first, while the list that it came from was still on its way.
        while call.key not in self._jobs:
            if self._busy:
                self._await_one()
            elif not self._submit_next():
                return False
        return True

    def result(self, call: PlannedRequest) -> Any:  # noqa: ANN401 - whatever the call returns
        """Return what a call brought; it is made here and now if nobody foresaw it.

        A pivot that has failed is raised to whom asks first, who counts it; those after it get None.

        Raises:
            StopRequested: a signal has come.
            Exception: what the call raised.
        """
        if self._pivot is not None and self._pivot.key == call.key:
            return None if self._pivot.has_failed else self._pivot.result()
        job = self._awaited(call.key) if self.has(call) else self._made_now(call)
        if call.is_pivot:
            self._pivot = job
        return job.result()

    def close(self) -> None:
        """Send nothing more. Calls in flight are left to themselves: the threads do not keep the process alive."""
        self._workers = 0
        with contextlib.suppress(queue.Empty):
            while True:
                self._todo.get_nowait()
        for _ in self._threads:
            self._todo.put(None)

    def _awaited(self, key: str) -> _Job:
        while not self._jobs[key].is_done:
            self._await_one()
        job = self._jobs.pop(key)
        self._unread_rows -= job.rows
        self._fill()
        return job

    def _made_now(self, call: PlannedRequest) -> _Job:
        job = _Job(call)
        self._before_waiting()
        with self._stop_signals.waiting():
            job.run()
        return job

    def _await_one(self) -> None:
        if self._finished.empty():
            self._before_waiting()
        with self._stop_signals.waiting():
            job = self._finished.get()
        job.is_done = True
        self._busy -= 1
        self._unread_rows += job.rows
        if job.is_pivot:
            self._pivots_on_their_way -= 1
            self._largest_list = max(self._largest_list, job.rows)
        self._fill()

    def _fill(self) -> None:
        # One worker is for whom wants to see one call after the other: nothing waits behind it.
        busy = AHEAD * self._workers if self._workers > 1 else self._workers
        while self._busy < busy and len(self._jobs) < MAX_UNREAD * self._workers:
            if not self._submit_next():
                return

    def _may_open(self) -> bool:
        """Whether a further webinar may be opened now."""
        if not self._jobs:
            return True
        if self._may_send is not None:
            return not self._sights
        expected = self._unread_rows + self._pivots_on_their_way * (self._largest_list or ASSUMED_ROWS)
        return len(self._jobs) < MAX_UNREAD_TO_OPEN * self._workers and expected < MAX_UNREAD_ROWS

    def _submit_next(self) -> bool:
        may_send = self._workers and (self._may_send is None or self._may_send(self._busy))
        job = self._next() if may_send else None
        if job is None:
            return False
        self._pivots_on_their_way += job.is_pivot
        self._jobs[job.key] = job
        self._busy += 1
        if len(self._threads) < self._workers:
            self._threads.append(threading.Thread(target=self._work, daemon=True, name="read-ahead"))
            self._threads[-1].start()
        self._todo.put(job)
        return True

    def _next(self) -> _Job | None:
        """Return the next call of the first webinar that has one, opening webinars as needed and allowed."""
        while True:
            for sight in self._sights:
                if job := sight.next():
                    return job
            self._sights = [sight for sight in self._sights if not sight.is_over]
            foresight = next(self._foresights, None) if self._may_open() else None
            if foresight is None:
                return None
            self._sights.append(_Sight(foresight))

    def _work(self) -> None:
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        # A function of its own: a worker that waits for the next call must not hold on to the last one's result.
        job = self._todo.get()
        if job is None:
            return False
        job.run()
        self._finished.put(job)
        return True
