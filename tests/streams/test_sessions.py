"""Sessions and everything below them, against what the sandbox says is true."""

import datetime as dt
import functools
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tests.comparable_rows import bag
from tests.incremental_runs import NOW, Runs, merged
from tests.list_answers import hal
from tests.runs import FAST, Run, run_here
from tests.selection import selecting

OF_A_SESSION: Final = ("session_performance", "polls", "questions", "surveys", "attendees")
OF_AN_ATTENDEE: Final = ("attendee_polls", "attendee_surveys")
ALL: Final = ("sessions", *OF_A_SESSION, *OF_AN_ATTENDEE)
OF_SESSIONS: Final = r"/sessions/\d+/"
SETTLED: Final = "2026-02-24T12:00:00Z"
"""Sessions that ended before are settled when runs begin."""

LISTINGS: Final = r"/organizers/\d+/sessions$"

Row = dict[str, Any]


@pytest.fixture
def runs(make_sandbox: Callable[..., Sandbox]) -> Runs:
    return Runs(make_sandbox(webinars=20, registrants=12, now=NOW))


def read(runs: Runs, *streams: str, **settings: Any) -> Run:  # noqa: ANN401
    return runs.run(*(streams or ("sessions", *OF_A_SESSION)), **settings)


def truth(runs: Runs, stream: str) -> list[Row]:
    """All rows of a stream."""
    return list(runs.control.expected_records(stream)[stream])


def fetch_rows(done: Run) -> Counter[str]:
    return Counter(message["stream"] for message in done.of_type("RECORD"))


def held(runs: Runs, days_ago: int) -> Row:
    """A session that ended so many days before now, as GoTo tells of it; three people attended."""
    webinar = next(row for row in runs.webinars().values() if len(runs.people(row["webinarKey"])) > 3)
    end = f"2026-03-{10 - days_ago:02}T11:00:00Z"
    start = end.replace("T11", "T10")
    guests = [row["registrantKey"] for row in runs.people(webinar["webinarKey"])[:3]]
    key = runs.control.hold_session(webinar["webinarKey"], guests, startTime=start, endTime=end)
    (row,) = [row for row in truth(runs, "sessions") if row["sessionKey"] == key]
    return dict(row)


# What comes out


def test_every_row_of_every_session_comes_out_as_it_is_and_once(runs: Runs) -> None:
    done = read(runs, *ALL)
    assert done.exit_code == 0
    keys = {message["stream"]: message["key_properties"] for message in done.of_type("SCHEMA")}
    for stream in ALL:
        rows = truth(runs, stream)
        assert rows
        assert bag(done.records(stream)) == bag(rows)
        assert len({tuple(row[key] for key in keys[stream]) for row in done.records(stream)}) == len(rows)


def test_the_rows_are_the_same_one_call_after_the_other_or_many_ahead(runs: Runs) -> None:
    ahead = read(runs, *ALL, max_concurrency=8)
    runs.state = None
    assert read(runs, *ALL, max_concurrency=1).records("questions") == ahead.records("questions")
    assert [row for stream in ALL for row in ahead.records(stream)]


def test_answers_of_attendees_join_to_the_poll_they_are_about(runs: Runs) -> None:
    done = read(runs, "polls", "attendee_polls")
    polls = {(row["sessionKey"], row["pollKey"]) for row in done.records("polls")}
    answers = {(row["sessionKey"], row["pollKey"]) for row in done.records("attendee_polls")}
    assert answers
    assert answers <= polls


def test_sessions_come_out_by_their_end(runs: Runs) -> None:
    ends = [row["endTime"] for row in read(runs).records("sessions")]
    assert len(ends) > 5
    assert ends == sorted(ends)


# What comes out later


def test_an_idle_run_lists_the_sessions_and_asks_for_nothing_else(runs: Runs) -> None:
    read(runs, *ALL)
    idle = read(runs, *ALL)
    assert (idle.of_type("RECORD"), idle.states) == ([], [])
    assert runs.calls(OF_SESSIONS) == []
    assert len(runs.calls(LISTINGS)) == 1


