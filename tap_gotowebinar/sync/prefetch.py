"""Calls made ahead of the output: one ordered, bounded sequence of steps.

The main thread runs the streams' generators ahead, threads make the calls, and the main thread takes the same steps in
the same order. The constants below bound the memory.
"""

import collections
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

from tap_gotowebinar.api.errors import CallError, NotFoundError, UnreadableResponseError, internal_error
from tap_gotowebinar.records.record_list import RecordList
from tap_gotowebinar.sync.steps import Fetched, Gone, Outcome, Skipped, Step, Unit

MAX_UNTAKEN: Final = 16
"""Calls on their way and outcomes not yet taken, per call in flight."""

MAX_UNTAKEN_ROWS: Final = 4_000
"""Rows of lists on their way or not yet taken, up to which further units are opened."""

ASSUMED_ROWS: Final = 400
"""Rows that a list on its way counts for until the first list has come; then the largest so far counts."""


class _Task:
    """A step of a stream and its outcome; without a step, the end of that stream's steps."""

    def __init__(self, stream: str, step: Step | None) -> None:
        self.stream = stream
        self.step = step
        self.outcome: Outcome = Fetched()
        self.error: BaseException | None = None
        self.is_done = step is None or step.call is None
        self.is_ahead = False

    def run(self) -> None:
        """Make the call and keep its outcome, or its error, for the main thread."""
        assert self.step is not None  # noqa: S101 - tells the type checker
        assert self.step.call is not None  # noqa: S101
        try:
            self.outcome = Fetched(self.step.call())
        except NotFoundError as error:
            self.outcome = Gone(is_final=error.is_final)
        except CallError as error:
            self.outcome = Skipped(error)
        except BaseException as error:  # noqa: BLE001
            self.error = error

    def skip(self, error: CallError | None = None) -> None:
        """Set the outcome without a call."""
        self.outcome, self.is_done = Skipped(error), True

    @property
    def rows(self) -> int:
        """The rows of a list, else one."""
        value = self.outcome.value if isinstance(self.outcome, Fetched) else None
        return len(value) if isinstance(value, RecordList) else 1


class _Plan:
    """The steps of one unit that have been planned and not yet taken."""

    def __init__(self, unit: Unit[Any]) -> None:
        self.key = unit.key
        self.streams = unit.streams.keys()
        self.tasks: collections.deque[_Task] = collections.deque()
        self._streams = iter(unit.streams.items())
        self._current = next(self._streams, None)
        self._awaited: _Task | None = None
        self._path = self.key

    @property
    def is_over(self) -> bool:
        """Whether there are no more steps to plan."""
        return self._current is None

    @property
    def is_blocked(self) -> bool:
        """Whether the next step depends on a call that is on its way."""
        return self._awaited is not None and not self._awaited.is_done

    def pass_over(self, stream: str) -> None:
        """Drop what is left of the streams before this one: a test ends a stream after its first record."""
        while self.tasks and self.tasks[0].stream != stream:
            self.tasks.popleft()
        while not self.tasks and self._current is not None and self._current[0] != stream:
            self._current[1].close()
            self._current, self._awaited = next(self._streams, None), None

    def next(self) -> _Task | None:
        """Return the next task with a call; None when there is none, or none yet."""
        while self._current is not None and not self.is_blocked:
            stream, steps = self._current
            awaited, self._awaited = self._awaited, None
            if awaited is not None and awaited.error is not None:
                # It ends the run when it is taken.
                self._current = None
                return None
            try:
                task = _Task(stream, steps.send(None if awaited is None else awaited.outcome))  # type: ignore[arg-type]
            except StopIteration:
                task, self._current = _Task(stream, None), next(self._streams, None)
            except Exception as error:  # noqa: BLE001 - it ends this stream's steps for this unit, not the run
                task = _Task(stream, Step(self._path))
                task.skip(UnreadableResponseError(f"gave up on {self._path}: {internal_error(error)}"))
            self.tasks.append(task)
            if task.step is not None:
                self._path = task.step.path
                self._awaited = task if task.step.is_awaited else None
            if not task.is_done:
                return task
        return None


