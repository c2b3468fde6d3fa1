"""Puts the endpoints together into one application."""

from http import HTTPStatus
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Router

from gotowebinar_sandbox.access import TokenGuard
from gotowebinar_sandbox.authorize_endpoint import AuthorizeEndpoint
from gotowebinar_sandbox.changes import UnknownError
from gotowebinar_sandbox.control_endpoints import ControlEndpoints
from gotowebinar_sandbox.crew_endpoints import CrewEndpoints
from gotowebinar_sandbox.door import Door
from gotowebinar_sandbox.engagement_endpoints import EngagementEndpoints
from gotowebinar_sandbox.errors import ProductError, json_response
from gotowebinar_sandbox.identity_endpoints import IdentityEndpoints
from gotowebinar_sandbox.live import Live
from gotowebinar_sandbox.oauth_endpoint import OAuthEndpoint
from gotowebinar_sandbox.recording_endpoints import RecordingEndpoints
from gotowebinar_sandbox.registrant_endpoints import RegistrantEndpoints
from gotowebinar_sandbox.session_endpoints import SessionEndpoints
from gotowebinar_sandbox.webinar_endpoints import WebinarEndpoints

PRODUCT = "/G2W/rest/v2"


def make_app(live: Live) -> Door:
    """Return the application that serves a sandbox.

    A new kind of endpoint is a class with ``routes()`` and one line here.
    """
    product: list[BaseRoute] = [
        *WebinarEndpoints(live).routes(),
        *RegistrantEndpoints(live).routes(),
        *SessionEndpoints(live).routes(),
        *EngagementEndpoints(live).routes(),
        *CrewEndpoints(live).routes(),
        *RecordingEndpoints(live).routes(),
    ]
    identity: list[BaseRoute] = [*IdentityEndpoints(live).routes()]
    routes: list[BaseRoute] = [
        Mount("/_sandbox", app=_control(live)),
        *AuthorizeEndpoint(live).routes(),
        *OAuthEndpoint(live).routes(),
        Mount(PRODUCT, app=TokenGuard(Router(product, redirect_slashes=False), live)),
        Mount("/", app=TokenGuard(Router(identity, redirect_slashes=False), live)),
    ]
    app = Starlette(routes=routes, exception_handlers=_HANDLERS)
    app.router.redirect_slashes = False
    return Door(app, live)


def _control(live: Live) -> Starlette:
    wrong = dict.fromkeys((UnknownError, ValueError, KeyError), _wrong_control)
    app = Starlette(routes=ControlEndpoints(live).routes(), exception_handlers=wrong)
    app.router.redirect_slashes = False
    return app


async def _refused(_request: Request, error: Exception) -> Response:
    return cast("ProductError", error).response()


async def _unknown_path(request: Request, _error: Exception) -> Response:
    """Answer as GoTo's edge does for a path or method it does not know (API reference, section 7)."""
    return json_response({"errorCode": "NOT_FOUND", "message": f"No such resource: {request.url.path}"}, 404)


async def _wrong_control(_request: Request, error: Exception) -> Response:
    return json_response({"error": str(error)}, 404 if isinstance(error, UnknownError) else 400)


_HANDLERS = {
    ProductError: _refused,
    HTTPStatus.NOT_FOUND: _unknown_path,
    HTTPStatus.METHOD_NOT_ALLOWED: _unknown_path,
}
