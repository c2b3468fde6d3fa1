"""Calls ahead of the one that is read: faster, and nothing else about a run is different."""

import contextlib
import functools
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api.errors import AuthenticationError, ForbiddenError, NotFoundError
from tap_gotowebinar.records.record_list import RecordList
from tap_gotowebinar.settings.connection import DEFAULT_MAX_CONCURRENCY
from tap_gotowebinar.singer.signals import StopSignals
from tap_gotowebinar.streams.parents_and_children import MAX_CONSECUTIVE_FAILURES
from tap_gotowebinar.sync.prefetch import ASSUMED_ROWS, MAX_UNTAKEN, MAX_UNTAKEN_ROWS, Prefetcher
from tap_gotowebinar.sync.steps import Fetched, Gone, Outcome, Skipped, Step, Steps, Unit
from tests.forkserver import Launcher
from tests.incremental_runs import DETAILS, NOW, STREAMS, Runs, StoppedTap, emitted, keys
from tests.runs import FAST, Run, run_here
from tests.selection import selecting
from tests.tiers import slow

BOTH: Final = ("registrants", "registrant_details")
ALL: Final = ("organizers", "webinars", *STREAMS)
CHILDREN: Final = r"/webinars/\d+"
CONCURRENCIES: Final = (1, 5, DEFAULT_MAX_CONCURRENCY)
TIMEOUT: Final = 20.0
"""Seconds in which a test that waits for a thread fails; none comes near."""


@contextlib.contextmanager
def threads_ended() -> Iterator[None]:
    """Wait until the threads have ended that were started meanwhile: all of them do."""
    before = set(threading.enumerate())
    try:
        yield
    finally:
        for thread in set(threading.enumerate()) - before:
            thread.join(TIMEOUT)
            assert not thread.is_alive()


def run(sandbox: Sandbox, concurrency: int, *streams: str, state: Any = None, **settings: object) -> Run:  # noqa: ANN401
    """Run the tap with a log of calls of its own."""
    sandbox.control.reset_calls()
    whole = {**sandbox.settings, **FAST, "max_concurrency": concurrency, **settings}
    with threads_ended():
        return run_here(whole, state=state, catalog=selecting(*(streams or ALL)), tap_class=StoppedTap)


def said(done: Run) -> list[Any]:
    """All that came out in order, but for when: exit code, messages, the last STATE."""
    messages = [message for message in done.messages if message["type"] != "STATE"]
    for message in messages:
        message.pop("time_extracted", None)
    return [done.exit_code, *messages, done.states[-1:]]


def rows(done: Run) -> list[tuple[str, dict[str, Any]]]:
    """The records of what belongs to webinars, in order."""
    return [(item["stream"], item["record"]) for item in done.of_type("RECORD") if item["stream"] in STREAMS]


def paths(sandbox: Sandbox, pattern: str = "") -> list[str]:
    made = [call["path"] for call in sandbox.control.calls() if call["path"] != "/oauth/token"]
    return [path for path in made if re.search(pattern, path)]


def in_order(done: Run) -> list[str]:
    """The calls for what belongs to the webinars, in the order in which a run of all streams reads their answers."""
    needed = []
    for webinar in done.records("webinars"):
        key = webinar["webinarKey"]
        path = f"/G2W/rest/v2/organizers/{webinar['organizerKey']}/webinars/{key}"
        people = [row["registrantKey"] for row in done.records("registrants") if row["webinarKey"] == key]
        needed += [path, f"{path}/registrants", *(f"{path}/registrants/{person}" for person in people)]
    return needed


