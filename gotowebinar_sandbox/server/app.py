"""The ASGI application: all endpoints and their middleware."""

from http import HTTPStatus
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router

from gotowebinar_sandbox.control.endpoint import ControlEndpoint
from gotowebinar_sandbox.endpoints.errors import ProductError, json_response
from gotowebinar_sandbox.endpoints.identity import IdentityEndpoints
from gotowebinar_sandbox.endpoints.oauth import OAuthEndpoints
from gotowebinar_sandbox.endpoints.permissions import BearerAuthMiddleware
from gotowebinar_sandbox.endpoints.registrants import RegistrantEndpoints
from gotowebinar_sandbox.endpoints.sessions import SessionEndpoints
from gotowebinar_sandbox.endpoints.webinars import WebinarEndpoints
from gotowebinar_sandbox.server.middleware import RequestMiddleware
from gotowebinar_sandbox.state import SandboxState

PRODUCT = "/G2W/rest/v2"


def make_app(state: SandboxState) -> RequestMiddleware:
    """Return the application that serves a sandbox.

    To add endpoints, write a class with ``routes()`` and list it here.
    """
    product: list[BaseRoute] = [
        route
        for endpoints in (WebinarEndpoints(state), RegistrantEndpoints(state), SessionEndpoints(state))
        for route in endpoints.routes()
    ]
    identity: list[BaseRoute] = [*IdentityEndpoints(state).routes()]
    routes: list[BaseRoute] = [
        Route("/_sandbox/{action}", ControlEndpoint(state).act, methods=["POST"]),
        *OAuthEndpoints(state).routes(),
        Mount(PRODUCT, app=BearerAuthMiddleware(Router(product, redirect_slashes=False), state)),
        Mount("/", app=BearerAuthMiddleware(Router(identity, redirect_slashes=False), state)),
    ]
    app = Starlette(routes=routes, exception_handlers=_HANDLERS)
    app.router.redirect_slashes = False
    return RequestMiddleware(app, state)


async def _error_response(_request: Request, error: Exception) -> Response:
    return cast("ProductError", error).response()


async def _unknown_path(request: Request, _error: Exception) -> Response:
    """Respond as GoTo's edge does to an unknown path or method (API reference, section 7)."""
    return json_response({"errorCode": "NOT_FOUND", "message": f"No such resource: {request.url.path}"}, 404)


_HANDLERS = {
    ProductError: _error_response,
    HTTPStatus.NOT_FOUND: _unknown_path,
    HTTPStatus.METHOD_NOT_ALLOWED: _unknown_path,
}
