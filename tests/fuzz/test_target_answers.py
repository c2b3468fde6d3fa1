"""Any answer to a registration: each person has one true outcome, or the run says that it does not know; never two."""

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotowebinar_sandbox import Fault
from gotowebinar_sandbox.server.fault_injection import EMBEDDED_EMAIL, EMBEDDED_LINK
from tests.fuzz.complaints import assert_clean
from tests.fuzz.conftest import ProcessHarness, share
from tests.fuzz.strategies import bent
from tests.target.registering import ADA, GRACE, RunResult, lines, person, record, schema, state

PEOPLE: Final = (ADA, GRACE, person(1))
INPUT: Final = lines(
    [schema(), *(message for number, one in enumerate(PEOPLE) for message in (record(one), state(number)))]
).encode()

REGISTERED: Final = {"registrantKey": 8511040187654321, "joinUrl": EMBEDDED_LINK, "status": "APPROVED", "asset": True}
PROXY: Final = {"status": "blocked", "reason": EMBEDDED_EMAIL}
REFUSED: Final = {
    "errorCode": "DuplicateRegistrant",
    "description": f"{EMBEDDED_EMAIL} is already registered, see {EMBEDDED_LINK}",
    "incident": "7211040187654321",
    "Details": [{"field": "email", "value": EMBEDDED_EMAIL}],
    **REGISTERED,
}
LISTED: Final = [{**REGISTERED, **one, "registrationDate": "2026-03-10T12:00:00Z"} for one in PEOPLE]

PAGES: Final = (b"", b"<html>Blocked by the gateway</html>", b"Not found", b"[]", b"{}", b"null")
"""What a proxy answers in GoTo's place."""

SECRETS: Final = ("@example.com", EMBEDDED_LINK, "join/", "Berg", "Grace")


def fault(method: str, body: bytes, **more: Any) -> Fault:  # noqa: ANN401 - fields of a fault
    return Fault(kind="raw", path="/registrants$", method=method, value=body.decode("latin-1"), **more)


def run(harness: ProcessHarness, *faults: Fault, resends: bool) -> RunResult:
    harness.control.configure(faults=faults)
    try:
        return harness.run_process(INPUT, hurries=True, resend_confirmation=resends, request_timeout=2)
    finally:
        harness.control.configure(faults=[])


def bodies(*right: object) -> st.SearchStrategy[bytes]:
    """Return right bodies as they are, and bent."""
    return st.sampled_from(right).flatmap(lambda body: st.just(json.dumps(body).encode()) | bent(body))


def assert_true(harness: ProcessHarness, done: RunResult, *, may_lie: bool, is_registered: bool) -> None:
    """Each has one row at the most, which is true; and no STATE is ahead of them.

    Args:
        harness: Where it was done.
        done: How it ended.
        may_lie: Whether the server may have said of people who are not registered that they are.
        is_registered: Whether everybody is who was sent, whatever the answer was; nobody may be called rejected.
    """
    assert_clean(done, *SECRETS)
    registered = [row["email"] for row in harness.registered()]
    assert len(registered) == len(set(registered))
    outcomes = {row["email"]: row["outcome"] for row in done.rows}
    assert len(outcomes) == len(done.rows)
    for row in done.rows:
        if row["outcome"] == "skipped":
            assert row["description"].startswith("not answered, the next run sends it again: ")
        elif row["outcome"] == "rejected":
            assert not is_registered
            assert row["email"] not in registered
        elif not may_lie:
            assert row["email"] in registered
    assert_not_ahead(done, outcomes)


def said_by_goto(body: bytes) -> bool:
    """Whether an answer may be one of GoTo's own: an object with one of the fields of its errors."""
    return any(field in body.replace(b"\0", b"") for field in (b"errorCode", b"description"))


def assert_not_ahead(done: RunResult, outcomes: dict[str, str]) -> None:
    answered = [outcomes.get(one["email"], "skipped") != "skipped" for one in PEOPLE]
    first_open = answered.index(False) if False in answered else len(PEOPLE)
    assert all(passed_on < first_open for passed_on in done.states)
    if done.exit_code == 0:
        assert set(outcomes.values()) <= {"registered", "already_registered"}
        assert first_open == len(PEOPLE)
        assert done.states[-1] == len(PEOPLE) - 1


def assert_made_good(harness: ProcessHarness) -> None:
    """The next run knows of everybody."""
    done = run(harness, resends=False)
    assert (done.exit_code, done.states[-1:], len(done.rows)) == (0, [len(PEOPLE) - 1], len(PEOPLE))
    assert sorted(row["email"] for row in harness.registered()) == sorted(one["email"] for one in PEOPLE)


NOTHING_DONE: Final = (200, 201, 301, 400, 401, 403, 404, 409, 418, 429, 500, 503)
DONE: Final = (200, 201, 409, 500, 503)


@pytest.mark.slow
def test_any_answer_to_a_registration_that_was_not_made_leaves_the_truth(harness: ProcessHarness) -> None:
    @share(3)
    @given(
        body=bodies(REGISTERED, REFUSED, PROXY) | st.sampled_from(PAGES),
        status=st.sampled_from(NOTHING_DONE),
        times=st.sampled_from([1, 1, 2, None]),
        resends=st.booleans(),
    )
    def check(body: bytes, status: int, times: int | None, *, resends: bool) -> None:
        harness.clear()
        done = run(harness, fault("POST", body, status=status, times=times), resends=resends)
        assert_true(harness, done, may_lie=status in {200, 201, 409}, is_registered=False)
        if not said_by_goto(body):
            assert "rejected" not in done.outcomes
        assert_made_good(harness)

    check()


def test_any_answer_to_a_registration_that_was_made_leaves_the_truth(harness: ProcessHarness) -> None:
    @share(3)
    @given(
        body=bodies(REGISTERED, REFUSED),
        status=st.sampled_from(DONE),
        times=st.sampled_from([1, 1, 2, None]),
        resends=st.booleans(),
    )
    def check(body: bytes, status: int, times: int | None, *, resends: bool) -> None:
        harness.clear()
        mails = harness.control.state()["confirmations"]
        done = run(harness, fault("POST", body, status=status, times=times, after=True), resends=resends)
        assert_true(harness, done, may_lie=False, is_registered=True)
        assert harness.control.state()["confirmations"] - mails == len(harness.registered())
        assert_made_good(harness)

    check()


@pytest.mark.slow
def test_any_list_of_registrants_leaves_the_truth_when_an_answer_was_lost(harness: ProcessHarness) -> None:
    paged = {"data": LISTED, "total": len(LISTED), "page": 0, "limit": 200}

    @share(3)
    @given(
        body=bodies(LISTED, paged),
        status=st.sampled_from([200, 200, 200, 403, 404, 500]),
        times=st.sampled_from([1, 2, None]),
    )
    def check(body: bytes, status: int, times: int | None) -> None:
        harness.clear()
        lost = Fault(kind="reset", path="/registrants$", method="POST", times=times, after=True)
        done = run(harness, lost, fault("GET", body, status=status), resends=True)
        assert_true(harness, done, may_lie=False, is_registered=True)
        assert_made_good(harness)

    check()
