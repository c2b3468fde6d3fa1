"""Access tokens: where they come from, when they are renewed, who may use them.

GoTo gives an access token (an hour) for a refresh token (30 days) or a personal access token, with Basic client
authentication, at `https://authentication.logmeininc.com/oauth/token`. A refresh usually returns no new refresh
token; when it does, the old one is about to die. Source: developer.goto.com, guides 03, 03.1 and 05.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import backoff

from tap_gotowebinar.errors import AuthenticationError, GaveUpError, TransientError
from tap_gotowebinar.redaction import error_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_gotowebinar.transport import Answer, Transport

logger = logging.getLogger("tap-gotowebinar.auth")

DEFAULT_LIFETIME: Final = 3600.0
"""Seconds an access token lives when the answer does not say."""

MAX_MARGIN: Final = 60.0
"""Seconds before its end at which a token is renewed, at the most; short-lived ones keep nine tenths."""

TRIES: Final = 6
"""How often the token endpoint is asked when it fails in a transient way."""


@dataclass(frozen=True)
class Credentials:
    """What the user configured: the client, and one of two proofs of who the user is."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    personal_access_token: str | None = field(default=None, repr=False)

    @property
    def grant(self) -> dict[str, str]:
        """The form body of a token request; a personal access token goes first, because it cannot be rotated away."""
        if self.personal_access_token:
            return {"grant_type": "personal_access_token", "pat": self.personal_access_token}
        return {"grant_type": "refresh_token", "refresh_token": self.refresh_token or ""}

    @property
    def proof(self) -> str:
        """Name of the setting that proves who the user is."""
        return "personal_access_token" if self.personal_access_token else "refresh_token"


class AccessToken(NamedTuple):
    """A token as it came, and until when to use it (monotonic seconds)."""

    value: str
    use_until: float


class Authenticator:
    """Hands out one access token to everybody who calls, and renews it once for all of them. Thread-safe."""

    def __init__(
        self,
        credentials: Credentials,
        transport: Transport,
        token_url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember how to get a token; nothing is asked for before the first call."""
        self._credentials = credentials
        self._transport = transport
        self._token_url = token_url
        self._clock = clock
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._proven: set[str] = set()

    def token(self) -> str:
        """Return an access token with enough of its life left for a call.

        Raises:
            AuthenticationError: the credentials are not accepted.
            GaveUpError: the token endpoint did not answer.
        """
        with self._lock:
            if self._token is None or self._clock() >= self._token.use_until:
                self._token = self._request_token()
            return self._token.value

    def accepted(self, token: str) -> None:
        """Note that the API took `token`: a later refusal of it then means that it expired."""
        if token not in self._proven:
            with self._lock:
                self._proven.add(token)

    def refused(self, token: str) -> None:
        """Note that the API refused `token`, so that the next call gets a new one.

        Under concurrency a call may be refused under several tokens in a row, each expired while it waited;
        only a token that never worked for anybody says that the credentials are wrong.

        Raises:
            AuthenticationError: `token` never worked.
        """
        with self._lock:
            if token not in self._proven:
                msg = (
                    "GoTo refuses the access token it has just given out: check that the OAuth client of client_id "
                    "may use the GoToWebinar API (scope collab:) and that the user has a GoToWebinar licence"
                )
                raise AuthenticationError(msg)
            if self._token is not None and self._token.value == token:
                self._token = None

    def _request_token(self) -> AccessToken:
        try:
            answer = self._ask()
        except TransientError as error:
            msg = f"gave up asking for an access token: {error}; check auth_url and the network"
            raise GaveUpError(msg) from None
        body = answer.body if isinstance(answer.body, dict) else {}
        token = body.get("access_token")
        if answer.status != 200 or not isinstance(token, str) or not token:  # noqa: PLR2004
            raise AuthenticationError(self._refusal(answer))
        self._adopt_refresh_token(body.get("refresh_token"))
        lifetime = _seconds(body.get("expires_in"))
        return AccessToken(token, self._clock() + lifetime - min(MAX_MARGIN, lifetime / 10))

    @backoff.on_exception(backoff.expo, TransientError, max_tries=TRIES, factor=0.5, max_value=30, logger=None)
    def _ask(self) -> Answer:
        answer = self._transport.send(
            "POST",
            self._token_url,
            data=self._credentials.grant,
            auth=(self._credentials.client_id, self._credentials.client_secret),
        )
        if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004
            msg = f"{self._token_url} answered {answer.status}"
            raise TransientError(msg)
        return answer

    def _refusal(self, answer: Answer) -> str:
        said = error_text(answer.body)
        where = f"no access token from {self._token_url} (status {answer.status}{f', {said}' if said else ''})"
        if "invalid_client" in said:
            return (
                f"{where}: client_id and client_secret are not those of an OAuth client that GoTo knows; correct them"
            )
        if "invalid_grant" in said:
            return f"{where}: {self._credentials.proof} is wrong, expired or used up; get a new one and set it"
        return f"{where}: check auth_url, client_id, client_secret and {self._credentials.proof}"

    def _adopt_refresh_token(self, token: object) -> None:
        if not isinstance(token, str) or not token or token == self._credentials.refresh_token:
            return
        if self._credentials.personal_access_token:
            return
        logger.warning(
            "GoTo replaced the refresh token. This run goes on with the new one, but the configured refresh_token "
            "may not work next time: get a new one before then, or use a personal_access_token, which does not change"
        )
        self._credentials = Credentials(self._credentials.client_id, self._credentials.client_secret, token)


def _seconds(value: object) -> float:
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return DEFAULT_LIFETIME
    return seconds if 0 < seconds < float("inf") else DEFAULT_LIFETIME
