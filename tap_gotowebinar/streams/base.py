"""What all streams have in common: calling, tolerating, cleaning rows, and the seam to the SDK's state."""

from __future__ import annotations

import functools
import importlib.resources
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from singer_sdk import SchemaDirectory, Stream, StreamSchema
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.metrics import Counter, Metric, Point, Timer
from singer_sdk.metrics import log as log_metric
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from tap_gotowebinar.api import responses as envelopes
from tap_gotowebinar.api.client import REFUSALS
from tap_gotowebinar.api.errors import MalformedResponseError, RetriesExhaustedError
from tap_gotowebinar.api.responses import MAX_PAGE_SIZE, MAX_PAGES, Listing
from tap_gotowebinar.records.reader import RecordReader
from tap_gotowebinar.records.shape import RecordShape
from tap_gotowebinar.singer.sdk_overrides import NullStateManager, SilentCounter, SilentTimer, is_relevant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from singer_sdk.singerlib import Catalog
    from singer_sdk.streams._state import StreamStateManager

    from tap_gotowebinar.api.responses import Page
    from tap_gotowebinar.sync.report import StreamStats
    from tap_gotowebinar.tap import TapGoToWebinar

T = TypeVar("T")

SCHEMAS: Final = SchemaDirectory(importlib.resources.files("tap_gotowebinar.schemas"))


