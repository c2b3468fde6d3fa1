"""Who registered for a webinar, what they told, and who is no longer on the list."""

from __future__ import annotations

import abc
import functools
from typing import TYPE_CHECKING, ClassVar, Final

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from tap_gotowebinar.api.client import API
from tap_gotowebinar.streams.children import WebinarChild
from tap_gotowebinar.streams.webinars import Webinars
from tap_gotowebinar.sync.prefetch import PlannedRequest
from tap_gotowebinar.sync.registrant_bookmarks import RegistrantBookmark, SeenKeysBookmark
from tap_gotowebinar.sync.schedule import DueReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.records.moments import WebinarTiming
    from tap_gotowebinar.sync.prefetch import RequestPlan
    from tap_gotowebinar.sync.registrant_bookmarks import Row, Rows
    from tap_gotowebinar.sync.registrant_lists import RegistrantList
    from tap_gotowebinar.sync.schedule import DueRule


class RegistrantStream(WebinarChild):
    """What the streams on the list of registrants share: the list, read once."""

    parent_stream_type = Webinars
    primary_keys = ("webinarKey", "registrantKey")
    answer_keys = ("registrantKey",)

    list_path: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/registrants"

    @property
    @override
    def first_path(self) -> str:
        return self.list_path

    def list_call(self, context: Context | None) -> PlannedRequest:
        """Return the call for the list of a webinar."""
        path = self.list_path.format_map(context or {})
        known = self.tap.people_of(self.webinar_of(context).key)
        return PlannedRequest(
            path, functools.partial(self.tap.registrant_lists.read, path, self, known=known), is_pivot=True
        )

    @override
    def calls_of(self, context: Context) -> RequestPlan:
        yield self.list_call(context)

    def read_list(self, context: Context | None) -> RegistrantList | None:
        """Return the list of a webinar; None when it could not be read."""
        listing: RegistrantList | None = self.fetch_or_skip(self.list_call(context), self.webinar_of(context).key)
        return listing


class RosterStream(RegistrantStream):
    """What the streams share that emit the people of a list: which of them are new or changed."""

    replication_key = "registrationDate"
    bookmark_kind = RegistrantBookmark

    repeats_whole_list: ClassVar[bool]
    """Whether the whole list of a settled webinar is emitted again when its count says that the past has changed."""

    @property
    def emits_everything(self) -> bool:
        """Whether the catalog asks for all rows each time; bookmarks are left alone then."""
        return self.replication_method == REPLICATION_FULL_TABLE

    @override
    def reason(self, rule: DueRule, moment: WebinarTiming, newest: str | None, webinar_key: str) -> DueReason | None:
        return DueReason.ALIVE if self.emits_everything else super().reason(rule, moment, newest, webinar_key)

    def due_among(self, rows: Rows, webinar_key: str) -> Iterable[tuple[int, Row]]:
        """Return those of a webinar's list rows that this stream has not emitted as they are, and their keys."""
        if self.emits_everything:
            return rows.items()
        bookmark: RegistrantBookmark = self.bookmarks.of(webinar_key)
        bookmark.begin(rows, whole_list=self.repeats_whole_list)
        return bookmark.due(rows)

    @abc.abstractmethod
    def record_of(self, row: Row, context: Context | None) -> Record | None:
        """Return the record of a list row; None when it is gone (counted in the tally) or cannot be had now."""

    @override
    def records_of(self, context: Context | None) -> Iterator[Record]:
        listing = self.read_list(context)
        if listing is None:
            return
        rows, webinar = listing.rows, self.webinar_of(context)
        self.tap.removals.expect(webinar.key, rows)
        bookmark: RegistrantBookmark = self.bookmarks.of(webinar.key)
        remembers = not self.emits_everything
        is_read = listing.is_complete and remembers
        for key, row in self.due_among(rows, webinar.key):
            gone = len(self.tally.gone)
            record = self.record_of(row, context)
            if record is not None:
                yield record
            elif len(self.tally.gone) == gone:
                # What was refused, given up or cut off stays due: then the webinar is not read to the end.
                is_read = False
                continue
            if remembers:
                bookmark.remember(key, row, not_after=self.tap.started)
                self.bookmarks.changed()
            self.checkpoint()
        if is_read and bookmark.complete(rows, webinar.moment):
            self.bookmarks.changed()


class Registrants(RosterStream):
    """Who registered for a webinar: one call per webinar."""

    name = "registrants"
    path = RegistrantStream.list_path
    repeats_whole_list = True

    @override
    def read_list(self, context: Context | None) -> RegistrantList | None:
        listing = super().read_list(context)
        if listing is not None:
            key = self.webinar_of(context).key
            approved = sum(1 for row in listing.rows.values() if row.get("status") == "APPROVED")
            # Whether those who wait or were denied are in GoTo's count is not documented.
            self.tap.report.compare(self.name, key, self.tap.details.people.get(key), approved, len(listing.rows))
        return listing

    @override
    def record_of(self, row: Row, context: Context | None) -> Record:
        return dict(row)


class RegistrantDetails(RosterStream):
    """What a registrant told in the registration form: one call per new or changed registrant."""

    name = "registrant_details"
    path = f"{RegistrantStream.list_path}/{{registrantKey}}"
    repeats_whole_list = False

    @override
    def record_of(self, row: Row, context: Context | None) -> Record | None:
        record: Record | None = self.fetch_or_skip(self._call(context, row), self.webinar_of(context).key)
        return record

    @override
    def calls_of(self, context: Context) -> RequestPlan:
        listing = yield self.list_call(context)
        for _, row in self.due_among(listing.rows, self.webinar_of(context).key):
            yield self._call(context, row)

    def _call(self, context: Context | None, row: Row) -> PlannedRequest:
        keys = {**(context or {}), "registrantKey": row["registrantKey"]}
        path = self.path.format_map(keys)
        return PlannedRequest(path, functools.partial(self.call, path, functools.partial(self.read_single, keys)))


class RegistrantRemovals(RegistrantStream):
    """Who is no longer on the list of a webinar that is alive: a cancellation. Shares the list; costs no call."""

    name = "registrant_removals"
    path = RegistrantStream.list_path
    replication_key = "removedAt"
    bookmark_kind = SeenKeysBookmark

    @override
    def reason(self, rule: DueRule, moment: WebinarTiming, newest: str | None, webinar_key: str) -> DueReason | None:
        settled = moment.is_settled(newest)
        return None if settled and not self.bookmarks.of(webinar_key).is_known else DueReason.ALIVE

    def expect(self, webinar_key: str, rows: Rows) -> None:
        """Remember who is on a list before the other streams emit them.

        Their details may take hours; a run that is killed meanwhile must not forget whom the next one has to miss.
        """
        if self.selected and self.bookmarks.of(webinar_key).expect(rows):
            self.bookmarks.changed()

    @override
    def records_of(self, context: Context | None) -> Iterator[Record]:
        listing = self.read_list(context)
        if listing is None or not listing.is_complete:
            return
        webinar = self.webinar_of(context)
        bookmark = self.bookmarks.of(webinar.key)
        for key in bookmark.missing(listing.rows):
            yield {"registrantKey": str(key), "removedAt": self.tap.started}
            bookmark.forget(key)
            self.bookmarks.changed()
            self.checkpoint()
        if bookmark.complete(listing.rows, settled=self.is_settled(webinar)):
            self.bookmarks.changed()
