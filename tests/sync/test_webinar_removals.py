"""Which webinars are no longer listed: told once, and never because of what a run did not ask for or could not read."""

import copy
import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Final

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api import retries
from tap_gotowebinar.sync.bookmarks.listed_webinars import ListedWebinarsBookmark
from tap_gotowebinar.sync.bookmarks.state import unpack
from tap_gotowebinar.sync.state_writer import StateWriter
from tests.incremental_runs import LISTINGS, NOW, Story
from tests.runs import Run

REMOVALS: Final = "webinar_removals"
STREAMS: Final = ("webinars", REMOVALS)
LATER: Final = "2026-03-01T00:00:00Z"
"""A start date that leaves some webinars outside."""


@pytest.fixture(autouse=True)
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon: the waits between tries are somebody else's test."""
    monkeypatch.setattr(retries, "TRIES", 2)


@pytest.fixture
def begin(make_sandbox: Callable[..., Sandbox]) -> Callable[..., Story]:
    """Begin a story in a sandbox with these options."""

    def start(**options: object) -> Story:
        return Story(make_sandbox(now=NOW, **{"webinars": 8, "registrants": 0, **options}))

    return start


@pytest.fixture
def story(begin: Callable[..., Story]) -> Story:
    """A story whose first run is over."""
    story = begin()
    assert removed(story.run(*STREAMS)) == []
    return story


def removed(done: Run) -> list[str]:
    return [row["webinarKey"] for row in done.records(REMOVALS)]


def cancel(story: Story, *keys: str) -> list[str]:
    """Cancel webinars an hour later."""
    story.passes(hours=1)
    for key in keys:
        story.control.cancel_webinar(key)
    return sorted(keys, key=int)


def owners(story: Story) -> list[str]:
    return [row["organizerKey"] for row in story.control.truth()["organizers"]]


def keys_of(story: Story, organizer: str) -> list[str]:
    return [key for key, row in story.webinars().items() if row["organizerKey"] == organizer]


def shows(story: Story, rows: Iterable[Any], *, total: int | None = None, times: int | None = None) -> None:
    """Let GoTo list these webinars, whatever there is."""
    rows = list(rows)
    page = {"size": 200, "totalElements": len(rows) if total is None else total, "totalPages": 1, "number": 0}
    answer = {"_embedded": {"webinars": rows}, "page": page}
    story.control.configure(faults=[Fault(kind="json", path=LISTINGS, value=answer, times=times)])


# What is told


def test_a_cancelled_webinar_is_told_once_and_costs_no_call(story: Story) -> None:
    (gone,) = cancel(story, next(iter(story.webinars())))
    done = story.run(*STREAMS)
    assert done.records(REMOVALS) == [{"webinarKey": gone, "removedAt": "2026-03-10T13:00:00.000000Z"}]
    assert len(story.calls(LISTINGS)) == 1
    again = story.run(*STREAMS)
    assert (removed(again), again.states) == ([], [])


def test_it_is_told_without_the_other_streams_too(begin: Callable[..., Story]) -> None:
    story = begin()
    story.run(REMOVALS)
    gone = cancel(story, *list(story.webinars())[:2])
    assert removed(story.run(REMOVALS)) == gone
    assert removed(story.run(REMOVALS)) == []


def test_past_webinars_are_told_like_those_to_come(story: Story) -> None:
    everything = list(story.webinars())
    gone = cancel(story, everything[0], everything[-1])
    assert removed(story.run(*STREAMS)) == gone


def test_a_webinar_that_comes_back_and_vanishes_again_is_told_again(story: Story) -> None:
    rows = list(story.webinars().values())
    key = rows[0]["webinarKey"]
    told = []
    for shown in (rows, rows[1:], rows[1:], rows, rows[1:]):
        shows(story, shown)
        told.append(removed(story.run(*STREAMS)))
    assert told == [[], [key], [], [], [key]]


