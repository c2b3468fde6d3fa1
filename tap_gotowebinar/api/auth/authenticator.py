"""Access tokens: one for everybody who calls, shared with other processes, renewed in time."""

from __future__ import annotations

import collections
import concurrent.futures
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tap_gotowebinar.api.auth.token_endpoint import LOGIN, Credentials, InvalidGrantError, TokenResponse
from tap_gotowebinar.api.auth.token_store import margin
from tap_gotowebinar.api.errors import AuthenticationError, RateLimitedError, RetriesExhaustedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_gotowebinar.api.auth.token_endpoint import TokenEndpoint
    from tap_gotowebinar.api.auth.token_store import StoredTokens, TokenStore

logger = logging.getLogger("tap-gotowebinar.auth")

MAX_REJECTED_NEW_TOKENS: Final = 5
"""Tokens that GoTo may refuse one after the other without ever having accepted them.

One may expire before the first call with it arrives, or be refused by a part of GoTo that does not know it yet.
"""

RECENT_TOKENS: Final = 8
"""Tokens that worked and are remembered: calls in flight may still be refused under one that expired a while ago."""

SHUTDOWN_GRACE: Final = 1.0
"""Seconds that a run which ends waits for a refresh token that is on its way: unless it is stored it is lost."""

MISSING: Final = (
    f"refresh_token or personal_access_token is missing: set one of the two, or log in with the command {LOGIN}"
)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as it came, and until when to use it (monotonic seconds)."""

    value: str = field(repr=False)
    use_until: float


class Authenticator:
    """Hands out one access token to everybody who calls, and renews it once for all of them. Thread-safe.

    Attributes:
        problem: What the next run will fail for: a refresh token that could not be stored. None: nothing.
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
        """Remember how to get a token; nothing is asked for before the first call.

        Args:
            credentials: Who asks.
            endpoint: Gives out tokens.
            store: Where other runs find them.
            clock: Monotonic seconds.
            closing: Set by `close`; a token request waits on it between two tries.
        """
        self.problem: str | None = None
        self._credentials = credentials
        self._endpoint = endpoint
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._spent: str | None = None
        self._unsaved: str | None = None
        self._last_known: str | None = None
        self._proven: collections.deque[str] = collections.deque(maxlen=RECENT_TOKENS)
        self._unproven_in_a_row = 0
        self._failure: str | None = None
        self._given_up: list[Exception] = []
        self._renewal: threading.Thread | None = None
        self._closing = closing or threading.Event()

    def token(self) -> str:
        """Return an access token with enough of its life left for a call.

        Raises:
            AuthenticationError: the credentials are not accepted.
            RetriesExhaustedError: the token endpoint did not answer, or another process keeps the token store locked.
            RateLimitedError: the token endpoint asks for a longer pause than a run sits through.
        """
        given_up = len(self._given_up)
        with self._lock:
            if len(self._given_up) > given_up:
                # Who waited for a renewal that was given up does not wait for another one.
                error = self._given_up[-1]
                raise type(error)(*error.args)
            if self._failure is not None:
                # Nobody asks again with credentials that were refused: every thread would, one after the other.
                raise AuthenticationError(self._failure)
            if self._token is not None and self._clock() >= self._token.use_until:
                self._spend(self._token)
            if self._token is None:
                self._token = self._adopted(self._store.read(self._credentials.secret)) or self._renewed()
            return self._token.value

    def accepted(self, token: str) -> None:
        """Note that the API took `token`: a later refusal of it then means that it expired."""
        # Without the lock: a renewal holds it for as long as the network takes.
        if token not in self._proven:
            self._proven.appendleft(token)

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
            self._spend(self._token)
            if self._proven:
                return
            self._unproven_in_a_row += 1
            if self._unproven_in_a_row >= MAX_REJECTED_NEW_TOKENS:
                self._failure = (
                    "GoTo refuses the access tokens it has just given out: check that the OAuth client of client_id "
                    "may use the GoToWebinar API (scope collab:) and that the user has a GoToWebinar licence"
                )
                raise AuthenticationError(self._failure)

    def close(self) -> None:
        """Ask for no more tokens, and wait a moment for one that is on its way."""
        self._closing.set()
        if self._renewal is not None:
            self._renewal.join(SHUTDOWN_GRACE)

    def _spend(self, token: AccessToken) -> None:
        self._token, self._spent = None, token.value

    def _adopted(self, stored: StoredTokens) -> AccessToken | None:
        """Return the token that another process has stored, if it is not the one that is spent."""
        left = stored.seconds_left()
        if left <= 0 or stored.access_token is None or stored.access_token == self._spent:
            return None
        self._last_known = stored.refresh_token
        return AccessToken(stored.access_token, self._clock() + left)

    def _renewed(self) -> AccessToken:
        """Return a new token, from a thread of its own: a signal ends our waiting, never the storing."""
        if self._closing.is_set():
            msg = "no access token is asked for any more: the run is over"
            raise RetriesExhaustedError(msg)
        future: concurrent.futures.Future[AccessToken] = concurrent.futures.Future()
        renewal = threading.Thread(target=self._renew, args=(future,), daemon=True, name="token")
        renewal.start()
        # Not before: `close` may come at any moment, and waits only for what has been started.
        self._renewal = renewal
        return future.result()

    def _renew(self, future: concurrent.futures.Future[AccessToken]) -> None:
        try:
            with self._store.locked(self._closing):
                stored = self._store.read(self._credentials.secret)
                token = self._adopted(stored)
                if token is None:
                    granted = self._granted(stored)
                    self._keep(stored, granted)
                    use_until = granted.asked_at + granted.lifetime - margin(granted.lifetime)
                    token = AccessToken(granted.access_token, use_until)
            future.set_result(token)
        except AuthenticationError as error:
            self._failure = str(error)
            future.set_exception(AuthenticationError(self._failure))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            if isinstance(error, RetriesExhaustedError | RateLimitedError):
                self._given_up.append(error)
            future.set_exception(error)

    def _granted(self, stored: StoredTokens) -> TokenResponse:
        configured = self._credentials.secret
        # The store may have been lost while we ran, or be older than what was configured: a restored backup.
        known = (self._unsaved, stored.refresh_token, self._last_known, configured)
        failure = AuthenticationError(MISSING)
        for proof in dict.fromkeys(filter(None, known)):
            try:
                granted = self._endpoint.ask(proof, self._clock, self._closing)
            except InvalidGrantError as error:
                failure = error
                continue
            self._unsaved = proof if proof not in {stored.refresh_token, configured} else None
            stored.refresh_token = proof if proof != configured else None
            return granted
        raise failure

    def _keep(self, stored: StoredTokens, granted: TokenResponse) -> None:
        """Store what was granted before anybody uses it: whoever kills us from now on does not lock the user out."""
        self._unsaved = granted.refresh_token or self._unsaved
        stored.take(granted.access_token, self._unsaved, granted.lifetime, granted.expires_at)
        self._last_known = stored.refresh_token
        try:
            self._store.write(self._credentials.secret, stored)
        except OSError as error:
            reason = error.strerror
            if self._unsaved is None:
                logger.info("tokens are not shared with other runs: %s cannot be written (%s)", self._store, reason)
                return
            self.problem = (
                f"GoTo replaced the refresh token, and the new one cannot be stored in {self._store} ({reason}): it is "
                "lost when this run ends. Let token_path name a file in a folder that this process may write to, and "
                f"get a new refresh token with {LOGIN}"
            )
            logger.error("%s", self.problem)  # noqa: TRY400 - one line
        else:
            self._unsaved = self.problem = None
