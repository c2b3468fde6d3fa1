"""A STATE is never forwarded before the result of everybody before it is known; waiting STATE messages are bounded."""

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
def test_a_state_is_forwarded_once_everybody_before_it_has_a_result(steps: list[str], chosen: Any) -> None:  # noqa: ANN401
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
