"""The formats of sessions and attendees."""

from datetime import datetime, timedelta
from typing import Any

from gotowebinar_sandbox import Control

from .conftest import EVER, NOW, PRODUCT, Caller

Row = dict[str, Any]


def sessions(api: Caller, webinar: str | None = None, **query: str | int) -> list[Row]:
    """Return the sessions of the organizer, or of one webinar."""
    page = api.get(api.organizer("/sessions"), **{"size": 200, **EVER, **query}).json()
    rows: list[Row] = page.get("_embedded", {}).get("sessionInfoResources", [])
    return [row for row in rows if webinar in {None, row["webinarKey"]}]


def attendees(api: Caller, session: Row) -> list[Row]:
    path = f"/sessions/{session['sessionKey']}/attendees"
    rows: list[Row] = api.get(api.webinar(session["webinarKey"], path)).json()
    return rows


def times_of(day: str) -> list[Row]:
    """Return so many times on a day that at least one of them has a session."""
    return [{"startTime": f"{day}T{hour:02}:00:00Z", "endTime": f"{day}T{hour + 1:02}:00:00Z"} for hour in range(1, 9)]


def test_attendees_are_approved_registrants_who_were_present_within_the_session(api: Caller) -> None:
    for row in sessions(api):
        known = {who["registrantKey"]: who for who in api.registrants(row["webinarKey"])}
        listed = attendees(api, row)
        assert row["registrantCount"] == len(known)
        assert row["registrantsAttended"] == sum(bool(who["attendanceTimeInSeconds"]) for who in listed)
        for who in listed:
            registrant = known[who["registrantKey"]]
            assert all(registrant[name] == who[name] for name in ("email", "firstName", "lastName"))
            for interval in who["attendance"]:
                assert row["startTime"] <= interval["joinTime"] <= interval["leaveTime"] <= row["endTime"]
            if who["attendanceTimeInSeconds"]:
                registered = datetime.fromisoformat(registrant["registrationDate"])
                assert registrant["status"] == "APPROVED"
                assert registered < datetime.fromisoformat(row["startTime"])


def test_some_sessions_have_no_attendees_and_sessions_are_not_sorted_by_time(api: Caller) -> None:
    rows = sessions(api)
    deserted = [row for row in rows if not row["registrantsAttended"]]
    assert deserted
    assert [attendees(api, row) for row in deserted] == [[]] * len(deserted)
    ends = [row["endTime"] for row in rows]
    assert ends not in (sorted(ends), sorted(ends, reverse=True))


def test_time_on_two_devices_counts_once(api: Caller, control: Control, webinar: str) -> None:
    [who] = control.add_registrants(webinar)
    key = control.hold_session(webinar, [], startTime="2026-03-01T10:00:00Z", endTime="2026-03-01T11:00:00Z")
    for join, leave in (("30", "50"), ("10", "20"), ("15", "25")):
        control.attend(webinar, key, who, joinTime=f"2026-03-01T10:{join}:00Z", leaveTime=f"2026-03-01T10:{leave}:00Z")
    [row] = attendees(api, {"webinarKey": webinar, "sessionKey": key})
    assert (row["attendanceTimeInSeconds"], len(row["attendance"])) == ((15 + 20) * 60, 3)