def formula(sandbox: Sandbox, streams: Iterable[str], wanted: set[str] | None = None) -> Counter[str]:
    """The calls that the data require, but for the token, which is kept between runs.

    One for the owner of the token, one for the list of webinars. For each webinar that is read: one if its
    details are, one for the list of registrants if anything of them is, one per registrant if their details are.

    Args:
        sandbox: Whose data.
        streams: What is selected.
        wanted: The keys of the webinars that are read; None: all.
    """
    truth = sandbox.control.expected_records()
    organizer = f"/G2W/rest/v2/organizers/{truth['organizers'][0]['organizerKey']}"
    calls = ["/identity/v1/Users/me", f"{organizer}/webinars"]
    for webinar in truth["webinars"]:
        key = webinar["webinarKey"]
        if wanted is None or key in wanted:
            path = f"{organizer}/webinars/{key}"
            people = [row["registrantKey"] for row in truth["registrants"] if row["webinarKey"] == key]
            calls += [path] * ("webinar_details" in streams)
            calls += [f"{path}/registrants"] * any(name.startswith("registrant") for name in streams)
            calls += [f"{path}/registrants/{person}" for person in people if "registrant_details" in streams]
    return Counter(calls)


# The same run


@pytest.fixture
def shaky(make_sandbox: Callable[..., Sandbox]) -> Callable[..., Sandbox]:
    """Start a sandbox whose answers overtake one another."""
    return lambda **options: make_sandbox(**{"webinars": 6, "registrants": 6, "now": NOW, "jitter": 0.008, **options})


@pytest.mark.parametrize(
    "streams", [("registrants",), ("webinar_details",), ALL, *slow(("registrant_details",), BOTH)], ids="+".join
)
def test_a_selection_brings_the_same_at_any_concurrency_for_exactly_the_calls_of_its_data(
    shaky: Callable[..., Sandbox], streams: tuple[str, ...]
) -> None:
    sandbox = shaky()
    needed = formula(sandbox, streams)
    outcomes = []
    for concurrency in CONCURRENCIES:
        outcomes.append(said(run(sandbox, concurrency, *streams)))
        assert Counter(paths(sandbox)) == needed

    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0][0] == 0
    assert len(outcomes[0]) > 6


def test_the_children_of_a_webinar_that_a_stream_map_filters_out_are_not_foreseen(
    shaky: Callable[..., Sandbox],
) -> None:
    sandbox = shaky()
    listed = sorted(row["webinarKey"] for row in sandbox.control.expected_records()["webinars"])
    maps = {"webinars": {"__filter__": f"webinarKey > '{listed[2]}'"}}
    outcomes = []
    for concurrency in CONCURRENCIES:
        done = run(sandbox, concurrency, stream_maps=maps)
        outcomes.append(said(done))
        assert {row["webinarKey"] for row in done.records("webinars")} == set(listed[3:])
        assert Counter(paths(sandbox)) == formula(sandbox, ALL, set(listed[3:]))

    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_later_runs_bring_the_same_at_any_concurrency(shaky: Callable[..., Sandbox]) -> None:
    sandbox = shaky()
    first = run(sandbox, 1)
    people = first.records("registrants")
    sandbox.control.add_registrants(people[0]["webinarKey"], 3)
    sandbox.control.change_registrant(people[1]["webinarKey"], people[1]["registrantKey"], lastName="Newname")
    sandbox.control.cancel_registrant(people[2]["webinarKey"], people[2]["registrantKey"])
    sandbox.control.add_registrants(people[-1]["webinarKey"], 2)
    outcomes = []
    for concurrency in CONCURRENCIES:
        done = run(sandbox, concurrency, state=first.states[-1])
        outcomes.append(said(done))
        assert len(paths(sandbox, DETAILS)) == len(done.records("registrant_details")) >= 4
        assert len(set(paths(sandbox))) == len(paths(sandbox))

    assert outcomes[0] == outcomes[1] == outcomes[2]


HICCUPS: Final = (
    Fault(kind="status", status=503, path=CHILDREN, times=1, skip=2),
    Fault(kind="reset", path=CHILDREN, times=1, skip=5),
    Fault(kind="truncate", path=CHILDREN, times=1, skip=9),
    Fault(kind="cut", path=CHILDREN, times=1, skip=14),
    Fault(kind="status", status=429, retry_after=0.5, path=CHILDREN, times=2, skip=7),
    Fault(kind="invalid_token", path=CHILDREN, times=2, skip=20),
)
"""What goes away when a call is repeated; fewer than there are tries, whichever call they strike."""


