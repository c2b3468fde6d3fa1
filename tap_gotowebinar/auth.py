"""Access tokens: where they come from, when they are renewed, who may use them.

GoTo gives an access token (an hour) for a refresh token (30 days) or a personal access token, with Basic client
authentication, at `https://authentication.logmeininc.com/oauth/token`. A refresh usually returns no new refresh
token; when it does, the old one is about to die. Source: developer.goto.com, guides 03, 03.1 and 05.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import backoff

from tap_gotowebinar.errors import AuthenticationError, GaveUpError, TransientError
from tap_gotowebinar.redaction import error_text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tap_gotowebinar.transport import Answer, Transport

logger = logging.getLogger("tap-gotowebinar.auth")

DEFAULT_LIFETIME: Final = 3600.0
"""Seconds an access token lives when the answer does not say."""

MAX_MARGIN: Final = 60.0
"""Seconds before its end at which a token is renewed, at the most; short-lived ones keep nine tenths."""

TRIES: Final = 6
"""How often the token endpoint is asked when it fails in a transient way."""

WAITS: Final = functools.partial(backoff.expo, factor=0.5, max_value=30)
"""Longest waits between these tries, in seconds; each is drawn at random below."""

MAX_UNPROVEN: Final = 5
"""Tokens that GoTo may refuse one after the other without ever having accepted them.

One may expire before the first call with it arrives, or be refused by a part of GoTo that does not know it yet.
"""

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


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


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as it came, and until when to use it (monotonic seconds)."""

    value: str = field(repr=False)
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
        waits: Callable[[], Generator[Any, None, None]] = WAITS,
    ) -> None:
        """Remember how to get a token; nothing is asked for before the first call."""
        self._credentials = credentials
        self._transport = transport
        self._token_url = token_url
        self._clock = clock
        self._waits = waits
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._proven: set[str] = set()
        self._unproven_in_a_row = 0
        self._failure: str | None = None
        self._rotated = False

    def token(self) -> str:
        """Return an access token with enough of its life left for a call.

        Raises:
            AuthenticationError: the credentials are not accepted.
            GaveUpError: the token endpoint did not answer.
        """
        with self._lock:
            if self._failure is not None:
                # Nobody asks again with credentials that were refused: every thread would, one after the other.
                raise AuthenticationError(self._failure)
            if self._token is None or self._clock() >= self._token.use_until:
                self._token = self._request_token()
            return self._token.value

    def accepted(self, token: str) -> None:
        """Note that the API took `token`: a later refusal of it then means that it expired."""
        # Without the lock: a renewal holds it for as long as the network takes.
        if token not in self._proven:
            self._proven.add(token)
            self._unproven_in_a_row = 0

    def has_worked(self, token: str) -> bool:
        """Whether the API took `token`, for anybody."""
        return token in self._proven

    @property
    def has_ever_worked(self) -> bool:
        """Whether the API took any token of this run."""
        return bool(self._proven)

    def refused(self, token: str) -> None:
        """Note that the API refused `token`, so that the next call gets a new one.

        Under concurrency a call may be refused under several tokens in a row, each expired while it waited;
        only when no token ever worked for anybody are the credentials wrong.

        Raises:
            AuthenticationError: no token has worked yet, and this was not the first to be refused.
        """
        with self._lock:
            if self._token is None or self._token.value != token:
                return
            self._token = None
            if self._proven:
                return
            self._unproven_in_a_row += 1
            if self._unproven_in_a_row >= MAX_UNPROVEN:
                self._failure = (
                    "GoTo refuses the access tokens it has just given out: check that the OAuth client of client_id "
                    "may use the GoToWebinar API (scope collab:) and that the user has a GoToWebinar licence"
                )
                raise AuthenticationError(self._failure)

    def _request_token(self) -> AccessToken:
        ask = backoff.on_exception(self._waits, TransientError, max_tries=TRIES, logger=None)(self._ask)
        try:
            asked_at, answer = ask()
        except TransientError as error:
            msg = f"gave up asking for an access token: {error}; check auth_url and the network"
            raise GaveUpError(msg) from None
        body = answer.body if isinstance(answer.body, dict) else {}
        token = body.get("access_token")
        if answer.status != 200 or not isinstance(token, str) or not _TOKEN.fullmatch(token):  # noqa: PLR2004
            self._failure = self._refusal(answer)
            raise AuthenticationError(self._failure)
        self._adopt_refresh_token(body.get("refresh_token"))
        lifetime = _seconds(body.get("expires_in"))
        return AccessToken(token, asked_at + lifetime - min(MAX_MARGIN, lifetime / 10))

    def _ask(self) -> tuple[float, Answer]:
        """Return the answer, and when it was asked for: a token lives from some moment after that."""
        asked_at = self._clock()
        answer = self._transport.send(
            "POST",
            self._token_url,
            data=self._credentials.grant,
            auth=(self._credentials.client_id, self._credentials.client_secret),
        )
        if answer.status == 429 or answer.status >= 500:  # noqa: PLR2004
            msg = f"{self._token_url} answered {answer.status}"
            raise TransientError(msg)
        return asked_at, answer

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
        if not self._rotated:
            logger.warning(
                "GoTo replaced the refresh token. This run goes on with the new one, but the configured refresh_token "
                "may not work next time: get a new one before then, or use a personal_access_token, which stays"
            )
        self._rotated = True
        self._credentials = Credentials(self._credentials.client_id, self._credentials.client_secret, token)


def _seconds(value: object) -> float:
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFETIME
    return seconds if 0 < seconds < float("inf") else DEFAULT_LIFETIME
