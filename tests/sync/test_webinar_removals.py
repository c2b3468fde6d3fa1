"""Which webinars are no longer listed: told once, and never because of what a run did not ask for or could not read."""

import copy
import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import pytest

from gotowebinar_sandbox import Fault
from tap_gotowebinar.sync.bookmarks.listed_webinars import ListedWebinarsBookmark
from tap_gotowebinar.sync.bookmarks.state import unpack
from tests.incremental_runs import LISTINGS, Runs, merged
from tests.list_answers import hal
from tests.runs import Run
from tests.sync.conftest import MakeRuns

REMOVALS: Final = "webinar_removals"
STREAMS: Final = ("webinars", REMOVALS)
LATER: Final = "2026-03-01T00:00:00Z"
"""A start date that leaves some webinars outside."""


pytestmark = pytest.mark.usefixtures("few_tries")


@pytest.fixture
def runs(make_runs: MakeRuns) -> Runs:
    """Runs of which the first is over."""
    runs = make_runs()
    assert removed(runs.run(*STREAMS)) == []
    return runs


def removed(done: Run) -> list[str]:
    return [row["webinarKey"] for row in done.records(REMOVALS)]


def cancel(runs: Runs, *keys: str) -> list[str]:
    """Cancel webinars an hour later."""
    runs.passes(hours=1)
    for key in keys:
        runs.control.cancel_webinar(key)
    return sorted(keys, key=int)


def keys_of(runs: Runs, organizer: str) -> list[str]:
    return [key for key, row in runs.webinars().items() if row["organizerKey"] == organizer]


def shows(runs: Runs, rows: Sequence[Any], *then: Fault, total: int | None = None, times: int | None = None) -> None:
    """Let GoTo list these webinars, whatever there is, and answer `then` after so many times."""
    answer = hal("webinars", rows, total=total)
    runs.control.configure(faults=[Fault(kind="json", path=LISTINGS, value=answer, times=times), *then])


# What is told


def test_a_cancelled_webinar_is_told_once_and_costs_its_list_once_more(runs: Runs) -> None:
    (gone,) = cancel(runs, next(iter(runs.webinars())))
    done = runs.run(*STREAMS)
    assert done.records(REMOVALS) == [{"webinarKey": gone, "removedAt": "2026-03-10T13:00:00.000000Z"}]
    assert len(runs.calls(LISTINGS)) == 2
    again = runs.run(*STREAMS)
    assert (removed(again), again.states) == ([], [])
    assert len(runs.calls(LISTINGS)) == 1


def test_past_webinars_are_told_like_those_to_come(runs: Runs) -> None:
    everything = list(runs.webinars())
    gone = cancel(runs, everything[0], everything[-1])
    assert removed(runs.run(*STREAMS)) == gone


def test_a_webinar_that_comes_back_and_vanishes_again_is_told_again(runs: Runs) -> None:
    rows = list(runs.webinars().values())
    key = rows[0]["webinarKey"]
    told = []
    for shown in (rows, rows[1:], rows[1:], rows, rows[1:]):
        shows(runs, shown)
        told.append(removed(runs.run(*STREAMS)))
    assert told == [[], [key], [], [], [key]]


def test_a_webinar_without_times_is_told_as_well(make_runs: MakeRuns) -> None:
    runs = make_runs()
    rows = [{**row, "times": [{"startTime": "some day"}]} for row in runs.webinars().values()]
    shows(runs, rows)
    runs.run(*STREAMS)
    shows(runs, rows[1:])
    assert removed(runs.run(*STREAMS)) == [rows[0]["webinarKey"]]


def test_what_vanished_while_the_stream_was_not_selected_is_told_when_it_is_again(runs: Runs) -> None:
    gone = cancel(runs, next(iter(runs.webinars())))
    assert removed(runs.run("webinars")) == []
    assert removed(runs.run(*STREAMS)) == gone


def test_a_state_of_an_earlier_release_has_nobody_to_miss(make_runs: MakeRuns) -> None:
    runs = make_runs()
    runs.run("webinars", "webinar_details")
    cancel(runs, next(iter(runs.webinars())))
    assert removed(runs.run(*STREAMS)) == []


