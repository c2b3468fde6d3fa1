"""Makes up the sessions of a webinar: when it was really held, which is not quite when it was planned."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from gotowebinar_sandbox.data.clock import stamp
from gotowebinar_sandbox.data.models import Session, Webinar, Window
from gotowebinar_sandbox.data.randomness import long_key, seeded_random, with_probability

NEVER_STARTED = 0.05
PRACTISED = 0.1
RESTARTED = 0.1
LONG_KEY = 0.2
SHORTEST = timedelta(minutes=1)


def make_sessions(seed: int, webinar: Webinar) -> Iterator[Session]:
    """Make up the sessions of all times of a webinar, those to come too.

    A time may have none (nobody started it), a practice session before it, or two sessions (it was started again).
    Each time has dice of its own: moving one away brings other sessions, and leaves the others alone.
    """
    for planned in webinar.times:
        rng = seeded_random(seed, webinar.key, "sessions", stamp(planned.start))
        if with_probability(rng, PRACTISED):
            start = planned.start - timedelta(hours=1, seconds=rng.randrange(86400))
            practice = Window(start, start + timedelta(seconds=rng.randrange(300, 1800)))
            yield Session(key=session_key(rng), webinar_key=webinar.key, window=practice, practice=True)
        if with_probability(rng, NEVER_STARTED):
            continue
        for window in _held(rng, planned):
            yield Session(key=session_key(rng), webinar_key=webinar.key, window=window)


def session_key(rng: Random) -> int:
    """Draw a key: mostly of 12 digits, some as long as other keys (API reference, section 5.4)."""
    return long_key(rng) if with_probability(rng, LONG_KEY) else rng.randrange(10**11, 10**12)


def _held(rng: Random, planned: Window) -> Iterator[Window]:
    start = planned.start - timedelta(seconds=rng.randrange(300))
    end = _later(start, planned.end + timedelta(seconds=rng.randrange(-600, 600)))
    if with_probability(rng, RESTARTED) and end - start > 4 * SHORTEST:
        broke_off = start + timedelta(seconds=int((end - start).total_seconds() * rng.uniform(0.3, 0.6)))
        yield Window(start, broke_off)
        start = broke_off + timedelta(seconds=rng.randrange(20, 60))
    yield Window(start, end)


def _later(start: datetime, end: datetime) -> datetime:
    return max(end, start + SHORTEST)
