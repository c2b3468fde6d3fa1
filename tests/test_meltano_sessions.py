"""All streams through `meltano run` into PostgreSQL: the values, the second run, the questions in SQL."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from demo.postgres import Postgres
from demo.project import Project, temporary_project
from gotowebinar_sandbox import Options, Sandbox
from tests.told import bag

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(300)

ROOT: Final = Path(__file__).parents[1]
RUN: Final = ("run", "tap-gotowebinar", "target-postgres")
STREAMS: Final = (
    *("sessions", "session_performance", "attendees", "polls", "questions", "surveys"),
    *("panelists", "co_organizers", "registration_fields", "recordings"),
)
OFF: Final = ("attendee_polls", "attendee_surveys")
SQL: Final = re.findall(
    r"^```sql\n(.*?)^```$", (ROOT / "docs" / "questions.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
SECRETS: Final = {"joinLink", "mp4DownloadUrl", "transcriptDownloadUrl"}

Row = dict[str, Any]


class Loaded:
    """A sandbox, and the database that it was loaded into."""

    def __init__(self, sandbox: Sandbox, database: Postgres, project: Project) -> None:
        self.sandbox = sandbox
        self.database = database
        self.project = project

    def truth(self, kind: str) -> list[Row]:
        rows: list[Row] = self.sandbox.control.truth(kind)[kind]
        return [{name: value for name, value in row.items() if name not in SECRETS} for row in rows]

    def rows(self, table: str) -> list[Row]:
        statement = f"select to_jsonb(loaded) from gotowebinar_sandbox.{table} as loaded"  # noqa: S608 - our own names
        found = [row for (row,) in self.database.query(statement)]
        return [{name: _time(value) for name, value in row.items() if not name.startswith("_sdc")} for row in found]

    def ask(self, number: int) -> list[tuple[Any, ...]]:
        statement = SQL[number].replace("gotowebinar.", "gotowebinar_sandbox.")
        return self.database.query(statement)

    def people(self) -> list[Row]:
        return self.sandbox.control.truth()["registrants"]

    def present(self) -> list[Row]:
        return [row for row in self.truth("attendees") if row["attendanceTimeInSeconds"] > 0]


def _time(value: Any) -> Any:  # noqa: ANN401 - JSON
    """A time as the wire writes it; PostgreSQL leaves the zone out."""
    is_time = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", value)
    return f"{value[:19]}Z" if is_time else value


@pytest.fixture(scope="module")
def loaded() -> Iterator[Loaded]:
    options = Options(seed=7, organizers=1, webinars=12, registrants=12)
    with Sandbox(options) as sandbox, Postgres() as database, temporary_project(sandbox.settings, database) as project:
        project.meltano(*RUN)
        yield Loaded(sandbox, database, project)


@pytest.mark.parametrize("stream", STREAMS)
def test_every_value_of_every_row_is_in_the_database(loaded: Loaded, stream: str) -> None:
    truth = loaded.truth(stream)
    assert truth
    assert bag(loaded.rows(stream)) == bag(truth)


def test_the_streams_with_a_call_for_every_attendee_are_not_loaded_unasked(loaded: Loaded) -> None:
    tables = loaded.database.query(
        "select table_name from information_schema.tables where table_schema = 'gotowebinar_sandbox'"
    )
    assert not {name for (name,) in tables} & set(OFF)


def test_registrations_by_days_ahead(loaded: Loaded) -> None:
    webinars = {row["webinarKey"]: row for row in loaded.sandbox.control.truth()["webinars"]}
    expected: Counter[tuple[str, str, int | None]] = Counter()
    for person in loaded.people():
        webinar = webinars[person["webinarKey"]]
        days = None
        if webinar["times"]:
            days = (_day(webinar["times"][0]["startTime"]) - _day(person["registrationDate"])).days
        expected[webinar["webinarKey"], webinar["subject"], days] += 1
    assert Counter(loaded.ask(0)) == Counter((subject, days, count) for (_, subject, days), count in expected.items())


def test_attendance_and_no_shows(loaded: Loaded) -> None:
    webinars = {row["webinarKey"]: row["subject"] for row in loaded.sandbox.control.truth()["webinars"]}
    held = {row["webinarKey"] for row in loaded.truth("sessions")}
    present = {(row["webinarKey"], row["registrantKey"]) for row in loaded.present()}
    approved: defaultdict[str, list[str]] = defaultdict(list)
    for person in loaded.people():
        if person["status"] == "APPROVED" and person["webinarKey"] in held:
            approved[person["webinarKey"]].append(person["registrantKey"])
    expected = [
        (webinars[key], len(people), sum((key, person) in present for person in people))
        for key, people in approved.items()
    ]
    answer = loaded.ask(1)
    assert sorted((subject, registered, came) for subject, registered, came, *_ in answer) == sorted(expected)
    for _, registered, came, rate, missing in answer:
        assert float(rate) == pytest.approx(100 * came / registered, abs=0.06)
        assert float(missing) == pytest.approx(100 - 100 * came / registered, abs=0.06)


def test_minutes_attended(loaded: Loaded) -> None:
    seconds: defaultdict[str, list[int]] = defaultdict(list)
    for row in loaded.present():
        seconds[row["sessionKey"]].append(row["attendanceTimeInSeconds"])
    answer = {session: (float(minutes), people) for _, session, minutes, people in loaded.ask(2)}
    assert answer.keys() == seconds.keys()
    for session, (minutes, people) in answer.items():
        assert minutes == pytest.approx(sum(seconds[session]) / len(seconds[session]) / 60, abs=0.06)
        assert people == len(seconds[session])


def test_who_is_there_at_each_tenth_minute(loaded: Loaded) -> None:
    starts = {row["sessionKey"]: _moment(row["startTime"]) for row in loaded.truth("sessions")}
    expected: Counter[tuple[str, int]] = Counter()
    for row in loaded.truth("attendees"):
        stays = [(_moment(stay["joinTime"]), _moment(stay["leaveTime"])) for stay in row["attendance"]]
        for minute in range(0, 1441, 10):
            then = starts[row["sessionKey"]] + dt.timedelta(minutes=minute)
            expected[row["sessionKey"], minute] += any(join <= then <= leave for join, leave in stays)
    answer = {(session, minute): people for _, session, minute, people in loaded.ask(3)}
    assert answer == {place: people for place, people in expected.items() if people}


def test_sources_of_registrations(loaded: Loaded) -> None:
    present = {(row["webinarKey"], row["registrantKey"]) for row in loaded.present()}
    registered, attended = Counter[str](), Counter[str]()
    for person in loaded.people():
        source = person.get("source") or "unknown"
        registered[source] += 1
        attended[source] += (person["webinarKey"], person["registrantKey"]) in present
    assert {row[0]: row[1:] for row in loaded.ask(4)} == {
        source: (count, attended[source]) for source, count in registered.items()
    }


def test_questions_and_polls(loaded: Loaded) -> None:
    questions, polls = loaded.truth("questions"), loaded.truth("polls")
    for _, session, attended, asked, askers, put, answered in loaded.ask(5):
        own = [row["askerKey"] for row in questions if row["sessionKey"] == session]
        responses = [row["numberOfResponses"] for row in polls if row["sessionKey"] == session]
        assert (asked, askers, put) == (len(own), len(set(own)), len(responses))
        if answered is not None:
            assert float(answered) == pytest.approx(100 * sum(responses) / len(responses) / attended, abs=0.06)
    assert len(loaded.ask(5)) == len(loaded.truth("sessions"))


def test_a_later_run_adds_what_is_new_and_leaves_what_is_settled_alone(loaded: Loaded) -> None:
    control = loaded.sandbox.control
    webinar = next(row["webinarKey"] for row in loaded.people())
    guests = [row["registrantKey"] for row in loaded.people() if row["webinarKey"] == webinar][:3]
    before = {row["sessionKey"] for row in loaded.truth("sessions")}
    session = control.hold_session(webinar, guests)
    control.ask_question(webinar, session, guests[0], "Is there a handout?")
    control.add_poll(webinar, session, "Ready?", ["yes", "no"])
    control.answer_poll(webinar, session, guests[0], ["yes"])
    control.reset_calls()
    loaded.project.meltano(*RUN)
    asked = {match[1] for call in control.calls() if (match := re.search(r"/sessions/(\d+)/", call["path"]))}
    assert asked - before == {session}
    settled = {row["sessionKey"] for row in loaded.truth("sessions") if row["endTime"] < _days_ago(14)}
    assert settled
    assert not asked & settled
    for stream in ("sessions", "attendees", "polls", "questions", "session_performance"):
        assert bag(loaded.rows(stream)) == bag(loaded.truth(stream))


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