def test_a_webinar_without_times_is_told_as_well(begin: Callable[..., Story]) -> None:
    story = begin()
    rows = [{**row, "times": [{"startTime": "some day"}]} for row in story.webinars().values()]
    shows(story, rows)
    story.run(*STREAMS)
    shows(story, rows[1:])
    assert removed(story.run(*STREAMS)) == [rows[0]["webinarKey"]]


def test_what_vanished_while_the_stream_was_not_selected_is_told_when_it_is_again(story: Story) -> None:
    gone = cancel(story, next(iter(story.webinars())))
    assert removed(story.run("webinars")) == []
    assert removed(story.run(*STREAMS)) == gone


def test_a_state_of_an_earlier_release_has_nobody_to_miss(begin: Callable[..., Story]) -> None:
    story = begin()
    story.run("webinars", "webinar_details")
    cancel(story, next(iter(story.webinars())))
    assert removed(story.run(*STREAMS)) == []


# What removes nobody


@pytest.mark.parametrize("start_dates", [(None, LATER, None), (LATER, None, LATER), (LATER, "2026-03-05T00:00:00Z")])
def test_another_start_date_removes_nobody(begin: Callable[..., Story], start_dates: tuple[str | None, ...]) -> None:
    story = begin(webinars=20)
    listed = set()
    for start_date in start_dates:
        done = story.run(*STREAMS, start_date=start_date or "2000-01-01T00:00:00Z")
        listed.add(len(done.records("webinars")))
        assert removed(done) == []
    assert len(listed) > 1


def test_of_a_later_start_date_what_starts_after_it_is_told_and_the_rest_when_it_is_asked_for_again(
    story: Story,
) -> None:
    everything = list(story.webinars())
    soon = next(key for key in everything if story.webinars()[key]["times"][0]["startTime"] > LATER)
    old = everything[-1]
    cancel(story, soon, old)
    assert removed(story.run(*STREAMS, start_date=LATER)) == [soon]
    assert removed(story.run(*STREAMS)) == [old]
    assert removed(story.run(*STREAMS)) == []


def test_a_sequence_across_a_later_start_date_may_not_be_asked_for_and_is_not_told(begin: Callable[..., Story]) -> None:
    story = begin(webinars=0)
    times = [{"startTime": f"2026-0{month}-20T10:00:00Z", "endTime": f"2026-0{month}-20T11:00:00Z"} for month in (2, 3)]
    key = story.control.add_webinar(times=times)
    story.run(*STREAMS)
    cancel(story, key)
    assert removed(story.run(*STREAMS, start_date=LATER)) == []
    assert removed(story.run(*STREAMS)) == [key]


def test_a_sequence_that_was_listed_with_a_later_start_date_is_told(begin: Callable[..., Story]) -> None:
    story = begin(webinars=0)
    times = [{"startTime": f"2026-0{month}-20T10:00:00Z", "endTime": f"2026-0{month}-20T11:00:00Z"} for month in (2, 3)]
    key = story.control.add_webinar(times=times)
    for start_date in ("2000-01-01T00:00:00Z", LATER):
        story.run(*STREAMS, start_date=start_date)
    cancel(story, key)
    assert removed(story.run(*STREAMS, start_date=LATER)) == [key]


def test_a_refused_list_removes_nobody_and_the_others_are_believed(begin: Callable[..., Story]) -> None:
    story = begin(organizers=3, webinars=12)
    story.settings |= {"organizer_keys": owners(story), "on_forbidden": "skip"}
    story.run(*STREAMS)
    first, second, third = (keys_of(story, owner) for owner in owners(story))
    gone = cancel(story, first[0], second[0], third[0])
    story.control.configure(forbidden=(owners(story)[1],))
    assert removed(story.run(*STREAMS)) == [key for key in gone if key != second[0]]
    story.control.configure(forbidden=())
    assert removed(story.run(*STREAMS)) == [second[0]]


