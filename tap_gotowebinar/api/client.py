"""The client of GoTo's API: every call waits for the rate limiter, carries a token and is retried."""

import functools
import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

import backoff

from tap_gotowebinar.api import retries
from tap_gotowebinar.api.auth.authenticator import Authenticator
from tap_gotowebinar.api.errors import (
    AuthenticationError,
    ConnectError,
    ForbiddenError,
    GoToWebinarError,
    NotFoundError,
    RateLimitedError,
    ResponseTooLargeError,
    RetriesExhaustedError,
    TransientError,
    UnexpectedStatusError,
    UnreadableResponseError,
    internal_error,
)
from tap_gotowebinar.api.rate_limiter import RateLimiter
from tap_gotowebinar.api.redaction import error_code, error_text, is_from_goto
from tap_gotowebinar.api.retries import LONGEST_PAUSE, WAITS, TimeBudget, call_with_retries
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.api.transport import ApiResponse, Transport, is_transient

if TYPE_CHECKING:
    from tap_gotowebinar.api.shared_rate_limiter import SharedRateLimiter

T = TypeVar("T")

API: Final = "/G2W/rest/v2"
"""Prefix of the paths of GoToWebinar."""

MAX_REJECTED_NEW_TOKENS: Final = 3
"""New tokens that one path may reject while other paths accept theirs."""

MAX_RENEWALS: Final = 20
"""Tokens that one call may see expire."""

FORBIDDEN_STATUSES: Final = frozenset({HTTPStatus.FORBIDDEN})
"""Statuses that say: understood, and not allowed."""


@dataclass(eq=False)
class ApiClient:
    """Makes calls with one token and within one rate limit; sends nothing before the first. Thread-safe.

    Attributes:
        origin: Scheme and host, without a slash at the end.
        waits: Longest waits between attempts, in seconds.
    """

    origin: str
    transport: Transport
    authenticator: Authenticator
    rate_limiter: "RateLimiter | SharedRateLimiter"
    waits: Callable[[], Generator[Any, None, None]] = WAITS
    _rate_limited: str | None = field(default=None, init=False)

    def close(self) -> None:
        """Close all connections, after a token that is being renewed has been stored."""
        self.authenticator.close()
        self.transport.close()
        self.rate_limiter.close()

    @property
    def problem(self) -> str | None:
        """Why the next run will fail although this one succeeds; None: it will not."""
        return self.authenticator.problem

    def get(
        self,
        path: str,
        read: Callable[[object], T],
        stats: StreamStats,
        *,
        params: Mapping[str, str | int] | None = None,
        forbidden_statuses: frozenset[int] = FORBIDDEN_STATUSES,
    ) -> T:
        """Return what `read` returns for the response to `GET path`.

        Args:
            path: Path below the origin; it holds keys only and may be shown.
            read: Takes the decoded body; raises MalformedResponseError for one of another shape.
            stats: Counts calls, retries and waiting.
            params: Query parameters.
            forbidden_statuses: Those that mean "not allowed" on this path.

        Raises:
            AuthenticationError: the credentials do not work.
            ForbiddenError: GoTo itself answers one of `forbidden_statuses` although the token is good.
            NotFoundError: GoTo itself answers 404, or a 404 has no body.
            UnexpectedStatusError: any other status that is not transient.
            UnreadableResponseError: `read` failed with an unexpected error.
            RetriesExhaustedError: all attempts failed in a transient way, or the response is too large.
            RateLimitedError: 429 for longer than `LONGEST_PAUSE`.
        """

        def attempt(budget: TimeBudget) -> T:
            send = functools.partial(self.transport.send, "GET", self.origin + path, params=params)
            response = self._send_authenticated(budget.wrap(send), path, stats, forbidden_statuses)
            _raise_for_status(response, path, forbidden_statuses)
            return _read_body(read, response.body, path)

        return self._with_retries(attempt, path, stats)

    def post(  # noqa: PLR0913 - the parts of a call
        self,
        path: str,
        content: Mapping[str, Any],
        read: Callable[[ApiResponse, bool], T],
        stats: StreamStats,
        *,
        params: Mapping[str, str | int] | None = None,
        check_applied: Callable[[], T | None] | None = None,
    ) -> T:
        """Return what `read` returns for the response to `POST path`, whose status may be 4xx.

        Args:
            path: Path below the origin; it holds keys only and may be shown.
            content: Sent as JSON.
            read: Takes the response, and whether an earlier attempt, which failed, may have been applied; raises
                MalformedResponseError for a response of another shape.
            stats: Counts calls, retries and waiting.
            params: Query parameters.
            check_applied: For calls that must not be applied twice: looks whether the failed attempt was applied, and
                returns its result if so. None: the call is repeated.

        Raises:
            AuthenticationError, RetriesExhaustedError, RateLimitedError: as for `get`.
        """
        maybe_applied = False

        def attempt(budget: TimeBudget) -> T:
            nonlocal maybe_applied
            if maybe_applied and check_applied is not None and (found := check_applied()) is not None:
                return found
            send = functools.partial(self.transport.send, "POST", self.origin + path, params=params, content=content)
            try:
                response = self._send_authenticated(budget.wrap(send), path, stats, FORBIDDEN_STATUSES)
                if is_transient(response.status):
                    _raise_for_status(response, path, FORBIDDEN_STATUSES)
                return read(response, maybe_applied)
            except ConnectError:
                raise
            except TransientError:
                maybe_applied = True
                raise
            except ForbiddenError as error:
                # The tokens were rejected, so that nothing is known about the call itself.
                raise RetriesExhaustedError(str(error)) from None

        return self._with_retries(attempt, path, stats)

    def _with_retries(self, attempt: Callable[[TimeBudget], T], path: str, stats: StreamStats) -> T:
        budget = TimeBudget(self.transport.longest_call)
        try:
            result = call_with_retries(
                lambda: attempt(budget), budget, self.waits, on_retry=lambda: stats.count(retries=1)
            )
        except NotFoundError:
            stats.count(answered=1)
            raise
        except TransientError as error:
            tries = f"{budget.spent:.0f} seconds of tries" if budget.is_spent else f"{retries.TRIES} tries"
            msg = f"gave up on {path} after {tries}: {error}"
            raise RetriesExhaustedError(msg) from None
        except ResponseTooLargeError as error:
            msg = f"gave up on {path}: {error}"
            raise RetriesExhaustedError(msg) from None
        stats.count(answered=1)
        return result

    def _send_authenticated(
        self, send: Callable[..., ApiResponse], path: str, stats: StreamStats, forbidden_statuses: frozenset[int]
    ) -> ApiResponse:
        """Return the first response that does not reject the token."""
        authenticator, rejected_new = self.authenticator, 0
        for _ in range(MAX_RENEWALS):
            token, response = self._send_rate_limited(send, path, stats)
            if not _rejects_token(response, forbidden_statuses):
                if response.is_success or is_from_goto(response.body):
                    authenticator.on_accepted(token)
                return response
            authenticator.on_rejected(token)
            stats.count(retries=1)
            rejected_new += not authenticator.is_known_good(token)
            if rejected_new >= MAX_REJECTED_NEW_TOKENS and authenticator.has_known_good:
                break
        if authenticator.has_known_good:
            # Other paths accept the tokens.
            if not is_from_goto(response.body):
                msg = f"gave up on {path}: status {response.status}, which is not GoTo's own answer; check any proxy"
                raise RetriesExhaustedError(msg)
            msg = f"GoTo refuses {path}: it takes no access token for it"
            raise ForbiddenError(msg)
        msg = f"GoTo refused {MAX_RENEWALS} access tokens in a row for {path}; try again later"
        raise AuthenticationError(msg)

    def _send_rate_limited(
        self, send: Callable[..., ApiResponse], path: str, stats: StreamStats
    ) -> tuple[str, ApiResponse]:
        """Return the first response that is not 429, and the token it was sent with."""
        pauses = backoff.expo(factor=2, max_value=60)
        next(pauses)
        paused = 0.0
        while True:
            self.authenticator.token()  # Renewed before the slot is taken, so that it is not held meanwhile.
            with self.rate_limiter.slot() as waited:
                stats.count(waited=waited)
                if self._rate_limited is not None:
                    raise RateLimitedError(self._rate_limited)
                token = self.authenticator.token()  # The one from before the wait may have expired.
                stats.count(calls=1)
                response = send(token=token)
            if response.status != HTTPStatus.TOO_MANY_REQUESTS:
                return token, response
            asked = retries.parse_retry_after(response.retry_after)
            pause = asked or random.uniform(0.5, 1) * next(pauses)  # noqa: S311
            paused += pause
            if paused > LONGEST_PAUSE:
                # Kept for the other threads, which would each be told the same.
                self._rate_limited = (
                    f"GoTo's rate limit is used up (status 429 for {path}): start again after "
                    f"{retries.resume_time(pause)}, and lower requests_per_minute if other tools share this connection"
                )
                raise RateLimitedError(self._rate_limited)
            stats.count(retries=1)
            self.rate_limiter.pause(pause)