# What removes nobody


@pytest.mark.parametrize("start_dates", [(None, LATER, None), (LATER, None, LATER), (LATER, "2026-03-05T00:00:00Z")])
def test_another_start_date_removes_nobody(make_runs: MakeRuns, start_dates: tuple[str | None, ...]) -> None:
    runs = make_runs(webinars=20)
    listed = set()
    for start_date in start_dates:
        done = runs.run(*STREAMS, start_date=start_date or "2000-01-01T00:00:00Z")
        listed.add(len(done.records("webinars")))
        assert removed(done) == []
    assert len(listed) > 1


def test_of_a_later_start_date_what_starts_after_it_is_told_and_the_rest_when_it_is_asked_for_again(runs: Runs) -> None:
    everything = list(runs.webinars())
    soon = next(key for key in everything if runs.webinars()[key]["times"][0]["startTime"] > LATER)
    old = everything[-1]
    cancel(runs, soon, old)
    assert removed(runs.run(*STREAMS, start_date=LATER)) == [soon]
    assert removed(runs.run(*STREAMS)) == [old]
    assert removed(runs.run(*STREAMS)) == []


@pytest.mark.parametrize("is_listed_later", [False, True])
def test_a_sequence_across_a_later_start_date_is_told_only_if_that_start_date_listed_it(
    make_runs: MakeRuns, *, is_listed_later: bool
) -> None:
    runs = make_runs(webinars=0)
    times = [{"startTime": f"2026-0{month}-20T10:00:00Z", "endTime": f"2026-0{month}-20T11:00:00Z"} for month in (2, 3)]
    key = runs.control.add_webinar(times=times)
    runs.run(REMOVALS)
    if is_listed_later:
        runs.run(REMOVALS, start_date=LATER)
    cancel(runs, key)
    assert removed(runs.run(REMOVALS, start_date=LATER)) == [key] * is_listed_later
    assert removed(runs.run(REMOVALS)) == [key] * (not is_listed_later)


def test_a_refused_list_removes_nobody_and_the_others_are_believed(make_runs: MakeRuns) -> None:
    runs = make_runs(organizers=3, webinars=12)
    runs.settings |= {"organizer_keys": runs.organizers(), "on_forbidden": "skip"}
    runs.run(*STREAMS)
    first, second, third = (keys_of(runs, owner) for owner in runs.organizers())
    gone = cancel(runs, first[0], second[0], third[0])
    runs.control.configure(forbidden=(runs.organizers()[1],))
    assert removed(runs.run(*STREAMS)) == [key for key in gone if key != second[0]]
    runs.control.configure(forbidden=())
    assert removed(runs.run(*STREAMS)) == [second[0]]


@pytest.mark.parametrize("kind", ["truncate", "cut", "html", "empty", "reset", "hidden", "incomplete", "bad row"])
def test_a_list_that_is_broken_or_incomplete_removes_nobody(runs: Runs, kind: str) -> None:
    rows = list(runs.webinars().values())
    if kind == "incomplete":
        shows(runs, rows[1:], total=len(rows))
    elif kind == "bad row":
        shows(runs, [{"subject": "Beekeeping"}, *rows[1:]])
    else:
        runs.control.configure(faults=[Fault(kind=kind, path=LISTINGS, times=1)])  # type: ignore[arg-type]
    assert removed(runs.run(*STREAMS)) == []


@pytest.mark.parametrize("lost", [1, 5])
def test_a_list_that_lost_webinars_is_read_twice_before_it_is_believed(runs: Runs, lost: int) -> None:
    rows = list(runs.webinars().values())
    shows(runs, rows[lost:], times=1)
    done = runs.run(*STREAMS)
    assert (removed(done), len(done.records("webinars"))) == ([], 8)
    assert len(runs.calls(LISTINGS)) == 2
    shows(runs, rows[lost:])
    assert len(removed(runs.run(*STREAMS))) == lost
    assert len(runs.calls(LISTINGS)) == 2


