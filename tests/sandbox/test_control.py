"""Inspecting and changing a running sandbox."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
import requests

from gotowebinar_sandbox import Control, Options, Sandbox

from .conftest import EVER, NOW, PRODUCT, Caller


def test_calls_are_logged_in_order_of_arrival_and_control_calls_never(api: Caller, control: Control) -> None:
    before = time.monotonic()
    api.get(f"{PRODUCT}/accounts/{api.account_key}/webinars", size=3, **EVER)
    api.get("/identity/v1/Users/me")
    api.refresh()
    calls = control.calls()
    assert [call["n"] for call in calls] == [0, 1, 2]
    assert [(call["method"], call["path"], call["status"]) for call in calls] == [
        ("GET", f"{PRODUCT}/accounts/{api.account_key}/webinars", 200),
        ("GET", "/identity/v1/Users/me", 200),
        ("POST", "/oauth/token", 200),
    ]
    assert calls[0]["query"] == {"size": "3", **EVER}
    times = [moment for call in calls for moment in (call["at"], call["done"])]
    assert times == sorted(times)
    assert before < times[0]
    assert times[-1] < time.monotonic()
    control.reset_calls()
    assert control.calls() == []


def test_concurrent_calls_are_counted_and_options_change_while_it_runs(api: Caller, control: Control) -> None:
    control.configure(latency=0.1, jitter=0.05, forbidden=["1"])
    options = control.options()
    assert (options["latency"], options["forbidden"], options["seed"]) == (0.1, ["1"], 7)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: api.refresh(), range(4)))
    state = control.state()
    assert (state["open"], state["peak"]) == (0, 4)


class At(NamedTuple):
    """Keys of a webinar, of a session of it, and of who attended."""

    webinar: str
    session: str
    who: str


COLOUR: dict[str, Any] = {"colour": "red"}
REJECTED: list[tuple[str, Callable[[Control, At], object]]] = [
    ("no webinar 1", lambda control, _: control.cancel_webinar(1)),
    ("no organizer 1", lambda control, at: control.reassign_webinar(at.webinar, 1)),
    ("no registrant 1", lambda control, at: control.cancel_registrant(at.webinar, 1)),
    ("no registrant 1", lambda control, at: control.hold_session(at.webinar, [1])),
    ("no session 1", lambda control, at: control.attend(at.webinar, 1, 1)),
    ("no attendee 1", lambda control, at: control.ask_question(at.webinar, at.session, 1, "?")),
    ("questions, counted from 0", lambda control, at: control.answer_poll(at.webinar, at.session, at.who, [], 7)),
    ("no such stream: colours", lambda control, _: control.expected_records("colours")),
    ("no such field: colour", lambda control, _: control.add_webinar(**COLOUR)),
    ("no such field: colour", lambda control, at: control.add_registrants(at.webinar, people=[COLOUR])),
    ("no such field: colour", lambda control, at: control.hold_session(at.webinar, **COLOUR)),
    ("no such field: colour", lambda control, at: control.follow_up(at.webinar, at.session, **COLOUR)),
    ("be over", lambda control, at: control.hold_session(at.webinar, endTime="2027-01-01T00:00:00Z")),
    ("no such option: colour", lambda control, _: control.configure(**COLOUR)),
    ("cannot change while it runs: webinars", lambda control, _: control.configure(webinars=3)),
    ("latency", lambda control, _: control.configure(latency="slow")),
    ("latency must be at least 0", lambda control, _: control.configure(latency=-1)),
    ("rate_window must be more than 0", lambda control, _: control.configure(rate_window=0)),
    ("yesterday", lambda control, _: control.configure(now="yesterday")),
    ("earthquake", lambda control, _: control.configure(faults=[{"kind": "earthquake"}])),
    ("regular expression", lambda control, _: control.configure(faults=[{"kind": "reset", "path": "("}])),
    ("maybe", lambda control, _: control.configure(identity="maybe")),
]


@pytest.fixture(scope="module")
def at(sandbox: Sandbox) -> At:
    webinar = sandbox.control.add_webinar()
    [who] = sandbox.control.add_registrants(webinar)
    return At(webinar, sandbox.control.hold_session(webinar, [who]), who)


@pytest.mark.parametrize(("problem", "change"), REJECTED)
def test_unknown_keys_and_wrong_values_are_rejected(
    problem: str, change: Callable[[Control, At], object], control: Control, at: At
) -> None:
    with pytest.raises(ValueError, match=problem):
        change(control, at)


def test_a_new_webinar_is_listed_and_moves_and_changes_hands_and_is_cancelled(api: Caller, control: Control) -> None:
    key = control.add_webinar(subject="Grafting", locale="de_DE")
    row = next(row for row in api.webinars() if row["webinarKey"] == key)
    assert (row["subject"], row["locale"], row["status"]) == ("Grafting", "de_DE", "NEW")
    assert row["times"] == [{"startTime": "2026-03-17T12:00:00Z", "endTime": "2026-03-17T13:00:00Z"}]

    control.move_webinar(key, "2026-04-01T08:00:00Z")
    times = [{"startTime": "2026-04-01T08:00:00Z", "endTime": "2026-04-01T09:00:00Z"}]
    assert api.get(api.webinar(key)).json()["times"] == times
    row = next(row for row in api.webinars() if row["webinarKey"] == key)
    assert (row["times"], row["status"]) == (times, "UPDATED")

    colleague = control.expected_records()["organizers"][1]["organizerKey"]
    control.reassign_webinar(key, colleague)
    assert api.get(api.webinar(key)).status_code == 404
    assert api.get(api.organizer(f"/webinars/{key}", colleague)).json()["organizerKey"] == int(colleague)

    control.cancel_webinar(key)
    assert api.get(api.organizer(f"/webinars/{key}", colleague)).status_code == 404
    assert key not in {row["webinarKey"] for row in control.expected_records()["webinars"]}


def test_people_register_and_change_and_cancel(api: Caller, control: Control, webinar: str) -> None:
    keys = control.add_registrants(webinar, 3)
    rows = api.registrants(webinar)
    assert [str(row["registrantKey"]) for row in rows] == keys
    assert ({row["registrationDate"] for row in rows}, len({row["email"] for row in rows})) == ({NOW}, 3)

    before = api.registrant(webinar, keys[0])
    control.change_registrant(webinar, keys[0], firstName="Grete", city="Bergen")
    assert api.registrant(webinar, keys[0]) == {**before, "firstName": "Grete", "city": "Bergen"}
    assert api.registrants(webinar)[0]["firstName"] == "Grete"

    control.cancel_registrant(webinar, keys[0])
    assert [str(row["registrantKey"]) for row in api.registrants(webinar)] == keys[1:]
    assert api.get(api.webinar(webinar, f"/registrants/{keys[0]}")).status_code == 404


def test_a_changed_address_may_register_again(api: Caller, control: Control, webinar: str) -> None:
    [key] = control.add_registrants(webinar, people=[{"email": "old@example.com"}])
    control.change_registrant(webinar, key, email="new@example.com")
    names = {"firstName": "Ada", "lastName": "Berg"}
    statuses = [api.register(webinar, **names, email=f"{age}@example.com").status_code for age in ("new", "old")]
    assert statuses == [409, 201]


@pytest.mark.parametrize("date", ["2020-01-01T00:00:00.5Z", None, "", "not a date"])
def test_people_may_have_any_fields_even_invalid_ones(
    date: str | None, api: Caller, control: Control, webinar: str
) -> None:
    ada = {"firstName": "Ada", "registrationDate": date, "source": "fair", "status": "DENIED", "email": None}
    [key] = control.add_registrants(webinar, people=[ada])
    (row,), detailed = api.registrants(webinar), api.registrant(webinar, key)
    assert {**ada, "email": ""}.items() <= {**detailed, "email": row["email"] or ""}.items()
    assert (row["registrationDate"], "joinUrl" in detailed) == (date, False)
    assert len(control.expected_records()["registrants"]) > 1


def test_approval_gives_the_link_and_denial_takes_it(api: Caller, control: Control) -> None:
    webinar = control.add_webinar(approvalType="MANUAL")
    [key] = control.add_registrants(webinar)
    assert api.registrants(webinar)[0]["status"] == "WAITING"
    control.approve_registrant(webinar, key)
    [row] = api.registrants(webinar)
    assert (row["status"], row["joinUrl"][:8]) == ("APPROVED", "https://")
    control.deny_registrant(webinar, key)
    [row] = api.registrants(webinar)
    assert (row["status"], "joinUrl" in row) == ("DENIED", False)


def test_the_clock_can_be_moved(api: Caller, control: Control) -> None:
    def running() -> list[str]:
        keys = [row["webinarKey"] for row in api.webinars()]
        return [key for key in keys if api.get(api.webinar(key)).json()["inSession"]]

    assert len(running()) == 1
    control.configure(now="2026-03-10T23:00:00Z")
    assert running() == []


def test_it_listens_to_the_other_family_too() -> None:
    with Sandbox(Options(webinars=1), host="::1") as sandbox:
        assert sandbox.url.startswith("http://[::1]:")
        assert sandbox.control.calls() == []


def test_settings_point_a_tap_to_it(sandbox: Sandbox) -> None:
    secrets = {"client_id", "client_secret", "refresh_token"}
    assert sandbox.settings.keys() == {*secrets, "api_url", "auth_url", "token_path"}
    assert sandbox.settings["api_url"] == sandbox.settings["auth_url"] == sandbox.url
    assert sandbox.credentials.keys() == {"client_id", "client_secret", "refresh_token", "personal_access_token"}


def test_a_webinar_may_have_no_times_until_it_is_moved(api: Caller, control: Control) -> None:
    key = control.add_webinar(times=[])
    row = next(row for row in api.webinars() if row["webinarKey"] == key)
    assert row["times"] == api.get(api.webinar(key)).json()["times"] == []
    control.move_webinar(key, "2026-04-01T08:00:00Z")
    assert len(api.get(api.webinar(key)).json()["times"]) == 1
    control.cancel_webinar(key)


def test_wrong_arguments_and_unknown_actions_are_errors(sandbox: Sandbox) -> None:
    for action, body, status in (("configure", b"{", 400), ("configure", b'{"a": 1}', 400), ("earthquake", b"{}", 404)):
        response = requests.post(f"{sandbox.url}/_sandbox/{action}", data=body, timeout=10)
        assert (response.status_code, list(response.json())) == (status, ["error"])
