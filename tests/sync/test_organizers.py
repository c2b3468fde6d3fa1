"""Whose data a run reads: as configured, else of the person behind the token."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gotowebinar_sandbox import Fault, Sandbox
from tap_gotowebinar.api.identity import ADMIN_PATH, IDENTITY_PATH
from tests.comparable_rows import without_nulls
from tests.list_answers import hal
from tests.runs import FAST, Run, run_here
from tests.selection import selecting

WEBINARS = selecting("webinars")
BOTH = selecting("organizers", "webinars")


def run(sandbox: Sandbox, *, catalog: dict[str, Any] = BOTH, **changes: object) -> Run:
    return run_here({**sandbox.settings, **FAST, **changes}, catalog=catalog)


def paths(sandbox: Sandbox) -> list[str]:
    return [call["path"] for call in sandbox.control.calls() if call["method"] == "GET"]


def organizers(sandbox: Sandbox) -> list[str]:
    return [row["organizerKey"] for row in sandbox.control.expected_records()["organizers"]]


def account_of(sandbox: Sandbox) -> str:
    return str(sandbox.control.expected_records()["organizers"][0]["accountKey"])


def webinars_of(sandbox: Sandbox, *keys: str) -> set[str]:
    return {row["webinarKey"] for row in sandbox.control.expected_records()["webinars"] if row["organizerKey"] in keys}


def read_webinars(done: Run) -> list[str]:
    return [row["webinarKey"] for row in done.records("webinars")]


def logged_errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def sent(done: Run, stream: str) -> list[dict[str, Any]]:
    """The records of a stream without their nulls."""
    return [without_nulls(record) for record in done.records(stream)]


# The person behind the token


def test_without_keys_it_is_the_organizer_the_token_belongs_to(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(organizers=2)
    owner = organizers(sandbox)[0]
    done = run(sandbox)
    assert paths(sandbox) == [IDENTITY_PATH, f"/G2W/rest/v2/organizers/{owner}/webinars"]
    assert set(read_webinars(done)) == webinars_of(sandbox, owner)
    assert [row["organizerKey"] for row in done.records("organizers")] == [owner]


@pytest.mark.parametrize("key", [7300418862951407109, "7300418862951407109", " 7300418862951407109 "])
@pytest.mark.parametrize("path", [IDENTITY_PATH, ADMIN_PATH])
def test_the_organizer_key_may_be_a_number_or_a_text(
    make_sandbox: Callable[..., Sandbox], path: str, key: object
) -> None:
    answer = {"id": key, "key": key}
    hidden = "ok" if path == IDENTITY_PATH else "forbidden"
    sandbox = make_sandbox(identity=hidden, faults=(Fault(kind="json", path=path, value=answer),))
    run(sandbox)
    assert paths(sandbox)[-1] == "/G2W/rest/v2/organizers/7300418862951407109/webinars"


def test_the_identity_service_tells_of_the_person_as_a_row(make_sandbox: Callable[..., Sandbox]) -> None:
    answer = {
        "id": "7300418862951407109",
        "userName": "rosa@example.com",
        "displayName": "Rosa Lind",
        "name": {"givenName": "Rosa", "familyName": "Lind"},
        "emails": [{"value": "old@example.com"}, "odd", {"primary": True}, {"value": "r@example.com", "primary": True}],
        "locale": "en_US",
        "timezone": "Europe/Oslo",
        "accounts": [{"value": 5512093347781120011, "display": "Honey"}, {"value": "12", "display": "Wax"}, None],
    }
    sandbox = make_sandbox(faults=(Fault(kind="json", path=IDENTITY_PATH, value=answer),))
    assert sent(run(sandbox, catalog=selecting("organizers")), "organizers") == [
        {
            "organizerKey": "7300418862951407109",
            "accounts": [{"accountKey": "5512093347781120011", "name": "Honey"}, {"accountKey": "12", "name": "Wax"}],
            "email": "r@example.com",
            "firstName": "Rosa",
            "lastName": "Lind",
            "displayName": "Rosa Lind",
            "userName": "rosa@example.com",
            "locale": "en_US",
            "timeZone": "Europe/Oslo",
        }
    ]


def test_the_admin_service_tells_of_the_person_when_the_identity_service_does_not(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    answer = {
        "key": 7300418862951407109,
        "accountKey": 12,
        "email": "rosa@example.com",
        "firstName": "Rosa",
        "lastName": "Lind",
        "locale": "en_US",
        "createTime": "2020-01-01T00:00:00Z",
        "accounts": [{"key": 12, "name": "Wax"}, {"key": 13, "name": "Honey"}],
    }
    sandbox = make_sandbox(identity="forbidden", faults=(Fault(kind="json", path=ADMIN_PATH, value=answer),))
    assert sent(run(sandbox, catalog=selecting("organizers")), "organizers") == [
        {
            "organizerKey": "7300418862951407109",
            "accountKey": "12",
            "accounts": [{"accountKey": "12", "name": "Wax"}, {"accountKey": "13", "name": "Honey"}],
            "email": "rosa@example.com",
            "firstName": "Rosa",
            "lastName": "Lind",
            "locale": "en_US",
        }
    ]


def test_a_person_of_one_account_is_in_that_account(sandbox: Sandbox) -> None:
    (row,) = run(sandbox).records("organizers")
    assert row["accountKey"] == row["accounts"][0]["accountKey"]


def test_when_neither_service_tells_one_line_says_what_to_set(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = make_sandbox(identity="forbidden", admin="narrow")
    done = run(sandbox)
    assert done.exit_code == 1
    (error,) = logged_errors(caplog)
    assert error == (
        "GoTo does not tell this token which organizer it belongs to: set organizer_keys, "
        "or give the OAuth client the scope identity:scim.me"
    )
    assert paths(sandbox) == [IDENTITY_PATH, ADMIN_PATH]


@pytest.mark.usefixtures("few_tries")
@pytest.mark.parametrize("key", [None, "", "abc", "../1", True, 1.5, -1, [1]])
def test_an_identity_without_a_usable_key_is_passed_over(make_sandbox: Callable[..., Sandbox], key: object) -> None:
    sandbox = make_sandbox(faults=(Fault(kind="json", path=IDENTITY_PATH, value={"id": key, "name": "x"}),))
    done = run(sandbox)
    assert done.exit_code == 0
    assert paths(sandbox)[:3] == [IDENTITY_PATH, IDENTITY_PATH, ADMIN_PATH]
    assert set(read_webinars(done)) == webinars_of(sandbox, *organizers(sandbox))


@pytest.mark.usefixtures("few_tries")
def test_an_identity_service_that_is_down_is_not_taken_for_a_missing_permission(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = make_sandbox(admin="narrow", faults=(Fault(kind="status", status=503, path=IDENTITY_PATH),))
    assert run(sandbox).exit_code == 1
    (error,) = logged_errors(caplog)
    assert error.startswith(f"gave up on {IDENTITY_PATH} ")
    assert "status 503" in error


# Keys in the settings


def test_configured_organizers_are_read_without_asking_who_the_token_belongs_to(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = make_sandbox(organizers=3)
    one, _, other = organizers(sandbox)
    done = run(sandbox, catalog=WEBINARS, organizer_keys=[int(one), other, one])
    assert paths(sandbox) == [f"/G2W/rest/v2/organizers/{key}/webinars" for key in (one, other)]
    assert set(read_webinars(done)) == webinars_of(sandbox, one, other)


def test_an_organizer_that_goto_tells_nothing_of_still_has_a_row(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(identity="forbidden", admin="narrow", webinars=0)
    (key,) = organizers(sandbox)
    done = run(sandbox, organizer_keys=[key])
    assert done.exit_code == 0
    assert sent(done, "organizers") == [{"organizerKey": key}]


def test_the_person_behind_the_token_has_a_row_beside_the_configured_organizers(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = make_sandbox(organizers=2)
    owner, other = organizers(sandbox)
    rows = run(sandbox, organizer_keys=[other]).records("organizers")
    assert [row["organizerKey"] for row in rows] == [owner, other]


def test_an_account_is_listed_as_a_whole(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(organizers=3)
    account = account_of(sandbox)
    done = run(sandbox, account_key=int(account))
    assert paths(sandbox) == [IDENTITY_PATH, f"/G2W/rest/v2/accounts/{account}/webinars"]
    assert set(read_webinars(done)) == webinars_of(sandbox, *organizers(sandbox))
    assert {row["organizerKey"] for row in done.records("organizers")} == set(organizers(sandbox))


def test_an_account_with_organizer_keys_is_filtered_to_them(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox(organizers=3)
    account = account_of(sandbox)
    wanted = organizers(sandbox)[1:]
    done = run(sandbox, catalog=WEBINARS, account_key=account, organizer_keys=[wanted[0], int(wanted[1])])
    assert paths(sandbox) == [f"/G2W/rest/v2/accounts/{account}/webinars"]
    assert set(read_webinars(done)) == webinars_of(sandbox, *wanted)


def test_a_webinar_in_two_scopes_comes_once(make_sandbox: Callable[..., Sandbox]) -> None:
    row = {"webinarKey": "8114402279905634571", "organizerKey": "11", "subject": "Shared"}
    sandbox = make_sandbox(faults=(Fault(kind="json", path="/webinars$", value=hal("webinars", [row])),))
    done = run(sandbox, catalog=WEBINARS, organizer_keys=["11", "12"])
    assert len(paths(sandbox)) == 2
    assert sent(done, "webinars") == [row]


def test_a_listed_webinar_is_kept_even_if_it_names_another_organizer(make_sandbox: Callable[..., Sandbox]) -> None:
    row = {"webinarKey": "8114402279905634571", "organizerKey": 13}
    sandbox = make_sandbox(faults=(Fault(kind="json", path="/webinars$", value=hal("webinars", [row])),))
    done = run(sandbox, catalog=WEBINARS, organizer_keys=["11"])
    assert sent(done, "webinars") == [{"webinarKey": "8114402279905634571", "organizerKey": "13"}]


# Refusals


@pytest.mark.parametrize(("policy", "exit_code"), [("fail", 1), ("skip", 0)])
def test_one_refused_organizer_does_not_stop_the_others(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture, policy: str, exit_code: int
) -> None:
    sandbox = make_sandbox(organizers=3)
    keys = organizers(sandbox)
    sandbox.control.configure(forbidden=(keys[1],))
    done = run(sandbox, organizer_keys=keys, on_forbidden=policy, catalog=selecting("webinars", "registrants"))
    assert done.exit_code == exit_code
    assert set(read_webinars(done)) == webinars_of(sandbox, keys[0], keys[2])
    missing, people = webinars_of(sandbox, keys[1]), sandbox.control.expected_records()["registrants"]
    assert {row["registrantKey"] for row in done.records("registrants")} == {
        row["registrantKey"] for row in people if row["webinarKey"] not in missing
    }
    said = [record.getMessage() for record in caplog.records if record.levelno >= 30]
    assert all(keys[1] in line for line in said)
    assert any("the key may be wrong, or the user may not see it" in line for line in said)
    assert "planted" not in json.dumps(said)


@pytest.mark.parametrize("policy", ["fail", "skip"])
def test_an_organizer_that_goto_does_not_know_is_a_wrong_key_whatever_the_policy(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    sandbox = make_sandbox(
        faults=[Fault(kind="status", status=404, value="NotFound", path=".*/organizers/77/webinars")]
    )
    done = run(sandbox, organizer_keys=[*organizers(sandbox), "77"], on_forbidden=policy)
    assert done.exit_code == 1
    assert set(read_webinars(done)) == webinars_of(sandbox, *organizers(sandbox))
    (error,) = logged_errors(caplog)
    assert "GoTo does not know" in error
    assert "/organizers/77/webinars; a key in organizer_keys or account_key may be wrong (nine digits" in error


@pytest.mark.parametrize("policy", ["fail", "skip"])
def test_a_run_that_was_refused_everything_fails_whatever_the_policy(
    make_sandbox: Callable[..., Sandbox], caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    sandbox = make_sandbox(organizers=2)
    keys = organizers(sandbox)
    sandbox.control.configure(forbidden=tuple(keys))
    done = run(sandbox, organizer_keys=keys, on_forbidden=policy)
    assert done.exit_code == 1
    (error,) = logged_errors(caplog)
    assert error.startswith("'webinars': 2 refused")
    assert "a key in organizer_keys" in error
    assert all(key in error for key in keys)


def test_a_refused_account_fails(make_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = make_sandbox()
    account = account_of(sandbox)
    sandbox.control.configure(forbidden=(account,))
    assert run(sandbox, account_key=account, on_forbidden="skip").exit_code == 1
