"""Webinars, panelists and co-organizers: rows 1, 2, 5 and 11 to 13 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.endpoints.paging import hal, window_of
from gotowebinar_sandbox.endpoints.permissions import ORGANIZER, WEBINAR, Permissions, reading
from gotowebinar_sandbox.serializers.webinars import WebinarSerializer, coorganizers, occurrences, panelists
from gotowebinar_sandbox.state import SandboxState


class WebinarEndpoints:
    """Lists of webinars, webinars by key, panelists, co-organizers (without the organizer) and times."""

    def __init__(self, state: SandboxState) -> None:
        """Serve a world."""
        self._state = state
        self._permissions = Permissions(state)
        self._serializer = WebinarSerializer(state.world)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        webinar, staff = self._permissions.webinar, self._state.staff
        return [
            Route("/accounts/{accountKey}/webinars", self.of_account),
            Route(f"{ORGANIZER}/webinars", self.of_organizer),
            reading(WEBINAR, webinar, self._serializer.by_key),
            reading(f"{WEBINAR}/panelists", webinar, lambda found: panelists(staff, found)),
            reading(f"{WEBINAR}/coorganizers", webinar, lambda found: coorganizers(staff, found)),
            reading(f"{WEBINAR}/meetingtimes", webinar, lambda found: occurrences(found.times)),
        ]

    async def of_account(self, request: Request) -> Response:
        """List the webinars of all organizers."""
        self._permissions.account(request)
        return self._list(request, None)

    async def of_organizer(self, request: Request) -> Response:
        """List the webinars of one organizer."""
        return self._list(request, self._permissions.organizer(request))

    def _list(self, request: Request, organizer_key: int | None) -> Response:
        webinars = self._state.world.listing(organizer_key, *window_of(request))
        return hal(request, self._state.options, "webinars", webinars, self._serializer.listed)
