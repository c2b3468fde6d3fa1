"""OAuth: the token endpoint and the authorize page (API reference, section 2)."""

import base64
import re
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.state import SandboxState
from gotowebinar_sandbox.tokens import Grant, OAuthError

SCOPES = ("collab:", "identity:scim.me")
"""Scopes of the client; a request without scopes gets all of them, as at GoTo."""

SEE_OTHER = 303
DEAD_END = "This link does not work"
_S256 = re.compile(r"[A-Za-z0-9_-]{43}")
# The pages need no other files.
_FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  :root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }}
  main {{ max-width: 34rem; margin: 10vh auto; padding: 0 1rem }}
  button {{ font: inherit; padding: .5rem 1.5rem; margin-right: .5rem }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
_QUESTION = """<p>You are signed in to the GoToWebinar sandbox as <strong>{name}</strong> ({email}).</p>
<p>The client <code>{client}</code> asks for access to your account. Scopes: <code>{scope}</code></p>
<form method="post">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>"""


class OAuthEndpoints:
    """Issues tokens; asks the user, and redirects the browser with a code or an error."""

    def __init__(self, state: SandboxState) -> None:
        """Serve a sandbox."""
        self._state = state

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route("/oauth/token", self.token, methods=["POST"]),
            Route("/oauth/authorize", self.ask, methods=["GET"]),
            Route("/oauth/authorize", self.decide, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """Respond to a token request."""
        known = self._state.credentials
        expected = base64.b64encode(f"{known.client_id}:{known.client_secret}".encode()).decode()
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if (scheme.lower(), given) != ("basic", expected):
            wrong = OAuthError(code="invalid_client", description="The client id or secret is wrong.")
            return json_response(wrong.plain(), 401)
        try:
            return json_response(self._state.tokens.grant(await _form(request)))
        except OAuthError as error:
            return json_response(error.plain(), 400)

    async def ask(self, request: Request) -> Response:
        """Show the page."""
        return self._respond(request, decision=None)

    async def decide(self, request: Request) -> Response:
        """Process the decision of the user."""
        return self._respond(request, (await _form(request)).get("decision", "deny"))

    def _respond(self, request: Request, decision: str | None) -> Response:
        asked = request.query_params
        registered = self._state.options.redirect_uris
        back = asked.get("redirect_uri", next(iter(registered), ""))
        # Without a known client and redirect URI only the user can be told.
        if asked.get("client_id") != self._state.credentials.client_id:
            return _page(400, DEAD_END, "<p>No client is registered under this client_id.</p>")
        if back not in registered:
            return _page(400, DEAD_END, "<p>The redirect_uri is not one that is registered for this client.</p>")
        try:
            grant = _grant(asked)
            if decision is None:
                owner = self._state.world.owner
                words = {"name": owner.name, "email": owner.email, "client": asked["client_id"], "scope": grant.scope}
                return _page(200, "Allow access?", _QUESTION, **words)
            result = {"code": self._code(grant, decision)}
        except OAuthError as error:
            result = error.plain()
        if "state" in asked:
            result["state"] = asked["state"]
        parts = urlsplit(back)
        query = "&".join(filter(None, (parts.query, urlencode(result))))
        return RedirectResponse(urlunsplit(parts._replace(query=query)), SEE_OTHER)

    def _code(self, grant: Grant, decision: str) -> str:
        if decision != "allow":
            raise OAuthError(code="access_denied", description="The user denied the request.")
        return self._state.codes.issue(grant)


def _grant(asked: Mapping[str, str]) -> Grant:
    if asked.get("response_type") != "code":
        raise OAuthError(code="unsupported_response_type", description="The response_type must be code.")
    scopes = asked.get("scope", "").split() or SCOPES
    if not set(scopes) <= set(SCOPES):
        raise OAuthError(code="invalid_scope", description="The client is not registered with this scope.")
    challenge = asked.get("code_challenge")
    if challenge is not None and asked.get("code_challenge_method") != "S256":
        # Without a method the challenge would be plain (RFC 7636, section 4.3).
        raise OAuthError(code="invalid_request", description="The code_challenge_method must be S256.")
    if challenge is not None and not _S256.fullmatch(challenge):
        raise OAuthError(code="invalid_request", description="The code_challenge is not one of S256.")
    return Grant(" ".join(scopes), asked.get("redirect_uri"), challenge)


def _page(status: int, title: str, content: str, **words: str) -> HTMLResponse:
    content = content.format(**{name: escape(word) for name, word in words.items()})
    return HTMLResponse(_FRAME.format(title=title, content=content), status)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("latin-1")))
