"""The marts say what the sandbox knows, figure by figure, after one run of everything and after another."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest

from demo.postgres import Postgres
from demo.project import temporary_project
from tests.answers.truth import Truth, registrant_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_gotowebinar.sandbox import Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
RUN = ("run", "gotowebinar-answers")
Figures = dict[str, Any]


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


def rows(database: Postgres, mart: LiteralString) -> list[Figures]:
    statement = f"select to_jsonb(mart) from gotowebinar_sandbox_marts.gotowebinar__{mart} as mart"  # noqa: S608
    return [row for (row,) in database.query(statement)]


def close(found: Figures, expected: Figures) -> bool:
    """Whether the figures are the same, but for the last digits of averages."""
    return found.keys() == expected.keys() and all(
        value == pytest.approx(expected[name], abs=0.02) if isinstance(value, float) else value == expected[name]
        for name, value in found.items()
    )


def assert_true(database: Postgres, truth: Truth) -> None:
    """Every mart says what the sandbox knows."""
    expected = truth.figures()
    found = {
        row["webinar_key"]: {name: row[name] for name in expected[row["webinar_key"]]}
        for row in rows(database, "webinars")
    }
    assert {key: (found.get(key), row) for key, row in expected.items() if not close(found.get(key, {}), row)} == {}
    assert found.keys() == expected.keys()

    people = {registrant_keys(row): row for row in truth.people()}
    registrations = {(row["webinar_key"], row["registrant_key"]): row for row in rows(database, "registrations")}
    assert registrations.keys() == people.keys()
    for keys, row in registrations.items():
        person = people[keys]
        assert (row["is_cancelled"], row["is_late"], row["is_expected"]) == (
            person["cancelled"],
            person["late"],
            person["expected"],
        )
        assert (row["days_ahead"], row["stayed_to_the_end"]) == (person["days_ahead"], person["stayed"])
        assert math.isclose(row["minutes_attended"], person["seconds"] / 60, abs_tol=0.001)

    assert {
        (row["session_key"], row["minute"]): row["present"] for row in rows(database, "attendance_curve")
    } == truth.present()
    assert {
        (row["webinar_key"], row["days_ahead"]): row["registrations_so_far"]
        for row in rows(database, "registration_pace")
    } == truth.pace()
    assert {
        (row["webinar_key"], row["source"]): (row["registrants"], row["expected_attended"])
        for row in rows(database, "sources")
    } == truth.sources()
    assert {
        row["email"]: (row["webinars_registered"], row["webinars_attended"]) for row in rows(database, "people")
    } == truth.regulars()


def test_the_marts_are_true_before_and_after_things_happen(
    make_sandbox: Callable[..., Sandbox], database: Postgres
) -> None:
    sandbox = make_sandbox(seed=3, webinars=9, registrants=20, attendance=0.6)
    doomed = sandbox.control.add_webinar(subject="Never to be")
    sandbox.control.add_registrants(doomed, 3)
    truth = Truth()
    with temporary_project(sandbox.settings, database) as project:
        said = project.meltano(*RUN)
        assert re.search(r"PASS=\d+ WARN=0 ERROR=0 SKIP=0", said), said
        truth.look(sandbox.control)
        assert_true(database, truth)

        let_things_happen(sandbox)
        sandbox.control.cancel_webinar(doomed)
        note_removal(database, doomed)
        project.meltano(*RUN)
        truth.look(sandbox.control)
        assert truth.figures()[doomed]["state"] == "cancelled"
        assert_true(database, truth)

        assert_a_loader_can_alter_and_drop(database)


def let_things_happen(sandbox: Sandbox) -> None:
    """Approve and deny people, let some cancel and one of them register again, hold a second date."""
    control = sandbox.control
    ahead = {
        row["webinarKey"]: row
        for row in control.truth()["webinars"]
        if row["times"] and row["times"][-1]["endTime"] > f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M}"
    }
    people = [row for row in control.truth()["registrants"] if row["webinarKey"] in ahead]
    waiting = [row for row in people if row["status"] == "WAITING"]
    assert len(waiting) > 1
    control.approve_registrant(*registrant_keys(waiting[0]))
    control.deny_registrant(*registrant_keys(waiting[1]))
    upcoming = [
        key for key, row in ahead.items() if row["times"][0]["startTime"] > f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    ]
    leaving, coming_back = [row for row in people if row["webinarKey"] == upcoming[0]][:2]
    for row in (leaving, coming_back):
        control.cancel_registrant(*registrant_keys(row))
    control.add_registrants(upcoming[0], people=[{"email": coming_back["email"].upper(), "firstName": "Back"}])
    sequence = next(key for key, row in ahead.items() if len(row["times"]) > 1)
    control.hold_session(sequence)


def note_removal(database: Postgres, webinar_key: str) -> None:
    """Stand in for the stream of webinars that are gone."""
    with psycopg.connect(database.dsn) as connection:
        connection.execute(
            'create table if not exists gotowebinar_sandbox.webinar_removals ("webinarKey" text, "removedAt" timestamp)'
        )
        connection.execute(
            "insert into gotowebinar_sandbox.webinar_removals values (%s, now() at time zone 'UTC')", [webinar_key]
        )


def assert_a_loader_can_alter_and_drop(database: Postgres) -> None:
    """No view of ours reads a raw table."""
    with psycopg.connect(database.dsn) as connection:
        connection.execute('alter table gotowebinar_sandbox.webinars alter column "subject" type varchar(500)')
        for (name,) in database.query("select tablename from pg_tables where schemaname = 'gotowebinar_sandbox'"):
            connection.execute(f'drop table gotowebinar_sandbox."{name}"')
        connection.rollback()
