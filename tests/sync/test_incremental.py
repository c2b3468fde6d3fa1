"""What later runs bring: everything new or changed, nothing twice, no call that need not be made."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api import retries
from tests.incremental_runs import DETAILS, LISTINGS, LISTS, NOW, STREAMS, WEBINARS, Story, emitted, keys
from tests.runs import Run
from tests.selection import selecting

BOTH = ("registrants", "registrant_details")
PEOPLE = 40


@pytest.fixture(autouse=True)
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon: the waits between tries are somebody else's test."""
    monkeypatch.setattr(retries, "TRIES", 2)


ONE_BY_ONE = {"max_concurrency": 1}
"""No call before the one before it is answered, so that the order of calls can be seen."""


@pytest.fixture
def begin(make_sandbox: Callable[..., Sandbox]) -> Callable[..., Story]:
    """Begin a story in a sandbox with these options."""

    def start(settings: dict[str, object] | None = None, **options: object) -> Story:
        return Story(make_sandbox(now=NOW, **{"webinars": 8, "registrants": 5, **options}), **(settings or {}))

    return start


@pytest.fixture
def story(begin: Callable[..., Story]) -> Story:
    """A story whose first run is over."""
    story = begin()
    assert story.run().exit_code == 0
    return story


def alive(story: Story) -> list[str]:
    """Webinars that end after now, or not long ago."""
    since = (story.now - dt.timedelta(days=14)).isoformat()
    return [key for key, row in story.webinars().items() if max(time["endTime"] for time in row["times"]) > since]


def settled(story: Story) -> list[str]:
    return [key for key in story.webinars() if key not in alive(story)]


# The first run


def test_the_first_run_brings_everyone_once(begin: Callable[..., Story]) -> None:
    story = begin()
    done = story.run()
    everyone = sorted(row["registrantKey"] for row in story.people())
    assert sorted(keys(done, "registrants")) == sorted(keys(done, "registrant_details")) == everyone
    assert len(done.records("webinar_details")) == len(story.calls(LISTS)) == 8
    assert len(story.calls(DETAILS)) == len(everyone) == PEOPLE
    assert done.records("registrant_removals") == []


def test_alive_webinars_are_read_first_and_then_the_newest(begin: Callable[..., Story]) -> None:
    story = begin(ONE_BY_ONE)
    story.run()
    read = [path.split("/")[-2] for path in story.calls(LISTS)]
    assert read == list(story.webinars())
    assert read == alive(story) + settled(story)


def test_inside_a_webinar_the_list_comes_before_the_details(begin: Callable[..., Story]) -> None:
    story = begin(ONE_BY_ONE)
    story.run()
    paths = [path for path in story.calls(f"{LISTS}|{DETAILS}|{WEBINARS}") if alive(story)[0] in path]
    people = len(story.people(alive(story)[0]))
    assert [path.count("/") - paths[0].count("/") for path in paths] == [0, 1, *[2] * people]


# 1. Nothing new, and five new people


def test_an_idle_run_emits_nothing_makes_no_detail_call_and_prints_no_state(story: Story) -> None:
    done = story.run()
    assert (done.exit_code, emitted(done), done.states) == (0, {}, [])
    assert story.calls(DETAILS) == []
    assert len(story.calls(LISTS)) == len(alive(story)) < 8


def test_idle_runs_stay_idle_for_years(story: Story) -> None:
    lists = 0
    for _ in range(12):
        story.passes(days=60)
        assert emitted(story.run("registrants", "registrant_details", "registrant_removals")) == {}
        lists += len(story.calls(LISTS))
    assert lists < 12 * 8 * 0.7


def test_five_new_people_come_out_and_nobody_else(begin: Callable[..., Story]) -> None:
    story = begin({"recheck_factor": 0})
    story.run()
    first, second, third = alive(story)[:3]
    same_second = story.people(first)[0]["registrationDate"]
    story.passes(hours=1)
    added = [
        *story.control.add_registrants(first, people=[{"registrationDate": same_second}] * 2),
        *story.control.add_registrants(second, people=[{"registrationDate": "2019-05-05T05:05:05Z"}]),
        *story.control.add_registrants(third, people=[{"registrationDate": "some day"}]),
        *story.control.add_registrants(settled(story)[-1]),
    ]
    done = story.run()
    assert sorted(keys(done, "registrants")) == sorted(keys(done, "registrant_details")) == sorted(added)
    assert len(story.calls(DETAILS)) == 5
    dates = {row["registrantKey"]: row["registrationDate"] for row in done.records("registrants")}
    assert dates[added[3]] is None
    assert emitted(story.run(*BOTH, "registrant_removals")) == {}


