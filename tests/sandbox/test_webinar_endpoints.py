"""The oddities of webinars on the wire."""

from collections import Counter
from collections.abc import Iterator

import pytest

from gotowebinar_sandbox import Control, Options, Sandbox

from .conftest import EVER, NOW, PRODUCT, Caller


def test_the_account_lists_the_webinars_of_all_organizers(api: Caller, control: Control) -> None:
    rows = api.get(f"{PRODUCT}/accounts/{api.account_key}/webinars", size=200, **EVER).json()["_embedded"]["webinars"]
    assert [row["webinarKey"] for row in rows] == [row["webinarKey"] for row in control.truth()["webinars"]]
    assert len({row["organizerKey"] for row in rows}) == 2


def test_an_organizer_of_the_same_account_may_be_read_another_may_not(api: Caller, control: Control) -> None:
    colleague = control.truth()["organizers"][1]["organizerKey"]
    assert api.get(api.organizer("/webinars", colleague), **EVER).status_code == 200
    answer = api.get(api.organizer("/webinars", "123456789012345678"), **EVER)
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "AccessDenied")


def test_a_list_without_matches_has_no_embedded_at_all(api: Caller) -> None:
    answer = api.get(api.organizer("/webinars"), fromTime="1990-01-01T00:00:00Z", toTime="1991-01-01T00:00:00Z")
    assert answer.json() == {"page": {"size": 20, "totalElements": 0, "totalPages": 0, "number": 0}}


def test_pages_are_stable_and_complete(api: Caller) -> None:
    pages = [api.get(api.organizer("/webinars"), page=page, size=5, **EVER).json() for page in range(3)]
    keys = [row["webinarKey"] for page in pages for row in page["_embedded"]["webinars"]]
    assert keys == [row["webinarKey"] for row in api.webinars()]
    assert [page["page"] for page in pages] == [
        {"size": 5, "totalElements": 12, "totalPages": 3, "number": number} for number in range(3)
    ]


def test_a_page_too_large_is_cut_and_the_default_is_twenty(api: Caller) -> None:
    assert api.get(api.organizer("/webinars"), size=5000, **EVER).json()["page"]["size"] == 200
    assert api.get(api.organizer("/webinars"), **EVER).json()["page"]["size"] == 20


def test_an_unknown_parameter_is_ignored(api: Caller) -> None:
    assert api.get(api.organizer("/webinars"), limit=1, **EVER).json()["page"]["size"] == 20


@pytest.mark.parametrize("query", [{"page": "-1"}, {"page": "x"}, {"size": "0"}, {"size": "1.5"}, {"size": ""}])
def test_a_page_that_is_no_number_answers_400(query: dict[str, str], api: Caller) -> None:
    assert api.get(api.organizer("/webinars"), **EVER, **query).status_code == 400


@pytest.mark.parametrize("text", ["yesterday", "2026-03-01T00:00:00 00:00"])
def test_a_time_that_is_none_answers_400(text: str, api: Caller) -> None:
    answer = api.get(api.organizer("/webinars"), **{**EVER, "fromTime": text})
    assert (answer.status_code, answer.json()["field"]) == (400, "fromTime")


def test_a_window_that_ends_before_it_begins_answers_400(api: Caller) -> None:
    assert api.get(api.organizer("/webinars"), fromTime=EVER["toTime"], toTime=EVER["fromTime"]).status_code == 400


def test_an_offset_is_understood(api: Caller) -> None:
    query = {"fromTime": "2000-01-01T00:00:00+05:00", "toTime": "2040-01-01T00:00:00+05:00"}
    assert api.get(api.organizer("/webinars"), **query).json()["page"]["totalElements"] == 12


def test_the_window_takes_in_whatever_overlaps_it(api: Caller, control: Control) -> None:
    times = [{"startTime": "2031-05-01T10:00:00Z", "endTime": "2031-05-01T11:00:00Z"}]
    key = control.add_webinar(times=times)

    def found(start: str, end: str) -> bool:
        query = {"fromTime": f"2031-05-01T{start}:00Z", "toTime": f"2031-05-01T{end}:00Z"}
        return bool(api.get(api.organizer("/webinars"), **query).json()["page"]["totalElements"])

    assert found("10:30", "10:45")
    assert found("09:00", "10:30")
    assert found("10:30", "12:00")
    assert not found("11:01", "12:00")
    control.cancel_webinar(key)


def test_the_id_and_the_experience_are_spelled_differently(api: Caller) -> None:
    row = next(row for row in api.webinars() if row["experienceType"] == "CLASSIC")
    by_key = api.get(api.webinar(row["webinarKey"])).json()
    assert row["webinarId"] == by_key["webinarID"]
    assert by_key["experienceType"] == "classic"
    assert "webinarID" not in row
    assert "webinarId" not in by_key


