"""The rate budget: what the server sees of it, and its rules under a clock of our own."""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotowebinar_sandbox import Sandbox
from tap_gotowebinar.api.rate_limiter import CLOCK_MARGIN, RateLimiter
from tests.canned_server import SPEED, api_calls, in_threads, quick_budget, talk

WINDOW = 0.5


def most_in_any_window(arrivals: list[float], window: float) -> int:
    arrivals = sorted(arrivals)
    return max(sum(start <= at < start + window for at in arrivals) for start in arrivals)


# What the server sees ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("threads", "jitter"),
    [
        (1, 0.0),
        (4, 0.05),
        pytest.param(1, 0.01, marks=pytest.mark.slow),
        pytest.param(20, 0.0, marks=pytest.mark.slow),
        pytest.param(20, 0.2, marks=pytest.mark.slow),
    ],
)
def test_a_strict_server_never_answers_429_and_every_window_is_filled(
    make_sandbox: Callable[..., Sandbox], threads: int, jitter: float
) -> None:
    sandbox = make_sandbox(rate_limit=20, rate_window=WINDOW, jitter=jitter)

    with talk(sandbox, budget=RateLimiter(20, 1_000_000, window=WINDOW)) as talking:
        endings = in_threads(threads, lambda: [talking.get() for _ in range(60 // threads)])

    arrivals = [call["at"] for call in api_calls(sandbox)]
    assert endings == [None] * threads
    assert sandbox.control.state()["refused"] == 0
    assert len(arrivals) == 60
    assert most_in_any_window(arrivals, WINDOW) == 20


def test_calls_are_sent_at_even_distances(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(latency=0.05)

    with talk(sandbox, budget=RateLimiter(1_000_000, 50)) as talking:
        in_threads(5, lambda: [talking.get() for _ in range(5)])

    arrivals = [call["at"] for call in api_calls(sandbox)]
    # 25 calls have 24 distances of 20 ms between them, however late a single one arrives.
    assert arrivals[-1] - arrivals[0] >= 24 * 0.02 - 0.015


# Its rules -----------------------------------------------------------------------------------------------------------


@dataclass
class World:
    """A clock that only waiting moves, and calls that are answered while somebody waits."""

    now: float = 0.0
    in_flight: list[tuple[float, contextlib.AbstractContextManager[float]]] = field(default_factory=list)

    def wait(self, _condition: threading.Condition, delay: float | None) -> None:
        """Let time pass until the wait is over or a call is answered, whichever is first."""
        until = float("inf") if delay is None else self.now + delay
        answered_at = min((at for at, _ in self.in_flight), default=float("inf"))
        assert min(until, answered_at) < float("inf"), "nothing would ever end this wait"
        self.now = max(self.now, min(until, answered_at))
        self.answer_due()

    def answer_due(self) -> None:
        due = [call for call in self.in_flight if call[0] <= self.now]
        self.in_flight = [call for call in self.in_flight if call[0] > self.now]
        for _, slot in due:
            slot.__exit__(None, None, None)

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while self.in_flight and (at := min(at for at, _ in self.in_flight)) <= end:
            self.now = at
            self.answer_due()
        self.now = end


# An idle time before the call, how long the call takes, and at which part of that the server counts it.
CALLS = st.lists(
    st.tuples(st.floats(0, 30), st.one_of(st.floats(0, 1), st.floats(0, 90)), st.floats(0, 1)), min_size=1, max_size=60
)


@given(per_window=st.integers(1, 12), per_second=st.sampled_from([0.5, 2, 8, 1e6]), calls=CALLS)
def test_no_window_ever_holds_more_calls_than_allowed_whatever_the_network_delays(
    per_window: int, per_second: float, calls: list[tuple[float, float, float]]
) -> None:
    world = World()
    budget = RateLimiter(per_window, per_second, window=60, clock=lambda: world.now, wait=world.wait)
    sent, arrivals = [], []

    for idle, duration, share in calls:
        world.pass_time(idle)
        slot = budget.slot()
        slot.__enter__()
        sent.append(world.now)
        arrivals.append(world.now + share * duration)
        world.in_flight.append((world.now + duration, slot))
    world.pass_time(1000)

    assert most_in_any_window(arrivals, 60) <= per_window
    assert all(after - before >= 1 / per_second - 1e-6 for before, after in pairwise(sent))


@given(per_window=st.integers(1, 12), windows=st.integers(1, 4), duration=st.floats(0, 5))
def test_no_time_is_lost_that_the_limit_does_not_ask_for(per_window: int, windows: int, duration: float) -> None:
    world = World()
    budget = RateLimiter(per_window, 1e9, window=60, clock=lambda: world.now, wait=world.wait)

    for _ in range(windows * per_window + 1):
        slot = budget.slot()
        slot.__enter__()
        world.in_flight.append((world.now + duration, slot))

    # Each full window lasts as long as it is, with its margin, and one round trip.
    assert world.now == pytest.approx(windows * (60 * (1 + CLOCK_MARGIN) + duration), abs=1e-3)


def test_calls_leave_as_soon_after_one_another_as_the_rate_allows() -> None:
    world = World()
    budget = RateLimiter(100, 4, clock=lambda: world.now, wait=world.wait)

    for number in range(9):
        with budget.slot():
            assert world.now == pytest.approx(number / 4)


def test_a_thread_that_wakes_up_late_delays_no_call_but_its_own() -> None:
    world = World()

    def wait(condition: threading.Condition, delay: float | None) -> None:
        world.wait(condition, delay)
        world.now += 0.01

    budget = RateLimiter(100, 8, clock=lambda: world.now, wait=wait)

    for number in range(9):
        with budget.slot():
            assert 0 <= world.now - number / 8 < 0.011


def test_a_slot_says_how_long_it_was_waited_for() -> None:
    world = World()
    budget = RateLimiter(1, 1e9, window=60, clock=lambda: world.now, wait=world.wait)
    with budget.slot():
        pass

    with budget.slot() as waited:
        assert waited == pytest.approx(60 * (1 + CLOCK_MARGIN))


def test_a_call_that_fails_gives_its_slot_back() -> None:
    world = World()
    budget = RateLimiter(1, 1e9, window=60, clock=lambda: world.now, wait=world.wait)

    for _ in range(3):
        with contextlib.suppress(OSError), budget.slot():
            raise OSError

    assert world.now == pytest.approx(2 * 60 * (1 + CLOCK_MARGIN), abs=1e-3)


def test_nobody_sends_during_a_pause_which_a_shorter_one_does_not_end() -> None:
    world = World()
    budget = RateLimiter(100, 1e9, clock=lambda: world.now, wait=world.wait)
    budget.pause(42)
    budget.pause(1)

    with budget.slot():
        assert world.now == 42


def test_a_rate_next_to_nothing_waits_instead_of_failing() -> None:
    waits: list[float | None] = []

    class EnoughError(Exception):
        pass

    def wait(_condition: threading.Condition, delay: float | None) -> None:
        waits.append(delay)
        raise EnoughError

    budget = RateLimiter(1, 1e-300, wait=wait)
    with budget.slot():
        pass

    with pytest.raises(EnoughError), budget.slot():
        pass
    assert waits == [threading.TIMEOUT_MAX]


# Threads -------------------------------------------------------------------------------------------------------------


def wait_until_queued(budget: RateLimiter, count: int) -> None:
    while len(budget._queue) < count:
        time.sleep(0.001)


def test_who_asks_first_sends_first() -> None:
    budget = quick_budget(2, window=1)
    served = []

    def ask(number: int) -> None:
        with budget.slot():
            served.append(number)

    with budget.slot(), budget.slot():
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for number, thread in enumerate(threads, 1):
            thread.start()
            wait_until_queued(budget, number)
    for thread in threads:
        thread.join()

    assert served == list(range(8))


def test_what_threads_wait_together_is_the_time_that_the_rate_held_them_up() -> None:
    budget, clock = quick_budget(1, window=30), time.monotonic
    waits = []

    def ask() -> None:
        with budget.slot() as seconds:
            waits.append(seconds)

    began = clock()
    assert in_threads(5, ask) == [None] * 5

    # Each but the first waited a window of its own, and none of them for those before it.
    assert 0.9 * 4 * 30 <= sum(waits) <= (clock() - began) * SPEED


def test_a_pause_holds_back_who_is_already_waiting() -> None:
    budget = quick_budget(per_second=0.1)
    with budget.slot():
        pass
    waited = []

    def ask() -> None:
        with budget.slot() as seconds:
            waited.append(seconds)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until_queued(budget, 1)
    budget.pause(30)
    thread.join()

    assert waited[0] >= 29


def test_who_gives_up_waiting_lets_the_next_one_go() -> None:
    class StopError(Exception):
        pass

    def wait(condition: threading.Condition, delay: float | None) -> None:
        if threading.current_thread().name == "impatient":
            raise StopError
        condition.wait(delay)

    budget = RateLimiter(1, 1e6, window=0.01, wait=wait)
    endings = []

    def ask() -> None:
        try:
            with budget.slot():
                endings.append("sent")
        except StopError:
            endings.append("gave up")

    with budget.slot():
        impatient = threading.Thread(target=ask, name="impatient")
        impatient.start()
        impatient.join()
        patient = threading.Thread(target=ask)
        patient.start()
        wait_until_queued(budget, 1)
    patient.join()

    assert endings == ["gave up", "sent"]
