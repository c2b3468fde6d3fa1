"""One try at being let in: the address to open, and what comes back, as credentials that can be traded for tokens.

Authorization code with PKCE (RFC 7636, S256; API reference, sections 2.1 and 2.2).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from oauthlib.oauth2 import MismatchingStateError, MissingCodeError, OAuth2Error, WebApplicationClient
from typing_extensions import override

from tap_gotowebinar.api.auth.token_endpoint import Credentials
from tap_gotowebinar.api.errors import AuthenticationError
from tap_gotowebinar.api.redaction import error_text, without_secrets

VERIFIER_LENGTH: Final = 64
"""Characters of the PKCE verifier; 43 to 128 are allowed."""

ANYWHERE: Final = "https://localhost/"
"""Stands before the queries that oauthlib writes and reads.

It takes no http address, though RFC 8252 (7.3) allows them on loopback; where the queries belong is our own matter.
"""


@dataclass(frozen=True)
class CodeCredentials(Credentials):
    """A client that a person has just allowed in: the proof of that is a code, good for one token request."""

    form: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    @override
    def proof(self) -> str:
        return "the code"

    @property
    @override
    def secret(self) -> str:
        return self.form["code"]

    @override
    def grant(self, secret: str) -> dict[str, str]:
        return self.form


class AuthorizationRequest:
    """Asks for access once; what comes back is good for this request only."""

    def __init__(self, credentials: Credentials, auth_url: str, redirect_uri: str) -> None:
        """Draw a state and a verifier; nothing is sent.

        Args:
            credentials: The client.
            auth_url: Origin of the authorize endpoint.
            redirect_uri: Where GoTo sends the browser afterwards; registered with the client to the letter.
        """
        self._credentials = credentials
        self._auth_url = auth_url
        self._redirect_uri = redirect_uri
        self._state = secrets.token_urlsafe(32)
        self._client = WebApplicationClient(credentials.client_id)
        self._verifier = self._client.create_code_verifier(VERIFIER_LENGTH)

    @property
    def address(self) -> str:
        """What a person opens in a browser. It names no scope: GoTo then takes all the client is registered with."""
        written = self._client.prepare_request_uri(
            ANYWHERE,
            redirect_uri=self._redirect_uri,
            state=self._state,
            code_challenge=self._client.create_code_challenge(self._verifier, "S256"),
            code_challenge_method="S256",
        )
        return f"{self._auth_url}/oauth/authorize?{urlsplit(written).query}"

    def answered(self, redirected: str) -> CodeCredentials:
        """Return what can be traded for tokens.

        Args:
            redirected: The address the browser was sent to, or its query alone.

        Raises:
            AuthenticationError: GoTo gives no access, or this is no answer to this request.
        """
        form = self._client.prepare_request_body(
            code=self._code(redirected.partition("?")[2] or redirected),
            redirect_uri=self._redirect_uri,
            code_verifier=self._verifier,
            include_client_id=False,
        )
        known = self._credentials
        return CodeCredentials(known.client_id, known.client_secret, form=dict(parse_qsl(form)))

    def _code(self, query: str) -> str:
        try:
            answer = self._client.parse_request_uri_response(f"{ANYWHERE}?{query}", state=self._state)
        except (MismatchingStateError, MissingCodeError) as error:
            msg = "this is not what GoTo sends a browser back with: start again, and paste the whole address"
            if isinstance(error, MismatchingStateError) and "state=" in query:
                msg = "this is the answer to another login (its state differs): start again, and use the new address"
        except OAuth2Error as error:
            told = {"error": error.error, "description": error.description}
            said = error_text(without_secrets(told, self._credentials.all_secrets))
            msg = f"GoTo gives no access ({said}): start again and click Allow, or correct the OAuth client at GoTo"
        else:
            return str(answer["code"])
        raise AuthenticationError(msg)
