"""Recordings: row 27 of the API reference, section 4."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.access import Access
from gotowebinar_sandbox.errors import json_response
from gotowebinar_sandbox.live import Live
from gotowebinar_sandbox.paging import LIMIT_MAX, flat, page_of


class RecordingEndpoints:
    """Lists of recordings."""

    def __init__(self, live: Live) -> None:
        """Read from a world."""
        self._live = live
        self._access = Access(live)

    def routes(self) -> list[Route]:
        """Return the endpoints: there is no organizer in the path."""
        return [Route("/webinars/{webinarKey}/recordingAssets", self.of_webinar)]

    async def of_webinar(self, request: Request) -> Response:
        """List the recordings of a webinar in the flat envelope, which here does not repeat the limit."""
        webinar = self._access.webinar_alone(request)
        page = page_of(request, "limit", LIMIT_MAX)
        recordings = self._live.recordings.of(webinar)
        shown = recordings[page.start : page.start + page.size]
        whole = flat([self._live.recordings.asset(webinar, one) for one in shown], len(recordings), page)
        return json_response({name: value for name, value in whole.items() if name != "limit"})
