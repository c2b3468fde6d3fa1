"""The webinars, and what only each of them tells."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, Final

from singer_sdk.mapper import RemoveRecordTransform
from typing_extensions import override

from tap_gotowebinar import envelopes
from tap_gotowebinar.bookmarks import RecordBookmark
from tap_gotowebinar.children import WebinarChild
from tap_gotowebinar.client import GoToWebinarStream
from tap_gotowebinar.connection import API
from tap_gotowebinar.errors import RefusedError
from tap_gotowebinar.readahead import Foreseen, chained
from tap_gotowebinar.records import is_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.mapper import StreamMap

    from tap_gotowebinar.readahead import Foresight

WINDOW_MARGIN: Final = dt.timedelta(days=1)
"""Asked for on both sides: GoTo does not say whether its filter tests the start, the end or the overlap."""

LOOKAHEAD: Final = dt.timedelta(days=3653)
"""How far ahead webinars are listed, ten years; the API wants an end."""


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
            self.tap.report.webinars_done += webinar.reason is not None
            self.checkpoint()

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
        children = [child for child in self.child_streams if isinstance(child, WebinarChild) and child.selected]
        for webinar in self.tap.plan.webinars:
            for context in self.generate_child_contexts(webinar.record, None):
                yield chained([child.foresee(context) for child in children])

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


class WebinarDetails(WebinarChild):
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
            self.checkpoint()
        if bookmark.complete(webinar.moment, settled=self.is_settled(webinar)):
            self.bookmarks.changed()

    @override
    def foresee(self, context: Context) -> Foresight:
        yield self._call(context)

    def _call(self, context: Context | None) -> Foreseen:
        keys = context or {}
        path = self.path.format_map(keys)
        return Foreseen(path, functools.partial(self.call, path, functools.partial(self.read_single, keys)))


def _wire_time(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
