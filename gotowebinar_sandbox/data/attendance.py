"""Makes up who attended a session, and when they came and left."""

from collections.abc import Iterable
from datetime import timedelta

from gotowebinar_sandbox.data.clock import instant
from gotowebinar_sandbox.data.models import Session, Window
from gotowebinar_sandbox.data.randomness import random_fraction, seeded_random, with_probability
from gotowebinar_sandbox.serializers.schemas import Registrant

NOBODY_CAME = 0.08
# Share of the registrants who did not attend and are listed all the same, with 0 seconds.
LISTED_ABSENT = 0.04
TWO_DEVICES = 0.1
UNSORTED = 0.1
MOST = 0.95

Intervals = list[Window]


def make_attendance(seed: int, session: Session, registrants: Iterable[Registrant], share: float) -> dict[int, bool]:
    """Make up who attended: the registrantKeys of all who are listed, and whether they were there.

    Nobody comes to a practice session, and to a few others. Only approved people come who registered before the
    start. Where somebody came, a few who did not are listed too.

    Args:
        seed: Seed of the world.
        session: The session; its guests are known, or made up.
        registrants: Everyone who registered.
        share: The part of them that attends, on average.
    """
    share = _share(seed, session, share)
    attendance: dict[int, bool] = {}
    for registrant in registrants:
        key = registrant.registrant_key
        if _attends(seed, session, registrant, share):
            attendance[key] = True
        elif session.guests is None and random_fraction(seed, session.key, key, "listed") < LISTED_ABSENT:
            attendance[key] = False
    return attendance if any(attendance.values()) else {}


def make_intervals(seed: int, session: Session, registrant_key: int) -> Intervals:
    """Make up when someone was there: one to three spells of time, of which the first two may overlap.

    They are not always in order.
    """
    rng, window = seeded_random(seed, session.key, registrant_key, "spells"), session.window
    length = int((window.end - window.start).total_seconds())
    first, last = int(length * 0.4 * rng.random() ** 3), length - int(length * 0.4 * rng.random() ** 3)
    breaks = rng.choices((0, 1, 2), (7, 2, 1))[0]
    cuts = [first, *sorted(rng.sample(range(first + 1, last), 2 * breaks)), last]
    if breaks and with_probability(rng, TWO_DEVICES):
        cuts[2] = (cuts[0] + cuts[1]) // 2
    intervals = [
        Window(window.start + timedelta(seconds=join), window.start + timedelta(seconds=leave))
        for join, leave in zip(cuts[::2], cuts[1::2], strict=True)
    ]
    if with_probability(rng, UNSORTED):
        intervals.reverse()
    return intervals


def no_intervals(session: Session, registrant_key: int) -> Intervals:
    """Return what is listed of someone who was not there: nothing, or a spell of no length."""
    return [Window(session.window.start, session.window.start)] if registrant_key % 2 else []


def seconds(intervals: Intervals) -> int:
    """Return how long someone was there: time on two devices at once counts once."""
    total, until = timedelta(), None
    for interval in sorted(intervals, key=lambda interval: interval.start):
        start = interval.start if until is None else max(interval.start, until)
        total += max(timedelta(), interval.end - start)
        until = interval.end if until is None else max(until, interval.end)
    return int(total.total_seconds())


def _share(seed: int, session: Session, share: float) -> float:
    """Return the part of the registrants that comes to a session: from half to one and a half of the usual, or none."""
    if session.practice or random_fraction(seed, session.key, "nobody") < NOBODY_CAME:
        return 0.0
    return min(MOST, share * (0.5 + random_fraction(seed, session.key, "share")))


def _attends(seed: int, session: Session, registrant: Registrant, share: float) -> bool:
    key = registrant.registrant_key
    if session.guests is not None:
        return key in session.guests
    luck = registrant.status == "APPROVED" and random_fraction(seed, session.key, key) < share
    return luck and _registered_before(session, registrant)


def _registered_before(session: Session, registrant: Registrant) -> bool:
    try:
        return instant(registrant.registration_date) < session.window.start
    except (TypeError, ValueError):  # a date that was spoilt on purpose
        return False
