"""The token endpoint (API reference, section 2)."""

import base64
import binascii
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gotowebinar_sandbox.endpoints.errors import json_response
from gotowebinar_sandbox.oauth_errors import OAuthError
from gotowebinar_sandbox.state import SandboxState


class OAuthEndpoint:
    """Trades grants for access tokens."""

    def __init__(self, state: SandboxState) -> None:
        """Issue tokens for a sandbox."""
        self._state = state

    def routes(self) -> list[Route]:
        """Return the endpoint."""
        return [Route("/oauth/token", self.token, methods=["POST"])]

    async def token(self, request: Request) -> Response:
        """Answer a token request."""
        expected = f"{self._state.credentials.client_id}:{self._state.credentials.client_secret}"
        if _basic(request.headers.get("authorization", "")) != expected:
            wrong = OAuthError(code="invalid_client", description="The client id or secret is wrong.")
            return json_response(wrong.plain(), 401)
        form = dict(parse_qsl((await request.body()).decode("latin-1")))
        try:
            return json_response(self._state.tokens.grant(form))
        except OAuthError as error:
            return json_response(error.plain(), 400)


def _basic(header: str) -> str:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
