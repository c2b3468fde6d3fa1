"""One authorization request: the address to open, and the credentials in the address that GoTo redirects to.

Authorization code with PKCE (RFC 7636, S256; API reference, sections 2.1 and 2.2).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from typing_extensions import override

from tap_gotowebinar.api.auth.token_endpoint import Credentials
from tap_gotowebinar.api.errors import AuthenticationError
from tap_gotowebinar.api.redaction import error_text, without_secrets


@dataclass(frozen=True)
class CodeCredentials(Credentials):
    """An OAuth client and an authorization code, which is good for one token request."""

    code: str = field(default="", repr=False)
    redirect_uri: str = ""
    code_verifier: str = field(default="", repr=False)

    @property
    @override
    def grant_type(self) -> str:
        return "authorization_code"

    @property
    @override
    def credential(self) -> str:
        return self.code

    @override
    def form(self, credential: str) -> dict[str, str]:
        sent = {"code": credential, "redirect_uri": self.redirect_uri, "code_verifier": self.code_verifier}
        return {"grant_type": self.grant_type, **sent}


class AuthorizationRequest:
    """A request for access, with a state and a code verifier of its own."""

    def __init__(self, credentials: Credentials, auth_url: str, redirect_uri: str) -> None:
        """Send nothing.

        Args:
            credentials: The client.
            auth_url: Origin of the authorize endpoint.
            redirect_uri: A redirect URI of the client, exactly as it is registered.
        """
        self._credentials = credentials
        self._auth_url = auth_url
        self._redirect_uri = redirect_uri
        self._state = secrets.token_urlsafe(32)
        self._verifier = secrets.token_urlsafe(48)

    @property
    def address(self) -> str:
        """The address to open in a browser. It names no scope: GoTo then grants all scopes of the client."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self._credentials.client_id,
            "redirect_uri": self._redirect_uri,
            "state": self._state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._auth_url}/oauth/authorize?{urlencode(query)}"

    def credentials_from(self, redirected: str) -> CodeCredentials:
        """Return the credentials for a token request.

        Args:
            redirected: The address that GoTo redirected the browser to, or its query alone.

        Raises:
            AuthenticationError: GoTo denies access, or the address does not belong to this request.
        """
        address = redirected.partition("#")[0]
        answer = dict(parse_qsl(address.partition("?")[2] or address))
        client = self._credentials
        if answer.get("state", self._state) != self._state:
            msg = "this is the answer to another login (its state differs): start again, and use the new address"
            raise AuthenticationError(msg)
        if "state" in answer and "error" in answer:
            reason = error_text(without_secrets(answer, client.all_secrets))
            msg = f"GoTo gives no access ({reason}): start again and click Allow, or correct the OAuth client at GoTo"
            raise AuthenticationError(msg)
        if not {"state", "code"} <= answer.keys():
            msg = "this is not what GoTo sends a browser back with: start again, and paste the whole address"
            raise AuthenticationError(msg)
        return CodeCredentials(
            client.client_id,
            client.client_secret,
            code=answer["code"],
            redirect_uri=self._redirect_uri,
            code_verifier=self._verifier,
        )
