"""The registrants of webinars, their details, and those who are no longer listed."""

import abc
import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from singer_sdk.helpers.types import Record
from typing_extensions import override

from tap_gotowebinar.api.client import API
from tap_gotowebinar.streams.webinars import WebinarChild
from tap_gotowebinar.sync.bookmarks.registrants import RegistrantBookmark, Row, Rows, SeenKeysBookmark
from tap_gotowebinar.sync.listings import list_registrants
from tap_gotowebinar.sync.schedule import DueReason, PlannedWebinar, WebinarTiming
from tap_gotowebinar.sync.steps import Batch, Fetched, Gone, Outcome, Step, Steps, Unit
from tap_gotowebinar.sync.stream_client import StreamClient

REGISTRANTS: Final = f"{API}/organizers/{{organizerKey}}/webinars/{{webinarKey}}/registrants"


@dataclass
class RegistrantList:
    """The registrants of a webinar by registrantKey; `is_complete` if these are all, and each has been emitted."""

    webinar: PlannedWebinar
    path: str
    rows: Rows
    is_complete: bool


class RegistrantStream(WebinarChild):
    """A stream made of the list of registrants, which is read once for all such streams."""

    primary_keys = ("webinarKey", "registrantKey")
    answer_keys = ("registrantKey",)
    shares_registrant_list = True

    @override
    def steps(self, unit: Unit[PlannedWebinar]) -> Steps:
        webinar, path = unit.item, REGISTRANTS.format_map(unit.item.context)
        known = self.sync_context.known_registrant_count(webinar.key)
        seen = self._seen(webinar).keys if RegistrantRemovals.name in webinar.readers else frozenset()
        call = functools.partial(list_registrants, self._list_client, path, known=known, seen=seen)
        emit = functools.partial(self._check_list, webinar)
        outcome = yield from unit.ask_once(Step(path, call, emit=emit, is_awaited=True))
        if isinstance(outcome, Fetched):
            rows = {int(record["registrantKey"]): record for record in outcome.value.records}
            yield from self.list_steps(RegistrantList(webinar, path, rows, outcome.value.is_complete))

    @functools.cached_property
    def _list_client(self) -> StreamClient:
        """Makes the calls for the list; the stream that comes first counts them."""
        return self.sync_context.stream_client("registrants", self.answer_keys, stats=self.stats)

    @abc.abstractmethod
    def list_steps(self, registrants: RegistrantList) -> Steps:
        """Yield the steps after the list."""

    def _check_list(self, webinar: PlannedWebinar, outcome: Outcome) -> Iterable[Batch]:
        """Compare a list with what GoTo counts, and track its registrants before any of them is emitted.

        Their details may take hours; after a run that is killed meanwhile the next one has to find removals.
        """
        if isinstance(outcome, Fetched):
            records = outcome.value.records
            approved = sum(1 for record in records if record.get("status") == "APPROVED")
            # Whether waiting and denied registrants are in GoTo's count is not documented.
            counted = self.sync_context.registrant_counts.get(webinar.key)
            self.sync_context.report.check_count("registrants", webinar.key, counted, approved, len(records))
            if RegistrantRemovals.name in webinar.readers:
                self._seen(webinar).track({int(record["registrantKey"]): record for record in records})
        return ()

    def _seen(self, webinar: PlannedWebinar) -> SeenKeysBookmark:
        return self.sync_context.bookmarks.get(RegistrantRemovals.name).get(webinar.key)  # type: ignore[no-any-return]


