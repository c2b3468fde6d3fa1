"""The webinars, their details, and those that are no longer listed."""

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from singer_sdk.helpers.types import Context, Record
from typing_extensions import override

from tap_gotowebinar.api.client import API
from tap_gotowebinar.records.timestamps import to_iso_seconds
from tap_gotowebinar.streams.base import GoToWebinarStream
from tap_gotowebinar.streams.parents_and_children import ChildStream, ParentStream
from tap_gotowebinar.sync.bookmarks.listed_webinars import ListedWebinarsBookmark
from tap_gotowebinar.sync.bookmarks.streams import HashBookmark
from tap_gotowebinar.sync.schedule import DueReason, PlannedWebinar, WebinarTiming, alive_first, last_end, most_urgent
from tap_gotowebinar.sync.steps import Batch, Fetched, Outcome, Step, Steps, Unit


class Webinars(ParentStream[PlannedWebinar]):
    """All webinars in the window, of the configured organizers or of the whole account."""

    name = "webinars"
    unit_key = "webinarKey"
    path = f"{API}/organizers/{{organizerKey}}/webinars"
    primary_keys = ("webinarKey",)
    answer_keys = ("webinarKey",)
    lists_webinars = True

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        listed = self.listed
        if self.children:
            reasons = Counter(webinar.reason for webinar in self.due.values())
            why = ", ".join(f"{reasons[reason]} {reason.value}" for reason in DueReason)
            calls = sum(_calls_at_least(webinar, self.children) for webinar in self.due.values())
            self.log_plan(f"{len(listed)} webinars listed, {len(self.due)} due ({why})", "at least", calls)
            self._check_max_calls()
        self.start_children()
        for webinar in listed:
            yield self.with_nulls(webinar.record)
            self.sync_context.report.done += webinar.reason is not None
            self.sync_context.checkpoint()

    @functools.cached_property
    def children(self) -> list["WebinarChild"]:
        """The selected children."""
        return [child for child in self.readers if isinstance(child, WebinarChild)]

    @functools.cached_property
    def listed(self) -> list[PlannedWebinar]:
        """All webinars, in the order of reading."""
        return alive_first(map(self._planned, self.sync_context.webinars.records))

    @functools.cached_property
    def due(self) -> dict[str, PlannedWebinar]:
        """The webinars that a child has to read."""
        return {webinar.key: webinar for webinar in self.listed if webinar.reason}

    def _planned(self, record: Record) -> PlannedWebinar:
        """Return a listed webinar with the children that have to read it."""
        run, key = self.sync_context, record["webinarKey"]
        newest = run.latest_registration(key)
        timing = WebinarTiming(run.started_at, last_end(record), run.settings.settle)
        readers = self.children if record["organizerKey"] and self.is_wanted(record) else []
        found = {reader.name: reader.reason(timing, newest, key) for reader in readers}
        reasons = {name: reason for name, reason in found.items() if reason}
        together = [reader.name for reader in readers if not reader.has_own_schedule]
        if shared := most_urgent(reasons[name] for name in together if name in reasons):
            reasons |= dict.fromkeys(together, shared)
        reason = most_urgent(reasons.values())
        return PlannedWebinar(record, timing, reason, timing.is_settled(newest), frozenset(reasons))

    def _check_max_calls(self) -> None:
        """Warn if the webinars that every run begins with use up all calls: the others would never be read."""
        limit = self.sync_context.settings.max_calls
        alive = sum(1 for webinar in self.due.values() if not webinar.settled)
        if limit is not None and limit <= self.sync_context.report.calls + alive:
            self.sync_context.report.warn(
                f"max_calls ({limit}) is too low: the {alive} webinars that are alive take a call or more "
                "each in every run; raise it, or some are never read"
            )


class WebinarRemovals(GoToWebinarStream):
    """The webinars that a complete list no longer shows: cancelled or deleted.

    They cost a second reading of the list that lost some. This stream comes before the webinars, whose children may
    take hours: a run that is killed meanwhile has emitted the removals and tracked the webinars of its lists.
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
        missing = run.webinars.missing()
        run.webinars.track()
        removed = [{"webinarKey": str(key), "removedAt": run.started} for key in missing]
        yield from self.written(Batch(removed, self._discard), keys={})

    def _discard(self, records: Sequence[Record]) -> None:
        for record in records:
            self.sync_context.webinars.discard(int(record["webinarKey"]))


class WebinarChild(ChildStream[PlannedWebinar]):
    """A stream of what belongs to one webinar.

    Attributes:
        has_own_schedule: Whether a webinar may be due for this stream alone; all others are read together.
        shares_registrant_list: Whether it is made of the list of registrants, which is read once.
    """

    parent_stream_type = Webinars
    lists_webinars = True
    has_own_schedule: ClassVar[bool] = False
    shares_registrant_list: ClassVar[bool] = False

    @override
    def reads(self, item: PlannedWebinar) -> bool:
        return self.name in item.readers

    def reason(self, timing: WebinarTiming, newest: str | None, webinar_key: str) -> DueReason | None:
        """Return why this stream has to read a webinar, None when it need not; `newest` is its latest registration."""
        bookmark = self.bookmarks.get(webinar_key)
        if not bookmark.is_known:
            return DueReason.NEW
        return self.sync_context.due_rule.reason(timing, newest, bookmark.read_at)

    def is_settled(self, webinar: PlannedWebinar) -> bool:
        """Return whether a webinar is settled, with what has been read of it by now."""
        return webinar.timing.is_settled(self.sync_context.latest_registration(webinar.key))


class WebinarDetails(WebinarChild):
    """The fields that the list does not have: state, number and limit of registrants, organizer."""

    name = "webinar_details"
    path = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}"
    primary_keys = ("webinarKey",)
    answer_keys = ("webinarKey",)
    bookmark_kind = HashBookmark

    @override
    def steps(self, unit: Unit[PlannedWebinar]) -> Steps:
        webinar, path = unit.item, self.path.format_map(unit.item.context)
        call = functools.partial(self.client.get_single, path, webinar.context)
        yield Step(path, call, emit=functools.partial(self._emit, webinar))

    def _emit(self, webinar: PlannedWebinar, outcome: Outcome) -> Iterator[Batch]:
        if not isinstance(outcome, Fetched):
            return
        record = outcome.value
        self.sync_context.registrant_counts[webinar.key] = record.get("numberOfRegistrants")
        bookmark: HashBookmark = self.bookmarks.get(webinar.key)
        if bookmark.is_due([record]):
            yield Batch([record])
            bookmark.remember([record])
        bookmark.read_at = to_iso_seconds(webinar.timing.now) if self.is_settled(webinar) else None


def _calls_at_least(webinar: PlannedWebinar, readers: list["WebinarChild"]) -> int:
    """Return how many calls a webinar costs without those for single registrants."""
    due = [reader for reader in readers if reader.reads(webinar)]
    sharing = sum(reader.shares_registrant_list for reader in due)
    return len(due) - max(sharing - 1, 0)
