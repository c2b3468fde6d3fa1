"""Work in lanes: one piece after the other within a lane, the lanes side by side. The only module with workers.

All but the work itself happens on the main thread, which is told through a queue when a piece is done.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Job:
    """A piece of work, and what came of it."""

    def __init__(self, lane: str, work: Callable[[], Any]) -> None:
        """Wait for its turn."""
        self.lane = lane
        self._work = work
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do it. Whatever happens is kept for the main thread."""
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001
            self._error = error

    def result(self) -> Any:  # noqa: ANN401 - whatever the work returns
        """Return what it brought, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._result


class Lanes:
    """Jobs that wait, and those that are under way.

    Args:
        workers: Jobs under way at the most.
        tell: Called by a worker when a job is done.
    """

    def __init__(self, workers: int, tell: Callable[[Job], object]) -> None:
        """Start no worker before there is work."""
        self._workers = workers
        self._tell = tell
        self._waiting: dict[str, deque[Job]] = {}
        self._todo: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.jobs = 0
        """Jobs that wait or are under way."""

    def add(self, job: Job) -> None:
        """Have a job done when those before it in its lane are."""
        self.jobs += 1
        if job.lane in self._waiting:
            self._waiting[job.lane].append(job)
        else:
            self._waiting[job.lane] = deque()
            self._start(job)

    def done(self, job: Job) -> None:
        """Let the next job of a lane begin."""
        self.jobs -= 1
        waiting = self._waiting[job.lane]
        if waiting:
            self._start(waiting.popleft())
        else:
            del self._waiting[job.lane]

    def close(self) -> int:
        """Begin nothing more; return how many jobs are under way. The threads do not keep the process alive."""
        dropped = sum(map(len, self._waiting.values()))
        for waiting in self._waiting.values():
            waiting.clear()
        with contextlib.suppress(queue.Empty):
            while self._todo.get_nowait() is not None:
                dropped += 1
        for _ in self._threads:
            self._todo.put(None)
        self.jobs -= dropped
        return self.jobs

    def _start(self, job: Job) -> None:
        if len(self._threads) < min(self._workers, len(self._waiting)):
            self._threads.append(threading.Thread(target=self._work, daemon=True, name="lane"))
            self._threads[-1].start()
        self._todo.put(job)

    def _work(self) -> None:
        while (job := self._todo.get()) is not None:
            job.run()
            self._tell(job)