class GoToWebinarStream(Stream):
    """A stream of GoToWebinar.

    Attributes:
        path: Endpoint below the API's origin, with `{names}` of context keys.
        answer_keys: Keys that a row of the answer must hold; the other primary keys come from the parent.
        text_keys: Those of them that are any text, not a number.
        excluded_fields: Documented fields that the schema leaves out on purpose: links and codes that let people in.
    """

    schema = StreamSchema(SCHEMAS)
    # RecordReader does it in one pass over the row, together with everything else.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    path: ClassVar[str]
    answer_keys: ClassVar[tuple[str, ...]] = ()
    text_keys: ClassVar[frozenset[str]] = frozenset()
    excluded_fields: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, tap: TapGoToWebinar) -> None:
        """Belong to a tap; discovery comes this far without settings."""
        super().__init__(tap)
        self.tap = tap
        self._own_keys, self._own_replication_key = self.primary_keys, self.replication_key
        self.logger.addFilter(is_relevant)

    @functools.cached_property
    def tally(self) -> StreamStats:
        """This stream's counts of this run."""
        return self.tap.report.tally(self.name)

    @functools.cached_property
    def reader(self) -> RecordReader:
        """Makes records of rows."""
        return RecordReader(
            self.schema,
            self.answer_keys,
            self.tally,
            lambda names: self.tap.report.note_unknown(self.name, names - self.excluded_fields),
            opaque=self.text_keys,
        )

    def call(
        self,
        path: str,
        read: Callable[[object], T],
        *,
        params: Mapping[str, str | int] | None = None,
        refusals: frozenset[int] = REFUSALS,
        decode: Callable[[bytes], Any] | None = None,
    ) -> T:
        """Make one call on account of this stream; see `ApiClient.get` for what may be raised."""
        return self.tap.connection.get(path, read, self.tally, params=params, refusals=refusals, decode=decode)

    def interruptibly(self, call: Callable[[], T]) -> T:
        """Make a call on the main thread, where a signal may end it."""
        self.tap.message_writer.flush()
        with self.tap.stop_signals.waiting():
            return call()

    def pages(self, path: str, read: Callable[[object], Page], *keys: str, size: str, **params: str) -> Listing:
        """Return the rows of all pages.

        Pages are numbered, not pointed at: a list that grows while it is read repeats or skips rows. So the number of
        different rows is compared with what the last page says, and the listing is read once more if they differ.

        Args:
            path: Endpoint.
            read: Reader of one page.
            keys: Fields that tell rows apart.
            size: Name of the parameter for the page's size: `size` on HAL lists, `limit` on flat ones.
            params: Further parameters.
        """
        for _ in range(2):
            rows, total = self._pages_once(path, read, keys, {size: MAX_PAGE_SIZE, **params})
            if total is None or len(rows) == total:
                return Listing(rows, is_complete=True)
        self.tap.report.warn(f"{path} says it holds {total} rows and gave {len(rows)} different ones, read twice")
        return Listing(rows, is_complete=False)

    def _pages_once(
        self, path: str, read: Callable[[object], Page], keys: tuple[str, ...], params: Mapping[str, str | int]
    ) -> tuple[list[Any], int | None]:
        rows: dict[str, Any] = {}
        number = 0
        while True:
            page = self.call(path, read, params={**params, "page": number})
            before = len(rows)
            for row in page.rows:
                rows["/".join(str(row.get(key) if isinstance(row, dict) else row) for key in keys)] = row
            if page.is_last or len(rows) == before or len(rows) > (page.total or 0):
                return list(rows.values()), page.total
            number += 1
            if number >= MAX_PAGES:
                msg = f"gave up on {path}: after {MAX_PAGES} pages there is no end to it"
                raise RetriesExhaustedError(msg)

    def log_sync_costs(self) -> None:
        """Log this stream's records as the SDK's metric, once; the SDK calls this when all streams are done."""
        log_metric(
            self.metrics_logger, Point("counter", Metric.RECORD_COUNT, self.tally.records, {"stream": self.name})
        )
        self.tap.message_writer.flush()

    @override
    def get_record_counter(self, *, endpoint: str | None = None, log_interval: float = 0) -> Counter:
        return SilentCounter(Metric.RECORD_COUNT, {"stream": self.name})

    @override
    def get_sync_timer(self) -> Timer:
        return SilentTimer(Metric.SYNC_DURATION, {"stream": self.name})

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> None:
        """Never BATCH: that mode passes over selection and stream maps."""
        return

    @functools.cached_property
    def state_manager(self) -> StreamStateManager:
        """The SDK's view of the state, which is ours; made late, because the state is loaded after the streams."""
        return NullStateManager(self)

    def read_single(self, asked: Mapping[str, str], body: object) -> dict[str, Any]:
        """Return the record of an answer that is one object.

        Args:
            asked: Keys of what was asked for.
            body: The answer.

        Raises:
            MalformedResponseError: the answer is about something else.
        """
        record = self.reader.read(envelopes.single(body))
        if any(record[key] != asked[key] for key in self.answer_keys):
            msg = "the answer is about another key than the one asked for"
            raise MalformedResponseError(msg)
        # What the answer leaves open, the webinar's context tells.
        return {name: value for name, value in record.items() if value is not None or name not in asked}

    @override
    def _write_record_message(self, record: dict[str, Any]) -> None:
        """Write a record without the SDK's steps where none of them would change it: half the time of a large run."""
        filled = self._shape.fill(record)
        if self._needs_mapping:
            super()._write_record_message(filled)
        else:
            self.tap.message_writer.write_record(self.name, filled)
            self.tally.records += 1

    @functools.cached_property
    def _shape(self) -> RecordShape:
        """The fields of each record: those that the schema of the catalog declares, from which a user may take some."""
        return RecordShape(self.effective_schema, expands_nulls=self.stream_maps[0].flattening_enabled)

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selection and schema from a catalog; what identifies a row and makes it new is not the catalog's to say.

        The one method that can be asked for is FULL_TABLE: then everything is emitted each time.
        """
        super().apply_catalog(catalog)
        self.primary_keys, self.replication_key = self._own_keys, self._own_replication_key
        if self.forced_replication_method != REPLICATION_FULL_TABLE:
            self.forced_replication_method = None

    @functools.cached_property
    def _needs_mapping(self) -> bool:
        """Whether a field is deselected, a stream map or flattening is in force, or the catalog's schema differs."""
        return (
            [type(stream_map) for stream_map in self.stream_maps] != [SameRecordTransform]
            or self.stream_maps[0].flattening_enabled
            or self.stream_maps[0].stream_alias != self.name
            or not all(self.mask.values())
            or self.effective_schema != self.schema
        )

    def checkpoint(self) -> None:
        """Note that the record given out last has been written and remembered: the moment for a STATE, or to stop."""
        self.tap.state_writer.write_state({})
        self.tap.report.say_progress()
        self.tap.stop_signals.check()
