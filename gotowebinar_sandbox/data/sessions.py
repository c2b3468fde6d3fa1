"""Sessions, whose actual times differ from the planned ones, and recordings."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from gotowebinar_sandbox.data.models import Session, Webinar, Window, format_time
from gotowebinar_sandbox.data.randomness import long_key, random_fraction, seeded_random, with_probability
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.options import Options

NEVER_STARTED = 0.05
PRACTISED = 0.1
RESTARTED = 0.1
LONG_KEY = 0.2
SHORTEST = timedelta(minutes=1)
RECORDED = 0.6
READY_AFTER = timedelta(minutes=20)


class Recording(NamedTuple):
    """A recording of a webinar."""

    key: str
    name: str
    made_at: datetime


class SessionCalendar:
    """The sessions of all webinars; they appear when the clock has passed their end."""

    def __init__(self, world: World, options: Options) -> None:
        """Make up the sessions of a world when first needed."""
        self.world = world
        self._options = options
        self._planned: dict[int, tuple[list[Window], dict[int, Session]]] = {}
        self._persisted: dict[int, dict[int, Session]] = {}
        self._activities: dict[int, SessionActivity] = {}
        self._recordings: dict[int, list[Recording]] = {}

    def ended(self, webinar: Webinar) -> list[Session]:
        """Return the sessions of a webinar that are over."""
        now = self.world.clock.now()
        return [session for session in self._all(webinar).values() if session.window.end <= now]

    def find(self, webinar: Webinar, session_key: int) -> SessionActivity | None:
        """Return the activity of a session, if it is over."""
        session = self._all(webinar).get(session_key)
        over = session is not None and session.window.end <= self.world.clock.now()
        return self.activity(webinar, session) if session and over else None

    def activity(self, webinar: Webinar, session: Session) -> SessionActivity:
        """Return the activity of a session."""
        if session.key not in self._activities:
            people, host = self.world.registrants(webinar), self.world.organizers[webinar.organizer_key]
            self._activities[session.key] = SessionActivity(self._options, webinar, session, people, host)
        return self._activities[session.key]

    def activities(self, webinar: Webinar) -> list[SessionActivity]:
        """Return the activity of the sessions that are over."""
        return [self.activity(webinar, session) for session in self.ended(webinar)]

    def listing(self, organizer_key: int, start: datetime, end: datetime) -> list[tuple[Webinar, Session]]:
        """Return the sessions of an organizer that overlap a window and are over."""
        now = self.world.clock.now()
        return [
            (webinar, session)
            for webinar in self.world.webinars.values()
            if webinar.organizer_key == organizer_key
            for session in self._all(webinar).values()
            if session.window.end <= now and session.window.start <= end and session.window.end >= start
        ]

    def persist(self, webinar: Webinar) -> None:
        """Keep the sessions that are over when the times of the webinar change."""
        for session in self.ended(webinar):
            self.add(session)

    def add(self, session: Session) -> None:
        """Add a session, planned or not."""
        self._persisted.setdefault(session.webinar_key, {})[session.key] = session

    def recordings(self, webinar: Webinar) -> list[Recording]:
        """Return the recordings of a webinar: of some sessions, once they are ready, and those added later."""
        seed, now = self.world.seed, self.world.clock.now()
        made = [
            Recording(f"{seeded_random(seed, session.key, 'asset').getrandbits(128):032x}", webinar.subject, ready)
            for session in self.ended(webinar)
            for ready in (session.window.end + READY_AFTER,)
            if not session.practice and ready <= now
            if random_fraction(seed, session.key, "recorded") < RECORDED
        ]
        return made + self._recordings.get(webinar.key, [])

    def add_recording(self, webinar: Webinar, name: str) -> str:
        """Add a recording made now and return its key."""
        recording = Recording(f"{self.world.new_key():032x}", name, self.world.clock.now())
        self._recordings.setdefault(webinar.key, []).append(recording)
        return recording.key

    def _all(self, webinar: Webinar) -> dict[int, Session]:
        times, planned = self._planned.get(webinar.key, (None, {}))
        if times != webinar.times:
            planned = {session.key: session for session in make_sessions(self._options.seed, webinar)}
            self._planned[webinar.key] = (list(webinar.times), planned)
        persisted = self._persisted.get(webinar.key)
        return {**planned, **persisted} if persisted else planned


def make_sessions(seed: int, webinar: Webinar) -> Iterator[Session]:
    """Make up the sessions of all times of a webinar, past and future.

    A time may have none (it was never started), a practice session before it, or two sessions (it was restarted). Each
    time has its own generator: moving one changes its sessions only.
    """
    for planned in webinar.times:
        rng = seeded_random(seed, webinar.key, "sessions", format_time(planned.start))
        if with_probability(rng, PRACTISED):
            start = planned.start - timedelta(hours=1, seconds=rng.randrange(86400))
            practice = Window(start, start + timedelta(seconds=rng.randrange(300, 1800)))
            yield Session(key=_session_key(rng), webinar_key=webinar.key, window=practice, practice=True)
        if with_probability(rng, NEVER_STARTED):
            continue
        for window in _windows(rng, planned):
            yield Session(key=_session_key(rng), webinar_key=webinar.key, window=window)


def _session_key(rng: Random) -> int:
    """Return a key: mostly of 12 digits, some as long as other keys (API reference, section 5.4)."""
    return long_key(rng) if with_probability(rng, LONG_KEY) else rng.randrange(10**11, 10**12)


def _windows(rng: Random, planned: Window) -> Iterator[Window]:
    start = planned.start - timedelta(seconds=rng.randrange(300))
    end = max(start + SHORTEST, planned.end + timedelta(seconds=rng.randrange(-600, 600)))
    if with_probability(rng, RESTARTED) and end - start > 4 * SHORTEST:
        broke_off = start + timedelta(seconds=int((end - start).total_seconds() * rng.uniform(0.3, 0.6)))
        yield Window(start, broke_off)
        start = broke_off + timedelta(seconds=rng.randrange(20, 60))
    yield Window(start, end)
