"""People of a webinar in their order, webinars side by side, and STATE after everybody before it."""

import io
import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gotowebinar_sandbox import Fault
from tap_gotowebinar.settings.connection import DEFAULT_MAX_CONCURRENCY
from tap_gotowebinar.singer.writer import MessageWriter
from target_gotowebinar.payload import parse_registrant
from target_gotowebinar.pending import MAX_PEOPLE, MAX_STATE_BYTES, PendingRegistrations, Registration
from target_gotowebinar.target import TargetGoToWebinar
from tests.target.registering import (
    ADA,
    GRACE,
    POST,
    LineSource,
    MakeHarness,
    TargetHarness,
    lines,
    person,
    record,
    schema,
    state,
    wait_until,
)

EVERY_FAULT = (
    Fault(kind="reset", after=True, probability=0.02, **POST),
    Fault(kind="reset", probability=0.02, **POST),
    Fault(kind="status", status=503, after=True, probability=0.02, **POST),
    Fault(kind="status", status=500, probability=0.02, **POST),
    Fault(kind="status", status=429, retry_after=0.5, probability=0.01, **POST),
    Fault(kind="cut", probability=0.02, **POST),
    Fault(kind="html", after=True, probability=0.02, **POST),
    Fault(kind="raw", status=404, value="<html>", probability=0.02, **POST),
    Fault(kind="invalid_token", probability=0.02, **POST),
)
"""What a network, a proxy and a server do to calls, before and after they took effect."""


class ScaledTarget(TargetGoToWebinar):
    """A target whose minute lasts a second."""

    rate_window = 1.0


def test_a_state_is_passed_on_as_it_came(harness: TargetHarness) -> None:
    value = {"bookmarks": {"x": 12345678901234567890, "y": 1.5, "z": [None, "Zoë"]}}
    assert harness.run(record(ADA), state(value)).states == [value]


def test_a_state_waits_for_the_rows_before_it(harness: TargetHarness) -> None:
    seen: list[int] = []

    class Watching(io.BytesIO):
        def write(self, data: Any) -> int:  # noqa: ANN401 - a buffer
            seen.append(len(harness.rows()))
            return super().write(data)

    messages = [schema(), record(ADA), state(1), record({}), record(GRACE), state(3)]
    harness.target(Watching()).run(io.StringIO(lines(messages)))
    assert all(rows >= least for rows, least in zip(seen, [1, 3][-len(seen) :], strict=True))


@pytest.mark.parametrize(("webinars", "limit", "peak"), [(5, None, 5), (5, 3, 3), (1, None, 1)])
def test_people_of_a_webinar_are_registered_in_their_order_and_webinars_side_by_side(
    make_harness: MakeHarness, webinars: int, limit: int | None, peak: int
) -> None:
    harness = make_harness(latency=0.02)
    keys = [harness.webinar, *(harness.control.add_webinar() for _ in range(webinars - 1))]
    people = [person(number) for number in range(10 * webinars)]
    records = [record(people[number], webinarKey=keys[number % webinars]) for number in range(len(people))]
    assert harness.run(*records, max_concurrency=limit).outcomes == ["registered"] * len(people)
    for place, key in enumerate(keys):
        expected = [somebody["email"] for somebody in people[place::webinars]]
        assert [row["email"] for row in harness.registered(key)] == expected
    assert harness.control.state()["peak"] == peak <= DEFAULT_MAX_CONCURRENCY


