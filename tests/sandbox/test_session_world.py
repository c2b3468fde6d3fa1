"""What happened in the sessions of the made-up world, and that it is the same every time."""

from collections import Counter
from typing import Any

import pytest

from gotowebinar_sandbox import Options
from gotowebinar_sandbox.live import Live
from gotowebinar_sandbox.truth_of_kinds import KINDS, truth_of

from .conftest import NOW

Truth = dict[str, list[dict[str, Any]]]


def live(**options: Any) -> Live:  # noqa: ANN401
    return Live(Options(**{"seed": 7, "now": NOW, "organizers": 2, "webinars": 40, **options}))


@pytest.fixture(scope="module")
def happened() -> Truth:
    return truth_of(live(), list(KINDS))


def test_the_same_seed_lets_the_same_happen(happened: Truth) -> None:
    assert truth_of(live(), list(KINDS)) == happened


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_asking_changes_nothing(kind: str, happened: Truth) -> None:
    world = live()
    for webinar in reversed(world.world.webinars.values()):
        for gathering in reversed(world.diary.gatherings(webinar)):
            gathering.questions()
    assert truth_of(world, [kind])[kind] == happened[kind]


def test_sessions_are_listed_without_making_up_forty_million_registrants() -> None:
    world = live(organizers=1, registrants=10**6)
    window = (world.world.anchor.replace(year=2000), world.world.anchor)
    assert len(world.diary.listing(world.world.owner.key, window, "overlap")) > 40


def test_a_webinar_has_no_session_or_one_or_several(happened: Truth) -> None:
    counts = Counter(row["webinarKey"] for row in happened["sessions"])
    assert {1, 2} < set(counts.values())
    webinars = {str(key) for key in live().world.webinars}
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
    sorts = [sorted(spells, key=lambda spell: str(spell["joinTime"])) for spells in several]
    assert any(ordered != spells for ordered, spells in zip(sorts, several, strict=True))
    assert any(ordered[0]["leaveTime"] > ordered[1]["joinTime"] for ordered in sorts)


def test_a_session_is_now_and_then_started_by_a_colleague(happened: Truth) -> None:
    same = [row["startingOrganizerKey"] == row["creatingOrganizerKey"] for row in happened["sessions"]]
    assert set(same) == {True, False}


def test_nobody_attends_if_the_share_is_nothing() -> None:
    nothing = truth_of(live(attendance=0.0), ["attendees", "questions"])
    assert nothing == {"attendees": [], "questions": []}


def test_attendance_follows_the_share(happened: Truth) -> None:
    more = truth_of(live(attendance=0.9), ["attendees"])["attendees"]
    assert len(more) > 1.5 * len(happened["attendees"])


def test_there_are_no_polls_if_none_are_wanted() -> None:
    assert truth_of(live(polls=0), ["polls"])["polls"] == []


def test_a_registrant_whose_date_was_spoilt_does_not_attend() -> None:
    world = live(attendance=1.0)
    webinar = next(webinar for webinar in world.world.webinars.values() if world.diary.held(webinar) and webinar.size)
    for key in list(world.world.roll(webinar).registrants):
        world.world.roll(webinar).change(key, {}, {"registrationDate": "not a date"})
    assert [gathering.present for gathering in world.diary.gatherings(webinar)] == [[]] * len(
        world.diary.held(webinar),
    )
