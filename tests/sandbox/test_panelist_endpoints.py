"""Panelists, co-organizers, meeting times and recordings."""

from typing import Any

from gotowebinar_sandbox import Control

from .conftest import PRODUCT, Caller

Row = dict[str, Any]


def of_webinars(api: Caller, path: str) -> list[Row]:
    """Return the rows of an array of all webinars, with their webinarKey."""
    keys = [row["webinarKey"] for row in api.webinars()]
    return [{"webinarKey": key, **row} for key in keys for row in api.get(api.webinar(key, path)).json()]


def recordings(api: Caller, webinar_key: str, **query: int) -> Row:
    page: Row = api.get(f"{PRODUCT}/webinars/{webinar_key}/recordingAssets", **query).json()
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


def test_panelists_and_co_organizers_can_be_added(api: Caller, control: Control) -> None:
    webinar = control.add_webinar()

    def keys() -> tuple[set[str], set[str]]:
        panelists = api.get(api.webinar(webinar, "/panelists")).json()
        coorganizers = api.get(api.webinar(webinar, "/coorganizers")).json()
        return {str(row["panelistId"]) for row in panelists}, {row["memberKey"] for row in coorganizers}

    panelists, coorganizers = keys()
    added = control.add_panelist(webinar), control.add_coorganizer(webinar)
    assert keys() == (panelists | {added[0]}, coorganizers | {added[1]})
    control.cancel_webinar(webinar)


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
