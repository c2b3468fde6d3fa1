"""One OAuth connection to GoTo: everything that calls the API goes through here.

A call waits for its slot of the rate budget, carries the current token, is repeated while repeating can help, and
ends as the value its reader made of the answer or as one of `errors`.
"""

from __future__ import annotations

import functools
import random
from typing import TYPE_CHECKING, Any, Final, TypeVar

import backoff

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
from tap_gotowebinar.api.redaction import error_code, error_text, is_from_goto
from tap_gotowebinar.api.retries import LONGEST_PAUSE, TimeBudget, parse_retry_after, resume_time
from tap_gotowebinar.api.transport import SUCCESS, is_transient

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from tap_gotowebinar.api.auth.authenticator import Authenticator
    from tap_gotowebinar.api.rate_limiter import RateLimiter
    from tap_gotowebinar.api.shared_rate_limiter import SharedRateLimiter
    from tap_gotowebinar.api.stats import StreamStats
    from tap_gotowebinar.api.transport import ApiResponse, Transport

T = TypeVar("T")

API: Final = "/G2W/rest/v2"
"""Where paths of the product's endpoints begin."""

TRIES: Final = 6
"""How often a call is made when it fails in a transient way: about 15 seconds of waiting in all, plus time-outs."""

WAITS: Final = functools.partial(backoff.expo, factor=0.5, max_value=30)
"""Longest waits between these tries, in seconds; each is drawn at random below."""

MAX_FRESH_REFUSED: Final = 3
"""How many tokens that nobody has used before one call may see refused, where others are taken."""

MAX_RENEWALS: Final = 20
"""How many tokens one call may see expire before something else must be wrong."""

FORBIDDEN: Final = 403
NOT_FOUND: Final = 404

REFUSALS: Final = frozenset({FORBIDDEN})
"""Statuses that say: understood, and not allowed."""


