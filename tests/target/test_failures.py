"""Calls that fail: nobody is sent twice, nobody is lost, and only GoTo itself rejects somebody."""

import io
import json
import re
from collections import Counter
from typing import Any

import pytest

from gotowebinar_sandbox import Fault
from tap_gotowebinar.api.errors import GoToWebinarError, RateLimitedError
from tests.canned_server import Canned, raw, token_answer
from tests.target.registering import ADA, GRACE, POST, MakeHarness, TargetHarness, lines, person, record, schema, state

LOST = Fault(kind="reset", after=True, times=1, **POST)
"""The person is registered, and the answer is lost."""

NOT_ARRIVED = Fault(kind="reset", times=1, **POST)


# Answers that are lost


@pytest.mark.parametrize("kind", ["reset", "status", "html", "cut"])
def test_a_registration_whose_answer_was_lost_counts_as_registered(
    make_harness: MakeHarness,
    kind: Any,  # noqa: ANN401
) -> None:
    harness = make_harness(faults=(Fault(kind=kind, after=True, times=1, **POST),))
    row = harness.run(record(ADA)).row
    (registrant,) = harness.registered()
    assert (row["outcome"], row["registrantKey"]) == ("registered", registrant["registrantKey"])
    assert len(harness.posts()) == 2, "who gets no second mail is sent again, which costs less than looking"
    assert harness.control.state()["confirmations"] == 1


@pytest.mark.parametrize(("fault", "posts"), [(LOST, 1), (NOT_ARRIVED, 2)])
def test_with_a_second_mail_a_registration_whose_answer_was_lost_is_looked_for(
    make_harness: MakeHarness, fault: Fault, posts: int
) -> None:
    harness = make_harness(faults=(fault,))
    row = harness.run(record({**ADA, "email": "ADA.Berg@Example.com"}), resend_confirmation=True).row
    (registrant,) = harness.registered()
    assert row["outcome"] == "registered"
    assert (row["registrantKey"], row["joinUrl"]) == (registrant["registrantKey"], registrant["joinUrl"])
    assert (len(harness.posts()), harness.control.state()["confirmations"]) == (posts, 1)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_who_cannot_be_looked_for_is_not_answered_for(make_harness: MakeHarness, status: int) -> None:
    harness = make_harness(faults=(LOST, Fault(kind="status", status=status, method="GET")))
    done = harness.run(record(ADA), state(1), resend_confirmation=True, organizer_key=harness.organizer)
    assert (done.exit_code, done.states, done.outcomes) == (1, [], ["skipped"])
    assert "the answer was lost, and the list of registrants cannot be read" in done.row["description"]
    harness.control.configure(faults=())
    assert harness.run(record(ADA), state(1), organizer_key=harness.organizer).outcomes == ["already_registered"]


@pytest.mark.parametrize(("takes_effect", "outcome"), [(True, "registered"), (False, "rejected")])
def test_a_rejection_after_a_lost_answer_is_checked(
    make_harness: MakeHarness,
    takes_effect: bool,  # noqa: FBT001 - a parameter of the test
    outcome: str,
) -> None:
    # The webinar is full now, with this very person perhaps.
    full = Fault(kind="status", status=403, **POST)
    harness = make_harness(faults=(Fault(kind="status", after=takes_effect, times=1, **POST), full))
    assert harness.run(record(ADA)).row["outcome"] == outcome
    assert len(harness.registered()) == takes_effect


@pytest.mark.parametrize("before", [0, 250, 449])
@pytest.mark.parametrize(
    "trouble",
    [{"max_registrants_list": 200}, {"faults": (NOT_ARRIVED, Fault(kind="reset", method="GET", times=6))}],
    ids=["cut off", "too big"],
)
def test_in_a_list_that_does_not_come_whole_a_person_is_found_on_any_page(
    make_harness: MakeHarness, before: int, trouble: dict[str, Any]
) -> None:
    harness = make_harness()
    harness.control.add_registrants(harness.webinar, before)
    assert harness.run(record(ADA), organizer_key=harness.organizer).outcomes == ["registered"]
    harness.control.add_registrants(harness.webinar, 450 - before)
    harness.control.configure(**{"faults": (NOT_ARRIVED,), **trouble})
    done = harness.run(record(ADA), resend_confirmation=True, organizer_key=harness.organizer)
    assert done.outcomes == ["registered"]
    assert harness.control.state()["confirmations"] == 1
    assert any("limit" in call["query"] for call in harness.control.calls())