def test_a_settled_webinar_that_draws_people_is_read_when_it_is_due(story: Story) -> None:
    on_demand = settled(story)[-1]
    added = story.control.add_registrants(on_demand)
    assert keys(story.run(*BOTH), "registrants") == []
    story.passes(days=365)
    story.control.change_registrant(on_demand, added[0], registrationDate=story.now.isoformat())
    done = story.run(*BOTH)
    assert keys(done, "registrants") == keys(done, "registrant_details") == added
    story.passes(days=1)
    story.run(*BOTH)
    assert any(on_demand in path for path in story.calls(LISTS)), "it is alive again"


def test_of_a_settled_webinar_whose_past_changed_details_reads_only_newer_rows(begin: Callable[..., Story]) -> None:
    """Known and accepted: the list costs no call more and is repeated whole; the details would cost one each."""
    story = begin({"recheck_factor": 0})
    story.run()
    old = settled(story)[-1]
    late = story.control.add_registrants(old, people=[{"registrationDate": "2001-01-01T00:00:00Z"}])
    done = story.run(*BOTH)
    assert sorted(keys(done, "registrants")) == sorted(row["registrantKey"] for row in story.people(old))
    assert late[0] in keys(done, "registrants")
    assert keys(done, "registrant_details") == []
    assert emitted(story.run(*BOTH)) == {}


# 2. Approvals, cancellations, lists that are not what they were


def test_an_approval_brings_one_row_and_costs_one_call(begin: Callable[..., Story]) -> None:
    story = begin()
    manual = next(key for key in alive(story) if story.webinars()[key]["approvalType"] == "MANUAL")
    waiting = next(row["registrantKey"] for row in story.people(manual) if row["status"] == "WAITING")
    gone = next(row["registrantKey"] for row in story.people(alive(story)[0]) if row["registrantKey"] != waiting)
    story.run()
    story.passes(hours=1)
    story.control.approve_registrant(manual, waiting)
    story.control.cancel_registrant(alive(story)[0], gone)
    done = story.run(*BOTH, "registrant_removals")
    assert keys(done, "registrants") == keys(done, "registrant_details") == [waiting]
    assert done.records("registrants")[0]["status"] == "APPROVED"
    assert story.calls(DETAILS) == [path for path in story.calls(DETAILS) if path.endswith(waiting)]
    assert len(story.calls(DETAILS)) == 1
    (removal,) = done.records("registrant_removals")
    assert (removal["webinarKey"], removal["registrantKey"]) == (alive(story)[0], gone)
    assert removal["removedAt"] == "2026-03-10T13:00:00.000000Z"
    assert emitted(story.run(*BOTH, "registrant_removals")) == {}


@pytest.mark.parametrize("kind", ["truncate", "cut", "html", "empty", "reset"])
def test_a_list_that_is_broken_once_removes_nobody(story: Story, kind: str) -> None:
    story.control.configure(faults=[Fault(kind=kind, path=LISTS, times=1)])  # type: ignore[arg-type]
    done = story.run(*BOTH, "registrant_removals")
    assert (done.exit_code, emitted(done), done.states) == (0, {}, [])


