"""The shared rate budget: its rules under a clock of our own, and what a strict server sees of many processes."""

import contextlib
import datetime as dt
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.postgres import Postgres
from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api import shared_rate_limiter
from tap_gotowebinar.api.errors import SharedBudgetError
from tap_gotowebinar.api.rate_limiter import CLOCK_MARGIN
from tap_gotowebinar.api.shared_rate_limiter import OPEN, SharedRateLimiter, Turn
from tap_gotowebinar.settings.connection import ConnectionSettings, connection_problems
from tests.api.shared_budget import Task, results, start
from tests.api.test_rate_limiter import most_in_any_window
from tests.canned_server import ME, SECRETS, api_calls, in_threads, talk
from tests.forkserver import Launcher, run_command
from tests.runs import EXECUTABLE, run_process
from tests.target import registering

WINDOW = 60.0
NAMES = count()


# Its rules -----------------------------------------------------------------------------------------------------------


@dataclass
class World:
    """Several processes with one budget, and a clock in the database that only we move."""

    connection: psycopg.Connection[Any]
    limiters: list[SharedRateLimiter]
    now: float = 0.0
    waiting: dict[int, tuple[int, float]] = field(default_factory=dict)
    in_flight: dict[int, tuple[int, float]] = field(default_factory=dict)
    arrivals: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    paused_until: float = 0.0

    def pass_time(self, seconds: float) -> None:
        """Move the clock, but let everybody send whose turn comes meanwhile."""
        until = self.now + seconds
        while self.waiting and (due := min(self.waiting.items(), key=lambda item: item[1][1]))[1][1] <= until:
            self._set_clock(max(self.now, due[1][1]))
            self.resume(due[0])
        self._set_clock(until)

    def ask(self, process: int) -> None:
        """Let a process ask for a turn, if it has none."""
        if process not in self.waiting and process not in self.in_flight:
            turn = self.limiters[process]._take()
            if turn is not None:
                self._go_on(process, turn.slot, turn.wait)

    def resume(self, process: int) -> None:
        slot, _ = self.waiting.pop(process)
        self._go_on(process, slot, self.limiters[process]._resume(slot))

    def answer(self, process: int, share: float) -> None:
        """Let the call of a process be answered; it arrived somewhere between being sent and now."""
        if process in self.in_flight:
            slot, sent = self.in_flight.pop(process)
            self.arrivals.append(sent + share * (self.now - sent))
            self.limiters[process]._give(slot, self.limiters[process]._window)

    def die(self, process: int) -> None:
        """Let a process die; a call in flight has arrived at once."""
        self.waiting.pop(process, None)
        if process in self.in_flight:
            self.arrivals.append(self.in_flight.pop(process)[1])

    def pause(self, process: int, seconds: float) -> None:
        self.limiters[process].pause(seconds)
        self.paused_until = max(self.paused_until, self.now + seconds)

    def _go_on(self, process: int, slot: int, wait: float) -> None:
        if wait > 1e-6:
            self.waiting[process] = (slot, self.now + wait)
            return
        assert self.now >= self.paused_until - 1e-5
        self.in_flight[process] = (slot, self.now)
        self.sent.append(self.now)

    def _set_clock(self, now: float) -> None:
        self.now = now
        at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=now)
        self.connection.execute("UPDATE test_clock SET now = %s", [at])


@pytest.fixture(scope="module")
def make_world(database: Postgres) -> Iterator[Callable[..., World]]:
    with psycopg.connect(database.dsn, autocommit=True) as connection, contextlib.ExitStack() as stack:
        connection.execute("CREATE TABLE test_clock AS SELECT timestamptz '2026-01-01Z' AS now")
        first = SharedRateLimiter(database.dsn, "first", 1, 1, longest_call=1.0)
        first.pause(0)
        stack.callback(first.close)

        def make(processes: int, per_window: int, per_second: float, longest_call: float) -> World:
            limiter = SharedRateLimiter(
                *(database.dsn, f"world-{next(NAMES)}", per_window, per_second),
                longest_call=longest_call,
                now="(SELECT now FROM test_clock)",
            )
            # What is another process in life has no pool of its own here: a database has a hundred connections.
            limiter._pool = first._pool
            connection.execute(OPEN, limiter._values)
            world = World(connection, [limiter] * processes)
            world._set_clock(0.0)
            return world

        yield make


