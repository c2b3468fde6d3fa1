"""The marts say what the sandbox knows, figure by figure, after one run of everything and after another."""

import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import pytest
from psycopg import sql

from demo.postgres import Postgres
from demo.project import temporary_project
from gotowebinar_sandbox import Sandbox
from tests.answers.figures import assert_true
from tests.answers.truth import Truth, registrant_keys

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
RUN = ("run", "gotowebinar-answers")


@pytest.fixture
def database(new_database: Callable[[], Postgres]) -> Postgres:
    return new_database()


def rows(database: Postgres, mart: str) -> list[dict[str, Any]]:
    statement = sql.SQL("select to_jsonb(mart) from {} as mart").format(
        sql.Identifier("gotowebinar_sandbox_marts", f"gotowebinar__{mart}")
    )
    with psycopg.connect(database.dsn) as connection:
        return [row for (row,) in connection.execute(statement)]


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
        assert_true(partial(rows, database), truth)

        let_things_happen(sandbox)
        sandbox.control.cancel_webinar(doomed)
        project.meltano(*RUN)
        truth.look(sandbox.control)
        assert truth.figures()[doomed]["state"] == "cancelled"
        assert_true(partial(rows, database), truth)

        assert_a_loader_can_alter_and_drop(database)


def let_things_happen(sandbox: Sandbox) -> None:
    """Approve and deny people, let some cancel and one of them register again, hold a second date."""
    control = sandbox.control
    ahead = {
        row["webinarKey"]: row
        for row in control.expected_records()["webinars"]
        if row["times"] and row["times"][-1]["endTime"] > f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M}"
    }
    people = [row for row in control.expected_records()["registrants"] if row["webinarKey"] in ahead]
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


def assert_a_loader_can_alter_and_drop(database: Postgres) -> None:
    """No view of ours reads a raw table."""
    with psycopg.connect(database.dsn) as connection:
        connection.execute('alter table gotowebinar_sandbox.webinars alter column "subject" type varchar(500)')
        for (name,) in database.query("select tablename from pg_tables where schemaname = 'gotowebinar_sandbox'"):
            connection.execute(sql.SQL("drop table {}").format(sql.Identifier("gotowebinar_sandbox", name)))
        connection.rollback()