def half_of(story: Story, webinar_key: str) -> list[dict[str, Any]]:
    rows = story.people(webinar_key)
    return rows[: len(rows) // 2 - 1]


def test_a_list_that_lost_more_than_half_is_read_twice_before_it_is_believed(story: Story) -> None:
    key = max(alive(story), key=lambda key: len(story.people(key)))
    story.control.configure(faults=[Fault(kind="json", path=f"{key}{LISTS}", times=1, value=half_of(story, key))])
    done = story.run(*BOTH, "registrant_removals")
    assert (emitted(done), done.states) == ({}, [])
    assert len([path for path in story.calls(LISTS) if key in path]) == 2


@pytest.mark.parametrize("streams", [("registrant_removals",), (*BOTH, "registrant_removals")])
def test_a_list_that_lost_more_than_half_twice_is_believed(
    begin: Callable[..., Story], streams: tuple[str, ...]
) -> None:
    story = begin()
    story.run(*streams)
    key = max(alive(story), key=lambda key: len(story.people(key)))
    half = half_of(story, key)
    story.control.configure(faults=[Fault(kind="json", path=f"{key}{LISTS}", value=half)])
    done = story.run(*streams)
    assert len([path for path in story.calls(LISTS) if key in path]) == 2
    assert len(done.records("registrant_removals")) == len(story.people(key)) - len(half)


def test_a_list_that_does_not_add_up_in_pages_removes_nobody_and_is_not_read_to_its_end(story: Story) -> None:
    key = max(alive(story), key=lambda key: len(story.people(key)))
    short = {"data": story.people(key)[1:], "total": len(story.people(key)), "page": 0, "limit": 200}
    story.control.configure(faults=[Fault(kind="json", path=f"{key}{LISTS}", value=short)])
    done = story.run(*BOTH, "registrant_removals")
    assert (emitted(done), done.states) == ({}, [])


# 7. Webinars that move, streams and organizers that come later


def test_a_webinar_that_is_put_off_keeps_its_memory(story: Story) -> None:
    old = settled(story)[-1]
    story.control.move_webinar(old, "2026-05-01T10:00:00Z")
    added = story.control.add_registrants(old, people=[{"registrationDate": story.now.isoformat()}])
    story.passes(hours=1)
    done = story.run()
    assert keys(done, "registrants") == keys(done, "registrant_details") == added
    assert old in [row["webinarKey"] for row in done.records("webinar_details")]
    story.passes(hours=1)
    late = story.control.add_registrants(old, people=[{"registrationDate": "2001-01-01T00:00:00Z"}])
    assert keys(story.run(*BOTH), "registrant_details") == late, "it has a roster again"


def test_a_webinar_that_is_put_back_into_the_past_settles(story: Story) -> None:
    soon = alive(story)[0]
    story.control.move_webinar(soon, "2025-05-01T10:00:00Z")
    story.passes(days=20)
    assert emitted(story.run(*BOTH, "registrant_removals")) == {}
    assert set(story.entry("registrants", soon) or {}) == {"replication_key_value", "count", "read_at"}
    assert story.entry("registrant_removals", soon) is None


def test_a_webinar_that_changes_organizer_keeps_its_memory(begin: Callable[..., Story]) -> None:
    story = begin(organizers=2, webinars=4)
    story.settings["organizer_keys"] = [row["organizerKey"] for row in story.control.truth()["organizers"]]
    story.run()
    key = alive(story)[0]
    before = story.webinars()[key]["organizerKey"]
    after = next(other for other in story.settings["organizer_keys"] if other != before)
    story.control.reassign_webinar(key, after)
    added = story.control.add_registrants(key)
    done = story.run()
    assert keys(done, "registrants") == keys(done, "registrant_details") == added
    assert any(f"/organizers/{after}/webinars/{key}/" in path for path in story.calls(LISTS))
    assert [row["organizerKey"] for row in done.records("webinars") if row["webinarKey"] == key] == [after]


def test_an_organizer_added_later_starts_from_its_own_beginning(begin: Callable[..., Story]) -> None:
    story = begin(organizers=2, webinars=4)
    first, second = [row["organizerKey"] for row in story.control.truth()["organizers"]]
    story.run(organizer_keys=[first])
    done = story.run(organizer_keys=[first, second])
    theirs = {key for key, row in story.webinars().items() if row["organizerKey"] == second}
    expected = sorted(row["registrantKey"] for row in story.people() if row["webinarKey"] in theirs)
    assert sorted(keys(done, "registrants")) == sorted(keys(done, "registrant_details")) == expected
    story.run(organizer_keys=[first])
    assert emitted(story.run(organizer_keys=[first, second])) == {}


def test_a_stream_selected_later_starts_from_its_own_beginning(begin: Callable[..., Story]) -> None:
    story = begin()
    story.run("registrants")
    done = story.run(*STREAMS)
    assert done.records("registrants") == []
    assert len(keys(done, "registrant_details")) == len(set(keys(done, "registrant_details"))) == PEOPLE
    assert len(done.records("webinar_details")) == 8
    assert emitted(story.run()) == {}


def test_a_stream_deselected_and_selected_again_brings_what_it_missed(story: Story) -> None:
    before = story.entry("registrant_details", alive(story)[0])
    added = story.control.add_registrants(alive(story)[0])
    assert keys(story.run("registrants"), "registrants") == added
    assert story.entry("registrant_details", alive(story)[0]) == before
    done = story.run(*BOTH)
    assert (done.records("registrants"), keys(done, "registrant_details")) == ([], added)


def test_a_stream_that_was_away_while_a_webinar_settled_brings_what_it_missed(story: Story) -> None:
    added = story.control.add_registrants(alive(story)[0], 3)
    story.run("registrants")
    story.passes(days=300)
    story.run("registrants")
    done = story.run(*BOTH)
    assert (done.records("registrants"), keys(done, "registrant_details")) == ([], added)
    assert emitted(story.run(*BOTH)) == {}


def test_a_start_date_moved_later_forgets_nothing_and_moved_earlier_brings_the_rest(
    begin: Callable[..., Story],
) -> None:
    story = begin()
    first = story.run(start_date="2026-01-01T00:00:00Z")
    some = len(first.records("webinars"))
    assert 0 < some < 8
    rest = story.run()
    both = keys(first, "registrants") + keys(rest, "registrants")
    assert sorted(both) == sorted(row["registrantKey"] for row in story.people())
    assert len(rest.records("webinar_details")) == 8 - some
    later = story.run(start_date="2026-03-12T00:00:00Z")
    assert len(later.records("webinars")) < some
    assert (emitted(later), emitted(story.run())) == ({}, {})


def test_a_webinar_that_is_cancelled_takes_no_memory_with_it(story: Story) -> None:
    key = alive(story)[0]
    entry = story.entry("registrants", key)
    story.control.cancel_webinar(key)
    story.control.add_registrants(alive(story)[0])
    done = story.run()
    assert emitted(done) == {"registrants": 1, "registrant_details": 1, "webinar_details": 1, "webinar_removals": 1}
    assert story.entry("registrants", key) == entry


def test_a_new_webinar_comes_with_its_people(story: Story) -> None:
    key = story.control.add_webinar(subject="Graft your own apples")
    story.control.add_registrants(key, 2)
    assert emitted(story.run()) == {"registrants": 2, "registrant_details": 2, "webinar_details": 1}


def test_a_webinar_without_times_is_read_until_it_is_quiet(begin: Callable[..., Story]) -> None:
    story = begin(webinars=0, registrants=0)
    key = story.control.add_webinar(times=[])
    assert emitted(story.run()) == {"webinar_details": 1}
    story.passes(days=300)
    assert story.run(*BOTH, "registrant_removals").states == []
    assert len(story.calls(LISTS)) == 1
    story.control.add_registrants(key)
    assert emitted(story.run(*BOTH)) == {"registrants": 1, "registrant_details": 1}
    story.passes(days=20)
    story.run(*BOTH)
    assert len(story.calls(LISTS)) == 1
    story.passes(hours=1)
    story.run(*BOTH)
    assert story.calls(LISTS) == []


def test_a_leap_day_is_a_day_like_any_other(begin: Callable[..., Story]) -> None:
    story = begin(webinars=1)
    story.passes(days=(dt.datetime(2028, 2, 29, tzinfo=dt.UTC) - story.now).days + 1)
    assert story.run("webinars").exit_code == 0
    assert (story.now.month, story.now.day) == (2, 29)


# Refused, gone, given up


def test_what_was_refused_stays_due_and_is_read_by_the_next_run(begin: Callable[..., Story]) -> None:
    story = begin()
    refused = settled(story)[-1]
    story.control.configure(faults=[Fault(kind="status", status=403, path=f"{refused}{LISTS}")])
    first = story.run(*BOTH)
    assert first.exit_code == 1
    story.control.configure(faults=[])
    second = story.run(*BOTH)
    assert second.exit_code == 0
    assert sorted(keys(second, "registrants")) == sorted(row["registrantKey"] for row in story.people(refused))
    assert len(keys(first, "registrants")) + len(keys(second, "registrants")) == PEOPLE


@pytest.mark.parametrize("status", [403, 503])
def test_one_detail_that_cannot_be_read_is_the_only_one_left_for_the_next_run(
    begin: Callable[..., Story], status: int
) -> None:
    story = begin()
    key = settled(story)[-1]
    person = story.people(key)[0]["registrantKey"]
    story.control.configure(faults=[Fault(kind="status", status=status, path=f"{person}$")])
    first = story.run(*BOTH)
    assert (first.exit_code, len(keys(first, "registrant_details"))) == (1, PEOPLE - 1)
    story.control.configure(faults=[])
    second = story.run(*BOTH)
    assert (second.exit_code, keys(second, "registrant_details"), second.records("registrants")) == (0, [person], [])
    assert len(story.calls(DETAILS)) == 1
    assert "count" in (story.entry("registrant_details", key) or {})


def test_one_forbidden_list_with_skip_is_no_failure_of_the_streams_that_share_it(story: Story) -> None:
    story.control.configure(faults=[Fault(kind="status", status=403, path=f"{alive(story)[0]}{LISTS}")])
    assert story.run(on_forbidden="skip").exit_code == 0
    assert story.run(on_forbidden="fail").exit_code == 1


def test_one_list_that_is_given_up_counts_once_and_the_rest_is_read(begin: Callable[..., Story]) -> None:
    story = begin()
    broken = alive(story)[0]
    story.control.configure(faults=[Fault(kind="status", status=500, path=f"{broken}{LISTS}")])
    first = story.run(*BOTH, "registrant_removals")
    assert first.exit_code == 1
    assert {row["webinarKey"] for row in first.records("registrants")} == {
        row["webinarKey"] for row in story.people() if row["webinarKey"] != broken
    }
    story.control.configure(faults=[])
    assert len(keys(story.run(*BOTH), "registrants")) == len(story.people(broken))


def test_an_api_that_is_down_is_not_asked_for_every_webinar(begin: Callable[..., Story]) -> None:
    story = begin(ONE_BY_ONE)
    story.control.configure(faults=[Fault(kind="status", status=500, path=LISTS)])
    assert story.run(*BOTH, "registrant_removals").exit_code == 1
    # Three are given up; the one after them may have been on its way.
    assert len(set(story.calls(LISTS))) in {3, 4}


@pytest.mark.parametrize("settled_too", [True, False])
def test_a_detail_that_is_gone_counts_as_emitted(begin: Callable[..., Story], *, settled_too: bool) -> None:
    story = begin()
    key = (settled(story) if settled_too else alive(story))[-1]
    person = story.people(key)[0]["registrantKey"]
    story.control.configure(faults=[Fault(kind="status", status=404, path=f"{person}$")])
    first = story.run(*BOTH)
    assert (first.exit_code, len(keys(first, "registrant_details")), len(keys(first, "registrants"))) == (
        0,
        PEOPLE - 1,
        PEOPLE,
    )
    story.control.configure(faults=[])
    assert emitted(story.run(*BOTH)) == {}
    assert story.calls(DETAILS) == []


# Full table


def full_table(*streams: str) -> dict[str, Any]:
    catalog = selecting(*streams)
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] in streams:
            entry["replication_method"] = "FULL_TABLE"
            entry.pop("replication_key", None)
    return catalog