def test_by_key_there_is_no_approval_type_but_a_count_of_registrants(api: Caller) -> None:
    row = api.webinars()[0]
    by_key = api.get(api.webinar(row["webinarKey"])).json()
    assert not {"approvalType", "recurrenceType"} & by_key.keys()
    assert by_key["type"] == by_key["recurrencePeriod"] == row["recurrenceType"]
    assert by_key["numberOfRegistrants"] == len(api.registrants(row["webinarKey"]))


def test_by_key_a_sequence_has_only_its_times_to_come(api: Caller) -> None:
    row = next(row for row in api.webinars() if len(row["times"]) > 1 and row["times"][-1]["endTime"] > "2026-03-11")
    by_key = api.get(api.webinar(row["webinarKey"])).json()
    assert by_key["times"] == [time for time in row["times"] if time["startTime"] > "2026-03-10T12:00:00Z"]
    assert 0 < len(by_key["times"]) < len(row["times"])


def test_a_webinar_of_another_organizer_is_not_found(api: Caller, control: Control) -> None:
    colleague = control.truth()["organizers"][1]["organizerKey"]
    key = api.webinars()[0]["webinarKey"]
    assert api.get(api.organizer(f"/webinars/{key}", colleague)).status_code == 404


def test_a_path_that_does_not_exist_is_refused_at_the_edge(api: Caller) -> None:
    wrong_method = api.session.delete(f"{api.sandbox.url}{api.organizer('/webinars')}", timeout=10)
    for answer in (api.get(api.organizer("/nothing")), api.get("/nothing"), wrong_method):
        assert answer.status_code == 404
        assert answer.json()["errorCode"] == "NOT_FOUND"


@pytest.fixture(scope="module")
def state() -> Iterator[Caller]:
    """A caller of a sandbox with several series."""
    with Sandbox(Options(seed=7, now=NOW, webinars=60, registrants=3)) as sandbox:
        api = Caller(sandbox)
        with api.session:
            yield api


def test_the_members_of_a_series_and_nobody_else_share_a_key(state: Caller) -> None:
    rows = state.webinars()
    shared = Counter(row["recurrenceKey"] for row in rows if row["recurrenceType"] == "series")
    assert set(shared.values()) <= {1, 2, 3}
    assert 3 in shared.values()
    assert not any("recurrenceKey" in row for row in rows if row["recurrenceType"] != "series")
    assert all(row["registrationSettingsKey"].isdigit() for row in rows)


def test_a_series_of_ones_own_has_the_key_given(state: Caller) -> None:
    control = state.sandbox.control
    keys = [control.add_webinar(recurrenceType="series", recurrenceKey="4242") for _ in range(2)]
    assert [row["recurrenceKey"] for row in state.webinars() if row["webinarKey"] in keys] == ["4242", "4242"]


def test_a_webinar_is_new_until_it_is_changed(state: Caller) -> None:
    control = state.sandbox.control
    key = control.add_webinar()
    assert next(row["status"] for row in state.webinars() if row["webinarKey"] == key) == "NEW"
    control.move_webinar(key, "2026-04-01T08:00:00Z")
    assert next(row["status"] for row in state.webinars() if row["webinarKey"] == key) == "UPDATED"


def test_who_waits_and_who_was_denied_is_counted(state: Caller) -> None:
    control = state.sandbox.control
    key = control.add_webinar(approvalType="MANUAL")
    ada, *_ = control.add_registrants(key, 3)
    control.deny_registrant(key, ada)
    for webinar in state.webinars():
        counts = Counter(row["status"] for row in state.registrants(webinar["webinarKey"]))
        told = state.get(state.webinar(webinar["webinarKey"])).json()
        assert (told["pendingRegistrants"], told["deniedRegistrants"]) == (counts["WAITING"], counts["DENIED"])
        assert told["numberOfRegistrants"] == counts.total()


def test_by_key_there_are_the_fields_of_live_answers(state: Caller) -> None:
    row = state.webinars()[0]
    told = state.get(state.webinar(row["webinarKey"])).json()
    assert told["replyTo"] == {"name": told["organizerName"], "email": told["organizerEmail"]}
    assert (told["name"], told["broadcast"]) == (row["subject"], row["experienceType"] == "BROADCAST")
    assert told["breakoutsAllowed"] == row["breakoutsAllowed"]
    switches = ("isOndemand", "isMainOrganizerActive", "hasDisclaimer", "verifyHumanRegistrant")
    assert {type(told[name]) for name in switches} == {bool}
    assert told["webinarSchedulingContext"]


def test_without_these_fields_only_what_is_documented_is_told() -> None:
    with Sandbox(Options(webinars=1, live_fields=False)) as sandbox:
        api = Caller(sandbox)
        with api.session:
            (row,) = api.webinars()
            assert not {"recurrenceKey", "registrationSettingsKey", "breakoutsAllowed", "status"} & row.keys()
            assert not {"name", "replyTo", "pendingRegistrants"} & api.get(api.webinar(row["webinarKey"])).json().keys()
