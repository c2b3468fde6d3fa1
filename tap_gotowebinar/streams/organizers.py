"""The organizers whose webinars are read."""

import copy
from collections.abc import Iterable
from typing import Any

from singer_sdk.helpers.types import Context, Record
from typing_extensions import override

from tap_gotowebinar.api.errors import CallError
from tap_gotowebinar.api.identity import IDENTITY_PATH
from tap_gotowebinar.streams.base import GoToWebinarStream


class Organizers(GoToWebinarStream):
    """The owner of the token and the organizers whose webinars are read; at least one row."""

    name = "organizers"
    path = IDENTITY_PATH
    primary_keys = ("organizerKey",)
    answer_keys = ("organizerKey",)

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        run = self.sync_context
        rows: dict[str, dict[str, Any]] = {}
        if (owner := self._owner()) is not None:
            rows[owner["organizerKey"]] = copy.deepcopy(owner)
        keys = run.organizers.organizer_keys
        if run.settings.account_key:
            keys = tuple(run.webinars.organizer_keys)
        for key in keys:
            rows.setdefault(key, {"organizerKey": key, "accountKey": run.settings.account_key})
        return [self.client.reader.read(row) for row in rows.values()]

    def _owner(self) -> dict[str, Any] | None:
        try:
            return self.sync_context.organizers.owner
        except CallError as error:
            settings = self.sync_context.settings
            if not (settings.organizer_keys or settings.account_key):
                raise
            # The settings already name whose data to read.
            self.stats.given_up.append(self.path)
            self.logger.warning("%s; going on with the configured keys", error)
            return None
