"""Whose webinars are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_gotowebinar.api.errors import RetriesExhaustedError, UnexpectedStatusError
from tap_gotowebinar.api.identity import IDENTITY_PATH
from tap_gotowebinar.streams.base import GoToWebinarStream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from singer_sdk.helpers.types import Context, Record


class Organizers(GoToWebinarStream):
    """The person behind the token, and the organizers whose webinars are read. Always has a row."""

    name = "organizers"
    path = IDENTITY_PATH
    primary_keys = ("organizerKey",)
    answer_keys = ("organizerKey",)

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        scope = self.tap.scope
        rows: dict[str, dict[str, Any]] = {}
        if (owner := self._owner()) is not None:
            rows[owner["organizerKey"]] = owner
        keys = scope.organizer_keys
        if self.tap.settings.account_key:
            keys = tuple(row["organizerKey"] for row in self.tap.webinars.listing if row["organizerKey"])
        for key in keys:
            rows.setdefault(key, {"organizerKey": key, "accountKey": self.tap.settings.account_key})
        return [self.reader.read(row) for row in rows.values()]

    def _owner(self) -> dict[str, Any] | None:
        try:
            return self.tap.scope.owner
        except (RetriesExhaustedError, UnexpectedStatusError) as error:
            if not (self.tap.settings.organizer_keys or self.tap.settings.account_key):
                raise
            # Whose data to read is known without it.
            self.tally.given_up.append(self.path)
            self.logger.warning("%s; going on with the configured keys", error)
            return None