def test_forced_full_table_emits_everything_each_time(story: Story) -> None:
    for _ in range(2):
        done = story.run(catalog=full_table(*BOTH))
        assert emitted(done) == {"registrants": PEOPLE, "registrant_details": PEOPLE}
        assert done.states == []
    assert emitted(story.run(*BOTH)) == {}


def test_forced_full_table_takes_a_detail_that_is_gone_as_it_is(story: Story) -> None:
    person = story.people()[0]["registrantKey"]
    story.control.configure(faults=[Fault(kind="status", status=404, path=f"{person}$")])
    done = story.run(catalog=full_table(*BOTH))
    assert (done.exit_code, emitted(done)) == (0, {"registrants": PEOPLE, "registrant_details": PEOPLE - 1})


# max_calls


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def left(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "left for the next run" in record.getMessage()]


@pytest.mark.parametrize("max_calls", [12, 23])
def test_a_backfill_in_pieces_brings_everyone_once_and_wastes_no_call(
    begin: Callable[..., Story], caplog: pytest.LogCaptureFixture, max_calls: int
) -> None:
    story = begin()
    seen: list[str] = []
    details: list[str] = []
    for _ in range(60):
        caplog.clear()
        done = story.run(*BOTH, "registrant_removals", max_calls=max_calls)
        assert done.exit_code == 0
        seen += keys(done, "registrants")
        details += story.calls(DETAILS)
        if not left(caplog):
            break
        assert len(done.states) == 1
        assert len(story.control.calls()) <= max_calls + 1, "the token is no call to the API"
    everyone = sorted(row["registrantKey"] for row in story.people())
    assert sorted(seen) == everyone
    assert sorted(path.split("/")[-1] for path in details) == everyone
    assert emitted(story.run(*BOTH)) == {}


