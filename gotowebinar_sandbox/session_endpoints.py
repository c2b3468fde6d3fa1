"""Sessions and who attended them: rows 4, 6, 7, 17, 18 and 23 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.access import Access
from gotowebinar_sandbox.errors import json_response
from gotowebinar_sandbox.live import Live
from gotowebinar_sandbox.paging import hal, page_of
from gotowebinar_sandbox.session_shapes import SessionShapes
from gotowebinar_sandbox.windows import window_of

ORGANIZER = "/organizers/{organizerKey}"
WEBINAR = f"{ORGANIZER}/webinars/{{webinarKey}}"
SESSION = f"{WEBINAR}/sessions/{{sessionKey}}"
ATTENDEE = f"{SESSION}/attendees/{{registrantKey}}"


class SessionEndpoints:
    """Lists of sessions, and of those who attended."""

    def __init__(self, live: Live) -> None:
        """Read from a world."""
        self._live = live
        self._access = Access(live)
        self._shapes = SessionShapes(live.world)

    def routes(self) -> list[Route]:
        """Return the endpoints; one session by key is documented to be its list of attendees."""
        return [
            Route(f"{ORGANIZER}/sessions", self.of_organizer),
            Route(f"{WEBINAR}/sessions", self.of_webinar),
            Route(f"{WEBINAR}/attendees", self.attendees_of_webinar),
            Route(SESSION, self.attendees),
            Route(f"{SESSION}/attendees", self.attendees),
            Route(ATTENDEE, self.attendee),
        ]

    async def of_organizer(self, request: Request) -> Response:
        """List the sessions of all webinars of an organizer that fall into a window."""
        organizer_key, window = self._access.organizer(request), window_of(request)
        page = page_of(request, "size", self._live.options.hal_page_max)
        sessions = self._live.diary.listing(organizer_key, window, self._live.options.session_window)
        shown = sessions[page.start : page.start + page.size]
        rows = [self._shapes.row(self._live.diary.gathering(*held)) for held in shown]
        return json_response(hal("sessionInfoResources", rows, len(sessions), page))

    async def of_webinar(self, request: Request) -> Response:
        """List the sessions of a webinar; there is no window here."""
        webinar = self._access.webinar(request)
        page = page_of(request, "size", self._live.options.hal_page_max)
        gatherings = self._live.diary.gatherings(webinar)
        rows = [self._shapes.row(gathering) for gathering in gatherings[page.start : page.start + page.size]]
        return json_response(hal("sessionInfoResources", rows, len(gatherings), page))

    async def attendees_of_webinar(self, request: Request) -> Response:
        """List who attended any session of a webinar."""
        webinar = self._access.webinar(request)
        page = page_of(request, "size", self._live.options.hal_page_max)
        share = self._live.options.split_attendance
        everyone = [
            (gathering, *row) for gathering in self._live.diary.gatherings(webinar) for row in gathering.rows(share)
        ]
        shown = everyone[page.start : page.start + page.size]
        rows = [self._shapes.attendee_of_webinar(*attendee) for attendee in shown]
        return json_response(hal("attendeeParticipationResponses", rows, len(everyone), page))

    async def attendees(self, request: Request) -> Response:
        """List who attended a session: a bare array."""
        gathering = self._access.gathering(request)
        rows = gathering.rows(self._live.options.split_attendance)
        return json_response([self._shapes.attendee(gathering, *row) for row in rows])

    async def attendee(self, request: Request) -> Response:
        """Give an attendee as a registrant, not as an attendance."""
        gathering, key = self._access.attendee(request)
        return json_response(gathering.roll.registrants[key])