def lasting(sandbox: Sandbox) -> list[Fault]:
    """What does not go away: of the first two webinars, lists and details; of the others, some people."""
    webinars = [row["webinarKey"] for row in sandbox.control.expected_records()["webinars"]]
    person = next(row for row in sandbox.control.expected_records()["registrants"] if row["webinarKey"] == webinars[-1])
    return [
        Fault(kind="status", status=503, path=f"/{webinars[0]}/registrants$"),
        Fault(kind="status", status=403, path=f"/{webinars[1]}$"),
        Fault(kind="truncate", path=f"/{person['registrantKey']}$"),
        Fault(kind="status", status=404, path=r"/registrants/\d*[37]$"),
        Fault(kind="status", status=403, path=r"/registrants/\d*5$"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_goes_wrong_changes_neither_the_records_nor_their_order(shaky: Callable[..., Sandbox], seed: int) -> None:
    sandbox = shaky(seed=seed)
    clean = said(run(sandbox, 5))
    faults = lasting(sandbox)
    broken = []
    for concurrency in CONCURRENCIES:
        sandbox.control.configure(faults=HICCUPS)
        assert said(run(sandbox, concurrency)) == clean
        assert {call["fault"] for call in sandbox.control.calls()} >= {fault.kind for fault in HICCUPS}

        sandbox.control.configure(faults=[*faults, *HICCUPS])
        broken.append(said(run(sandbox, concurrency)))

    assert broken[0] == broken[1] == broken[2]
    assert (clean[0], broken[0][0]) == (0, 1)
    assert 6 < len(broken[0]) < len(clean)


# In flight


@pytest.mark.parametrize("concurrency", [5, *slow(1, DEFAULT_MAX_CONCURRENCY)])
def test_as_many_calls_are_in_flight_as_allowed_and_never_more(
    make_sandbox: Callable[..., Sandbox], concurrency: int
) -> None:
    sandbox = make_sandbox(webinars=6, registrants=10, latency=concurrency * 0.02, jitter=0.005, now=NOW)
    run(sandbox, concurrency)

    assert sandbox.control.state()["peak"] == concurrency


# Failures at their own place


class Account:
    """A sandbox with enough people that a window does not reach its end, and what a run reads of it."""

    concurrency: Final = 2

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.clean = run(sandbox, self.concurrency)
        self.needed = in_order(self.clean)
        counts = Counter(row["webinarKey"] for row in self.clean.records("registrants"))
        webinars = [row["webinarKey"] for row in self.clean.records("webinars")]
        self.webinar = next(key for key in webinars[2:] if counts[key] > MAX_CONSECUTIVE_FAILURES)

    def before(self, stream: str, webinar_key: str) -> int:
        """How many records come out before those of a stream of a webinar."""
        return next(
            number
            for number, (name, record) in enumerate(rows(self.clean))
            if (name, record["webinarKey"]) == (stream, webinar_key)
        )

    def beyond(self, path: str) -> int:
        """How many calls of the last run come after this one in the order."""
        made = set(paths(self.sandbox, CHILDREN))
        place = self.needed.index(path) + 1
        assert made >= set(self.needed[:place])
        return len(made - set(self.needed[:place]))


@pytest.fixture
def account(make_sandbox: Callable[..., Sandbox]) -> Account:
    return Account(make_sandbox(webinars=14, registrants=8, jitter=0.004, now=NOW))


def test_calls_given_up_in_a_row_end_the_run_at_their_own_place(account: Account) -> None:
    broken = Fault(kind="status", status=503, path=f"/{account.webinar}/registrants/")
    account.sandbox.control.configure(faults=[broken])
    done = run(account.sandbox, account.concurrency)
    expected = account.before("registrant_details", account.webinar)
    details = [path for path in account.needed if f"/{account.webinar}/registrants/" in path]

    assert done.exit_code == 1
    assert rows(done) == rows(account.clean)[:expected]
    assert done.messages[-1]["type"] == "STATE"
    assert account.beyond(details[MAX_CONSECUTIVE_FAILURES - 1]) <= MAX_UNTAKEN * account.concurrency
    assert len(set(paths(account.sandbox, CHILDREN))) < len(account.needed) / 2


@pytest.mark.parametrize("concurrency", [5, *slow(1, DEFAULT_MAX_CONCURRENCY)])
def test_revoked_credentials_end_the_run_with_what_was_read_before(account: Account, concurrency: int) -> None:
    account.sandbox.control.configure(
        faults=[
            Fault(kind="invalid_token", path=f"/{account.webinar}/registrants/"),
            Fault(kind="status", status=400, path="/oauth/token", skip=1),
        ]
    )
    done = run(account.sandbox, concurrency)
    read = len(rows(done))

    assert done.exit_code == 1
    assert rows(done) == rows(account.clean)[:read]
    assert 0 < read <= account.before("registrant_details", account.webinar)
    assert done.messages[-1]["type"] == "STATE"
    renewals = [call for call in account.sandbox.control.calls() if call["path"] == "/oauth/token"]
    assert [call["status"] for call in renewals] == [200, 400]

    account.sandbox.control.configure(faults=[])
    rest = run(account.sandbox, concurrency, state=done.states[-1])
    for stream in BOTH:
        everyone = sorted(keys(account.clean, stream))
        assert sorted([*keys(done, stream), *keys(rest, stream)]) == everyone


# Without HTTP: small pieces of work


class Work:
    """Calls that note in which order they were started.

    Attributes:
        started: Paths in the order in which the calls were started.
    """

    def __init__(self) -> None:
        self.started: list[str] = []
        self._changed = threading.Condition()

    def step(self, path: str, act: Callable[[], Any] = lambda: None, *, is_awaited: bool = False) -> Step:
        def call() -> Any:  # noqa: ANN401
            with self._changed:
                self.started.append(path)
                self._changed.notify_all()
            return act() or path

        return Step(path, call, is_awaited=is_awaited)

    def wait_for(self, condition: Callable[[], bool], seconds: float = TIMEOUT) -> bool:
        with self._changed:
            return self._changed.wait_for(condition, seconds)


def taken_in_order(*steps: Step) -> Steps:
    for step in steps:  # noqa: UP028 - what is sent in arrives here, not at the tuple
        yield step


def unit(key: str, *steps: Step) -> Unit[str]:
    """A unit that one stream reads."""
    return Unit(key, key, {"stream": taken_in_order(*steps)})


@contextlib.contextmanager
def reading(
    units: Iterable[Unit[str]], workers: int, within_call_limit: Callable[[int], bool] | None = None
) -> Iterator[Prefetcher]:
    with threads_ended():
        prefetcher = Prefetcher(
            iter(units),
            workers,
            within_call_limit=within_call_limit,
            waiting=StopSignals().waiting,
        )
        try:
            yield prefetcher
        finally:
            prefetcher.close()


def values(prefetcher: Prefetcher, *keys: str) -> list[Any]:
    """What the calls of units bring, in order; None for what brought nothing."""
    taken = (outcome for key in keys for _, outcome in prefetcher.take(key, "stream"))
    return [getattr(outcome, "value", None) for outcome in taken]


@pytest.mark.parametrize("workers", [0, 1, 2, 7])
def test_steps_are_taken_in_the_order_of_reading(workers: int) -> None:
    work = Work()
    units = [unit(key, *(work.step(f"{key}{number}") for number in range(9))) for key in "abc"]
    with reading(units, workers) as prefetcher:
        taken = values(prefetcher, *"abc")
    assert taken == [f"{key}{number}" for key in "abc" for number in range(9)]
    assert workers > 1 or work.started == taken


def test_outcomes_come_in_order_however_they_arrive() -> None:
    work, second = Work(), threading.Event()

    def first() -> str:
        assert second.wait(TIMEOUT)
        return "late"

    with reading([unit("a", work.step("1", first), work.step("2", second.set))], workers=2) as prefetcher:
        assert values(prefetcher, "a") == ["late", "2"]


@pytest.mark.parametrize("workers", [2, 7])
def test_as_many_calls_are_made_at_the_same_time_as_allowed(workers: int) -> None:
    work, together = Work(), threading.Barrier(workers)
    steps = [work.step(str(number), lambda: together.wait(TIMEOUT) * 0) for number in range(3 * workers)]
    with reading([unit("a", *steps)], workers) as prefetcher:
        assert values(prefetcher, "a") == [str(number) for number in range(3 * workers)]


def test_without_workers_each_call_is_made_when_its_step_is_taken() -> None:
    work = Work()
    with reading([unit("a", *(work.step(str(number)) for number in range(3)))], workers=0) as prefetcher:
        taking = prefetcher.take("a", "stream")
        for number in range(3):
            next(taking)
            assert len(work.started) == number + 1


def test_what_a_step_brings_decides_what_follows() -> None:
    work, taken = Work(), []

    def steps() -> Steps:
        outcome = yield work.step("list", lambda: ["5", "7"], is_awaited=True)
        taken.append(outcome)
        for key in outcome.value:  # type: ignore[union-attr]
            yield work.step(key)

    with reading([Unit("a", "a", {"stream": steps()})], workers=3) as prefetcher:
        assert values(prefetcher, "a") == [["5", "7"], "5", "7"]
    assert taken == [Fetched(["5", "7"])]


def test_a_step_that_several_streams_take_is_made_once() -> None:
    work = Work()
    whole: Unit[str] = Unit("a", "a")

    def steps(name: str) -> Steps:
        outcome = yield from whole.ask_once(work.step("list", is_awaited=True))
        assert outcome == Fetched("list")
        yield work.step(name)

    whole.streams |= {"first": steps("1"), "second": steps("2")}
    with reading([whole], workers=3) as prefetcher:
        assert [step.path for step, _ in prefetcher.take("a", "first")] == ["list", "1"]
        assert [step.path for step, _ in prefetcher.take("a", "second")] == ["2"]
        assert list(prefetcher.take("a", "third")) == []


def failing(error: BaseException) -> Callable[[], Any]:
    def act() -> None:
        raise error

    return act


REFUSED = ForbiddenError("refused")


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotFoundError("gone"), Gone(is_final=True)),
        (NotFoundError("gone", is_final=False), Gone(is_final=False)),
        (REFUSED, Skipped(REFUSED)),
    ],
    ids=repr,
)
def test_what_a_call_brings_is_a_value(workers: int, error: Exception, outcome: Outcome) -> None:
    work = Work()
    with reading([unit("a", work.step("1", failing(error)), work.step("2"))], workers) as prefetcher:
        assert [found for _, found in prefetcher.take("a", "stream")] == [outcome, Fetched("2")]


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("error", [AuthenticationError("no token"), KeyError("odd"), SystemExit(3)], ids=repr)
def test_an_error_that_is_not_about_one_call_is_raised_at_its_own_place(workers: int, error: BaseException) -> None:
    work = Work()
    taken: list[str] = []
    steps = [work.step("1"), work.step("2", failing(error), is_awaited=True), work.step("3")]
    with reading([unit("a", *steps)], workers) as prefetcher, pytest.raises(type(error)) as caught:
        taken.extend(step.path for step, _ in prefetcher.take("a", "stream"))
    assert caught.value is error
    assert taken in ([], ["1"])


