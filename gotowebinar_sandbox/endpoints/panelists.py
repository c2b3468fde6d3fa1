"""Those who run a webinar, when it takes place and how one hears it: rows 11 to 14 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.endpoints.permissions import Permissions
from gotowebinar_sandbox.endpoints.sessions import WEBINAR
from gotowebinar_sandbox.serializers.panelists import audio, coorganizers, panelists
from gotowebinar_sandbox.serializers.webinars import occurrences
from gotowebinar_sandbox.state import SandboxState


class CrewEndpoints:
    """Panelists, co-organizers, meeting times and audio of a webinar; none of them is paged."""

    def __init__(self, state: SandboxState) -> None:
        """Read from a world."""
        self._state = state
        self._permissions = Permissions(state)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route(f"{WEBINAR}/panelists", self.panelists),
            Route(f"{WEBINAR}/coorganizers", self.coorganizers),
            Route(f"{WEBINAR}/meetingtimes", self.meeting_times),
            Route(f"{WEBINAR}/audio", self.audio),
        ]

    async def panelists(self, request: Request) -> Response:
        """List the panelists."""
        return json_response(panelists(self._state.staff, self._permissions.webinar(request)))

    async def coorganizers(self, request: Request) -> Response:
        """List the co-organizers, the organizer not among them."""
        return json_response(coorganizers(self._state.staff, self._permissions.webinar(request)))

    async def meeting_times(self, request: Request) -> Response:
        """List the times of a webinar."""
        return json_response(occurrences(self._permissions.webinar(request).times))

    async def audio(self, request: Request) -> Response:
        """Give the numbers to dial."""
        return json_response(audio(self._permissions.webinar(request)))
