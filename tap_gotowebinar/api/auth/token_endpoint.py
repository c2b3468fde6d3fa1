"""Where access tokens come from: one request, repeated while repeating can help, and what a refusal means.

GoTo gives an access token (an hour) for a refresh token (30 days) or a personal access token, with Basic client
authentication, at `https://authentication.logmeininc.com/oauth/token`. A refresh usually returns no new refresh
token; when it does, the old one is about to die. Source: developer.goto.com, guides 03, 03.1 and 05.
"""

from __future__ import annotations

import functools
import random
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeGuard

import backoff

from tap_gotowebinar.api.errors import (
    AuthenticationError,
    RateLimitedError,
    ResponseTooLargeError,
    RetriesExhaustedError,
    TransientError,
)
from tap_gotowebinar.api.redaction import error_text, is_from_goto
from tap_gotowebinar.api.retries import LONGEST_PAUSE, TimeBudget, parse_retry_after, resume_time
from tap_gotowebinar.api.transport import SUCCESS, is_transient

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator

    from tap_gotowebinar.api.transport import ApiResponse, Transport

LOGIN: Final = "tap-gotowebinar-login"
"""The command that gets a refresh token."""

DEFAULT_LIFETIME: Final = 3600.0
"""Seconds an access token lives when the answer does not say."""

TRIES: Final = 6
"""How often the token endpoint is asked when it fails in a transient way."""

WAITS: Final = functools.partial(backoff.expo, factor=0.5, max_value=30)
"""Longest waits between these tries, in seconds; each is drawn at random below."""

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class InvalidGrantError(AuthenticationError):
    """The proof of who the user is was good once, or never: `invalid_grant`."""