@pytest.mark.parametrize("steps", [0, 1])
def test_what_fails_between_two_steps_costs_the_rest_of_that_stream_only(steps: int) -> None:
    work = Work()

    def broken() -> Steps:
        yield from [work.step("/path/of/a/list")] * steps
        raise ZeroDivisionError

    units = [
        unit("a", work.step("first")),
        Unit("b", "b", {"broken": broken(), "stream": taken_in_order(work.step("c"))}),
    ]
    with reading(units, workers=2) as prefetcher:
        assert values(prefetcher, "a") == ["first"]
        *_, (step, outcome) = prefetcher.take("b", "broken")
        assert step.path == ("/path/of/a/list" if steps else "b")
        assert isinstance(outcome, Skipped)
        assert str(outcome.error).startswith(f"gave up on {step.path}: internal error: ZeroDivisionError in ")
        assert values(prefetcher, "b") == ["c"]


@pytest.mark.parametrize("workers", [0, 3])
def test_what_is_left_of_a_stream_is_passed_over(workers: int) -> None:
    work = Work()
    streams = {name: taken_in_order(work.step(f"{name} 1"), work.step(f"{name} 2")) for name in ("a", "b", "stream")}
    with reading([Unit("a", "a", streams)], workers) as prefetcher:
        next(prefetcher.take("a", "a"))
        assert values(prefetcher, "a") == ["stream 1", "stream 2"]