def test_a_list_that_lost_webinars_and_is_refused_the_second_time_removes_nobody(runs: Runs) -> None:
    shows(runs, list(runs.webinars().values())[3:], Fault(kind="status", path=LISTINGS, status=403), times=1)
    done = runs.run(*STREAMS)
    assert (removed(done), len(done.records("webinars"))) == ([], 5)


def test_who_slides_to_an_earlier_page_while_others_come_and_go_is_not_removed(runs: Runs) -> None:
    rows = list(runs.webinars().values())
    # After the first page was read, the first webinar was cancelled and another one came: the fifth slid to that page.
    first, second = hal("webinars", rows[:4], total=8), hal("webinars", [*rows[5:], {"webinarKey": "7"}], total=8)
    for number, page in enumerate((first, second)):
        page["page"] |= {"number": number, "totalPages": 2}
    gone = cancel(runs, rows[0]["webinarKey"])
    bodies = [Fault(kind="json", path=LISTINGS, value=page, times=1) for page in (first, second)]
    runs.control.configure(faults=bodies)
    done = runs.run(*STREAMS)
    assert (removed(done), len(done.records("webinars"))) == ([], 9)
    assert removed(runs.run(*STREAMS)) == sorted([*gone, "7"], key=int)


def test_an_organizer_who_is_no_longer_configured_removes_nobody(make_runs: MakeRuns) -> None:
    runs = make_runs(organizers=2, webinars=8)
    first, second = runs.organizers()
    runs.run(*STREAMS, organizer_keys=[first, second])
    gone = cancel(runs, keys_of(runs, second)[0])
    assert removed(runs.run(*STREAMS, organizer_keys=[first])) == []
    assert removed(runs.run(*STREAMS, organizer_keys=[first, second])) == gone


def test_a_webinar_that_changes_organizer_is_not_told_until_it_vanishes(make_runs: MakeRuns) -> None:
    runs = make_runs(organizers=2, webinars=4)
    first, second = runs.organizers()
    runs.settings["organizer_keys"] = [first, second]
    runs.run(*STREAMS)
    key = keys_of(runs, first)[0]
    runs.control.reassign_webinar(key, second)
    assert removed(runs.run(*STREAMS)) == []
    assert removed(runs.run(*STREAMS, organizer_keys=[first])) == []
    assert removed(runs.run(*STREAMS)) == removed(runs.run(*STREAMS)) == []
    cancel(runs, key)
    assert removed(runs.run(*STREAMS)) == [key]
    assert removed(runs.run(*STREAMS)) == []


def test_an_account_tells_of_the_organizers_that_are_asked_for(make_runs: MakeRuns) -> None:
    runs = make_runs(organizers=2, webinars=8)
    first, second = runs.organizers()
    runs.settings["account_key"] = runs.account()
    runs.run(*STREAMS)
    gone = cancel(runs, keys_of(runs, first)[0], keys_of(runs, second)[0])
    theirs = next(key for key in gone if key not in removed(runs.run(*STREAMS, organizer_keys=[first])))
    assert removed(runs.run(*STREAMS)) == [theirs]
    assert removed(runs.run(*STREAMS)) == []


def test_an_organizer_whose_webinars_are_all_cancelled_is_told_of_in_an_account(make_runs: MakeRuns) -> None:
    runs = make_runs(organizers=2, webinars=4)
    runs.settings["account_key"] = runs.account()
    runs.run(*STREAMS)
    gone = cancel(runs, *keys_of(runs, runs.organizers()[0]))
    assert removed(runs.run(*STREAMS)) == gone
    assert removed(runs.run(*STREAMS)) == []


def test_a_list_of_another_kind_begins_anew(make_runs: MakeRuns) -> None:
    runs = make_runs(organizers=2, webinars=8)
    first, second = runs.organizers()
    runs.run(*STREAMS, organizer_keys=[first, second])
    cancel(runs, keys_of(runs, first)[0])
    assert removed(runs.run(*STREAMS, account_key=runs.account())) == []
    gone = cancel(runs, keys_of(runs, first)[0])
    assert removed(runs.run(*STREAMS, account_key=runs.account())) == gone


