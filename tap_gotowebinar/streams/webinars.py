"""The webinars, and what only each of them tells."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.client import API
from tap_gotowebinar.records.reader import is_key
from tap_gotowebinar.streams.children import WebinarChild
from tap_gotowebinar.streams.parents import WINDOW_MARGIN, ParentStream, format_api_time
from tap_gotowebinar.sync.bookmarks import RecordBookmark
from tap_gotowebinar.sync.listed_webinars import WebinarList
from tap_gotowebinar.sync.prefetch import PlannedRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.sync.prefetch import RequestPlan

LOOKAHEAD: Final = dt.timedelta(days=3653)
"""How far ahead webinars are listed, ten years; the API wants an end."""


class Webinars(ParentStream):
    """All webinars in the window, of the configured organizers or of the whole account."""

    name = "webinars"
    noun = "webinars"
    path = f"{API}/organizers/{{organizerKey}}/webinars"
    primary_keys = ("webinarKey",)
    answer_keys = ("webinarKey",)

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        for webinar in self.tap.plan.webinars:
            yield self.with_nulls(webinar.record)
            self.tap.report.done += webinar.reason is not None
            self.checkpoint()

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterator[Context]:
        if self.tap.plan[record["webinarKey"]].reason:
            yield {"webinarKey": record["webinarKey"], "organizerKey": record["organizerKey"]}

    @override
    def contexts(self) -> Iterator[Context]:
        for webinar in self.tap.plan.webinars:
            yield from self.generate_child_contexts(webinar.record, None)

    def has_children(self, record: Record) -> bool:
        """Whether a webinar is read: it needs an organizer, and the stream's map must not filter it out."""
        return bool(record["organizerKey"]) and self.is_wanted(record)

    @functools.cached_property
    def listing(self) -> list[dict[str, Any]]:
        """The records of all webinars, each once, listed once per run."""
        records: dict[str, dict[str, Any]] = {}
        for listing in self.lists:
            for record in listing.records:
                if record["organizerKey"] is None:
                    self.tally.given_up.append(f"{listing.path}/{record['webinarKey']}, which names no organizer")
                if self.tap.scope.includes(record["organizerKey"]):
                    records.setdefault(record["webinarKey"], record)
        self.tap.scope.check_listed({record["organizerKey"] for record in records.values()}, self.tap.report)
        return list(records.values())

    @functools.cached_property
    def lists(self) -> list[WebinarList]:
        """What each organizer, or the account, lists, once per run; without those that GoTo refuses."""
        found = (self._listed_surely(path, organizer_key) for path, organizer_key in self.tap.scope.listings)
        return [listing for listing in found if listing is not None]

    def _listed_surely(self, path: str, organizer_key: str | None) -> WebinarList | None:
        listing = self._listed(path, organizer_key)
        if listing is None or not self.tap.webinar_removals.doubts(listing):
            return listing
        return self._listed(path, organizer_key) or listing._replace(is_complete=False)

    def _listed(self, path: str, organizer_key: str | None) -> WebinarList | None:
        window = {
            "fromTime": format_api_time(self.tap.settings.start_date - WINDOW_MARGIN),
            "toTime": format_api_time(self.tap.started_at + LOOKAHEAD + WINDOW_MARGIN),
        }
        listing = self.list_or_none(path, envelopes.hal("webinars"), "webinarKey", **window)
        if listing is None:
            return None
        records = [self._record(row, organizer_key) for row in listing.rows]
        return WebinarList(path, organizer_key, records, listing.is_complete)

    def _record(self, row: object, organizer_key: str | None) -> dict[str, Any]:
        record = self.reader.read(row)
        # It becomes part of paths: anything but a key would lead elsewhere.
        told = record.get("organizerKey")
        record["organizerKey"] = told if is_key(told) else organizer_key
        return record


class WebinarDetails(WebinarChild):
    """What only the webinar itself tells: running or not, registrants, limit, organizer."""

    name = "webinar_details"
    parent_stream_type = Webinars
    path = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}"
    primary_keys = ("webinarKey",)
    answer_keys = ("webinarKey",)
    bookmark_kind = RecordBookmark

    @functools.cached_property
    def people(self) -> dict[str, int | None]:
        """How many registrants GoTo counts in each webinar that was read."""
        return {}

    @override
    def records_of(self, context: Context | None) -> Iterator[Record]:
        webinar = self.webinar_of(context)
        record = self.fetch_or_skip(self._call(context), webinar.key)
        if record is None:
            return
        self.people[webinar.key] = record.get("numberOfRegistrants")
        bookmark = self.bookmarks.of(webinar.key)
        if bookmark.is_due(record):
            yield dict(record)
            bookmark.remember(record)
            self.bookmarks.changed()
            self.checkpoint()
        if bookmark.complete(webinar.moment, settled=self.is_settled(webinar)):
            self.bookmarks.changed()

    @override
    def calls_of(self, context: Context) -> RequestPlan:
        yield self._call(context)

    def _call(self, context: Context | None) -> PlannedRequest:
        keys = context or {}
        path = self.path.format_map(keys)
        return PlannedRequest(path, functools.partial(self.call, path, functools.partial(self.read_single, keys)))
