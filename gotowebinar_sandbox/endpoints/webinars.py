"""Reading webinars: rows 1, 2, 3 and 5 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.endpoints.paging import hal, page_of
from gotowebinar_sandbox.endpoints.permissions import Permissions
from gotowebinar_sandbox.endpoints.time_windows import time_of, window_of
from gotowebinar_sandbox.serializers.webinars import WebinarSerializer
from gotowebinar_sandbox.state import SandboxState


class WebinarEndpoints:
    """Lists of webinars, the running ones, and one by key."""

    def __init__(self, state: SandboxState) -> None:
        """Read from a world."""
        self._state = state
        self._permissions = Permissions(state)
        self._serializer = WebinarSerializer(state.world)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route("/accounts/{accountKey}/webinars", self.of_account),
            Route("/organizers/{organizerKey}/webinars", self.of_organizer),
            Route("/organizers/{organizerKey}/insessionWebinars", self.in_session),
            Route("/organizers/{organizerKey}/webinars/{webinarKey}", self.by_key),
        ]

    async def of_account(self, request: Request) -> Response:
        """List the webinars of all organizers."""
        self._permissions.account(request)
        return self._list(request, None)

    async def of_organizer(self, request: Request) -> Response:
        """List the webinars of one organizer."""
        return self._list(request, self._permissions.organizer(request))

    async def in_session(self, request: Request) -> Response:
        """List the webinars that are running; here the window is optional."""
        organizer_key = self._permissions.organizer(request)
        now = self._state.world.clock.now()
        start = time_of(request, "fromTime") if "fromTime" in request.query_params else now
        end = time_of(request, "toTime") if "toTime" in request.query_params else now
        running = [
            webinar for webinar in self._state.world.listing(organizer_key, start, end) if webinar.in_session(now)
        ]
        return json_response([self._serializer.in_session(webinar) for webinar in running])

    async def by_key(self, request: Request) -> Response:
        """Give one webinar."""
        return json_response(self._serializer.by_key(self._permissions.webinar(request)))

    def _list(self, request: Request, organizer_key: int | None) -> Response:
        start, end = window_of(request)
        page = page_of(request, "size", self._state.options.hal_page_max)
        webinars = self._state.world.listing(organizer_key, start, end)
        rows = [self._serializer.row(webinar) for webinar in webinars[page.start : page.start + page.size]]
        return json_response(hal("webinars", rows, len(webinars), page))
