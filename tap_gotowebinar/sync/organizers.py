"""Whose data a run reads: the organizers, the account, and the person behind the token."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import CallError, GoToWebinarError
from tap_gotowebinar.api.identity import NO_IDENTITY, UNKNOWN_OWNER, owner_of_token

if TYPE_CHECKING:
    from tap_gotowebinar.settings.tap import Settings
    from tap_gotowebinar.sync.report import Report
    from tap_gotowebinar.sync.stream_client import StreamClient


class OrganizerScope:
    """What the settings and the token say together.

    Args:
        settings: Which organizers and which account were configured.
        client: Makes the look-ups.
    """

    def __init__(self, settings: Settings, client: StreamClient) -> None:
        """Look nothing up yet."""
        self._settings = settings
        self._client = client

    @property
    def owner(self) -> dict[str, Any] | None:
        """The person the token belongs to, as a row of `organizers`; None when GoTo does not tell this token.

        Raises:
            RetriesExhaustedError, UnexpectedStatusError: one of the two look-ups failed, and the other did not help.
        """
        if isinstance(self._owner, CallError):
            raise self._owner
        return self._owner

    @functools.cached_property
    def _owner(self) -> dict[str, Any] | CallError | None:
        """What came of the look-up; a failure, too, is asked for once only."""
        look_up = functools.partial(self._client.get, forbidden_statuses=NO_IDENTITY)
        try:
            return owner_of_token(lambda path, read: self._client.wait_for(functools.partial(look_up, path, read)))
        except CallError as error:
            return error

    @functools.cached_property
    def organizer_keys(self) -> tuple[str, ...]:
        """Organizers whose webinars are listed one by one, or that an account's webinars are filtered to.

        Raises:
            GoToWebinarError: none is configured and GoTo does not say whose token it is.
        """
        if self._settings.organizer_keys or self._settings.account_key:
            return self._settings.organizer_keys
        if self.owner is None:
            raise GoToWebinarError(UNKNOWN_OWNER)
        return (str(self.owner["organizerKey"]),)

    @property
    def listings(self) -> list[tuple[str, str | None]]:
        """Paths under which webinars are listed, each with the organizer it belongs to (None for an account)."""
        if self._settings.account_key:
            return [(f"{API}/accounts/{self._settings.account_key}/webinars", None)]
        return [(f"{API}/organizers/{key}/webinars", key) for key in self.organizer_keys]

    def includes(self, organizer_key: str | None) -> bool:
        """Whether a listed webinar of this organizer is wanted: only the list of an account shows others' webinars."""
        if not self._settings.account_key or not self._settings.organizer_keys:
            return True
        return organizer_key in self._settings.organizer_keys

    def check_listed(self, organizer_keys: set[str | None], report: Report) -> None:
        """Say which configured organizers have no webinar in the account.

        Raises:
            GoToWebinarError: none of them has.
        """
        if not self._settings.account_key:
            return
        missing = [key for key in self._settings.organizer_keys if key not in organizer_keys]
        if not missing:
            return
        text = f"no webinar in the account for {', '.join(missing)} of organizer_keys: a key may be wrong"
        if len(missing) == len(self._settings.organizer_keys):
            raise GoToWebinarError(text)
        report.warn(text)