# Bounds


@contextlib.contextmanager
def read_until_held(units: Sequence[Unit[str]], workers: int) -> Iterator[None]:
    """Read all units on another thread; the block has to let the held call end."""
    with reading(units, workers) as prefetcher:
        reader = threading.Thread(target=lambda: [values(prefetcher, unit.key) for unit in units])
        reader.start()
        yield
        reader.join(TIMEOUT)


class Held(Work):
    """Calls that can be held until all that may be started meanwhile were counted.

    Attributes:
        threads: How many threads had a call by then.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held = threading.Event()

    def hold(self) -> None:
        assert self._held.wait(TIMEOUT)

    def until(self, started: int) -> None:
        """Wait for so many calls to be started, and see that no more are while others are held."""
        assert self.wait_for(lambda: len(self.started) >= started)
        assert not self.wait_for(lambda: len(self.started) > started, seconds=0.05)
        self.threads = sum(thread.name == "prefetch" for thread in threading.enumerate())
        self._held.set()


@pytest.mark.parametrize("workers", [2, 5])
def test_as_many_calls_are_made_ahead_as_allowed_and_never_more(workers: int) -> None:
    work = Held()
    steps = [work.step(str(number), work.hold if number == 300 else lambda: None) for number in range(400)]
    with read_until_held([unit("a", *steps)], workers):
        work.until(300 + MAX_UNTAKEN * workers)


def test_units_are_opened_up_to_half_of_that() -> None:
    work = Held()
    units = [unit(str(number), work.step(str(number), work.hold if number == 300 else int)) for number in range(400)]
    with read_until_held(units, workers=5):
        work.until(300 + MAX_UNTAKEN * 5 // 2)


@pytest.mark.parametrize(
    ("taken", "rows", "arrive", "counted"), [(30, 250, 99, 250), (0, 400, 1, 400), (0, 500, 0, ASSUMED_ROWS)]
)
def test_lists_are_read_ahead_up_to_their_rows(taken: int, rows: int, arrive: int, counted: int) -> None:
    """A list counts for its rows; one on its way for those of the largest that came, or for what is assumed before."""
    work = Held()

    def answer(number: int) -> RecordList:
        if number == taken or number > taken + arrive:
            work.hold()
        return RecordList([{}] * rows)

    # A call that is no list is held.
    kinds = [it > taken or it % 2 == 1 for it in range(taken + 99)]
    steps = [work.step(str(it), functools.partial(answer, it), is_awaited=kind) for it, kind in enumerate(kinds)]
    with read_until_held([unit(step.path, step) for step in steps], workers=20):
        work.until(taken + 1 + MAX_UNTAKEN_ROWS // counted)


@pytest.mark.parametrize(("workers", "threads"), [(1, 1), (2, 4), (5, 10)])
def test_each_worker_has_its_next_call_and_one_alone_keeps_the_order(workers: int, threads: int) -> None:
    work = Held()
    steps = [work.step(str(number), work.hold if number >= 50 else int) for number in range(100)]
    with read_until_held([unit("a", *steps)], workers):
        work.until(50 + workers)
        assert work.threads == threads


# Limits


@pytest.mark.parametrize("workers", [0, 1, 5])
@pytest.mark.parametrize("limit", [1, 7, 20])
def test_no_more_is_sent_than_allowed_and_the_rest_is_skipped(limit: int, workers: int) -> None:
    work = Work()
    units = [unit(key, *(work.step(f"{key}{number}") for number in range(5))) for key in "abcde"]
    with reading(units, workers, within_call_limit=lambda busy: len(work.started) + busy < limit) as prefetcher:
        taken = [outcome for key in "abcde" for _, outcome in prefetcher.take(key, "stream")]
    made = [outcome for outcome in taken if isinstance(outcome, Fetched)]
    assert len(taken) == 25
    assert 1 <= len(made) == len(work.started) <= limit
    assert taken[len(made) :] == [Skipped()] * (25 - len(made))


@pytest.mark.slow
@pytest.mark.parametrize("max_calls", [19, 34])
def test_a_backfill_cut_into_pieces_reads_details_in_every_run_and_nothing_twice(
    make_sandbox: Callable[..., Sandbox], max_calls: int
) -> None:
    sandbox = make_sandbox(webinars=8, registrants=8, latency=0.05, now=NOW)
    runs = Runs(sandbox)
    people: list[str] = []
    made: list[str] = []
    for _ in range(20):
        with threads_ended():
            done = runs.run(max_calls=max_calls)
        assert done.exit_code == 0
        assert len(runs.calls("^(?!/oauth)")) <= max_calls
        details = keys(done, "registrant_details")
        people += details
        made += runs.calls(DETAILS)
        if len(people) == len(runs.people()):
            break
        assert details

    everyone = sorted(row["registrantKey"] for row in runs.people())
    assert sorted(people) == everyone
    assert sorted(path.split("/")[-1] for path in made) == everyone
    assert "registrant_details" not in emitted(runs.run())


# The end comes early


def test_sigterm_ends_a_run_whose_calls_all_hang(launcher: Launcher, make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(webinars=6, registrants=20, now=NOW)
    sandbox.control.configure(faults=[Fault(kind="slow", path=DETAILS, skip=30, seconds=60)])
    settings = {**sandbox.settings, **FAST}

    def hanging() -> int:
        return sum(call["fault"] == "slow" and call["done"] is None for call in sandbox.control.calls())

    launched = launcher.launch(settings, now=NOW)
    assert launched.wait_for(lambda: hanging() == DEFAULT_MAX_CONCURRENCY)
    launched.send(signal.SIGTERM)
    done = launched.finish()

    assert done.exit_code == 143
    assert hanging() == DEFAULT_MAX_CONCURRENCY, "no slow answer had come"
    assert done.messages[-1]["type"] == "STATE"
    assert "Traceback" not in done.stderr

    sandbox.control.configure(faults=[])
    rest = launcher.launch(settings, state=done.states[-1], now=NOW).finish()
    assert rest.exit_code == 0
    for stream in BOTH:
        everyone = sorted(row["registrantKey"] for row in sandbox.control.expected_records()["registrants"])
        assert sorted([*keys(done, stream), *keys(rest, stream)]) == everyone
    assert len(keys(done, "registrant_details")) <= 30


def test_a_closed_pipe_ends_a_run_with_no_call_but_those_in_flight(
    launcher: Launcher, make_sandbox: Callable[..., Sandbox]
) -> None:
    sandbox = make_sandbox(webinars=20, registrants=20, now=NOW)
    sandbox.control.configure(faults=[Fault(kind="slow", path=CHILDREN, seconds=60)])
    launched = launcher.launch({**sandbox.settings, **FAST}, now=NOW, reading=False)
    launched.hang_up()
    done = launched.finish()
    hung = [call for call in sandbox.control.calls() if call["fault"]]

    assert done.exit_code == 1
    assert done.errors == ["the reader of the output is gone; stopped"]
    assert len(hung) <= DEFAULT_MAX_CONCURRENCY
    assert all(call["done"] is None for call in hung), "no slow answer had come"


def test_nothing_is_sent_after_the_end_but_what_was_in_flight() -> None:
    work, held = Work(), threading.Event()
    steps = [work.step(str(number), lambda: held.wait(TIMEOUT)) for number in range(1, 30)]
    with reading([unit("a", work.step("0")), unit("b", *steps)], workers=3) as prefetcher:
        assert values(prefetcher, "a") == ["0"]
        assert work.wait_for(lambda: len(work.started) == 4)
        prefetcher.close()
        held.set()
    assert sorted(work.started) == ["0", "1", "2", "3"]
