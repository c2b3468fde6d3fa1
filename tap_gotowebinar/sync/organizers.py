"""Whose data a run reads: the organizers, the account, and the owner of the token."""

import functools
from dataclasses import dataclass
from typing import Any

from tap_gotowebinar.api.client import API
from tap_gotowebinar.api.errors import CallError, GoToWebinarError
from tap_gotowebinar.api.identity import NO_IDENTITY, UNKNOWN_OWNER, owner_of_token
from tap_gotowebinar.settings.tap import Settings
from tap_gotowebinar.sync.report import Report
from tap_gotowebinar.sync.stream_client import StreamClient


@dataclass
class OrganizerScope:
    """What the settings and the token say together about whose data is read."""

    settings: Settings
    client: StreamClient

    @property
    def owner(self) -> dict[str, Any] | None:
        """The owner of the token, as a row of `organizers`; None when GoTo does not tell this token.

        Raises:
            RetriesExhaustedError, UnexpectedStatusError: one of the two look-ups failed, and the other did not help.
        """
        if isinstance(self._owner, CallError):
            raise self._owner
        return self._owner

    @functools.cached_property
    def _owner(self) -> dict[str, Any] | CallError | None:
        """The result of the look-up; a failed one is not repeated."""
        look_up = functools.partial(self.client.get, forbidden_statuses=NO_IDENTITY)
        try:
            return owner_of_token(lambda path, read: self.client.wait_for(functools.partial(look_up, path, read)))
        except CallError as error:
            return error

    @functools.cached_property
    def organizer_keys(self) -> tuple[str, ...]:
        """Organizers whose webinars are listed one by one, or to whom an account's webinars are filtered.

        Raises:
            GoToWebinarError: none is configured and GoTo does not say whose token it is.
        """
        if self.settings.organizer_keys or self.settings.account_key:
            return self.settings.organizer_keys
        if self.owner is None:
            raise GoToWebinarError(UNKNOWN_OWNER)
        return (str(self.owner["organizerKey"]),)

    @property
    def listings(self) -> list[tuple[str, str | None]]:
        """Paths under which webinars are listed, each with the organizer it belongs to (None for an account)."""
        if self.settings.account_key:
            return [(f"{API}/accounts/{self.settings.account_key}/webinars", None)]
        return [(f"{API}/organizers/{key}/webinars", key) for key in self.organizer_keys]

    def includes(self, organizer_key: str | None) -> bool:
        """Return whether this organizer's webinars are wanted; only the list of an account shows others."""
        if not self.settings.account_key or not self.settings.organizer_keys:
            return True
        return organizer_key in self.settings.organizer_keys

    def check_listed(self, organizer_keys: set[str | None], report: Report) -> None:
        """Warn of configured organizers that have no webinar in the account; raises GoToWebinarError if none has."""
        missing = [key for key in self.settings.organizer_keys if key not in organizer_keys]
        if not self.settings.account_key or not missing:
            return
        text = f"no webinar in the account for {', '.join(missing)} of organizer_keys: a key may be wrong"
        if len(missing) == len(self.settings.organizer_keys):
            raise GoToWebinarError(text)
        report.warn(text)
