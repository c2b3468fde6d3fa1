"""All streams through `meltano run` into PostgreSQL: the values, and the second run."""

import datetime as dt
import re

import pytest

from tests.meltano.loading import Loading, keys
from tests.warehouse import LOADED, OFF

pytestmark = [pytest.mark.external, pytest.mark.timeout(300)]


@pytest.mark.parametrize("stream", LOADED)
def test_every_value_of_every_row_is_in_the_database(loaded: Loading, stream: str) -> None:
    loaded.assert_loaded(stream)


def test_the_owner_of_the_token_is_the_organizer(loaded: Loading) -> None:
    owners = [row["organizerKey"] for row in loaded.records("organizers")]
    assert [row["organizerKey"] for row in loaded.rows("organizers")] == owners


def test_the_streams_with_a_call_for_every_attendee_are_not_loaded_unasked(loaded: Loading) -> None:
    tables = loaded.database.query(
        "select table_name from information_schema.tables where table_schema = 'gotowebinar_sandbox'"
    )
    assert not {name for (name,) in tables} & set(OFF)


@pytest.mark.slow
def test_a_later_run_adds_exactly_what_is_new_and_leaves_what_is_settled_alone(loaded: Loading) -> None:
    control = loaded.sandbox.control
    ((newest,),) = loaded.database.query("select max(_sdc_sequence) from gotowebinar_sandbox.registrant_details")
    changed = changes(loaded)
    webinar = next(row["webinarKey"] for row in loaded.records("registrants"))
    guests = [row["registrantKey"] for row in loaded.records("registrants") if row["webinarKey"] == webinar][:3]
    before = {row["sessionKey"] for row in loaded.records("sessions")}
    session = control.hold_session(webinar, guests)
    control.ask_question(webinar, session, guests[0], "Is there a handout?")
    control.add_poll(webinar, session, "Ready?", ["yes", "no"])
    control.answer_poll(webinar, session, guests[0], ["yes"])
    control.reset_calls()
    loaded.run()
    loaded.assert_loaded()
    for table in ("registrants", "registrant_details"):
        assert sorted(keys(row) for row in loaded.rows(table, f"_sdc_sequence > {newest}")) == changed
    asked = {match[1] for call in control.calls() if (match := re.search(r"/sessions/(\d+)/", call["path"]))}
    assert asked - before == {session}
    settled = {row["sessionKey"] for row in loaded.records("sessions") if row["endTime"] < _days_ago(14)}
    assert settled
    assert not asked & settled


def changes(loaded: Loading) -> list[tuple[str, str]]:
    """Register three people for a webinar and approve one who waits for it; return whose rows are new or changed.

    The webinar has not begun: who is approved later has been to none of its sessions.
    """
    control, now = loaded.sandbox.control, dt.datetime.now(dt.UTC).isoformat()
    webinars = loaded.records("webinars")
    ahead = {row["webinarKey"] for row in webinars if row["times"] and row["times"][0]["startTime"] > now}
    waiting = next(
        row for row in loaded.records("registrants") if row["status"] == "WAITING" and row["webinarKey"] in ahead
    )
    webinar, approved = keys(waiting)
    control.approve_registrant(webinar, approved)
    return sorted((webinar, registrant) for registrant in [approved, *control.add_registrants(webinar, 3)])


def _days_ago(days: int) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).isoformat()