class Prefetcher:
    """Steps of units, taken in order, with their calls in flight.

    Args:
        workers: Most calls in flight; 0 makes each call when its step is taken.
        within_call_limit: Takes the number of calls on their way and returns whether one more is allowed; None: no
            limit. With a limit, a unit is finished before the next one is opened: else all calls go to lists and none
            to the registrants on them.
        waiting: Surrounds each wait; a signal may end it.
    """

    def __init__(
        self,
        units: Iterator[Unit[Any]],
        workers: int,
        *,
        within_call_limit: Callable[[int], bool] | None,
        waiting: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._units = units
        self._workers = workers
        self._within_call_limit = within_call_limit
        self._waiting = waiting
        self._plans: collections.deque[_Plan] = collections.deque()
        self._in_flight = threading.Semaphore(max(workers, 1))
        self._finished: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        self._busy = self._untaken = self._untaken_rows = 0
        self._lists_on_their_way = self._largest_list = 0

    def take(self, key: str, stream: str) -> Iterator[tuple[Step, Outcome]]:
        """Yield the steps of a stream for a unit, each with its outcome.

        Units and streams are taken in their order; those that are passed over are dropped.

        Raises:
            StopRequested: a signal has come.
            Exception: a call failed for a reason that is not about this call alone.
        """
        plan = self._plan_of(key)
        if stream not in plan.streams:
            return
        plan.pass_over(stream)
        while (task := self._next_task(plan)) is not None and task.step is not None:
            while not task.is_done:
                self._await_one()
            if task.is_ahead:
                self._untaken -= 1
                self._untaken_rows -= task.rows
            if task.error is not None:
                raise task.error
            yield task.step, task.outcome

    def close(self) -> None:
        """Make no more calls. The threads of calls in flight do not keep the process alive."""
        self._workers = 0
        self._units = iter(())
        self._plans.clear()

    def _plan_of(self, key: str) -> _Plan:
        while not self._plans or self._plans[0].key != key:
            if self._plans:
                self._plans.popleft()
            else:
                self._plans.append(_Plan(next(self._units)))
        return self._plans[0]

    def _next_task(self, plan: _Plan) -> _Task | None:
        """Return the next task of the unit that is taken, whose call is made even if none are made ahead."""
        self._fill()
        while not plan.tasks and not plan.is_over:
            if plan.is_blocked:
                self._await_one()
            elif (task := plan.next()) is not None:
                self._run_or_skip(task)
        return plan.tasks.popleft() if plan.tasks else None

    def _run_or_skip(self, task: _Task) -> None:
        """Make a call that was not made ahead, unless the limit forbids it."""
        if self._is_allowed():
            with self._waiting():
                task.run()
            task.is_done = True
        else:
            task.skip()

    def _is_allowed(self) -> bool:
        return self._within_call_limit is None or self._within_call_limit(self._busy)

    def _await_one(self) -> None:
        try:
            task = self._finished.get_nowait()
        except queue.Empty:
            with self._waiting():
                task = self._finished.get()
        task.is_done = True
        self._busy -= 1
        self._untaken_rows += task.rows
        if task.step is not None and task.step.is_awaited:
            self._lists_on_their_way -= 1
            self._largest_list = max(self._largest_list, task.rows)
        self._fill()

    def _fill(self) -> None:
        # Two calls per worker, so that none idles while the main thread is busy; one worker makes strictly one call
        # after the other.
        busy = 2 * self._workers if self._workers > 1 else self._workers
        while self._busy < busy and self._untaken < MAX_UNTAKEN * self._workers and self._is_allowed():
            if (task := self._next_call()) is None:
                return
            self._send(task)

    def _next_call(self) -> _Task | None:
        """Return the next call of the first unit that has one, opening units as needed and allowed."""
        for plan in self._plans:
            if (task := plan.next()) is not None:
                return task
        while self._may_open() and (unit := next(self._units, None)) is not None:
            self._plans.append(_Plan(unit))
            if (task := self._plans[-1].next()) is not None:
                return task
        return None

    def _may_open(self) -> bool:
        if self._within_call_limit is not None:
            return all(plan.is_over for plan in self._plans)
        expected = self._untaken_rows + self._lists_on_their_way * (self._largest_list or ASSUMED_ROWS)
        return 2 * self._untaken < MAX_UNTAKEN * self._workers and expected < MAX_UNTAKEN_ROWS

    def _send(self, task: _Task) -> None:
        task.is_ahead = True
        self._busy += 1
        self._untaken += 1
        self._lists_on_their_way += task.step is not None and task.step.is_awaited
        threading.Thread(target=self._make, args=(task,), daemon=True, name="prefetch").start()

    def _make(self, task: _Task) -> None:
        with self._in_flight:
            if not self._workers:
                # Closed while the call waited.
                return
            task.run()
        self._finished.put(task)
