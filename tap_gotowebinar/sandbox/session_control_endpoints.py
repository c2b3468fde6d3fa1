"""The control endpoints of sessions: let things happen in them."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tap_gotowebinar.sandbox.changes import Changes
from tap_gotowebinar.sandbox.errors import json_response
from tap_gotowebinar.sandbox.live import Live
from tap_gotowebinar.sandbox.session_changes import SessionChanges

SESSIONS = "/webinars/{webinar}/sessions"
SESSION = f"{SESSIONS}/{{session}}"
NO_CONTENT = 204


class SessionControlEndpoints:
    """What `Control` speaks to when it is about sessions."""

    def __init__(self, live: Live, changes: Changes) -> None:
        """Control a sandbox."""
        self._changes = SessionChanges(changes, live.diary)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route(SESSIONS, self.hold, methods=["POST"]),
            Route(f"{SESSION}/attendees/{{registrant}}", self.attend, methods=["POST"]),
        ]

    async def hold(self, request: Request) -> Response:
        """Let a session have been held."""
        fields = msgspec.json.decode(await request.body())
        return json_response({"sessionKey": str(self._changes.hold(request.path_params["webinar"], fields))}, 201)

    async def attend(self, request: Request) -> Response:
        """Let a registrant have been there."""
        self._changes.attend(request.path_params, msgspec.json.decode(await request.body()))
        return Response(status_code=NO_CONTENT)