def _raise_for_status(response: ApiResponse, path: str, forbidden_statuses: frozenset[int]) -> None:
    status, text = response.status, error_text(response.body)
    reason = f" ({text})" if text else ""
    if status == HTTPStatus.NOT_FOUND and (response.is_empty or is_from_goto(response.body)):
        msg = f"GoTo does not know {path}: status 404{reason}"
        raise NotFoundError(msg, is_final=not response.is_empty)
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND} and not is_from_goto(response.body):
        msg = f"status {status}, which is not GoTo's own answer: check api_url, and any proxy on the way"
        raise TransientError(msg)
    if status in forbidden_statuses:
        msg = f"GoTo refuses {path}: status {status}{reason}"
        raise ForbiddenError(msg)
    if is_transient(status):
        msg = f"status {status}{reason}"
        raise TransientError(msg)
    if not response.is_success:
        redirect = ", a redirect, which is never followed: check api_url" if response.location else ""
        msg = f"unexpected answer to {path}: status {status}{reason}{redirect}"
        raise UnexpectedStatusError(msg)


def _read_body(read: Callable[[object], T], body: object, path: str) -> T:
    """Return what `read` returns; an unexpected error of it concerns this path alone."""
    try:
        return read(body)
    except GoToWebinarError:
        raise
    except Exception as error:  # noqa: BLE001 - does not end the run
        msg = f"the answer to {path} cannot be read: {internal_error(error)}"
        raise UnreadableResponseError(msg) from None


def _rejects_token(response: ApiResponse, forbidden_statuses: frozenset[int]) -> bool:
    """Return whether the token is bad: 403 `InvalidToken` (any case), or 401 where it does not mean "not allowed".

    An expired token answers 403, and so does a missing permission: only the body tells them apart.
    """
    if response.status == HTTPStatus.FORBIDDEN:
        return error_code(response.body).casefold() == "invalidtoken"
    return response.status == HTTPStatus.UNAUTHORIZED and response.status not in forbidden_statuses