def test_the_input_is_not_read_without_end(make_harness: MakeHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_gotowebinar.pending.MAX_PEOPLE", 20)
    harness = make_harness(faults=(Fault(kind="slow", seconds=2, times=1, **POST),))
    given, enough = itertools.count(), threading.Event()

    def endless() -> Iterator[str]:
        yield lines([schema()])
        for number in given:
            if enough.is_set() or number == 60:
                return
            yield lines([record(person(number % 7))])

    target = harness.target()
    worker = threading.Thread(target=target.run, args=(LineSource(endless()),), daemon=True)
    worker.start()
    wait_until(lambda: len(target.registrations._pending) == 20)
    enough.set()
    assert next(given) <= 22
    worker.join(60)
    assert not worker.is_alive()


@pytest.mark.slow
def test_a_thousand_people_in_bad_weather_are_registered_once_each(make_harness: MakeHarness) -> None:
    harness = make_harness(rate_limit=100, rate_window=1.0, token_lifetime=5.0, faults=EVERY_FAULT)
    webinars = [harness.webinar, *(harness.control.add_webinar() for _ in range(9))]
    people = [record(person(number), webinarKey=webinars[number % 10]) for number in range(1000)]
    # A few of them twice, and a few who are nobody.
    messages = [schema(), *people, *people[:20], *(record({"email": "x"}) for _ in range(5)), state("the end")]
    output = io.BytesIO()
    config = harness.config(requests_per_minute=100, requests_per_second=1000)
    target = ScaledTarget(config=config, message_writer=MessageWriter(output))
    code = target.run(io.StringIO(lines(messages)))
    rows, registered = harness.rows(), [row for webinar in webinars for row in harness.registered(webinar)]
    assert code == 1
    assert json.loads(output.getvalue()) == "the end"
    assert len(registered) == len({(row["webinarKey"], row["email"]) for row in registered}) == 1000
    assert Counter(row["outcome"] for row in rows)["rejected"] == 5
    expected = {(row["webinarKey"], row["email"]): row["registrantKey"] for row in registered}
    said = [((row["webinarKey"], row["email"]), row) for row in rows if row["outcome"] != "rejected"]
    assert len(said) == 1020
    assert all(expected[key] == row["registrantKey"] for key, row in said)
    assert {key for key, row in said if row["outcome"] == "registered"} == expected.keys()
    assert harness.control.state()["confirmations"] == 1000
    assert harness.control.state()["refused"] == 0


# What is pending


def somebody() -> Registration:
    return Registration("people", parse_registrant(ADA, "1", "2"), "2")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_the_last_state_is_forwarded_before_which_everybody_has_a_result(order: tuple[int, ...]) -> None:
    pending, people = PendingRegistrations(), [somebody() for _ in range(4)]
    for number, registration in enumerate(people):
        pending.append(registration)
        assert pending.add_state(b"%d" % number) is None
    passed = -1
    for place, number in enumerate(order):
        last = min(order[place + 1 :], default=4) - 1
        assert pending.finish(people[number]) == (b"%d" % last if last > passed else None)
        passed = last


STEPS = ("person", "state", "answer", "answer", "give up")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on shared machines
@given(st.lists(st.sampled_from(STEPS), max_size=60), st.randoms(use_true_random=False))
def test_a_state_is_forwarded_once_everybody_before_it_has_a_result(steps: list[str], chosen: Any) -> None:  # noqa: ANN401
    pending = PendingRegistrations()
    people: list[Registration] = []
    unanswered: list[Registration] = []  # for good
    passed = 0
    for step in [*steps, "state", *["answer"] * len(steps)]:
        waiting, state = list(pending), None
        if step == "person":
            people.append(somebody())
            pending.append(people[-1])
        elif step == "state":
            # Its value is how many people came before it.
            state = pending.add_state(b"%d" % len(people))
        elif waiting:
            person = chosen.choice(waiting)
            if step == "answer":
                state = pending.finish(person)
            else:
                pending.give_up(person)
                unanswered.append(person)
        first_open = min(map(people.index, [*pending, *unanswered]), default=len(people))
        assert passed <= int(state or passed) <= first_open
        passed = int(state or passed)
    # The last one passes, unless somebody before it was not answered for.
    assert passed == len(people) or unanswered


def test_reading_pauses_while_many_people_or_large_states_are_pending() -> None:
    pending, were_full = PendingRegistrations(), []
    for _ in range(MAX_PEOPLE):
        were_full.append(pending.is_full)
        pending.append(somebody())
    assert (pending.is_full, any(were_full)) == (True, False)
    del pending[1:]
    for size, is_full in ((MAX_STATE_BYTES, False), (MAX_STATE_BYTES + 1, True)):
        pending.add_state(bytes(size))
        assert pending.is_full is is_full


def test_of_states_between_the_same_people_only_the_last_takes_memory() -> None:
    pending = PendingRegistrations()
    for _ in range(5):
        pending.append(somebody())
        pending.add_state(bytes(MAX_STATE_BYTES // 4))
    was_full = pending.is_full
    pending.finish([*pending][1])
    assert (was_full, pending.is_full) == (True, False)
