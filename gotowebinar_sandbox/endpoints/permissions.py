"""Access control: access tokens, and the keys in paths."""

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
    """Return an endpoint that finds the object its path names, and returns it as JSON."""

    async def endpoint(request: Request) -> Response:
        return json_response(show(find(request)))

    return Route(path, endpoint)


class BearerAuthMiddleware:
    """Responds with 403 InvalidToken, not 401, unless a call has a valid access token."""

    def __init__(self, inside: ASGIApp, state: SandboxState) -> None:
        """Wrap an application."""
        self._inside = inside
        self._tokens = state.tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a call."""
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        good = given.lower().startswith(BEARER) and self._tokens.good(given[len(BEARER) :].decode("latin-1"))
        respond = self._inside if good else json_response(INVALID_TOKEN, 403)
        await respond(scope, receive, send)


class Permissions:
    """Finds the objects that the keys in a path name, if the caller may see them.

    Every method raises ``ProductError``: 400 for a malformed key, 403 for a forbidden one, 404 for an unknown one.
    """

    def __init__(self, state: SandboxState) -> None:
        """Check keys against a world."""
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
        """Return the webinar, which must belong to the organizer in the path, if there is one."""
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
        """Return the activity of the session, which must belong to the webinar and be over."""
        webinar, key = self.webinar(request), self._key(request, "sessionKey")
        activity = self._state.calendar.find(webinar, key)
        if activity is None:
            raise not_found(key, "session")
        return activity

    def attendee(self, request: Request) -> tuple[SessionActivity, int]:
        """Return the activity of the session, and the registrantKey of one of its attendees."""
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