PROCESSES = 4
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, PROCESSES - 1)),
        st.tuples(st.just("answer"), st.integers(0, PROCESSES - 1), st.floats(0, 1)),
        st.tuples(st.just("pass_time"), st.one_of(st.floats(0, 2), st.floats(0, 70))),
        st.tuples(st.just("die"), st.integers(0, PROCESSES - 1)),
        st.tuples(st.just("pause"), st.integers(0, PROCESSES - 1), st.floats(0.1, 90)),
    ),
    max_size=60,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(per_window=st.integers(1, 5), per_second=st.sampled_from([0.5, 8, 1e6]), steps=STEPS)
def test_whatever_the_order_no_window_holds_more_calls_than_allowed_and_nobody_sends_in_a_pause(
    make_world: Callable[..., World], per_window: int, per_second: float, steps: list[tuple[str, Any]]
) -> None:
    # A call that is not answered within 100 seconds is over: that is what the lease relies on.
    world = make_world(PROCESSES, per_window, per_second, longest_call=100.0)

    for name, *arguments in steps:
        for process, (_, sent) in [*world.in_flight.items()]:
            if world.now - sent > 100 - 70:
                world.answer(process, 1.0)
        getattr(world, name)(*arguments)

    world.arrivals += [sent for _, sent in world.in_flight.values()]
    if world.arrivals:
        assert most_in_any_window(world.arrivals, WINDOW) <= per_window
    assert all(after - before >= 1 / per_second - 1e-4 for before, after in pairwise(world.sent))


def test_turns_are_given_out_in_the_order_in_which_they_are_asked_for(make_world: Callable[..., World]) -> None:
    world = make_world(6, 2, 1e6, longest_call=100.0)
    for process in (0, 1):
        world.ask(process)
        world.answer(process, 1.0)

    turns = [world.limiters[0]._take() for _ in range(2)]

    waits = [turn.wait for turn in turns if turn]
    assert len(waits) == 2
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(WINDOW * (1 + CLOCK_MARGIN), abs=0.01)


def test_the_slot_of_who_died_is_free_when_its_lease_is_over(make_world: Callable[..., World]) -> None:
    world = make_world(2, 1, 1e6, longest_call=100.0)
    world.ask(0)
    world.die(0)
    world.pass_time(100 + WINDOW - 1)
    assert world.limiters[1]._take() is None
    world.pass_time(2)
    world.ask(1)
    assert 1 in world.in_flight


def test_what_a_run_holds_when_it_ends_is_free_long_before_its_lease_is_over(database: Postgres) -> None:
    first, second = (SharedRateLimiter(database.dsn, "ending", 1, 1e6, longest_call=1e6, window=0.2) for _ in range(2))
    assert first._take() is not None
    first.close()
    with second.slot() as waited:
        assert 0.2 < waited < 60
    second.close()


def test_a_slot_is_given_out_once_however_many_ask_at_the_same_time(database: Postgres) -> None:
    limiters = [SharedRateLimiter(database.dsn, "at once", 200, 1e9, longest_call=1e6) for _ in range(4)]
    for limiter in limiters:
        limiter.pause(0)
    turns: list[Turn | None] = []

    in_threads(8, lambda: turns.extend(limiter._take() for _ in range(4) for limiter in limiters))

    assert sorted(turn.slot for turn in turns if turn) == list(range(1, 8 * 4 * 4 + 1))
    for limiter in limiters:
        limiter.close()


# What the server sees ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_threads_of_two_limiters_never_see_a_429(make_sandbox: Callable[..., Sandbox], database: Postgres) -> None:
    sandbox = make_sandbox(rate_limit=20, rate_window=1.0, jitter=0.05)
    one, two = (SharedRateLimiter(database.dsn, "two", 20, 1e6, longest_call=10.0, window=1.0) for _ in range(2))

    with talk(sandbox, budget=one) as first, talk(sandbox, budget=two) as second:
        endings = in_threads(10, lambda: [talking.get() for _ in range(3) for talking in (first, second)])

    arrivals = [call["at"] for call in api_calls(sandbox)]
    assert endings == [None] * 10
    assert sandbox.control.state()["refused"] == 0
    assert len(arrivals) == 60
    assert most_in_any_window(arrivals, 1.0) == 20


