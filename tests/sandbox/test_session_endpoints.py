"""The oddities of sessions and attendees on the wire."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from gotowebinar_sandbox import Control

from .conftest import EVER, NOW, PRODUCT, Caller


def sessions(api: Caller, **query: str | int) -> list[dict[str, Any]]:
    answer = api.get(api.organizer("/sessions"), **{"size": 200, **EVER, **query}).json()
    rows: list[dict[str, Any]] = answer.get("_embedded", {}).get("sessionInfoResources", [])
    return rows


def attendees(api: Caller, session: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/sessions/{session['sessionKey']}/attendees"
    rows: list[dict[str, Any]] = api.get(api.webinar(session["webinarKey"], path)).json()
    return rows


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def attended(api: Caller) -> dict[str, Any]:
    """The session with most attendees."""
    return max(sessions(api), key=lambda row: row["registrantsAttended"])


def test_a_session_counts_its_registrants_and_those_who_attended(api: Caller) -> None:
    for row in sessions(api):
        there = [who for who in attendees(api, row) if who["attendanceTimeInSeconds"]]
        assert row["registrantsAttended"] == len(there)
        assert row["registrantCount"] == len(api.registrants(row["webinarKey"]))


def test_attendees_are_approved_registrants_who_registered_before(api: Caller) -> None:
    for row in sessions(api):
        known = {who["registrantKey"]: who for who in api.registrants(row["webinarKey"])}
        for who in attendees(api, row):
            assert {name: known[who["registrantKey"]][name] for name in ("email", "firstName", "lastName")} == {
                name: who[name] for name in ("email", "firstName", "lastName")
            }
            if who["attendanceTimeInSeconds"]:
                assert known[who["registrantKey"]]["status"] == "APPROVED"
                assert moment(known[who["registrantKey"]]["registrationDate"]) < moment(row["startTime"])


def test_everyone_was_there_within_the_session(api: Caller) -> None:
    for row in sessions(api):
        for who in attendees(api, row):
            for interval in who["attendance"]:
                assert row["startTime"] <= interval["joinTime"] <= interval["leaveTime"] <= row["endTime"]


def test_time_on_two_devices_counts_once(api: Caller, control: Control, busy: str) -> None:
    [who] = control.add_registrants(busy)
    span = {"startTime": "2026-03-01T10:00:00Z", "endTime": "2026-03-01T11:00:00Z"}
    key = control.hold_session(busy, [], **span)
    for join, leave in (("30", "50"), ("10", "20"), ("15", "25")):
        control.attend(busy, key, who, joinTime=f"2026-03-01T10:{join}:00Z", leaveTime=f"2026-03-01T10:{leave}:00Z")
    [row] = attendees(api, {"webinarKey": busy, "sessionKey": key})
    assert row["attendanceTimeInSeconds"] == (15 + 20) * 60
    assert len(row["attendance"]) == 3


def test_the_attendees_of_a_webinar_are_those_of_all_its_sessions_in_pages(api: Caller) -> None:
    rows = sessions(api)
    key = max((row["webinarKey"] for row in rows), key=[row["webinarKey"] for row in rows].count)
    each = [who for row in rows if row["webinarKey"] == key for who in attendees(api, row)]
    pages: list[dict[str, Any]] = []
    while len(pages) < len(each):
        answer = api.get(api.webinar(key, "/attendees"), page=len(pages) // 3, size=3).json()
        assert answer["page"]["totalElements"] == len(each) > 3
        pages += answer["_embedded"]["attendeeParticipationResponses"]
    as_numbers = [
        {**who, "sessionKey": int(who["sessionKey"]), "registrantKey": int(who["registrantKey"])} for who in pages
    ]
    assert as_numbers == each


def test_a_webinar_without_sessions_has_empty_lists(api: Caller, control: Control) -> None:
    key = control.add_webinar()
    empty = {"page": {"size": 50, "totalElements": 0, "totalPages": 0, "number": 0}}
    assert api.get(api.webinar(key, "/attendees"), size=50).json() == empty


def test_nobody_attended_some_sessions_and_these_have_no_rows_at_all(api: Caller) -> None:
    deserted = [row for row in sessions(api) if not row["registrantsAttended"]]
    assert deserted
    assert [attendees(api, row) for row in deserted] == [[]] * len(deserted)


def test_sessions_are_not_sorted_by_time(api: Caller) -> None:
    ends = [row["endTime"] for row in sessions(api)]
    assert ends not in (sorted(ends), sorted(ends, reverse=True))


@pytest.mark.parametrize(
    ("tested", "found"),
    [("overlap", ["before", "inside", "after"]), ("start", ["inside", "after"]), ("end", ["before", "inside"])],
)
def test_the_window_tests_what_the_option_says(tested: str, found: list[str], api: Caller, control: Control) -> None:
    webinar = control.add_webinar()
    keys = {
        name: control.hold_session(webinar, [], startTime=f"1999-05-0{first}Z", endTime=f"1999-05-0{last}Z")
        for name, first, last in (
            ("before", "1T23:00:00", "2T00:30:00"),
            ("inside", "2T10:00:00", "2T11:00:00"),
            ("after", "2T23:00:00", "3T00:30:00"),
            ("outside", "4T10:00:00", "4T11:00:00"),
        )
    }
    control.configure(session_window=tested)
    rows = sessions(api, fromTime="1999-05-02T00:00:00Z", toTime="1999-05-03T00:00:00Z")
    assert [row["sessionKey"] for row in rows] == [keys[name] for name in found]
    control.cancel_webinar(webinar)


@pytest.mark.parametrize("missing", ["fromTime", "toTime"])
def test_a_window_is_required(missing: str, api: Caller) -> None:
    query = {name: text for name, text in EVER.items() if name != missing}
    answer = api.get(api.organizer("/sessions"), **query)
    assert (answer.status_code, answer.json()["field"]) == (400, missing)


def test_a_session_of_another_webinar_is_not_found(api: Caller, control: Control, attended: dict[str, Any]) -> None:
    path = api.webinar(control.add_webinar(), f"/sessions/{attended['sessionKey']}/attendees")
    answer = api.get(path)
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "NoSuchSession")


def test_a_session_appears_when_the_clock_has_passed_its_end(api: Caller, control: Control) -> None:
    webinar = control.add_webinar(times=[{"startTime": "2026-03-11T10:00:00Z", "endTime": "2026-03-11T11:00:00Z"}])
    assert not [row for row in sessions(api) if row["webinarKey"] == webinar]
    control.configure(now="2026-03-11T12:00:00Z")
    assert [row for row in sessions(api) if row["webinarKey"] == webinar]
    control.configure(now=NOW)
    assert not [row for row in sessions(api) if row["webinarKey"] == webinar]
    control.cancel_webinar(webinar)


def test_a_mail_follows_a_day_after_the_end(api: Caller, control: Control, busy: str) -> None:
    rows = {control.hold_session(busy, []): None for _ in range(10)}
    told = [row for row in sessions(api) if row["sessionKey"] in rows and "followupEmailTriggered" in row]
    assert {row["followupEmailTriggered"] for row in told} == {False}
    control.configure(now=(moment(NOW) + timedelta(days=1)).isoformat())
    told = [row for row in sessions(api) if row["sessionKey"] in rows and "followupEmailTriggered" in row]
    assert {row["followupEmailTriggered"] for row in told} == {True}


def test_sessions_stay_when_their_webinar_moves_and_follow_it_to_another_organizer(
    api: Caller,
    control: Control,
) -> None:
    webinar = control.add_webinar(times=[{"startTime": "2026-03-09T10:00:00Z", "endTime": "2026-03-09T11:00:00Z"}])
    before = [row for row in sessions(api) if row["webinarKey"] == webinar]
    assert before
    control.move_webinar(webinar, "2026-05-01T10:00:00Z")
    assert [row for row in sessions(api) if row["webinarKey"] == webinar] == before
    colleague = control.truth()["organizers"][1]["organizerKey"]
    control.reassign_webinar(webinar, colleague)
    assert not [row for row in sessions(api) if row["webinarKey"] == webinar]
    answer = api.get(f"{PRODUCT}/organizers/{colleague}/sessions", size=200, **EVER).json()
    moved = [row for row in answer["_embedded"]["sessionInfoResources"] if row["webinarKey"] == webinar]
    assert [row["sessionKey"] for row in moved] == [row["sessionKey"] for row in before]
    assert {row["creatingOrganizerKey"] for row in moved} == {colleague}
    control.cancel_webinar(webinar)


def test_a_session_held_now_has_the_guests_named_and_who_came_late(api: Caller, control: Control) -> None:
    webinar = control.add_webinar()
    people = control.add_registrants(webinar, 3)
    key = control.hold_session(webinar, people[:2])
    [row] = [row for row in sessions(api) if row["sessionKey"] == key]
    assert (row["registrantsAttended"], row["registrantCount"], row["endTime"]) == (2, 3, NOW)
    control.attend(webinar, key, people[2])
    [row] = [row for row in sessions(api) if row["sessionKey"] == key]
    assert row["registrantsAttended"] == 3
    late = attendees(api, row)[-1]
    assert late["attendanceTimeInSeconds"] == 3600
    control.cancel_registrant(webinar, people[0])
    assert {str(who["registrantKey"]) for who in attendees(api, row)} == set(people[1:])
    control.cancel_webinar(webinar)


def test_the_guests_of_a_session_held_now_may_be_made_up(control: Control, busy: str) -> None:
    span = {"startTime": "2026-03-10T10:00:00Z", "endTime": "2026-03-10T11:30:00Z"}
    keys = {control.hold_session(busy, **span) for _ in range(3)}
    assert {row["sessionKey"] for row in control.truth("attendees")["attendees"]} & keys


def test_an_attendee_may_have_a_row_for_each_time_or_the_same_row_twice(api: Caller, control: Control) -> None:
    for row in sessions(api):
        control.configure(split_attendance=0.0)
        whole = {who["registrantKey"]: who for who in attendees(api, row)}
        control.configure(split_attendance=0.6)
        rows = attendees(api, row)
        truth = [who for who in control.truth("attendees")["attendees"] if who["sessionKey"] == row["sessionKey"]]
        assert [str(who["registrantKey"]) for who in rows[: len(truth)]] == [who["registrantKey"] for who in truth]
        for who in truth:
            parts = [part for part in rows if str(part["registrantKey"]) == who["registrantKey"]]
            told = [interval for part in parts for interval in part["attendance"]]
            one = whole[int(who["registrantKey"])]
            assert who["attendanceTimeInSeconds"] == one["attendanceTimeInSeconds"]
            if len(parts) == 1:
                assert told == who["attendance"] == one["attendance"]
            elif len(one["attendance"]) == 1:
                assert parts == [one, one]
            else:
                assert (
                    told
                    == who["attendance"]
                    == sorted(one["attendance"], key=lambda interval: str(interval["joinTime"]))
                )
    answer = api.get(api.webinar(row["webinarKey"], "/attendees"), size=200).json()
    assert answer["page"]["totalElements"] >= len(rows)