def test_a_run_that_is_cut_says_how_many_webinars_are_left(
    begin: Callable[..., Story], caplog: pytest.LogCaptureFixture
) -> None:
    story = begin()
    done = story.run("registrants", max_calls=5)
    api_calls = len([call for call in story.control.calls() if "oauth" not in call["path"]])
    assert (done.exit_code, api_calls, len(done.states)) == (0, 5, 1)
    read = len(story.calls(LISTS))
    assert left(caplog) == [f"max_calls (5) reached: {8 - read} webinars left for the next run"]
    assert len(done.records("registrants")) == sum(len(story.people(key)) for key in alive(story)[:read])


def test_a_list_in_hand_is_read_to_its_end_when_no_call_is_left(story: Story) -> None:
    """The streams after the first cost nothing then, and the next run need not fetch the list again."""
    story.passes(days=200)
    calls = len(story.calls(LISTINGS)) + 2
    due = story.run(*BOTH, "registrant_removals", max_calls=calls + 1)
    assert due.exit_code == 0
    key = story.calls(LISTS)[-1].split("/")[-2]
    for stream in BOTH:
        assert (story.entry(stream, key) or {})["read_at"].startswith(story.now.date().isoformat())


@pytest.mark.parametrize(("max_calls", "warns"), [(4, True), (20, False)])
def test_a_limit_that_alive_webinars_use_up_is_warned_of(
    begin: Callable[..., Story], caplog: pytest.LogCaptureFixture, max_calls: int, *, warns: bool
) -> None:
    story = begin()
    story.run("registrants", max_calls=max_calls)
    assert any("some are never read" in record.getMessage() for record in caplog.records) is warns


