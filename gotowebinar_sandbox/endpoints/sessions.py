"""Sessions and their contents: rows 4, 7, 15, 18 to 22, 24, 26 and 27 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.endpoints.paging import flat, hal, window_of
from gotowebinar_sandbox.endpoints.permissions import ORGANIZER, SESSION, WEBINAR, Permissions, reading
from gotowebinar_sandbox.serializers.engagement import answers, performance, question, results
from gotowebinar_sandbox.serializers.sessions import attendee_of_webinar, attendee_row, recording_row, session_row
from gotowebinar_sandbox.state import SandboxState

ATTENDEE = f"{SESSION}/attendees/{{registrantKey}}"


class SessionEndpoints:
    """Lists of sessions, attendees, polls, surveys, questions and recordings; performance; attendees' answers."""

    def __init__(self, state: SandboxState) -> None:
        """Serve a world."""
        self._state = state
        self._world = state.world
        self._permissions = Permissions(state)

    def routes(self) -> list[Route]:
        """Return the endpoints; recordings have no organizer in their path."""
        session, attendee = self._permissions.session, self._permissions.attendee
        return [
            Route(f"{ORGANIZER}/sessions", self.of_organizer),
            Route(f"{WEBINAR}/attendees", self.attendees_of_webinar),
            Route("/webinars/{webinarKey}/recordingAssets", self.recordings),
            reading(f"{WEBINAR}/performance", self._permissions.webinar, self._performance_of_webinar),
            reading(f"{SESSION}/attendees", session, self._attendees),
            reading(f"{SESSION}/performance", session, lambda found: performance(self._world, found)),
            reading(f"{SESSION}/polls", session, lambda found: results(found, found.polls)),
            reading(f"{SESSION}/surveys", session, lambda found: results(found, found.survey)),
            reading(f"{SESSION}/questions", session, lambda found: [question(found, one) for one in found.questions()]),
            reading(f"{ATTENDEE}/polls", attendee, lambda found: answers(found[0], found[0].polls, found[1])),
            reading(f"{ATTENDEE}/surveys", attendee, lambda found: answers(found[0], found[0].survey, found[1])),
        ]

    async def of_organizer(self, request: Request) -> Response:
        """List the sessions of an organizer that overlap a window."""
        organizer_key, options = self._permissions.organizer(request), self._state.options
        sessions = self._state.calendar.listing(organizer_key, *window_of(request))
        activity = self._state.calendar.activity
        return hal(
            request, options, "sessionInfoResources", sessions, lambda one: session_row(self._world, activity(*one))
        )

    async def attendees_of_webinar(self, request: Request) -> Response:
        """List the attendees of all sessions of a webinar."""
        activities, options = self._state.calendar.activities(self._permissions.webinar(request)), self._state.options
        rows = [(activity, key) for activity in activities for key in activity.attendees]
        return hal(request, options, "attendeeParticipationResponses", rows, lambda row: attendee_of_webinar(*row))

    async def recordings(self, request: Request) -> Response:
        """List the recordings of a webinar in the flat envelope, here without the limit."""
        webinar = self._permissions.webinar(request)
        whole = flat(
            request, self._state.calendar.recordings(webinar), lambda one: recording_row(self._world, webinar, one)
        )
        del whole["limit"]
        return json_response(whole)

    def _performance_of_webinar(self, webinar: Webinar) -> dict[str, object]:
        """Return the performance of all sessions of a webinar by sessionKey."""
        activities = self._state.calendar.activities(webinar)
        return {str(activity.session.key): performance(self._world, activity) for activity in activities}

    def _attendees(self, activity: SessionActivity) -> list[dict[str, object]]:
        """Return the attendees of a session as an array."""
        return [attendee_row(activity, key) for key in activity.attendees]
