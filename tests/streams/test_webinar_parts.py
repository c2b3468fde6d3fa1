"""Panelists, co-organizers, registration forms and recordings: read seldom, and emitted when they change."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import pytest

from gotowebinar_sandbox import Sandbox
from tests.incremental_runs import NOW, Story

PARTS: Final = ("panelists", "co_organizers", "registration_fields", "recordings")
CALLS: Final = r"/(panelists|coorganizers|fields|recordingAssets)$"


@pytest.fixture
def story(make_sandbox: Callable[..., Sandbox]) -> Story:
    return Story(make_sandbox(webinars=10, registrants=3, now=NOW))


def nearest(story: Story) -> str:
    """The webinar whose end is nearest to now, before or after it."""
    return min(story.webinars(), key=lambda key: abs(_days_to_its_end(story, key)))


def furthest(story: Story) -> str:
    return max(story.webinars(), key=lambda key: abs(_days_to_its_end(story, key)))


def _days_to_its_end(story: Story, key: str) -> float:
    end = dt.datetime.fromisoformat(story.webinars()[key]["times"][-1]["endTime"])
    return (end - story.now) / dt.timedelta(days=1)


@pytest.mark.parametrize("stream", PARTS)
def test_a_new_webinar_costs_one_call_and_an_idle_run_none(story: Story, stream: str) -> None:
    first = story.run(stream)
    assert first.exit_code == 0
    assert len(story.calls(CALLS)) == 10
    idle = story.run(stream)
    assert (idle.of_type("RECORD"), idle.states, story.calls(CALLS)) == ([], [], [])


def test_the_further_away_a_webinar_is_the_more_rarely_it_is_read(story: Story) -> None:
    story.run("panelists")
    near, far = nearest(story), furthest(story)
    story.passes(days=abs(_days_to_its_end(story, far)) / 20)
    story.run("panelists")
    assert [call for call in story.calls(CALLS) if near in call]
    assert not [call for call in story.calls(CALLS) if far in call]


def test_what_is_due_for_the_panelists_alone_does_not_make_the_registrants_read(story: Story) -> None:
    story.run("registrants", "panelists")
    assert story.state is not None
    del story.state["bookmarks"]["panelists"]
    settled = [key for key in story.webinars() if _days_to_its_end(story, key) < -40]
    story.run("registrants", "panelists")
    assert settled
    assert len(story.calls(r"/panelists$")) == 10
    assert not [call for call in story.calls(r"/registrants$") for key in settled if key in call]


def test_all_rows_of_a_webinar_come_out_when_one_has_changed(story: Story) -> None:
    story.run(*PARTS)
    webinar = nearest(story)
    added = story.control.add_panelist(webinar), story.control.add_panelist(webinar)
    recording = story.control.add_recording(webinar)
    story.passes(days=10)
    done = story.run(*PARTS)
    panelists = done.records("panelists")
    assert {row["webinarKey"] for row in panelists} == {webinar}
    assert set(added) <= {row["panelistId"] for row in panelists}
    assert recording in {row["recordingAssetKey"] for row in done.records("recordings") if row["webinarKey"] == webinar}
    assert done.records("registration_fields") == []


@pytest.mark.parametrize(
    ("stream", "secret"), [("panelists", "joinLink"), ("co_organizers", "joinLink"), ("recordings", "mp4DownloadUrl")]
)
def test_links_that_let_people_in_come_out_nowhere(
    story: Story, caplog: pytest.LogCaptureFixture, stream: str, secret: str
) -> None:
    webinar = nearest(story)
    story.control.add_panelist(webinar)
    story.control.add_coorganizer(webinar)
    story.control.add_recording(webinar)
    sent: list[dict[str, Any]] = [row for row in story.control.truth(stream)[stream] if secret in row]
    done = story.run(stream)
    assert sent
    assert done.records(stream)
    assert all(row[secret] not in done.stdout for row in sent)
    assert "not in the schema" not in caplog.text


def test_a_webinar_that_is_gone_has_no_parts_and_is_no_failure(story: Story) -> None:
    gone = nearest(story)
    story.control.configure(faults=[{"kind": "status", "status": 404, "path": f"/{gone}/panelists$"}])
    assert story.run("panelists").exit_code == 0
    assert (story.run("panelists").states, story.calls(CALLS)) == ([], [])