class RosterStream(RegistrantStream):
    """A stream of the registrants that are new or have changed."""

    replication_key = "registrationDate"
    bookmark_kind = RegistrantBookmark

    repeats_whole_list: ClassVar[bool]
    """Whether the whole list of a settled webinar is emitted again when its count shows that older rows changed."""

    @override
    def reason(self, timing: WebinarTiming, newest: str | None, webinar_key: str) -> DueReason | None:
        return DueReason.ALIVE if self.emits_everything else super().reason(timing, newest, webinar_key)

    def due_among(self, registrants: RegistrantList) -> Iterable[Row]:
        """Return the list rows that are new or changed."""
        if self.emits_everything:
            return registrants.rows.values()
        bookmark: RegistrantBookmark = self.bookmarks.get(registrants.webinar.key)
        bookmark.load_roster(registrants.rows, whole_list=self.repeats_whole_list)
        return bookmark.due(registrants.rows)

    def remember(self, webinar: PlannedWebinar, rows: Sequence[Row]) -> None:
        """Note which list rows have been emitted."""
        if not self.emits_everything:
            self.bookmarks.get(webinar.key).remember(rows, not_after=self.sync_context.started)

    def mark_read(self, registrants: RegistrantList, _outcome: Outcome) -> Iterable[Batch]:
        """Mark the webinar as read if all of its list has been emitted."""
        if registrants.is_complete and not self.emits_everything:
            self.bookmarks.get(registrants.webinar.key).mark_read(registrants.rows, registrants.webinar.timing)
        return ()


class Registrants(RosterStream):
    """The registrants of a webinar: one call for each webinar."""

    name = "registrants"
    path = REGISTRANTS
    repeats_whole_list = True

    @override
    def list_steps(self, registrants: RegistrantList) -> Steps:
        yield Step(registrants.path, emit=functools.partial(self._emit, registrants))

    def _emit(self, registrants: RegistrantList, outcome: Outcome) -> Iterator[Batch]:
        yield Batch(list(self.due_among(registrants)), functools.partial(self.remember, registrants.webinar))
        self.mark_read(registrants, outcome)


class RegistrantDetails(RosterStream):
    """The registration form of a registrant: one call for each new or changed registrant."""

    name = "registrant_details"
    path = f"{REGISTRANTS}/{{registrantKey}}"
    repeats_whole_list = False
    asks_for_each = "new or changed registrant"

    @override
    def list_steps(self, registrants: RegistrantList) -> Steps:
        for row in self.due_among(registrants):
            keys = {**registrants.webinar.context, "registrantKey": row["registrantKey"]}
            path = self.path.format_map(keys)
            call = functools.partial(self.client.get_single, path, keys)
            yield Step(path, call, emit=functools.partial(self._emit, registrants, row))
        yield Step(registrants.path, emit=functools.partial(self.mark_read, registrants))

    def _emit(self, registrants: RegistrantList, row: Row, outcome: Outcome) -> Iterator[Batch]:
        webinar = registrants.webinar
        if isinstance(outcome, Fetched):
            yield Batch([outcome.value], lambda _: self.remember(webinar, [row]))
        elif isinstance(outcome, Gone) and outcome.is_final:
            self.remember(webinar, [row])
        else:
            # The registrant stays due, so the webinar is not read to its end.
            registrants.is_complete = False


class RegistrantRemovals(RegistrantStream):
    """The registrants who are no longer listed for an alive webinar: cancellations. They cost no call."""

    name = "registrant_removals"
    path = REGISTRANTS
    replication_key = "removedAt"
    bookmark_kind = SeenKeysBookmark

    @override
    def reason(self, timing: WebinarTiming, newest: str | None, webinar_key: str) -> DueReason | None:
        settled = timing.is_settled(newest)
        return None if settled and not self.bookmarks.get(webinar_key).is_known else DueReason.ALIVE

    @override
    def list_steps(self, registrants: RegistrantList) -> Steps:
        if registrants.is_complete:
            yield Step(registrants.path, emit=functools.partial(self._emit, registrants))

    def _emit(self, registrants: RegistrantList, _outcome: Outcome) -> Iterator[Batch]:
        webinar = registrants.webinar
        bookmark = self._seen(webinar)

        def discard(records: Sequence[Record]) -> None:
            for record in records:
                bookmark.discard(int(record["registrantKey"]))

        removed = {"removedAt": self.sync_context.started}
        yield Batch([{"registrantKey": str(key), **removed} for key in bookmark.missing(registrants.rows)], discard)
        bookmark.mark_read(registrants.rows, settled=self.is_settled(webinar))
