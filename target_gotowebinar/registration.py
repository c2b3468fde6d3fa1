"""One person, one call: what GoTo makes of a registration (API reference, sections 6.1 and 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import (
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RetriesExhaustedError,
    UnexpectedStatusError,
)
from tap_gotowebinar.api.redaction import error_text, is_from_goto
from tap_gotowebinar.api.transport import SUCCESS
from tap_gotowebinar.sync.registrant_lists import ROUND_LENGTH
from target_gotowebinar.results import Outcome, RegistrationResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_gotowebinar.api.client import ApiClient
    from tap_gotowebinar.api.transport import ApiResponse
    from tap_gotowebinar.sync.report import StreamStats
    from target_gotowebinar.payload import NewRegistrant

CONFLICT: Final = 409
"""The address is registered for this webinar."""

NOT_FOUND: Final = 404
"""There is no such webinar, for anybody."""


class RegistrantClient:
    """Registers people; for any thread, but one person of a webinar after the other."""

    def __init__(self, connection: ApiClient, tally: StreamStats, *, resend_confirmation: bool) -> None:
        """Register nobody yet.

        Args:
            connection: What calls go through.
            tally: Where they are counted.
            resend_confirmation: Whether people who are registered already get the mail again.
        """
        self._connection = connection
        self._tally = tally
        self._resend = resend_confirmation
        self._unknown: dict[str, str] = {}

    def register(self, person: NewRegistrant, organizer_key: str) -> RegistrationResult:
        """Register somebody and return what became of it.

        Raises:
            RetriesExhaustedError: it is not known whether the person is registered.
            GoToWebinarError: nobody can be registered like this.
        """
        path = f"{API}/organizers/{organizer_key}/webinars/{person.webinar_key}/registrants"
        if path in self._unknown:
            # Nobody needs to ask again.
            return RegistrationResult.of(person, Outcome.REJECTED, description=self._unknown[path])

        def read(answer: ApiResponse, in_doubt: bool) -> RegistrationResult:  # noqa: FBT001 - the connection's
            result = _result(person, answer, path, in_doubt=in_doubt)
            if in_doubt and result.outcome is Outcome.REJECTED:
                # Full, perhaps, with this very person, or closed since.
                return self._found(person, path) or result
            return result

        try:
            return self._connection.post(
                path,
                person.content,
                read,
                self._tally,
                params={"resendConfirmation": "true" if self._resend else "false"},
                # A second try would send a second mail.
                look=(lambda: self._found(person, path)) if self._resend else None,
            )
        except NotFoundError as error:
            self._unknown[path] = str(error)
        return RegistrationResult.of(person, Outcome.REJECTED, description=self._unknown[path])

    def _found(self, person: NewRegistrant, path: str) -> RegistrationResult | None:
        """Return the result of a registration that took effect although its answer was lost.

        Raises:
            RetriesExhaustedError: GoTo does not tell.
        """
        address = (person.email or "").casefold()
        try:
            for row in self._rows(path):
                if isinstance(row, dict) and str(row.get("email")).casefold() == address:
                    return _registered(person, Outcome.REGISTERED, row)
        except (ForbiddenError, NotFoundError, UnexpectedStatusError) as error:
            msg = f"the answer was lost, and the list of registrants cannot be read: {error}"
            raise RetriesExhaustedError(msg) from None
        return None

    def _rows(self, path: str) -> Iterator[Any]:
        """Yield the registrants of a webinar, with as few calls as can be."""
        try:
            page = self._connection.get(path, envelopes.array, self._tally)
        except RetriesExhaustedError:
            # Too many to be sent at once.
            page = envelopes.Page([], None, is_last=False)
        yield from page.rows
        is_cut = len(page.rows) >= 2 * ROUND_LENGTH and len(page.rows) % ROUND_LENGTH == 0
        if page.is_last and not is_cut:
            return
        before: list[Any] = []
        for number in range(envelopes.MAX_PAGES):
            params = {"page": number, "limit": envelopes.MAX_PAGE_SIZE}
            page = self._connection.get(path, envelopes.array, self._tally, params=params)
            yield from page.rows
            if page.is_last:
                return
            if page.rows == before:
                break
            before = page.rows
        msg = f"gave up on {path}: there is no end to its pages"
        raise RetriesExhaustedError(msg)


def _result(person: NewRegistrant, answer: ApiResponse, path: str, *, in_doubt: bool) -> RegistrationResult:
    """Return what an answer means.

    Args:
        person: Who was to be registered.
        answer: The answer.
        path: What was asked, for an error.
        in_doubt: Whether an earlier try may have been what registered them.

    Raises:
        MalformedResponseError: an answer of success that does not name the registrant, or a no that is not GoTo's own:
            a proxy's says nothing about the person.
        NotFoundError: there is no such webinar.
        UnexpectedStatusError: a redirect, which is never followed.
    """
    body = answer.body if isinstance(answer.body, dict) else {}
    if answer.status in SUCCESS:
        if _text(body.get("registrantKey")) is None:
            msg = "the answer to a registration holds no registrantKey"
            raise MalformedResponseError(msg)
        return _registered(person, Outcome.REGISTERED, body)
    if answer.location:
        msg = f"unexpected answer to {path}: status {answer.status}, a redirect, which is never followed: check api_url"
        raise UnexpectedStatusError(msg)
    is_known = answer.status == CONFLICT
    if not is_from_goto(body) and not (is_known and _text(body.get("registrantKey"))):
        msg = f"status {answer.status}, not from GoTo itself"
        raise MalformedResponseError(msg)
    if is_known:
        return _registered(person, Outcome.REGISTERED if in_doubt else Outcome.ALREADY_REGISTERED, body)
    reason = error_text(body) or f"status {answer.status}"
    if answer.status == NOT_FOUND:
        raise NotFoundError(reason)
    return RegistrationResult.of(person, Outcome.REJECTED, description=reason)


def _registered(person: NewRegistrant, outcome: Outcome, row: dict[str, Any]) -> RegistrationResult:
    return RegistrationResult.of(
        person,
        outcome,
        registrant_key=_text(row.get("registrantKey")),
        join_url=_text(row.get("joinUrl")),
        status=_text(row.get("status")),
        description=error_text(row) or None,
    )


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, bool | float | list | dict) else str(value).strip() or None
