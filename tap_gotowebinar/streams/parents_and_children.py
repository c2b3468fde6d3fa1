"""What parent streams have in common, and what child streams have."""

import abc
import functools
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, Generic, TypeVar

from singer_sdk.helpers.types import Context, Record
from singer_sdk.mapper import RemoveRecordTransform, StreamMap
from typing_extensions import override

from tap_gotowebinar.api.errors import CallError, ForbiddenError, UnreadableResponseError, internal_error
from tap_gotowebinar.records.record_list import RecordList
from tap_gotowebinar.streams.base import GoToWebinarStream
from tap_gotowebinar.sync.report import PlannedCalls
from tap_gotowebinar.sync.schedule import Planned
from tap_gotowebinar.sync.steps import Fetched, Gone, Outcome, Step, Steps, Unit

T = TypeVar("T", bound="Planned")

MAX_CONSECUTIVE_FAILURES: Final = 3
"""Failed calls in a row that end the run: the API is down then, rather than one answer broken."""

logger = logging.getLogger("tap-gotowebinar")


class ParentStream(GoToWebinarStream, Generic[T]):
    """A stream whose records have children; `unit_key` is the name of their primary key."""

    name: str
    unit_key: ClassVar[str]

    @property
    def stream_maps(self) -> list[StreamMap]:
        """The maps of this stream; one that removes the parents would make the SDK skip their children."""
        first, *others = super().stream_maps
        if isinstance(first, RemoveRecordTransform):
            first = _RemovedParent(first.stream_alias, first.raw_schema, first.raw_key_properties, None)
        return [first, *others]

    def is_wanted(self, record: Record) -> bool:
        """Return whether the stream's map keeps a record, and with it its children."""
        return bool(self.stream_maps[0].get_filter_result(self.with_nulls(record)))

    def with_nulls(self, record: Record) -> Record:
        """Return a record with null for each missing field, which the filter of a map may use."""
        return {**dict.fromkeys(self.schema["properties"]), **record}

    @property
    @abc.abstractmethod
    def due(self) -> dict[str, T]:
        """What is read, by key, in the order of reading."""

    def start_children(self) -> None:
        """Start to make the children's calls ahead, before the first record is emitted."""
        self.sync_context.start_prefetching(self.name, self._units(), is_test=self.ABORT_AT_RECORD_COUNT is not None)

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterator[Context]:
        if item := self.due.get(record[self.unit_key]):
            yield item.context

    @functools.cached_property
    def readers(self) -> list["ChildStream[T]"]:
        """The selected children, in the order of reading."""
        return [child for child in self.child_streams if isinstance(child, ChildStream) and child.selected]

    def log_plan(self, summary: str, bound: str, calls: int) -> None:
        """Log what is due, and the calls that it takes; see `PlannedCalls`."""
        each = [child.asks_for_each for child in self.readers if child.asks_for_each]
        cost = PlannedCalls(len(self.due), bound, calls, each)
        run = self.sync_context
        run.report.plan(self.name, summary, cost, run.settings.connection.requests_per_minute)

    def _units(self) -> Iterator[Unit[T]]:
        for key, item in self.due.items():
            unit = Unit(key, item)
            unit.streams |= {child.name: child.steps(unit) for child in self.readers if child.reads(item)}
            yield unit


class ChildStream(GoToWebinarStream, Generic[T]):
    """A stream of what belongs to a webinar or session; one failed call does not end the run.

    Attributes:
        asks_for_each: What it makes further calls for, as for `PlannedCalls.each`; empty: nothing.
        needed_counts: Counts of a session, or of its performance: if GoTo says 0, no call is needed to know the answer.
    """

    parent_stream_type: type[ParentStream[Any]]
    asks_for_each: ClassVar[str] = ""
    needed_counts: ClassVar[tuple[str, ...]] = ()

    @abc.abstractmethod
    def reads(self, item: T) -> bool:
        """Return whether this stream reads a webinar or session that is due."""

    def is_empty(self, item: T) -> bool:
        """Return whether it is known without a call that there is nothing."""
        counts = {**self.sync_context.session_counts.get(item.key, {}), **item.record}
        return any(counts.get(name) == 0 for name in self.needed_counts)

    @abc.abstractmethod
    def steps(self, unit: Unit[T]) -> Steps:
        """Yield the calls for a webinar or session, and what is emitted of the answers."""

    @override
    def generate_child_contexts(self, record: Record, context: Context | None) -> Iterable[Context | None]:
        """Return nothing; the SDK's own way to that result takes as long as writing the record."""
        return ()

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        keys = context or {}
        key = keys[self.parent_stream_type.unit_key]
        for step, outcome in self.sync_context.prefetchers[self.parent_stream_type.name].take(key, self.name):
            self._count(step, outcome, key)
            yield from self._emitted(step, outcome, keys)
            self.sync_context.checkpoint()

    def _emitted(self, step: Step, outcome: Outcome, keys: Mapping[str, str]) -> Iterator[Record]:
        batches = iter(step.emit(outcome) if step.emit is not None else ())
        while True:
            try:
                batch = next(batches, None)
            except Exception as error:  # noqa: BLE001 - an unforeseen error in one answer does not end the run
                self._give_up(step.path, UnreadableResponseError(f"gave up on {step.path}: {internal_error(error)}"))
                return
            if batch is None:
                return
            yield from self.written(batch, keys)

    def _count(self, step: Step, outcome: Outcome, key: str) -> None:
        """Count an outcome, and log what was left out of a list."""
        if isinstance(outcome, Fetched):
            if step.call is not None:
                self.sync_context.consecutive_failures = 0
            if isinstance(outcome.value, RecordList):
                self.sync_context.report.note_list(self.name, step.path, outcome.value)
        elif isinstance(outcome, Gone):
            self.stats.gone.append(step.path)
        elif outcome.error is None:
            self.sync_context.skipped_by_max_calls[self.parent_stream_type.name].add(key)
        elif isinstance(outcome.error, ForbiddenError):
            self.stats.forbidden.append(step.path)
        else:
            self._give_up(step.path, outcome.error)

    def _give_up(self, path: str, error: CallError) -> None:
        """Count a failed call; raises its error if too many in a row failed."""
        self.stats.given_up.append(path)
        self.sync_context.consecutive_failures += 1
        if self.sync_context.consecutive_failures >= MAX_CONSECUTIVE_FAILURES:
            raise error
        logger.warning("%s; going on with the rest", error)


def fetched_list(outcome: Outcome) -> RecordList | None:
    """Return the list of an outcome, an empty one without a call or of what is gone; None: it has to be read again."""
    if isinstance(outcome, Fetched):
        found: RecordList | None = outcome.value
        return RecordList() if found is None else found
    return RecordList() if isinstance(outcome, Gone) and outcome.is_final else None


class _RemovedParent(RemoveRecordTransform):
    @override
    def get_filter_result(self, record: Record) -> bool:
        return True
