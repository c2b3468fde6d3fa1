"""Makes up who attended a session, and when they came and left."""

from collections.abc import Iterable
from datetime import timedelta

from gotowebinar_sandbox.dice import chance, dice, throw
from gotowebinar_sandbox.model import Session, Window
from gotowebinar_sandbox.timing import instant
from gotowebinar_sandbox.wire import Registrant

NOBODY_CAME = 0.08
# Share of the registrants who did not attend and are listed all the same, with 0 seconds.
LISTED_ABSENT = 0.04
TWO_DEVICES = 0.1
UNSORTED = 0.1
MOST = 0.95

Spells = list[Window]


def make_turnout(seed: int, session: Session, registrants: Iterable[Registrant], share: float) -> dict[int, bool]:
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
    turnout: dict[int, bool] = {}
    for registrant in registrants:
        key = registrant.registrant_key
        if _attends(seed, session, registrant, share):
            turnout[key] = True
        elif session.guests is None and throw(seed, session.key, key, "listed") < LISTED_ABSENT:
            turnout[key] = False
    return turnout if any(turnout.values()) else {}


def make_spells(seed: int, session: Session, registrant_key: int) -> Spells:
    """Make up when someone was there: one to three spells of time, of which the first two may overlap.

    They are not always in order.
    """
    rng, window = dice(seed, session.key, registrant_key, "spells"), session.window
    length = int((window.end - window.start).total_seconds())
    first, last = int(length * 0.4 * rng.random() ** 3), length - int(length * 0.4 * rng.random() ** 3)
    breaks = rng.choices((0, 1, 2), (7, 2, 1))[0]
    cuts = [first, *sorted(rng.sample(range(first + 1, last), 2 * breaks)), last]
    if breaks and chance(rng, TWO_DEVICES):
        cuts[2] = (cuts[0] + cuts[1]) // 2
    spells = [
        Window(window.start + timedelta(seconds=join), window.start + timedelta(seconds=leave))
        for join, leave in zip(cuts[::2], cuts[1::2], strict=True)
    ]
    if chance(rng, UNSORTED):
        spells.reverse()
    return spells


def no_spells(session: Session, registrant_key: int) -> Spells:
    """Return what is listed of someone who was not there: nothing, or a spell of no length."""
    return [Window(session.window.start, session.window.start)] if registrant_key % 2 else []


def seconds(spells: Spells) -> int:
    """Return how long someone was there: time on two devices at once counts once."""
    total, until = timedelta(), None
    for spell in sorted(spells, key=lambda spell: spell.start):
        start = spell.start if until is None else max(spell.start, until)
        total += max(timedelta(), spell.end - start)
        until = spell.end if until is None else max(until, spell.end)
    return int(total.total_seconds())


def _share(seed: int, session: Session, share: float) -> float:
    """Return the part of the registrants that comes to a session: from half to one and a half of the usual, or none."""
    if session.practice or throw(seed, session.key, "nobody") < NOBODY_CAME:
        return 0.0
    return min(MOST, share * (0.5 + throw(seed, session.key, "share")))


def _attends(seed: int, session: Session, registrant: Registrant, share: float) -> bool:
    key = registrant.registrant_key
    if session.guests is not None:
        return key in session.guests
    luck = registrant.status == "APPROVED" and throw(seed, session.key, key) < share
    return luck and _registered_before(session, registrant)


def _registered_before(session: Session, registrant: Registrant) -> bool:
    try:
        return instant(registrant.registration_date) < session.window.start
    except (TypeError, ValueError):  # a date that was spoilt on purpose
        return False