@pytest.mark.parametrize("people", [0, 100])
def test_a_list_that_comes_whole_is_not_asked_for_in_pages(make_harness: MakeHarness, people: int) -> None:
    harness = make_harness()
    harness.control.add_registrants(harness.webinar, people)
    harness.control.configure(faults=(NOT_ARRIVED,))
    assert harness.run(record(ADA), resend_confirmation=True).outcomes == ["registered"]
    assert sum(call["method"] == "GET" and "registrants" in call["path"] for call in harness.control.calls()) == 1


def test_rows_of_that_list_that_are_no_objects_are_nobody(make_harness: MakeHarness) -> None:
    listed = Fault(kind="json", path=r"/registrants$", method="GET", value=[7, None, "ada.berg@example.com", []])
    harness = make_harness(faults=(NOT_ARRIVED, listed))
    assert harness.run(record(ADA), resend_confirmation=True).outcomes == ["registered"]


@pytest.mark.parametrize("resends", [True, False])
def test_who_is_registered_already_gets_a_second_mail_if_that_is_wanted(
    harness: TargetHarness, *, resends: bool
) -> None:
    for _ in range(2):
        assert harness.run(record(ADA), resend_confirmation=resends).exit_code == 0
    assert [call["query"] for call in harness.posts()] == [{"resendConfirmation": str(resends).lower()}] * 2
    assert harness.control.state()["confirmations"] == 1 + resends


def page(number: int) -> dict[str, Any]:
    return {"data": [{"registrantKey": number, "email": f"p.{number}@example.com"}], "total": 10**9, "page": number}


@pytest.mark.parametrize(
    ("pages", "calls"), [([page(0)], 5), ([page(number) for number in range(20)], 8)], ids=["the same", "others"]
)
def test_a_list_without_end_ends_the_search_for_somebody_in_it(
    make_harness: MakeHarness,
    monkeypatch: pytest.MonkeyPatch,
    pages: list[dict[str, Any]],
    calls: int,
) -> None:
    monkeypatch.setattr("tap_gotowebinar.api.pagination.MAX_PAGES", 7)
    harness = make_harness()
    listed: dict[str, Any] = {"kind": "json", "path": r"/registrants$", "method": "GET"}
    once = (Fault(value=it, times=1, **listed) for it in pages[:-1])
    harness.control.configure(faults=[LOST, *once, Fault(value=pages[-1], **listed)])
    done = harness.run(record(ADA), resend_confirmation=True)
    assert (done.exit_code, done.outcomes) == (1, ["skipped"])
    assert re.search("does not come whole|there is no end to it", done.row["description"])
    assert sum(call["method"] == "GET" and "/registrants" in call["path"] for call in harness.control.calls()) == calls


# Answers that are not GoTo's


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
@pytest.mark.parametrize("body", [b"<html>", b"", b"{}", b'["no"]', b'{"status": "down", "message": null}'])
def test_a_no_that_goto_did_not_give_is_no_answer(harness: TargetHarness, status: int, body: bytes) -> None:
    registered = raw(b'{"registrantKey": 5, "status": "WAITING"}', "201 Created")
    with Canned(token_answer(), raw(body, f"{status} No"), registered) as server:
        assert harness.run(record(ADA), **server.settings, organizer_key=2).outcomes == ["registered"]


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_proxy_that_says_no_again_and_again_rejects_nobody(make_harness: MakeHarness, status: int) -> None:
    harness = make_harness(faults=(Fault(kind="raw", value="<html>Who are you?</html>", status=status, **POST),))
    people = [record(ADA), state(1), record(GRACE), state(2)]
    done = harness.run(*people)
    assert (done.exit_code, done.states, done.outcomes) == (1, [], ["skipped", "skipped"])
    assert all(f"status {status}, which is not GoTo's own answer" in row["description"] for row in done.rows)
    harness.control.configure(faults=())
    assert harness.run(*people).outcomes == ["registered", "registered"]


