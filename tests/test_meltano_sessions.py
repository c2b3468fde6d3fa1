"""All streams through `meltano run` into PostgreSQL: the values, and the second run."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from demo.postgres import Postgres
from demo.project import Project, temporary_project
from gotowebinar_sandbox import Options, Sandbox
from tests.told import bag

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(300)

RUN: Final = ("run", "tap-gotowebinar", "target-postgres")
STREAMS: Final = (
    *("sessions", "session_performance", "attendees", "polls", "questions", "surveys"),
    *("panelists", "co_organizers", "registration_fields", "recordings"),
)
OFF: Final = ("attendee_polls", "attendee_surveys")
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


def test_a_later_run_adds_what_is_new_and_leaves_what_is_settled_alone(loaded: Loaded) -> None:
    control = loaded.sandbox.control
    people = control.truth()["registrants"]
    webinar = people[0]["webinarKey"]
    guests = [row["registrantKey"] for row in people if row["webinarKey"] == webinar][:3]
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


def _days_ago(days: int) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).isoformat()
