"""Calls ahead of the one that is read: faster, and nothing else about a run is different."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import itertools
import re
import signal
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from gotowebinar_sandbox import Fault
from tap_gotowebinar.api.client import ApiClient
from tap_gotowebinar.api.errors import NotFoundError
from tap_gotowebinar.api.responses import Listing
from tap_gotowebinar.singer.signals import StopSignals
from tap_gotowebinar.streams.children import MAX_GIVEN_UP
from tap_gotowebinar.sync.prefetch import (
    AHEAD,
    ASSUMED_ROWS,
    MAX_UNREAD,
    MAX_UNREAD_ROWS,
    MAX_UNREAD_TO_OPEN,
    PlannedRequest,
    Prefetcher,
)
from tap_gotowebinar.tap import TapGoToWebinar
from tests.launcher import Launcher
from tests.runs import FAST, Run, run_command, run_here
from tests.selection import selecting
from tests.story import DETAILS, LISTS, NOW, STREAMS, WEBINARS, Story, emitted, keys
from tests.talking import AT_ONCE, quick_budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from gotowebinar_sandbox import Sandbox
    from tap_gotowebinar.sync.prefetch import RequestPlan

BOTH: Final = ("registrants", "registrant_details")
ALL: Final = ("organizers", "webinars", *STREAMS)
CHILDREN: Final = r"/webinars/\d+"
SELECTIONS: Final = [("registrants",), ("registrant_details",), BOTH, ("webinar_details",), ALL]
CONCURRENCIES: Final = (1, 5, 20)
PATIENCE: Final = 20.0
"""Seconds in which a test that waits for a thread fails; none comes near."""

SOON: Final = 0.05
"""Seconds in which something that must not happen would."""


class QuickTap(TapGoToWebinar):
    """The tap at a time of its own, for which waits between tries are short."""

    @staticmethod
    def now() -> dt.datetime:
        return dt.datetime.fromisoformat(NOW)

    @functools.cached_property
    def connection(self) -> ApiClient:
        whole = super().connection
        transport, authenticator = whole._transport, whole._authenticator
        return ApiClient(self.settings.connection.api_url, transport, authenticator, quick_budget(), waits=AT_ONCE)


@contextlib.contextmanager
def threads_ended() -> Iterator[None]:
    """Wait until the threads have ended that were started meanwhile: all of them do."""
    before = set(threading.enumerate())
    try:
        yield
    finally:
        for thread in set(threading.enumerate()) - before:
            thread.join(PATIENCE)
            assert not thread.is_alive()


def run(sandbox: Sandbox, concurrency: int, *streams: str, state: Any = None, **settings: object) -> Run:  # noqa: ANN401
    """Run the tap with a log of calls of its own."""
    sandbox.control.reset_calls()
    whole = {**sandbox.settings, **FAST, "max_concurrency": concurrency, **settings}
    with threads_ended():
        return run_here(whole, state=state, catalog=selecting(*(streams or ALL)), tap_class=QuickTap)


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
    truth = sandbox.control.truth()
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


@pytest.mark.parametrize("streams", SELECTIONS, ids="+".join)
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
    listed = sorted(row["webinarKey"] for row in sandbox.control.truth()["webinars"])
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
    webinars = [row["webinarKey"] for row in sandbox.control.truth()["webinars"]]
    person = next(row for row in sandbox.control.truth()["registrants"] if row["webinarKey"] == webinars[-1])
    return [
        Fault(kind="status", status=503, path=f"/{webinars[0]}/registrants$"),
        Fault(kind="status", status=403, path=f"/{webinars[1]}$"),
        Fault(kind="truncate", path=f"/{person['registrantKey']}$"),
        Fault(kind="status", status=404, path=r"/registrants/\d*[37]$"),
        Fault(kind="status", status=403, path=r"/registrants/\d*5$"),
    ]


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


@pytest.mark.parametrize("concurrency", [1, 5, 20])
def test_as_many_calls_are_in_flight_as_allowed_and_never_more(
    make_sandbox: Callable[..., Sandbox], concurrency: int
) -> None:
    sandbox = make_sandbox(webinars=6, registrants=10, latency=concurrency * 0.004, jitter=0.005, now=NOW)
    run(sandbox, concurrency)

    assert sandbox.control.state()["peak"] == concurrency


def test_details_of_the_next_webinar_are_in_flight_while_those_of_this_one_are(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = make_sandbox(webinars=6, registrants=6, latency=0.05, now=NOW)
    run(sandbox, 5)
    times: dict[str, list[tuple[float, float]]] = {}
    for call in sandbox.control.calls():
        if re.search(DETAILS, call["path"]):
            times.setdefault(call["path"].split("/")[-3], []).append((call["at"], call["done"]))
    spans = sorted((min(at for at, _ in span), max(done for _, done in span)) for span in times.values())

    # One after the other, none would begin before the one before it has ended.
    assert sum(following[0] < span[1] for span, following in itertools.pairwise(spans)) >= 3


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
        self.webinar = next(key for key in webinars[2:] if counts[key] > MAX_GIVEN_UP)

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
        upto = self.needed.index(path) + 1
        assert made >= set(self.needed[:upto])
        return len(made - set(self.needed[:upto]))


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
    assert account.beyond(details[MAX_GIVEN_UP - 1]) <= MAX_UNREAD * account.concurrency
    assert len(set(paths(account.sandbox, CHILDREN))) < len(account.needed) / 2


@pytest.mark.parametrize("concurrency", CONCURRENCIES)
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
    """Calls that note who was started, and how many of them have been asked for.

    Attributes:
        started: Keys in the order in which they were started.
        asked: How many have been asked for.
        most_unread: The most calls that had been started and not been asked for.
    """

    def __init__(self) -> None:
        self.started: list[str] = []
        self.asked = 0
        self.most_unread = 0
        self._changed = threading.Condition()

    def call(self, key: str, act: Callable[[], Any] = lambda: None, *, is_pivot: bool = False) -> PlannedRequest:
        def work() -> Any:  # noqa: ANN401
            with self._changed:
                self.started.append(key)
                self.most_unread = max(self.most_unread, self.unread)
                self._changed.notify_all()
            return act() or key

        return PlannedRequest(key, work, is_pivot)

    @property
    def unread(self) -> int:
        return len(self.started) - self.asked

    def read(self, ahead: Prefetcher, call: PlannedRequest) -> Any:  # noqa: ANN401
        with self._changed:
            # Before: a worker may begin the next call as soon as there is room for its result.
            self.asked += 1
            self._changed.notify_all()
        return ahead.result(call)

    def wait_for(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        with self._changed:
            return self._changed.wait_for(condition, seconds)


@contextlib.contextmanager
def reading(
    foresights: Iterable[RequestPlan], workers: int, may_send: Callable[[int], bool] | None = None
) -> Iterator[Prefetcher]:
    with threads_ended():
        ahead = Prefetcher(
            iter(foresights),
            workers,
            may_send=may_send,
            before_waiting=lambda: None,
            stop_signals=StopSignals(),
        )
        try:
            yield ahead
        finally:
            ahead.close()


def webinar(first: PlannedRequest, *others: PlannedRequest) -> RequestPlan:
    """The calls of a webinar: the first may be its list, the others are known with it."""
    yield first
    yield from others


def test_results_come_in_the_order_in_which_they_are_asked_for_not_in_which_they_arrive() -> None:
    work = Work()
    second = threading.Event()

    def first() -> str:
        assert second.wait(PATIENCE)
        return "late"

    calls = [work.call("1", first), work.call("2", second.set)]
    with reading([webinar(*calls)], workers=2) as ahead:
        assert [ahead.result(call) for call in calls] == ["late", "2"]


@pytest.mark.parametrize("workers", [2, 7])
def test_all_workers_are_at_work_at_the_same_time(workers: int) -> None:
    together = threading.Barrier(workers, timeout=PATIENCE)
    work = Work()
    calls = [work.call(str(number), lambda: (together.wait(), "met")[1]) for number in range(4 * workers)]
    with reading([webinar(*calls)], workers) as ahead:
        assert [ahead.result(call) for call in calls] == ["met"] * len(calls)


@pytest.mark.parametrize("workers", [2, 5])
def test_workers_go_on_while_nobody_looks_at_what_they_bring(workers: int) -> None:
    work = Work()
    held = threading.Event()
    calls = [work.call("first"), *(work.call(str(number), lambda: held.wait(PATIENCE)) for number in range(30))]
    with reading([webinar(*calls)], workers) as ahead:
        ahead.result(calls[0])
        held.set()
        assert work.wait_for(lambda: len(work.started) == 1 + AHEAD * workers)


def test_the_last_call_of_a_webinar_may_wait_for_the_first_detail_of_the_next_one() -> None:
    work = Work()
    begun = threading.Event()

    def last() -> str:
        assert begun.wait(PATIENCE)
        return "last"

    lists = [work.call(f"list {number}", is_pivot=True) for number in range(2)]
    details = [[work.call("a"), work.call("b", last)], [work.call("c", begun.set), work.call("d")]]
    order = [lists[0], *details[0], lists[1], *details[1]]
    with reading(
        itertools.starmap(webinar, ((roster, *people) for roster, people in zip(lists, details, strict=True))),
        workers=2,
    ) as ahead:
        assert [ahead.result(call) for call in order] == ["list 0", "a", "last", "list 1", "c", "d"]


def test_without_workers_each_call_is_made_when_it_is_asked_for() -> None:
    work = Work()
    calls = [work.call(str(number)) for number in range(3)]
    with reading([webinar(*calls)], workers=0) as ahead:
        assert not ahead.has(calls[0])
        assert ahead.result(calls[1]) == "1"
        assert work.started == ["1"]


def test_one_worker_makes_one_call_at_a_time_in_the_order_of_reading() -> None:
    work = Work()
    lists = [work.call(f"list {number}", is_pivot=True) for number in range(5)]
    details = [[work.call(f"{number}.{person}") for person in range(3)] for number in range(5)]
    order = [call for roster, people in zip(lists, details, strict=True) for call in (roster, *people)]
    with reading(
        itertools.starmap(webinar, ((roster, *people) for roster, people in zip(lists, details, strict=True))),
        workers=1,
    ) as ahead:
        for call in order:
            ahead.result(call)

    assert work.started == [call.key for call in order]


@pytest.mark.parametrize("error", [NotFoundError("gone"), KeyError("odd"), SystemExit(3)], ids=repr)
def test_an_error_is_raised_where_its_result_is_asked_for(error: BaseException) -> None:
    work = Work()

    def fail() -> None:
        raise error

    calls = [work.call("1"), work.call("2", fail), work.call("3")]
    with reading([webinar(*calls)], workers=3) as ahead:
        assert ahead.result(calls[0]) == "1"
        with pytest.raises(type(error)) as caught:
            ahead.result(calls[1])
        assert caught.value is error
        assert ahead.result(calls[2]) == "3"


def test_workers_do_not_keep_the_process_alive() -> None:
    workers: list[threading.Thread] = []
    call = PlannedRequest("call", lambda: workers.append(threading.current_thread()))
    with reading([webinar(call)], workers=2) as ahead:
        ahead.result(call)
    assert [(worker.name, worker.daemon) for worker in workers] == [("read-ahead", True)]


# Pivots


def test_a_list_that_several_streams_ask_for_is_fetched_once_and_told_to_each() -> None:
    work = Work()
    told: list[Any] = []

    def foresee() -> RequestPlan:
        told.append((yield work.call("list", list, is_pivot=True)))
        told.append((yield work.call("list", list, is_pivot=True)))
        yield work.call("detail")

    with reading([foresee()], workers=3) as ahead:
        results = [ahead.result(work.call("list", list, is_pivot=True)) for _ in range(2)]
        assert ahead.result(work.call("detail")) == "detail"
        results.append(ahead.result(work.call("list", list, is_pivot=True)))

    assert work.started == ["list", "detail"]
    assert all(item is results[0] for item in [*results, *told])


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_a_list_that_failed_is_raised_once_then_none_and_its_webinar_is_over(workers: int) -> None:
    work = Work()

    def fail() -> None:
        raise NotFoundError

    broken = work.call("broken", fail, is_pivot=True)
    sights = [webinar(broken, work.call("never")), webinar(work.call("next", is_pivot=True), work.call("detail"))]
    with reading(sights, workers) as ahead:
        with pytest.raises(NotFoundError):
            ahead.result(broken)
        assert [ahead.result(broken), ahead.result(broken)] == [None, None]
        assert ahead.result(work.call("next", is_pivot=True)) == "next"
        assert ahead.result(work.call("detail")) == "detail"

    assert work.started == ["broken", "next", "detail"]


def test_a_call_that_nobody_foresaw_is_made_on_the_spot() -> None:
    work = Work()
    seen: list[threading.Thread] = []
    surprise = PlannedRequest("surprise", lambda: seen.append(threading.current_thread()))
    calls = [work.call(str(number)) for number in range(3)]
    with reading([webinar(*calls)], workers=2) as ahead:
        assert ahead.result(calls[0]) == "0"
        assert not ahead.has(surprise)
        ahead.result(surprise)
        assert [ahead.result(call) for call in calls[1:]] == ["1", "2"]

    assert seen == [threading.main_thread()]
    assert work.started == ["0", "1", "2"]


# Bounds


@pytest.mark.parametrize("workers", [2, 5])
def test_results_that_wait_are_bounded(workers: int) -> None:
    """Every so often a call takes so long that the others run as far ahead as they may."""
    bound = MAX_UNREAD * workers
    work = Work()
    fullest = []

    def linger(number: int) -> None:
        work.wait_for(lambda: work.asked > number)
        work.wait_for(lambda: work.unread >= bound - 1)
        work.wait_for(lambda: work.unread >= bound, SOON)
        fullest.append(work.unread)

    def act(number: int) -> Callable[[], None]:
        return functools.partial(linger, number) if number % 150 == 10 else lambda: None

    calls = [work.call(str(number), act(number)) for number in range(450)]
    with reading([webinar(*calls)], workers) as ahead:
        for call in calls:
            work.read(ahead, call)

    # One more is the call that is asked for.
    assert fullest == [bound - 1] * 3
    assert work.most_unread <= bound
    assert len(work.started) == len(calls)


@pytest.mark.parametrize("workers", [1, 4])
def test_webinars_are_opened_for_whom_reads_only(workers: int) -> None:
    work = Work()
    opened = itertools.count()
    latest = 0

    def account() -> Iterator[RequestPlan]:
        nonlocal latest
        for latest in opened:
            roster = work.call(f"list {latest}", is_pivot=True)
            yield webinar(roster, work.call(f"detail {latest}"))

    with reading(account(), workers) as ahead:
        for number in range(100):
            assert work.read(ahead, work.call(f"list {number}", is_pivot=True)) == f"list {number}"
            assert latest <= number + MAX_UNREAD_TO_OPEN * workers
            assert work.read(ahead, work.call(f"detail {number}")) == f"detail {number}"
            assert latest <= number + 1 + MAX_UNREAD_TO_OPEN * workers
        before = latest
        work.wait_for(lambda: latest > before, SOON)
        assert latest == before

    assert work.most_unread <= MAX_UNREAD * workers


def test_rows_that_wait_are_bounded() -> None:
    """The first list takes until no other comes in any more: what is open then is what had room."""
    workers, size = 4, 2_000
    work = Work()
    listing = Listing([{}] * size, is_complete=True)

    def linger() -> None:
        lists = -1
        while lists < len(work.started):
            lists = len(work.started)
            work.wait_for(lambda: len(work.started) > lists, SOON)  # noqa: B023 - called within the turn

    lists = [work.call(str(number), lambda: listing, is_pivot=True) for number in range(200)]
    first = work.call("first", linger, is_pivot=True)
    with reading(map(webinar, [first, *lists]), workers) as ahead:
        work.read(ahead, first)
        on_their_way = AHEAD * workers
        assert len(work.started) - 1 <= MAX_UNREAD_ROWS / size + on_their_way
        assert all(work.read(ahead, roster) is listing for roster in lists)

    assert work.most_unread <= MAX_UNREAD_ROWS / size + on_their_way + 1


def test_rows_are_bounded_behind_a_slow_call_that_is_no_list_too() -> None:
    size = 2_000
    work = Work()
    listing = Listing([{}] * size, is_complete=True)

    def linger() -> None:
        work.wait_for(lambda: len(work.started) > MAX_UNREAD_ROWS / size + 1, 10 * SOON)

    slow = work.call("slow", linger)
    lists = [work.call(str(number), lambda: listing, is_pivot=True) for number in range(100)]
    with reading(map(webinar, [slow, *lists]), workers=4) as ahead:
        work.read(ahead, slow)
        assert len(work.started) - 1 <= MAX_UNREAD_ROWS / size
        assert all(work.read(ahead, roster) is listing for roster in lists)


def test_a_list_that_was_asked_for_is_there_for_the_next_stream() -> None:
    work = Work()
    roster = work.call("list", is_pivot=True)
    with reading([webinar(roster)], workers=2) as ahead:
        assert ahead.result(roster) == "list"
        assert ahead.has(roster)
        assert ahead.result(roster) == "list"
    assert work.started == ["list"]


def test_a_surprise_does_not_open_the_whole_account() -> None:
    work = Work()
    account = (webinar(work.call(str(number))) for number in range(5_000))
    with reading(account, workers=2) as ahead:
        assert ahead.result(PlannedRequest("surprise", lambda: "made now")) == "made now"
        assert len(work.started) <= MAX_UNREAD * 2


def test_the_end_never_waits_for_a_worker_that_was_quicker() -> None:
    """Threads take turns as often as they can, so that a worker may take the last call while the end does."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(200):
            account = (webinar(PlannedRequest(str(number), lambda: None)) for number in itertools.count())
            with reading(account, workers=10) as ahead:
                ahead.result(PlannedRequest("0", lambda: None))
                end = threading.Thread(target=ahead.close, daemon=True)
                end.start()
                end.join(PATIENCE)
                assert not end.is_alive()
    finally:
        sys.setswitchinterval(interval)


