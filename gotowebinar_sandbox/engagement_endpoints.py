"""What happened in sessions: rows 15, 19 to 22 and 24 to 26 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.access import Access
from gotowebinar_sandbox.engagement_shapes import EngagementShapes
from gotowebinar_sandbox.errors import json_response
from gotowebinar_sandbox.live import Live
from gotowebinar_sandbox.session_endpoints import ATTENDEE, SESSION, WEBINAR


class EngagementEndpoints:
    """Performance, polls, surveys and questions, of a session and of one attendee; none of them is paged."""

    def __init__(self, live: Live) -> None:
        """Read from a world."""
        self._live = live
        self._access = Access(live)
        self._shapes = EngagementShapes(live.world)

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
        gatherings = self._live.diary.gatherings(self._access.webinar(request))
        figures = {str(gathering.session.key): self._shapes.performance(gathering) for gathering in gatherings}
        return json_response(figures)

    async def performance(self, request: Request) -> Response:
        """Give a session in figures."""
        return json_response(self._shapes.performance(self._access.gathering(request)))

    async def polls(self, request: Request) -> Response:
        """List the polls of a session."""
        return json_response(self._shapes.polls(self._access.gathering(request)))

    async def survey(self, request: Request) -> Response:
        """List the questions of the survey of a session."""
        return json_response(self._shapes.survey(self._access.gathering(request)))

    async def questions(self, request: Request) -> Response:
        """List what was asked in a session."""
        gathering = self._access.gathering(request)
        return json_response([self._shapes.question(gathering, asked) for asked in gathering.questions()])

    async def polls_of_attendee(self, request: Request) -> Response:
        """List what an attendee answered to polls."""
        gathering, key = self._access.attendee(request)
        return json_response(self._shapes.answers(gathering, gathering.polls, key))

    async def survey_of_attendee(self, request: Request) -> Response:
        """List what an attendee answered to the survey."""
        gathering, key = self._access.attendee(request)
        return json_response(self._shapes.answers(gathering, gathering.survey, key))

    async def questions_of_attendee(self, request: Request) -> Response:
        """List what an attendee asked."""
        gathering, key = self._access.attendee(request)
        return json_response([self._shapes.question(gathering, asked) for asked in gathering.asked(key)])
