"""What the made-up world holds, and that it is the same every time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gotowebinar_sandbox import Options, Sandbox
from gotowebinar_sandbox.control.expected import expected_records
from gotowebinar_sandbox.state import SandboxState

from .conftest import NOW

PRESENT = datetime(2026, 3, 10, 12, tzinfo=UTC)


def made(**options: Any) -> dict[str, list[dict[str, Any]]]:  # noqa: ANN401
    state = SandboxState(Options(**{"seed": 7, "now": NOW, "organizers": 2, "webinars": 30, **options}))
    return expected_records(state, [])


@pytest.fixture(scope="module")
def world() -> dict[str, list[dict[str, Any]]]:
    return made()


def ends(webinar: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(webinar["times"][-1]["endTime"])


def test_the_same_seed_makes_the_same_world(world: dict[str, Any]) -> None:
    assert made() == world


def test_another_seed_makes_another_world(world: dict[str, Any]) -> None:
    other = made(seed=8)
    assert not {row["webinarKey"] for row in other["webinars"]} & {row["webinarKey"] for row in world["webinars"]}


def test_the_order_of_asking_changes_nothing() -> None:
    forwards, backwards = (SandboxState(Options(seed=7, now=NOW)) for _ in range(2))
    for webinar in reversed(backwards.world.webinars.values()):
        backwards.world.registrants(webinar)
    assert expected_records(forwards, []) == expected_records(backwards, [])


def test_every_organizer_has_the_webinars_asked_for(world: dict[str, Any]) -> None:
    counts = Counter(row["organizerKey"] for row in world["webinars"])
    assert list(counts.values()) == [30, 30]


def test_the_mean_of_registrants_is_exact_and_the_spread_is_wide(world: dict[str, Any]) -> None:
    counts = Counter(row["webinarKey"] for row in world["registrants"])
    sizes = sorted(counts[row["webinarKey"]] for row in world["webinars"])
    assert sum(sizes) == 60 * 20
    assert sizes[0] == 0
    assert sizes[-1] > 4 * 20


def test_some_webinars_are_to_come_some_just_over_most_long_gone(world: dict[str, Any]) -> None:
    distances = [ends(row) - PRESENT for row in world["webinars"]]
    assert sum(distance > timedelta(0) for distance in distances) >= 4
    assert sum(timedelta(days=-14) < distance < timedelta(0) for distance in distances) >= 2
    assert sum(distance < timedelta(days=-365) for distance in distances) >= 10


def test_keys_are_longer_than_a_float_can_hold(world: dict[str, Any]) -> None:
    keys = [row["registrantKey"] for row in world["registrants"]] + [row["webinarKey"] for row in world["webinars"]]
    assert all(2**53 < int(key) < 2**63 for key in keys)
    assert len(set(keys)) == len(keys)


def test_lists_are_not_sorted_by_date(world: dict[str, Any]) -> None:
    starts = [row["times"][0]["startTime"] for row in world["webinars"]]
    dates = [row["registrationDate"] for row in world["registrants"]]
    assert starts not in (sorted(starts), sorted(starts, reverse=True))
    assert dates not in (sorted(dates), sorted(dates, reverse=True))


def test_several_people_register_in_the_same_second(world: dict[str, Any]) -> None:
    shared = Counter((row["webinarKey"], row["registrationDate"]) for row in world["registrants"])
    assert shared.most_common(1)[0][1] > 1


def test_some_dates_have_fractions_of_a_second(world: dict[str, Any]) -> None:
    fractions = ["." in row["registrationDate"] for row in world["registrants"]]
    assert any(fractions)
    assert not all(fractions)


def test_nobody_registers_in_the_future(world: dict[str, Any]) -> None:
    assert max(row["registrationDate"] for row in world["registrants"]) <= NOW


def test_people_have_names_of_all_scripts_and_addresses_of_nobody(world: dict[str, Any]) -> None:
    names = "".join(row["firstName"] + row["lastName"] for row in world["registrants"])
    assert set("üøŁ明Д'-") <= set(names)
    domains = {row["email"].partition("@")[2].lower() for row in world["registrants"]}
    assert domains == {"example.com", "example.org", "example.net"}


def test_an_address_registers_once_per_webinar_and_for_several_webinars(world: dict[str, Any]) -> None:
    pairs = Counter((row["webinarKey"], row["email"].lower()) for row in world["registrants"])
    assert set(pairs.values()) == {1}
    assert len({row["email"] for row in world["registrants"]}) < len(world["registrants"])


def test_waiting_and_denied_people_are_of_webinars_with_manual_approval(world: dict[str, Any]) -> None:
    manual = {row["webinarKey"] for row in world["webinars"] if row["approvalType"] == "MANUAL"}
    waiting = [row for row in world["registrants"] if row["status"] != "APPROVED"]
    assert {row["status"] for row in waiting} == {"WAITING", "DENIED"}
    assert {row["webinarKey"] for row in waiting} <= manual
    assert not any("joinUrl" in row for row in waiting)


def test_late_people_registered_after_the_end_and_series_have_no_type(world: dict[str, Any]) -> None:
    webinars = {row["webinarKey"]: row for row in world["webinars"]}
    kinds = {row.get("type") for row in world["registrants"]}
    assert kinds == {"REGULAR", "LATE", None}
    for row in world["registrants"]:
        webinar = webinars[row["webinarKey"]]
        late = datetime.fromisoformat(row["registrationDate"]) > ends(webinar)
        expected = None if webinar["recurrenceType"] == "series" else "LATE" if late else "REGULAR"
        assert row.get("type") == expected


@pytest.mark.parametrize("name", ["source", "phone", "state", "organization", "unsubscribed", "responses"])
def test_optional_fields_are_there_for_some(name: str, world: dict[str, Any]) -> None:
    there = [name in row for row in world["registrants"]]
    assert any(there)
    assert not all(there)


@pytest.mark.parametrize("webinars", [0, 1, 2, 3, 4, 5])
def test_a_world_may_be_small(webinars: int) -> None:
    world = made(organizers=1, webinars=webinars, registrants=3)
    assert len(world["webinars"]) == webinars
    assert len(world["registrants"]) == 3 * webinars


def test_a_world_without_registrants_is_a_world() -> None:
    assert made(organizers=1, webinars=3, registrants=0)["registrants"] == []


def test_by_default_the_present_is_the_real_one() -> None:
    world = SandboxState(Options()).world
    assert abs(world.clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_credentials_depend_on_the_seed_alone() -> None:
    assert Sandbox(Options(seed=7, webinars=1)).credentials == Sandbox(Options(seed=7)).credentials
    assert Sandbox(Options(seed=8)).credentials != Sandbox(Options(seed=7)).credentials