def test_the_attendees_of_a_webinar_are_those_of_all_its_sessions_in_pages(api: Caller, control: Control) -> None:
    keys = [row["webinarKey"] for row in sessions(api)]
    key = max(keys, key=keys.count)
    each = [who for row in sessions(api, key) for who in attendees(api, row)]
    pages: list[Row] = []
    while len(pages) < len(each):
        page = api.get(api.webinar(key, "/attendees"), page=len(pages) // 3, size=3).json()
        assert page["page"]["totalElements"] == len(each) > 3
        pages += page["_embedded"]["attendeeParticipationResponses"]
    assert [{**who, **{name: int(who[name]) for name in ("sessionKey", "registrantKey")}} for who in pages] == each
    empty = {"page": {"size": 50, "totalElements": 0, "totalPages": 0, "number": 0}}
    assert api.get(api.webinar(control.add_webinar(), "/attendees"), size=50).json() == empty


def test_a_window_is_required_and_lists_the_sessions_that_overlap_it(
    api: Caller, control: Control, webinar: str
) -> None:
    times = {"before": "1T23:00 2T00:30", "inside": "2T10:00 2T11:00", "after": "2T23:00 3T00:30"}
    spans = [span.split() for span in (*times.values(), "4T10:00 4T11:00")]
    keys = [
        control.hold_session(webinar, [], startTime=f"1999-05-0{start}:00Z", endTime=f"1999-05-0{end}:00Z")
        for start, end in spans
    ]
    window = {"fromTime": "1999-05-02T00:00:00Z", "toTime": "1999-05-03T00:00:00Z"}
    assert [row["sessionKey"] for row in sessions(api, **window)] == keys[:3]
    for missing in window:
        response = api.get(api.organizer("/sessions"), **{name: EVER[name] for name in window if name != missing})
        assert (response.status_code, response.json()["field"]) == (400, missing)


def test_a_session_of_another_webinar_is_not_found(api: Caller, webinar: str) -> None:
    path = api.webinar(webinar, f"/sessions/{sessions(api)[0]['sessionKey']}/attendees")
    response = api.get(path)
    assert (response.status_code, response.json()["errorCode"]) == (404, "NoSuchSession")


def test_a_session_appears_when_the_clock_has_passed_its_end(api: Caller, control: Control) -> None:
    webinar = control.add_webinar(times=times_of("2026-03-13"))
    for now, appears in ((NOW, False), ("2026-03-14T00:00:00Z", True), (NOW, False)):
        control.configure(now=now)
        assert bool(sessions(api, webinar)) is appears
    control.cancel_webinar(webinar)


def test_the_follow_up_mail_is_sent_a_day_after_the_end(api: Caller, control: Control, busy: str) -> None:
    keys = {control.hold_session(busy, []) for _ in range(10)}

    def sent() -> set[bool]:
        own = (row for row in sessions(api) if row["sessionKey"] in keys)
        return {row["followupEmailTriggered"] for row in own if "followupEmailTriggered" in row}

    assert sent() == {False}
    control.configure(now=(datetime.fromisoformat(NOW) + timedelta(days=1)).isoformat())
    assert sent() == {True}


def test_sessions_stay_when_their_webinar_moves_and_follow_it_to_another_organizer(
    api: Caller, control: Control
) -> None:
    webinar = control.add_webinar(times=times_of("2026-03-09"))
    before = sessions(api, webinar)
    assert before
    control.move_webinar(webinar, "2026-05-01T10:00:00Z")
    assert sessions(api, webinar) == before
    colleague = control.expected_records()["organizers"][1]["organizerKey"]
    control.reassign_webinar(webinar, colleague)
    assert not sessions(api, webinar)
    page = api.get(f"{PRODUCT}/organizers/{colleague}/sessions", size=200, **EVER).json()
    moved = [row for row in page["_embedded"]["sessionInfoResources"] if row["webinarKey"] == webinar]
    assert [row["sessionKey"] for row in moved] == [row["sessionKey"] for row in before]
    assert {row["creatingOrganizerKey"] for row in moved} == {colleague}
    control.cancel_webinar(webinar)


def test_a_session_held_now_has_the_attendees_named_or_made_up_ones(
    api: Caller, control: Control, webinar: str, busy: str
) -> None:
    people = control.add_registrants(webinar, 3)
    control.hold_session(webinar, people[:2])
    [row] = sessions(api, webinar)
    assert (row["registrantsAttended"], row["registrantCount"], row["endTime"]) == (2, 3, NOW)
    control.attend(webinar, row["sessionKey"], people[2])
    [row] = sessions(api, webinar)
    assert (row["registrantsAttended"], attendees(api, row)[-1]["attendanceTimeInSeconds"]) == (3, 3600)
    control.cancel_registrant(webinar, people[0])
    assert {str(who["registrantKey"]) for who in attendees(api, row)} == set(people[1:])
    keys = {control.hold_session(busy, startTime="2026-03-10T10:00:00Z") for _ in range(3)}
    assert {row["sessionKey"] for row in control.expected_records("attendees")["attendees"]} & keys
