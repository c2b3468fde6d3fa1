"""Work in lanes: in order within one, side by side otherwise, and never more at once than allowed."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest

from target_gotowebinar.lanes import Job, Lanes

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE: Final = 20.0
"""Seconds in which a test that waits for a thread fails; none comes near."""


class Yard:
    """Lanes, and jobs that last until they are let go."""

    def __init__(self, workers: int) -> None:
        self.done: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self.lanes = Lanes(workers, self.done.put)
        self.started: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.gates: dict[str, threading.Event] = {}

    def add(self, lane: str, name: str) -> None:
        self.gates[name] = threading.Event()

        def work() -> str:
            self.started.put(name)
            assert self.gates[name].wait(PATIENCE)
            return name

        self.lanes.add(Job(lane, work))

    def starts(self, count: int) -> list[str]:
        """The jobs that start next, whichever is first."""
        return sorted(self.started.get(timeout=PATIENCE) for _ in range(count))

    def finish(self, name: str) -> Any:  # noqa: ANN401 - whatever the work returns
        """Let a job end, and the next of its lane begin; return what it brought."""
        self.gates[name].set()
        job = self.done.get(timeout=PATIENCE)
        self.lanes.done(job)
        return job.result()

    def threads(self) -> list[threading.Thread]:
        return self.lanes._threads


@pytest.fixture
def make_yard() -> Callable[[int], Yard]:
    return Yard


def test_a_lane_does_one_job_after_the_other_beside_the_other_lanes(make_yard: Callable[[int], Yard]) -> None:
    yard = make_yard(5)
    for lane, name in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")]:
        yard.add(lane, name)
    assert yard.starts(2) == ["a1", "b1"]
    assert yard.lanes.jobs == 4
    assert yard.started.empty()
    assert yard.finish("a1") == "a1"
    assert yard.starts(1) == ["a2"]
    assert yard.finish("b1") == "b1"
    assert yard.finish("a2") == "a2"
    assert yard.starts(1) == ["a3"]
    assert yard.finish("a3") == "a3"
    assert yard.lanes.jobs == 0


def test_a_lane_that_was_empty_for_a_while_goes_on(make_yard: Callable[[int], Yard]) -> None:
    yard = make_yard(1)
    for name in ("first", "second"):
        yard.add("a", name)
        assert yard.starts(1) == [name]
        assert yard.finish(name) == name


def test_there_are_no_more_workers_than_lanes_at_work_nor_than_allowed(make_yard: Callable[[int], Yard]) -> None:
    yard = make_yard(2)
    assert yard.threads() == []
    yard.add("a", "a1")
    yard.add("a", "a2")
    assert len(yard.threads()) == 1
    for lane in "bcd":
        yard.add(lane, lane)
    assert len(yard.threads()) == 2
    assert {(thread.name, thread.daemon) for thread in yard.threads()} == {("lane", True)}
    yard.starts(2)
    assert yard.started.empty()


def test_what_a_job_raises_is_raised_where_its_result_is_asked_for() -> None:
    def fail() -> None:
        msg = "on purpose"
        raise OSError(msg)

    job = Job("a", fail)
    job.run()
    with pytest.raises(OSError, match="on purpose"):
        job.result()


def test_at_the_end_only_what_is_under_way_goes_on(make_yard: Callable[[int], Yard]) -> None:
    yard = make_yard(2)
    for name in ("a1", "a2", "a3"):
        yard.add("a", name)
    yard.add("b", "b1")
    assert yard.starts(2) == ["a1", "b1"]
    # Both workers are busy: these two have not begun, although they are the first of their lanes.
    yard.add("c", "c1")
    yard.add("d", "d1")
    assert yard.lanes.close() == 2
    assert yard.lanes.jobs == 2
    assert yard.finish("a1") == "a1"
    assert yard.finish("b1") == "b1"
    assert yard.lanes.jobs == 0
    for thread in yard.threads():
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert yard.started.empty()
