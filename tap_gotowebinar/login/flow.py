"""A login from its beginning to the stored tokens, and the question whose they are."""

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
        settings: Where, and for which client.
        address: What the person opens in a browser.
        refresh_token: What it brought; empty before that.
    """

    def __init__(self, settings: ConnectionSettings, redirect_uri: str) -> None:
        """Send nothing yet."""
        self.settings = settings
        self._request = AuthorizationRequest(settings.credentials, settings.auth_url, redirect_uri)
        self.address = self._request.address
        self.refresh_token = ""

    def finish(self, redirected: str) -> None:
        """Trade what came back for tokens, and store them.

        Args:
            redirected: The address the browser was sent to, or its query alone.

        Raises:
            GoToWebinarError: GoTo gives none, or they cannot be stored.
        """
        granted = self._traded(self._request.answered(redirected))
        if granted.refresh_token is None:
            msg = "GoTo gave an access token and no refresh token: use a personal access token instead"
            raise AuthenticationError(msg)
        self.refresh_token = granted.refresh_token
        store, replaced = self.settings.token_store, self.settings.credentials.refresh_token
        try:
            store.log_in(self.refresh_token, granted.access_token, granted.lifetime, configured=replaced)
        except OSError as error:
            msg = (
                f"the tokens cannot be stored in {store} ({error.strerror}): let token_path name a file in a folder "
                "that you may write to, and log in again"
            )
            raise GoToWebinarError(msg) from None

    def _traded(self, credentials: CodeCredentials) -> TokenResponse:
        settings = self.settings
        transport = Transport(request_timeout=settings.request_timeout, user_agent=settings.user_agent)
        with contextlib.closing(transport):
            endpoint = TokenEndpoint(credentials, transport, f"{settings.auth_url}/oauth/token")
            return endpoint.ask(credentials.secret, time.monotonic, threading.Event())


def owner(settings: ConnectionSettings) -> Owner | None:
    """Return whose the tokens are that the tap would use; None when GoTo does not tell.

    Raises:
        GoToWebinarError: they do not work.
    """
    with contextlib.closing(settings.connect()) as connection:
        return owner_of_token(lambda path, read: connection.get(path, read, StreamStats(), refusals=NO_IDENTITY))
