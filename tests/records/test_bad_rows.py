"""One bad row never costs the good ones, and rows that share a key are never lost without a word."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.records.record_list import covered_seconds, merge_attendance
from tests.incremental_runs import NOW, Runs, keys
from tests.list_answers import hal

GOOD: Final = "8114402279905634571"


@pytest.fixture
def runs(make_sandbox: Callable[..., Sandbox]) -> Runs:
    return Runs(make_sandbox(webinars=2, registrants=4, now=NOW))


def flat(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"data": list(rows), "total": len(rows), "page": 0, "limit": 200}


LISTS: Final[dict[str, tuple[str, str, Callable[..., Any]]]] = {
    "webinars": ("webinarKey", "/webinars$", lambda *rows: hal("webinars", rows)),
    "sessions": ("sessionKey", "/sessions$", lambda *rows: hal("sessionInfoResources", rows)),
    "registrants": ("registrantKey", "/registrants$", lambda *rows: list(rows)),
    "panelists": ("panelistId", "/panelists$", lambda *rows: list(rows)),
    "co_organizers": ("memberKey", "/coorganizers$", lambda *rows: list(rows)),
    "recordings": ("recordingAssetKey", "/recordingAssets$", flat),
    "attendees": ("registrantKey", r"/sessions/\d+/attendees$", lambda *rows: list(rows)),
}


@pytest.mark.parametrize("bad", [{}, {"registrantKey": "nobody"}, None, "text"], ids=str)
@pytest.mark.parametrize("stream", LISTS)
def test_a_row_without_a_usable_key_costs_only_itself(
    runs: Runs, stream: str, bad: object, caplog: pytest.LogCaptureFixture
) -> None:
    key, path, envelope = LISTS[stream]
    row = {key: GOOD, "webinarKey": GOOD, "sessionKey": "7"} | ({"sessionKey": GOOD} if stream == "sessions" else {})
    runs.control.configure(faults=[Fault(kind="json", path=path, value=envelope(row, bad))])
    done = runs.run(stream)
    assert done.exit_code == 0
    assert {record[key] for record in done.records(stream)} == {GOOD}
    line = f"'{stream}': 1 row(s) of {runs.calls(path)[0]} were left out: 1 with "
    assert line in caplog.text
    assert len(runs.calls(path)) == len(set(runs.calls(path)))


def test_nobody_is_removed_because_of_a_bad_row(runs: Runs) -> None:
    webinar = next(iter(runs.webinars()))
    runs.run("registrants", "registrant_removals")
    rows = [{"registrantKey": int(row["registrantKey"])} for row in runs.people(webinar)[1:]]
    runs.control.configure(faults=[Fault(kind="json", path=f"/{webinar}/registrants$", value=[*rows, {"email": "x"}])])
    assert keys(runs.run("registrants", "registrant_removals"), "registrant_removals") == []
    runs.control.configure(faults=[])
    assert keys(runs.run("registrants", "registrant_removals"), "registrant_removals") == []


@pytest.mark.usefixtures("few_tries")
def test_the_performance_of_one_session_that_makes_no_sense_costs_only_itself(runs: Runs) -> None:
    whole = runs.run("session_performance").records("session_performance")
    again = Runs(runs.sandbox)
    again.now = runs.now
    again.control.configure(faults=[Fault(kind="json", path=r"/sessions/\d+/performance$", value="text", times=99)])
    done = again.run("session_performance")
    assert len(done.records("session_performance")) <= len(whole)


def test_of_rows_that_share_a_key_the_last_one_counts_and_a_line_tells(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "tap-gotowebinar")
    rows = [{"panelistId": 5, "name": name} for name in ("first", "second", "last")]
    runs.control.configure(faults=[Fault(kind="json", path="/panelists$", value=rows)])
    done = runs.run("panelists")
    assert {record["name"] for record in done.records("panelists")} == {"last"}
    assert f"'panelists': 2 row(s) of {runs.calls('/panelists$')[0]} have the same key as another" in caplog.text


# Somebody who left and came back


def interval(start: int, end: int) -> dict[str, str]:
    return {"joinTime": moment(start), "leaveTime": moment(end)}


def moment(minute: int) -> str:
    return f"2026-03-13T10:{minute:02}:00.000000Z"


def test_rows_of_one_attendee_become_one(runs: Runs) -> None:
    rows = [
        {"registrantKey": 5, "attendanceTimeInSeconds": 1200, "attendance": [interval(20, 40)]},
        {"registrantKey": 6, "attendanceTimeInSeconds": 60, "attendance": [interval(0, 1)]},
        {"registrantKey": 5, "attendanceTimeInSeconds": 600, "attendance": [interval(0, 10), interval(20, 40)]},
    ]
    runs.control.configure(faults=[Fault(kind="json", path=r"/sessions/\d+/attendees$", value=rows)])
    first, second, *_ = runs.run("attendees").records("attendees")
    assert (first["registrantKey"], second["registrantKey"]) == ("5", "6")
    assert first["attendance"] == [interval(0, 10), interval(20, 40)]
    assert first["attendanceTimeInSeconds"] == 1800


@pytest.mark.parametrize(
    ("attendance", "seconds"),
    [
        (([interval(0, 10)], [interval(5, 20)]), 1200),
        (([interval(0, 30)], [interval(5, 10)]), 1800),
        (([interval(0, 10)], []), 111 + 222),
        (([interval(0, 10)], None), 111 + 222),
        (([{"joinTime": moment(0), "leaveTime": None}], [interval(5, 20)]), 111 + 222),
    ],
)
def test_seconds_are_what_the_intervals_cover_or_else_the_sum(attendance: tuple[Any, Any], seconds: int) -> None:
    rows = [{"attendance": attendance[0], "attendanceTimeInSeconds": 111}]
    rows += [{"attendance": attendance[1], "attendanceTimeInSeconds": 222}]
    assert merge_attendance(rows)["attendanceTimeInSeconds"] == seconds


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(30, 59)) | st.tuples(st.integers(0, 59), st.integers(0, 59))))
def test_intervals_cover_each_minute_once(spans: list[tuple[int, int]]) -> None:
    minutes = {minute for start, end in spans for minute in range(start, end)}
    assert covered_seconds([(moment(start), moment(end)) for start, end in spans]) == 60 * len(minutes)