def test_a_list_on_its_way_counts_for_as_many_rows_as_the_largest_so_far() -> None:
    work = Work()
    large, held = Listing([{}] * (2 * ASSUMED_ROWS), is_complete=True), threading.Event()
    first = work.call("first", lambda: large, is_pivot=True)
    others = [work.call(str(number), lambda: held.wait(PATIENCE), is_pivot=True) for number in range(20)]
    with reading(map(webinar, [first, *others]), workers=6) as ahead:
        work.read(ahead, first)
        assert work.wait_for(lambda: len(work.started) == MAX_UNREAD_ROWS // ASSUMED_ROWS)
        assert not work.wait_for(lambda: len(work.started) > MAX_UNREAD_ROWS // ASSUMED_ROWS, SOON)
        held.set()


def test_webinars_are_opened_until_as_many_results_wait_as_allowed() -> None:
    workers, work = 3, Work()
    most = MAX_UNREAD_TO_OPEN * workers

    def linger() -> None:
        assert work.wait_for(lambda: len(work.started) == most)
        assert not work.wait_for(lambda: len(work.started) > most, SOON)

    calls = [work.call("slow", linger), *(work.call(str(number)) for number in range(50))]
    with reading(map(webinar, calls), workers) as ahead:
        assert ahead.result(calls[0]) == "slow"


def test_lists_that_were_read_make_room_for_further_ones() -> None:
    work = Work()
    listing = Listing([{}] * (MAX_UNREAD_ROWS // 2), is_complete=True)
    lists = [work.call(str(number), lambda: listing, is_pivot=True) for number in range(30)]
    with reading(map(webinar, lists), workers=4) as ahead:
        for roster in lists[:20]:
            work.read(ahead, roster)
        assert work.wait_for(lambda: len(work.started) > 21)


# Limits


@pytest.mark.parametrize("has_failed", [False, True], ids=["whole", "cut short"])
def test_where_there_is_a_limit_a_webinar_follows_as_soon_as_the_one_before_has_no_call_left(
    *, has_failed: bool
) -> None:
    work = Work()
    next_one = threading.Event()

    def fail() -> None:
        raise NotFoundError

    slow = work.call("slow", lambda: next_one.wait(PATIENCE) and "overtaken")
    rest = [work.call("list", fail, is_pivot=True), work.call("never made")] if has_failed else []
    webinars = [webinar(slow, *rest), webinar(work.call("next", next_one.set))]
    with reading(webinars, 2, lambda _: True) as ahead:
        assert ahead.result(slow) == "overtaken"
    assert "never made" not in work.started


@pytest.mark.parametrize("limit", [1, 7, 20])
def test_no_more_is_sent_than_allowed_however_much_is_foreseen(limit: int) -> None:
    work = Work()
    calls = [work.call(str(number)) for number in range(40)]
    with reading(map(webinar, calls), 5, lambda on_their_way: len(work.started) + on_their_way < limit) as ahead:
        read = [ahead.result(call) for call in itertools.takewhile(ahead.has, calls)]

    # Workers begin in any order.
    assert read == sorted(work.started, key=int) == [str(number) for number in range(limit)]


@pytest.mark.parametrize("max_calls", [19, 34])
def test_a_backfill_cut_into_pieces_reads_details_in_every_run_and_nothing_twice(
    make_sandbox: Callable[..., Sandbox], max_calls: int
) -> None:
    sandbox = make_sandbox(webinars=8, registrants=8, latency=0.05, now=NOW)
    story = Story(sandbox)
    people: list[str] = []
    made: list[str] = []
    for _ in range(20):
        with threads_ended():
            done = story.run(max_calls=max_calls)
        assert done.exit_code == 0
        assert len(story.calls("^(?!/oauth)")) <= max_calls
        details = keys(done, "registrant_details")
        people += details
        made += story.calls(DETAILS)
        if len(people) == len(story.people()):
            break
        assert details

    everyone = sorted(row["registrantKey"] for row in story.people())
    assert sorted(people) == everyone
    assert sorted(path.split("/")[-1] for path in made) == everyone
    assert "registrant_details" not in emitted(story.run())


# The end comes early


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


def test_the_connection_test_calls_nothing_ahead(sandbox: Sandbox, settings: dict[str, Any], tmp_path: Path) -> None:
    done = run_command(settings, tmp_path, "--test")

    assert done.exit_code == 0
    assert len(paths(sandbox, CHILDREN)) == len(set(paths(sandbox, CHILDREN)))
    # To see that there is more than one record, the SDK asks for the second.
    assert all(1 <= len(paths(sandbox, pattern)) <= 2 for pattern in (WEBINARS, LISTS, DETAILS))


def test_sigterm_ends_a_run_whose_calls_all_hang(launcher: Launcher, make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(webinars=6, registrants=20, now=NOW)
    sandbox.control.configure(faults=[Fault(kind="slow", path=DETAILS, skip=30, seconds=60)])
    settings = {**sandbox.settings, **FAST}

    def hanging() -> int:
        return sum(call["fault"] == "slow" and call["done"] is None for call in sandbox.control.calls())

    launched = launcher.launch(settings, now=NOW)
    assert launched.wait_for(lambda: hanging() == 20)
    launched.send(signal.SIGTERM)
    done = launched.finish()

    assert done.exit_code == 143
    assert hanging() == 20, "no slow answer had come"
    assert done.messages[-1]["type"] == "STATE"
    assert "Traceback" not in done.stderr

    sandbox.control.configure(faults=[])
    rest = launcher.launch(settings, state=done.states[-1], now=NOW).finish()
    assert rest.exit_code == 0
    for stream in BOTH:
        everyone = sorted(row["registrantKey"] for row in sandbox.control.truth()["registrants"])
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
    assert len(hung) <= 20
    assert all(call["done"] is None for call in hung), "no slow answer had come"


def test_nothing_is_sent_after_the_end_but_what_was_in_flight() -> None:
    work = Work()
    held = threading.Event()
    calls = [work.call(str(number), lambda: held.wait(PATIENCE)) for number in range(1, 30)]
    with reading([webinar(work.call("0")), webinar(*calls)], workers=3) as ahead:
        assert ahead.result(work.call("0")) == "0"
        assert work.wait_for(lambda: len(work.started) == 4)
        ahead.close()
        held.set()

    assert work.started[0] == "0"
    assert sorted(work.started[1:]) == ["1", "2", "3"]
