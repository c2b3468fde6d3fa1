"""Panelists, co-organizers, registration forms and recordings: read seldom, and emitted when they change."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import pytest

from gotowebinar_sandbox import Sandbox
from tests.incremental_runs import NOW, Runs

PARTS: Final = ("panelists", "co_organizers", "registration_fields", "recordings")
CALLS: Final = r"/(panelists|coorganizers|fields|recordingAssets)$"


@pytest.fixture
def runs(make_sandbox: Callable[..., Sandbox]) -> Runs:
    return Runs(make_sandbox(webinars=10, registrants=3, now=NOW))


def nearest(runs: Runs) -> str:
    """The webinar whose end is nearest to now, before or after it."""
    return min(runs.webinars(), key=lambda key: abs(_days_to_its_end(runs, key)))


def furthest(runs: Runs) -> str:
    return max(runs.webinars(), key=lambda key: abs(_days_to_its_end(runs, key)))


def _days_to_its_end(runs: Runs, key: str) -> float:
    end = dt.datetime.fromisoformat(runs.webinars()[key]["times"][-1]["endTime"])
    return (end - runs.now) / dt.timedelta(days=1)


@pytest.mark.parametrize("stream", PARTS)
def test_a_new_webinar_costs_one_call_and_an_idle_run_none(runs: Runs, stream: str) -> None:
    first = runs.run(stream)
    assert first.exit_code == 0
    assert len(runs.calls(CALLS)) == 10
    idle = runs.run(stream)
    assert (idle.of_type("RECORD"), idle.states, runs.calls(CALLS)) == ([], [], [])


def test_the_further_away_a_webinar_is_the_more_rarely_it_is_read(runs: Runs) -> None:
    runs.run("panelists")
    near, far = nearest(runs), furthest(runs)
    runs.passes(days=abs(_days_to_its_end(runs, far)) / 20)
    runs.run("panelists")
    assert [call for call in runs.calls(CALLS) if near in call]
    assert not [call for call in runs.calls(CALLS) if far in call]


def test_what_is_due_for_the_panelists_alone_does_not_make_the_registrants_read(runs: Runs) -> None:
    runs.run("registrants", "panelists")
    assert runs.state is not None
    del runs.state["bookmarks"]["panelists"]
    settled = [key for key in runs.webinars() if _days_to_its_end(runs, key) < -40]
    runs.run("registrants", "panelists")
    assert settled
    assert len(runs.calls(r"/panelists$")) == 10
    assert not [call for call in runs.calls(r"/registrants$") for key in settled if key in call]


def test_all_rows_of_a_webinar_come_out_when_one_has_changed(runs: Runs) -> None:
    runs.run(*PARTS)
    webinar = nearest(runs)
    added = runs.control.add_panelist(webinar), runs.control.add_panelist(webinar)
    recording = runs.control.add_recording(webinar)
    runs.passes(days=10)
    done = runs.run(*PARTS)
    panelists = done.records("panelists")
    assert {row["webinarKey"] for row in panelists} == {webinar}
    assert set(added) <= {row["panelistId"] for row in panelists}
    assert recording in {row["recordingAssetKey"] for row in done.records("recordings") if row["webinarKey"] == webinar}
    assert done.records("registration_fields") == []


@pytest.mark.parametrize(
    ("stream", "secret"), [("panelists", "joinLink"), ("co_organizers", "joinLink"), ("recordings", "mp4DownloadUrl")]
)
def test_links_that_let_people_in_come_out_nowhere(
    runs: Runs, caplog: pytest.LogCaptureFixture, stream: str, secret: str
) -> None:
    webinar = nearest(runs)
    runs.control.add_panelist(webinar)
    runs.control.add_coorganizer(webinar)
    runs.control.add_recording(webinar)
    sent: list[dict[str, Any]] = [row for row in runs.control.expected_records(stream)[stream] if secret in row]
    done = runs.run(stream)
    assert sent
    assert done.records(stream)
    assert all(row[secret] not in done.stdout for row in sent)
    assert "not in the schema" not in caplog.text


def test_a_webinar_that_is_gone_has_no_parts_and_is_no_failure(runs: Runs) -> None:
    gone = nearest(runs)
    runs.control.configure(faults=[{"kind": "status", "status": 404, "path": f"/{gone}/panelists$"}])
    assert runs.run("panelists").exit_code == 0
    assert (runs.run("panelists").states, runs.calls(CALLS)) == ([], [])
