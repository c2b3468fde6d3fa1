"""A STATE never passes a person who has not been answered for; STATE messages that wait do not pile up."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_gotowebinar.payload import parse_registrant
from target_gotowebinar.pending import MAX_PEOPLE, MAX_STATE_BYTES, PendingRegistrations, Registration
from tests.target.registering import ADA


def somebody() -> Registration:
    return Registration("people", parse_registrant(ADA, "1", "2"), "2")


STEPS = ("person", "state", "answer", "answer", "give up")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on shared machines
@given(st.lists(st.sampled_from(STEPS), max_size=60), st.randoms(use_true_random=False))
def test_a_state_passes_when_everybody_before_it_is_answered_for(steps: list[str], chosen: Any) -> None:  # noqa: ANN401
    pending = PendingRegistrations()
    people: list[Registration] = []
    unanswered: list[Registration] = []  # for good
    passed = 0
    for step in [*steps, "state"]:
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
    for person in list(pending):
        passed = int(pending.finish(person) or passed)
    # The last one passes, unless somebody before it was not answered for.
    assert passed == len(people) or unanswered


def test_the_last_state_passes_whatever_the_order_of_the_answers() -> None:
    pending = PendingRegistrations()
    first, second, third = people = [somebody() for _ in range(3)]
    for number, person in enumerate(people):
        pending.append(person)
        assert pending.add_state(b"%d" % number) is None
    assert [pending.finish(person) for person in (third, first, second)] == [None, b"0", b"2"]
    assert pending.add_state(b"3") == b"3"


def test_states_before_somebody_who_is_not_answered_for_pass_and_no_later_one() -> None:
    pending = PendingRegistrations()
    first, second, third = people = [somebody() for _ in range(3)]
    for number, person in enumerate(people):
        pending.append(person)
        pending.add_state(b"%d" % number)
    pending.give_up(second)
    assert [pending.finish(person) for person in (third, first)] == [None, b"0"]
    assert pending.add_state(b"3") is None


def test_the_input_waits_while_many_people_do() -> None:
    pending = PendingRegistrations()
    are_full = []
    for _ in range(MAX_PEOPLE):
        are_full.append(pending.is_full)
        pending.append(somebody())
    assert pending.is_full
    assert not any(are_full)


def test_the_input_waits_while_large_states_do() -> None:
    pending = PendingRegistrations()
    pending.append(somebody())
    are_full = []
    for size in (MAX_STATE_BYTES, MAX_STATE_BYTES + 1):
        pending.add_state(bytes(size))
        are_full.append(pending.is_full)
    assert are_full == [False, True]


def test_of_states_between_the_same_people_only_the_last_takes_room() -> None:
    pending = PendingRegistrations()
    for _ in range(5):
        pending.append(somebody())
        pending.add_state(bytes(MAX_STATE_BYTES // 4))
    were_full = pending.is_full
    pending.finish([*pending][1])
    assert (were_full, pending.is_full) == (True, False)