def test_the_list_of_another_account_removes_nobody() -> None:
    start = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    bookmark = ListedWebinarsBookmark({})
    bookmark.track([{"webinarKey": "7"}], {7}, start, "1")
    assert bookmark.expected(start, "1") == {7}
    assert bookmark.expected(start, "2") == bookmark.expected(start, None) == set()
    bookmark.track([], set(), start, "2")
    assert ListedWebinarsBookmark(bookmark.entry()).expected(start, "1") == {7}


@pytest.mark.parametrize(
    ("times", "is_sure"),
    [
        ([{"startTime": LATER, "endTime": "2026-03-01T01:00:00Z"}], True),
        ([{"startTime": "2026-02-28T23:30:00Z", "endTime": "2026-03-01T00:30:00Z"}], False),
        ([{"endTime": "2026-03-01T00:30:00Z"}], True),
        ([{"startTime": "2026-05-01T10:00:00Z"}, {"startTime": "2026-02-01T10:00:00Z"}], False),
        *(([{"startTime": "soon"}], False), ([None], False), (None, False)),
    ],
)
def test_a_later_start_date_is_sure_to_list_what_starts_after_it(times: list[Any] | None, *, is_sure: bool) -> None:
    bookmark = ListedWebinarsBookmark({})
    bookmark.track([{"webinarKey": "7", "times": times}], {7}, dt.datetime(2000, 1, 1, tzinfo=dt.UTC), None)
    assert bookmark.expected(dt.datetime.fromisoformat(LATER), None) == ({7} if is_sure else set())


def test_a_start_date_far_away_is_remembered() -> None:
    start = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
    bookmark = ListedWebinarsBookmark({})
    bookmark.track([{"webinarKey": "7"}], {7}, start, None)
    assert ListedWebinarsBookmark(bookmark.entry()).expected(start, None) == {7}


# Killed runs and merged states


@pytest.mark.usefixtures("eager")
def test_from_every_state_a_run_goes_on_with_no_removal_lost_and_none_twice(make_runs: MakeRuns) -> None:
    runs = make_runs(webinars=12)
    runs.run(*STREAMS)
    before = runs.state
    gone = cancel(runs, *list(runs.webinars())[:4])
    # What the SDK writes comes one by one, and so do the states.
    messages = runs.run(*STREAMS, stream_maps={REMOVALS: {"removedAt": "removedAt"}}).messages
    places = [number for number, message in enumerate(messages) if message["type"] == "STATE"]
    assert len(places) >= 4
    for place in (None, *places):
        runs.state = before if place is None else messages[place]["value"]
        told = [
            it["record"]["webinarKey"]
            for it in messages[: place or 0]
            if it.get("stream") == REMOVALS and "record" in it
        ]
        assert told + removed(runs.run(*STREAMS)) == gone


@pytest.mark.usefixtures("eager")
def test_a_removal_is_told_before_any_child_of_a_webinar_is_read(make_runs: MakeRuns) -> None:
    runs = make_runs(registrants=3)
    runs.run(REMOVALS)
    cancel(runs, next(iter(runs.webinars())))
    done = runs.run(*STREAMS, "registrants")
    assert next(it["stream"] for it in done.of_type("RECORD")) == REMOVALS


def test_a_state_merged_by_meltano_tells_nothing_twice(make_runs: MakeRuns) -> None:
    runs = make_runs(organizers=2, webinars=4)
    runs.settings["organizer_keys"] = runs.organizers()
    runs.run(*STREAMS)
    old = copy.deepcopy(runs.state)
    gone = cancel(runs, *keys_of(runs, runs.organizers()[0]))
    assert removed(runs.run(*STREAMS)) == gone
    runs.state = merged(old, runs.state)
    assert removed(runs.run(*STREAMS)) == []


def test_a_webinar_costs_sixteen_bytes_of_state(make_runs: MakeRuns) -> None:
    runs = make_runs(webinars=50)
    done = runs.run(*STREAMS)
    (owner,) = runs.organizers()
    entry = done.states[-1]["bookmarks"][REMOVALS]["organizers"][owner]
    assert entry.keys() == {"roster"}
    assert {str(key) for key in unpack(entry["roster"])} == set(runs.webinars())
    assert len(entry["roster"]) == 50 * 16
