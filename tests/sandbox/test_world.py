"""The contents of the made-up world; they are the same every time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gotowebinar_sandbox import Options, Sandbox
from gotowebinar_sandbox.control.expected import STREAMS, expected_records
from gotowebinar_sandbox.state import SandboxState

from .conftest import NOW

PRESENT = datetime(2026, 3, 10, 12, tzinfo=UTC)
Records = dict[str, list[dict[str, Any]]]


def state(**options: Any) -> SandboxState:  # noqa: ANN401
    return SandboxState(Options(**{"seed": 7, "now": NOW, "organizers": 2, "webinars": 40, **options}))


@pytest.fixture(scope="module")
def world() -> Records:
    return expected_records(state(), list(STREAMS))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_the_same_seed_makes_the_same_world_and_another_one_another(world: Records) -> None:
    assert expected_records(state(), list(STREAMS)) == world
    other = expected_records(state(seed=8), ["webinars"])
    assert not {row["webinarKey"] for row in other["webinars"]} & {row["webinarKey"] for row in world["webinars"]}


@pytest.mark.parametrize("stream", STREAMS)
def test_the_order_of_access_changes_nothing(stream: str, world: Records) -> None:
    backwards = state()
    for webinar in reversed(backwards.world.webinars.values()):
        backwards.world.registrants(webinar)
        for activity in reversed(backwards.calendar.activities(webinar)):
            activity.questions()
    assert expected_records(backwards, [stream])[stream] == world[stream]


def test_every_organizer_has_the_webinars_asked_for_some_upcoming_some_just_over_most_long_over(world: Records) -> None:
    assert list(Counter(row["organizerKey"] for row in world["webinars"]).values()) == [40, 40]
    distances = [moment(row["times"][-1]["endTime"]) - PRESENT for row in world["webinars"]]
    assert sum(distance > timedelta(0) for distance in distances) >= 4
    assert sum(timedelta(days=-14) < distance < timedelta(0) for distance in distances) >= 2
    assert sum(distance < timedelta(days=-365) for distance in distances) >= 10


def test_the_mean_of_registrants_is_exact_and_the_spread_is_wide(world: Records) -> None:
    counts = Counter(row["webinarKey"] for row in world["registrants"])
    sizes = sorted(counts[row["webinarKey"]] for row in world["webinars"])
    assert sum(sizes) == 80 * 20
    assert (sizes[0], sizes[-1] > 4 * 20) == (0, True)


def test_keys_are_longer_than_a_float_can_hold_but_for_most_of_sessions(world: Records) -> None:
    keys = [int(row["registrantKey"]) for row in world["registrants"]]
    keys += [int(row["webinarKey"]) for row in world["webinars"]]
    assert 2**53 < min(keys) < max(keys) < 2**63
    sessions = [int(row["sessionKey"]) for row in world["sessions"]]
    assert min(sessions) < 10**12 < 2**53 < max(sessions) < 2**63
    assert len({*keys, *sessions}) == len(keys) + len(sessions)


def test_dates_are_unsorted_in_the_past_sometimes_equal_and_some_have_fractions(world: Records) -> None:
    dates = [row["registrationDate"] for row in world["registrants"]]
    for values in (dates, [row["times"][0]["startTime"] for row in world["webinars"]]):
        assert values not in (sorted(values), sorted(values, reverse=True))
    assert max(dates) <= NOW
    assert {"." in date for date in dates} == {True, False}
    equal = Counter((row["webinarKey"], row["registrationDate"]) for row in world["registrants"])
    assert max(equal.values()) > 1


def test_people_have_names_of_all_scripts_and_reserved_addresses(world: Records) -> None:
    names = "".join(row["firstName"] + row["lastName"] for row in world["registrants"])
    assert set("üøŁ明Д'-") <= set(names)
    domains = {row["email"].partition("@")[2].lower() for row in world["registrants"]}
    assert domains == {"example.com", "example.org", "example.net"}
    pairs = Counter((row["webinarKey"], row["email"].lower()) for row in world["registrants"])
    assert set(pairs.values()) == {1}
    assert len({row["email"] for row in world["registrants"]}) < len(world["registrants"])


def test_status_and_type_follow_from_the_webinar(world: Records) -> None:
    webinars = {row["webinarKey"]: row for row in world["webinars"]}
    assert {row["status"] for row in world["registrants"]} == {"APPROVED", "WAITING", "DENIED"}
    assert {row.get("type") for row in world["registrants"]} == {"REGULAR", "LATE", None}
    for row in world["registrants"]:
        webinar = webinars[row["webinarKey"]]
        assert ("joinUrl" in row) is (row["status"] == "APPROVED")
        assert row["status"] == "APPROVED" or webinar["approvalType"] == "MANUAL"
        late = moment(row["registrationDate"]) > moment(webinar["times"][-1]["endTime"])
        expected = None if webinar["recurrenceType"] == "series" else "LATE" if late else "REGULAR"
        assert row.get("type") == expected


def test_some_registrants_have_an_optional_field(world: Records) -> None:
    for name in ("source", "phone", "state", "organization", "unsubscribed", "responses"):
        assert {name in row for row in world["registrants"]} == {True, False}, name


@pytest.mark.parametrize(("webinars", "registrants"), [(0, 3), (1, 3), (2, 3), (3, 3), (4, 3), (5, 3), (3, 0)])
def test_a_world_may_be_small(webinars: int, registrants: int) -> None:
    world = expected_records(state(organizers=1, webinars=webinars, registrants=registrants), [])
    assert (len(world["webinars"]), len(world["registrants"])) == (webinars, registrants * webinars)


def test_by_default_the_clock_shows_the_current_time() -> None:
    assert abs(SandboxState(Options(webinars=1)).world.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_credentials_depend_on_the_seed_alone() -> None:
    assert Sandbox(Options(seed=7, webinars=1)).credentials == Sandbox(Options(seed=7)).credentials
    assert Sandbox(Options(seed=8)).credentials != Sandbox(Options(seed=7)).credentials


# Sessions


def test_a_webinar_has_no_session_or_one_or_several_all_of_them_over(world: Records) -> None:
    counts = Counter(row["webinarKey"] for row in world["sessions"])
    assert {1, 2} < set(counts.values())
    assert counts.keys() < {row["webinarKey"] for row in world["webinars"]}
    assert max(row["endTime"] for row in world["sessions"]) <= NOW
    assert all(row["startTime"] < row["endTime"] for row in world["sessions"])
    own = {row["startingOrganizerKey"] == row["creatingOrganizerKey"] for row in world["sessions"]}
    assert own == {True, False}, "a colleague starts some sessions"


def test_sessions_are_listed_without_making_up_forty_million_registrants() -> None:
    large = state(organizers=1, registrants=10**6)
    start, end = large.world.anchor.replace(year=2000), large.world.anchor
    assert len(large.calendar.listing(large.world.owner.key, start, end)) > 40


def test_some_attendees_were_absent_some_joined_several_times_also_at_once_and_not_in_order(world: Records) -> None:
    absent = [row for row in world["attendees"] if not row["attendanceTimeInSeconds"]]
    assert {len(row["attendance"]) for row in absent} == {0, 1}
    several = [row["attendance"] for row in world["attendees"] if len(row["attendance"]) > 1]
    ordered = [sorted(intervals, key=lambda interval: str(interval["joinTime"])) for intervals in several]
    assert ordered != several
    assert any(first["leaveTime"] > second["joinTime"] for first, second, *_ in ordered)


def test_attendance_and_polls_follow_the_options(world: Records) -> None:
    nothing = expected_records(state(attendance=0.0, polls=0), ["attendees", "questions", "polls"])
    assert nothing == {"attendees": [], "questions": [], "polls": []}
    more = expected_records(state(attendance=0.9), ["attendees"])["attendees"]
    assert len(more) > 1.5 * len(world["attendees"])


def test_a_registrant_with_an_invalid_date_does_not_attend() -> None:
    world = state(attendance=1.0)
    webinar = next(
        webinar for webinar in world.world.webinars.values() if world.calendar.ended(webinar) and webinar.size
    )
    people = world.world.registrants(webinar)
    for key in list(people.registrants):
        people.change(key, {}, {"registrationDate": "not a date"})
    assert not any(activity.present for activity in world.calendar.activities(webinar))
