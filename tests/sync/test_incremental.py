"""What later runs bring: everything new or changed, nothing twice, no call that need not be made."""

import datetime as dt
from typing import Any

import pytest

from gotowebinar_sandbox import Fault
from tests.incremental_runs import BOTH, DETAILS, LISTINGS, LISTS, STREAMS, WEBINARS, Runs, emitted, keys
from tests.selection import selecting
from tests.sync.conftest import MakeRuns

pytestmark = pytest.mark.usefixtures("few_tries")

PEOPLE = 40

ONE_BY_ONE = {"max_concurrency": 1}
"""No call before the one before it is answered, so that the order of calls can be seen."""


@pytest.fixture
def runs(make_runs: MakeRuns) -> Runs:
    """Runs of which the first is over."""
    runs = make_runs()
    assert runs.run().exit_code == 0
    return runs


def alive(runs: Runs) -> list[str]:
    """Webinars that end after now, or not long ago."""
    since = (runs.now - dt.timedelta(days=14)).isoformat()
    return [key for key, row in runs.webinars().items() if max(time["endTime"] for time in row["times"]) > since]


def settled(runs: Runs) -> list[str]:
    return [key for key in runs.webinars() if key not in alive(runs)]


# The first run


def test_alive_webinars_are_read_first_then_the_newest_and_each_list_before_its_details(make_runs: MakeRuns) -> None:
    runs = make_runs(ONE_BY_ONE)
    runs.run()
    read = [path.split("/")[-2] for path in runs.calls(LISTS)]
    assert read == list(runs.webinars()) == alive(runs) + settled(runs)
    paths = [path for path in runs.calls(f"{LISTS}|{DETAILS}|{WEBINARS}") if read[0] in path]
    assert [path.count("/") - paths[0].count("/") for path in paths] == [0, 1, *[2] * len(runs.people(read[0]))]


# 1. Nothing new, and five new people


def test_an_idle_run_emits_nothing_makes_no_detail_call_and_prints_no_state(runs: Runs) -> None:
    done = runs.run()
    assert (done.exit_code, emitted(done), done.states) == (0, {}, [])
    assert runs.calls(DETAILS) == []
    assert len(runs.calls(LISTS)) == len(alive(runs)) < 8


def test_idle_runs_stay_idle_for_years(runs: Runs) -> None:
    lists = 0
    for _ in range(12):
        runs.passes(days=60)
        assert emitted(runs.run("registrants", "registrant_details", "registrant_removals")) == {}
        lists += len(runs.calls(LISTS))
    assert lists < 12 * 8 * 0.7


def test_five_new_people_come_out_and_nobody_else(make_runs: MakeRuns) -> None:
    runs = make_runs({"recheck_factor": 0})
    runs.run()
    first, second, third = alive(runs)[:3]
    same_second = runs.people(first)[0]["registrationDate"]
    runs.passes(hours=1)
    added = [
        *runs.control.add_registrants(first, people=[{"registrationDate": same_second}] * 2),
        *runs.control.add_registrants(second, people=[{"registrationDate": "2019-05-05T05:05:05Z"}]),
        *runs.control.add_registrants(third, people=[{"registrationDate": "some day"}]),
        *runs.control.add_registrants(settled(runs)[-1]),
    ]
    done = runs.run()
    assert sorted(keys(done, "registrants")) == sorted(keys(done, "registrant_details")) == sorted(added)
    assert len(runs.calls(DETAILS)) == 5
    dates = {row["registrantKey"]: row["registrationDate"] for row in done.records("registrants")}
    assert dates[added[3]] is None
    assert emitted(runs.run(*BOTH, "registrant_removals")) == {}


def test_a_settled_webinar_that_draws_people_is_read_when_it_is_due(runs: Runs) -> None:
    on_demand = settled(runs)[-1]
    added = runs.control.add_registrants(on_demand)
    assert keys(runs.run(*BOTH), "registrants") == []
    runs.passes(days=365)
    runs.control.change_registrant(on_demand, added[0], registrationDate=runs.now.isoformat())
    done = runs.run(*BOTH)
    assert keys(done, "registrants") == keys(done, "registrant_details") == added
    runs.passes(days=1)
    runs.run(*BOTH)
    assert any(on_demand in path for path in runs.calls(LISTS)), "it is alive again"


