"""Recordings: row 27 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.endpoints.paging import LIMIT_MAX, flat, page_of
from gotowebinar_sandbox.endpoints.permissions import Permissions
from gotowebinar_sandbox.state import SandboxState


class RecordingEndpoints:
    """Lists of recordings."""

    def __init__(self, state: SandboxState) -> None:
        """Read from a world."""
        self._state = state
        self._permissions = Permissions(state)

    def routes(self) -> list[Route]:
        """Return the endpoints: there is no organizer in the path."""
        return [Route("/webinars/{webinarKey}/recordingAssets", self.of_webinar)]

    async def of_webinar(self, request: Request) -> Response:
        """List the recordings of a webinar in the flat envelope, which here does not repeat the limit."""
        webinar = self._permissions.webinar_alone(request)
        page = page_of(request, "limit", LIMIT_MAX)
        recordings = self._state.recordings.of(webinar)
        shown = recordings[page.start : page.start + page.size]
        whole = flat([self._state.recordings.asset(webinar, one) for one in shown], len(recordings), page)
        return json_response({name: value for name, value in whole.items() if name != "limit"})
