"""The formats of webinars, and of their panelists, co-organizers, meeting times and recordings."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from gotowebinar_sandbox import Control, Options, Sandbox

from .conftest import EVER, NOW, PRODUCT, Caller


def page(api: Caller, **query: str | int) -> dict[str, Any]:
    body: dict[str, Any] = api.get(api.organizer("/webinars"), **{**EVER, **query}).json()
    return body


def test_the_account_lists_the_webinars_of_all_organizers(api: Caller, control: Control) -> None:
    rows = api.get(f"{PRODUCT}/accounts/{api.account_key}/webinars", size=200, **EVER).json()["_embedded"]["webinars"]
    assert [row["webinarKey"] for row in rows] == [row["webinarKey"] for row in control.expected_records()["webinars"]]
    assert len({row["organizerKey"] for row in rows}) == 2


def test_organizers_of_the_same_account_only_may_be_read_each_with_the_own_webinars(
    api: Caller, control: Control
) -> None:
    colleague = control.expected_records()["organizers"][1]["organizerKey"]
    assert api.get(api.organizer("/webinars", colleague), **EVER).status_code == 200
    stranger = api.get(api.organizer("/webinars", "123456789012345678"), **EVER)
    assert (stranger.status_code, stranger.json()["errorCode"]) == (403, "AccessDenied")
    key = api.webinars()[0]["webinarKey"]
    assert api.get(api.organizer(f"/webinars/{key}", colleague)).status_code == 404


def test_pages_are_complete_and_an_empty_one_has_no_embedded(api: Caller) -> None:
    pages = [page(api, page=number, size=5) for number in range(3)]
    keys = [row["webinarKey"] for body in pages for row in body["_embedded"]["webinars"]]
    assert keys == [row["webinarKey"] for row in api.webinars()]
    assert [body["page"] for body in pages] == [
        {"size": 5, "totalElements": 12, "totalPages": 3, "number": number} for number in range(3)
    ]
    empty = page(api, fromTime="1990-01-01T00:00:00Z", toTime="1991-01-01T00:00:00Z")
    assert empty == {"page": {"size": 20, "totalElements": 0, "totalPages": 0, "number": 0}}


@pytest.mark.parametrize(("query", "size"), [({}, 20), ({"size": 5000}, 200), ({"limit": 1}, 20)])
def test_the_size_of_a_page_has_a_default_and_a_maximum(query: dict[str, int], size: int, api: Caller) -> None:
    assert page(api, **query)["page"]["size"] == size


@pytest.mark.parametrize(
    "query",
    [
        *({"page": "-1"}, {"page": "x"}, {"size": "0"}, {"size": "1.5"}, {"size": ""}),
        *({"fromTime": "yesterday"}, {"fromTime": "2026-03-01T00:00:00 00:00"}, {"fromTime": "2050-01-01T00:00:00Z"}),
    ],
)
def test_an_invalid_parameter_gets_a_400_that_names_it(query: dict[str, str], api: Caller) -> None:
    response = api.get(api.organizer("/webinars"), **{**EVER, **query})
    assert (response.status_code, response.json()["field"]) == (400, next(iter(query)))


def test_a_window_lists_every_webinar_that_overlaps_it_and_offsets_are_understood(
    api: Caller, control: Control
) -> None:
    times = [{"startTime": "2031-05-01T10:00:00Z", "endTime": "2031-05-01T11:00:00Z"}]
    key = control.add_webinar(times=times)
    windows = ("10:30:00Z 10:45:00Z", "09:00:00Z 10:30:00Z", "10:30:00Z 12:00:00Z", "15:30:00+05:00 12:00:00Z")
    for window, found in (*((window, 1) for window in windows), ("11:01:00Z 12:00:00Z", 0)):
        start, end = (f"2031-05-01T{time}" for time in window.split())
        assert page(api, fromTime=start, toTime=end)["page"]["totalElements"] == found
    control.cancel_webinar(key)


def test_get_by_key_has_other_names_and_counts_the_registrants(api: Caller) -> None:
    row = next(row for row in api.webinars() if row["experienceType"] == "CLASSIC")
    by_key = api.get(api.webinar(row["webinarKey"])).json()
    assert (row["webinarId"], by_key["experienceType"]) == (by_key["webinarID"], "classic")
    assert not {"webinarId", "approvalType", "recurrenceType"} & by_key.keys()
    assert "webinarID" not in row
    assert by_key["type"] == by_key["recurrencePeriod"] == row["recurrenceType"]
    assert by_key["numberOfRegistrants"] == len(api.registrants(row["webinarKey"]))


def test_get_by_key_of_a_sequence_has_only_its_upcoming_times(api: Caller) -> None:
    row = next(row for row in api.webinars() if len(row["times"]) > 1 and row["times"][-1]["endTime"] > "2026-03-11")
    by_key = api.get(api.webinar(row["webinarKey"])).json()
    assert by_key["times"] == [time for time in row["times"] if time["startTime"] > NOW]
    assert 0 < len(by_key["times"]) < len(row["times"])


def test_an_unknown_path_or_method_is_rejected_at_the_edge(api: Caller) -> None:
    wrong_method = api.session.delete(f"{api.sandbox.url}{api.organizer('/webinars')}", timeout=10)
    for response in (api.get(api.organizer("/nothing")), api.get("/nothing"), wrong_method):
        assert (response.status_code, response.json()["errorCode"]) == (404, "NOT_FOUND")


@pytest.fixture(scope="module")
def large() -> Iterator[Caller]:
    """A caller of a sandbox with several series."""
    with Sandbox(Options(seed=7, now=NOW, webinars=60, registrants=3)) as sandbox:
        api = Caller(sandbox)
        with api.session:
            yield api


def test_the_webinars_of_a_series_and_no_others_share_a_key(large: Caller) -> None:
    rows, control = large.webinars(), large.sandbox.control
    shared = Counter(row["recurrenceKey"] for row in rows if row["recurrenceType"] == "series")
    assert {3} <= set(shared.values()) <= {1, 2, 3}
    assert not any("recurrenceKey" in row for row in rows if row["recurrenceType"] != "series")
    assert all(row["registrationSettingsKey"].isdigit() for row in rows)
    keys = [control.add_webinar(recurrenceType="series", recurrenceKey="4242") for _ in range(2)]
    assert [row["recurrenceKey"] for row in large.webinars() if row["webinarKey"] in keys] == ["4242", "4242"]
    for key in keys:
        control.cancel_webinar(key)


def test_get_by_key_counts_who_waits_and_who_was_denied_and_has_the_fields_of_live_responses(large: Caller) -> None:
    control = large.sandbox.control
    key = control.add_webinar(approvalType="MANUAL")
    ada, *_ = control.add_registrants(key, 3)
    control.deny_registrant(key, ada)
    for row in large.webinars():
        statuses = Counter(person["status"] for person in large.registrants(row["webinarKey"]))
        by_key = large.get(large.webinar(row["webinarKey"])).json()
        counts = (by_key["pendingRegistrants"], by_key["deniedRegistrants"], by_key["numberOfRegistrants"])
        assert counts == (statuses["WAITING"], statuses["DENIED"], statuses.total())
        assert by_key["replyTo"] == {"name": by_key["organizerName"], "email": by_key["organizerEmail"]}
        assert (by_key["name"], by_key["broadcast"]) == (row["subject"], row["experienceType"] == "BROADCAST")
        assert by_key["breakoutsAllowed"] == row["breakoutsAllowed"]
        switches = ("isOndemand", "isMainOrganizerActive", "hasDisclaimer", "verifyHumanRegistrant")
        assert {type(by_key[name]) for name in switches} == {bool}
        assert by_key["webinarSchedulingContext"]


def test_without_live_fields_only_documented_fields_are_sent() -> None:
    with Sandbox(Options(webinars=1, live_fields=False)) as sandbox:
        api = Caller(sandbox)
        with api.session:
            (row,) = api.webinars()
            assert not {"recurrenceKey", "registrationSettingsKey", "breakoutsAllowed", "status"} & row.keys()
            assert not {"name", "replyTo", "pendingRegistrants"} & api.get(api.webinar(row["webinarKey"])).json().keys()


# Panelists, co-organizers, meeting times and recordings


def of_webinars(api: Caller, path: str) -> list[dict[str, Any]]:
    """Return the rows of an array of all webinars, with their webinarKey."""
    keys = [row["webinarKey"] for row in api.webinars()]
    return [{"webinarKey": key, **row} for key in keys for row in api.get(api.webinar(key, path)).json()]


def recordings(api: Caller, webinar_key: str, **query: int) -> dict[str, Any]:
    page: dict[str, Any] = api.get(f"{PRODUCT}/webinars/{webinar_key}/recordingAssets", **query).json()
    return page


def test_the_key_of_a_panelist_is_a_number_and_the_parts_of_a_name_may_be_missing(api: Caller) -> None:
    rows = of_webinars(api, "/panelists")
    assert {type(row["panelistId"]) for row in rows} == {int}
    assert {"firstName" in row for row in rows} == {True, False}
    assert {row["webinarKey"] for row in rows} < {row["webinarKey"] for row in api.webinars()}


def test_an_external_co_organizer_has_no_surname_and_the_organizer_is_left_out(api: Caller) -> None:
    rows = of_webinars(api, "/coorganizers")
    assert {row["external"] for row in rows} == {True, False}
    assert all(("surname" in row) is not row["external"] for row in rows)
    assert api.organizer_key not in {row["memberKey"] for row in rows}


def test_panelists_and_co_organizers_can_be_added(api: Caller, control: Control, webinar: str) -> None:
    def keys() -> tuple[set[str], set[str]]:
        panelists = api.get(api.webinar(webinar, "/panelists")).json()
        coorganizers = api.get(api.webinar(webinar, "/coorganizers")).json()
        return {str(row["panelistId"]) for row in panelists}, {row["memberKey"] for row in coorganizers}

    panelists, coorganizers = keys()
    added = control.add_panelist(webinar), control.add_coorganizer(webinar)
    assert keys() == (panelists | {added[0]}, coorganizers | {added[1]})


def test_meeting_times_are_those_of_the_list(api: Caller) -> None:
    for row in api.webinars():
        assert api.get(api.webinar(row["webinarKey"], "/meetingtimes")).json() == row["times"]


def test_recordings_come_in_pages_without_the_limit(api: Caller, control: Control) -> None:
    webinar = control.add_webinar()
    assert recordings(api, webinar) == {"data": [], "total": 0, "page": 0, "pageSize": 0}
    keys = [control.add_recording(webinar, f"Part {number}") for number in range(3)]
    pages = [recordings(api, webinar, page=page, limit=2) for page in range(2)]
    assert [row["recordingAssetKey"] for page in pages for row in page.pop("data")] == keys
    assert pages == [{"total": 3, "page": number, "pageSize": size} for number, size in enumerate((2, 1))]
    control.configure(forbidden=[api.organizer_key])
    assert api.get(f"{PRODUCT}/webinars/{webinar}/recordingAssets").status_code == 403
    control.cancel_webinar(webinar)
    assert api.get(f"{PRODUCT}/webinars/{webinar}/recordingAssets").status_code == 404


def test_some_sessions_are_recorded(control: Control) -> None:
    expected = control.expected_records("recordings", "sessions")
    recorded = {row["webinarKey"] for row in expected["recordings"]}
    assert set() < recorded < {row["webinarKey"] for row in expected["sessions"]}
