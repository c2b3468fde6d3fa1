"""The authorize endpoint: a page where the user allows or denies, and the way back (API reference, section 2.1)."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gotowebinar_sandbox.authorization_codes import Grant
from gotowebinar_sandbox.endpoints.authorize_page import dead_end, question
from gotowebinar_sandbox.oauth_errors import OAuthError
from gotowebinar_sandbox.state import SandboxState

SCOPES = ("collab:", "identity:scim.me")
"""Scopes that the client is registered with; all of them unless it asks for fewer, as at GoTo."""

SEE_OTHER = 303
_S256 = re.compile(r"[A-Za-z0-9_-]{43}")


class DeadEndError(Exception):
    """The request names no client or no redirect URI to answer to, so that the user is told, not the client."""


class AuthorizeEndpoint:
    """Asks the user, and sends the browser back with a code or an error."""

    def __init__(self, state: SandboxState) -> None:
        """Ask the owner of a sandbox."""
        self._state = state

    def routes(self) -> list[Route]:
        """Return the endpoint."""
        return [
            Route("/oauth/authorize", self.ask, methods=["GET"]),
            Route("/oauth/authorize", self.decide, methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """Show the page."""
        return self._answer(request, decision=None)

    async def decide(self, request: Request) -> Response:
        """Take what was clicked."""
        form = dict(parse_qsl((await request.body()).decode("latin-1")))
        return self._answer(request, form.get("decision", "deny"))

    def _answer(self, request: Request, decision: str | None) -> Response:
        asked = request.query_params
        try:
            back = self._way_back(asked)
        except DeadEndError as error:
            return dead_end(str(error))
        try:
            permission = _permission(asked)
            if decision is None:
                return question(self._state.world.owner, asked["client_id"], permission.scope)
            result = {"code": self._code(permission, decision)}
        except OAuthError as error:
            result = error.plain()
        if "state" in asked:
            result["state"] = asked["state"]
        return RedirectResponse(_with_query(back, result), SEE_OTHER)

    def _code(self, permission: Grant, decision: str) -> str:
        if decision != "allow":
            raise OAuthError(code="access_denied", description="The user denied the request.")
        return self._state.codes.issue(permission, self._state.options.code_lifetime)

    def _way_back(self, asked: Mapping[str, str]) -> str:
        """Return the redirect URI, which must be one of those registered, to the letter."""
        if asked.get("client_id") != self._state.credentials.client_id:
            message = "No client is registered under this client_id."
            raise DeadEndError(message)
        registered = self._state.options.redirect_uris
        given = asked.get("redirect_uri", next(iter(registered), ""))
        if given not in registered:
            message = "The redirect_uri is not one that is registered for this client."
            raise DeadEndError(message)
        return given


def _permission(asked: Mapping[str, str]) -> Grant:
    if asked.get("response_type") != "code":
        raise OAuthError(code="unsupported_response_type", description="The response_type must be code.")
    scopes = asked.get("scope", "").split() or SCOPES
    if not set(scopes) <= set(SCOPES):
        raise OAuthError(code="invalid_scope", description="The client is not registered with this scope.")
    challenge = asked.get("code_challenge")
    if challenge is not None and asked.get("code_challenge_method") != "S256":
        # A challenge without a method would be a plain one.
        raise OAuthError(code="invalid_request", description="The code_challenge_method must be S256.")
    if challenge is not None and not _S256.fullmatch(challenge):
        raise OAuthError(code="invalid_request", description="The code_challenge is not one of S256.")
    return Grant(" ".join(scopes), asked.get("redirect_uri"), challenge)


def _with_query(uri: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(more))))))
