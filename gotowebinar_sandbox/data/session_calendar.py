"""Which sessions were held, and what happened in them."""

from datetime import datetime
from typing import NamedTuple

from gotowebinar_sandbox.data.models import NEVER, Session, Webinar, Window
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.data.sessions import make_sessions
from gotowebinar_sandbox.data.world import World
from gotowebinar_sandbox.options import Options


class Listing(NamedTuple):
    """The sessions of a window, and until when the list holds."""

    sessions: list[tuple[Webinar, Session]]
    version: tuple[int, int]
    made_at: datetime
    next_end: datetime


class SessionCalendar:
    """The sessions of all webinars of a world: planned when someone first asks, held once the clock has passed them."""

    def __init__(self, world: World, options: Options) -> None:
        """Keep the diary of a world."""
        self.world = world
        self._options = options
        self._planned: dict[int, tuple[list[Window], list[Session]]] = {}
        self._kept: dict[int, dict[int, Session]] = {}
        self._activities: dict[int, SessionActivity] = {}
        self._listings: dict[tuple[int, datetime, datetime, str], Listing] = {}
        self._version = 0

    def ended(self, webinar: Webinar) -> list[Session]:
        """Return the sessions of a webinar that are over."""
        now = self.world.clock.now()
        return [session for session in self._all(webinar).values() if session.window.end <= now]

    def find(self, webinar: Webinar, session_key: int) -> Session | None:
        """Return a session of a webinar, if it is over."""
        session = self._all(webinar).get(session_key)
        return session if session and session.window.end <= self.world.clock.now() else None

    def activity(self, webinar: Webinar, session: Session) -> SessionActivity:
        """Return what happened in a session."""
        if session.key not in self._activities:
            registrant_list, host = self.world.registrant_list(webinar), self.world.organizers[webinar.organizer_key]
            self._activities[session.key] = SessionActivity(self._options, webinar, session, registrant_list, host)
        return self._activities[session.key]

    def activities(self, webinar: Webinar) -> list[SessionActivity]:
        """Return what happened in the sessions of a webinar that are over."""
        return [self.activity(webinar, session) for session in self.ended(webinar)]

    def listing(
        self,
        organizer_key: int,
        window: tuple[datetime, datetime],
        tested: str,
    ) -> list[tuple[Webinar, Session]]:
        """Return the sessions of an organizer in a window, in the order lists show them.

        Remembered until a webinar changes or another session is over.

        Args:
            organizer_key: Whose webinars.
            window: From and to.
            tested: What must be inside: the start, the end, or any part.
        """
        wanted = (organizer_key, *window, tested)
        now, version = self.world.clock.now(), (self.world.version, self._version)
        known = self._listings.get(wanted)
        if known is None or known.version != version or not known.made_at <= now < known.next_end:
            known = self._listings[wanted] = self._list(organizer_key, window, tested)
        return known.sessions

    def persist(self, webinar: Webinar) -> None:
        """Remember what is over, whatever becomes of the times of the webinar."""
        for session in self.ended(webinar):
            self._keep(session)

    def add(self, session: Session) -> None:
        """Add a session that nobody planned."""
        self._keep(session)

    def _keep(self, session: Session) -> None:
        self._kept.setdefault(session.webinar_key, {})[session.key] = session
        self._version += 1

    def _all(self, webinar: Webinar) -> dict[int, Session]:
        times, planned = self._planned.get(webinar.key, (None, []))
        if times != webinar.times:
            planned = list(make_sessions(self._options.seed, webinar))
            self._planned[webinar.key] = (list(webinar.times), planned)
        return {**{session.key: session for session in planned}, **self._kept.get(webinar.key, {})}

    def _list(self, organizer_key: int, window: tuple[datetime, datetime], tested: str) -> Listing:
        now = self.world.clock.now()
        found, next_end = [], NEVER
        for webinar in self.world.webinars.values():
            if webinar.organizer_key != organizer_key:
                continue
            for session in self._all(webinar).values():
                if session.window.end > now:
                    next_end = min(next_end, session.window.end)
                elif _inside(session.window, window, tested):
                    found.append((webinar, session))
        return Listing(found, (self.world.version, self._version), now, next_end)


def _inside(ended: Window, window: tuple[datetime, datetime], tested: str) -> bool:
    start, end = window
    if tested == "start":
        return start <= ended.start <= end
    if tested == "end":
        return start <= ended.end <= end
    return ended.start <= end and ended.end >= start
