"""A login from the authorization request to the stored tokens, and the owner of the tokens.

Authorization code with PKCE (RFC 7636, S256; API reference, sections 2.1 and 2.2).
"""

import base64
import contextlib
import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from typing_extensions import override

from tap_gotowebinar.api.auth.token_endpoint import Credentials, TokenEndpoint, TokenResponse
from tap_gotowebinar.api.errors import AuthenticationError, GoToWebinarError
from tap_gotowebinar.api.identity import NO_IDENTITY, Owner, owner_of_token
from tap_gotowebinar.api.redaction import error_text, without_secrets
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.api.transport import Transport
from tap_gotowebinar.settings.connection import ConnectionSettings


@dataclass(frozen=True)
class CodeCredentials(Credentials):
    """An OAuth client that exchanges an authorization code, which is good for one token request."""

    redirect_uri: str = ""
    code_verifier: str = field(default="", repr=False)

    @property
    @override
    def grant_type(self) -> str:
        return "authorization_code"

    @override
    def form(self, credential: str) -> dict[str, str]:
        sent = {"code": credential, "redirect_uri": self.redirect_uri, "code_verifier": self.code_verifier}
        return {"grant_type": self.grant_type, **sent}


class Login:
    """One login of one person, with a state and a code verifier of its own.

    Attributes:
        refresh_token: The new refresh token; empty until the login is finished.
    """

    def __init__(self, settings: ConnectionSettings, redirect_uri: str) -> None:
        """Send nothing yet; the redirect URI is one of the client, exactly as it is registered."""
        self.settings = settings
        self.refresh_token = ""
        self._redirect_uri = redirect_uri
        self._state = secrets.token_urlsafe(32)
        self._verifier = secrets.token_urlsafe(48)

    @property
    def address(self) -> str:
        """The address to open in a browser. It names no scope: GoTo then grants all scopes of the client."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self._verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self.settings.credentials.client_id,
            "redirect_uri": self._redirect_uri,
            "state": self._state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.settings.auth_url}/oauth/authorize?{urlencode(query)}"

    def finish(self, redirected: str) -> None:
        """Exchange the code in the address that GoTo redirected to, or in its query alone, for tokens, and store them.

        Raises:
            AuthenticationError: GoTo denies access, or the address does not belong to this login.
            GoToWebinarError: GoTo issues no tokens, or they cannot be stored.
        """
        response = self._exchange(self._code_in(redirected))
        if response.refresh_token is None:
            msg = "GoTo gave an access token and no refresh token: use a personal access token instead"
            raise AuthenticationError(msg)
        self.refresh_token = response.refresh_token
        store, replaced = self.settings.token_store, self.settings.credentials.refresh_token
        try:
            store.log_in(self.refresh_token, response.access_token, response.lifetime, configured=replaced)
        except OSError as error:
            msg = (
                f"the tokens cannot be stored in {store} ({error.strerror}): let token_path name a file in a folder "
                "that you may write to, and log in again"
            )
            raise GoToWebinarError(msg) from None

    def _code_in(self, redirected: str) -> str:
        address = redirected.partition("#")[0]
        answer = dict(parse_qsl(address.partition("?")[2] or address))
        if answer.get("state", self._state) != self._state:
            msg = "this is the answer to another login (its state differs): start again, and use the new address"
            raise AuthenticationError(msg)
        if "state" in answer and "error" in answer:
            reason = error_text(without_secrets(answer, self.settings.credentials.all_secrets))
            msg = f"GoTo gives no access ({reason}): start again and click Allow, or correct the OAuth client at GoTo"
            raise AuthenticationError(msg)
        if not {"state", "code"} <= answer.keys():
            msg = "this is not what GoTo sends a browser back with: start again, and paste the whole address"
            raise AuthenticationError(msg)
        return answer["code"]

    def _exchange(self, code: str) -> TokenResponse:
        settings = self.settings
        client = CodeCredentials(
            settings.credentials.client_id,
            settings.credentials.client_secret,
            redirect_uri=self._redirect_uri,
            code_verifier=self._verifier,
        )
        transport = Transport(request_timeout=settings.request_timeout, user_agent=settings.user_agent)
        with contextlib.closing(transport):
            endpoint = TokenEndpoint(client, transport, f"{settings.auth_url}/oauth/token")
            return endpoint.request(code, threading.Event())


def owner(settings: ConnectionSettings) -> Owner | None:
    """Return the person the tap's tokens belong to; None if GoTo does not tell.

    Raises:
        GoToWebinarError: the tokens do not work.
    """
    with contextlib.closing(settings.api_client()) as client:
        return owner_of_token(lambda path, read: client.get(path, read, StreamStats(), forbidden_statuses=NO_IDENTITY))
