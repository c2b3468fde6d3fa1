"""STATE passes when everything before it is answered for; whatever happens, nobody is sent twice or lost."""

from __future__ import annotations

import io
import itertools
import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from gotowebinar_sandbox import Fault
from tap_gotowebinar.api.errors import GoToWebinarError, OutputError, RateLimitedError
from tap_gotowebinar.singer.writer import MessageWriter
from target_gotowebinar.pending import MAX_PEOPLE
from target_gotowebinar.target import TargetGoToWebinar
from tests.talking import Canned, raw, token_answer
from tests.target.registering import (
    ADA,
    EXECUTABLE,
    GRACE,
    Message,
    Office,
    Spoken,
    lines,
    person,
    record,
    schema,
    state,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

POST: dict[str, Any] = {"method": "POST", "path": "registrants"}
LOST_ANSWERS = (
    Fault(kind="reset", after=True, probability=0.02, **POST),
    Fault(kind="reset", probability=0.02, **POST),
    Fault(kind="status", status=503, after=True, probability=0.02, **POST),
    Fault(kind="status", status=500, probability=0.02, **POST),
    Fault(kind="status", status=429, retry_after=0.5, probability=0.01, **POST),
    Fault(kind="cut", probability=0.02, **POST),
    Fault(kind="html", after=True, probability=0.02, **POST),
    Fault(kind="invalid_token", probability=0.02, **POST),
)
"""Everything that a network and a server do to calls, before and after they took effect."""


class QuickTarget(TargetGoToWebinar):
    """A target for whom a minute has passed in a second."""

    rate_window = 1.0


def emails(people: Sequence[dict[str, Any]]) -> list[str]:
    return [row["email"] for row in people]


# A run


def test_a_state_is_passed_on_as_it_came(office: Office) -> None:
    value = {"bookmarks": {"x": 12345678901234567890, "y": 1.5, "z": [None, "Zoë"]}}
    assert office.run(record(ADA), state(value)).states == [value]


def test_a_state_waits_for_the_rows_before_it(office: Office) -> None:
    seen: list[int] = []

    class Watching(io.BytesIO):
        def write(self, data: Any) -> int:  # noqa: ANN401 - a buffer
            seen.append(len(office.rows()))
            return super().write(data)

    messages = [schema(), record(ADA), state(1), record({}), record(GRACE), state(3)]
    target = TargetGoToWebinar(config=office.config(), message_writer=MessageWriter(Watching()))
    target.run(io.StringIO(lines(messages)))
    assert [rows >= least for rows, least in zip(seen, [1, 3][-len(seen) :], strict=True)] == [True] * len(seen)


def test_people_of_a_webinar_are_registered_in_their_order_and_webinars_side_by_side(
    make_office: Callable[..., Office],
) -> None:
    office = make_office(latency=0.02)
    webinars = [office.webinar, *(office.control.add_webinar() for _ in range(4))]
    people = [record(person(number), webinarKey=webinars[number % 5]) for number in range(50)]
    done = office.run(*people)
    assert done.outcomes == ["registered"] * 50
    for place, webinar in enumerate(webinars):
        expected = [person(number)["email"] for number in range(place, 50, 5)]
        assert emails(office.registered(webinar)) == expected
    assert office.control.state()["peak"] == 5


def test_the_calls_in_flight_are_as_many_as_allowed(make_office: Callable[..., Office]) -> None:
    office = make_office(latency=0.02)
    people = [record(person(number), webinarKey=office.control.add_webinar()) for number in range(12)]
    assert office.run(*people, max_concurrency=3).outcomes == ["registered"] * 12
    assert office.control.state()["peak"] == 3


def test_the_input_is_not_read_without_end(make_office: Callable[..., Office]) -> None:
    office = make_office(faults=(Fault(kind="slow", seconds=5, times=1, **POST),))
    given, enough = itertools.count(), threading.Event()

    def endless() -> Iterator[str]:
        yield lines([schema()])
        for number in given:
            if enough.is_set() or number == 3 * MAX_PEOPLE:
                return
            yield lines([record(person(number % 7), webinarKey=office.webinar)])

    target = TargetGoToWebinar(config=office.config(), message_writer=MessageWriter(io.BytesIO()))
    worker = threading.Thread(target=target.run, args=(Spoken(endless()),), daemon=True)
    worker.start()
    until = time.monotonic() + 4
    while len(target.registrations._pending) < MAX_PEOPLE and time.monotonic() < until:
        time.sleep(0.01)
    enough.set()
    assert next(given) <= MAX_PEOPLE + 200
    worker.join(60)
    assert not worker.is_alive()


# Failures


@pytest.mark.parametrize("kind", ["reset", "status", "html"])
def test_a_registration_whose_answer_was_lost_counts_as_registered(
    make_office: Callable[..., Office],
    kind: Any,  # noqa: ANN401
) -> None:
    office = make_office(faults=(Fault(kind=kind, after=True, times=1, **POST),))
    row = office.run(record(ADA)).row
    (registrant,) = office.registered()
    assert (row["outcome"], row["registrantKey"]) == ("registered", registrant["registrantKey"])
    assert len(office.posts()) == 2, "who gets no second mail is sent again, which costs less than looking"
    assert office.control.state()["confirmations"] == 1


def test_with_a_second_mail_a_registration_whose_answer_was_lost_is_looked_for(
    make_office: Callable[..., Office],
) -> None:
    office = make_office(faults=(Fault(kind="reset", after=True, times=1, **POST),))
    row = office.run(record({**ADA, "email": "ADA.Berg@Example.com"}), resend_confirmation=True).row
    (registrant,) = office.registered()
    assert row["outcome"] == "registered"
    assert (row["registrantKey"], row["joinUrl"]) == (registrant["registrantKey"], registrant["joinUrl"])
    assert (len(office.posts()), office.control.state()["confirmations"]) == (1, 1)


def test_with_a_second_mail_who_is_not_found_is_sent_again(make_office: Callable[..., Office]) -> None:
    office = make_office(faults=(Fault(kind="reset", times=1, **POST),))
    assert office.run(record(ADA), resend_confirmation=True).outcomes == ["registered"]
    assert office.control.state()["confirmations"] == 1


@pytest.mark.parametrize("status", [400, 403, 404])
def test_who_cannot_be_looked_for_is_not_answered_for(make_office: Callable[..., Office], status: int) -> None:
    lost, refused = Fault(kind="reset", after=True, times=1, **POST), Fault(kind="status", status=status, method="GET")
    office = make_office(faults=(lost, refused))
    organizer = {"organizer_key": office.control.truth()["organizers"][0]["organizerKey"]}
    done = office.run(record(ADA), state(1), resend_confirmation=True, **organizer)
    assert (done.exit_code, done.states, done.outcomes) == (1, [], ["skipped"])
    assert "the answer was lost, and the list of registrants cannot be read" in done.row["description"]
    office.control.configure(faults=())
    assert office.run(record(ADA), state(1), **organizer).outcomes == ["already_registered"]


@pytest.mark.parametrize(("takes_effect", "outcome"), [(True, "registered"), (False, "rejected")])
def test_a_rejection_after_a_lost_answer_is_checked(
    make_office: Callable[..., Office],
    takes_effect: bool,  # noqa: FBT001 - a parameter of the test
    outcome: str,
) -> None:
    # The webinar is full now, with this very person perhaps.
    full = Fault(kind="status", status=403, **POST)
    office = make_office(faults=(Fault(kind="status", after=takes_effect, times=1, **POST), full))
    assert office.run(record(ADA)).row["outcome"] == outcome
    assert len(office.registered()) == takes_effect


@pytest.mark.parametrize("skip", [0, 1])
def test_a_path_that_takes_no_token_answers_for_nobody(make_office: Callable[..., Office], skip: int) -> None:
    # Before it the token has worked elsewhere; or an answer has been lost, so that somebody is registered already.
    faults = (Fault(kind="reset", after=True, times=skip, **POST), Fault(kind="invalid_token", **POST))
    office = make_office(faults=faults)
    done = office.run(record(ADA), state(1))
    assert (done.exit_code, done.states, done.outcomes) == (1, [], ["skipped"])
    assert done.row["description"].endswith("it takes no access token for it")
    office.control.configure(faults=())
    assert office.run(record(ADA), state(1)).outcomes == ["already_registered" if skip else "registered"]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
@pytest.mark.parametrize("body", [b"<html>", b"", b"{}", b'["no"]', b'{"status": "down", "message": null}'])
def test_a_no_that_goto_did_not_give_is_no_answer(make_office: Callable[..., Office], status: int, body: bytes) -> None:
    registered = raw(b'{"registrantKey": 5, "status": "WAITING"}', "201 Created")
    with Canned(token_answer(), raw(body, f"{status} No"), registered) as server:
        office = make_office()
        assert office.run(record(ADA), **server.settings, organizer_key=2).outcomes == ["registered"]


def test_a_server_that_waited_too_long_for_a_request_has_rejected_nobody(make_office: Callable[..., Office]) -> None:
    office = make_office(faults=(Fault(kind="status", status=408, times=2, **POST),))
    assert office.run(record(ADA)).outcomes == ["registered"]
    assert len(office.posts()) == 3


@pytest.mark.parametrize(
    "trouble",
    [
        {"max_registrants_list": 200},
        {"faults": (Fault(kind="reset", after=True, times=1, **POST), Fault(kind="reset", method="GET", times=6))},
    ],
    ids=["cut_off", "too_big"],
)
def test_a_list_that_does_not_come_whole_is_looked_through_in_pages(
    make_office: Callable[..., Office], trouble: dict[str, Any]
) -> None:
    office = make_office()
    office.control.add_registrants(office.webinar, 450)
    organizer = office.control.truth()["organizers"][0]["organizerKey"]
    office.control.configure(**{"faults": (Fault(kind="reset", after=True, times=1, **POST),), **trouble})
    done = office.run(record(ADA), resend_confirmation=True, organizer_key=organizer)
    assert done.outcomes == ["registered"]
    assert office.control.state()["confirmations"] == 1
    assert any("limit" in call["query"] for call in office.control.calls())


@pytest.mark.parametrize("before", [0, 250, 449])
def test_in_a_list_that_comes_in_pages_a_person_is_found_on_any_of_them(
    make_office: Callable[..., Office], before: int
) -> None:
    office = make_office()
    office.control.add_registrants(office.webinar, before)
    organizer = office.control.truth()["organizers"][0]["organizerKey"]
    assert office.run(record(ADA), organizer_key=organizer).outcomes == ["registered"]
    office.control.add_registrants(office.webinar, 450 - before)
    faults = (Fault(kind="reset", times=1, **POST), Fault(kind="reset", method="GET", times=6))
    office.control.configure(faults=faults)
    done = office.run(record(ADA), resend_confirmation=True, organizer_key=organizer)
    assert done.outcomes == ["registered"]
    assert office.control.state()["confirmations"] == 1


@pytest.mark.parametrize("people", [0, 100])
def test_a_list_that_comes_whole_is_not_asked_for_in_pages(make_office: Callable[..., Office], people: int) -> None:
    office = make_office()
    office.control.add_registrants(office.webinar, people)
    office.control.configure(faults=(Fault(kind="reset", times=1, **POST),))
    assert office.run(record(ADA), resend_confirmation=True).outcomes == ["registered"]
    lists = [call for call in office.control.calls() if call["method"] == "GET" and "registrants" in call["path"]]
    assert len(lists) == 1


def test_the_mail_goes_out_again_only_when_that_is_wanted(office: Office) -> None:
    office.run(record(ADA))
    office.run(record(ADA))
    assert [call["query"] for call in office.posts()] == [{"resendConfirmation": "false"}] * 2
    assert office.control.state()["confirmations"] == 1
    assert office.run(record(ADA), resend_confirmation=True).outcomes == ["already_registered"]
    assert office.posts()[-1]["query"] == {"resendConfirmation": "true"}
    assert office.control.state()["confirmations"] == 2


def test_one_person_goto_does_not_answer_for_keeps_later_states_back_and_nobody_else(
    make_office: Callable[..., Office],
) -> None:
    office = make_office()
    other = office.control.add_webinar()
    office.control.configure(faults=(Fault(kind="status", status=503, method="POST", path=f"{other}/registrants"),))
    people = [record(ADA), state(1), record(GRACE, webinarKey=other), state(2), record(person(1)), state(3)]
    done = office.run(*people)
    assert done.exit_code == 1
    assert Counter(done.outcomes) == {"registered": 2, "skipped": 1}
    (skipped,) = (row for row in done.rows if row["outcome"] == "skipped")
    assert skipped["description"].startswith("not answered, the next run sends it again: gave up on ")
    assert done.states == [1]
    office.control.configure(faults=())
    assert office.run(*people[2:]).outcomes.count("registered") == 1


def test_a_server_that_is_down_ends_the_run(make_office: Callable[..., Office]) -> None:
    office = make_office(faults=(Fault(kind="status", status=503, **POST),))
    webinars = [office.control.add_webinar() for _ in range(6)]
    people = [record(ADA, webinarKey=webinar) for webinar in webinars]
    with pytest.raises(GoToWebinarError, match="GoTo does not answer, 3 times in a row; stopped"):
        office.run(*people, state(1))
    assert office.registered() == []


def test_a_rate_limit_that_lasts_ends_the_run(make_office: Callable[..., Office]) -> None:
    office = make_office(faults=(Fault(kind="status", status=429, retry_after=3600, skip=1, **POST),))
    with pytest.raises(RateLimitedError, match="start again after"):
        office.run(*(record(person(number)) for number in range(50)))
    assert [row["email"] for row in office.rows()] == [person(0)["email"]]


def test_a_thousand_people_in_bad_weather_are_registered_once_each(
    make_office: Callable[..., Office],
) -> None:
    office = make_office(rate_limit=100, rate_window=1.0, token_lifetime=5.0, faults=LOST_ANSWERS)
    webinars = [office.webinar, *(office.control.add_webinar() for _ in range(9))]
    people = [record(person(number), webinarKey=webinars[number % 10]) for number in range(1000)]
    # A few of them twice, and a few who are nobody.
    messages = [schema(), *people, *people[:20], *(record({"email": "x"}) for _ in range(5)), state("the end")]
    output = io.BytesIO()
    config = office.config(requests_per_minute=100, requests_per_second=1000)
    target = QuickTarget(config=config, message_writer=MessageWriter(output))
    code = target.run(io.StringIO(lines(messages)))
    rows, registered = office.rows(), [row for webinar in webinars for row in office.registered(webinar)]
    assert code == 1
    assert json.loads(output.getvalue()) == "the end"
    assert len(registered) == len({(row["webinarKey"], row["email"]) for row in registered}) == 1000
    assert Counter(row["outcome"] for row in rows)["rejected"] == 5
    truth = {(row["webinarKey"], row["email"]): row["registrantKey"] for row in registered}
    said = [((row["webinarKey"], row["email"]), row) for row in rows if row["outcome"] != "rejected"]
    assert len(said) == 1020
    assert all(truth[key] == row["registrantKey"] for key, row in said)
    assert {key for key, row in said if row["outcome"] == "registered"} == truth.keys()
    assert office.control.state()["confirmations"] == 1000
    assert office.control.state()["refused"] == 0


# The end


def start(office: Office, folder: Path, name: str, **settings: object) -> subprocess.Popen[bytes]:
    config = folder / f"{name}.json"
    config.write_text(json.dumps(office.config(**settings)))
    return subprocess.Popen(
        [EXECUTABLE, "--config", str(config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def numbered(count: int) -> list[Message]:
    messages = [schema()]
    for number in range(count):
        messages += [record(person(number)), state(number + 1)]
    return messages


def after(messages: list[Message], states: list[int]) -> list[Message]:
    """What a tap sends that is given the last of these states."""
    return [messages[0], *messages[1 + 2 * (states[-1] if states else 0) :]]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_is_taken_up_where_it_was(
    make_office: Callable[..., Office], tmp_path: Path, signum: signal.Signals
) -> None:
    office, messages = make_office(latency=0.01), numbered(120)
    with start(office, tmp_path, "first") as process:
        assert process.stdin is not None
        process.stdin.write(lines(messages).encode())
        process.stdin.flush()
        wait_until(lambda: len(office.rows()) >= 20)
        sent_at = time.monotonic()
        process.send_signal(signum)
        output, log = process.communicate()
    assert time.monotonic() - sent_at < 15  # a shared machine may be busy
    assert process.returncode == (-signum if signum == signal.SIGKILL else 128 + signum)
    states = [json.loads(line) for line in output.splitlines()]
    rows = office.rows()
    if signum != signal.SIGKILL:
        assert b"Traceback" not in log
        # What was answered for is recorded, and the state says exactly that.
        assert states[-1] == len(rows) == len(office.registered())
    assert states[-1] <= len(rows) <= len(office.registered()) <= 120
    done = office.run(*after(messages, states))
    assert done.exit_code == 0
    assert emails(office.registered()) == [person(number)["email"] for number in range(120)]
    assert {row["email"] for row in office.rows()} == set(emails(office.registered()))
    # The one whose answer was on its way, and the one whose row was written before its state.
    assert done.outcomes.count("already_registered") <= 2


def test_a_signal_ends_a_run_whose_tap_is_silent(office: Office, tmp_path: Path) -> None:
    with start(office, tmp_path, "silent") as process:
        assert process.stdin is not None
        process.stdin.write(lines([schema(), record(ADA), state(1)]).encode())
        process.stdin.flush()
        assert process.stdout is not None
        # The state does not wait for the next line.
        assert process.stdout.readline() == b"1\n"
        process.send_signal(signal.SIGTERM)
        output, log = process.communicate()
    assert (process.returncode, output) == (143, b"")
    assert log.splitlines()[-1].endswith(b"stopped by signal 15; the next run goes on from here")
    assert b"Fatal Python error" not in log


def test_two_targets_at_once_register_each_person_once(make_office: Callable[..., Office], tmp_path: Path) -> None:
    office, messages = make_office(latency=0.005), numbered(60)
    processes = [start(office, tmp_path, name) for name in ("one", "two")]
    ends: list[tuple[bytes, bytes]] = []
    threads = [
        threading.Thread(target=lambda process=process: ends.append(process.communicate(lines(messages).encode())))
        for process in processes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.returncode for process in processes] == [0, 0]
    assert len(office.registered()) == 60
    assert Counter(row["outcome"] for row in office.rows()) == {"registered": 60, "already_registered": 60}


def test_a_reader_of_the_state_that_is_gone_ends_the_run(office: Office, tmp_path: Path) -> None:
    with start(office, tmp_path, "alone") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(lines([schema(), record(ADA), state(1)]).encode())
        process.stdin.flush()
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert b"the reader of the output is gone; stopped" in process.stderr.read()


# Results


def test_the_file_of_results_is_for_its_owner_only_and_grows(office: Office) -> None:
    office.run(record(ADA))
    with office.results.open("a") as file:
        file.write("[]")
    office.results.chmod(0o644)
    office.run(record(GRACE))
    first, cut_off, second = office.results.read_text().splitlines()
    assert cut_off == "[]"
    assert [json.loads(line)["email"] for line in (first, second)] == [ADA["email"], GRACE["email"]]
    assert office.results.stat().st_mode & 0o777 == 0o600


def test_the_file_of_results_may_be_in_the_home_folder(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    office.run(record(ADA), results_path="~/results.jsonl")
    assert [row["email"] for row in office.rows()] == [ADA["email"]]


def test_without_a_path_there_is_no_file(office: Office, tmp_path: Path) -> None:
    target = TargetGoToWebinar(config=office.config(results_path=""), message_writer=MessageWriter(io.BytesIO()))
    assert target.run(io.StringIO(lines([schema(), record(ADA)]))) == 0
    assert list(tmp_path.iterdir()) == []
    assert len(office.registered()) == 1


def test_a_file_of_results_that_cannot_be_opened_ends_the_run_before_anybody_is_sent(
    office: Office, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match=r"the file of results_path cannot be written \(Is a directory\)"):
        office.run(record(ADA), results_path=str(tmp_path))
    assert office.control.calls() == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")  # noqa: PTH110
def test_a_full_disk_ends_the_run_and_passes_no_state_on(office: Office) -> None:
    output = io.BytesIO()
    target = TargetGoToWebinar(config=office.config(results_path="/dev/full"), message_writer=MessageWriter(output))
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)"):
        target.run(io.StringIO(lines([schema(), record(ADA), state(1)])))
    assert output.getvalue() == b""