PER_WINDOW, SCALED = 40, 6.0
"""Calls in a window of seconds: about as many a second as one process can send on a busy machine."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_eight_processes_with_eight_clocks_use_the_whole_budget_and_never_see_a_429(
    make_sandbox: Callable[..., Sandbox], database: Postgres
) -> None:
    sandbox = make_sandbox(rate_limit=PER_WINDOW, rate_window=SCALED)

    done = run_eight(sandbox, database, windows=5, clock_shift=1000.0)

    assert sandbox.control.state()["refused"] == 0
    assert used(sandbox, windows=5) >= 0.97
    # Nobody starves.
    assert max(map(max, done)) < 2 * SCALED
    assert min(map(len, done)) > 0.5 * max(map(len, done))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_processes_that_are_killed_cost_their_slots_until_the_lease_is_over(
    make_sandbox: Callable[..., Sandbox], database: Postgres
) -> None:
    sandbox = make_sandbox(rate_limit=PER_WINDOW, rate_window=SCALED, jitter=0.2)

    done = run_eight(sandbox, database, windows=6, killed=2)

    assert len(done) == 6
    assert sandbox.control.state()["refused"] == 0
    arrivals = sorted(call["at"] for call in api_calls(sandbox))
    last = [at for at in arrivals if arrivals[0] + 4 * SCALED <= at < arrivals[0] + 6 * SCALED]
    assert len(last) >= 0.9 * 2 * PER_WINDOW


def run_eight(
    sandbox: Sandbox, database: Postgres, *, windows: float, clock_shift: float = 0.0, killed: int = 0
) -> list[list[float]]:
    tasks = [
        Task(
            settings=sandbox.settings,
            database=database.dsn,
            name=f"eight-{sandbox.url}",
            per_window=PER_WINDOW,
            per_second=20,
            window=SCALED,
            seconds=SCALED * (windows + 0.6),
            clock_shift=number * clock_shift,
        )
        for number in range(8)
    ]
    processes = [start(task) for task in tasks]
    while killed and len(api_calls(sandbox)) < PER_WINDOW:
        time.sleep(0.05)
    for process in processes[:killed]:
        process.kill()
    return results(processes)


def used(sandbox: Sandbox, *, windows: int) -> float:
    arrivals: list[float] = sorted(call["at"] for call in api_calls(sandbox))
    return sum(at < arrivals[0] + windows * SCALED for at in arrivals) / (windows * PER_WINDOW)


def test_a_429_pauses_everybody(make_sandbox: Callable[..., Sandbox], database: Postgres) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="status", status=429, path=ME, retry_after=2, times=1),))
    one, two = (SharedRateLimiter(database.dsn, "pause", 99, 1e6, longest_call=10.0) for _ in range(2))
    with talk(sandbox, budget=one) as first, talk(sandbox, budget=two) as second:
        first_done = threading.Thread(target=first.get)
        first_done.start()
        while not api_calls(sandbox):
            time.sleep(0.01)
        while not database.query("SELECT FROM gotowebinar_rate_gate WHERE paused_until > clock_timestamp()"):
            time.sleep(0.01)
        second.get()
        first_done.join()

    refused, *after = sorted(call["at"] for call in api_calls(sandbox))
    assert len(after) == 2
    assert after[0] - refused >= 2


# As a setting --------------------------------------------------------------------------------------------------------


def budget_of(program: str, **changes: object) -> str:
    config = {**SECRETS, "rate_budget_url": "postgresql://example.com/rates", **changes}
    limiter = ConnectionSettings.from_config(config, program)._rate_limiter(WINDOW)
    assert isinstance(limiter, SharedRateLimiter)
    return str(limiter._values["budget"])


def test_tap_and_target_of_one_client_share_a_budget_without_another_setting() -> None:
    assert budget_of("tap-gotowebinar") == budget_of("target-gotowebinar")
    assert budget_of("tap-gotowebinar") == budget_of("tap-gotowebinar", refresh_token="another")
    assert budget_of("tap-gotowebinar") != budget_of("tap-gotowebinar", client_id="another")
    assert SECRETS["client_id"] not in budget_of("tap-gotowebinar")


def test_without_its_library_the_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)
    advice = "install tap-gotowebinar with the extra shared (docs/install.md)"
    assert list(connection_problems({**SECRETS, "rate_budget_url": UNREACHABLE})) == [
        f"rate_budget_url needs a library that is not installed: {advice}"
    ]
    assert list(connection_problems(SECRETS)) == []


def test_a_run_with_a_shared_budget_reads_everything(
    sandbox: Sandbox, settings: dict[str, Any], database: Postgres, tmp_path: Path
) -> None:
    url = f"postgresql://{database.user}:{database.password}@{database.host}:{database.port}/{database.name}"
    shared = {**settings, "requests_per_minute": 5000, "rate_budget_url": url}

    done = run_command(shared, tmp_path)

    assert done.exit_code == 0, done.stderr
    assert len(done.records("registrants")) == len(sandbox.control.expected_records()["registrants"])
    held = database.query("SELECT count(*) FROM gotowebinar_rate_slot WHERE is_held AND budget NOT LIKE 'world%%'")
    assert held == [(0,)]
    assert database.password not in done.stderr + done.stdout


UNREACHABLE = "postgresql://someone:made-up-password@127.0.0.1:1/rates"


def test_a_database_that_cannot_be_reached_ends_the_tap_with_one_line(
    sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path
) -> None:
    done = run_command({**settings, "rate_budget_url": UNREACHABLE}, tmp_path)

    assert done.exit_code == 1
    assert done.errors == [
        "the database of rate_budget_url cannot be used (OperationalError): check it, and rate_budget_url"
    ]
    assert api_calls(sandbox) == []
    assert "made-up-password" not in done.stderr


def test_a_database_that_cannot_be_reached_ends_the_target_with_one_line(
    sandbox: Sandbox, settings: dict[str, Any], launcher: Launcher
) -> None:
    people = registering.lines([registering.schema(), registering.record(registering.ADA), registering.state(1)])
    target = {**settings, "rate_budget_url": UNREACHABLE, "webinar_key": sandbox.control.add_webinar()}
    done = launcher.launch(target, program="target", given=people.encode()).finish()

    assert done.exit_code == 1
    assert len([line for line in done.errors if "rate_budget_url cannot be used" in line]) == 1
    assert "made-up-password" not in done.stderr
    assert not any(call["method"] == "POST" for call in api_calls(sandbox))


@pytest.mark.slow
def test_a_database_that_goes_away_is_an_error_and_no_reason_to_go_on_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_rate_limiter, "CONNECT_SECONDS", 2)
    with Postgres() as database:
        limiter = SharedRateLimiter(database.dsn, "gone", 5, 1e6, longest_call=10.0)
        with limiter.slot():
            pass
        database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        with limiter.slot():
            pass
    with pytest.raises(SharedBudgetError), limiter.slot():
        pass
    limiter.close()


@pytest.mark.process
def test_nothing_of_it_is_imported_when_it_is_not_set(settings: dict[str, Any], tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings), encoding="utf-8")
    done = run_process([EXECUTABLE, "--config", str(config)], env={"PYTHONPROFILEIMPORTTIME": "1"})

    assert done.exit_code == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "tap_gotowebinar.api.rate_limiter" in imported
    assert [name for name in imported if "psycopg" in name or "shared_rate_limiter" in name] == []


def test_a_run_that_waits_for_its_turn_is_stopped_at_once(
    settings: dict[str, Any], database: Postgres, launcher: Launcher
) -> None:
    url = f"postgresql://{database.user}:{database.password}@{database.host}:{database.port}/{database.name}"
    # The table is there before the run.
    with contextlib.closing(SharedRateLimiter(url, "nobody's", 1, 1.0, longest_call=1.0)) as limiter, limiter.slot():
        pass

    def is_waiting() -> bool:
        return bool(database.query("SELECT FROM gotowebinar_rate_gate WHERE opens_at > clock_timestamp() + '20 s'"))

    launched = launcher.launch({**settings, "requests_per_minute": 3, "rate_budget_url": url})
    assert launched.wait_for(is_waiting)
    launched.send(signal.SIGTERM)

    assert launched.finish(30).exit_code == 143
