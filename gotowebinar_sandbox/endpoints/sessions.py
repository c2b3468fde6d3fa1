"""Sessions and who attended them: rows 4, 6, 7, 17, 18 and 23 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.endpoints.paging import hal, page_of
from gotowebinar_sandbox.endpoints.permissions import Permissions
from gotowebinar_sandbox.endpoints.time_windows import window_of
from gotowebinar_sandbox.serializers.sessions import SessionSerializer
from gotowebinar_sandbox.state import SandboxState

ORGANIZER = "/organizers/{organizerKey}"
WEBINAR = f"{ORGANIZER}/webinars/{{webinarKey}}"
SESSION = f"{WEBINAR}/sessions/{{sessionKey}}"
ATTENDEE = f"{SESSION}/attendees/{{registrantKey}}"


class SessionEndpoints:
    """Lists of sessions, and of those who attended."""

    def __init__(self, state: SandboxState) -> None:
        """Read from a world."""
        self._state = state
        self._permissions = Permissions(state)
        self._serializer = SessionSerializer(state.world)

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
        organizer_key, window = self._permissions.organizer(request), window_of(request)
        page = page_of(request, "size", self._state.options.hal_page_max)
        sessions = self._state.diary.listing(organizer_key, window, self._state.options.session_window)
        shown = sessions[page.start : page.start + page.size]
        rows = [self._serializer.row(self._state.diary.activity(*ended)) for ended in shown]
        return json_response(hal("sessionInfoResources", rows, len(sessions), page))

    async def of_webinar(self, request: Request) -> Response:
        """List the sessions of a webinar; there is no window here."""
        webinar = self._permissions.webinar(request)
        page = page_of(request, "size", self._state.options.hal_page_max)
        activities = self._state.diary.activities(webinar)
        rows = [self._serializer.row(activity) for activity in activities[page.start : page.start + page.size]]
        return json_response(hal("sessionInfoResources", rows, len(activities), page))

    async def attendees_of_webinar(self, request: Request) -> Response:
        """List who attended any session of a webinar."""
        webinar = self._permissions.webinar(request)
        page = page_of(request, "size", self._state.options.hal_page_max)
        share = self._state.options.split_attendance
        everyone = [
            (activity, *row) for activity in self._state.diary.activities(webinar) for row in activity.rows(share)
        ]
        shown = everyone[page.start : page.start + page.size]
        rows = [self._serializer.attendee_of_webinar(*attendee) for attendee in shown]
        return json_response(hal("attendeeParticipationResponses", rows, len(everyone), page))

    async def attendees(self, request: Request) -> Response:
        """List who attended a session: a bare array."""
        activity = self._permissions.activity(request)
        rows = activity.rows(self._state.options.split_attendance)
        return json_response([self._serializer.attendee(activity, *row) for row in rows])

    async def attendee(self, request: Request) -> Response:
        """Give an attendee as a registrant, not as an attendance."""
        activity, key = self._permissions.attendee(request)
        return json_response(activity.registrant_list.registrants[key])