def test_a_settled_session_is_never_asked_for_again(runs: Runs) -> None:
    held(runs, days_ago=5)
    read(runs)
    for _ in range(3):
        runs.passes(days=20)
        read(runs)
    runs.passes(days=400)
    assert (read(runs).of_type("RECORD"), runs.calls(OF_SESSIONS)) == ([], [])


def test_a_session_in_the_look_back_is_read_again_and_silent_when_nothing_changed(runs: Runs) -> None:
    new = held(runs, days_ago=2)
    read(runs)
    runs.passes(days=1)
    again = read(runs)
    assert new["sessionKey"] not in {row["sessionKey"] for row in again.records("attendees")}
    assert any(f"/sessions/{new['sessionKey']}/attendees" in call for call in runs.calls(OF_SESSIONS))


@pytest.mark.parametrize("settle_days", [0, 14])
def test_a_session_that_is_listed_a_day_after_it_ended_is_read(runs: Runs, settle_days: float) -> None:
    webinar = next(iter(runs.webinars()))
    runs.control.hold_session(webinar)
    read(runs, settle_days=settle_days)
    end = runs.now - dt.timedelta(hours=23)
    start = end - dt.timedelta(hours=1)
    late = runs.control.hold_session(webinar, startTime=start.isoformat(), endTime=end.isoformat())
    done = read(runs, settle_days=settle_days)
    assert {row["sessionKey"] for row in done.records("sessions")} == {late}
    assert {row["sessionKey"] for row in done.records("session_performance")} == {late}
    assert read(runs, settle_days=settle_days).of_type("RECORD") == []


def test_sessions_that_count_as_settled_no_more_are_read_again(runs: Runs) -> None:
    recent = held(runs, days_ago=5)["sessionKey"]
    read(runs, settle_days=1)
    runs.passes(days=1)
    assert recent not in {row["sessionKey"] for row in read(runs, settle_days=1).records("sessions")}
    assert recent in {row["sessionKey"] for row in read(runs, settle_days=14).records("sessions")}


def test_what_changes_in_the_look_back_comes_out_and_nothing_else(runs: Runs) -> None:
    new = held(runs, days_ago=2)
    known = {row["sessionKey"] for row in read(runs).records("sessions")}
    late = next(
        row["registrantKey"]
        for row in runs.people(new["webinarKey"])
        if row["registrantKey"] not in {one["registrantKey"] for one in attendees(runs, new["sessionKey"])}
    )
    runs.control.attend(new["webinarKey"], new["sessionKey"], late)
    runs.control.ask_question(new["webinarKey"], new["sessionKey"], late, "Is there a handout?")
    runs.passes(hours=8)
    done = read(runs)
    assert {row["sessionKey"] for row in done.records("attendees")} & known == {new["sessionKey"]}
    assert late in {row["registrantKey"] for row in done.records("attendees")}
    assert [row["question"] for row in done.records("questions")].count("Is there a handout?") == 1
    assert new["sessionKey"] in {row["sessionKey"] for row in done.records("sessions")}
    assert not {row["sessionKey"] for row in done.records("surveys")} & known


def test_the_same_question_twice_in_a_second_is_two_rows_with_keys_that_stay(runs: Runs) -> None:
    new = held(runs, days_ago=2)
    who = attendees(runs, new["sessionKey"])[0]["registrantKey"]
    for _ in range(2):
        runs.control.ask_question(new["webinarKey"], new["sessionKey"], who, "Can you hear me?")
    first = read(runs, "questions")
    runs.state = None
    second = read(runs, "questions")
    keys = {row["questionKey"] for row in first.records("questions") if row["question"] == "Can you hear me?"}
    assert len(keys) == 2
    assert keys == {row["questionKey"] for row in second.records("questions") if row["question"] == "Can you hear me?"}


