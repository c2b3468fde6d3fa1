"""The access token of a run: renewed in time, and shared by its threads and with other processes."""

import collections
import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tap_gotowebinar.api.auth.token_endpoint import LOGIN, Credentials, InvalidGrantError, TokenEndpoint, TokenResponse
from tap_gotowebinar.api.auth.token_store import StoredTokens, TokenStore, margin
from tap_gotowebinar.api.errors import AuthenticationError, RetriesExhaustedError

logger = logging.getLogger("tap-gotowebinar.auth")

MAX_REJECTED_NEW_TOKENS: Final = 5
"""New tokens that GoTo may reject in a row.

One may expire before the first call with it arrives, or be rejected by a part of GoTo that does not know it yet.
"""

RECENT_TOKENS: Final = 8
"""Good tokens that are remembered: calls in flight may still be rejected for one that has expired."""

SHUTDOWN_GRACE: Final = 1.0
"""Seconds that the end of a run waits for a renewal: a new refresh token is lost unless it is stored."""

MISSING: Final = (
    f"refresh_token or personal_access_token is missing: set one of the two, or log in with the command {LOGIN}"
)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token, and until when to use it (monotonic seconds)."""

    value: str = field(repr=False)
    use_until: float


class Authenticator:
    """Provides one access token to all threads, and renews it once for all of them. Thread-safe.

    Attributes:
        problem: Why the next run will fail: a refresh token could not be stored. None: it will not.
    """

    def __init__(
        self,
        credentials: Credentials,
        endpoint: TokenEndpoint,
        store: TokenStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        closing: threading.Event | None = None,
    ) -> None:
        """Request nothing before the first call; a token request waits on `closing` between attempts."""
        self.problem: str | None = None
        self._credentials = credentials
        self._endpoint = endpoint
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._expired: str | None = None
        self._pending_refresh_token: str | None = None
        self._last_refresh_token: str | None = None
        self._known_good: collections.deque[str] = collections.deque(maxlen=RECENT_TOKENS)
        self._rejected_in_a_row = 0
        self._failure: str | None = None
        self._renewal: concurrent.futures.Future[AccessToken] | None = None
        self._closing = closing or threading.Event()

    def token(self) -> str:
        """Return an access token with enough of its life left for a call.

        Raises:
            AuthenticationError: the credentials are rejected.
            RetriesExhaustedError: the token endpoint did not answer, or another process holds the lock of the store.
            RateLimitedError: the token endpoint asks for a pause that is longer than `LONGEST_PAUSE`.
        """
        with self._lock:
            if self._failure is not None:
                # Rejected credentials are sent once, not once by each thread.
                raise AuthenticationError(self._failure)
            if self._token is not None and self._clock() >= self._token.use_until:
                self._expire(self._token)
            if self._token is None and self._renewal is None:
                self._token = self._adopt(self._store.read(self._credentials.credential))
            if self._token is not None:
                return self._token.value
            renewal = self._renewal or self._start_renewal()
        return renewal.result().value

    def on_accepted(self, token: str) -> None:
        """Note that the API accepted `token`: if it rejects it later, it has expired."""
        if token not in self._known_good:
            self._known_good.appendleft(token)

    def is_known_good(self, token: str) -> bool:
        """Return whether the API has accepted `token`."""
        return token in self._known_good

    @property
    def has_known_good(self) -> bool:
        """Whether the API has accepted any token of this run."""
        return bool(self._known_good)

    def on_rejected(self, token: str) -> None:
        """Note that the API rejected `token`, so that the next call gets a new one.

        One of several threads may meet several rejected tokens in a row, each expired while it waited; only if the API
        has never accepted a token are the credentials wrong.

        Raises:
            AuthenticationError: the API has rejected `MAX_REJECTED_NEW_TOKENS` tokens and accepted none.
        """
        with self._lock:
            if self._token is None or self._token.value != token:
                return
            self._expire(self._token)
            if self._known_good:
                return
            self._rejected_in_a_row += 1
            if self._rejected_in_a_row >= MAX_REJECTED_NEW_TOKENS:
                self._failure = (
                    "GoTo refuses the access tokens it has just given out: check that the OAuth client of client_id "
                    "may use the GoToWebinar API (scope collab:) and that the user has a GoToWebinar licence"
                )
                raise AuthenticationError(self._failure)

    def close(self) -> None:
        """Request no more tokens, and wait up to `SHUTDOWN_GRACE` for a renewal that is under way."""
        self._closing.set()
        if (renewal := self._renewal) is not None:
            concurrent.futures.wait([renewal], SHUTDOWN_GRACE)

    def _expire(self, token: AccessToken) -> None:
        self._token, self._expired = None, token.value

    def _adopt(self, stored: StoredTokens) -> AccessToken | None:
        """Return the token that another process has stored, unless it is the expired one."""
        left = stored.seconds_left()
        if left <= 0 or stored.access_token is None or stored.access_token == self._expired:
            return None
        self._last_refresh_token = stored.refresh_token
        return AccessToken(stored.access_token, self._clock() + left)

    def _start_renewal(self) -> concurrent.futures.Future[AccessToken]:
        """Renew the token in another thread: a signal ends the waiting for it, and never the storing."""
        self._check_open()
        renewal: concurrent.futures.Future[AccessToken] = concurrent.futures.Future()
        threading.Thread(target=self._renew, args=(renewal,), daemon=True, name="token").start()
        # Only now: a signal may come at any moment, and nobody may wait for a thread that has not started.
        self._renewal = renewal
        return renewal

    def _check_open(self) -> None:
        if self._closing.is_set():
            msg = "no access token is asked for any more: the run is over"
            raise RetriesExhaustedError(msg)

    def _renew(self, renewal: concurrent.futures.Future[AccessToken]) -> None:
        try:
            # Here, too: `close` waits for it although a signal came while the thread started. Then the check: either
            # `close` sees this renewal, or this renewal sees `close`.
            self._renewal = renewal
            self._check_open()
            token = self._renewed()
        except BaseException as error:  # noqa: BLE001 - raised by `result`
            with self._lock:
                self._failure = str(error) if isinstance(error, AuthenticationError) else None
                self._renewal = None
            renewal.set_exception(error)
        else:
            with self._lock:
                self._token, self._renewal = token, None
            renewal.set_result(token)

    def _renewed(self) -> AccessToken:
        """Return the token that another process has stored meanwhile, or a new one."""
        with self._store.locked(self._closing):
            stored = self._store.read(self._credentials.credential)
            token = self._adopt(stored)
            if token is None:
                # The life of a token begins after this.
                now, requested_at = self._clock(), time.time()
                response = self._request(stored)
                self._save(stored, response, requested_at + response.lifetime)
                token = AccessToken(response.access_token, now + response.lifetime - margin(response.lifetime))
            return token

    def _request(self, stored: StoredTokens) -> TokenResponse:
        configured = self._credentials.credential
        # The store may have been lost during the run, or be an old backup.
        known = (self._pending_refresh_token, stored.refresh_token, self._last_refresh_token, configured)
        failure = MISSING
        for credential in dict.fromkeys(filter(None, known)):
            try:
                response = self._endpoint.request(credential, self._closing)
            except InvalidGrantError as error:
                failure = str(error)
                continue
            is_stored = credential in {stored.refresh_token, configured}
            self._pending_refresh_token = None if is_stored else credential
            stored.refresh_token = credential if credential != configured else None
            return response
        raise AuthenticationError(failure)

    def _save(self, stored: StoredTokens, response: TokenResponse, expires_at: float) -> None:
        """Store new tokens before they are used: if this process is killed later, no refresh token is lost."""
        pending = self._pending_refresh_token = response.refresh_token or self._pending_refresh_token
        stored.update(response.access_token, pending, response.lifetime, expires_at)
        self._last_refresh_token = stored.refresh_token
        try:
            self._store.write(self._credentials.credential, stored)
        except OSError as error:
            reason = error.strerror
            if pending is None:
                logger.info("tokens are not shared with other runs: %s cannot be written (%s)", self._store, reason)
                return
            self.problem = (
                f"GoTo replaced the refresh token, and the new one cannot be stored in {self._store} ({reason}): it is "
                "lost when this run ends. Let token_path name a file in a folder that this process may write to, and "
                f"get a new refresh token with {LOGIN}"
            )
            logger.error("%s", self.problem)  # noqa: TRY400 - one line
        else:
            self._pending_refresh_token = self.problem = None
