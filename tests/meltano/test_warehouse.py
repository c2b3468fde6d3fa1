"""All streams through `meltano run` into PostgreSQL: the values, the second run, the questions in SQL."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.meltano.loading import PEOPLE, Row, keys
from tests.sources import ROOT
from tests.told import bag

if TYPE_CHECKING:
    from tests.meltano.loading import Loading

STREAMS: Final = (
    *("sessions", "session_performance", "attendees", "polls", "questions", "surveys"),
    *("panelists", "co_organizers", "registration_fields", "recordings"),
)
OFF: Final = ("attendee_polls", "attendee_surveys")
SQL: Final = re.findall(
    r"^```sql\n(.*?)^```$", (ROOT / "docs" / "questions.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
pytestmark = [pytest.mark.external, pytest.mark.timeout(300)]


def ask(loaded: Loading, number: int) -> list[tuple[Any, ...]]:
    """Return what the database answers to a question of the page."""
    return loaded.database.query(SQL[number].replace("gotowebinar.", "gotowebinar_sandbox."))


def present(loaded: Loading) -> list[Row]:
    return [row for row in loaded.truth("attendees") if row["attendanceTimeInSeconds"] > 0]


@pytest.mark.parametrize("stream", STREAMS)
def test_every_value_of_every_row_is_in_the_database(loaded: Loading, stream: str) -> None:
    truth = loaded.truth(stream)
    assert truth
    assert bag(loaded.rows(stream)) == bag(truth)


def test_every_value_of_every_registrant_is_in_the_database(loaded: Loading) -> None:
    loaded.assert_loaded()
    owners = [row["organizerKey"] for row in loaded.sandbox.control.truth()["organizers"]]
    assert [row["organizerKey"] for row in loaded.rows("organizers")] == owners


def test_the_streams_with_a_call_for_every_attendee_are_not_loaded_unasked(loaded: Loading) -> None:
    tables = loaded.database.query(
        "select table_name from information_schema.tables where table_schema = 'gotowebinar_sandbox'"
    )
    assert not {name for (name,) in tables} & set(OFF)


def test_registrations_by_days_ahead(loaded: Loading) -> None:
    webinars = {row["webinarKey"]: row for row in loaded.sandbox.control.truth()["webinars"]}
    expected: Counter[tuple[str, str, int | None]] = Counter()
    for person in loaded.people():
        webinar = webinars[person["webinarKey"]]
        days = None
        if webinar["times"]:
            days = (_day(webinar["times"][0]["startTime"]) - _day(person["registrationDate"])).days
        expected[webinar["webinarKey"], webinar["subject"], days] += 1
    assert Counter(ask(loaded, 0)) == Counter((subject, days, count) for (_, subject, days), count in expected.items())


def test_attendance_and_no_shows(loaded: Loading) -> None:
    webinars = {row["webinarKey"]: row["subject"] for row in loaded.sandbox.control.truth()["webinars"]}
    held = {row["webinarKey"] for row in loaded.truth("sessions")}
    attended = {(row["webinarKey"], row["registrantKey"]) for row in present(loaded)}
    approved: defaultdict[str, list[str]] = defaultdict(list)
    for person in loaded.people():
        if person["status"] == "APPROVED" and person["webinarKey"] in held:
            approved[person["webinarKey"]].append(person["registrantKey"])
    expected = [
        (webinars[key], len(people), sum((key, person) in attended for person in people))
        for key, people in approved.items()
    ]
    answer = ask(loaded, 1)
    assert sorted((subject, registered, came) for subject, registered, came, *_ in answer) == sorted(expected)
    for _, registered, came, rate, missing in answer:
        assert float(rate) == pytest.approx(100 * came / registered, abs=0.06)
        assert float(missing) == pytest.approx(100 - 100 * came / registered, abs=0.06)


def test_minutes_attended(loaded: Loading) -> None:
    seconds: defaultdict[str, list[int]] = defaultdict(list)
    for row in present(loaded):
        seconds[row["sessionKey"]].append(row["attendanceTimeInSeconds"])
    answer = {session: (float(minutes), people) for _, session, minutes, people in ask(loaded, 2)}
    assert answer.keys() == seconds.keys()
    for session, (minutes, people) in answer.items():
        assert minutes == pytest.approx(sum(seconds[session]) / len(seconds[session]) / 60, abs=0.06)
        assert people == len(seconds[session])


def test_who_is_there_at_each_tenth_minute(loaded: Loading) -> None:
    starts = {row["sessionKey"]: _moment(row["startTime"]) for row in loaded.truth("sessions")}
    expected: Counter[tuple[str, int]] = Counter()
    for row in loaded.truth("attendees"):
        stays = [(_moment(stay["joinTime"]), _moment(stay["leaveTime"])) for stay in row["attendance"]]
        for minute in range(0, 1441, 10):
            then = starts[row["sessionKey"]] + dt.timedelta(minutes=minute)
            expected[row["sessionKey"], minute] += any(join <= then <= leave for join, leave in stays)
    answer = {(session, minute): people for _, session, minute, people in ask(loaded, 3)}
    assert answer == {place: people for place, people in expected.items() if people}


def test_sources_of_registrations(loaded: Loading) -> None:
    came = {(row["webinarKey"], row["registrantKey"]) for row in present(loaded)}
    registered, attended = Counter[str](), Counter[str]()
    for person in loaded.people():
        source = person.get("source") or "unknown"
        registered[source] += 1
        attended[source] += (person["webinarKey"], person["registrantKey"]) in came
    assert {row[0]: row[1:] for row in ask(loaded, 4)} == {
        source: (count, attended[source]) for source, count in registered.items()
    }


def test_questions_and_polls(loaded: Loading) -> None:
    questions, polls = loaded.truth("questions"), loaded.truth("polls")
    for _, session, attended, asked, askers, put, answered in ask(loaded, 5):
        own = [row["askerKey"] for row in questions if row["sessionKey"] == session]
        responses = [row["numberOfResponses"] for row in polls if row["sessionKey"] == session]
        assert (asked, askers, put) == (len(own), len(set(own)), len(responses))
        if answered is not None:
            assert float(answered) == pytest.approx(100 * sum(responses) / len(responses) / attended, abs=0.06)
    assert len(ask(loaded, 5)) == len(loaded.truth("sessions"))


def test_a_later_run_adds_exactly_what_is_new_and_leaves_what_is_settled_alone(loaded: Loading) -> None:
    control = loaded.sandbox.control
    ((newest,),) = loaded.database.query("select max(_sdc_sequence) from gotowebinar_sandbox.registrant_details")
    changed = changes(loaded)
    webinar = next(row["webinarKey"] for row in loaded.people())
    guests = [row["registrantKey"] for row in loaded.people() if row["webinarKey"] == webinar][:3]
    before = {row["sessionKey"] for row in loaded.truth("sessions")}
    session = control.hold_session(webinar, guests)
    control.ask_question(webinar, session, guests[0], "Is there a handout?")
    control.add_poll(webinar, session, "Ready?", ["yes", "no"])
    control.answer_poll(webinar, session, guests[0], ["yes"])
    control.reset_calls()
    loaded.run()
    loaded.assert_loaded()
    for table in PEOPLE:
        assert sorted(keys(row) for row in loaded.rows(table, f"_sdc_sequence > {newest}")) == changed
    asked = {match[1] for call in control.calls() if (match := re.search(r"/sessions/(\d+)/", call["path"]))}
    assert asked - before == {session}
    settled = {row["sessionKey"] for row in loaded.truth("sessions") if row["endTime"] < _days_ago(14)}
    assert settled
    assert not asked & settled
    for stream in ("sessions", "attendees", "polls", "questions", "session_performance"):
        assert bag(loaded.rows(stream)) == bag(loaded.truth(stream))


def changes(loaded: Loading) -> list[tuple[str, str]]:
    """Register three people for a webinar and approve one who waits for it; return whose rows are new or changed.

    The webinar has not begun: who is approved later has been to none of its sessions.
    """
    control, now = loaded.sandbox.control, dt.datetime.now(dt.UTC).isoformat()
    webinars = loaded.sandbox.control.truth()["webinars"]
    ahead = {row["webinarKey"] for row in webinars if row["times"] and row["times"][0]["startTime"] > now}
    waiting = next(row for row in loaded.people() if row["status"] == "WAITING" and row["webinarKey"] in ahead)
    webinar, approved = keys(waiting)
    control.approve_registrant(webinar, approved)
    return sorted((webinar, registrant) for registrant in [approved, *control.add_registrants(webinar, 3)])


def test_there_are_as_many_questions_in_the_readme_as_tests_of_them() -> None:
    assert len(SQL) == 6
    assert json.dumps(SQL).count("gotowebinar.") > len(SQL)


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _day(text: str) -> dt.date:
    moment = _moment(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).date()


def _days_ago(days: int) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).isoformat()
