"""What all streams have in common: their calls, their records, and how the SDK uses them."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from singer_sdk import Stream, StreamSchema, Tap
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.helpers.types import Record
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.metrics import Counter, Metric, Point, Timer
from singer_sdk.metrics import log as log_metric
from singer_sdk.singerlib import Catalog
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from tap_gotowebinar.api.stats import StreamStats
from tap_gotowebinar.records.shape import SCHEMAS, RecordShape
from tap_gotowebinar.singer.sdk_overrides import (
    NullStateManager,
    SilentCounter,
    SilentTimer,
    StreamStateManager,
    is_relevant,
)
from tap_gotowebinar.sync.bookmarks.streams import Bookmark, StreamBookmarks
from tap_gotowebinar.sync.context import SyncContext
from tap_gotowebinar.sync.steps import Batch
from tap_gotowebinar.sync.stream_client import StreamClient

MAX_BATCH: Final = 250
"""Most records between two checkpoints, at which a STATE is printed or a signal stops the run."""


class GoToWebinarStream(Stream):
    """A stream of GoToWebinar.

    Attributes:
        path: Endpoint below the API's origin, with `{names}` of context keys.
        answer_keys: Primary keys that a row of the answer must hold; the others come from the parent.
        text_keys: Those of them that are any text, not a number.
        excluded_fields: Documented fields that the schema leaves out on purpose: links and codes that give access.
        bookmark_kind: How it remembers what it has emitted, if it does.
        lists_webinars: Whether it needs the list of webinars, with a list for each organizer too.
        is_read_seldom: Whether a run may read nothing because earlier ones have read everything.
    """

    schema = StreamSchema(SCHEMAS)
    # RecordReader does it in one pass over the row, together with everything else.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    path: ClassVar[str]
    answer_keys: ClassVar[tuple[str, ...]] = ()
    text_keys: ClassVar[frozenset[str]] = frozenset()
    excluded_fields: ClassVar[frozenset[str]] = frozenset()
    bookmark_kind: ClassVar[type[Bookmark]]
    lists_webinars: ClassVar[bool] = False
    is_read_seldom: ClassVar[bool] = False

    def __init__(self, tap: Tap, sync_context: SyncContext) -> None:
        """Read no settings: discovery works without them."""
        super().__init__(tap)
        self.sync_context = sync_context
        self._own_keys, self._own_replication_key = self.primary_keys, self.replication_key
        self.logger.addFilter(is_relevant)

    @functools.cached_property
    def stats(self) -> StreamStats:
        """This stream's counts in this run."""
        return self.sync_context.report.stats(self.name)

    @functools.cached_property
    def client(self) -> StreamClient:
        """Makes calls on account of this stream."""
        return self.sync_context.stream_client(
            self.name, self.answer_keys, text_keys=self.text_keys, excluded=self.excluded_fields
        )

    @functools.cached_property
    def bookmarks(self) -> StreamBookmarks[Any]:
        """What this stream has emitted, by webinar or organizer."""
        return self.sync_context.bookmarks.get(self.name)

    def written(self, batch: Batch, keys: Mapping[str, str]) -> Iterator[Record]:
        """Write the records of a batch, with the keys of their parents, and remember them.

        Those are yielded that the SDK has to write.
        """
        for start in range(0, len(batch.records), MAX_BATCH):
            records = batch.records[start : start + MAX_BATCH]
            if self._is_written_by_sdk:
                for record in records:
                    yield {**record, **{name: key for name, key in keys.items() if record.get(name) is None}}
                    self._remember(batch, [record])
            else:
                self.sync_context.writer.write_records(self.name, self._shape.fill(records, keys))
                self._remember(batch, records)

    def _remember(self, batch: Batch, records: Sequence[Record]) -> None:
        if batch.remember is not None:
            batch.remember(records)
            self.sync_context.checkpoint()

    @functools.cached_property
    def _is_written_by_sdk(self) -> bool:
        """Whether the SDK writes: fields are deselected, mapped, flattened or not ours, or `--test` counts records."""
        return (
            self.ABORT_AT_RECORD_COUNT is not None
            or [type(stream_map) for stream_map in self.stream_maps] != [SameRecordTransform]
            or self.stream_maps[0].flattening_enabled
            or self.stream_maps[0].stream_alias != self.name
            or not all(self.mask.values())
            or self.effective_schema != self.schema
        )

    @override
    def _write_record_message(self, record: dict[str, Any]) -> None:
        filled = self._shape.fill([record])
        if self._is_written_by_sdk:
            super()._write_record_message(filled[0])
        else:
            self.sync_context.writer.write_records(self.name, filled)

    @functools.cached_property
    def _shape(self) -> RecordShape:
        """The fields of each record: those of the catalog's schema."""
        return RecordShape(self.effective_schema, expands_nulls=self.stream_maps[0].flattening_enabled)

    def log_sync_costs(self) -> None:
        """Log this stream's record count as the SDK's metric; the SDK calls this after all streams."""
        if self.selected:
            point = Point("counter", Metric.RECORD_COUNT, self.stats.records, {"stream": self.name})
            log_metric(self.metrics_logger, point)
        self.sync_context.writer.flush()

    @override
    def get_record_counter(self, *, endpoint: str | None = None, log_interval: float = 0) -> Counter:
        return SilentCounter(Metric.RECORD_COUNT, {"stream": self.name})

    @override
    def get_sync_timer(self) -> Timer:
        return SilentTimer(Metric.SYNC_DURATION, {"stream": self.name})

    @functools.cached_property
    def state_manager(self) -> StreamStateManager:
        """A state manager that does nothing: the state is the tap's own."""
        return NullStateManager(stream_name=self.name, tap_state={}, tap_name=self.tap_name)

    @property
    def emits_everything(self) -> bool:
        """Whether the catalog asks for FULL_TABLE: all rows each time, and no bookmarks."""
        return self.replication_method == REPLICATION_FULL_TABLE

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection and schema from a catalog, but neither keys nor any replication method except FULL_TABLE."""
        super().apply_catalog(catalog)
        self.primary_keys, self.replication_key = self._own_keys, self._own_replication_key
        if self.forced_replication_method != REPLICATION_FULL_TABLE:
            self.forced_replication_method = None
