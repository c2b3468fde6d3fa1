"""What happened in sessions: rows 15, 19 to 22 and 24 to 26 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.endpoints.permissions import Permissions
from gotowebinar_sandbox.endpoints.sessions import ATTENDEE, SESSION, WEBINAR
from gotowebinar_sandbox.serializers.engagement import EngagementSerializer
from gotowebinar_sandbox.state import SandboxState


class EngagementEndpoints:
    """Performance, polls, surveys and questions, of a session and of one attendee; none of them is paged."""

    def __init__(self, state: SandboxState) -> None:
        """Read from a world."""
        self._state = state
        self._permissions = Permissions(state)
        self._serializer = EngagementSerializer(state.world)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route(f"{WEBINAR}/performance", self.performance_of_webinar),
            Route(f"{SESSION}/performance", self.performance),
            Route(f"{SESSION}/polls", self.polls),
            Route(f"{SESSION}/questions", self.questions),
            Route(f"{SESSION}/surveys", self.survey),
            Route(f"{ATTENDEE}/polls", self.polls_of_attendee),
            Route(f"{ATTENDEE}/questions", self.questions_of_attendee),
            Route(f"{ATTENDEE}/surveys", self.survey_of_attendee),
        ]

    async def performance_of_webinar(self, request: Request) -> Response:
        """Give all sessions of a webinar in figures: an object whose names are sessionKeys."""
        activities = self._state.diary.activities(self._permissions.webinar(request))
        figures = {str(activity.session.key): self._serializer.performance(activity) for activity in activities}
        return json_response(figures)

    async def performance(self, request: Request) -> Response:
        """Give a session in figures."""
        return json_response(self._serializer.performance(self._permissions.activity(request)))

    async def polls(self, request: Request) -> Response:
        """List the polls of a session."""
        return json_response(self._serializer.polls(self._permissions.activity(request)))

    async def survey(self, request: Request) -> Response:
        """List the questions of the survey of a session."""
        return json_response(self._serializer.survey(self._permissions.activity(request)))

    async def questions(self, request: Request) -> Response:
        """List what was asked in a session."""
        activity = self._permissions.activity(request)
        return json_response([self._serializer.question(activity, asked) for asked in activity.questions()])

    async def polls_of_attendee(self, request: Request) -> Response:
        """List what an attendee answered to polls."""
        activity, key = self._permissions.attendee(request)
        return json_response(self._serializer.answers(activity, activity.polls, key))

    async def survey_of_attendee(self, request: Request) -> Response:
        """List what an attendee answered to the survey."""
        activity, key = self._permissions.attendee(request)
        return json_response(self._serializer.answers(activity, activity.survey, key))

    async def questions_of_attendee(self, request: Request) -> Response:
        """List what an attendee asked."""
        activity, key = self._permissions.attendee(request)
        return json_response([self._serializer.question(activity, asked) for asked in activity.asked(key)])
