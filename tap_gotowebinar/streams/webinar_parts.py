"""What belongs to a webinar and seldom changes: people, the registration form, recordings.

Each is one short list. It is read when a webinar is new, and then the more rarely the further away the webinar is,
before it as after it; its rows come out when one of them has changed.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.client import API
from tap_gotowebinar.streams.children import WebinarChild
from tap_gotowebinar.streams.webinars import Webinars
from tap_gotowebinar.sync.bookmarks import RowsBookmark
from tap_gotowebinar.sync.prefetch import PlannedRequest
from tap_gotowebinar.sync.schedule import DueReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_gotowebinar.records.moments import WebinarTiming
    from tap_gotowebinar.sync.prefetch import RequestPlan
    from tap_gotowebinar.sync.schedule import DueRule

WEBINAR = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}"


class SmallWebinarStream(WebinarChild):
    """A short list that belongs to a webinar: one call for each webinar that is due."""

    parent_stream_type = Webinars
    bookmark_kind = RowsBookmark
    is_due_alone = True

    @override
    def reason(self, rule: DueRule, moment: WebinarTiming, newest: str | None, webinar_key: str) -> DueReason | None:
        bookmark: RowsBookmark = self.bookmarks.of(webinar_key)
        if bookmark.read_at is None:
            return DueReason.NEW
        if not rule.is_stale(moment.now, moment.ends_at, bookmark.read_at):
            return None
        return DueReason.RECHECK if moment.is_settled(newest) else DueReason.ALIVE

    @override
    def records_of(self, context: Context | None) -> Iterator[Record]:
        webinar = self.webinar_of(context)
        rows = self.fetch_rows(self._call(context), webinar.key)
        if rows is None:
            return
        bookmark: RowsBookmark = self.bookmarks.of(webinar.key)
        if bookmark.is_due(rows):
            yield from (dict(row) for row in rows)
        bookmark.complete(rows, webinar.moment.now)
        self.bookmarks.changed()

    @override
    def calls_of(self, context: Context) -> RequestPlan:
        yield self._call(context)

    def _call(self, context: Context | None) -> PlannedRequest:
        path = self.path.format_map(context or {})
        return PlannedRequest(path, functools.partial(self.read_rows, path))

    def read_rows(self, path: str) -> list[dict[str, Any]]:
        """Return the records of the list at a path; called by any thread."""
        return self.call(path, lambda body: [self.reader.read(row) for row in envelopes.array(body).rows])


class Panelists(SmallWebinarStream):
    """Who was invited to speak at a webinar."""

    name = "panelists"
    path = f"{WEBINAR}/panelists"
    primary_keys = ("webinarKey", "panelistId")
    answer_keys = ("panelistId",)
    excluded_fields = frozenset({"joinLink"})


class CoOrganizers(SmallWebinarStream):
    """Who organizes a webinar beside the one who created it."""

    name = "co_organizers"
    path = f"{WEBINAR}/coorganizers"
    primary_keys = ("webinarKey", "memberKey")
    answer_keys = ("memberKey",)
    excluded_fields = frozenset({"joinLink"})


class RegistrationFields(SmallWebinarStream):
    """What the registration form of a webinar asks for: one row per webinar."""

    name = "registration_fields"
    path = f"{WEBINAR}/registrants/fields"
    primary_keys = ("webinarKey",)

    @override
    def read_rows(self, path: str) -> list[dict[str, Any]]:
        return self.call(path, lambda body: [self.reader.read(envelopes.single(body))])


class Recordings(SmallWebinarStream):
    """The recordings of a webinar."""

    name = "recordings"
    path = f"{API}/webinars/{{webinarKey}}/recordingAssets"
    primary_keys = ("webinarKey", "recordingAssetKey")
    answer_keys = ("recordingAssetKey",)
    text_keys = frozenset({"recordingAssetKey"})
    excluded_fields = frozenset({"mp4DownloadUrl", "transcriptDownloadUrl"})

    @override
    def read_rows(self, path: str) -> list[dict[str, Any]]:
        listing = self.pages(path, envelopes.array, "recordingAssetKey", size="limit")
        return [self.reader.read(row) for row in listing.rows]