def test_a_stream_selected_later_starts_from_its_own_beginning(runs: Runs) -> None:
    read(runs, "sessions", "attendees")
    done = read(runs, "sessions", "attendees", "polls")
    assert fetch_rows(done).keys() == {"polls"}
    assert bag(done.records("polls")) == bag(truth(runs, "polls"))
    assert not [call for call in runs.calls(OF_SESSIONS) if not call.endswith("/polls")]


def test_a_start_date_in_the_future_lists_no_sessions(runs: Runs) -> None:
    done = read(runs, start_date="2027-06-01T00:00:00Z")
    assert (done.exit_code, done.records("sessions")) == (0, [])


def test_a_start_date_that_lists_no_session_makes_nothing_forgotten(runs: Runs) -> None:
    read(runs)
    assert read(runs, start_date="2027-06-01T00:00:00Z").states == []
    assert read(runs).records("sessions") == []


def test_a_late_start_date_moved_back_brings_the_rest_and_only_that(runs: Runs) -> None:
    late = read(runs, start_date="2026-01-15T00:00:00Z").records("sessions")
    rest = read(runs).records("sessions")
    assert late
    assert rest
    assert bag(late + rest) == bag(truth(runs, "sessions"))


def test_sessions_can_be_asked_for_in_full_each_time(runs: Runs) -> None:
    catalog = selecting("sessions", "attendees")
    next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == "sessions")["replication_method"] = (
        "FULL_TABLE"
    )
    first, second = runs.run(catalog=catalog), runs.run(catalog=catalog)
    assert first.records("sessions") == second.records("sessions") != []
    assert second.records("attendees") == []


# What it costs


def attendees(runs: Runs, session_key: str) -> list[Row]:
    return [row for row in truth(runs, "attendees") if row["sessionKey"] == session_key]


def test_a_first_run_makes_no_call_whose_answer_is_known(runs: Runs) -> None:
    read(runs)
    sessions = truth(runs, "sessions")
    performance = {row["sessionKey"]: row for row in truth(runs, "session_performance")}
    per_webinar = Counter(row["webinarKey"] for row in sessions)

    def counted(row: Row, name: str) -> bool:
        return float(performance[row["sessionKey"]]["pollsAndSurveys"][name]) > 0

    assert len(runs.calls(r"/sessions/\d+/polls$")) == sum(row["totalPollCount"] > 0 for row in sessions)
    assert len(runs.calls(r"/sessions/\d+/questions$")) == sum(counted(row, "questionsAsked") for row in sessions)
    assert len(runs.calls(r"/sessions/\d+/surveys$")) == sum(counted(row, "surveyCount") for row in sessions)
    assert len(runs.calls(r"/performance$")) == len(per_webinar)
    single = sum(
        row["registrantsAttended"] > 0 for row in sessions if not runs.calls(f"/{row['webinarKey']}/attendees$")
    )
    assert len(runs.calls(r"/sessions/\d+/attendees$")) == single
    assert 0 < len(runs.calls(r"/webinars/\d+/attendees$")) < len(sessions) - single


def test_attendees_of_a_webinar_are_read_together_even_if_the_first_session_had_none(runs: Runs) -> None:
    first = min(truth(runs, "sessions"), key=lambda row: row["endTime"])
    assert first["registrantsAttended"] == 0
    read(runs, "session_performance", "attendees", max_concurrency=1)
    assert runs.calls(r"/webinars/\d+/attendees$")


def test_the_plan_says_how_many_sessions_are_read(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "tap-gotowebinar")
    sessions = len(read(runs).records("sessions"))
    assert f"plan: {sessions} sessions listed, {sessions} due" in caplog.text
    read(runs)
    assert "sessions listed, 0 due" in caplog.text


def test_performance_is_never_read_only_to_decide(runs: Runs) -> None:
    read(runs, "questions")
    assert runs.calls("/performance$") == []
    assert len(runs.calls("/questions$")) == len(truth(runs, "sessions"))