def test_a_known_address_is_registered_already_and_a_success_without_key_is_no_result(
    make_harness: MakeHarness,
) -> None:
    for body in ({"registrantKey": 5}, {"errorCode": "DuplicateRegistrant"}):
        known = Fault(kind="raw", value=json.dumps(body), status=409, **POST)
        assert make_harness(faults=(known,)).run(record(ADA)).outcomes == ["already_registered"]
    for value in ("{}", "[]"):
        done = make_harness(faults=(Fault(kind="raw", value=value, **POST),)).run(record(ADA))
        assert (done.exit_code, done.outcomes) == (1, ["skipped"])
        assert "the answer to a registration holds no registrantKey" in done.row["description"]


@pytest.mark.parametrize("skip", [0, 1])
def test_a_path_that_takes_no_token_answers_for_nobody(make_harness: MakeHarness, skip: int) -> None:
    # Before it the token has worked elsewhere; or an answer has been lost, so that somebody is registered already.
    faults = (Fault(kind="reset", after=True, times=skip, **POST), Fault(kind="invalid_token", **POST))
    harness = make_harness(faults=faults)
    done = harness.run(record(ADA), state(1))
    assert (done.exit_code, done.states, done.outcomes) == (1, [], ["skipped"])
    assert done.row["description"].endswith("it takes no access token for it")
    harness.control.configure(faults=())
    assert harness.run(record(ADA), state(1)).outcomes == ["already_registered" if skip else "registered"]


def test_a_server_that_waited_too_long_for_a_request_has_rejected_nobody(make_harness: MakeHarness) -> None:
    harness = make_harness(faults=(Fault(kind="status", status=408, times=2, **POST),))
    assert harness.run(record(ADA)).outcomes == ["registered"]
    assert len(harness.posts()) == 3


# No answers


def test_one_person_goto_does_not_answer_for_keeps_later_states_back_and_nobody_else(make_harness: MakeHarness) -> None:
    harness = make_harness()
    other = harness.control.add_webinar()
    harness.control.configure(faults=(Fault(kind="status", status=503, method="POST", path=f"{other}/registrants"),))
    people = [record(ADA), state(1), record(GRACE, webinarKey=other), state(2), record(person(1)), state(3)]
    done = harness.run(*people)
    assert done.exit_code == 1
    assert Counter(done.outcomes) == {"registered": 2, "skipped": 1}
    (skipped,) = (row for row in done.rows if row["outcome"] == "skipped")
    assert skipped["description"].startswith("not answered, the next run sends it again: gave up on ")
    assert done.states == [1]
    harness.control.configure(faults=())
    assert harness.run(*people[2:]).outcomes.count("registered") == 1


@pytest.mark.parametrize("count", [4, 9])
def test_the_third_person_in_a_row_whom_goto_does_not_answer_for_ends_the_run(
    make_harness: MakeHarness, count: int
) -> None:
    harness, output = make_harness(faults=(Fault(kind="status", status=503, skip=1, **POST),)), io.BytesIO()
    target = harness.target(output, max_concurrency=1)
    people = [record(person(number)) for number in range(count)]
    with pytest.raises(GoToWebinarError, match="GoTo does not answer, 3 times in a row; stopped"):
        target.run(io.StringIO(lines([schema(), people[0], state(1), *people[1:], state(9)])))
    assert [row["outcome"] for row in harness.rows()] == ["registered", "skipped", "skipped", "skipped"]
    assert (target.report.unanswered, target.report.unsent) == (3, count - 4)
    assert json.loads(output.getvalue()) == 1


def test_two_in_a_row_and_then_an_answer_is_no_reason_to_stop(
    make_harness: MakeHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness = make_harness()
    silent = [harness.control.add_webinar() for _ in range(4)]
    harness.control.configure(
        faults=tuple(Fault(kind="status", status=503, method="POST", path=f"{key}/registrants") for key in silent)
    )
    keys = [*silent[:2], harness.webinar, *silent[2:], harness.webinar]
    done = harness.run(*(record(person(number), webinarKey=key) for number, key in enumerate(keys)), max_concurrency=1)
    assert (done.exit_code, done.outcomes) == (1, [*["skipped", "skipped", "registered"] * 2])
    assert "no answer from GoTo after several tries: 4;" in caplog.text


def test_a_rate_limit_that_lasts_ends_the_run(make_harness: MakeHarness) -> None:
    harness = make_harness(faults=(Fault(kind="status", status=429, retry_after=3600, skip=1, **POST),))
    with pytest.raises(RateLimitedError, match="start again after"):
        harness.run(*(record(person(number)) for number in range(50)))
    assert [row["email"] for row in harness.rows()] == [person(0)["email"]]