@pytest.mark.parametrize("kind", ["truncate", "cut", "html", "empty", "reset", "hidden"])
def test_a_list_that_is_broken_removes_nobody(story: Story, kind: str) -> None:
    story.control.configure(faults=[Fault(kind=kind, path=LISTINGS, times=1)])  # type: ignore[arg-type]
    assert removed(story.run(*STREAMS)) == []


def test_a_list_that_does_not_add_up_removes_nobody(story: Story) -> None:
    rows = list(story.webinars().values())
    shows(story, rows[1:], total=len(rows))
    assert removed(story.run(*STREAMS)) == []


def test_a_list_with_a_row_without_a_key_removes_nobody(story: Story) -> None:
    rows = list(story.webinars().values())
    shows(story, [{"subject": "Beekeeping"}, *rows[1:]])
    assert removed(story.run(*STREAMS)) == []


def test_a_list_that_lost_more_than_half_is_read_twice_before_it_is_believed(story: Story) -> None:
    rows = list(story.webinars().values())
    shows(story, rows[:3], times=1)
    done = story.run(*STREAMS)
    assert (removed(done), len(done.records("webinars"))) == ([], 8)
    assert len(story.calls(LISTINGS)) == 2
    shows(story, rows[:3])
    assert len(removed(story.run(*STREAMS))) == 5
    assert len(story.calls(LISTINGS)) == 2


def test_a_short_list_that_is_refused_the_second_time_removes_nobody(story: Story) -> None:
    rows = list(story.webinars().values())
    page = {"size": 200, "totalElements": 3, "totalPages": 1, "number": 0}
    short = Fault(kind="json", path=LISTINGS, times=1, value={"_embedded": {"webinars": rows[:3]}, "page": page})
    story.control.configure(faults=[short, Fault(kind="status", path=LISTINGS, status=403)])
    done = story.run(*STREAMS)
    assert (removed(done), len(done.records("webinars"))) == ([], 3)


def test_an_organizer_who_is_no_longer_configured_removes_nobody(begin: Callable[..., Story]) -> None:
    story = begin(organizers=2, webinars=8)
    first, second = owners(story)
    story.run(*STREAMS, organizer_keys=[first, second])
    gone = cancel(story, keys_of(story, second)[0])
    assert removed(story.run(*STREAMS, organizer_keys=[first])) == []
    assert removed(story.run(*STREAMS, organizer_keys=[first, second])) == gone


def test_a_webinar_that_changes_organizer_is_not_told_until_it_vanishes(begin: Callable[..., Story]) -> None:
    story = begin(organizers=2, webinars=4)
    first, second = owners(story)
    story.settings["organizer_keys"] = [first, second]
    story.run(*STREAMS)
    key = keys_of(story, first)[0]
    story.control.reassign_webinar(key, second)
    assert removed(story.run(*STREAMS)) == []
    assert removed(story.run(*STREAMS, organizer_keys=[first])) == []
    assert removed(story.run(*STREAMS)) == removed(story.run(*STREAMS)) == []
    cancel(story, key)
    assert removed(story.run(*STREAMS)) == [key]
    assert removed(story.run(*STREAMS)) == []


def test_an_account_tells_of_the_organizers_that_are_asked_for(begin: Callable[..., Story]) -> None:
    story = begin(organizers=2, webinars=8)
    first, second = owners(story)
    story.settings["account_key"] = story.control.truth()["organizers"][0]["accountKey"]
    story.run(*STREAMS)
    gone = cancel(story, keys_of(story, first)[0], keys_of(story, second)[0])
    theirs = next(key for key in gone if key not in removed(story.run(*STREAMS, organizer_keys=[first])))
    assert removed(story.run(*STREAMS)) == [theirs]
    assert removed(story.run(*STREAMS)) == []


def test_an_organizer_whose_webinars_are_all_cancelled_is_told_of_in_an_account(begin: Callable[..., Story]) -> None:
    story = begin(organizers=2, webinars=4)
    first, _ = owners(story)
    story.settings["account_key"] = story.control.truth()["organizers"][0]["accountKey"]
    story.run(*STREAMS)
    gone = cancel(story, *keys_of(story, first))
    assert removed(story.run(*STREAMS)) == gone
    assert removed(story.run(*STREAMS)) == []


