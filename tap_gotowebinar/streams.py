"""The streams: one class each, in the order in which the children of a webinar are read."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk.mapper import RemoveRecordTransform
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from tap_gotowebinar import envelopes
from tap_gotowebinar.bookmarks import KeysBookmark, RecordBookmark, RosterBookmark
from tap_gotowebinar.client import API, ChildStream, GoToWebinarStream
from tap_gotowebinar.errors import GaveUpError, RefusedError, UnexpectedAnswerError
from tap_gotowebinar.identity import IDENTITY_PATH
from tap_gotowebinar.plan import Reason
from tap_gotowebinar.readahead import Foreseen
from tap_gotowebinar.records import is_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.mapper import StreamMap

    from tap_gotowebinar.bookmarks import Bookmark, Moment
    from tap_gotowebinar.envelopes import Listing
    from tap_gotowebinar.plan import DueRule
    from tap_gotowebinar.readahead import Foresight

WINDOW_MARGIN: Final = dt.timedelta(days=1)
"""Asked for on both sides: GoTo does not say whether its filter tests the start, the end or the overlap."""

LOOKAHEAD: Final = dt.timedelta(days=3653)
"""How far ahead webinars are listed, ten years; the API wants an end."""


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
        except (GaveUpError, UnexpectedAnswerError) as error:
            if not (self.tap.settings.organizer_keys or self.tap.settings.account_key):
                raise
            # Whose data to read is known without it.
            self.tally.given_up.append(self.path)
            self.logger.warning("%s; going on with the configured keys", error)
            return None


class Webinars(GoToWebinarStream):
    """All webinars in the window, of the configured organizers or of the whole account."""

    name = "webinars"
    path = f"{API}/organizers/{{organizerKey}}/webinars"
    primary_keys = ("webinarKey",)
    answer_keys = ("webinarKey",)

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        for webinar in self.tap.plan.webinars:
            yield dict(webinar.record)
            self.tap.report.webinar_done(due=webinar.reason is not None)
            self.tap.stop_signals.check()

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterator[Context]:
        if self.tap.plan[record["webinarKey"]].reason:
            yield {"webinarKey": record["webinarKey"], "organizerKey": record["organizerKey"]}

    @property
    def stream_maps(self) -> list[StreamMap]:
        """The maps of this stream; in the SDK, one that removes the webinars would take their children along."""
        first, *others = super().stream_maps
        if isinstance(first, RemoveRecordTransform):
            first = _RemovedParent(first.stream_alias, first.raw_schema, first.raw_key_properties, None)
        return [first, *others]

    def foresights(self) -> Iterator[Foresight]:
        """Yield, for each webinar that is due, the calls its streams are going to make."""
        children = [child for child in self.child_streams if isinstance(child, ChildStream) and child.selected]
        for webinar in self.tap.plan.webinars:
            for context in self.generate_child_contexts(webinar.record, None):
                yield _chained([child.foresee(context) for child in children])

    def has_children(self, record: Record) -> bool:
        """Whether a webinar is read: it needs an organizer, and the stream's map must not filter it out."""
        return bool(record["organizerKey"]) and self.stream_maps[0].get_filter_result(dict(record))

    @functools.cached_property
    def listing(self) -> list[dict[str, Any]]:
        """The records of all webinars, each once, listed once per run."""
        records: dict[str, dict[str, Any]] = {}
        for path, organizer_key in self.tap.scope.listings:
            for row in self._listed(path):
                record = self.reader.read(row)
                # It becomes part of paths: anything but a key would lead elsewhere.
                told = record.get("organizerKey")
                record["organizerKey"] = told if is_key(told) else organizer_key
                if record["organizerKey"] is None:
                    self.tally.given_up.append(f"{path}/{record['webinarKey']}, which names no organizer")
                if self.tap.scope.includes(record["organizerKey"]):
                    records.setdefault(record["webinarKey"], record)
        self.tap.scope.check_listed({record["organizerKey"] for record in records.values()}, self.tap.report)
        return list(records.values())

    def _listed(self, path: str) -> list[Any]:
        window = {
            "fromTime": _wire_time(self.tap.settings.start_date - WINDOW_MARGIN),
            "toTime": _wire_time(self.tap.started_at + LOOKAHEAD + WINDOW_MARGIN),
        }
        try:
            read = functools.partial(self.pages, path, envelopes.hal("webinars"), "webinarKey", size="size", **window)
            return self.interruptibly(read).rows
        except RefusedError as error:
            self.tally.refused.append(path)
            self.logger.warning("%s: the key may be wrong, or the user may not see it", error)
            return []


class _RemovedParent(RemoveRecordTransform):
    @override
    def get_filter_result(self, record: Record) -> bool:
        return True


class WebinarDetails(ChildStream):
    """What only the webinar itself tells: running or not, registrants, limit, organizer."""

    name = "webinar_details"
    parent_stream_type = Webinars
    path = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}"
    primary_keys = ("webinarKey",)
    answer_keys = ("webinarKey",)
    bookmark_kind = RecordBookmark

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        webinar = self.webinar_of(context)
        record = self.tolerant_result(self._call(context), webinar.key)
        if record is None:
            return
        bookmark = self.bookmarks.of(webinar.key)
        if bookmark.is_due(record):
            yield dict(record)
            bookmark.remember(record)
            self.bookmarks.changed()
        if bookmark.complete(webinar.moment, settled=self.is_settled(webinar)):
            self.bookmarks.changed()

    @override
    def foresee(self, context: Context) -> Foresight:
        yield self._call(context)

    def _call(self, context: Context | None) -> Foreseen:
        keys = context or {}
        path = self.path.format_map(keys)
        return Foreseen(path, functools.partial(self.call, path, functools.partial(self.read_single, keys)))


class RegistrantStream(ChildStream):
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


def _chained(foresights: list[Foresight]) -> Foresight:
    for foresight in foresights:
        yield from foresight


def _wire_time(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
