"""Who registered for a webinar, what they told, and who is no longer on the list."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from tap_gotowebinar.children import WebinarChild
from tap_gotowebinar.client import API
from tap_gotowebinar.plan import Reason
from tap_gotowebinar.readahead import Foreseen
from tap_gotowebinar.rosters import KeysBookmark, RosterBookmark
from tap_gotowebinar.streams.webinars import Webinars

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.bookmarks import Bookmark
    from tap_gotowebinar.envelopes import Listing
    from tap_gotowebinar.moments import Moment
    from tap_gotowebinar.plan import DueRule
    from tap_gotowebinar.readahead import Foresight


class RegistrantStream(WebinarChild):
    """What the streams on the list of registrants share: the list, and what of it is new or changed."""

    parent_stream_type = Webinars
    replication_key = "registrationDate"
    primary_keys = ("webinarKey", "registrantKey")
    answer_keys = ("registrantKey",)
    bookmark_kind: ClassVar[type[Bookmark]] = RosterBookmark

    list_path: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/registrants"

    repeats_whole_list: ClassVar[bool]
    """Whether the whole list of a settled webinar is emitted again when its count says that the past has changed."""

    _pending: Callable[[], None] | None = None
    """Remembers what was given out last; None when that has been done."""

    @property
    def emits_everything(self) -> bool:
        """Whether the catalog asks for all rows each time; bookmarks are left alone then."""
        return self.replication_method == REPLICATION_FULL_TABLE

    @override
    def reason(self, rule: DueRule, moment: Moment, newest: str | None, webinar_key: str) -> Reason | None:
        return Reason.ALIVE if self.emits_everything else super().reason(rule, moment, newest, webinar_key)

    def list_call(self, context: Context | None) -> Foreseen:
        """Return the call for the list of a webinar."""
        path = self.list_path.format_map(context or {})
        known = self.tap.people_of(self.webinar_of(context).key)
        return Foreseen(path, functools.partial(self.tap.registrant_lists.read, path, self, known=known), is_pivot=True)

    @override
    def foresee(self, context: Context) -> Foresight:
        yield self.list_call(context)

    def read_list(self, context: Context | None) -> Listing | None:
        """Return the list of a webinar; None when it could not be read."""
        listing: Listing | None = self.tolerant_result(self.list_call(context), self.webinar_of(context).key)
        return listing

    def due_among(self, rows: list[dict[str, Any]], webinar_key: str) -> Iterator[dict[str, Any]]:
        """Yield those of a webinar's list rows that this stream has not emitted as they are."""
        if self.emits_everything:
            return iter(rows)
        bookmark: RosterBookmark = self.bookmarks.of(webinar_key)
        bookmark.begin(rows, whole_list=self.repeats_whole_list)
        return filter(bookmark.is_due, rows)

    def due_rows(self, context: Context | None) -> Iterator[dict[str, Any]]:
        """Yield the list rows that are due, and note at the end that the list has been read."""
        listing = self.read_list(context)
        if listing is None:
            return
        rows, webinar = listing.rows, self.webinar_of(context)
        self.tap.removals.expect(webinar.key, rows)
        bookmark: RosterBookmark = self.bookmarks.of(webinar.key)
        is_read = listing.is_complete and not self.emits_everything
        for row in self.due_among(rows, webinar.key):
            self._pending = functools.partial(bookmark.remember, row, not_after=self.tap.started)
            yield row
            # What was refused, given up or cut off stays due: then the webinar is not read to the end.
            is_read = is_read and self._pending is None
        if is_read and bookmark.complete(rows, webinar.moment):
            self.bookmarks.changed()

    @override
    def written(self) -> None:
        self.dealt_with()
        super().written()

    def dealt_with(self) -> None:
        """Note that nothing is left to do for what was given out last."""
        if self._pending is not None:
            self._pending()
            self._pending = None
            self.bookmarks.changed()


class Registrants(RegistrantStream):
    """Who registered for a webinar: one call per webinar."""

    name = "registrants"
    path = RegistrantStream.list_path
    repeats_whole_list = True

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        for row in self.due_rows(context):
            yield dict(row)


class RegistrantDetails(RegistrantStream):
    """What a registrant told in the registration form: one call per new or changed registrant."""

    name = "registrant_details"
    path = f"{RegistrantStream.list_path}/{{registrantKey}}"
    repeats_whole_list = False

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        webinar = self.webinar_of(context)
        for row in self.due_rows(context):
            gone = len(self.tally.gone)
            record = self.tolerant_result(self._call(context, row), webinar.key)
            if record is not None:
                yield record
            elif len(self.tally.gone) > gone and not self.emits_everything:
                self.dealt_with()

    @override
    def foresee(self, context: Context) -> Foresight:
        listing = yield self.list_call(context)
        for row in self.due_among(listing.rows, self.webinar_of(context).key):
            yield self._call(context, row)

    def _call(self, context: Context | None, row: dict[str, Any]) -> Foreseen:
        keys = {**(context or {}), "registrantKey": row["registrantKey"]}
        path = self.path.format_map(keys)
        return Foreseen(path, functools.partial(self.call, path, functools.partial(self.read_single, keys)))


class RegistrantRemovals(RegistrantStream):
    """Who is no longer on the list of a webinar that is alive: a cancellation. Shares the list; costs no call."""

    name = "registrant_removals"
    path = RegistrantStream.list_path
    replication_key = "removedAt"
    bookmark_kind = KeysBookmark

    @override
    def reason(self, rule: DueRule, moment: Moment, newest: str | None, webinar_key: str) -> Reason | None:
        settled = moment.is_settled(newest)
        return None if settled and not self.bookmarks.of(webinar_key).is_known else Reason.ALIVE

    def expect(self, webinar_key: str, rows: Iterable[dict[str, Any]]) -> None:
        """Remember who is on a list before the other streams emit them.

        Their details may take hours; a run that is killed meanwhile must not forget whom the next one has to miss.
        """
        if self.selected and self.bookmarks.of(webinar_key).expect(rows):
            self.bookmarks.changed()

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        listing = self.read_list(context)
        if listing is None or not listing.is_complete:
            return
        webinar = self.webinar_of(context)
        bookmark = self.bookmarks.of(webinar.key)
        for key in bookmark.missing(listing.rows):
            self._pending = functools.partial(bookmark.forget, key)
            yield {"registrantKey": str(key), "removedAt": self.tap.started}
        if bookmark.complete(listing.rows, settled=self.is_settled(webinar)):
            self.bookmarks.changed()
