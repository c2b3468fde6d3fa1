"""The OAuth token endpoint: requests access tokens, with retries.

GoTo gives an access token (an hour) for a refresh token (30 days) or a personal access token, with Basic client
authentication, at `https://authentication.logmeininc.com/oauth/token`. A refresh usually returns no new refresh
token; when it does, the old one is about to die. Source: developer.goto.com, guides 03, 03.1 and 05.
"""

import re
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, TypeGuard

from tap_gotowebinar.api.errors import (
    AuthenticationError,
    RateLimitedError,
    ResponseTooLargeError,
    RetriesExhaustedError,
    TransientError,
)
from tap_gotowebinar.api.redaction import error_text, is_from_goto
from tap_gotowebinar.api.retries import (
    LONGEST_PAUSE,
    WAITS,
    TimeBudget,
    call_with_retries,
    parse_retry_after,
    resume_time,
)
from tap_gotowebinar.api.transport import ApiResponse, Transport, is_transient

LOGIN: Final = "tap-gotowebinar-login"
"""The command that gets a refresh token."""

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class InvalidGrantError(AuthenticationError):
    """The credential is wrong, expired or used up: `invalid_grant`."""


@dataclass(frozen=True)
class Credentials:
    """The configured OAuth client, and a refresh token, a personal access token or neither (after a login)."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    personal_access_token: str = field(default="", repr=False)

    @property
    def grant_type(self) -> str:
        """The OAuth grant type, and name of the setting; a personal access token comes first: it is never replaced."""
        return "personal_access_token" if self.personal_access_token else "refresh_token"

    @property
    def uses_pat(self) -> bool:
        """Whether the credential is a personal access token."""
        return self.grant_type == "personal_access_token"

    @property
    def credential(self) -> str:
        """The configured token; empty when none is configured."""
        return self.personal_access_token or self.refresh_token

    @property
    def all_secrets(self) -> tuple[str, ...]:
        """Every value that no log and no error may show."""
        return (self.client_id, self.client_secret, self.refresh_token, self.personal_access_token)

    def form(self, credential: str) -> dict[str, str]:
        """Return the form of a token request with the configured token, or with the one that has replaced it."""
        return {"grant_type": self.grant_type, "pat" if self.uses_pat else "refresh_token": credential}


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """A successful response (RFC 6749, section 5.1).

    Attributes:
        refresh_token: The one that replaces the refresh token; None: it stays.
        lifetime: Seconds the access token lives; its life begins after it was requested.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    lifetime: float


@dataclass(frozen=True)
class TokenEndpoint:
    """Requests access tokens; waits between attempts for seconds of `waits`, at most."""

    credentials: Credentials
    transport: Transport
    url: str
    waits: Callable[[], Generator[Any, None, None]] = WAITS

    def request(self, credential: str, stop: threading.Event) -> TokenResponse:
        """Return new tokens for the configured credential, or for the one that has replaced it.

        Once `stop` is set, no further attempt is made.

        Raises:
            AuthenticationError: the client or the credential is rejected; InvalidGrantError: the credential is.
            RetriesExhaustedError: all attempts failed in a transient way.
            RateLimitedError: 429 for longer than `LONGEST_PAUSE`.
        """
        response = self._send_with_retries(self.credentials.form(credential), stop)
        body = response.body if isinstance(response.body, dict) else {}
        token, refresh_token = body.get("access_token"), body.get("refresh_token")
        if response.status != HTTPStatus.OK or not _is_token(token):
            raise self._rejection(response)
        is_replaced = _is_token(refresh_token) and refresh_token != credential and not self.credentials.uses_pat
        return TokenResponse(token, refresh_token if is_replaced else None, _lifetime(body.get("expires_in")))

    def _send_with_retries(self, form: dict[str, str], stop: threading.Event) -> ApiResponse:
        """Return the first response that is GoTo's own word."""
        client = (self.credentials.client_id, self.credentials.client_secret)
        budget = TimeBudget(self.transport.longest_call)
        send = budget.wrap(self.transport.send)
        paused = 0.0

        def attempt() -> ApiResponse:
            nonlocal paused
            try:
                response = send(method="POST", url=self.url, data=form, auth=client)
            except TransientError as error:
                msg = f"{error}; check auth_url and the network"
                raise TransientError(msg) from None
            if response.status == HTTPStatus.TOO_MANY_REQUESTS:
                pause = parse_retry_after(response.retry_after)
                paused += pause or 0.0
                raise self._too_many(pause, paused)
            is_own = response.is_success or is_from_goto(response.body) or bool(response.location)
            if not is_own or is_transient(response.status):
                msg = f"{self.url} answered {response.status}; check auth_url and the network"
                raise TransientError(msg)
            return response

        def sleep(seconds: float) -> None:
            if stop.wait(seconds):
                msg = "gave up asking for an access token: the run is over"
                raise RetriesExhaustedError(msg)

        try:
            return call_with_retries(attempt, budget, self.waits, sleep=sleep)
        except ResponseTooLargeError as error:
            msg = f"gave up asking for an access token: {error}; check auth_url"
        except TransientError as error:
            msg = f"gave up asking for an access token: {error}"
        raise RetriesExhaustedError(msg)

    def _too_many(self, pause: float | None, paused: float) -> TransientError | RateLimitedError:
        """Return the error of a 429 that asks for a pause, where all pauses together are `paused` seconds long."""
        where = f"{self.url} answered 429"
        if pause is not None and paused > LONGEST_PAUSE:
            msg = f"GoTo gives out no more access tokens for now ({where}): start again after {resume_time(pause)}"
            return RateLimitedError(msg)
        remedy = "start again in some minutes, and let runs share tokens by using the same token_path"
        return TransientError(f"{where}, because too many were asked for; {remedy}", retry_after=pause)

    def _rejection(self, response: ApiResponse) -> AuthenticationError:
        text = error_text(response.body)
        grant_type = self.credentials.grant_type
        where = f"no access token from {self.url} (status {response.status}{f', {text}' if text else ''})"
        if "invalid_client" in text:
            what = "client_id and client_secret are not those of an OAuth client that GoTo knows; correct them"
            return AuthenticationError(f"{where}: {what}")
        if "invalid_grant" in text:
            remedy = "get a new one and set it" if self.credentials.uses_pat else f"get a new one with {LOGIN}"
            return InvalidGrantError(f"{where}: {grant_type} is wrong, expired or used up; {remedy}")
        return AuthenticationError(f"{where}: check auth_url, client_id, client_secret and {grant_type}")


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _lifetime(value: object) -> float:
    """Return the seconds of `expires_in`; an hour if it makes no sense."""
    try:
        seconds = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return 3600.0
    return seconds if 0 < seconds < float("inf") else 3600.0
