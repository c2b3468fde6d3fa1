"""A login from the authorization request to the stored tokens, and the owner of the tokens."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from tap_gotowebinar.api.auth.token_endpoint import TokenEndpoint
from tap_gotowebinar.api.errors import AuthenticationError, GoToWebinarError
from tap_gotowebinar.api.identity import NO_IDENTITY, Owner, owner_of_token
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.api.transport import Transport
from tap_gotowebinar.login.authorization import AuthorizationRequest

if TYPE_CHECKING:
    from tap_gotowebinar.api.auth.token_endpoint import TokenResponse
    from tap_gotowebinar.login.authorization import CodeCredentials
    from tap_gotowebinar.settings.connection import ConnectionSettings


class Login:
    """One login of one person.

    Attributes:
        settings: The connection, with its OAuth client.
        address: The address that the person opens in a browser.
        refresh_token: The new refresh token; empty until the login is finished.
    """

    def __init__(self, settings: ConnectionSettings, redirect_uri: str) -> None:
        """Send nothing yet."""
        self.settings = settings
        self._request = AuthorizationRequest(settings.credentials, settings.auth_url, redirect_uri)
        self.address = self._request.address
        self.refresh_token = ""

    def finish(self, redirected: str) -> None:
        """Exchange the authorization code for tokens, and store them.

        Args:
            redirected: The address that GoTo redirected the browser to, or its query alone.

        Raises:
            GoToWebinarError: GoTo issues no tokens, or they cannot be stored.
        """
        response = self._exchange(self._request.credentials_from(redirected))
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

    def _exchange(self, credentials: CodeCredentials) -> TokenResponse:
        settings = self.settings
        transport = Transport(request_timeout=settings.request_timeout, user_agent=settings.user_agent)
        with contextlib.closing(transport):
            endpoint = TokenEndpoint(credentials, transport, f"{settings.auth_url}/oauth/token")
            return endpoint.request(credentials.credential, time.monotonic, threading.Event())


def owner(settings: ConnectionSettings) -> Owner | None:
    """Return the person the tap's tokens belong to; None if GoTo does not tell.

    Raises:
        GoToWebinarError: the tokens do not work.
    """
    with contextlib.closing(settings.api_client()) as client:
        return owner_of_token(lambda path, read: client.get(path, read, StreamStats(), forbidden_statuses=NO_IDENTITY))
