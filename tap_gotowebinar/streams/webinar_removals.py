"""Which webinars are listed no more."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_gotowebinar.streams.base import GoToWebinarStream
from tap_gotowebinar.streams.webinars import Webinars
from tap_gotowebinar.sync.listed_webinars import ListedWebinarsBookmark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.sync.bookmarks import StreamBookmarks
    from tap_gotowebinar.sync.listed_webinars import WebinarList


class WebinarRemovals(GoToWebinarStream):
    """Which webinars are no longer listed, though a complete list should show them: cancelled, or deleted.

    Shares the list of `webinars` and costs no call. It comes before the webinars, which may take hours: a run that is
    killed meanwhile has told by then which are missing, and remembers which ones the next run has to miss.
    """

    name = "webinar_removals"
    path = Webinars.path
    primary_keys = ("webinarKey",)
    replication_key = "removedAt"

    @functools.cached_property
    def bookmarks(self) -> StreamBookmarks[ListedWebinarsBookmark]:
        """Which webinars were listed, by organizer."""
        return self.tap.bookmarks.of(self.name, ListedWebinarsBookmark)

    def doubts(self, listing: WebinarList) -> bool:
        """Whether a complete list lost more than half of its webinars: it is read twice before it is believed."""
        expected = self._expected(listing) if self.selected else set()
        return 2 * len(expected - listing.keys) > len(expected)

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        lists = self.tap.webinars.lists
        listed = set[int]().union(*(listing.keys for listing in lists))
        expected = set[int]().union(*map(self._expected, lists))
        for listing in lists:
            self._track(listing, listed)
        for key in sorted(expected - listed):
            yield {"webinarKey": str(key), "removedAt": self.tap.started}
            for bookmark in self.bookmarks.all().values():
                bookmark.forget(key)
            self.bookmarks.changed()
            self.checkpoint()

    def _organizers(self, listing: WebinarList) -> set[str]:
        """Return whose webinars a list shows, of the organizers that are known and those that are on it."""
        if listing.organizer_key is not None:
            return {listing.organizer_key}
        return {key for key in {*self.bookmarks.all(), *listing.by_organizer()} if self.tap.scope.includes(key)}

    def _expected(self, listing: WebinarList) -> set[int]:
        """Return the webinars that must be on a list, if it is complete."""
        if not listing.is_complete:
            return set()
        settings = self.tap.settings
        bookmarks = map(self.bookmarks.of, self._organizers(listing))
        return set[int]().union(*(known.expected(settings.start_date, settings.account_key) for known in bookmarks))

    def _track(self, listing: WebinarList, listed: set[int]) -> None:
        settings, records = self.tap.settings, listing.by_organizer()
        for organizer_key in self._organizers(listing):
            bookmark = self.bookmarks.of(organizer_key)
            if bookmark.track(records.get(organizer_key, ()), listed, settings.start_date, settings.account_key):
                self.bookmarks.changed()
