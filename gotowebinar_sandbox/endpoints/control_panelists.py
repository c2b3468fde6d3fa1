"""The control endpoints of panelists, co-organizers and recordings: let them come and go."""

from collections.abc import MutableMapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.changes import Changes, UnknownError, number
from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.state import SandboxState

WEBINAR = "/webinars/{webinar}"
NO_CONTENT = 204


class CrewControlEndpoints:
    """What `Control` speaks to when it is about those who run a webinar, and about recordings."""

    def __init__(self, state: SandboxState, changes: Changes) -> None:
        """Control a sandbox."""
        self._state = state
        self._changes = changes

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route(f"{WEBINAR}/panelists", self.add_panelist, methods=["POST"]),
            Route(f"{WEBINAR}/panelists/{{member}}", self.remove_panelist, methods=["DELETE"]),
            Route(f"{WEBINAR}/coorganizers", self.add_coorganizer, methods=["POST"]),
            Route(f"{WEBINAR}/coorganizers/{{member}}", self.remove_coorganizer, methods=["DELETE"]),
            Route(f"{WEBINAR}/recordings", self.add_recording, methods=["POST"]),
        ]

    async def add_panelist(self, request: Request) -> Response:
        """Add a panelist."""
        webinar = self._changes.webinar(request.path_params["webinar"])
        return json_response({"panelistId": str(self._state.staff.add_panelist(webinar))}, 201)

    async def remove_panelist(self, request: Request) -> Response:
        """Take a panelist away."""
        webinar = self._changes.webinar(request.path_params["webinar"])
        return _remove(self._state.staff.panelists(webinar), request)

    async def add_coorganizer(self, request: Request) -> Response:
        """Add a co-organizer from outside."""
        webinar = self._changes.webinar(request.path_params["webinar"])
        return json_response({"memberKey": str(self._state.staff.add_coorganizer(webinar))}, 201)

    async def remove_coorganizer(self, request: Request) -> Response:
        """Take a co-organizer away."""
        webinar = self._changes.webinar(request.path_params["webinar"])
        return _remove(self._state.staff.coorganizers(webinar), request)

    async def add_recording(self, request: Request) -> Response:
        """Add a recording that was made now."""
        webinar = self._changes.webinar(request.path_params["webinar"])
        name = msgspec.json.decode(await request.body())["name"]
        return json_response({"recordingAssetKey": self._state.recordings.add(webinar, name)}, 201)


def _remove(members: MutableMapping[int, Any], request: Request) -> Response:
    if members.pop(number(request.path_params["member"]), None) is None:
        message = f"no member {request.path_params['member']}"
        raise UnknownError(message)
    return Response(status_code=NO_CONTENT)
