"""Which webinars are listed no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from tap_gotowebinar.streams.base import GoToWebinarStream
from tap_gotowebinar.streams.webinars import Webinars
from tap_gotowebinar.sync.bookmarks.listed_webinars import ListedWebinarsBookmark
from tap_gotowebinar.sync.steps import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Context, Record


class WebinarRemovals(GoToWebinarStream):
    """Which webinars are no longer listed, though a complete list should show them: cancelled, or deleted.

    Shares the list of `webinars` and costs no call. It comes before the webinars, which may take hours: a run that is
    killed meanwhile has told by then which are missing, and remembers which ones the next run has to miss.
    """

    name = "webinar_removals"
    path = Webinars.path
    primary_keys = ("webinarKey",)
    replication_key = "removedAt"
    bookmark_kind = ListedWebinarsBookmark
    lists_webinars = True

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        run = self.sync_context
        lists = run.webinars.lists
        missing = run.listed_webinars.missing(lists)
        run.listed_webinars.track(lists)
        yield from self.written(
            Batch([{"webinarKey": str(key), "removedAt": run.started} for key in missing], self._discard)
        )

    def _discard(self, records: Sequence[Record]) -> None:
        for record in records:
            self.sync_context.listed_webinars.discard(int(record["webinarKey"]))