# What is said


def said(caplog: pytest.LogCaptureFixture, start: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith(start)]


def test_the_plan_is_said_before_and_compared_after(
    begin: Callable[..., Story], caplog: pytest.LogCaptureFixture
) -> None:
    story = begin()
    story.run()
    assert said(caplog, "plan: ")[0] == (
        "plan: 8 webinars listed, 8 due (8 new, 0 alive, 0 recheck): at least 16 calls (less than a minute at 1000000 "
        "calls a minute), and 1 for each new or changed registrant"
    )
    planned = "at least 16 for webinars, and 1 for each new or changed registrant"
    assert said(caplog, "used ")[0].startswith(f"used {2 + 16 + PEOPLE} calls (planned: {planned}), ")
    caplog.clear()
    story.run()
    count = len(alive(story))
    assert said(caplog, "plan: ")[0].startswith(f"plan: 8 webinars listed, {count} due (0 new, {count} alive")
    assert said(caplog, "used ")[0].startswith(
        f"used {2 + 2 * count} calls (planned: at least {2 * count} for webinars"
    )


def test_everything_that_comes_out_is_told_to_the_log_by_count_only(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="tap-gotowebinar")
    done: Run = story.run()
    people = {row["email"] for row in story.people()}
    assert done.exit_code == 0
    assert not any(email in record.getMessage() for record in caplog.records for email in people)
