"""Registrants: rows 8 to 10 of the API reference, section 4, and the writing of section 6."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.endpoints.errors import ProductError, json_response, no_such_registrant
from gotowebinar_sandbox.endpoints.paging import LIMIT_MAX, flat, page_of
from gotowebinar_sandbox.endpoints.permissions import Permissions, path_key
from gotowebinar_sandbox.endpoints.registration import Registration
from gotowebinar_sandbox.serializers.schemas import Registrant
from gotowebinar_sandbox.state import SandboxState

BASE = "/organizers/{organizerKey}/webinars/{webinarKey}/registrants"


class RegistrantEndpoints:
    """List, look up, register and delete registrants, and show the registration form."""

    def __init__(self, state: SandboxState) -> None:
        """Read and write a world."""
        self._state = state
        self._permissions = Permissions(state)
        self._registration = Registration(state)

    def routes(self) -> list[Route]:
        """Return the endpoints; ``fields`` stands before the registrantKey it could be taken for."""
        return [
            Route(BASE, self.list, methods=["GET"]),
            Route(BASE, self.create, methods=["POST"]),
            Route(f"{BASE}/fields", self.fields, methods=["GET"]),
            Route(f"{BASE}/{{registrantKey}}", self.by_key, methods=["GET"]),
            Route(f"{BASE}/{{registrantKey}}", self.delete, methods=["DELETE"]),
        ]

    async def list(self, request: Request) -> Response:
        """List registrants: a bare array of all, or a page once ``page`` or ``limit`` is sent."""
        registrant_list = self._state.world.registrant_list(self._permissions.webinar(request))
        if request.query_params.keys() & {"page", "limit"}:
            page = page_of(request, "limit", LIMIT_MAX)
            return json_response(flat(registrant_list.page(page.start, page.size), len(registrant_list), page))
        return Response(
            registrant_list.encoded(self._state.options.max_registrants_list), media_type="application/json"
        )

    async def fields(self, request: Request) -> Response:
        """Give the registration form."""
        return json_response(self._state.world.form(self._permissions.webinar(request)))

    async def by_key(self, request: Request) -> Response:
        """Give one registrant with everything they told."""
        webinar, registrant = self._registrant(request)
        return json_response(self._state.world.detailed(webinar, registrant))

    async def create(self, request: Request) -> Response:
        """Register someone."""
        return await self._registration.register(self._permissions.webinar(request), request)

    async def delete(self, request: Request) -> Response:
        """Delete a registrant, of a webinar that is not over."""
        webinar, registrant = self._registrant(request)
        if webinar.ends_at <= self._state.world.clock.now():
            raise ProductError(400, "WebinarOver", "Registrants of past webinars cannot be deleted.")
        self._state.world.registrant_list(webinar).remove(registrant.registrant_key)
        return Response(status_code=204)

    def _registrant(self, request: Request) -> tuple[Webinar, Registrant]:
        webinar = self._permissions.webinar(request)
        key = path_key(request, "registrantKey")
        registrant = self._state.world.registrant_list(webinar).registrants.get(key)
        if registrant is None:
            raise no_such_registrant(key)
        return webinar, registrant
