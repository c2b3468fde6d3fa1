"""Registers a person with one call, and reads the response (API reference, sections 6.1 and 7)."""

import functools
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.client import API, ApiClient
from tap_gotowebinar.api.errors import (
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RetriesExhaustedError,
    UnexpectedStatusError,
)
from tap_gotowebinar.api.pagination import read_pages
from tap_gotowebinar.api.redaction import error_text, is_from_goto
from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.api.transport import ApiResponse
from target_gotowebinar.payload import NewRegistrant
from target_gotowebinar.results import Outcome, RegistrationResult


@dataclass
class RegistrantClient:
    """Registers people; thread-safe for people of different webinars."""

    client: ApiClient
    stats: StreamStats
    resend_confirmation: bool
    _unknown_webinars: dict[str, str] = field(default_factory=dict, init=False)

    def register(self, person: NewRegistrant, organizer_key: str) -> RegistrationResult:
        """Register a person and return the result.

        Raises:
            RetriesExhaustedError: it is not known whether the person is registered.
            GoToWebinarError: nobody can be registered like this.
        """
        path = f"{API}/organizers/{organizer_key}/webinars/{person.webinar_key}/registrants"
        if path not in self._unknown_webinars:
            try:
                return self._post(person, path)
            except NotFoundError as error:
                self._unknown_webinars[path] = str(error)
        return RegistrationResult(person, Outcome.REJECTED, description=self._unknown_webinars[path])

    def _post(self, person: NewRegistrant, path: str) -> RegistrationResult:
        def read(response: ApiResponse, maybe_applied: bool) -> RegistrationResult:  # noqa: FBT001 - the client's
            result = _result(person, response, path, maybe_applied=maybe_applied)
            if maybe_applied and result.outcome is Outcome.REJECTED:
                # This person may have taken the last place, or registration was closed since.
                return self._find_existing(person, path) or result
            return result

        return self.client.post(
            path,
            person.content,
            read,
            self.stats,
            params={"resendConfirmation": "true" if self.resend_confirmation else "false"},
            # A retry would send a second mail.
            check_applied=(lambda: self._find_existing(person, path)) if self.resend_confirmation else None,
        )

    def _find_existing(self, person: NewRegistrant, path: str) -> RegistrationResult | None:
        """Return the result of a registration that took effect although its response was lost.

        Raises:
            RetriesExhaustedError: the list of registrants cannot be read.
        """
        address = (person.email or "").casefold()
        try:
            rows = self._registrants(path)
        except (ForbiddenError, NotFoundError, UnexpectedStatusError) as error:
            msg = f"the answer was lost, and the list of registrants cannot be read: {error}"
            raise RetriesExhaustedError(msg) from None
        for row in rows:
            if isinstance(row, dict) and str(row.get("email")).casefold() == address:
                return _registered(person, Outcome.REGISTERED, row)
        return None

    def _registrants(self, path: str) -> list[Any]:
        """Return the registrants of a webinar: in one call, or in pages if they are too many.

        Raises:
            RetriesExhaustedError: the list is incomplete.
        """
        get = functools.partial(self.client.get, stats=self.stats)
        try:
            page = get(path, envelopes.array)
            if page.is_last and not envelopes.may_be_capped(page):
                return page.rows
        except RetriesExhaustedError:
            pass
        listing = read_pages(get, path, envelopes.array, "registrantKey", size="limit")
        if not listing.is_complete:
            msg = f"gave up on {path}: the list of registrants does not come whole"
            raise RetriesExhaustedError(msg)
        return listing.rows


def _result(person: NewRegistrant, response: ApiResponse, path: str, *, maybe_applied: bool) -> RegistrationResult:
    """Return the result that a response stands for; an earlier attempt may have registered the person.

    Raises:
        MalformedResponseError: a success without registrantKey, or a rejection that is not GoTo's own but a proxy's.
        NotFoundError: there is no such webinar.
        UnexpectedStatusError: a redirect, which is never followed.
    """
    status, body = response.status, response.body if isinstance(response.body, dict) else {}
    has_key = _text(body.get("registrantKey")) is not None
    if response.is_success:
        if not has_key:
            msg = "the answer to a registration holds no registrantKey"
            raise MalformedResponseError(msg)
        return _registered(person, Outcome.REGISTERED, body)
    if response.location:
        msg = f"unexpected answer to {path}: status {status}, a redirect, which is never followed: check api_url"
        raise UnexpectedStatusError(msg)
    if not is_from_goto(body) and not (status == HTTPStatus.CONFLICT and has_key):
        msg = f"status {status}, which is not GoTo's own answer: check api_url, and any proxy on the way"
        raise MalformedResponseError(msg)
    if status == HTTPStatus.CONFLICT:  # the address is registered for this webinar
        return _registered(person, Outcome.REGISTERED if maybe_applied else Outcome.ALREADY_REGISTERED, body)
    reason = error_text(body)
    if status == HTTPStatus.NOT_FOUND:  # there is no such webinar
        raise NotFoundError(reason)
    return RegistrationResult(person, Outcome.REJECTED, description=reason)


def _registered(person: NewRegistrant, outcome: Outcome, row: dict[str, Any]) -> RegistrationResult:
    return RegistrationResult(
        person,
        outcome,
        registrant_key=_text(row.get("registrantKey")),
        join_url=_text(row.get("joinUrl")),
        status=_text(row.get("status")),
        description=error_text(row) or None,
    )


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, bool | float | list | dict) else str(value).strip() or None