def test_sessions_of_a_webinar_are_asked_for_one_by_one_where_the_whole_cannot_be_had(runs: Runs) -> None:
    runs.control.configure(
        faults=[{"kind": "status", "status": 403, "path": r"/webinars/\d+/(attendees|performance)$"}]
    )
    done = read(runs)
    assert done.exit_code == 0
    for stream in ("attendees", "session_performance"):
        assert bag(done.records(stream)) == bag(truth(runs, stream))


def test_attendees_of_a_webinar_are_not_read_together_for_a_few_sessions_late_in_it(runs: Runs) -> None:
    first = held(runs, days_ago=9)
    webinar, guests = first["webinarKey"], [row["registrantKey"] for row in runs.people(first["webinarKey"])]
    for hours in range(1, 1 + 450 // len(guests)):
        end = runs.now - dt.timedelta(days=30, hours=hours)
        start = end - dt.timedelta(minutes=30)
        runs.control.hold_session(webinar, guests, startTime=start.isoformat(), endTime=end.isoformat())
    second = held(runs, days_ago=8)
    done = read(runs, "attendees", start_date="2026-03-01T00:00:00Z")
    assert first["webinarKey"] == second["webinarKey"]
    assert {first["sessionKey"], second["sessionKey"]} <= {row["sessionKey"] for row in done.records("attendees")}
    assert len(runs.calls(f"/{webinar}/attendees$")) == 1
    assert len(runs.calls(f"/{webinar}/sessions/.*/attendees$")) == 2


# What goes wrong


def test_a_session_that_the_answer_for_the_whole_webinar_lacks_is_asked_for_alone(runs: Runs) -> None:
    webinars = Counter(row["webinarKey"] for row in truth(runs, "sessions"))
    ((webinar, sessions),) = webinars.most_common(1)
    runs.control.configure(faults=[Fault(kind="json", path=f"/{webinar}/performance$", value={})])
    done = read(runs, "session_performance")
    assert sessions > 1
    assert bag(done.records("session_performance")) == bag(truth(runs, "session_performance"))


@pytest.mark.slow
def test_a_merge_with_an_older_state_does_not_keep_attendees_from_being_asked_for(runs: Runs) -> None:
    """As Meltano merges the states of runs that were cut short: fields that are gone stay."""
    new = held(runs, days_ago=2)
    webinar, key = new["webinarKey"], new["sessionKey"]
    runs.control.add_poll(webinar, key, "Ready?", ["yes", "no"])
    first = min((row["registrantKey"] for row in attendees(runs, key)), key=int)
    states: list[Row | None] = []
    while not states or states[-1] != runs.state:
        states.append(runs.state)
        read(runs, "attendee_polls", max_calls=5, max_concurrency=1)
    runs.control.answer_poll(webinar, key, first, ["yes"])
    runs.passes(days=1)
    runs.state = functools.reduce(merged, filter(None, states))
    done = read(runs, "attendee_polls")
    assert first in {row["registrantKey"] for row in done.records("attendee_polls") if row["sessionKey"] == key}


def test_a_session_that_is_refused_is_named_and_the_rest_is_read(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    refused = next(row["sessionKey"] for row in truth(runs, "sessions") if row["totalPollCount"])
    runs.control.configure(faults=[{"kind": "status", "status": 403, "path": f"/{refused}/polls$"}])
    done = read(runs)
    assert done.exit_code == 1
    assert f"/sessions/{refused}/polls" in caplog.text
    runs.control.configure(faults=[])
    rest = read(runs)
    assert fetch_rows(rest).keys() == {"polls"}
    assert {row["sessionKey"] for row in rest.records("polls")} == {refused}


@pytest.mark.slow
def test_a_run_cut_into_pieces_brings_everything_once(runs: Runs) -> None:
    found: list[Row] = []
    for _ in range(100):
        done = read(runs, *ALL, max_calls=9, max_concurrency=2)
        found += [{"stream": message["stream"], **message["record"]} for message in done.of_type("RECORD")]
        if not done.of_type("RECORD"):
            break
    for stream in ALL:
        rows = [{"stream": stream, **row} for row in truth(runs, stream)]
        assert bag(row for row in found if row["stream"] == stream) == bag(rows)


@pytest.mark.slow
def test_a_sessions_list_that_is_refused_leaves_the_other_organizers_alone(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = make_sandbox(organizers=3, webinars=8, registrants=4)
    keys = [row["organizerKey"] for row in sandbox.control.expected_records()["organizers"]]
    settings = {**sandbox.settings, **FAST, "organizer_keys": keys}
    everything = run_here(settings)
    sandbox.control.configure(forbidden=(keys[1],))
    partly, skipping = run_here(settings), run_here({**settings, "on_forbidden": "skip"})
    assert (everything.exit_code, partly.exit_code, skipping.exit_code) == (0, 1, 0)
    assert f"/organizers/{keys[1]}/sessions" in caplog.text
    for stream in ("sessions", "attendees", "panelists", "registrants"):
        rest = [row for row in everything.records(stream) if row["organizerKey"] != keys[1]]
        assert bag(partly.records(stream)) == bag(rest)
        assert rest


def test_an_account_brings_the_sessions_of_all_its_organizers_each_once(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(organizers=3, webinars=6, registrants=4)
    account = sandbox.control.expected_records()["webinars"][0]["accountKey"]
    done = run_here({**sandbox.settings, **FAST, "account_key": account})
    assert done.exit_code == 0
    for stream in ("sessions", "attendees", "polls"):
        assert bag(done.records(stream)) == bag(sandbox.control.expected_records(stream)[stream])
    assert len({row["organizerKey"] for row in done.records("sessions")}) == 3


def test_a_session_that_two_organizers_list_comes_once_and_holds_up_no_bookmark(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    runs = Runs(make_sandbox(organizers=2, webinars=8, registrants=4, now=NOW))
    keys = runs.organizers()
    runs.settings["organizer_keys"], second = keys, keys[1]
    everybody = truth(runs, "sessions")
    own = [row for row in everybody if runs.webinars()[row["webinarKey"]]["organizerKey"] == second]
    answer = hal("sessionInfoResources", everybody)
    runs.control.configure(faults=[Fault(kind="json", path=f"/{second}/sessions$", value=answer)])
    done = read(runs, "sessions")
    assert 0 < len(own) < len(everybody)
    assert bag(done.records("sessions")) == bag(everybody)
    assert read(runs, "sessions").of_type("RECORD") == []
    assert runs.state is not None
    memory = runs.state["bookmarks"]["sessions"]["organizers"][second]
    assert memory["replication_key_value"][:19] == max(row["endTime"][:19] for row in own if row["endTime"] < SETTLED)
    assert set(memory.get("sessions", {})) == {row["sessionKey"] for row in own if row["endTime"] >= SETTLED}


# The audit


def test_the_summary_says_nothing_where_counts_and_lists_agree(
    sandbox: Sandbox, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert run_here(settings).exit_code == 0
    assert sandbox.control.expected_records("attendees")["attendees"]
    assert "counts and lists differ" not in caplog.text


def test_the_summary_names_a_session_of_which_fewer_came_out_than_attended(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "tap-gotowebinar")
    runs = Runs(make_sandbox(webinars=8, registrants=12, now=NOW))
    busiest = max(truth(runs, "sessions"), key=lambda row: int(row["registrantsAttended"]))
    path = f"({busiest['sessionKey']}|{busiest['webinarKey']})/attendees$"
    runs.control.configure(faults=[Fault(kind="json", path=path, value=[])])
    read(runs, "attendees")
    assert "'attendees': GoTo's counts and lists differ: 1" in caplog.text
    assert f"{busiest['sessionKey']}: {busiest['registrantsAttended']} counted, 0 listed" in caplog.text