def test_a_list_of_another_kind_begins_anew(begin: Callable[..., Story]) -> None:
    story = begin(organizers=2, webinars=8)
    first, second = owners(story)
    account = story.control.truth()["organizers"][0]["accountKey"]
    story.run(*STREAMS, organizer_keys=[first, second])
    cancel(story, keys_of(story, first)[0])
    assert removed(story.run(*STREAMS, account_key=account)) == []
    gone = cancel(story, keys_of(story, first)[0])
    assert removed(story.run(*STREAMS, account_key=account)) == gone


def test_the_list_of_another_account_removes_nobody() -> None:
    start = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    bookmark = ListedWebinarsBookmark({})
    assert bookmark.track([{"webinarKey": "7"}], {7}, start, "1")
    assert bookmark.expected(start, "1") == {7}
    assert bookmark.expected(start, "2") == bookmark.expected(start, None) == set()
    assert not bookmark.track([], set(), start, "2")
    assert ListedWebinarsBookmark(bookmark.entry()).expected(start, "1") == {7}


# Killed runs and merged states


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """A STATE wherever there may be one."""
    monkeypatch.setattr(StateWriter, "interval", 0.0)
    monkeypatch.setattr("tap_gotowebinar.sync.state_writer.STATE_SHARE", 0)


@pytest.mark.usefixtures("eager")
def test_from_every_state_a_run_goes_on_with_no_removal_lost_and_none_twice(begin: Callable[..., Story]) -> None:
    story = begin(webinars=12)
    story.run(*STREAMS)
    before = story.state
    gone = cancel(story, *list(story.webinars())[:4])
    # What the SDK writes comes one by one, and so do the states.
    messages = story.run(*STREAMS, stream_maps={REMOVALS: {"removedAt": "removedAt"}}).messages
    places = [number for number, message in enumerate(messages) if message["type"] == "STATE"]
    assert len(places) >= 4
    for place in (None, *places):
        story.state = before if place is None else messages[place]["value"]
        told = [
            it["record"]["webinarKey"]
            for it in messages[: place or 0]
            if it.get("stream") == REMOVALS and "record" in it
        ]
        assert told + removed(story.run(*STREAMS)) == gone


@pytest.mark.usefixtures("eager")
def test_a_removal_is_told_before_any_child_of_a_webinar_is_read(begin: Callable[..., Story]) -> None:
    story = begin(registrants=3)
    story.run(REMOVALS)
    cancel(story, next(iter(story.webinars())))
    done = story.run(*STREAMS, "registrants")
    assert next(it["stream"] for it in done.of_type("RECORD")) == REMOVALS


def merged(old: Any, new: Any) -> Any:  # noqa: ANN401 - JSON
    """A state as Meltano merges it: maps key by key, everything else replaced."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}
    return new


def test_a_state_merged_by_meltano_tells_nothing_twice(begin: Callable[..., Story]) -> None:
    story = begin(organizers=2, webinars=4)
    story.settings["organizer_keys"] = owners(story)
    story.run(*STREAMS)
    old = copy.deepcopy(story.state)
    gone = cancel(story, *keys_of(story, owners(story)[0]))
    assert removed(story.run(*STREAMS)) == gone
    story.state = merged(old, story.state)
    assert removed(story.run(*STREAMS)) == []


def test_a_webinar_costs_sixteen_bytes_of_state(begin: Callable[..., Story]) -> None:
    story = begin(webinars=50)
    done = story.run(*STREAMS)
    (owner,) = owners(story)
    entry = done.states[-1]["bookmarks"][REMOVALS]["organizers"][owner]
    assert entry.keys() == {"roster"}
    assert {str(key) for key in unpack(entry["roster"])} == set(story.webinars())
    assert len(entry["roster"]) == 50 * 16