@dataclass(frozen=True)
class Credentials:
    """What the user configured: the client, and one of two proofs of who the user is, or neither after a login."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    personal_access_token: str | None = field(default=None, repr=False)

    @property
    def proof(self) -> str:
        """Name of the setting that proves who the user is; a personal access token goes first: it is never replaced."""
        return "personal_access_token" if self.personal_access_token else "refresh_token"

    @property
    def is_personal(self) -> bool:
        """Whether the proof is one that is never replaced."""
        return self.proof == "personal_access_token"

    @property
    def secret(self) -> str:
        """The proof; empty when none is configured."""
        return self.personal_access_token or self.refresh_token or ""

    @property
    def all_secrets(self) -> tuple[str | None, ...]:
        """Everything that is nobody else's business."""
        return (self.client_id, self.client_secret, self.refresh_token, self.personal_access_token)

    def grant(self, secret: str) -> dict[str, str]:
        """Return the form body of a token request with a proof, the configured one or what it was replaced by."""
        return {"grant_type": self.proof, "pat" if self.is_personal else "refresh_token": secret}


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """What a token request brought.

    Attributes:
        access_token: The token.
        refresh_token: What replaces the refresh token from now on; None: nothing does.
        lifetime: Seconds the access token lives.
        asked_at: When it was asked for, by the clock of who asked: it lives from some moment after that.
        expires_at: When it expires, in seconds since 1970.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    lifetime: float
    asked_at: float
    expires_at: float


class TokenEndpoint:
    """Asks for access tokens."""

    def __init__(
        self,
        credentials: Credentials,
        transport: Transport,
        url: str,
        waits: Callable[[], Generator[Any, None, None]] = WAITS,
    ) -> None:
        """Ask nothing yet.

        Args:
            credentials: Who asks.
            transport: Sends one request.
            url: Where to.
            waits: Longest waits between tries, in seconds.
        """
        self._credentials = credentials
        self._transport = transport
        self._url = url
        self._waits = waits

    def ask(self, secret: str, clock: Callable[[], float], stop: threading.Event) -> TokenResponse:
        """Return what a proof of who the user is brings.

        Args:
            secret: The proof.
            clock: Tells the time, in seconds.
            stop: Set when nobody waits any more: what is on its way is finished, nothing is tried again.

        Raises:
            AuthenticationError: the credentials are not accepted; InvalidGrantError: it is the proof.
            RetriesExhaustedError: each try failed in a transient way.
            RateLimitedError: 429, and longer pauses than `LONGEST_PAUSE` in all.
        """
        asked_at, now, answer = self._patiently(self._credentials.grant(secret), clock, stop)
        body = answer.body if isinstance(answer.body, dict) else {}
        token = body.get("access_token")
        if answer.status != 200 or not _is_token(token):  # noqa: PLR2004
            raise self._refusal(answer)
        replaced = body.get("refresh_token")
        is_replaced = _is_token(replaced) and replaced != secret and not self._credentials.is_personal
        lifetime = _seconds(body.get("expires_in"))
        return TokenResponse(token, replaced if is_replaced else None, lifetime, asked_at, now + lifetime)

    def _patiently(
        self, form: dict[str, str], clock: Callable[[], float], stop: threading.Event
    ) -> tuple[float, float, ApiResponse]:
        client = (self._credentials.client_id, self._credentials.client_secret)
        patience = TimeBudget(self._transport.longest_call)
        send = patience.of(self._transport.send)
        waits = self._waits()
        next(waits)
        failure, paused = "", 0.0
        for attempt in range(TRIES):
            asked_at, now, pause = clock(), time.time(), None
            try:
                answer = send(method="POST", url=self._url, data=form, auth=client)
            except ResponseTooLargeError as error:
                failure = f"{error}; check auth_url"
                break
            except TransientError as error:
                failure = f"{error}; check auth_url and the network"
            else:
                is_said = answer.status in SUCCESS or is_from_goto(answer.body) or bool(answer.location)
                if is_said and answer.status != 429 and not is_transient(answer.status):  # noqa: PLR2004
                    return asked_at, now, answer
                failure, pause = self._trouble(answer, paused)
                paused += pause or 0
            is_last = attempt + 1 == TRIES or patience.is_over
            if is_last or stop.wait(pause or random.uniform(0, next(waits))):  # noqa: S311
                break
        msg = f"gave up asking for an access token: {failure}"
        raise RetriesExhaustedError(msg)

    def _trouble(self, answer: ApiResponse, paused: float) -> tuple[str, float | None]:
        """Return what to say of an answer that may be another one later, and the seconds that GoTo asks us to wait.

        Args:
            answer: The answer.
            paused: Seconds waited already because GoTo asked for it.
        """
        where = f"{self._url} answered {answer.status}"
        if answer.status != 429:  # noqa: PLR2004
            return f"{where}; check auth_url and the network", None
        pause = parse_retry_after(answer.retry_after)
        if pause is not None and paused + pause > LONGEST_PAUSE:
            msg = f"GoTo gives out no more access tokens for now ({where}): start again after {resume_time(pause)}"
            raise RateLimitedError(msg)
        remedy = "start again in some minutes, and let runs share tokens by using the same token_path"
        return f"{where}, because too many were asked for; {remedy}", pause

    def _refusal(self, answer: ApiResponse) -> AuthenticationError:
        said = error_text(answer.body)
        where = f"no access token from {self._url} (status {answer.status}{f', {said}' if said else ''})"
        if "invalid_client" in said:
            what = "client_id and client_secret are not those of an OAuth client that GoTo knows; correct them"
            return AuthenticationError(f"{where}: {what}")
        if "invalid_grant" in said:
            what = f"{self._credentials.proof} is wrong, expired or used up"
            remedy = "get a new one and set it" if self._credentials.is_personal else f"get a new one with {LOGIN}"
            return InvalidGrantError(f"{where}: {what}; {remedy}")
        return AuthenticationError(f"{where}: check auth_url, client_id, client_secret and {self._credentials.proof}")


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _seconds(value: object) -> float:
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFETIME
    return seconds if 0 < seconds < float("inf") else DEFAULT_LIFETIME