class ApiClient:
    """Calls under one budget with one token. Thread-safe."""

    def __init__(
        self,
        origin: str,
        transport: Transport,
        authenticator: Authenticator,
        budget: RateLimiter | SharedRateLimiter,
        *,
        waits: Callable[[], Generator[Any, None, None]] = WAITS,
    ) -> None:
        """Nothing is sent before the first call.

        Args:
            origin: Scheme and host that every path is appended to, without a slash at its end.
            transport: Sends one request.
            authenticator: Knows the token.
            budget: Says when a call may be sent.
            waits: Longest waits between tries, in seconds.
        """
        self._origin = origin
        self._transport = transport
        self._authenticator = authenticator
        self._budget = budget
        self._come_back: str | None = None
        self._waits = waits

    def close(self) -> None:
        """Close what is open to GoTo, once a token on its way has been stored; no new one is asked for after that."""
        self._authenticator.close()
        self._transport.close()
        self._budget.close()

    @property
    def problem(self) -> str | None:
        """What the next run will fail for, although this one went well; None: nothing."""
        return self._authenticator.problem

    def get(
        self,
        path: str,
        read: Callable[[object], T],
        tally: StreamStats,
        *,
        params: Mapping[str, str | int] | None = None,
        refusals: frozenset[int] = REFUSALS,
    ) -> T:
        """Return what `read` makes of the answer to `GET path`.

        Args:
            path: Appended to the origin; holds keys only, so that it can be shown.
            read: Takes the decoded body; raises MalformedResponseError when it is not what it should be.
            tally: Where calls, retries and waiting are counted.
            params: Query parameters.
            refusals: Statuses that mean "not allowed" here.

        Raises:
            AuthenticationError: the credentials do not work.
            ForbiddenError: one of `refusals`, with a good token, in GoTo's own words.
            NotFoundError: 404, in GoTo's own words or in none.
            UnexpectedStatusError: any other status that repeating cannot mend.
            UnreadableResponseError: `read` failed in a way nobody foresaw.
            RetriesExhaustedError: each try failed in a transient way, or the answer is too large.
            RateLimitedError: 429 for longer than `LONGEST_PAUSE`.
        """

        def attempt(patience: TimeBudget) -> T:
            send = functools.partial(self._transport.send, "GET", self._origin + path, params=params)
            answer = self._admitted(patience.of(send), path, tally, refusals)
            self._raise_for_status(answer, path, refusals)
            return _read_by(read, answer.body, path)

        return self._repeated(attempt, path, tally)

    def post(  # noqa: PLR0913 - what a call is made of
        self,
        path: str,
        content: Mapping[str, Any],
        read: Callable[[ApiResponse, bool], T],
        tally: StreamStats,
        *,
        params: Mapping[str, str | int] | None = None,
        look: Callable[[], T | None] | None = None,
    ) -> T:
        """Return what `read` makes of the answer to `POST path`; a refusal is an answer, too.

        Args:
            path: Appended to the origin; holds keys only, so that it can be shown.
            content: What is sent as JSON.
            read: Takes the answer, of any status that is not about the token, the rate or a failing server, and whether
                an earlier try, which seemed to fail, may have taken effect; raises MalformedResponseError when the
                answer is not what it should be.
            tally: Where calls, retries and waiting are counted.
            params: Query parameters.
            look: Where repeating would do harm: asks whether the try that seemed to fail has taken effect, and returns
                the result if it has. None: the call is just repeated.

        Raises:
            AuthenticationError, RetriesExhaustedError, RateLimitedError: as for `get`; also whatever `look` raises.
        """
        in_doubt = False

        def attempt(patience: TimeBudget) -> T:
            nonlocal in_doubt
            if in_doubt and look is not None and (found := look()) is not None:
                return found
            send = functools.partial(self._transport.send, "POST", self._origin + path, params=params, content=content)
            try:
                answer = self._admitted(patience.of(send), path, tally, REFUSALS)
                if is_transient(answer.status):
                    self._raise_for_status(answer, path, REFUSALS)
                return read(answer, in_doubt)
            except ConnectError:
                raise
            except TransientError:
                in_doubt = True
                raise
            except ForbiddenError as error:
                # It is the tokens that were refused: no answer to what was asked.
                raise RetriesExhaustedError(str(error)) from None

        return self._repeated(attempt, path, tally)

    def _repeated(self, attempt: Callable[[TimeBudget], T], path: str, tally: StreamStats) -> T:
        """Return what the first try brings that does not fail in a transient way."""
        patience = TimeBudget(self._transport.longest_call)
        retrying = backoff.on_exception(
            self._waits,
            TransientError,
            max_tries=TRIES,
            giveup=lambda _: patience.is_over,
            logger=None,
            on_backoff=lambda _: tally.count(retries=1),
        )
        try:
            result = retrying(attempt)(patience)
        except NotFoundError:
            tally.count(answered=1)
            raise
        except TransientError as error:
            tries = f"{patience.spent:.0f} seconds of tries" if patience.is_over else f"{TRIES} tries"
            msg = f"gave up on {path} after {tries}: {error}"
            raise RetriesExhaustedError(msg) from None
        except ResponseTooLargeError as error:
            msg = f"gave up on {path}: {error}"
            raise RetriesExhaustedError(msg) from None
        tally.count(answered=1)
        return result

    def _admitted(
        self, send: Callable[..., ApiResponse], path: str, tally: StreamStats, refusals: frozenset[int]
    ) -> ApiResponse:
        """Return the first answer that is about the call, not about the token or the rate."""
        fresh_refused = 0
        for _ in range(MAX_RENEWALS):
            token, answer = self._within_rate(send, path, tally)
            if not _is_about_token(answer, refusals):
                if answer.status in SUCCESS or is_from_goto(answer.body):
                    self._authenticator.accepted(token)
                return answer
            self._authenticator.refused(token)
            tally.count(retries=1)
            fresh_refused += not self._authenticator.has_worked(token)
            if fresh_refused >= MAX_FRESH_REFUSED and self._authenticator.has_ever_worked:
                # The tokens are good elsewhere: it is this path that is not for them.
                break
        if self._authenticator.has_ever_worked:
            if not is_from_goto(answer.body):
                msg = f"gave up on {path}: status {answer.status}, which is not GoTo's own answer; check any proxy"
                raise RetriesExhaustedError(msg)
            msg = f"GoTo refuses {path}: it takes no access token for it"
            raise ForbiddenError(msg)
        msg = f"GoTo refused {MAX_RENEWALS} access tokens in a row for {path}; try again later"
        raise AuthenticationError(msg)

    def _within_rate(self, send: Callable[..., ApiResponse], path: str, tally: StreamStats) -> tuple[str, ApiResponse]:
        """Return the first answer that is not 429, and the token it was asked with."""
        pauses = backoff.expo(factor=2, max_value=60)
        next(pauses)
        paused = 0.0
        while True:
            self._authenticator.token()  # A renewal takes its time before the slot is asked for, not inside.
            with self._budget.slot() as waited:
                tally.count(waited=waited)
                if self._come_back is not None:
                    raise RateLimitedError(self._come_back)
                token = self._authenticator.token()  # The one from before the wait may be gone.
                tally.count(calls=1)
                answer = send(token=token)
            if answer.status != 429:  # noqa: PLR2004
                return token, answer
            pause = parse_retry_after(answer.retry_after) or random.uniform(0.5, 1) * next(pauses)  # noqa: S311
            paused += pause
            if paused > LONGEST_PAUSE:
                # For everybody: the other threads would each ask to be told the same.
                self._come_back = _come_back(path, pause)
                raise RateLimitedError(self._come_back)
            tally.count(retries=1)
            self._budget.pause(pause)

    @staticmethod
    def _raise_for_status(answer: ApiResponse, path: str, refusals: frozenset[int]) -> None:
        status, said = answer.status, error_text(answer.body)
        reason = f" ({said})" if said else ""
        if status == NOT_FOUND and (answer.is_empty or is_from_goto(answer.body)):
            msg = f"GoTo does not know {path}: status 404{reason}"
            raise NotFoundError(msg, is_final=not answer.is_empty)
        if status in {FORBIDDEN, NOT_FOUND} and not is_from_goto(answer.body):
            msg = f"status {status}, which is not GoTo's own answer: check api_url, and any proxy on the way"
            raise TransientError(msg)
        if status in refusals:
            msg = f"GoTo refuses {path}: status {status}{reason}"
            raise ForbiddenError(msg)
        if is_transient(status):
            msg = f"status {status}{reason}"
            raise TransientError(msg)
        if not 200 <= status < 300:  # noqa: PLR2004
            redirect = ", a redirect, which is never followed: check api_url" if answer.location else ""
            msg = f"unexpected answer to {path}: status {status}{reason}{redirect}"
            raise UnexpectedStatusError(msg)


def _read_by(read: Callable[[object], T], body: object, path: str) -> T:
    """Return what `read` makes of a body; whatever else goes wrong there is an error about this path alone."""
    try:
        return read(body)
    except GoToWebinarError:
        raise
    except Exception as error:  # noqa: BLE001 - one answer that nobody foresaw does not end a run
        msg = f"the answer to {path} cannot be read: {internal_error(error)}"
        raise UnreadableResponseError(msg) from None


def _is_about_token(answer: ApiResponse, refusals: frozenset[int]) -> bool:
    """Whether the answer says that the token is bad: 403 `InvalidToken` (any case), and 401 where it is not a refusal.

    An expired token answers 403, and so does a missing permission: only the body tells them apart.
    """
    if answer.status == FORBIDDEN:
        return error_code(answer.body).casefold() == "invalidtoken"
    return answer.status == 401 and 401 not in refusals  # noqa: PLR2004


def _come_back(path: str, pause: float) -> str:
    return (
        f"GoTo's rate limit is used up (status 429 for {path}): start again after {resume_time(pause)}, "
        "and lower requests_per_minute if other tools share this connection"
    )
