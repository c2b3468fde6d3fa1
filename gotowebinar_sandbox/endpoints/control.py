"""The control endpoints, ``/_sandbox/...``: look into the sandbox and let things happen. No token; plain JSON."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.changes import Changes
from gotowebinar_sandbox.endpoints.control_panelists import CrewControlEndpoints
from gotowebinar_sandbox.endpoints.control_sessions import SessionControlEndpoints
from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.expected import expected_records
from gotowebinar_sandbox.expected_lists import truth
from gotowebinar_sandbox.state import SandboxState

WEBINARS = "/webinars"
WEBINAR = f"{WEBINARS}/{{webinar}}"
REGISTRANT = f"{WEBINAR}/registrants/{{registrant}}"
NO_CONTENT = 204


class ControlEndpoints:
    """What `Control` speaks to."""

    def __init__(self, state: SandboxState) -> None:
        """Control a sandbox."""
        self._state = state
        self._changes = Changes(state.world, state.diary)

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route("/calls", self.calls, methods=["GET"]),
            Route("/calls", self.reset_calls, methods=["DELETE"]),
            Route("/state", self.state, methods=["GET"]),
            Route("/truth", self.truth, methods=["GET"]),
            Route("/options", self.options, methods=["GET"]),
            Route("/options", self.configure, methods=["PATCH"]),
            Route("/tokens/expire", self.expire_access_tokens, methods=["POST"]),
            Route("/tokens/revoke", self.revoke_refresh_token, methods=["POST"]),
            Route(WEBINARS, self.add_webinar, methods=["POST"]),
            Route(WEBINAR, self.cancel_webinar, methods=["DELETE"]),
            Route(f"{WEBINAR}/move", self.move_webinar, methods=["POST"]),
            Route(f"{WEBINAR}/reassign", self.reassign_webinar, methods=["POST"]),
            Route(f"{WEBINAR}/registrants", self.add_registrants, methods=["POST"]),
            Route(REGISTRANT, self.change_registrant, methods=["PATCH"]),
            Route(REGISTRANT, self.cancel_registrant, methods=["DELETE"]),
            *SessionControlEndpoints(self._state, self._changes).routes(),
            *CrewControlEndpoints(self._state, self._changes).routes(),
        ]

    async def calls(self, _request: Request) -> Response:
        """Give the log of calls."""
        return json_response(self._state.calls.plain())

    async def reset_calls(self, _request: Request) -> Response:
        """Forget the calls made so far, for the limits too."""
        self._state.reset_calls()
        return Response(status_code=NO_CONTENT)

    async def state(self, _request: Request) -> Response:
        """Give the figures of the run."""
        return json_response(self._state.state())

    async def truth(self, request: Request) -> Response:
        """Give all there is of the kinds asked for."""
        kinds = [kind for kind in request.query_params.get("kinds", "").split(",") if kind]
        return json_response(expected_records(self._state, kinds) if kinds else truth(self._state.world))

    async def options(self, _request: Request) -> Response:
        """Give the options in force."""
        return json_response(self._state.options.plain())

    async def configure(self, request: Request) -> Response:
        """Change options."""
        self._state.configure(await _json(request))
        return Response(status_code=NO_CONTENT)

    async def expire_access_tokens(self, _request: Request) -> Response:
        """Let every access token expire."""
        self._state.tokens.expire()
        return Response(status_code=NO_CONTENT)

    async def revoke_refresh_token(self, _request: Request) -> Response:
        """Refuse every refresh token given out so far."""
        self._state.tokens.revoke()
        return Response(status_code=NO_CONTENT)

    async def add_webinar(self, request: Request) -> Response:
        """Add a webinar."""
        return json_response({"webinarKey": str(self._changes.add_webinar(await _json(request)))}, 201)

    async def cancel_webinar(self, request: Request) -> Response:
        """Cancel a webinar."""
        self._changes.cancel_webinar(request.path_params["webinar"])
        return Response(status_code=NO_CONTENT)

    async def move_webinar(self, request: Request) -> Response:
        """Move a webinar in time."""
        self._changes.move_webinar(request.path_params["webinar"], (await _json(request))["startsAt"])
        return Response(status_code=NO_CONTENT)

    async def reassign_webinar(self, request: Request) -> Response:
        """Hand a webinar over."""
        self._changes.reassign_webinar(request.path_params["webinar"], (await _json(request))["organizerKey"])
        return Response(status_code=NO_CONTENT)

    async def add_registrants(self, request: Request) -> Response:
        """Register people."""
        keys = self._changes.add_registrants(request.path_params["webinar"], (await _json(request))["people"])
        return json_response({"registrantKeys": [str(key) for key in keys]}, 201)

    async def change_registrant(self, request: Request) -> Response:
        """Change what is known of a registrant."""
        where = request.path_params
        self._changes.change_registrant(where["webinar"], where["registrant"], await _json(request))
        return Response(status_code=NO_CONTENT)

    async def cancel_registrant(self, request: Request) -> Response:
        """Take a registrant off the list."""
        self._changes.cancel_registrant(request.path_params["webinar"], request.path_params["registrant"])
        return Response(status_code=NO_CONTENT)


async def _json(request: Request) -> dict[str, Any]:
    return msgspec.json.decode(await request.body(), type=dict[str, Any])
