"""The control endpoints of sessions: let things happen in them."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.changes import Changes
from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.session_changes import SessionChanges
from gotowebinar_sandbox.state import SandboxState

SESSIONS = "/webinars/{webinar}/sessions"
SESSION = f"{SESSIONS}/{{session}}"
NO_CONTENT = 204
Change = Callable[[Mapping[str, str], Mapping[str, Any]], None]


class SessionControlEndpoints:
    """What `Control` speaks to when it is about sessions."""

    def __init__(self, state: SandboxState, changes: Changes) -> None:
        """Control a sandbox."""
        self._changes = SessionChanges(changes, state.diary)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route(SESSIONS, self.hold, methods=["POST"]),
            self._route(SESSION, self._changes.follow_up, "PATCH"),
            self._route(f"{SESSION}/attendees/{{registrant}}", self._changes.attend),
            self._route(f"{SESSION}/questions", self._changes.ask),
            self._route(f"{SESSION}/questions/{{number}}", self._changes.reply),
            self._route(f"{SESSION}/{{kind}}", self._changes.add_poll_question),
            self._route(f"{SESSION}/{{kind}}/{{number}}", self._changes.answer_poll_question),
        ]

    async def hold(self, request: Request) -> Response:
        """Let a session have been held."""
        fields = msgspec.json.decode(await request.body())
        return json_response({"sessionKey": str(self._changes.hold(request.path_params["webinar"], fields))}, 201)

    def _route(self, path: str, change: Change, method: str = "POST") -> Route:
        """Return an endpoint that passes the keys in its path and its body on to a change."""

        async def apply(request: Request) -> Response:
            change(request.path_params, msgspec.json.decode(await request.body()))
            return Response(status_code=NO_CONTENT)

        return Route(path, apply, methods=[method])
