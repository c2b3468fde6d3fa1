"""What belongs to a webinar and seldom changes: panelists, co-organizers, the registration form, recordings.

Each is one short list. It is read when a webinar is new, and then the more rarely the longer it is before or after the
webinar. All its rows are emitted when one of them has changed.
"""

import functools
from collections.abc import Callable, Iterator

from typing_extensions import override

from tap_gotowebinar.api import responses
from tap_gotowebinar.api.client import API
from tap_gotowebinar.records.record_list import RecordList
from tap_gotowebinar.records.timestamps import to_iso_seconds
from tap_gotowebinar.streams.parents_and_children import fetched_list
from tap_gotowebinar.streams.webinars import WebinarChild
from tap_gotowebinar.sync.bookmarks.streams import HashBookmark
from tap_gotowebinar.sync.schedule import DueReason, PlannedWebinar, WebinarTiming
from tap_gotowebinar.sync.steps import Batch, Outcome, Step, Steps, Unit

WEBINAR = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}"


class SmallWebinarStream(WebinarChild):
    """A short list of a webinar: one call for each webinar that is due."""

    bookmark_kind = HashBookmark
    has_own_schedule = True
    is_read_seldom = True

    @override
    def reason(self, timing: WebinarTiming, newest: str | None, webinar_key: str) -> DueReason | None:
        bookmark: HashBookmark = self.bookmarks.get(webinar_key)
        if bookmark.read_at is None:
            return DueReason.NEW
        if not self.sync_context.due_rule.is_stale(timing.now, timing.ends_at, bookmark.read_at):
            return None
        return DueReason.RECHECK if timing.is_settled(newest) else DueReason.ALIVE

    @override
    def steps(self, unit: Unit[PlannedWebinar]) -> Steps:
        path = self.path.format_map(unit.item.context)
        yield Step(path, self.list_call(path, unit.item), emit=functools.partial(self._emit, unit.item))

    def list_call(self, path: str, webinar: PlannedWebinar) -> Callable[[], RecordList]:  # noqa: ARG002 - for some
        """Return what reads the list at a path, in any thread."""
        return functools.partial(self.client.get_list, path)

    def _emit(self, webinar: PlannedWebinar, outcome: Outcome) -> Iterator[Batch]:
        found = fetched_list(outcome)
        if found is None:
            return
        bookmark: HashBookmark = self.bookmarks.get(webinar.key)
        if bookmark.is_due(found.records):
            yield Batch(found.records)
            bookmark.remember(found.records)
        if found.is_complete:
            bookmark.read_at = to_iso_seconds(webinar.timing.now)


class Panelists(SmallWebinarStream):
    """The panelists of a webinar."""

    name = "panelists"
    path = f"{WEBINAR}/panelists"
    primary_keys = ("webinarKey", "panelistId")
    answer_keys = ("panelistId",)
    excluded_fields = frozenset({"joinLink"})


class CoOrganizers(SmallWebinarStream):
    """The co-organizers of a webinar."""

    name = "co_organizers"
    path = f"{WEBINAR}/coorganizers"
    primary_keys = ("webinarKey", "memberKey")
    answer_keys = ("memberKey",)
    excluded_fields = frozenset({"joinLink"})


class RegistrationFields(SmallWebinarStream):
    """The registration form of a webinar: one row for each webinar."""

    name = "registration_fields"
    path = f"{WEBINAR}/registrants/fields"
    primary_keys = ("webinarKey",)

    @override
    def list_call(self, path: str, webinar: PlannedWebinar) -> Callable[[], RecordList]:
        get = functools.partial(self.client.get_single, path, webinar.context)
        return lambda: RecordList([get()], received=1)


class Recordings(SmallWebinarStream):
    """The recordings of a webinar."""

    name = "recordings"
    path = f"{API}/webinars/{{webinarKey}}/recordingAssets"
    primary_keys = ("webinarKey", "recordingAssetKey")
    answer_keys = ("recordingAssetKey",)
    text_keys = frozenset({"recordingAssetKey"})
    excluded_fields = frozenset({"mp4DownloadUrl", "transcriptDownloadUrl"})

    @override
    def list_call(self, path: str, webinar: PlannedWebinar) -> Callable[[], RecordList]:
        return functools.partial(self.client.get_pages, path, responses.array, "recordingAssetKey", size="limit")