def test_of_a_settled_webinar_whose_past_changed_details_reads_only_newer_rows(make_runs: MakeRuns) -> None:
    """Known and accepted: the list costs no call more and is repeated whole; the details would cost one each."""
    runs = make_runs({"recheck_factor": 0})
    runs.run()
    old = settled(runs)[-1]
    late = runs.control.add_registrants(old, people=[{"registrationDate": "2001-01-01T00:00:00Z"}])
    done = runs.run(*BOTH)
    assert sorted(keys(done, "registrants")) == sorted(row["registrantKey"] for row in runs.people(old))
    assert late[0] in keys(done, "registrants")
    assert keys(done, "registrant_details") == []
    assert emitted(runs.run(*BOTH)) == {}


# 2. Approvals, cancellations, lists that are not what they were


def test_an_approval_brings_one_row_and_costs_one_call(make_runs: MakeRuns) -> None:
    runs = make_runs()
    manual = next(key for key in alive(runs) if runs.webinars()[key]["approvalType"] == "MANUAL")
    waiting = next(row["registrantKey"] for row in runs.people(manual) if row["status"] == "WAITING")
    gone = next(row["registrantKey"] for row in runs.people(alive(runs)[0]) if row["registrantKey"] != waiting)
    runs.run()
    runs.passes(hours=1)
    runs.control.approve_registrant(manual, waiting)
    runs.control.cancel_registrant(alive(runs)[0], gone)
    done = runs.run(*BOTH, "registrant_removals")
    assert keys(done, "registrants") == keys(done, "registrant_details") == [waiting]
    assert done.records("registrants")[0]["status"] == "APPROVED"
    assert runs.calls(DETAILS) == [path for path in runs.calls(DETAILS) if path.endswith(waiting)]
    assert len(runs.calls(DETAILS)) == 1
    (removal,) = done.records("registrant_removals")
    assert (removal["webinarKey"], removal["registrantKey"]) == (alive(runs)[0], gone)
    assert removal["removedAt"] == "2026-03-10T13:00:00.000000Z"
    assert emitted(runs.run(*BOTH, "registrant_removals")) == {}


@pytest.mark.parametrize("kind", ["truncate", "cut", "html", "empty", "reset"])
def test_a_list_that_is_broken_once_removes_nobody(runs: Runs, kind: str) -> None:
    runs.control.configure(faults=[Fault(kind=kind, path=LISTS, times=1)])  # type: ignore[arg-type]
    done = runs.run(*BOTH, "registrant_removals")
    assert (done.exit_code, emitted(done), done.states) == (0, {}, [])


