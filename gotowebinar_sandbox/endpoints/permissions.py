"""Who may see what: access tokens, and the keys in paths."""

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.registrants import Registrant
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.endpoints.errors import INVALID_TOKEN, bad_request, json_response, not_found, not_permitted
from gotowebinar_sandbox.state import SandboxState

ORGANIZER = "/organizers/{organizerKey}"
WEBINAR = f"{ORGANIZER}/webinars/{{webinarKey}}"
SESSION = f"{WEBINAR}/sessions/{{sessionKey}}"
INT64_MAX = 2**63 - 1
BEARER = b"bearer "

T = TypeVar("T")


def reading(path: str, find: Callable[[Request], T], show: Callable[[T], object]) -> Route:
    """Return an endpoint that finds what its path names, and shows it as JSON."""

    async def endpoint(request: Request) -> Response:
        return json_response(show(find(request)))

    return Route(path, endpoint)


class BearerAuthMiddleware:
    """Lets a call through to an application if it carries a good access token; else 403 InvalidToken, not 401."""

    def __init__(self, inside: ASGIApp, state: SandboxState) -> None:
        """Guard an application."""
        self._inside = inside
        self._tokens = state.tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        good = given.lower().startswith(BEARER) and self._tokens.good(given[len(BEARER) :].decode("latin-1"))
        answer = self._inside if good else json_response(INVALID_TOKEN, 403)
        await answer(scope, receive, send)


class Permissions:
    """Finds what the keys in a path stand for, if the caller may see it.

    Every method raises ``ProductError``: 400 for a key that is none, 403 for one that is forbidden, 404 for one that
    is unknown.
    """

    def __init__(self, state: SandboxState) -> None:
        """Watch over a world."""
        self._state = state
        self._world = state.world

    def account(self, request: Request) -> None:
        """Check the accountKey."""
        if self._key(request, "accountKey") != self._world.account_key:
            raise not_permitted()

    def organizer(self, request: Request) -> int:
        """Return the organizerKey, one of the account's."""
        key = self._key(request, "organizerKey")
        if key not in self._world.organizers:
            raise not_permitted()
        return key

    def webinar(self, request: Request) -> Webinar:
        """Return the webinar: of the organizer in the path, if there is one, who must not be forbidden either."""
        organizer_key = self.organizer(request) if "organizerKey" in request.path_params else None
        key = self._key(request, "webinarKey")
        webinar = self._world.webinars.get(key)
        if webinar is None or organizer_key not in (None, webinar.organizer_key):
            raise not_found(key, "webinar")
        self._permit(webinar.organizer_key)
        return webinar

    def registrant(self, request: Request) -> tuple[Webinar, Registrant]:
        """Return the webinar and one of its registrants."""
        webinar, key = self.webinar(request), self._key(request, "registrantKey")
        registrant = self._world.registrants(webinar).registrants.get(key)
        if registrant is None:
            raise not_found(key, "registrant")
        return webinar, registrant

    def session(self, request: Request) -> SessionActivity:
        """Return what happened in the session, which must be the webinar's and over."""
        webinar, key = self.webinar(request), self._key(request, "sessionKey")
        activity = self._state.calendar.find(webinar, key)
        if activity is None:
            raise not_found(key, "session")
        return activity

    def attendee(self, request: Request) -> tuple[SessionActivity, int]:
        """Return what happened in the session, and the registrantKey of somebody who is listed there."""
        activity, key = self.session(request), self._key(request, "registrantKey")
        if key not in activity.attendees:
            raise not_found(key, "registrant")
        return activity, key

    def _key(self, request: Request, name: str) -> int:
        text: str = request.path_params[name]
        if not text.isascii() or not text.isdigit() or int(text) > INT64_MAX:
            message = f"{name} is not a valid key."
            raise bad_request(message, name)
        self._permit(int(text))
        return int(text)

    def _permit(self, key: int) -> None:
        if str(key) in self._state.options.forbidden:
            raise not_permitted()
