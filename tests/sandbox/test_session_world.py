"""What happened in the sessions of the made-up world, and that it is the same every time."""

from collections import Counter
from typing import Any

import pytest

from gotowebinar_sandbox import Options
from gotowebinar_sandbox.control.expected import STREAMS, expected_records
from gotowebinar_sandbox.state import SandboxState

from .conftest import NOW

Truth = dict[str, list[dict[str, Any]]]


def state(**options: Any) -> SandboxState:  # noqa: ANN401
    return SandboxState(Options(**{"seed": 7, "now": NOW, "organizers": 2, "webinars": 40, **options}))


@pytest.fixture(scope="module")
def happened() -> Truth:
    return expected_records(state(), list(STREAMS))


def test_the_same_seed_lets_the_same_happen(happened: Truth) -> None:
    assert expected_records(state(), list(STREAMS)) == happened


@pytest.mark.parametrize("kind", STREAMS)
def test_the_order_of_asking_changes_nothing(kind: str, happened: Truth) -> None:
    world = state()
    for webinar in reversed(world.world.webinars.values()):
        for activity in reversed(world.calendar.activities(webinar)):
            activity.questions()
    assert expected_records(world, [kind])[kind] == happened[kind]


def test_sessions_are_listed_without_making_up_forty_million_registrants() -> None:
    world = state(organizers=1, registrants=10**6)
    ever = world.world.anchor.replace(year=2000), world.world.anchor
    assert len(world.calendar.listing(world.world.owner.key, *ever, "overlap")) > 40


def test_a_webinar_has_no_session_or_one_or_several(happened: Truth) -> None:
    counts = Counter(row["webinarKey"] for row in happened["sessions"])
    assert {1, 2} < set(counts.values())
    webinars = {str(key) for key in state().world.webinars}
    assert counts.keys() < webinars


def test_sessions_are_over_and_their_keys_are_of_all_lengths(happened: Truth) -> None:
    assert max(row["endTime"] for row in happened["sessions"]) <= NOW
    assert all(row["startTime"] < row["endTime"] for row in happened["sessions"])
    keys = [int(row["sessionKey"]) for row in happened["sessions"]]
    assert min(keys) < 10**12 < 2**53 < max(keys) < 2**63
    assert len(set(keys)) == len(keys)


def test_some_are_listed_who_were_not_there(happened: Truth) -> None:
    absent = [row for row in happened["attendees"] if not row["attendanceTimeInSeconds"]]
    assert {len(row["attendance"]) for row in absent} == {0, 1}


def test_some_join_several_times_also_at_once_and_not_in_order(happened: Truth) -> None:
    several = [row["attendance"] for row in happened["attendees"] if len(row["attendance"]) > 1]
    sorts = [sorted(intervals, key=lambda interval: str(interval["joinTime"])) for intervals in several]
    assert any(ordered != intervals for ordered, intervals in zip(sorts, several, strict=True))
    assert any(ordered[0]["leaveTime"] > ordered[1]["joinTime"] for ordered in sorts)


def test_a_session_is_now_and_then_started_by_a_colleague(happened: Truth) -> None:
    same = [row["startingOrganizerKey"] == row["creatingOrganizerKey"] for row in happened["sessions"]]
    assert set(same) == {True, False}


def test_nobody_attends_if_the_share_is_nothing() -> None:
    nothing = expected_records(state(attendance=0.0), ["attendees", "questions"])
    assert nothing == {"attendees": [], "questions": []}


def test_attendance_follows_the_share(happened: Truth) -> None:
    more = expected_records(state(attendance=0.9), ["attendees"])["attendees"]
    assert len(more) > 1.5 * len(happened["attendees"])


def test_there_are_no_polls_if_none_are_wanted() -> None:
    assert expected_records(state(polls=0), ["polls"])["polls"] == []


def test_a_registrant_whose_date_was_spoilt_does_not_attend() -> None:
    world = state(attendance=1.0)
    webinar = next(
        webinar for webinar in world.world.webinars.values() if world.calendar.ended(webinar) and webinar.size
    )
    for key in list(world.world.registrants(webinar).registrants):
        world.world.registrants(webinar).change(key, {}, {"registrationDate": "not a date"})
    assert [activity.present for activity in world.calendar.activities(webinar)] == [[]] * len(
        world.calendar.ended(webinar),
    )