def half_of(runs: Runs, webinar_key: str) -> list[dict[str, Any]]:
    rows = runs.people(webinar_key)
    return rows[: len(rows) // 2 - 1]


def test_a_list_that_lost_more_than_half_is_read_twice_before_it_is_believed(runs: Runs) -> None:
    key = max(alive(runs), key=lambda key: len(runs.people(key)))
    runs.control.configure(faults=[Fault(kind="json", path=f"{key}{LISTS}", times=1, value=half_of(runs, key))])
    done = runs.run(*BOTH, "registrant_removals")
    assert (emitted(done), done.states) == ({}, [])
    assert len([path for path in runs.calls(LISTS) if key in path]) == 2


@pytest.mark.parametrize("streams", [("registrant_removals",), (*BOTH, "registrant_removals")])
def test_a_list_that_lost_more_than_half_twice_is_believed(make_runs: MakeRuns, streams: tuple[str, ...]) -> None:
    runs = make_runs()
    runs.run(*streams)
    key = max(alive(runs), key=lambda key: len(runs.people(key)))
    half = half_of(runs, key)
    runs.control.configure(faults=[Fault(kind="json", path=f"{key}{LISTS}", value=half)])
    done = runs.run(*streams)
    assert len([path for path in runs.calls(LISTS) if key in path]) == 2
    assert len(done.records("registrant_removals")) == len(runs.people(key)) - len(half)


def test_a_list_that_does_not_add_up_in_pages_removes_nobody_and_is_not_read_to_its_end(runs: Runs) -> None:
    key = max(alive(runs), key=lambda key: len(runs.people(key)))
    short = {"data": runs.people(key)[1:], "total": len(runs.people(key)), "page": 0, "limit": 200}
    runs.control.configure(faults=[Fault(kind="json", path=f"{key}{LISTS}", value=short)])
    done = runs.run(*BOTH, "registrant_removals")
    assert (emitted(done), done.states) == ({}, [])


def test_who_slides_to_an_earlier_page_while_others_come_and_go_is_not_removed(runs: Runs) -> None:
    key = max(alive(runs), key=lambda key: len(runs.people(key)))
    people = runs.people(key)
    new = {**people[0], "registrantKey": "7"}
    # After the first page was read, its first registrant cancelled and another one came: the third slid to that page.
    answers = (people[:1], 0), (people[:2], 0), ([*people[3:], new], 1), ([*people[1:], new], 0)
    bodies = [{"data": rows, "total": len(people), "page": number, "limit": 2} for rows, number in answers]
    faults = [Fault(kind="json", path=f"{key}{LISTS}", value=body, times=1) for body in bodies]
    runs.control.configure(faults=faults)
    done = runs.run(*BOTH, "registrant_removals")
    assert done.records("registrant_removals") == []
    assert keys(done, "registrants") == ["7"]
    runs.control.cancel_registrant(key, people[0]["registrantKey"])
    gone = keys(runs.run(*BOTH, "registrant_removals"), "registrant_removals")
    assert sorted(gone) == sorted([people[0]["registrantKey"], "7"])


# 7. Webinars that move, streams and organizers that come later


def test_a_webinar_that_is_put_off_keeps_its_memory(runs: Runs) -> None:
    old = settled(runs)[-1]
    runs.control.move_webinar(old, "2026-05-01T10:00:00Z")
    added = runs.control.add_registrants(old, people=[{"registrationDate": runs.now.isoformat()}])
    runs.passes(hours=1)
    done = runs.run()
    assert keys(done, "registrants") == keys(done, "registrant_details") == added
    assert old in [row["webinarKey"] for row in done.records("webinar_details")]
    runs.passes(hours=1)
    late = runs.control.add_registrants(old, people=[{"registrationDate": "2001-01-01T00:00:00Z"}])
    assert keys(runs.run(*BOTH), "registrant_details") == late, "it has a roster again"


def test_a_webinar_that_is_put_back_into_the_past_settles(runs: Runs) -> None:
    soon = alive(runs)[0]
    runs.control.move_webinar(soon, "2025-05-01T10:00:00Z")
    runs.passes(days=20)
    assert emitted(runs.run(*BOTH, "registrant_removals")) == {}
    assert set(runs.entry("registrants", soon) or {}) == {"replication_key_value", "count", "read_at"}
    assert runs.entry("registrant_removals", soon) is None


def test_a_webinar_that_changes_organizer_keeps_its_memory(make_runs: MakeRuns) -> None:
    runs = make_runs(organizers=2, webinars=4)
    runs.settings["organizer_keys"] = runs.organizers()
    runs.run()
    key = alive(runs)[0]
    before = runs.webinars()[key]["organizerKey"]
    after = next(other for other in runs.settings["organizer_keys"] if other != before)
    runs.control.reassign_webinar(key, after)
    added = runs.control.add_registrants(key)
    done = runs.run()
    assert keys(done, "registrants") == keys(done, "registrant_details") == added
    assert any(f"/organizers/{after}/webinars/{key}/" in path for path in runs.calls(LISTS))
    assert [row["organizerKey"] for row in done.records("webinars") if row["webinarKey"] == key] == [after]


def test_an_organizer_added_later_starts_from_its_own_beginning(make_runs: MakeRuns) -> None:
    runs = make_runs(organizers=2, webinars=4)
    first, second = runs.organizers()
    runs.run(organizer_keys=[first])
    done = runs.run(organizer_keys=[first, second])
    theirs = {key for key, row in runs.webinars().items() if row["organizerKey"] == second}
    expected = sorted(row["registrantKey"] for row in runs.people() if row["webinarKey"] in theirs)
    assert sorted(keys(done, "registrants")) == sorted(keys(done, "registrant_details")) == expected
    runs.run(organizer_keys=[first])
    assert emitted(runs.run(organizer_keys=[first, second])) == {}


def test_a_stream_selected_later_starts_from_its_own_beginning(make_runs: MakeRuns) -> None:
    runs = make_runs()
    runs.run("registrants")
    done = runs.run(*STREAMS)
    assert done.records("registrants") == []
    assert len(keys(done, "registrant_details")) == len(set(keys(done, "registrant_details"))) == PEOPLE
    assert len(done.records("webinar_details")) == 8
    assert emitted(runs.run()) == {}


def test_a_stream_deselected_and_selected_again_brings_what_it_missed(runs: Runs) -> None:
    before = runs.entry("registrant_details", alive(runs)[0])
    added = runs.control.add_registrants(alive(runs)[0])
    assert keys(runs.run("registrants"), "registrants") == added
    assert runs.entry("registrant_details", alive(runs)[0]) == before
    done = runs.run(*BOTH)
    assert (done.records("registrants"), keys(done, "registrant_details")) == ([], added)


def test_a_stream_that_was_away_while_a_webinar_settled_brings_what_it_missed(runs: Runs) -> None:
    added = runs.control.add_registrants(alive(runs)[0], 3)
    runs.run("registrants")
    runs.passes(days=300)
    runs.run("registrants")
    done = runs.run(*BOTH)
    assert (done.records("registrants"), keys(done, "registrant_details")) == ([], added)
    assert emitted(runs.run(*BOTH)) == {}


def test_a_start_date_moved_later_forgets_nothing_and_moved_earlier_brings_the_rest(make_runs: MakeRuns) -> None:
    runs = make_runs()
    first = runs.run(start_date="2026-01-01T00:00:00Z")
    some = len(first.records("webinars"))
    assert 0 < some < 8
    rest = runs.run()
    both = keys(first, "registrants") + keys(rest, "registrants")
    assert sorted(both) == sorted(row["registrantKey"] for row in runs.people())
    assert len(rest.records("webinar_details")) == 8 - some
    later = runs.run(start_date="2026-03-12T00:00:00Z")
    assert len(later.records("webinars")) < some
    assert (emitted(later), emitted(runs.run())) == ({}, {})


def test_a_webinar_that_is_cancelled_takes_no_memory_with_it(runs: Runs) -> None:
    key = alive(runs)[0]
    entry = runs.entry("registrants", key)
    runs.control.cancel_webinar(key)
    runs.control.add_registrants(alive(runs)[0])
    done = runs.run()
    assert emitted(done) == {"registrants": 1, "registrant_details": 1, "webinar_details": 1, "webinar_removals": 1}
    assert runs.entry("registrants", key) == entry


def test_a_new_webinar_comes_with_its_people(runs: Runs) -> None:
    key = runs.control.add_webinar(subject="Graft your own apples")
    runs.control.add_registrants(key, 2)
    assert emitted(runs.run()) == {"registrants": 2, "registrant_details": 2, "webinar_details": 1}


def test_a_webinar_without_times_is_read_until_it_is_quiet(make_runs: MakeRuns) -> None:
    runs = make_runs(webinars=0, registrants=0)
    key = runs.control.add_webinar(times=[])
    assert emitted(runs.run()) == {"webinar_details": 1}
    runs.passes(days=300)
    assert runs.run(*BOTH, "registrant_removals").states == []
    assert len(runs.calls(LISTS)) == 1
    runs.control.add_registrants(key)
    assert emitted(runs.run(*BOTH)) == {"registrants": 1, "registrant_details": 1}
    runs.passes(days=20)
    runs.run(*BOTH)
    assert len(runs.calls(LISTS)) == 1
    runs.passes(hours=1)
    runs.run(*BOTH)
    assert runs.calls(LISTS) == []


def test_a_leap_day_is_a_day_like_any_other(make_runs: MakeRuns) -> None:
    runs = make_runs(webinars=1)
    runs.passes(days=(dt.datetime(2028, 2, 29, tzinfo=dt.UTC) - runs.now).days + 1)
    assert runs.run("webinars").exit_code == 0
    assert (runs.now.month, runs.now.day) == (2, 29)


# Refused, gone, given up


TROUBLES = [{"kind": "status", "status": status} for status in (400, 401, 403, 409, 422, 500)]


@pytest.mark.parametrize("trouble", [*TROUBLES, {"kind": "invalid_token"}], ids=str)
def test_one_list_that_cannot_be_read_stays_due_and_is_read_by_the_next_run(
    make_runs: MakeRuns, trouble: dict[str, Any]
) -> None:
    runs = make_runs()
    broken = settled(runs)[-1]
    runs.control.configure(faults=[Fault(path=f"{broken}{LISTS}", **trouble)])
    first = runs.run(*BOTH, "registrant_removals")
    assert first.exit_code == 1
    everyone, missing = ({row["registrantKey"] for row in runs.people(key)} for key in (None, broken))
    assert set(keys(first, "registrants")) == everyone - missing
    assert all(runs.entry(stream, broken) is None for stream in (*BOTH, "registrant_removals"))
    runs.control.configure(faults=[])
    second = runs.run(*BOTH)
    assert second.exit_code == 0
    assert sorted(keys(second, "registrants")) == sorted(missing)


@pytest.mark.parametrize("status", [403, 503])
def test_one_detail_that_cannot_be_read_is_the_only_one_left_for_the_next_run(make_runs: MakeRuns, status: int) -> None:
    runs = make_runs()
    key = settled(runs)[-1]
    person = runs.people(key)[0]["registrantKey"]
    runs.control.configure(faults=[Fault(kind="status", status=status, path=f"{person}$")])
    first = runs.run(*BOTH)
    assert (first.exit_code, len(keys(first, "registrant_details"))) == (1, PEOPLE - 1)
    runs.control.configure(faults=[])
    second = runs.run(*BOTH)
    assert (second.exit_code, keys(second, "registrant_details"), second.records("registrants")) == (0, [person], [])
    assert len(runs.calls(DETAILS)) == 1
    assert "count" in (runs.entry("registrant_details", key) or {})


def test_an_api_that_is_down_is_not_asked_for_every_webinar(make_runs: MakeRuns) -> None:
    runs = make_runs(ONE_BY_ONE)
    runs.control.configure(faults=[Fault(kind="status", status=500, path=LISTS)])
    assert runs.run(*BOTH, "registrant_removals").exit_code == 1
    # Three are given up; the one after them may have been on its way.
    assert len(set(runs.calls(LISTS))) in {3, 4}


@pytest.mark.parametrize("settled_too", [True, False])
def test_a_detail_that_is_gone_counts_as_emitted(make_runs: MakeRuns, *, settled_too: bool) -> None:
    runs = make_runs()
    key = (settled(runs) if settled_too else alive(runs))[-1]
    person = runs.people(key)[0]["registrantKey"]
    runs.control.configure(faults=[Fault(kind="status", status=404, path=f"{person}$")])
    first = runs.run(*BOTH)
    assert (first.exit_code, emitted(first)) == (0, {"registrants": PEOPLE, "registrant_details": PEOPLE - 1})
    runs.control.configure(faults=[])
    assert emitted(runs.run(*BOTH)) == {}
    assert runs.calls(DETAILS) == []


# Full table


def full_table(*streams: str) -> dict[str, Any]:
    catalog = selecting(*streams)
    for entry in catalog["streams"]:
        if entry["tap_stream_id"] in streams:
            entry["replication_method"] = "FULL_TABLE"
            entry.pop("replication_key", None)
    return catalog


def test_forced_full_table_emits_everything_each_time(runs: Runs) -> None:
    for _ in range(2):
        done = runs.run(catalog=full_table(*BOTH))
        assert emitted(done) == {"registrants": PEOPLE, "registrant_details": PEOPLE}
        assert done.states == []
    assert emitted(runs.run(*BOTH)) == {}


def test_forced_full_table_takes_a_detail_that_is_gone_as_it_is(runs: Runs) -> None:
    person = runs.people()[0]["registrantKey"]
    runs.control.configure(faults=[Fault(kind="status", status=404, path=f"{person}$")])
    done = runs.run(catalog=full_table(*BOTH))
    assert (done.exit_code, emitted(done)) == (0, {"registrants": PEOPLE, "registrant_details": PEOPLE - 1})


# max_calls


@pytest.fixture(autouse=True)
def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def said(caplog: pytest.LogCaptureFixture, start: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith(start)]


def test_a_run_that_is_cut_says_how_many_webinars_are_left(
    make_runs: MakeRuns, caplog: pytest.LogCaptureFixture
) -> None:
    runs = make_runs()
    done = runs.run("registrants", max_calls=5)
    api_calls = len([call for call in runs.control.calls() if "oauth" not in call["path"]])
    assert (done.exit_code, api_calls, len(done.states)) == (0, 5, 1)
    read = len(runs.calls(LISTS))
    assert said(caplog, "max_calls (5) reached") == [
        f"max_calls (5) reached: {8 - read} webinars left for the next run"
    ]
    assert len(done.records("registrants")) == sum(len(runs.people(key)) for key in alive(runs)[:read])


def test_a_list_in_hand_is_read_to_its_end_when_no_call_is_left(runs: Runs) -> None:
    """The streams after the first cost nothing then, and the next run need not fetch the list again."""
    runs.passes(days=200)
    calls = len(runs.calls(LISTINGS)) + 2
    due = runs.run(*BOTH, "registrant_removals", max_calls=calls + 1)
    assert due.exit_code == 0
    key = runs.calls(LISTS)[-1].split("/")[-2]
    for stream in BOTH:
        assert (runs.entry(stream, key) or {})["read_at"].startswith(runs.now.date().isoformat())


@pytest.mark.parametrize(("max_calls", "warns"), [(4, True), (20, False)])
def test_a_limit_that_alive_webinars_use_up_is_warned_of(
    make_runs: MakeRuns, caplog: pytest.LogCaptureFixture, max_calls: int, *, warns: bool
) -> None:
    runs = make_runs()
    runs.run("registrants", max_calls=max_calls)
    assert any("some are never read" in record.getMessage() for record in caplog.records) is warns


# What is said


def test_the_plan_is_said_before_and_compared_after(make_runs: MakeRuns, caplog: pytest.LogCaptureFixture) -> None:
    runs = make_runs()
    runs.run()
    assert said(caplog, "plan: ")[0] == (
        "plan: 8 webinars listed, 8 due (8 new, 0 alive, 0 recheck): at least 16 calls (less than a minute at 1000000 "
        "calls a minute), and 1 for each new or changed registrant"
    )
    planned = "at least 16 for webinars, and 1 for each new or changed registrant"
    assert said(caplog, "used ")[0].startswith(f"used {2 + 16 + PEOPLE} calls (planned: {planned}), ")
    caplog.clear()
    runs.run()
    count = len(alive(runs))
    assert said(caplog, "plan: ")[0].startswith(f"plan: 8 webinars listed, {count} due (0 new, {count} alive")
    assert said(caplog, "used ")[0].startswith(
        f"used {2 + 2 * count} calls (planned: at least {2 * count} for webinars"
    )
