"""Who may see what: access tokens, keys in paths, permissions."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gotowebinar_sandbox.data.models import Webinar
from gotowebinar_sandbox.data.session_activity import SessionActivity
from gotowebinar_sandbox.endpoints.errors import (
    INVALID_TOKEN,
    bad_request,
    json_response,
    no_such_registrant,
    no_such_session,
    no_such_webinar,
    not_permitted,
)
from gotowebinar_sandbox.state import SandboxState

Handler = Callable[[Request], Awaitable[Response]]
INT64_MAX = 2**63 - 1
BEARER = b"bearer "


class BearerAuthMiddleware:
    """Lets a call through to an application if it carries a good access token; else 403 InvalidToken, not 401."""

    def __init__(self, inside: ASGIApp, state: SandboxState) -> None:
        """Guard an application."""
        self._inside = inside
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        good = given.lower().startswith(BEARER) and self._state.tokens.good(given[len(BEARER) :].decode("latin-1"))
        answer = self._inside if good else json_response(INVALID_TOKEN, 403)
        await answer(scope, receive, send)


class Permissions:
    """Resolves the keys in a path to what they stand for, if the caller may see it."""

    def __init__(self, state: SandboxState) -> None:
        """Watch over a world."""
        self._state = state

    def account(self, request: Request) -> None:
        """Check the accountKey.

        Raises:
            ProductError: 400 or 403.
        """
        key = path_key(request, "accountKey")
        if key != self._state.world.account_key:
            raise not_permitted()
        self._permit(key)

    def organizer(self, request: Request) -> int:
        """Return the organizerKey, one of the account's.

        Raises:
            ProductError: 400 or 403.
        """
        key = path_key(request, "organizerKey")
        if key not in self._state.world.organizers:
            raise not_permitted()
        self._permit(key)
        return key

    def webinar(self, request: Request) -> Webinar:
        """Return the webinar, which must be the organizer's.

        Raises:
            ProductError: 400, 403 or 404.
        """
        organizer_key = self.organizer(request)
        key = path_key(request, "webinarKey")
        self._permit(key)
        webinar = self._state.world.webinars.get(key)
        if webinar is None or webinar.organizer_key != organizer_key:
            raise no_such_webinar(key)
        return webinar

    def webinar_alone(self, request: Request) -> Webinar:
        """Return the webinar of a path that names no organizer, whose organizer must be permitted.

        Raises:
            ProductError: 400, 403 or 404.
        """
        key = path_key(request, "webinarKey")
        self._permit(key)
        webinar = self._state.world.webinars.get(key)
        if webinar is None:
            raise no_such_webinar(key)
        self._permit(webinar.organizer_key)
        return webinar

    def activity(self, request: Request) -> SessionActivity:
        """Return what happened in the session, which must be the webinar's and over.

        Raises:
            ProductError: 400, 403 or 404.
        """
        webinar = self.webinar(request)
        key = path_key(request, "sessionKey")
        session = self._state.diary.find(webinar, key)
        if session is None:
            raise no_such_session(key)
        return self._state.diary.activity(webinar, session)

    def attendee(self, request: Request) -> tuple[SessionActivity, int]:
        """Return what happened in the session, and the registrantKey of someone who is listed there.

        Raises:
            ProductError: 400, 403 or 404.
        """
        activity = self.activity(request)
        key = path_key(request, "registrantKey")
        if not activity.lists(key):
            raise no_such_registrant(key)
        return activity, key

    def _permit(self, key: int) -> None:
        if str(key) in self._state.options.forbidden:
            raise not_permitted()


def path_key(request: Request, name: str) -> int:
    """Read a key out of the path.

    Raises:
        ProductError: 400, not an int64.
    """
    text: str = request.path_params[name]
    if not text.isascii() or not text.isdigit() or int(text) > INT64_MAX:
        message = f"{name} is not a valid key."
        raise bad_request(message, name)
    return int(text)
